"""The head of a request has an end: so many bytes, within so many seconds.

uvicorn reads a head with a parser that knows no limit: it gathers one endless
header in memory, and the event loop serves nobody meanwhile.

References
----------
RFC 9110, clause 15.5.9 (408); RFC 6585, clause 5 (431).
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST: Final = 128 * 1024
"""Bytes of an unfinished head: an address of 64 KiB, and as much of headers."""
PATIENCE: Final = 30.0
"""Seconds within which it has to be there, and something of it on a new connection."""


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's own protocol, which gives up a head that does not end."""

    _in_head = False
    _held = 0
    """Bytes of the head so far, but for those that came along with its first."""
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection, whose first head is waited for."""
        super().connection_made(transport)
        self._late = self.loop.call_later(PATIENCE, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self._settle()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head is too long by now."""
        begun = self._in_head
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._held += len(data) if begun else 0
        if self._held > MOST:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._late is None:
            self._late = self.loop.call_later(PATIENCE, self._give_up)

    def on_message_begin(self) -> None:
        """Begin to read a head."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._in_head = False
        self._settle()
        super().on_headers_complete()

    def _settle(self) -> None:
        self._held = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        """Close a connection on which no head comes to its end."""
        if self._is_answering():
            self._late = self.loop.call_later(PATIENCE, self._give_up)
        elif self._in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _is_answering(self) -> bool:
        """Tell whether an earlier request is still being answered."""
        return not getattr(self.cycle, "response_complete", True)

    def _refuse(self, status: HTTPStatus) -> None:
        self.logger.warning("A request was refused: %s", status.phrase)
        if not self._is_answering():
            line = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            rest = "content-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write((line + rest).encode("ascii"))
        self.transport.close()
