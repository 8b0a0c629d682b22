"""What every request passes through: its snapshot, its tag, and headers of safety."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.snapshot import Stage
from service.validators import content_tag, held_tag

EXPOSED = (
    "Accept-Patch",
    "Accept-Post",
    "Accept-Ranges",
    "Allow",
    "Content-Crs",
    "Content-Language",
    "Content-Disposition",
    "Content-Length",
    "Content-Range",
    "ETag",
    "Link",
    "Location",
    "OGC-NumberMatched",
    "OGC-NumberReturned",
    "Preference-Applied",
    "Repr-Digest",
    "Retry-After",
)
"""Headers that scripts of other sites may read."""
SAFETY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; "
            "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
            "form-action 'self'; frame-ancestors 'none'"
        ),
        "Cache-Control": "no-cache",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": ", ".join(EXPOSED),
    }
)
"""Sent with every answer that does not say otherwise.

Nothing is ever loaded from another host; a copy is kept, and confirmed before it
is used again.
"""


_Header = tuple[bytes, bytes]


class HoldSnapshot:
    """Keep the snapshot that a request began with until its last byte is sent."""

    def __init__(self, app: ASGIApp, stage: Stage) -> None:
        self._app = app
        self._stage = stage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        snapshot = self._stage.take()
        scope["passerelle.snapshot"] = snapshot
        try:
            await self._app(scope, receive, send)
        finally:
            self._stage.give_back(snapshot)


class Confirm:
    """Tag answers that come whole and have no tag, and confirm copies clients hold.

    What must not be kept is left alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        held = values_of(scope["headers"], b"if-none-match")
        await self._app(scope, receive, _Tagging(held, send).send)


class _Tagging:
    """One answer that may turn out to be what the client holds."""

    def __init__(self, held: Sequence[str], send: Send) -> None:
        self._held = held
        self._send = send
        self._start: Message | None = None
        self._confirmed = False

    async def send(self, message: Message) -> None:
        """Pass a message on; a start without a tag waits for the first bytes."""
        if message["type"] == "http.response.start":
            tags = values_of(message["headers"], b"etag")
            if tags or not _may_be_kept(message):
                await self._begin(message, tags[0] if tags else "")
            else:
                self._start = message
            return
        if self._start is not None:
            whole = not message.get("more_body", False)
            tag = content_tag(message.get("body", b"")) if whole else ""
            start, self._start = self._start, None
            if tag:
                MutableHeaders(raw=start["headers"])["ETag"] = tag
            await self._begin(start, tag)
        if not self._confirmed:
            await self._send(message)

    async def _begin(self, start: Message, tag: str) -> None:
        """Send the start of the answer, or that the client's copy is still it."""
        confirmed = held_tag(tag, self._held)
        self._confirmed = bool(confirmed) and start["status"] == HTTPStatus.OK
        if not self._confirmed:
            await self._send(start)
            return
        headers = MutableHeaders(raw=start["headers"])
        headers["ETag"] = confirmed
        del headers["Content-Length"]
        del headers["Content-Type"]
        await self._send({**start, "status": HTTPStatus.NOT_MODIFIED.value})
        await self._send({"type": "http.response.body", "body": b""})


def _may_be_kept(start: Message) -> bool:
    control = values_of(start["headers"], b"cache-control")
    return start["status"] == HTTPStatus.OK and "no-store" not in control


def values_of(headers: Iterable[_Header], name: bytes) -> list[str]:
    """Return the values of a header, whose name is in small letters."""
    return [value.decode("latin-1") for each, value in headers if each == name]


class AddHeaders:
    """Add headers that an answer does not set itself, and answer scripts' questions.

    What a script of another site may do is the same everywhere, so it stands in
    every answer; only the question before the request (`OPTIONS`) is answered
    by Starlette's `CORSMiddleware`.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] = SAFETY) -> None:
        self._app = app
        self._preflight = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
        )
        self._headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._added(message["headers"])}
            await send(message)

        asks = scope["type"] == "http" and scope["method"] == "OPTIONS"
        await (self._preflight if asks else self._app)(scope, receive, send_more)

    def _added(self, headers: Iterable[_Header]) -> list[_Header]:
        """Return the headers of an answer and those that it lacks."""
        found = list(headers)
        given = {name for name, _ in found}
        vary = [value for name, value in found if name == b"vary"]
        if vary:
            found = [header for header in found if header[0] != b"vary"]
        found.append((b"vary", b", ".join([*vary, b"Accept-Encoding"])))
        return found + [header for header in self._headers if header[0] not in given]
