"""Real servers on loopback that behave as the web does, and a policy to allow them."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gateway.links.addresses import Policy
from gateway.links.following import Follower, Limits
from metadata.links import Link

FAST = Limits(connecting=1.0, exchange=1.0, link=3.0, redirects=5, pause=0.0)
SERVICE = "https://geo.example.org"

Act = Callable[["Handler"], None]


@dataclass
class Server:
    """A server, and what it was asked."""

    port: int
    acts: dict[str, Act] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request."""
    headers: list[dict[str, str]] = field(default_factory=list)
    sent: int = 0
    """Bytes that the system took from a body that never ends."""
    busy: int = 0
    most_busy: int = 0
    scheme: str = "http"

    def url(self, path: str = "/", host: str = "public.example") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def methods(self, path: str) -> list[str]:
        return [method for method, asked in self.seen if asked == path]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    server_of: Server

    def do_GET(self) -> None:
        own, self.is_busy = self.server_of, True
        own.busy += 1
        own.most_busy = max(own.most_busy, own.busy)
        own.seen.append((self.command, self.path))
        own.headers.append(dict(self.headers))
        with suppress(OSError):
            own.acts.get(self.path.partition("?")[0], nothing)(self)
        self.rest()

    def rest(self) -> None:
        """Count as busy no more: whoever has an answer may ask again at once."""
        if self.is_busy:
            self.is_busy = False
            self.server_of.busy -= 1

    do_HEAD = do_GET  # noqa: N815  (http.server looks for it)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.rest()
        self.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Content-Length": str(len(body)), **named}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def nothing(handler: Handler) -> None:
    handler.answer(404)


class Acts:
    """What a server can be told to do."""

    @staticmethod
    def answer(status: int, body: bytes = b"", **headers: str) -> Act:
        return lambda handler: handler.answer(status, body, **headers)

    @staticmethod
    def by_method(head: Act, get: Act) -> Act:
        """Answer HEAD otherwise than GET."""
        return lambda h: (head if h.command == "HEAD" else get)(h)

    @staticmethod
    def redirect(target: str, status: int = 302, **headers: str) -> Act:
        return lambda handler: handler.answer(status, Location=target, **headers)

    @staticmethod
    def redirect_raw(target: bytes) -> Act:
        """Redirect to bytes that no library of ours has looked at."""
        head = b"HTTP/1.0 302 Found\r\nLocation: " + target + b"\r\n\r\n"
        return lambda handler: (handler.wfile.write(head), None)[1]

    @staticmethod
    def drop(handler: Handler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def nonsense(handler: Handler) -> None:
        handler.wfile.write(b"220 ftp.example ready\r\n")

    @staticmethod
    def half(handler: Handler) -> None:
        """Send less of the header than there is."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")

    @staticmethod
    def half_body(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234")

    @staticmethod
    def half_chunk(handler: Handler) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        handler.wfile.write(head + b"9\r\n1234")

    @staticmethod
    def kept_open(handler: Handler) -> None:
        """Answer well, and keep the connection though asked to close it."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345")
        time.sleep(2.5)

    @staticmethod
    def hang(handler: Handler) -> None:
        time.sleep(2.5)

    @staticmethod
    def dribble_headers(handler: Handler) -> None:
        """Send a header that never ends, a letter at a time."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.05)

    @staticmethod
    def continue_for_ever(handler: Handler) -> None:
        while True:
            handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.001)

    @staticmethod
    def headers_for_ever(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"X-Y: " + b"y" * 1000 + b"\r\n")

    @staticmethod
    def body(length: int, media_type: str = "application/zip") -> Act:
        """Send a long body, whatever range was asked for."""

        def act(handler: Handler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", media_type)
            handler.send_header("Content-Length", str(length))
            handler.end_headers()
            piece = b"x" * 65536
            while handler.command == "GET" and handler.server_of.sent < length:
                handler.wfile.write(piece)
                handler.server_of.sent += len(piece)

        return act

    @staticmethod
    def dribble_body(handler: Handler) -> None:
        """Send a body without a length, a byte at a time, for ever."""
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.05)


@pytest.fixture(scope="session")
def acts() -> type[Acts]:
    return Acts


ServerMaker = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[ServerMaker]:
    """Start a server: `serve(address="127.0.0.1", port=0, context=None)`."""
    started: list[ThreadingHTTPServer] = []

    def start(
        address: str = "127.0.0.1",
        port: int = 0,
        context: ssl.SSLContext | None = None,
    ) -> Server:
        class Own(Handler):
            pass

        listening = ThreadingHTTPServer((address, port), Own)
        listening.daemon_threads = True
        listening.block_on_close = False
        own = Server(listening.server_port, scheme="https" if context else "http")
        Own.server_of = own
        if context:
            listening.socket = context.wrap_socket(
                listening.socket, server_side=True, do_handshake_on_connect=False
            )
            listening.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(
            target=listening.serve_forever, args=(0.02,), daemon=True
        ).start()
        started.append(listening)
        return own

    yield start
    for listening in started:
        listening.shutdown()
        listening.server_close()


@pytest.fixture
def server(serve: ServerMaker) -> Server:
    return serve()


NAMES = {
    "public.example": ("127.0.0.1",),
    "other.example": ("127.0.0.1",),
    "inside.example": ("127.0.0.2",),
    "both.example": ("127.0.0.1", "127.0.0.2"),
    "silent.example": ("127.0.0.9",),
}


def resolve(host: str, seconds: float) -> tuple[str, ...]:
    """Look a made-up name up; an address is its own."""
    if host in NAMES:
        return NAMES[host]
    if host.replace(".", "").isdigit() or ":" in host:
        return (host,)
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def allowed(address: str) -> bool:
    """Take one loopback address for public; the others stay private."""
    return address in {"127.0.0.1", "127.0.0.9"}


FollowerMaker = Callable[..., Follower]


@pytest.fixture
def make_follower() -> FollowerMaker:
    def make(
        service_url: str = SERVICE,
        limits: Limits = FAST,
        policy: Policy | None = None,
        context: ssl.SSLContext | None = None,
    ) -> Follower:
        chosen = policy or Policy(is_allowed=allowed, resolve=resolve)
        return Follower(service_url, limits=limits, policy=chosen, context=context)

    return make


@pytest.fixture
def follower(make_follower: FollowerMaker) -> Follower:
    return make_follower()


@pytest.fixture(scope="session")
def to() -> Callable[..., Link]:
    """Make a link: `to(url, own=…, media_types=…)`."""

    def make(url: str, **changes: Any) -> Link:
        given = {"dataset_id": "communes", "element": "links.0.url", **changes}
        return Link(url=url, **given)

    return make


@pytest.fixture(scope="session")
def fast() -> Limits:
    return FAST
