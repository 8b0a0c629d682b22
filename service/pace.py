"""Holds work that is due again and again to a part of the time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

SHARE: Final = 0.1
"""Part of the time that the work may take, of all workers together."""
_AT_ONCE: Final = timedelta(0)


class Pace:
    """Says when some work may be done again, going by how long it took last.

    Parameters
    ----------
    least
        From one beginning to the next, however quick the work is.
    workers
        Processes that do the same work, each at its own pace.
    """

    def __init__(self, least: timedelta = _AT_ONCE, *, workers: int = 1) -> None:
        self._least = least
        self._workers = workers
        self._began: datetime | None = None
        self._due: datetime | None = None

    def is_due(self, now: datetime, *, since: timedelta = _AT_ONCE) -> bool:
        """Tell whether the work may be done, and has been for some time.

        A clock that was set back to before the last time counts for nothing.
        """
        if self._began is None or self._due is None or now < self._began:
            return True
        return now >= self._due + since

    @contextmanager
    def work(self, now: datetime) -> Iterator[None]:
        """Do the work, failing or not, and rest in proportion."""
        started = time.monotonic()
        try:
            yield
        finally:
            took = timedelta(seconds=time.monotonic() - started)
            self._began = now
            self._due = now + max(self._least, took * self._workers / SHARE)
