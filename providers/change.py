"""Tells cheaply whether a silo changed since one last looked.

A mark says nothing but "the same" or "another". Two equal marks of structure
mean that no table came, went or changed its columns, keys, rights or comments.
Marks of data may only *invalidate* what was measured: statistics counters can
lag, so equal ones prove nothing. Where our triggers are installed, whoever looks can
have itself rung for (`SiloChanges.wanted`), and looks sooner; a ring says only that.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Final, Protocol

import psycopg2
import psycopg2.errors

from metadata.errors import CollectionBroken, SourceRefused, SourceUnreachable
from metadata.measured import Source
from providers.configuration import SiloConfiguration
from providers.database import Connection, connect, translated

_TIMEOUT = 5_000
"""Milliseconds that one look at a database may take."""
_SQL = files("providers").joinpath("sql")
CHANNEL: Final = "passerelle_change"
"""Where our triggers tell of a change; see `providers/sql/note_change.sql`."""
_DEAF: Final = (
    psycopg2.errors.ReadOnlySqlTransaction,
    psycopg2.errors.FeatureNotSupported,
    psycopg2.errors.ObjectNotInPrerequisiteState,
)
"""What a standby says to whoever wants to listen."""

logger = logging.getLogger(__name__)


class SiloChanges(Protocol):
    """Looks at one silo again and again."""

    def structure(self) -> str:
        """Return the mark of all its tables.

        Raises
        ------
        metadata.errors.SourceError
            It cannot be looked at now.
        """

    def data(self) -> Mapping[str, str]:
        """Return marks of the rows, by file or by ``schema.table``.

        Raises
        ------
        metadata.errors.SourceError
            It cannot be looked at now.
        """

    def close(self) -> None:
        """Let go of the silo."""

    def fileno(self) -> int | None:
        """Return what becomes readable when it rings; `None` where nothing does."""

    def rang(self) -> bool:
        """Tell whether it rang since the last time; never waits."""


def open_changes(silo: SiloConfiguration, *, listening: bool = False) -> SiloChanges:
    """Return what looks at a silo; nothing is opened yet.

    Parameters
    ----------
    listening
        Whether to be rung for where triggers tell of changes.
    """
    if silo.is_database:
        return _DatabaseChanges(silo, listening=listening)
    return _FileChanges(silo)


def data_mark(marks: Mapping[str, str], source: Source) -> str:
    """Return the mark of one source's rows; empty when there is none."""
    whole_file = marks.get(source.container, "")
    return marks.get(f"{source.container}.{source.table}", whole_file)


class _DatabaseChanges:
    """PostgreSQL: transaction numbers of the catalogue's rows, and counters."""

    def __init__(self, silo: SiloConfiguration, *, listening: bool) -> None:
        self._silo = silo
        self._listening = listening
        self._connection: Connection | None = None

    def structure(self) -> str:
        """Return a digest over the catalogue's rows."""
        rows = self._rows("structure_mark.sql")
        return ",".join(str(value) for value in rows[0])

    def data(self) -> Mapping[str, str]:
        """Return what the statistics collector counted, by table.

        Beside it stands what triggers counted, which neither lags nor is reset.
        """
        marks = {str(name): str(count) for name, count in self._rows("data_marks.sql")}
        ((is_counted,),) = self._rows("has_change_log.sql")
        if is_counted:
            with suppress(CollectionBroken, SourceRefused):  # gone since
                for name, count in self._rows("change_marks.sql"):
                    marks[str(name)] = f"{marks.get(str(name), '')}/{count}"
        return marks

    def close(self) -> None:
        """Close the session."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def fileno(self) -> int | None:
        """Return the socket of the session, while there is one."""
        if not self._listening or self._connection is None or self._connection.closed:
            return None
        descriptor: int = self._connection.fileno()
        return descriptor

    def rang(self) -> bool:
        """Tell whether a trigger told of a change, or the session was lost."""
        if self.fileno() is None or self._connection is None:
            return False
        try:
            self._connection.poll()
        except psycopg2.Error:
            self.close()
            return True
        rung = bool(self._connection.notifies)
        self._connection.notifies.clear()
        return rung

    def _connected(self) -> Connection:
        """Return the session, opened and listening if it was not."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._silo.location, statement_timeout=_TIMEOUT)
            self._connection.autocommit = True
            if self._listening:
                self._listen(self._connection)
        return self._connection

    def _listen(self, connection: Connection) -> None:
        """Ask to be rung for; where nobody can be, looking has to do."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
        except _DEAF as error:
            logger.debug("Silo %s does not ring: %s", self._silo.name, error)

    def _rows(self, statement: str) -> list[tuple[object, ...]]:
        """Run one statement in a transaction of its own; a lost session is closed."""
        sql = _SQL.joinpath(statement).read_text(encoding="utf-8")
        kept = False
        try:
            with (
                translated(f"Looking for changes in silo “{self._silo.name}”"),
                self._connected().cursor() as cursor,
            ):
                cursor.execute(sql)
                rows = list(cursor.fetchall())
            kept = True
        finally:
            if not kept:
                self.close()
        return rows


class _FileChanges:
    """Files: time, size and place of each, and of what SQLite writes beside it."""

    def __init__(self, silo: SiloConfiguration) -> None:
        self._path = Path(silo.location)
        self._name = silo.name

    def structure(self) -> str:
        """Return a digest over all marks: columns cannot be told from rows."""
        marks = sorted(self.data().items())
        return hashlib.sha256(repr(marks).encode()).hexdigest()

    def data(self) -> Mapping[str, str]:
        """Return the mark of every file, by its path below the folder."""
        if not self._path.exists():
            message = f"Looking at silo “{self._name}”: there is no {self._path}."
            raise SourceUnreachable(message)
        return {self._container(path): _stat(path) for path in self._files()}

    def close(self) -> None:
        """Nothing is held."""

    def fileno(self) -> int | None:
        """Files do not ring."""
        return None

    def rang(self) -> bool:
        """Files do not ring."""
        return False

    def _files(self) -> Iterator[Path]:
        if self._path.is_file():
            yield self._path
        else:
            yield from (path for path in self._path.rglob("*") if path.is_file())

    def _container(self, path: Path) -> str:
        if path == self._path:
            return path.name
        return path.relative_to(self._path).as_posix()


def _stat(path: Path) -> str:
    """Return time, size and inode of a file and of its write-ahead log."""
    beside = path.with_name(path.name + "-wal")
    found = (_one_stat(path), _one_stat(beside))
    return "/".join(found)


def _one_stat(path: Path) -> str:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return ""
    return f"{stat.st_mtime_ns}:{stat.st_size}:{stat.st_ino}"
