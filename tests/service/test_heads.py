"""A head or a body that does not come to its end is given up."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from service import bodies, heads

AT_ONCE = 0.3
"""Seconds of patience in these tests."""
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture
def client(
    on_geopackage: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[httpx.Client]:
    """The service, with less patience than it has."""
    monkeypatch.setattr(heads, "PATIENCE", AT_ONCE)
    monkeypatch.setattr(bodies, "PATIENCE", AT_ONCE)
    on_geopackage.describe("places")
    with serve(on_geopackage) as found:
        yield found


def heard(client: httpx.Client, sent: bytes) -> bytes:
    """Return what comes back until the connection is closed."""
    address = ("127.0.0.1", client.base_url.port or 0)
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(sent)
        found = b""
        while piece := connection.recv(65536):
            found += piece
        return found


def test_a_head_without_an_end_is_answered_408(client: httpx.Client) -> None:
    begun = b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: "
    assert heard(client, begun).startswith(b"HTTP/1.1 408 ")


def test_a_connection_on_which_nothing_is_asked_is_closed(
    client: httpx.Client,
) -> None:
    assert heard(client, b"") == b""


def test_the_second_head_of_a_connection_is_waited_for_no_longer(
    client: httpx.Client,
) -> None:
    first = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = heard(client, first + b"GET /hea")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answer


@pytest.mark.parametrize("path", ["/csw", "/oai", "/collections/places/items"])
def test_a_body_without_an_end_is_answered_408(client: httpx.Client, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n{FORM}\r\nab"
    assert heard(client, head.encode()).startswith(b"HTTP/1.1 408 ")


def test_who_was_answered_is_not_cut_off_before_the_next_question(
    client: httpx.Client,
) -> None:
    with httpx.Client(base_url=client.base_url) as patient:
        for _ in range(3):
            used = patient.get("/health").extensions["network_stream"]
            time.sleep(1.5 * AT_ONCE)
            again = patient.get("/health").extensions["network_stream"]
            ports = {each.get_extra_info("client_addr") for each in (used, again)}
            assert len(ports) == 1
