"""Large pages of GML, read into files: whole or refused, and nothing is left over."""

from __future__ import annotations

import os
import re
import resource
import socket
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg2
import pytest
from lxml import etree

from service.spool import HELD
from service.streaming import MOST

pytestmark = pytest.mark.postgis
ROWS = 2_000
PATH = "/collections/wide/items?f=gml&limit=10000"
SLOW = "/collections/lente/items?f=gml&limit=10000"
VIEW = "CREATE OR REPLACE VIEW lente AS SELECT id, nom, geom FROM wide"
PARSER = etree.XMLParser(no_network=True, resolve_entities=False, huge_tree=True)
Serve = Callable[..., AbstractContextManager[httpx.Client]]
Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def spooled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the service puts temporary files into."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def described(on_postgis: Any, spooled: Path) -> Any:
    """A deployment with a table of wide polygons, some megabytes of GML."""
    on_postgis.execute(
        f"""CREATE TABLE wide AS SELECT i AS id, 'Pièce n° ' || i AS nom,
            ST_Buffer(ST_SetSRID(ST_MakePoint(650000 + 90 * i, 6860000), 2154), 40, 24)
            ::geometry(Polygon, 2154) AS geom FROM generate_series(1, {ROWS}) AS i;
            ALTER TABLE wide ADD PRIMARY KEY (id)"""
    )
    on_postgis.describe("larges", "wide")
    return on_postgis


@pytest.fixture
def wide(described: Any, serve: Serve) -> Iterator[httpx.Client]:
    with serve(described) as client:
        yield client


def first_line(connection: socket.socket) -> bytes:
    """Return how an answer begins; nothing while it is still being read."""
    connection.settimeout(6)
    try:
        return connection.recv(12)
    except TimeoutError:
        return b""


@pytest.mark.parametrize(
    "path",
    [
        "/collections/lente/items?f=gml&limit=10000",
        "/collections/lente/items?limit=10000",
        "/collections/lente/download/lente.geojson",
    ],
)
def test_those_that_wait_for_a_session_keep_nobody_else_waiting(
    slow: httpx.Client, described: Any, wait_for: Wait, path: str
) -> None:
    with ExitStack() as held:
        asked = [held.enter_context(asking(slow, path)) for _ in range(MOST + 20)]
        wait_for(lambda: len(sessions(described.silo)) == 2)
        for other in ("/health", "/collections/wide/items?limit=5&f=html"):
            assert slow.get(other, timeout=3).status_code == 200
        refused = slow.get(path, timeout=3)
        assert_unavailable(refused, "Busy")
        answers = [first_line(connection) for connection in asked]
        assert answers.count(b"HTTP/1.1 503") >= MOST
    wait_for(lambda: not sessions(described.silo))
    described.execute(VIEW)
    assert slow.get(path, timeout=30).status_code == 200


@pytest.fixture
def slow(described: Any, serve: Serve) -> Iterator[httpx.Client]:
    """The service on a view that takes most of a minute to read."""
    described.execute(VIEW)
    described.describe("lenteur", "lente")
    with serve(described) as client:
        described.execute(f"{VIEW} WHERE pg_sleep(0.02) IS NOT NULL")
        yield client


def links_to(folder: Path) -> list[Path]:
    """Return what leads to the files of a folder that are held open."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # closed in the meantime
            if str(link.readlink()).startswith(f"{folder}{os.sep}"):
                found.append(link)
    return found


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder: those that have a name, and those held open."""
    return [*folder.iterdir(), *links_to(folder)]


def sessions(silo: str) -> list[int]:
    """Return the processes of the service's sessions that read a stream."""
    connection = psycopg2.connect(silo)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'passerelle' AND xact_start IS NOT NULL"
            " AND query LIKE 'FETCH%'"
        )
        found = [pid for (pid,) in cursor.fetchall()]
    connection.close()
    return found


def kill(silo: str, pids: list[int]) -> None:
    connection = psycopg2.connect(silo)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", (pids,))
    connection.close()


def assert_whole(content: bytes, rows: int = ROWS) -> None:
    root = etree.fromstring(content, PARSER)
    assert len(root) == 1 + rows


def assert_unavailable(answer: httpx.Response, code: str) -> None:
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["code"] == code


@contextmanager
def asking(client: httpx.Client, path: str = PATH) -> Iterator[socket.socket]:
    """Ask, and hardly read: a client whose window is small."""
    address = urlsplit(str(client.base_url))
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((address.hostname, address.port))
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        yield connection


def test_many_large_pages_at_once_are_whole_or_told_to_wait(
    wide: httpx.Client, described: Any, spooled: Path, wait_for: Wait
) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: ask(wide), range(16)))
    whole = [answer for answer in answers if answer.status_code == 200]
    assert len(whole) >= 2
    for answer in answers:
        if answer.status_code == 200:
            assert_whole(answer.content)
        else:
            assert_unavailable(answer, "Busy")
    wait_for(lambda: not sessions(described.silo))
    assert files_in(spooled) == []
    assert_whole(wide.get(PATH).content)


def test_a_slow_client_holds_a_file_and_no_session(
    wide: httpx.Client, described: Any, spooled: Path, wait_for: Wait
) -> None:
    with asking(wide) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert sessions(described.silo) == []
        assert len(files_in(spooled)) == 1
    wait_for(lambda: not files_in(spooled))


def test_csv_takes_the_same_way(
    wide: httpx.Client,
    described: Any,
    spooled: Path,
    wait_for: Wait,
    csv_rows: Callable[..., list[list[str | None]]],
) -> None:
    path = PATH.replace("gml", "csv")
    with asking(wide, path) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert sessions(described.silo) == []
        assert len(files_in(spooled)) == 1
    wait_for(lambda: not files_in(spooled))
    assert len(csv_rows(wide.get(path).content)) == 1 + ROWS


def test_a_client_that_stops_reading_is_cut_off_and_its_file_goes(
    wide: httpx.Client,
    spooled: Path,
    wait_for: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.streaming.SEND_TIMEOUT", 0.5)
    with asking(wide) as connection:
        received = connection.recv(100)
        wait_for(lambda: not files_in(spooled))
        received += b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert not received.endswith(b"0\r\n\r\n")
    assert b"</sf:FeatureCollection>" not in received
    assert_whole(wide.get(PATH).content)


def test_nothing_is_read_for_a_client_that_left_meanwhile(
    slow: httpx.Client, described: Any, spooled: Path, wait_for: Wait
) -> None:
    for _ in range(4):  # more often than there are sessions for streams
        with asking(slow, SLOW):
            wait_for(lambda: bool(sessions(described.silo)))
        wait_for(lambda: not sessions(described.silo))
    assert files_in(spooled) == []
    described.execute(VIEW)
    assert_whole(slow.get(SLOW).content)


def test_a_session_that_dies_is_an_error_and_no_half_of_a_document(
    slow: httpx.Client, described: Any, spooled: Path, wait_for: Wait
) -> None:
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(ask, slow, SLOW)
        wait_for(lambda: bool(sessions(described.silo)))
        kill(described.silo, sessions(described.silo))
        answer = asked.result()
    assert_unavailable(answer, "Unavailable")
    assert files_in(spooled) == []
    described.execute(VIEW)
    assert_whole(slow.get(SLOW).content)


def test_those_that_are_being_sent_have_a_bound_together(
    described: Any, spooled: Path, serve: Serve, wait_for: Wait
) -> None:
    path = described.configuration
    text = path.read_text("utf-8").replace("silos:\n", "  spool: 15000000\nsilos:\n")
    path.write_text(text, encoding="utf-8")
    with serve(described) as client, ExitStack() as held:
        for number in (1, 2):
            connection = held.enter_context(asking(client))
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
            assert len(files_in(spooled)) == number
        for _ in range(3):
            assert_unavailable(client.get(PATH), "NoRoom")
        assert len(files_in(spooled)) == 2
        (used,) = re.findall(
            r'(?m)^passerelle_spool_bytes{worker="0"} (\S+)$',
            client.get("/metrics").text,
        )
        assert 10_000_000 < float(used) < 15_000_000
        small = client.get("/collections/wide/items?f=gml&limit=100")
        assert_whole(small.content, 100)
        assert len(client.get(PATH.replace("gml", "json")).json()["features"]) == ROWS
        held.close()
        wait_for(lambda: not files_in(spooled))
        assert_whole(client.get(PATH).content)


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Let this process write no longer files, as a full disk would not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_frees_what_it_held(
    wide: httpx.Client, described: Any, spooled: Path
) -> None:
    for _ in range(4):
        with no_file_longer_than(2 * HELD):
            answer = wide.get(PATH)
        assert_unavailable(answer, "NoRoom")
        assert "limit" in answer.json()["hint"]
        assert sessions(described.silo) == []
        assert files_in(spooled) == []
    small = wide.get("/collections/wide/items?f=gml&limit=100")
    assert_whole(small.content, 100)
    assert_whole(wide.get(PATH).content)


def test_a_folder_that_is_gone_is_told_in_the_same_way(
    wide: httpx.Client, spooled: Path
) -> None:
    spooled.rmdir()
    assert_unavailable(wide.get(PATH), "NoRoom")
    spooled.mkdir()
    assert_whole(wide.get(PATH).content)


@pytest.mark.parametrize("at", [b"</gml:posList>", b"</sf:featureMember>"])
def test_a_file_that_lost_its_end_breaks_the_answer_off(
    wide: httpx.Client, spooled: Path, at: bytes
) -> None:
    with wide.stream("GET", PATH) as answer:
        assert answer.status_code == 200
        chunks = answer.iter_raw(4096)
        next(chunks)
        truncate(spooled, at)
        with pytest.raises(httpx.RemoteProtocolError):
            list(chunks)


def truncate(folder: Path, at: bytes) -> None:
    """Take away the end of the file that is held open, after some tag."""
    (link,) = links_to(folder)
    with link.open("rb") as file:
        end = file.read().index(at, -2 * HELD) + len(at)
    os.truncate(link, end)


def ask(client: httpx.Client, path: str = PATH) -> httpx.Response:
    """Ask on a connection of one's own."""
    return httpx.get(f"{str(client.base_url).rstrip('/')}{path}", timeout=60)
