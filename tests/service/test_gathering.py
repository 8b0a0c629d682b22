"""What is written of an answer in one turn of the loop leaves as one."""

from __future__ import annotations

import asyncio
import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from service.gathering import MOST, Gathering, GatheringProtocol

PIECE = bytes(range(256)) * 64


class Counted:
    """The transport of uvloop, or asyncio, with a count of what reaches it."""

    def __init__(self, transport: Any, sizes: list[int]) -> None:
        self._transport = transport
        self._sizes = sizes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def writelines(self, pieces: list[bytes]) -> None:
        self._sizes.append(sum(map(len, pieces)))
        self._transport.writelines(pieces)

    def write(self, data: bytes) -> None:
        self._sizes.append(len(data))
        self._transport.write(data)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with so many pieces as the path says, then with a few bytes more."""
    pieces = int(scope["path"].strip("/"))
    length = str(pieces * len(PIECE) + 4).encode()
    headers = [(b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(pieces):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"done"})


@contextmanager
def serving() -> Iterator[tuple[int, list[int]]]:
    """Serve the application; yield the port and the sizes of what was sent."""
    sizes: list[int] = []

    class Protocol(GatheringProtocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(Counted(transport, sizes))

    config = uvicorn.Config(app, port=0, http=Protocol, lifespan="off", log_level=30)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield port, sizes
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.mark.parametrize("kept_alive", [True, False])
def test_head_and_body_of_a_small_answer_are_sent_at_once(kept_alive: bool) -> None:
    headers = {} if kept_alive else {"Connection": "close"}
    with serving() as (port, sizes):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for number in range(1, 4):
            connection.request("GET", "/0", headers=headers)
            assert connection.getresponse().read() == b"done"
            assert len(sizes) == number
        connection.close()


def test_a_long_answer_arrives_whole_and_in_order() -> None:
    with serving() as (port, sizes):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/500")
        assert connection.getresponse().read() == PIECE * 500 + b"done"
        connection.close()
    assert max(sizes) <= MOST + len(PIECE)


def test_a_client_that_leaves_early_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR), serving() as (port, _):
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET /200 HTTP/1.1\r\nHost: here\r\n\r\n")
                client.recv(10)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/0")
        assert connection.getresponse().read() == b"done"
        connection.close()
    assert not caplog.records


def test_nothing_is_sent_on_a_connection_that_is_gone() -> None:
    class Gone:
        def is_closing(self) -> bool:
            return True

    loop = asyncio.new_event_loop()
    gathering = Gathering(Gone(), loop)
    gathering.write(b"late")
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
