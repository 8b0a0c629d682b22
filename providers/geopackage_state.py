"""The state of a GeoPackage: two equal ones mean that no row changed.

Every commit to a SQLite file counts up its change counter, or, with a
write-ahead log, the one in the header of the log's index. Time, size and inode
tell of a file that was put in its place.

References
----------
SQLite, Database File Format, 1.3.7 (file change counter); WAL-mode File Format,
2.1 (the WAL-index header).
"""

from __future__ import annotations

import os
from pathlib import Path

_COUNTER = slice(24, 28)
_INDEX_HEADER = 48


def file_state(path: Path) -> str:
    """Return the state of a file; empty where nothing is certain.

    Raises
    ------
    OSError
        It cannot be read.
    """
    with path.open("rb") as file:
        stat = os.fstat(file.fileno())
        counter = file.read(_COUNTER.stop)[_COUNTER]
    log = _log_state(path)
    if log is None:
        return ""
    return "/".join(
        (str(stat.st_ino), str(stat.st_mtime_ns), str(stat.st_size), counter.hex(), log)
    )


def _log_state(path: Path) -> str | None:
    """Return the state of the write-ahead log, if any; `None` while it changes."""
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return ""
    try:
        with path.with_name(f"{path.name}-shm").open("rb") as index:
            header = index.read(2 * _INDEX_HEADER)
    except FileNotFoundError:
        return None
    first, second = header[:_INDEX_HEADER], header[_INDEX_HEADER:]
    return first.hex() if first == second else None
