"""Wakes a watch that waits: a signal, or whoever runs it.

SIGTERM and SIGINT end it, SIGHUP has it read everything again. What may be broken off
(measuring) is; what may not (a record on its way) is finished first.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class Bell:
    """Tells a watch to stop or to read again; safe from other threads and signals."""

    def __init__(self) -> None:
        self._receiving, self._sending = socket.socketpair()
        self._receiving.setblocking(False)
        self._sending.setblocking(False)
        self._stopping = self._rereading = self._breakable = False

    @property
    def is_stopping(self) -> bool:
        """Whether the watch is to end."""
        return self._stopping

    def fileno(self) -> int:
        """Return what becomes readable when it rings."""
        return self._receiving.fileno()

    def stop(self) -> None:
        """Have the watch end."""
        self._stopping = True
        self._ring()

    def reread(self) -> None:
        """Have the watch read and look at everything."""
        self._rereading = True
        self._ring()

    def silence(self) -> bool:
        """Take note of what rang; tell whether everything is to be read again."""
        with suppress(BlockingIOError):
            while self._receiving.recv(4096):
                pass
        rereading, self._rereading = self._rereading, False
        return rereading

    @contextmanager
    def breakable(self) -> Iterator[None]:
        """Let a signal to stop break off what runs within, as Ctrl-C would.

        Raises
        ------
        KeyboardInterrupt
            It arrived. Publishing takes it up and settles what is on its way.
        """
        self._breakable = True
        try:
            if self._stopping:
                raise KeyboardInterrupt
            yield
        finally:
            self._breakable = False

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Ring on SIGTERM, SIGINT and SIGHUP; only in the main thread."""
        handlers = {
            signal.SIGTERM: self._told_to_stop,
            signal.SIGINT: self._told_to_stop,
            signal.SIGHUP: lambda *_: self.reread(),
        }
        before = {number: signal.signal(number, h) for number, h in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """Let go of both ends."""
        self._receiving.close()
        self._sending.close()

    def _told_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop()
        if self._breakable:
            self._breakable = False  # once: a second would break the clearing up
            raise KeyboardInterrupt

    def _ring(self) -> None:
        with suppress(BlockingIOError, OSError):
            self._sending.send(b".")
