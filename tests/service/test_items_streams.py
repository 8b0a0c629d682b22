"""Streams through the real server: broken off aloud, and given up when nobody reads."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg2
import pytest

DOWNLOAD = "/collections/many/download/many.geojson"
ROWS = 60_000
Serve = Callable[..., AbstractContextManager[httpx.Client]]


@pytest.fixture
def many(on_postgis: Any, serve: Serve) -> Iterator[httpx.Client]:
    """A service on a table of some twenty megabytes of GeoJSON."""
    on_postgis.execute(
        f"""CREATE TABLE many AS SELECT i AS id, repeat(md5(i::text), 10) AS label,
            ST_SetSRID(ST_MakePoint(650000 + i, 6860000), 2154)
            ::geometry(Point, 2154) AS geom
            FROM generate_series(1, {ROWS}) AS i;
            ALTER TABLE many ADD PRIMARY KEY (id)"""
    )
    on_postgis.describe("beaucoup", "many")
    with serve(on_postgis) as client:
        yield client


def backends(silo: str, condition: str = "true") -> int:
    """Count the service's sessions of a state."""
    connection = psycopg2.connect(silo)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            f" AND application_name = 'passerelle' AND {condition}"
        )
        number: int = cursor.fetchone()[0]
    connection.close()
    return number


IN_TRANSACTION = "xact_start IS NOT NULL"


@pytest.mark.postgis
def test_a_download_is_whole_and_ordered(many: httpx.Client) -> None:
    answer = many.get(DOWNLOAD)
    document = json.loads(answer.content)
    assert [feature["id"] for feature in document["features"]] == list(
        range(1, ROWS + 1)
    )


@pytest.mark.postgis
@pytest.mark.parametrize("path", [DOWNLOAD, "/collections/many/items?limit=10000"])
def test_a_silo_that_fails_midway_breaks_the_answer_off(
    many: httpx.Client, on_postgis: Any, path: str
) -> None:
    received = bytearray()
    with many.stream("GET", path) as answer:
        assert answer.status_code == 200
        chunks = answer.iter_raw(4096)
        received += next(chunks)
        kill(on_postgis.silo)
        with pytest.raises(httpx.RemoteProtocolError):
            received.extend(b"".join(slowly(chunks, received)))
    with pytest.raises(ValueError, match=r".+"):
        json.loads(received)
    assert len(many.get("/collections/many/items?limit=5").json()["features"]) == 5


@pytest.mark.postgis
def test_a_client_that_leaves_frees_the_connection(
    many: httpx.Client, on_postgis: Any, wait_for: Callable[[Callable[[], bool]], None]
) -> None:
    address = urlsplit(str(many.base_url))
    for _ in range(4):  # more often than there are connections for streams
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(f"GET {DOWNLOAD} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            wait_for(lambda: backends(on_postgis.silo, IN_TRANSACTION) == 1)
        wait_for(lambda: backends(on_postgis.silo, IN_TRANSACTION) == 0)
    assert many.get(DOWNLOAD).status_code == 200


@pytest.mark.postgis
def test_a_client_that_stops_reading_is_cut_off(
    many: httpx.Client,
    on_postgis: Any,
    wait_for: Callable[[Callable[[], bool]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.streaming.SEND_TIMEOUT", 1.0)
    address = urlsplit(str(many.base_url))
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((address.hostname, address.port))
        connection.sendall(f"GET {DOWNLOAD} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        wait_for(lambda: backends(on_postgis.silo, IN_TRANSACTION) == 1)
        wait_for(lambda: backends(on_postgis.silo, IN_TRANSACTION) == 0)
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert not received.endswith(b"0\r\n\r\n")
    assert many.get(DOWNLOAD).status_code == 200


@pytest.mark.postgis
def test_more_streams_than_connections_are_answered_later(
    many: httpx.Client, on_postgis: Any
) -> None:
    address = urlsplit(str(many.base_url))
    light = "/collections/many/items?limit=3000"
    assert many.get(light).status_code == 200
    held = []
    for _ in range(2):
        connection = socket.create_connection((address.hostname, address.port))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(f"GET {DOWNLOAD} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.recv(100)
        held.append(connection)
    answer = many.get(DOWNLOAD)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert len(many.get("/collections/many/items?limit=10").json()["features"]) == 10
    # known to be light by now, so it needs no session of a stream
    assert len(many.get(f"{light}&offset=1").json()["features"]) == 3000
    for connection in held:
        connection.close()


@pytest.mark.postgis
def test_the_first_byte_does_not_wait_for_the_last(many: httpx.Client) -> None:
    many.get("/collections/many/items")
    started = time.perf_counter()
    with many.stream("GET", DOWNLOAD) as answer:
        chunks = answer.iter_raw()
        next(chunks)
        first = time.perf_counter() - started
        for _ in chunks:
            pass
    assert first < (time.perf_counter() - started) / 2


def slowly(chunks: Iterator[bytes], received: bytearray) -> Iterator[bytes]:
    """Read as a slow client does; keep what came."""
    for chunk in chunks:
        received += chunk
        time.sleep(0.001)
        yield b""


def kill(silo: str) -> None:
    connection = psycopg2.connect(silo)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'passerelle'"
        )
    connection.close()
