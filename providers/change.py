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
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import psycopg2
import psycopg2.errors

from metadata.errors import SourceUnreachable
from metadata.measured import Source
from providers.configuration import SiloConfiguration
from providers.database import Connection, connect, translated
from providers.postgis_state import COUNTER_GONE
from providers.surveyed import Surveyed, statement

Found = TypeVar("Found")

_TIMEOUT = 5_000
"""Milliseconds that one look at a database may take."""
CHANNEL: Final = "passerelle_change"
"""Where our triggers tell of a change; see `providers/sql/note_change.sql`."""
_READERS: Final = ("-shm", ".lock")
"""How the files end that reading a file leaves or writes beside it."""
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


def marked(surveyed: Surveyed, marks: Mapping[str, str]) -> Surveyed:
    """Return what was measured with what the silo said of the rows before."""
    surveys = (replace(s, mark=data_mark(marks, s.source)) for s in surveyed.surveys)
    return replace(surveyed, surveys=tuple(surveys))


def database_marks(connection: Connection) -> Mapping[str, str]:
    """Return what the statistics collector counted, by table.

    Beside it stands what triggers counted, which neither lags nor is reset.

    Raises
    ------
    psycopg2.Error
        Whatever the server said.
    """
    marks = {str(name): str(count) for name, count in _rows(connection, "data_marks")}
    ((is_counted,),) = _rows(connection, "has_change_log")
    if is_counted:
        with suppress(*COUNTER_GONE):
            for name, count in _rows(connection, "change_marks"):
                marks[str(name)] = f"{marks.get(str(name), '')}/{count}"
    return marks


def file_marks(silo: SiloConfiguration) -> Mapping[str, str]:
    """Return what is to be seen of each file without opening it.

    Raises
    ------
    metadata.errors.SourceUnreachable
        There is nothing at the address.
    """
    return _FileChanges(silo).data()


def _rows(connection: Connection, name: str) -> list[tuple[Any, ...]]:
    """Run one statement in a transaction of its own."""
    with connection, connection.cursor() as cursor:
        cursor.execute(statement(name))
        return list(cursor.fetchall())


class _DatabaseChanges:
    """PostgreSQL: transaction numbers of the catalogue's rows, and counters."""

    def __init__(self, silo: SiloConfiguration, *, listening: bool) -> None:
        self._silo = silo
        self._listening = listening
        self._connection: Connection | None = None

    def structure(self) -> str:
        """Return a digest over the catalogue's rows."""
        (row,) = self._asked(lambda connection: _rows(connection, "structure_mark"))
        return ",".join(str(value) for value in row)

    def data(self) -> Mapping[str, str]:
        """Return what was counted of each table."""
        return self._asked(database_marks)

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

    def _asked(self, ask: Callable[[Connection], Found]) -> Found:
        """Ask something; a session that was lost meanwhile is closed."""
        kept = False
        try:
            with translated(f"Looking for changes in silo “{self._silo.name}”"):
                found = ask(self._connected())
            kept = True
        finally:
            if not kept:
                self.close()
        return found


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
        """Return the mark of every file and geodatabase, by its path below the folder.

        Files that differ in their endings alone are of one layer, and move together.
        """
        if not self._path.exists():
            message = f"Looking at silo “{self._name}”: there is no {self._path}."
            raise SourceUnreachable(message)
        together: dict[tuple[Path, str], list[Path]] = {}
        for path in sorted(self._files()):
            together.setdefault(_layer(path), []).append(path)
        marks: dict[str, str] = {}
        for (folder, _), paths in together.items():
            mark = "/".join(_stat(path) for path in paths)
            holders = [folder] if _is_geodatabase(folder) else []
            marks.update((self._container(path), mark) for path in (*paths, *holders))
        return marks

    def close(self) -> None:
        """Nothing is held."""

    def fileno(self) -> int | None:
        """Files do not ring."""
        return None

    def rang(self) -> bool:
        """Files do not ring."""
        return False

    def _files(self) -> Iterator[Path]:
        """Yield every file but those that readers write."""
        alone = self._path.is_file()
        for path in self._root.rglob("*") if not alone else self._root.iterdir():
            beside = not alone or _layer(path) == _layer(self._path)
            if beside and not path.name.endswith(_READERS) and path.is_file():
                yield path

    @property
    def _root(self) -> Path:
        return self._path.parent if self._path.is_file() else self._path

    def _container(self, path: Path) -> str:
        if path == self._path:
            return path.name
        return path.relative_to(self._root).as_posix()


def _layer(path: Path) -> tuple[Path, str]:
    """Return the folder of a file and the name of its layer; a geodatabase is one."""
    folder = path.parent
    return folder, "" if _is_geodatabase(folder) else path.name.partition(".")[0]


def _is_geodatabase(folder: Path) -> bool:
    return folder.suffix.lower() == ".gdb"


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
