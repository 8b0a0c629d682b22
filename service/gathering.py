"""An answer's head and body leave together: one system call, one packet.

uvicorn writes the head of an answer as soon as it is known, and uvloop sends what is
written at once. For a small page that is a call, a packet and a waking of the client
for a few hundred bytes that the body follows within microseconds.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from service.heads import BoundedHeads

MOST = 64 * 1024
"""Bytes that wait for more; beyond, they are sent with what came last."""


class Gathering:
    """A transport that sends what is written in one turn of the loop as one.

    Everything but writing and closing is the transport's own.
    """

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send with what else is written in this turn."""
        if not data:
            return
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size > MOST:
            self._flush()

    def close(self) -> None:
        """Send what waits, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        pieces, self._pieces, self._size = self._pieces, [], 0
        if pieces and not self._transport.is_closing():  # the client may have gone
            self._transport.writelines(pieces)


class GatheringProtocol(BoundedHeads):
    """uvicorn's own protocol over a transport that gathers."""

    def connection_made(self, transport: Any) -> None:
        """Begin a connection."""
        gathering = Gathering(transport, self.loop)
        super().connection_made(cast("asyncio.Transport", gathering))
