"""Numbers of rows that are kept for as long as they are surely right.

A number is kept together with the state that it was counted in (see
`feature_source.FeatureReader.state`), and holds as long as the state is the
same. Where nothing is known of the state, everything is counted anew each time.
"""

from __future__ import annotations

import threading

from providers.sql import Scalar, Shape, Sql, shape

_MOST = 512
_Key = tuple[Shape, tuple[Scalar, ...]]


class Counts:
    """Exact counts of one table's rows, all of them of one state."""

    def __init__(self) -> None:
        self._state = ""
        self._numbers: dict[_Key, int] = {}
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
