"""Numbers of one worker that the others can read while it counts.

Each worker has a file of numbers, mapped into its memory: to count is to add to a
number in memory, and nothing is lost when a worker is killed. The names of the
numbers, in their order, stand in a second file. Whoever reads sums over all files.

A worker holds a lock on its file, which ends with it however it ends. The next
worker takes the first file that is free and counts on from there, so there are
never more files than there were workers at once, and no sum ever falls.
"""

from __future__ import annotations

import fcntl
import json
import logging
import mmap
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

Key = tuple[str, ...]
"""Name of a metric and the values of its labels."""
COUNTING_VARIABLE: Final = "PASSERELLE_METRICS"
"""Names the folder in which the workers of one machine count."""
_PLACES: Final = 16_384
_SIZE: Final = _PLACES * 8
_SPILL: Final = 0
"""Place of whatever finds no other; never told."""


@dataclass(frozen=True)
class Told:
    """The numbers of one worker."""

    worker: int
    alive: bool
    numbers: dict[Key, float]


class Cells:
    """The numbers of this worker. To be changed from one thread.

    Parameters
    ----------
    folder
        Shared by all workers; `None` when there are no others.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self.worker = 0
        """Number of this worker."""
        self._lock = -1
        self._places: dict[Key, int] = {}
        self._names: Path | None = None
        if folder is None:
            self._map = mmap.mmap(-1, _SIZE)
        else:
            self.worker, self._lock = _claim(folder)
            self._map = mmap.mmap(self._lock, _SIZE)
            self._names = _names_of(_path(folder, self.worker))
            self._places = _read_names(self._names, whole=True)
        self.values = memoryview(self._map).cast("d")
        """The numbers, by place."""

    def place(self, key: Key) -> int:
        """Return the place of a number, a new one at the first time."""
        found = self._places.get(key)
        if found is None:
            found = len(self._places) + 1
            if found >= _PLACES:
                logger.warning("No place to count %s", key)
                return _SPILL
            if self._names is not None:
                _append(self._names, key)
            self._places[key] = found
        return found

    def names(self) -> tuple[Key, ...]:
        """Return the name of every number there is."""
        return tuple(self._places)

    def told(self) -> Iterator[Told]:
        """Yield the numbers of every worker, this one's too."""
        if self._folder is None:
            yield Told(self.worker, True, self._mine())
            return
        for path in sorted(self._folder.glob("worker-*.cells")):
            number = int(path.stem.removeprefix("worker-"))
            if number == self.worker:
                yield Told(number, True, self._mine())
            else:
                yield _read(path, number)

    def close(self) -> None:
        """Let go of the file; what was counted stays in it."""
        if self._lock >= 0:
            fcntl.flock(self._lock, fcntl.LOCK_UN)  # the map holds the file open
            os.close(self._lock)
            self._lock = -1

    def _mine(self) -> dict[Key, float]:
        return {key: self.values[place] for key, place in tuple(self._places.items())}


def _path(folder: Path, worker: int) -> Path:
    return folder / f"worker-{worker}.cells"


def _names_of(path: Path) -> Path:
    return path.with_suffix(".names")


def _claim(folder: Path) -> tuple[int, int]:
    """Return the first number that no worker holds, and its file, locked."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    worker = 0
    while True:
        path = _path(folder, worker)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            worker += 1
            continue
        os.ftruncate(file, _SIZE)
        return worker, file


def _append(names: Path, key: Key) -> None:
    with names.open("a", encoding="utf-8") as file:
        file.write(json.dumps(key) + "\n")


def _read_names(names: Path, *, whole: bool = False) -> dict[Key, int]:
    """Return the place of each name; a line that was cut off counts for nothing.

    Parameters
    ----------
    whole
        Take such a line out, because more are going to be appended.
    """
    try:
        content = names.read_bytes()
    except FileNotFoundError:
        return {}
    complete = content[: content.rfind(b"\n") + 1]
    if whole and complete != content:
        os.truncate(names, len(complete))
    lines = enumerate(complete.splitlines(), start=1)
    return {tuple(json.loads(line)): place for place, line in lines}


def _read(path: Path, worker: int) -> Told:
    """Return the numbers of another worker."""
    places = _read_names(_names_of(path))
    content = path.read_bytes()
    values = memoryview(content[: len(content) // 8 * 8]).cast("d")
    numbers = {k: values[place] for k, place in places.items() if place < len(values)}
    return Told(worker, _is_held(path), numbers)


def _is_held(path: Path) -> bool:
    """Tell whether a worker holds a file."""
    with path.open("rb") as file, suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    return True
