"""Features without geometry meet every box (Part 1, /req/core/fc-bbox-response, C)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from typing import Any

import httpx
import pytest

ITEMS = "/collections/places/items"
ELSEWHERE = "100,10,101,11"


def add_unplaced(deployment: Any) -> None:
    """Add a feature that lies nowhere, as another program does."""
    if deployment.is_database:
        deployment.execute("INSERT INTO places (id, nom) VALUES (99, 'nulle part')")
        return
    path = deployment.folder / "silo" / deployment.container
    with closing(sqlite3.connect(path)) as connection, connection:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            connection.create_function(name, 1, lambda _: 1)  # named by triggers
        connection.execute("INSERT INTO places (nom) VALUES ('nulle part')")


def found(client: httpx.Client, **parameters: str) -> list[str]:
    answer = client.get(ITEMS, params={"limit": "100", **parameters})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["numberMatched"] == len(document["features"])
    return [feature["properties"]["nom"] for feature in document["features"]]


def test_one_that_was_added_is_found_at_once_in_pages_counts_and_streams(
    deployment: Any, serve: Callable[..., AbstractContextManager[httpx.Client]]
) -> None:
    deployment.describe("places")
    with serve(deployment) as client:
        everything = found(client)
        assert found(client, bbox=ELSEWHERE) == []
        assert len(found(client, bbox="2,48,3,49")) == 30
        add_unplaced(deployment)
        assert found(client, bbox=ELSEWHERE) == ["nulle part"]
        assert found(client, bbox=ELSEWHERE, limit="10000") == ["nulle part"]
        assert found(client, bbox=ELSEWHERE, skipGeometry="true") == ["nulle part"]
        hits = client.get(ITEMS, params={"bbox": "2,48,3,49", "resulttype": "hits"})
        assert hits.json()["numberMatched"] == 31
        assert found(client, bbox="2,48,3,49") == [*everything, "nulle part"]


@pytest.mark.parametrize("box", [ELSEWHERE, "2,48,3,49"])
def test_a_filter_finds_what_lies_in_the_box_and_nothing_else(
    deployment: Any,
    serve: Callable[..., AbstractContextManager[httpx.Client]],
    box: str,
) -> None:
    deployment.describe("places")
    add_unplaced(deployment)
    with serve(deployment) as client:
        within = found(client, filter=f"S_INTERSECTS(geometry,BBOX({box}))")
        assert within == found(client, bbox=box)[:-1]
        assert found(client, bbox=box)[-1] == "nulle part"
