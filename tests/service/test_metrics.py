"""What the service counts: valid, added up over its workers, and for insiders only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Message, Receive, Scope, Send

from service.metrics.cells import Cells, Key, Told
from service.metrics.exposition import exposition
from service.metrics.families import FAMILIES, Kind
from service.metrics.meter import Measure, Meter

COUNT = """
import sys
from pathlib import Path
from service.metrics.cells import Cells
from service.metrics.meter import Meter
meter = Meter(Cells(Path(sys.argv[1])))
for _ in range(1_000):
    meter.note("/x", "GET", 200, seconds=0.002, size=10)
meter.sample({("passerelle_collections",): 7.0})
print("ready", flush=True)
sys.stdin.read()
"""
Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Numbers:
    """Return every number by its name and labels, as Prometheus reads them."""
    found: Numbers = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found
            found[key] = sample.value
    return found


def number(text: str, name: str, **labels: str) -> float:
    return parsed(text).get((f"passerelle_{name}", frozenset(labels.items())), 0.0)


def told(cells: Cells) -> str:
    return exposition(cells.told())


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Cells]:
    made = Cells(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("silo", ["on_geopackage", "on_postgis"])
def test_what_is_told_is_what_was_asked(
    request: pytest.FixtureRequest,
    serve: Callable[..., AbstractContextManager[httpx.Client]],
    silo: str,
) -> None:
    deployment = request.getfixturevalue(silo)
    deployment.describe("places")
    with serve(deployment) as client:
        path = "/collections/places/items"
        page = client.get(path, headers={"Accept-Encoding": "identity"})
        tag = page.headers["etag"]
        assert client.get(path).status_code == 200
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
        assert client.get(path, params={"limit": "x"}).status_code == 400
        assert client.get("/nothing/of/the/kind").status_code == 404
        assert client.request("PROPFIND", "/collections").status_code == 405
        text = client.get("/metrics").text
        again = client.get("/metrics").text
    route = "/collections/{collection}/items"
    asked = {"route": route, "method": "GET"}
    assert number(text, "http_requests_total", **asked, status="200") == 2
    assert number(text, "http_requests_total", **asked, status="304") == 1
    assert number(text, "http_requests_total", **asked, status="400") == 1
    nowhere = {"route": "other", "method": "GET", "status": "404"}
    assert number(text, "http_requests_total", **nowhere) == 1
    foreign = {"route": "/collections", "method": "other", "status": "405"}
    assert number(text, "http_requests_total", **foreign) == 1
    assert number(text, "http_request_duration_seconds_count", **asked) == 4
    whole = number(text, "http_request_duration_seconds_bucket", **asked, le="+Inf")
    assert whole == 4
    assert 0 < number(text, "http_request_duration_seconds_sum", **asked) < 30
    assert number(text, "http_response_bytes_total", route=route) > len(page.content)
    assert number(text, "silo_state_looks_total", silo="sig") >= 1
    assert number(text, "silo_up", silo="sig", worker="0") == 1
    assert number(text, "silo_connections", silo="sig", pool="pages", worker="0") == 4
    assert number(text, "collections", worker="0") == 1
    assert number(text, "snapshot_generation", worker="0") == 1
    assert number(text, "http_requests_running", worker="0") == 1
    itself = {"route": "/metrics", "method": "GET", "status": "200"}
    assert number(text, "http_requests_total", **itself) == 0
    assert number(again, "http_requests_total", **itself) == 1


def test_pages_from_memory_are_told(
    on_postgis: Any,
    serve: Callable[..., AbstractContextManager[httpx.Client]],
    wait_for: Callable[[Callable[[], bool]], None],
) -> None:
    on_postgis.describe("places")
    with serve(on_postgis) as client:
        path = "/collections/places/items"

        def hit() -> bool:
            client.get(path).raise_for_status()
            return number(client.get("/metrics").text, "page_memory_hits_total") > 0

        wait_for(hit)
        text = client.get("/metrics").text
    assert number(text, "page_memory_bytes", worker="0") > 0


def test_a_stream_is_open_until_its_last_byte(
    on_geopackage: Any,
    serve: Callable[..., AbstractContextManager[httpx.Client]],
    wait_for: Callable[[Callable[[], bool]], None],
) -> None:
    on_geopackage.describe("places")
    route = "/collections/{collection}/download/{file}"
    asked = {"route": route, "method": "GET", "status": "200"}
    with serve(on_geopackage) as client:
        client.get("/collections/places/download/places.geojson").raise_for_status()

        def ended() -> bool:
            text = client.get("/metrics").text
            return number(text, "http_requests_total", **asked) == 1

        wait_for(ended)
        text = client.get("/metrics").text
    assert number(text, "http_streams_running", worker="0") == 0
    assert number(text, "http_responses_unfinished_total", route=route) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "192.0.2.7"}, 403),
        ({"X-Forwarded-For": "192.0.2.7", "X-Passerelle-Key": "faux"}, 403),
        ({"X-Forwarded-For": "192.0.2.7", "X-Passerelle-Key": "ouvre-toi"}, 200),
    ],
)
def test_insiders_only(
    service: httpx.Client, headers: dict[str, str], status: int
) -> None:
    answer = service.get("/metrics", headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert answer.headers["cache-control"] == "no-store"
    else:
        assert "passerelle_" not in answer.text


def test_a_worker_that_is_killed_loses_nothing_and_the_next_counts_on(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", COUNT, str(tmp_path)]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"ready\n"
    mine = Cells(tmp_path)
    Meter(mine).note("/x", "GET", 200, seconds=0.2, size=1)
    asked = {"route": "/x", "method": "GET"}
    assert mine.worker == 1
    assert number(told(mine), "collections", worker="0") == 7
    worker.kill()
    worker.communicate(timeout=30)

    text = told(mine)
    assert number(text, "http_requests_total", **asked, status="200") == 1_001
    assert number(text, "http_response_bytes_total", route="/x") == 10_001
    assert number(text, "collections", worker="0") == 0, "it is not alive any more"

    following = Cells(tmp_path)
    meter = Meter(following)
    assert following.worker == 0
    meter.note("/x", "GET", 200, seconds=0.002, size=0)
    for text in (told(following), told(mine)):
        assert number(text, "http_requests_total", **asked, status="200") == 1_002
        assert number(text, "http_request_duration_seconds_count", **asked) == 1_002
        assert number(text, "collections", worker="0") == 0, "the former one's"
    mine.close()
    following.close()


def test_a_name_that_was_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    first = Cells(tmp_path)
    Meter(first).note_unfinished("/x")
    first.close()
    with (tmp_path / "worker-0.names").open("a", encoding="utf-8") as names:
        names.write('["passerelle_http_requests_total", "/y", "GE')
    other = Cells(None)
    assert told(other) == ""
    second = Cells(tmp_path)
    Meter(second).note("/z", "GET", 200, seconds=1, size=5)
    text = told(second)
    assert number(text, "http_responses_unfinished_total", route="/x") == 1
    assert number(text, "http_response_bytes_total", route="/z") == 5
    assert "/y" not in text
    second.close()


def test_counters_of_a_pool_that_was_made_anew_go_on(cells: Cells) -> None:
    meter, key = Meter(cells), ("passerelle_silo_waits_total", "sig", "pages")
    for value in (3.0, 5.0, 1.0, 2.0):
        meter.sample({key: value})
    assert number(told(cells), "silo_waits_total", silo="sig", pool="pages") == 7


def test_a_gauge_ends_with_what_it_measures(cells: Cells) -> None:
    meter = Meter(cells)
    meter.sample({("passerelle_silo_up", "sig"): 1.0})
    assert "passerelle_silo_up" in told(cells)
    meter.sample({})
    assert "passerelle_silo_up" not in told(cells)


def test_buckets_hold_all_below_them(cells: Cells) -> None:
    meter = Meter(cells)
    for seconds in (0.0005, 0.001, 0.0011, 0.3, 31.0, 500.0):
        meter.note("/x", "GET", 200, seconds=seconds, size=0)
    name, asked = "http_request_duration_seconds", {"route": "/x", "method": "GET"}
    text = told(cells)
    for bound, count in {"0.001": 2, "0.0025": 3, "0.5": 4, "30": 4, "+Inf": 6}.items():
        assert number(text, f"{name}_bucket", **asked, le=bound) == count
    assert number(text, f"{name}_sum", **asked) == pytest.approx(531.3026)


def test_labels_of_any_text_are_read_back() -> None:
    odd = 'a"b\\c\nd é'
    numbers: dict[Key, float] = {("passerelle_silo_waits_total", odd, "pages"): 2.0}
    text = exposition([Told(0, alive=True, numbers=numbers)])
    assert number(text, "silo_waits_total", silo=odd, pool="pages") == 2


def test_names_are_those_that_prometheus_wants() -> None:
    for name, family in FAMILIES.items():
        assert name.endswith("_total") is (family.kind is Kind.COUNTER)


async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise OSError


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise OSError


async def took(message: Message) -> None:
    """Send to nobody."""


async def nothing() -> Message:
    return {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("app", "status", "unfinished", "size"),
    [(breaking, 200, 1, 4), (failing, 500, 0, 0)],
)
def test_answers_that_break_off_are_told(
    cells: Cells, app: Any, status: int, unfinished: int, size: int
) -> None:
    meter = Meter(cells)
    passing = Measure(app, meter)({"type": "http", "method": "GET"}, nothing, took)
    with suppress(OSError, StopIteration):
        passing.send(None)
    text = told(cells)
    asked = {"route": "other", "method": "GET", "status": str(status)}
    assert number(text, "http_requests_total", **asked) == 1
    broken = number(text, "http_responses_unfinished_total", route="other")
    assert broken == unfinished
    assert number(text, "http_response_bytes_total", route="other") == size
    assert (meter.running, meter.streams) == (0, 0)
