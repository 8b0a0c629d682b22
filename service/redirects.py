"""Where an address with a slash too many, or one too few, leads.

Starlette's router would answer it with the address that it would have had, as it knows
it: behind a proxy that serves us under a path or on another port, nobody reaches that.
A relative reference (RFC 3986, 4.2) is resolved by whoever asked, who knows better.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import URL
from starlette.responses import RedirectResponse
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send


def redirect_nearby(router: Router) -> None:
    """Have a router redirect what it does not know to where it is one slash away."""
    router.redirect_slashes = False
    router.default = _Nearby(router, router.default)


class _Nearby:
    """Answers what no route matches."""

    def __init__(self, router: Router, unknown: ASGIApp) -> None:
        self._router = router
        self._unknown = unknown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"] if scope["type"] == "http" else "/"
        beside = path.rstrip("/") if path.endswith("/") else f"{path}/"
        meant = {**scope, "path": beside}
        if not beside or not self._leads_somewhere(meant):
            await self._unknown(scope, receive, send)
            return
        there = RedirectResponse(nearby(str(URL(scope=meant))))
        await there(scope, receive, send)

    def _leads_somewhere(self, scope: Scope) -> bool:
        matches = (route.matches(scope)[0] for route in self._router.routes)
        return any(match is not Match.NONE for match in matches)


def nearby(location: str) -> str:
    """Return an address as seen from the same one with, or without, a final slash."""
    parts = urlsplit(location)
    name = parts.path.rstrip("/").rpartition("/")[2]
    there = f"./{name}/" if parts.path.endswith("/") else f"../{name}"
    return f"{there}?{parts.query}" if parts.query else there
