"""The connections that may be opened, held against those that the database has."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg2
import pytest

from providers.configuration import SiloConfiguration
from providers.postgis_room import read_room

pytestmark = pytest.mark.postgis
CODE = "silo.connections-scarce"
Serve = Callable[..., AbstractContextManager[httpx.Client]]


def limit_connections(deployment: Any, number: int) -> None:
    name = urlsplit(deployment.silo).path.removeprefix("/")
    deployment.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT {number}')


def told(client: httpx.Client) -> list[dict[str, str]]:
    findings = client.get("/health?lang=en").json()["findings"]
    return [each for each in findings if each["code"] == CODE]


@pytest.mark.parametrize(
    ("limit", "workers", "remedy"),
    [
        (-1, 2, ""),
        (5, 2, "Lower --workers, or raise"),
        (13, 2, "Set service.connections to"),
        (5, 1, "Set service.connections to"),
    ],
)
def test_too_few_are_a_finding_with_its_remedy(
    on_postgis: Any, serve: Serve, limit: int, workers: int, remedy: str
) -> None:
    on_postgis.describe("places")
    limit_connections(on_postgis, limit)
    with serve(on_postgis, workers=workers) as client:
        found = told(client)
        assert client.get("/health").json()["status"] == "ok", "it serves all the same"
        assert client.get("/collections/places/items").status_code == 200
    assert len(found) == (1 if remedy else 0)
    for finding in found:
        assert finding["severity"] == "warning"
        assert finding["subject"] == "sig"
        assert f"{workers * 7} connections may be opened" in finding["reason"]
        assert f"the database allows {limit}" in finding["reason"]
        assert finding["hint"].startswith(remedy)


def test_it_is_counted_again_with_another_configuration(
    on_postgis: Any, serve: Serve, wait_for: Callable[[Callable[[], bool]], None]
) -> None:
    on_postgis.describe("places")
    limit_connections(on_postgis, 60)
    path = on_postgis.configuration
    with serve(on_postgis) as client:
        assert told(client) == []
        text = path.read_text("utf-8")
        path.write_text(text.replace("key:", "connections: 90\n  key:"), "utf-8")
        wait_for(lambda: told(client) != [])
        path.write_text(text, "utf-8")
        wait_for(lambda: told(client) == [])


def test_room_is_what_the_smallest_limit_leaves(on_postgis: Any) -> None:
    silo = SiloConfiguration(name="sig", location=on_postgis.silo)
    of_server = read_room(silo)
    assert 0 < of_server.limit < 200, "without those that are reserved"
    assert of_server.others >= 0
    limit_connections(on_postgis, 8)
    room = read_room(silo)
    assert room.limit == 8
    assert room.left == max(8 - room.others, 0)


def test_what_others_hold_of_another_database_is_nothing_to_a_database_of_its_own_limit(
    on_postgis: Any, postgis_server: str
) -> None:
    silo = SiloConfiguration(name="sig", location=on_postgis.silo)
    limit_connections(on_postgis, 8)
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(closing(psycopg2.connect(postgis_server)))
        elsewhere = read_room(silo)
        stack.enter_context(closing(psycopg2.connect(on_postgis.silo)))
        here = read_room(silo)
    assert (elsewhere.limit, here.limit) == (8, 8)
    assert elsewhere.others <= 1, "only the test's own, on its way out"
    assert here.others >= 1
