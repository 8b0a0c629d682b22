"""Numbers of rows that are kept for as long as they are surely right.

A number is kept together with the state that it was counted in (see
`feature_source.FeatureReader.state`), and holds as long as the state is the
same. Where nothing is known of the state, or it moves all the time, rows are
counted anew; those that take long are for a part of the time only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from providers.sql import Scalar, Shape, Sql, shape

_MOST: Final = 512
QUICK: Final = 0.1
"""Seconds of a count that may be made again at once."""
SHARE: Final = 0.1
"""Part of the time that counting the same rows may take, where it is not quick."""
Key = tuple[Shape, tuple[Scalar, ...]]
"""What tells some rows of a table from others."""


class Counts:
    """Exact counts of one table's rows, all of them of one state."""

    def __init__(self) -> None:
        self._state = ""
        self._numbers: dict[Key, int] = {}
        self._rests: dict[Key, float] = {}
        """When rows whose count took long may be counted again, on the monotonic
        clock."""
        self._lock = threading.Lock()

    def knows(self, rows: Sql) -> bool:
        """Tell whether these rows were counted in any state."""
        return shape(rows) in self._numbers

    def kept(self, rows: Sql, state: str) -> int | None:
        """Return the number of these rows in a state; `None` if it is not kept."""
        with self._lock:
            known = state and state == self._state
            return self._numbers.get(shape(rows)) if known else None

    def keep(self, rows: Sql, number: int, state: str) -> None:
        """Keep what was counted in a state, and forget what was in another."""
        if not state:
            return
        with self._lock:
            if state != self._state or len(self._numbers) >= _MOST:
                self._numbers = {}
                self._state = state
            self._numbers[shape(rows)] = number

    def rests(self, rows: Sql) -> bool:
        """Tell whether counting these rows took so long that it is too early again."""
        with self._lock:
            return time.monotonic() < self._rests.get(shape(rows), 0.0)

    @contextmanager
    def timed(self, rows: Sql) -> Iterator[None]:
        """Count these rows, in vain or not, and let them rest if that took long."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._note(shape(rows), began, time.monotonic())

    def _note(self, key: Key, began: float, ended: float) -> None:
        took = ended - began
        with self._lock:
            self._rests.pop(key, None)
            if took <= QUICK:
                return
            if len(self._rests) >= _MOST:
                self._rests = {k: t for k, t in self._rests.items() if t > ended}
            if len(self._rests) < _MOST:
                self._rests[key] = began + took / SHARE
