"""Workers that share one socket take each new connection where the fewest are open.

All of them wait on the same listening socket, and whoever wakes first accepts. That
is a matter of luck: of eight clients that keep their connections six may be served by
one worker and two by the other, which rests while they wait. So each worker tells how
many connections it has in a number that the others see, and one that has more than
another leaves a new connection to it for a moment. Not while clients open one for each
request: those are gone before it matters who has them.

A worker ends when the process that started it has ended, however that came: it would
go on to answer on a port that the next start of the service cannot have.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import mmap
import multiprocessing
import os
import select
import signal
import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import uvloop

from service.gathering import GatheringProtocol
from service.server import LISTENING_VARIABLE

logger = logging.getLogger(__name__)

TURN: Final = 0.001
"""Seconds that a connection is left to the others before one looks again."""
TURNS: Final = 5
"""How often it is left to them; then whoever sees it takes it."""
_BRIEF, _SEVERAL = 1.0, 8
"""So many connections that ended within so many seconds, none of them older: clients
open one for each request."""
_PLACES: Final = 256
_BYTES: Final = 8
_SHORT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_REST: Final = 1.0
"""Seconds without accepting when the system has no room for a connection."""


class Loads:
    """How many connections each worker has, seen by all of them.

    A worker holds a lock on its place in the file, which ends with it however it ends.

    Parameters
    ----------
    folder
        Shared by the workers of one socket.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(folder / "connections", flags, 0o600)
        os.ftruncate(self._file, _PLACES * _BYTES)
        self._map = mmap.mmap(self._file, _PLACES * _BYTES)
        self._told = memoryview(self._map).cast("q")
        """One more than the connections of each worker; 0 where there is none."""
        self._place = next(filter(self._locked, range(_PLACES)), None)

    def tell(self, connections: int) -> None:
        """Tell how many connections this worker has now."""
        if self._place is not None:
            self._told[self._place] = connections + 1

    def others_have_fewer(self) -> bool:
        """Tell whether another worker has fewer connections than this one."""
        if self._place is None:
            return False
        own = self._told[self._place]
        return any(0 < each < own for each in self._told)

    def forget_the_dead(self) -> None:
        """Take out the numbers of workers that ended without saying so."""
        for place, told in enumerate(self._told):
            if told and place != self._place and self._locked(place):
                self._told[place] = 0
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def leave(self) -> None:
        """Take no connection any more: none is left to this worker."""
        if self._place is not None:
            self._told[self._place] = 0
            self._place = None

    def close(self) -> None:
        """Let go of the file."""
        self.leave()
        self._told.release()
        self._map.close()
        os.close(self._file)

    def _locked(self, place: int) -> bool:
        """Lock a place, unless another worker holds it."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            return False
        return True


class Listener:
    """Accepts connections one by one, those that are this worker's turn."""

    def __init__(
        self,
        loop: SharingLoop,
        factory: Callable[[], asyncio.BaseProtocol],
        sock: socket.socket,
    ) -> None:
        self._loop = loop
        self._factory = factory
        self._socket = sock
        self._loads = loop.loads
        self._left = 0
        """How often the connection that waits was left to the others."""
        self._pause: asyncio.TimerHandle | None = None
        self._beginning: asyncio.Task[None] | None = None
        self._closed = False
        self._waiting = select.poll()
        """Tells whether a connection waits."""
        self._waiting.register(sock, select.POLLIN)
        sock.setblocking(False)
        self._loads.tell(0)
        self._listen()

    def close(self) -> None:
        """Accept nothing more; connections that are open stay so."""
        self._closed = True
        self._loop.remove_reader(self._socket)
        if self._pause is not None:
            self._pause.cancel()
        self._loads.leave()

    async def wait_closed(self) -> None:
        """Wait for a connection that is just being taken."""
        if self._beginning is not None:
            await asyncio.wait([self._beginning])

    def is_serving(self) -> bool:
        """Tell whether it accepts connections."""
        return not self._closed

    def _listen(self) -> None:
        self._pause = None
        if not self._closed:
            self._loop.add_reader(self._socket, self._heard)

    def _heard(self) -> None:
        """Take what waits, or leave it to a worker that has fewer for a moment."""
        if self._left == TURNS:
            self._loads.forget_the_dead()
        elif self._loads.others_have_fewer() and not self._loop.is_hurried():
            self._left += 1
            self._rest(TURN, self._look_again)
            return
        self._left = 0
        self._accept()

    def _accept(self) -> None:
        try:
            taken, _ = self._socket.accept()
        except OSError as error:
            # mostly that another worker was faster, or the client has gone
            if error.errno in _SHORT:
                logger.warning("No connection can be accepted: %s", error.strerror)
                self._rest(_REST, self._listen)
            return
        self._loop.remove_reader(self._socket)
        self._beginning = self._loop.create_task(self._begin(taken))

    async def _begin(self, taken: socket.socket) -> None:
        """Begin a connection; only then it is counted, and the next one taken."""
        try:
            taken.setblocking(False)
            taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._factory, taken)
        except OSError:
            taken.close()
        finally:
            self._beginning = None
            self._listen()

    def _look_again(self) -> None:
        """Go on with the connection that was left to the others, unless one took it."""
        if not self._waiting.poll(0):
            self._left = 0
        self._listen()

    def _rest(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._socket)
        self._pause = self._loop.call_later(seconds, then)


class SharingLoop(uvloop.Loop):
    """An event loop that shares the connections of a socket with other workers."""

    def __init__(self, loads: Loads) -> None:
        super().__init__()
        self.loads = loads
        self._brief: deque[float] = deque(maxlen=_SEVERAL)

    def note_ended(self, begun: float) -> None:
        """Note that a connection ended which began at a time of this loop."""
        now = self.time()
        if now - begun < _BRIEF:
            self._brief.append(now)

    def is_hurried(self) -> bool:
        """Tell whether clients open a connection for each request just now."""
        full = len(self._brief) == _SEVERAL
        return full and self.time() - self._brief[0] < _BRIEF

    async def create_server(  # type: ignore[override]
        self,
        factory: Callable[[], asyncio.BaseProtocol],
        *,
        sock: socket.socket,
        **_: Any,
    ) -> Listener:
        """Listen on a socket that is bound already."""
        sock.listen(socket.SOMAXCONN)
        self._end_with_parent()
        return Listener(self, factory, sock)

    def _end_with_parent(self) -> None:
        """End as if told to, once the process that started this one is no more."""
        parent = multiprocessing.parent_process()
        if parent is not None:
            self.add_reader(parent.sentinel, self._orphaned, parent.sentinel)

    def _orphaned(self, sentinel: int) -> None:
        self.remove_reader(sentinel)
        logger.warning("The process that started this worker is gone: it ends")
        signal.raise_signal(signal.SIGTERM)


class SharingProtocol(GatheringProtocol):
    """A protocol in a `SharingLoop`, which tells how many connections there are."""

    _begun = 0.0

    def connection_made(self, transport: Any) -> None:
        """Begin a connection."""
        super().connection_made(transport)
        loop = cast("SharingLoop", self.loop)
        self._begun = loop.time()
        loop.loads.tell(len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        super().connection_lost(exc)
        loop = cast("SharingLoop", self.loop)
        loop.loads.tell(len(self.connections))
        loop.note_ended(self._begun)


def sharing_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of a worker beside others, as the environment says."""
    return SharingLoop(Loads(Path(os.environ[LISTENING_VARIABLE])))
