"""The store's database: opened, brought up to date, read and written.

SQLite in a file (write-ahead log, durable at each commit), or PostgreSQL, where
everything is in a schema of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from metadata.errors import StoreError
from metadata.finding import Text
from providers.store_errors import translated, unusable
from providers.store_lock import file_lock, session_lock
from providers.store_versions import EVERY, migrate, version_of

SCHEMA = "passerelle"
"""Schema of the store's tables in PostgreSQL; never surveyed."""
BUSY_TIMEOUT = 30_000
"""Milliseconds to wait for another process's write to SQLite."""
_BEGIN = "passerelle_begin"


class Database:
    """One open database, at the newest version of its tables."""

    def __init__(self, url: str) -> None:
        parsed = _parsed(url)
        self.file = _file_of(parsed)
        self.name = parsed.render_as_string(hide_password=True)
        self.engine = _sqlite(self.file) if self.file else _postgresql(parsed)
        # SQLite has one writer; threads of ours queue here, and not by its time-outs
        self._writer = Lock() if self.file else nullcontext()
        # one process at a time: two cannot turn a new file into WAL at once either
        with translated(self.name), self._lock("migrate", wait=True):
            self._bring_up_to_date()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read inside one transaction."""
        with translated(self.name), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write inside one transaction: all of it, or nothing."""
        with (
            self._writer,
            translated(self.name),
            self.engine.connect() as connection,
        ):
            # locked at once: a transaction that reads first cannot be upgraded
            # under SQLite while somebody else writes
            writer = connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
            with writer.begin():
                yield writer

    def publishing(self) -> AbstractContextManager[None]:
        """Hold the lock that only one publisher may hold.

        Raises
        ------
        metadata.errors.StoreError
            On entering: another process holds it.
        """
        return self._lock("publish", wait=False)

    def making_files(self, *, keeper: bool) -> AbstractContextManager[None]:
        """Hold the lock that only one maker of files, or one keeper, may hold.

        Raises
        ------
        providers.store_lock.LockHeld
            On entering: another process holds it.
        """
        return self._lock("keeper" if keeper else "files", wait=False)

    def watching(self) -> AbstractContextManager[None]:
        """Hold the lock that only one watch may hold.

        Raises
        ------
        providers.store_lock.LockHeld
            On entering: another process holds it.
        """
        return self._lock("watch", wait=False)

    def _lock(self, name: str, *, wait: bool) -> AbstractContextManager[None]:
        if self.file is None:
            return session_lock(self.engine, name, wait=wait)
        path = self.file.with_name(f"{self.file.name}.{name}.lock")
        return file_lock(path, name, wait=wait)

    def _bring_up_to_date(self) -> None:
        """Run what migrations are missing.

        Raises
        ------
        metadata.errors.StoreError
            The tables are those of a newer version.
        """
        with self.reading() as connection:
            found = version_of(connection)
        if found == EVERY[-1]:
            return
        if found is not None and found not in EVERY:
            message = Text(
                f"Le registre {self.name} a été fait par une version plus récente.",
                f"The store {self.name} was made by a newer version.",
            )
            raise StoreError(message, hint=Text("Mettez à jour.", "Upgrade."))
        with self.writing() as connection:
            if self.file is None:
                _make_schema(connection)
            migrate(connection)


def alone(connection: Connection, table: Table) -> None:
    """Let nobody else write a table until this transaction ends.

    For what is read, reckoned with and written back; SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.execute(text(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE"))


def upsert(
    connection: Connection,
    table: Table,
    rows: Iterable[Mapping[str, Any]],
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Insert rows; where the primary key is there already, change that row.

    Parameters
    ----------
    changes
        Column → new value; by default the new row takes the old one's place.
    """
    every = [dict(row) for row in rows]
    if not every:
        return
    keys = [column.name for column in table.primary_key]
    rest = [column.name for column in table.columns if column.name not in keys]
    is_sqlite = connection.dialect.name == "sqlite"
    statement = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    replacing = statement.on_conflict_do_update(
        index_elements=keys,
        set_=changes or {name: statement.excluded[name] for name in rest},
    )
    connection.execute(replacing, every)


def _parsed(url: str) -> URL:
    """Read an address, whatever driver it names.

    Raises
    ------
    metadata.errors.StoreError
        It is neither SQLite's nor PostgreSQL's.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _no_store() from error
    if parsed.get_backend_name() not in {"sqlite", "postgresql", "postgres"}:
        raise _no_store()
    return parsed


def _file_of(url: URL) -> Path | None:
    """Return the file of a SQLite address, its folder made; `None` for PostgreSQL.

    Raises
    ------
    metadata.errors.StoreError
        There is no file in it, or its folder cannot be made.
    """
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise _no_store()
    file = Path(url.database).resolve()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(file.parent, error) from error
    return file


def _no_store() -> StoreError:
    """Say what a store's address is."""
    return StoreError(
        Text(
            "L'adresse « store » n'est pas celle d'un registre durable.",
            "The “store” address is not that of a store that lasts.",
        ),
        hint=Text(
            "Donnez sqlite:///chemin/du/fichier ou postgresql://…, ou rien : le "
            "registre est alors un fichier à côté de passerelle.yml.",
            "Give sqlite:///path/of/a/file or postgresql://…, or nothing: the store "
            "is then a file beside passerelle.yml.",
        ),
    )


def _sqlite(file: Path) -> Engine:
    """Open a file; transactions begin when we say so, not when the driver does."""
    engine = create_engine(URL.create("sqlite", database=str(file)))

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        how = connection.get_execution_options().get(_BEGIN, "BEGIN")
        connection.exec_driver_sql(how)

    return engine


def _postgresql(url: URL) -> Engine:
    """Open a PostgreSQL database; unqualified names mean our schema."""
    return create_engine(
        url.set(drivername="postgresql+psycopg2"),
        pool_pre_ping=True,
        connect_args={
            "options": f"-c search_path={SCHEMA} -c timezone=UTC",
            "application_name": "passerelle-store",
            "connect_timeout": 5,
        },
    )


def _make_schema(connection: Connection) -> None:
    """Make the schema unless it is there: whoever may not make one may use one."""
    there = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
    if connection.execute(there, {"name": SCHEMA}).scalar() is None:
        connection.execute(text(f'CREATE SCHEMA "{SCHEMA}"'))
