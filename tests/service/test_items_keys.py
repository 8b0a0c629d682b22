"""Feature identifiers in paths: texts with signs, and keys of several columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote

import httpx
import pytest

ODD = ["a", "a,b", "a/b", "é %", "%2F", "a b", "..", "a?b#c", "x;y=1", "ß🏛", 'q"\\']


@pytest.fixture
def keyed(
    on_postgis: Any, serve: Callable[..., AbstractContextManager[httpx.Client]]
) -> Iterator[httpx.Client]:
    """A service on a table with a text key, and one with a key of two columns."""
    values = ", ".join("('" + text.replace("'", "''") + "')" for text in ODD)
    on_postgis.execute(
        f"CREATE TABLE texts AS SELECT * FROM (VALUES {values}) AS v(code)"
    )
    on_postgis.execute("ALTER TABLE texts ADD PRIMARY KEY (code)")
    on_postgis.execute(
        "CREATE TABLE pairs AS SELECT code, n FROM texts, generate_series(1, 2) AS n"
    )
    on_postgis.execute("ALTER TABLE pairs ADD PRIMARY KEY (code, n)")
    on_postgis.describe("cles", "texts", "pairs")
    with serve(on_postgis) as client:
        yield client


@pytest.mark.postgis
def test_every_text_key_is_found_by_its_encoded_path(keyed: httpx.Client) -> None:
    features = keyed.get("/collections/texts/items?limit=100").json()["features"]
    assert sorted(feature["id"] for feature in features) == sorted(ODD)
    for feature in features:
        path = quote(feature["id"], safe="").replace(".", "%2E")
        answer = keyed.get(f"/collections/texts/items/{path}")
        assert answer.status_code == 200, feature["id"]
        assert answer.json()["id"] == feature["id"]


@pytest.mark.postgis
@pytest.mark.parametrize(
    "encode", [lambda text: text, lambda text: quote(text, safe="")]
)
def test_a_key_of_two_columns_is_a_comma_list(
    keyed: httpx.Client, encode: Callable[[str], str]
) -> None:
    features = keyed.get("/collections/pairs/items?limit=100").json()["features"]
    assert len({feature["id"] for feature in features}) == 2 * len(ODD)
    for feature in features:
        answer = keyed.get(f"/collections/pairs/items/{encode(feature['id'])}")
        assert answer.status_code == 200, feature["id"]
        assert answer.json()["properties"] == feature["properties"]


@pytest.mark.postgis
def test_pages_of_keys_with_signs_are_whole(keyed: httpx.Client) -> None:
    found, address = [], "/collections/pairs/items?limit=3&sortby=-n"
    while address:
        document = keyed.get(address).json()
        found += [feature["id"] for feature in document["features"]]
        following = [e["href"] for e in document["links"] if e["rel"] == "next"]
        address = following[0].partition("/geo")[2] if following else ""
    assert len(found) == len(set(found)) == 2 * len(ODD)
