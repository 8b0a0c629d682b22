"""Exact counts for an event loop: kept, shared, and held to a part of the time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from providers.counts import Counts, Key
from providers.feature_source import Counted
from providers.shared import Shared
from providers.sql import Sql, shape

LEFT_OUT = Counted(None, "")
"""What is said of rows that are not counted now."""
Count = Callable[[], Awaitable[Counted]]


class Counting:
    """Counts the rows of one table for all who ask together.

    Nobody gets a number of rows as they were before they asked, unless it is of
    the very state that they ask for.
    """

    def __init__(self) -> None:
        self._counts = Counts()
        self._shared: dict[tuple[Key, bool], Shared[Counted]] = {}

    async def number(
        self, rows: Sql, count: Count, *, state: str, whole: bool
    ) -> Counted:
        """Return how many rows there are.

        Parameters
        ----------
        count
            Counts them in the database.
        state
            A number counted in this state is good; empty to count now.
        whole
            Count however long that takes; otherwise nothing is said of rows whose
            count took long the last time, for ten times as long.
        """
        kept = self._kept(rows, state)
        if kept is not None:
            return kept
        key = shape(rows), whole
        shared = self._shared.setdefault(key, Shared(self._noted(rows, count)))
        try:
            await shared.settled()
            kept = self._kept(rows, state)
            rests = not whole and self._counts.rests(rows)
            return kept or (LEFT_OUT if rests else await shared.get())
        finally:
            if shared.is_idle and self._shared.get(key) is shared:
                del self._shared[key]

    def _kept(self, rows: Sql, state: str) -> Counted | None:
        number = self._counts.kept(rows, state)
        return None if number is None else Counted(number, state)

    def _noted(self, rows: Sql, count: Count) -> Count:
        """Return what counts and remembers what it learnt."""

        async def noted() -> Counted:
            with self._counts.timed(rows):
                counted = await count()
            if counted.number is not None:
                self._counts.keep(rows, counted.number, counted.state)
            return counted

        return noted
