"""When to look again, when to publish, and how long to leave an outlet alone.

Two clocks: seconds that only ever grow for what waits, and the time of day for what a
person set by it. Neither is read here; both are arguments.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

LONGEST: Final = 10
"""Quiet times after the first change at which is published, quiet or not."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What a watch keeps to beside its configuration."""

    rest: float = 1.0
    """Seconds at least between two looks at a silo that rings."""
    busy: float = 5.0
    """Seconds before asking again whether somebody else has ended."""
    first_pause: float = 60.0
    """Seconds before an outlet that failed is tried again; then twice as long."""
    longest_pause: float = 3600.0
    """Seconds after which it is tried again at the latest."""
    uncounted: timedelta = timedelta(hours=1)
    """Age at which a table of which nothing is counted is measured again."""
    whole: timedelta = timedelta(days=1)
    """Age at which everything is measured again, and compared with every outlet."""
    every: float | None = None
    """In the place of `watch.every`."""
    quiet: float | None = None
    """In the place of `watch.quiet`."""


class Gathering:
    """Changes that are gathered until it has been quiet for a while."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._last = 0.0
        self._since: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self._first is None

    def note(self, now: float, at: datetime) -> None:
        """Note a change: in seconds that grow, and in local time."""
        if self._first is None:
            self._first, self._since = now, at
        self._last = now

    def clear(self) -> None:
        """Begin anew."""
        self._first = None

    def wait(
        self, now: float, at: datetime, *, quiet: float, times: Sequence[time]
    ) -> float | None:
        """Return the seconds until they are due, 0 at most; `None`: nothing waits.

        Parameters
        ----------
        quiet
            Seconds without a further change.
        times
            Times of day instead, if there are any.
        """
        if self._first is None or self._since is None:
            return None
        if times:
            return max(0.0, (next_time(times, self._since) - at).total_seconds())
        due = min(self._last + quiet, self._first + LONGEST * quiet)
        return max(0.0, due - now)


def next_time(times: Sequence[time], after: datetime) -> datetime:
    """Return the first of some times of day after an instant, in its time zone.

    One that a change of the clocks leaves out comes as much later as they move.

    Raises
    ------
    ValueError
        There are no times.
    """
    zone = after.tzinfo
    days = (after.date() + timedelta(days=n) for n in range(3))
    moments = (datetime.combine(day, t, zone) for day in days for t in times)
    return min(m for m in moments if m.timestamp() > after.timestamp())


class Pauses:
    """What failed is left alone, each time twice as long."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._failed: dict[str, tuple[int, float]] = {}

    def fail(self, name: str, now: float) -> float:
        """Note that one failed; return the seconds it will be left alone."""
        times = self._failed.get(name, (0, 0.0))[0] + 1
        pause = min(self._longest, self._first * 2.0 ** min(times - 1, 30))
        self._failed[name] = (times, now + pause)
        return pause

    def succeed(self, name: str) -> bool:
        """Note that one works; tell whether it had failed."""
        return self._failed.pop(name, None) is not None

    def keep_to(self, names: Collection[str]) -> None:
        """Forget the failures of all others."""
        self._failed = {n: f for n, f in self._failed.items() if n in names}

    def resting(self, now: float) -> frozenset[str]:
        """Return those that are left alone now."""
        return frozenset(n for n, (_, end) in self._failed.items() if end > now)

    def due(self, now: float) -> frozenset[str]:
        """Return those that failed and are to be tried again now."""
        return frozenset(n for n, (_, end) in self._failed.items() if end <= now)

    def wait(self, now: float) -> float | None:
        """Return the seconds until the first is due; `None`: none failed."""
        ends = [end for _, end in self._failed.values()]
        return max(0.0, min(ends) - now) if ends else None
