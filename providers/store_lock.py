"""Locks that end with the process that holds them.

Beside a SQLite file: an advisory lock of the operating system on a file of its
own, which no reader of the database notices. In PostgreSQL: an advisory lock of
the session. A killed process leaves neither behind.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from metadata.errors import StoreError
from metadata.finding import Text
from providers.store_errors import translated, unusable

_KEYS = {
    "publish": 0x50415353,
    "migrate": 0x50415354,
    "files": 0x50415355,
    "keeper": 0x50415356,
    "watch": 0x50415357,
}
"""Numbers of our advisory locks in PostgreSQL, by name."""
_BUSY = Text(
    "Une autre publication est en cours sur le même registre.",
    "Another publish is under way on the same store.",
)
_MAKING = Text(
    "Des fichiers sont déjà en cours de fabrication (par serve, watch ou files).",
    "Files are being made already (by serve, watch or files).",
)
_WATCHED = Text(
    "Le même registre est déjà surveillé (passerelle watch).",
    "Somebody watches over the same store already (passerelle watch).",
)
_HELD = {"files": _MAKING, "keeper": _MAKING, "watch": _WATCHED}
_WAIT = Text(
    "Attendez la fin, puis recommencez.", "Wait until that ends, then try again."
)


class LockHeld(StoreError):
    """Somebody else is doing what only one may do at a time."""


@contextmanager
def file_lock(path: Path, name: str, *, wait: bool) -> Iterator[None]:
    """Hold a lock file.

    Raises
    ------
    LockHeld
        Somebody else holds it, and `wait` is false.
    metadata.errors.StoreError
        It cannot be made.
    """
    try:
        file = path.open("ab")
    except OSError as error:
        raise unusable(path, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise LockHeld(_HELD.get(name, _BUSY), hint=_WAIT) from error
        yield


@contextmanager
def session_lock(engine: Engine, name: str, *, wait: bool) -> Iterator[None]:
    """Hold a PostgreSQL advisory lock, for as long as its session lasts at most.

    Raises
    ------
    LockHeld
        Somebody else holds it, and `wait` is false.
    metadata.errors.StoreError
        The database fails.
    """
    take = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    key = {"key": _KEYS[name]}
    with engine.connect() as connection:
        session = connection.execution_options(isolation_level="AUTOCOMMIT")
        with translated(engine.url.render_as_string()):
            held = session.execute(text(f"SELECT {take}(:key)"), key).scalar()
        if held is False:
            raise LockHeld(_HELD.get(name, _BUSY), hint=_WAIT)
        try:
            yield
        finally:
            # said aloud: a session that is merely closed ends a moment later
            with translated(engine.url.render_as_string()):
                session.execute(text("SELECT pg_advisory_unlock(:key)"), key)
