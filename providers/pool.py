"""A bounded pool of connections that never waits without end."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from metadata.errors import SilosBusy
from providers.feature_source import PoolUse


class Closable(Protocol):
    """A connection of any silo."""

    def close(self) -> object:
        """Close it."""
        ...


C = TypeVar("C", bound=Closable)


@dataclass
class Lease(Generic[C]):
    """One connection in use by one caller."""

    connection: C
    opened: float
    fresh: bool
    """Whether it was opened for this lease."""
    broken: bool = field(default=False)
    """Set by the caller: closed instead of kept."""


class Turns:
    """So many turns at once; who waits longest is next.

    A plain semaphore may let one thread take turn after turn while another
    waits in vain.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()
        self.waits = 0
        """How often somebody had to wait."""
        self.refusals = 0
        """How often somebody waited in vain."""

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    def take(self, timeout: float) -> bool:
        """Wait for a turn; tell whether it came in time (seconds)."""
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return True
            called = threading.Event()
            self._waiting.append(called)
            self.waits += 1
        if called.wait(timeout):
            return True
        with self._lock:
            if called.is_set():
                return True
            self._waiting.remove(called)
            self.refusals += 1
            return False

    def give(self) -> None:
        """Hand the turn to the next, or keep it free."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


def busy(size: int) -> SilosBusy:
    """Return the error of waiting in vain for one of so many connections."""
    message = f"All {size} connections to the silo are in use."
    return SilosBusy(message, hint="Ask again in a few seconds.")


class Pool(Generic[C]):
    """At most so many connections, kept open, replaced after a while.

    Parameters
    ----------
    connect
        Opens one connection; its errors pass through.
    size
        Connections open at any time.
    wait
        Seconds to wait for a free one.
    recycle
        Seconds after which a connection is closed instead of kept.
    clock
        Seconds that only grow.
    """

    def __init__(
        self,
        connect: Callable[[], C],
        *,
        size: int,
        wait: float,
        recycle: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._turns = Turns(size)
        self._size = size
        self._wait = wait
        self._recycle = recycle
        self._clock = clock
        self._idle: list[tuple[C, float]] = []
        self._lock = threading.Lock()
        self._in_use = 0
        self._closed = False

    @property
    def in_use(self) -> int:
        """Connections that somebody holds."""
        return self._in_use

    def use(self) -> PoolUse:
        """Return how it is used."""
        turns = self._turns
        return PoolUse(
            size=self._size,
            used=self._in_use,
            waiting=turns.waiting,
            waits=turns.waits,
            refusals=turns.refusals,
        )

    def acquire(self) -> Lease[C]:
        """Take a connection; it must be given back with `release`.

        Raises
        ------
        SilosBusy
            None became free in time.
        """
        if not self._turns.take(self._wait):
            raise busy(self._size)
        try:
            lease = self._take() or self._open()
        except BaseException:
            self._turns.give()
            raise
        with self._lock:
            self._in_use += 1
        return lease

    def release(self, lease: Lease[C]) -> None:
        """Give a connection back."""
        old = self._clock() - lease.opened > self._recycle
        with self._lock:
            self._in_use -= 1
            keep = not (lease.broken or old or self._closed)
            if keep:
                self._idle.append((lease.connection, lease.opened))
        if not keep:
            lease.connection.close()
        self._turns.give()

    @contextmanager
    def lease(self) -> Iterator[Lease[C]]:
        """Take a connection for the duration of a block."""
        lease = self.acquire()
        try:
            yield lease
        finally:
            self.release(lease)

    def discard_idle(self) -> None:
        """Close every connection that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def close(self) -> None:
        """Close all connections; those in use when they come back."""
        self._closed = True
        self.discard_idle()

    def _take(self) -> Lease[C] | None:
        with self._lock:
            if not self._idle:
                return None
            connection, opened = self._idle.pop()
        return Lease(connection, opened, fresh=False)

    def _open(self) -> Lease[C]:
        return Lease(self._connect(), self._clock(), fresh=True)
