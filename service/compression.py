"""Answers are compressed as the client likes it best, errors too.

Parts of a file (206), what is compressed already and what must not be transformed
(``Cache-Control: no-transform``) go out as they are. The
tag of a compressed answer says so, because its bytes are others.

References
----------
RFC 9110, clauses 8.4 (``Content-Encoding``), 8.8.3.3, 12.5.3
(``Accept-Encoding``); RFC 8878 (zstd); RFC 7932 (brotli).
"""

from __future__ import annotations

from types import ModuleType

import cramjam
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.middleware import values_of
from service.negotiation import weights
from service.validators import encoded_tag

_LEVELS = {"zstd": 3, "br": 4, "gzip": 5}
"""Content codings, the best first, and how hard to try."""
_CODECS: dict[str, ModuleType] = {
    "zstd": cramjam.zstd,
    "br": cramjam.brotli,
    "gzip": cramjam.gzip,
}
_SMALL = 600
"""Bytes below which compressing gains nothing."""
_LARGE = 64 * 1024
"""Bytes above which compressing holds up the event loop too long."""
_TEXTS = ("text/", "application/json", "application/xml", "application/javascript")
_SUFFIXES = ("+json", "+xml", "/json", "/turtle", "/n-triples")


class Compress:
    """Compress what an application answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        accepted = values_of(scope["headers"], b"accept-encoding")
        coding = _coding(",".join(accepted)) if accepted else ""
        await self._app(scope, receive, _Answer(coding, send).send if coding else send)


class _Answer:
    """One answer on its way through a codec."""

    def __init__(self, coding: str, send: Send) -> None:
        self._coding = coding
        self._send = send
        self._start: Message | None = None
        self._codec: _Codec | None = None

    async def send(self, message: Message) -> None:
        """Pass a message on; the start waits until the first bytes are there."""
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] != "http.response.body":
            await self._send(message)
        elif self._start is None:
            await self._send(await self._coded(message))
        else:
            start, self._start = self._start, None
            await self._begin(start, message)

    async def _begin(self, start: Message, first: Message) -> None:
        """Decide whether to compress, and send the start and the first bytes."""
        whole = not first.get("more_body", False)
        headers = MutableHeaders(raw=start["headers"])
        small = whole and len(first.get("body", b"")) < _SMALL
        if not small and _gains(start["status"], headers):
            self._codec = _Codec(self._coding)
            first = await self._coded(first)
            headers["Content-Encoding"] = self._coding
            if "etag" in headers:
                headers["ETag"] = encoded_tag(headers["etag"], self._coding)
            del headers["Content-Length"]
            if whole:
                headers["Content-Length"] = str(len(first["body"]))
        await self._send(start)
        await self._send(first)

    async def _coded(self, message: Message) -> Message:
        if self._codec is None:
            return message
        body: bytes = message.get("body", b"")
        work = self._codec.feed if message.get("more_body", False) else self._codec.end
        if len(body) > _LARGE:
            return {**message, "body": await run_in_threadpool(work, body)}
        return {**message, "body": work(body)}


class _Codec:
    """A content coding under way."""

    def __init__(self, coding: str) -> None:
        self._compressor = _CODECS[coding].Compressor(level=_LEVELS[coding])

    def feed(self, body: bytes) -> bytes:
        """Return what can be sent of everything so far."""
        if not body:
            return b""
        self._compressor.compress(body)
        return bytes(self._compressor.flush())

    def end(self, body: bytes) -> bytes:
        """Return the rest."""
        if body:
            self._compressor.compress(body)
        return bytes(self._compressor.finish())


def _coding(header: str) -> str:
    """Return the best coding that a client takes; empty when it takes none."""
    weight = weights(header)
    other = weight.get("*", 0.0)
    best = max(_LEVELS, key=lambda coding: weight.get(coding, other))
    return best if weight.get(best, other) > 0 else ""


def _gains(status: int, headers: Headers) -> bool:
    """Tell whether an answer may be compressed, and gains by it."""
    if status in {204, 206, 304} or "content-encoding" in headers:
        return False
    if "no-transform" in headers.get("cache-control", ""):
        return False
    kind = headers.get("content-type", "").split(";")[0]
    return kind.startswith(_TEXTS) or kind.endswith(_SUFFIXES)
