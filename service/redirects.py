"""Where an address with a slash too many, or one too few, leads.

The router answers it with the address that it would have had, as it knows it: behind
a proxy that serves us under a path or on another port, nobody reaches that. A relative
reference (RFC 3986, 4.2) is resolved by whoever asked, who knows better.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RedirectNearby:
    """Makes the addresses of the router's redirects relative."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_nearby(message: Message) -> None:
            if (
                message["type"] == "http.response.start"
                and message["status"] == HTTPStatus.TEMPORARY_REDIRECT
            ):
                headers = MutableHeaders(raw=message["headers"])
                headers["location"] = nearby(headers["location"])
            await send(message)

        await self._app(scope, receive, send_nearby)


def nearby(location: str) -> str:
    """Return an address as seen from the same one with, or without, a final slash."""
    parts = urlsplit(location)
    name = parts.path.rstrip("/").rpartition("/")[2]
    there = f"./{name}/" if parts.path.endswith("/") else f"../{name}"
    return f"{there}?{parts.query}" if parts.query else there
