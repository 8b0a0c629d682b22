"""Tells cheaply whether a silo changed since one last looked.

A mark says nothing but "the same" or "another". Two equal marks of structure
mean that no table came, went or changed its columns, keys, rights or comments.
Marks of data may only *invalidate* what was measured: statistics counters can
lag, so equal ones prove nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from metadata.errors import CollectionBroken, SourceRefused, SourceUnreachable
from metadata.measured import Source
from providers.configuration import SiloConfiguration
from providers.database import Connection, connect, translated

_TIMEOUT = 5_000
"""Milliseconds that one look at a database may take."""
_SQL = files("providers").joinpath("sql")


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


def open_changes(silo: SiloConfiguration) -> SiloChanges:
    """Return what looks at a silo; nothing is opened yet."""
    return _DatabaseChanges(silo) if silo.is_database else _FileChanges(silo)


def data_mark(marks: Mapping[str, str], source: Source) -> str:
    """Return the mark of one source's rows; empty when there is none."""
    whole_file = marks.get(source.container, "")
    return marks.get(f"{source.container}.{source.table}", whole_file)


class _DatabaseChanges:
    """PostgreSQL: transaction numbers of the catalogue's rows, and counters."""

    def __init__(self, silo: SiloConfiguration) -> None:
        self._silo = silo
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

    def _rows(self, statement: str) -> list[tuple[object, ...]]:
        """Run one statement in a transaction of its own; a lost session is closed."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._silo.location, statement_timeout=_TIMEOUT)
            self._connection.autocommit = True
        sql = _SQL.joinpath(statement).read_text(encoding="utf-8")
        kept = False
        try:
            with (
                translated(f"Looking for changes in silo “{self._silo.name}”"),
                self._connection.cursor() as cursor,
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
