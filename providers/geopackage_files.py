"""Connections to GeoPackage files, and the one table from SQLite's errors to ours.

Files are opened read-only. A file that is replaced by another is noticed and
opened anew.

References
----------
OGC 12-128r18 (GeoPackage 1.3), clause 1.1.1.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from math import fmod, isfinite, trunc
from pathlib import Path
from urllib.parse import quote

from metadata.errors import (
    CollectionBroken,
    SilosBusy,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)
from providers import geopackage_geometry
from providers.cql2_tree import ArrayRelation
from providers.feature_source import Limits, PoolUse
from providers.folding import folded
from providers.geopackage_state import file_state
from providers.pool import Pool
from providers.vector_copy import geopackage_copy, is_copied

Connection = sqlite3.Connection
_STEPS = 20_000
"""Steps of SQLite's machine between two looks at the clock."""
_BUSY = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT}
)
_REFUSED = frozenset(
    {
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
    }
)
_UNREACHABLE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR})


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn SQLite's errors into ours; `doing` says what was being done.

    Raises
    ------
    SilosBusy, SourceRefused, SourceUnreachable, CollectionBroken, SourceError
        Locked or too slow; no such file format or rights; file not there; a
        table or column gone; anything else.
    """
    try:
        yield
    except sqlite3.Error as error:
        message = f"{doing}: {error}"
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_INTERNAL) & 0xFF
        if code in _BUSY:
            raise SilosBusy(message) from error
        if code in _REFUSED:
            raise SourceRefused(message) from error
        if code in _UNREACHABLE:
            raise SourceUnreachable(message) from error
        if code == sqlite3.SQLITE_ERROR:
            raise CollectionBroken(message) from error
        raise SourceError(message) from error


@contextmanager
def reached(container: str) -> Iterator[None]:
    """Say so when a file is not there."""
    try:
        yield
    except OSError as error:
        message = f"There is no file {container} in the silo."
        raise SourceUnreachable(message) from error


@contextmanager
def within(connection: Connection, milliseconds: int) -> Iterator[None]:
    """Interrupt whatever runs on a connection after some time; 0 never does."""
    deadline = time.monotonic() + milliseconds / 1000 if milliseconds else None

    def is_late() -> bool:
        return deadline is not None and time.monotonic() > deadline

    connection.set_progress_handler(is_late, _STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def connect(path: Path) -> Connection:
    """Open a file for reading.

    Raises
    ------
    SourceUnreachable
        There is no such file.
    SourceRefused
        It is no GeoPackage.
    """
    if not path.is_file():
        message = f"There is no file {path.name} in the silo."
        raise SourceUnreachable(message)
    with translated(f"Opening {path.name}"):
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro",
            uri=True,
            check_same_thread=False,
            isolation_level=None,
        )
        connection.text_factory = _text
        _register(connection)
        connection.execute("PRAGMA case_sensitive_like = ON")
        connection.execute("SELECT count(*) FROM gpkg_contents").fetchone()
    return connection


class Files:
    """The open files of one silo, each with its pool.

    Parameters
    ----------
    location
        One file, or a folder that holds files.
    size
        Connections to each file.
    """

    def __init__(self, location: Path, limits: Limits, *, size: int) -> None:
        self._location = location
        self._limits = limits
        self._size = size
        self._pools: dict[str, tuple[tuple[Path, int], Pool[Connection]]] = {}
        self._lock = threading.Lock()
        self._looks = 0

    @property
    def in_use(self) -> int:
        """Connections that somebody holds."""
        with self._lock:
            return sum(pool.in_use for _, pool in self._pools.values())

    def use(self) -> PoolUse:
        """Return how the connections to all files are used together."""
        with self._lock:
            each = [pool.use() for _, pool in self._pools.values()]
        return PoolUse(
            size=sum(use.size for use in each),
            used=sum(use.used for use in each),
            waiting=sum(use.waiting for use in each),
            waits=sum(use.waits for use in each),
            refusals=sum(use.refusals for use in each),
            looks=self._looks,
        )

    def path(self, container: str) -> Path:
        """Return the path of one file.

        Raises
        ------
        SourceRefused
            The name leads out of the folder.
        """
        if not self._location.is_dir():
            return self._location
        path = (self._location / container).resolve()
        if not path.is_relative_to(self._location.resolve()):
            message = f"{container} lies outside of the silo."
            raise SourceRefused(message)
        return path

    def queried(self, container: str) -> Path:
        """Return the path of the GeoPackage that is queried for one file.

        Raises
        ------
        OSError
            There is no such file.
        """
        path = self.path(container)
        return geopackage_copy(path) if is_copied(path) else path

    def state(self, container: str) -> str:
        """Return the state of one file (see `providers.geopackage_state`).

        Raises
        ------
        SourceUnreachable
            There is no such file.
        """
        with self._lock:
            self._looks += 1
        with reached(container):
            return file_state(self.queried(container))

    def pool(self, container: str) -> Pool[Connection]:
        """Return the pool of one file; a new one once the file was replaced.

        Raises
        ------
        SourceUnreachable
            There is no such file.
        """
        with reached(container):
            path = self.queried(container)
            file = path, path.stat().st_ino
        with self._lock:
            found = self._pools.get(container)
            if found and found[0] == file:
                return found[1]
            pool = self._new_pool(path)
            self._pools[container] = (file, pool)
        if found:
            found[1].close()
        return pool

    def close(self) -> None:
        """Close every connection, once those in use come back."""
        with self._lock:
            pools = [pool for _, pool in self._pools.values()]
            self._pools.clear()
        for pool in pools:
            pool.close()

    def _new_pool(self, path: Path) -> Pool[Connection]:
        return Pool(
            lambda: connect(path),
            size=self._size,
            wait=self._limits.wait,
            recycle=self._limits.recycle,
        )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def instant(text: object) -> str | None:
    """Return an instant as text that sorts, in UTC, to the microsecond."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    utc = found.astimezone(UTC) if found.tzinfo else found
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(
        len("0000-00-00T00:00:00.000000Z"), "0"
    )


def _fold(text: str | None, case: int, accents: int) -> str | None:
    if not isinstance(text, str):
        return text
    return folded(text, case=bool(case), accents=bool(accents))


def _compute(operator: str, left: float | None, right: float | None) -> float | None:
    """Compute in double precision; `None` where there is no result."""
    if left is None or right is None or (operator != "^" and right == 0):
        return None
    try:
        match operator:
            case "/":
                result = left / right
            case "div":
                result = float(trunc(left / right))
            case "%":
                result = fmod(left, right)
            case _:
                power = left**right
                result = power if isinstance(power, float) else float("nan")
    except (OverflowError, ZeroDivisionError):
        return None
    return result if isfinite(result) else None


def _arrays(relation: str, left: str | None, right: str | None) -> bool | None:
    """Relate two arrays, written as JSON, as sets; `None` where one is none."""
    try:
        one, other = (frozenset(json.loads(text or "")) for text in (left, right))
    except (ValueError, TypeError):
        return None
    match ArrayRelation(relation):
        case ArrayRelation.CONTAINS:
            return one >= other
        case ArrayRelation.CONTAINED_BY:
            return one <= other
        case ArrayRelation.EQUALS:
            return one == other
        case ArrayRelation.OVERLAPS:
            return not one.isdisjoint(other)


def _register(connection: Connection) -> None:
    """Give SQLite the words that it lacks; all of them deterministic."""
    functions: dict[str, tuple[int, Callable[..., str | float | None]]] = {
        "passerelle_meets": (7, geopackage_geometry.meets),
        "passerelle_relates": (5, geopackage_geometry.relates),
        "passerelle_empty": (1, geopackage_geometry.is_empty),
        "passerelle_instant": (1, instant),
        "passerelle_fold": (3, _fold),
        "passerelle_compute": (3, _compute),
        "passerelle_arrays": (3, _arrays),
    }
    for name, (arguments, function) in functions.items():
        connection.create_function(name, arguments, function, deterministic=True)
