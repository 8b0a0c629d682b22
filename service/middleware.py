"""What every request passes through: its snapshot, its tag, and headers of safety."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.snapshot import Stage
from service.validators import content_tag, held_tag

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
    }
)
"""Sent with every answer that does not say otherwise.

Nothing is ever loaded from another host; a copy is kept, and confirmed before it
is used again.
"""


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
        with self._stage.held() as snapshot:
            scope["passerelle.snapshot"] = snapshot
            await self._app(scope, receive, send)


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
        held = Headers(scope=scope).getlist("if-none-match")
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
            self._start = message
            if not _may_be_kept(message):
                await self._begin(message, "")
            elif "etag" in Headers(raw=message["headers"]):
                await self._begin(message, Headers(raw=message["headers"])["etag"])
            return
        if self._start is not None:
            whole = not message.get("more_body", False)
            tag = content_tag(message.get("body", b"")) if whole else ""
            await self._begin(self._start, tag)
        if not self._confirmed:
            await self._send(message)

    async def _begin(self, start: Message, tag: str) -> None:
        """Send the start of the answer, or that the client's copy is still it."""
        self._start = None
        headers = MutableHeaders(raw=list(start["headers"]))
        confirmed = held_tag(tag, self._held)
        self._confirmed = bool(confirmed)
        if tag:
            headers["ETag"] = confirmed or tag
        if not confirmed:
            await self._send({**start, "headers": headers.raw})
            return
        del headers["Content-Length"]
        del headers["Content-Type"]
        status = HTTPStatus.NOT_MODIFIED.value
        await self._send({**start, "status": status, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": b""})


def _may_be_kept(start: Message) -> bool:
    control = Headers(raw=start["headers"]).get("cache-control", "")
    return start["status"] == HTTPStatus.OK and "no-store" not in control


class AddHeaders:
    """Add headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] = SAFETY) -> None:
        self._app = app
        self._headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                raw = list(message["headers"])
                given = {name for name, _ in raw}
                raw += (header for header in self._headers if header[0] not in given)
                MutableHeaders(raw=raw).add_vary_header("Accept-Encoding")
                message = {**message, "headers": raw}
            await send(message)

        await self._app(scope, receive, send_more)
