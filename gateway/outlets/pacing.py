"""How time passes between requests: pauses, a rate per outlet, and being stopped.

`Pacing` is what a configuration and a clock say; `Turns` holds one server's requests
apart; `Halt` is how a person ends it all, wherever a thread happens to wait.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from metadata.errors import OutletError
from metadata.finding import Text

FIRST_PAUSE = 0.5
"""Seconds before the second attempt, at most; doubled for each one after it."""
LONGEST_PAUSE = 60.0
"""Seconds of `Retry-After` that we wait; asked for more, we give up."""
AT_ONCE = 1.0
"""Seconds whose worth of requests may go at once, after as long a silence."""


class Interrupted(OutletError):
    """Somebody stopped the publishing while this outlet was being told."""

    def __init__(self) -> None:
        super().__init__(
            Text("Arrêté à la demande.", "Stopped on request."),
            hint=Text(
                "passerelle publish reprend là où cela s'est arrêté.",
                "passerelle publish goes on from where this stopped.",
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Pacing:
    """How time passes; tests let it pass faster."""

    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float, float], float] = random.uniform
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    """Seconds that never go back."""
    rate: float = 0.0
    """Requests a second that one server gets at most; 0: as many as we can."""

    def pause(self, attempt: int, headers: Mapping[str, str]) -> float | None:
        """Return the seconds to wait after an attempt (counted from 0).

        Parameters
        ----------
        headers
            Of the answer; empty when there was none.

        Returns
        -------
        float or None
            `None`: longer than we want to wait.
        """
        asked = _retry_after(headers.get("Retry-After", ""), self.now())
        if asked is not None and asked > LONGEST_PAUSE:
            return None
        return max(asked or 0.0, self.jitter(0, FIRST_PAUSE * 2**attempt))


class Turns:
    """Holds the requests to one server apart, whichever thread makes them.

    After a silence, a second's worth may go at once; on the average of any longer
    time it is the rate.
    """

    def __init__(self, pacing: Pacing) -> None:
        self._pacing = pacing
        self._lock = threading.Lock()
        self._due = float("-inf")

    def take(self) -> None:
        """Return when the next request may go."""
        wait = self._reserve() if self._pacing.rate > 0 else 0.0
        if wait > 0:
            self._pacing.sleep(wait)

    def restart(self) -> None:
        """Let nothing go at once any more: the server said that it was too much."""
        with self._lock:
            self._due = max(self._due, self._pacing.clock())

    def _reserve(self) -> float:
        """Take the next place in the row; return the seconds until it comes."""
        apart = 1 / self._pacing.rate
        with self._lock:
            now = self._pacing.clock()
            due = max(self._due, now - max(0.0, AT_ONCE - apart))
            self._due = due + apart
        return max(0.0, due - now)


class Halt:
    """Stops several threads: those that wait at once, the others between orders."""

    def __init__(self) -> None:
        self._called = threading.Event()

    @property
    def called(self) -> bool:
        """Whether somebody wants it to stop."""
        return self._called.is_set()

    def call(self) -> None:
        """Have everything stop."""
        self._called.set()

    def check(self) -> None:
        """Return if it may go on.

        Raises
        ------
        Interrupted
            It may not.
        """
        if self.called:
            raise Interrupted

    def sleep(self, seconds: float) -> None:
        """Wait, unless it has to stop.

        Raises
        ------
        Interrupted
            It has, before the time was over.
        """
        if self._called.wait(seconds):
            raise Interrupted


def _retry_after(given: str, now: datetime) -> float | None:
    """Return the seconds a server asks us to wait (RFC 9110, 10.2.3)."""
    given = given.strip()
    if given.isdecimal():
        return float(given)
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
