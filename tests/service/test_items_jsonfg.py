"""Items as JSON-FG over HTTP, on both silos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema
import pyogrio
import pytest

ITEMS = "/collections/places/items"
TYPE = "application/vnd.ogc.fg+json"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CLASSES = {
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
}
POINT = {
    "type": ["object", "null"],
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"const": "Point"},
        "coordinates": {"type": "array", "minItems": 2, "items": {"type": "number"}},
    },
}
FEATURE = {
    "type": "object",
    "required": ["type", "id", "time", "place", "geometry", "properties"],
    "properties": {
        "type": {"const": "Feature"},
        "time": {
            "required": ["date"],
            "properties": {"date": {"pattern": r"^\d{4}-\d\d-\d\d$"}},
        },
        "place": POINT,
        "geometry": POINT,
        "properties": {"type": "object"},
    },
}
ROOT = {
    "required": ["type", "conformsTo", "featureType", "featureSchema"],
    "properties": {
        "conformsTo": {"type": "array", "items": {"enum": [*CLASSES]}, "minItems": 2},
        "featureType": {"const": "places"},
        "featureSchema": {"type": "string", "pattern": "/collections/places/schema$"},
    },
}
COLLECTION = {
    "allOf": [ROOT],
    "required": ["features"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "geometryDimension": {"const": 0},
        "features": {"type": "array", "items": FEATURE},
    },
}
"""The clauses of 21-045r1 that are about a collection of points with days."""


def get(service: httpx.Client, address: str = ITEMS, **parameters: Any) -> Any:
    answer = service.get(address, params={"f": "jsonfg", **parameters})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == TYPE
    return answer.json()


def local(address: str) -> str:
    split = urlsplit(address)
    return split.path.removeprefix("/geo") + f"?{split.query}"


def links(document: Any) -> dict[tuple[str, str], str]:
    return {(each["rel"], each["type"]): each["href"] for each in document["links"]}


class TestPages:
    @pytest.mark.parametrize("limit", [5, 1001])
    @pytest.mark.parametrize("crs", ["", f"{EPSG}2154", f"{EPSG}4326"])
    def test_a_page_is_what_the_standard_says(
        self, service: httpx.Client, limit: int, crs: str
    ) -> None:
        asked = {"limit": limit, **({"crs": crs} if crs else {})}
        document = get(service, **asked)
        jsonschema.validate(document, COLLECTION)
        assert document.get("coordRefSys", "") == crs
        plain = service.get(ITEMS, params=asked).json()
        for name in ("numberMatched", "numberReturned"):
            assert document[name] == plain[name]
        for feature, one in zip(document["features"], plain["features"], strict=True):
            assert feature["place" if crs else "geometry"] == one["geometry"]
            assert feature["geometry" if crs else "place"] is None
            assert feature["time"] == {"date": one["properties"]["ouvert"]}
            assert feature["properties"] == one["properties"]

    def test_the_schema_that_it_names_is_there(self, service: httpx.Client) -> None:
        schema = local(get(service, limit=1)["featureSchema"])
        answer = service.get(schema)
        assert answer.headers["content-type"] == "application/schema+json"
        jsonschema.Draft202012Validator.check_schema(answer.json())

    def test_a_root_of_a_dataset_names_its_own_schema(
        self, service: httpx.Client
    ) -> None:
        document = get(service, f"/datasets/lieux{ITEMS}", limit=1)
        assert "/datasets/lieux/collections/places/schema" in document["featureSchema"]

    @pytest.mark.parametrize("kind", [TYPE, "application/fg+json"])
    def test_accept_asks_for_it_too(self, service: httpx.Client, kind: str) -> None:
        answer = service.get(ITEMS, params={"limit": 2}, headers={"accept": kind})
        assert answer.headers["content-type"] == TYPE
        document = answer.json()
        jsonschema.validate(document, COLLECTION)
        # whoever follows a link need not send the same header
        assert service.get(local(links(document)["next", TYPE])).headers[
            "content-type"
        ] == TYPE  # fmt: skip

    def test_next_links_lead_through_everything_once(
        self, service: httpx.Client
    ) -> None:
        found: list[int] = []
        address: str | None = f"{ITEMS}?f=jsonfg&limit=7&sortby=-limit"
        while address:
            document = service.get(local(address)).json()
            jsonschema.validate(document, COLLECTION)
            found += [f["properties"]["limit"] for f in document["features"]]
            address = links(document).get(("next", TYPE))
        assert found == list(range(30, 0, -1))

    def test_every_form_links_to_all_others(self, service: httpx.Client) -> None:
        kinds = {"json": "application/geo+json", "jsonfg": TYPE}
        for name, kind in kinds.items():
            for path in (ITEMS, f"{ITEMS}/3"):
                asked = {"f": name, "crs": f"{EPSG}2154"}
                found = links(service.get(path, params=asked).json())
                assert ("self", kind) in found
                others = {kind for rel, kind in found if rel == "alternate"}
                assert others >= {"text/html", *kinds.values()} - {kind}
                assert kind not in others
                for (rel, expected), address in found.items():
                    if rel == "alternate":
                        answer = service.get(local(address))
                        assert answer.headers["content-type"].startswith(expected)
                        assert f"{EPSG}2154" in answer.headers["content-crs"]

    def test_hits_are_counted_and_none_is_sent(self, service: httpx.Client) -> None:
        document = get(service, resulttype="hits", filter='"limit" > 20')
        assert (document["features"], document["numberMatched"]) == ([], 10)
        jsonschema.validate(document, COLLECTION)

    def test_a_posted_filter_is_answered_in_it(self, service: httpx.Client) -> None:
        answer = service.post(
            f"{ITEMS}?f=jsonfg&limit=4",
            content=json.dumps({"op": ">", "args": [{"property": "limit"}, 20]}),
            headers={"content-type": "application/query-cql-json"},
        )
        assert answer.headers["content-type"] == TYPE
        document = answer.json()
        jsonschema.validate(document, COLLECTION)
        assert document["numberMatched"] == 10
        assert "method" in next(e for e in document["links"] if e["rel"] == "next")

    def test_its_copy_is_confirmed_and_told_from_geojson(
        self, service: httpx.Client
    ) -> None:
        for path in (ITEMS, f"{ITEMS}/3"):
            first = service.get(path, headers={"accept": TYPE})
            tag = first.headers["etag"]
            held = {"accept": TYPE, "if-none-match": tag}
            assert service.get(path, headers=held).status_code == 304
            held["accept"] = "application/geo+json"
            plain = service.get(path, headers=held)
            assert plain.status_code == 200
            assert plain.headers["etag"] != tag
            assert "conformsTo" not in plain.json()

    def test_head_says_the_same_and_sends_nothing(self, service: httpx.Client) -> None:
        for limit in (3, 1001):
            asked = {"f": "jsonfg", "limit": limit}
            head = service.head(ITEMS, params=asked)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-type"] == TYPE
            tag = service.get(ITEMS, params=asked).headers["etag"]
            assert head.headers["etag"] == tag


class TestOneItem:
    @pytest.mark.parametrize("crs", ["", f"{EPSG}2154"])
    def test_it_is_the_one_of_the_page(self, service: httpx.Client, crs: str) -> None:
        asked = {"crs": crs} if crs else {}
        for feature in get(service, limit=3, **asked)["features"]:
            document = get(service, f"{ITEMS}/{feature['id']}", **asked)
            jsonschema.validate(document, {"allOf": [ROOT, FEATURE]})
            assert document.get("coordRefSys", "") == crs
            assert {name: document[name] for name in feature} == feature

    @pytest.mark.parametrize("key", ["0", "abc", "1,2", "%FF", "a/b"])
    def test_what_is_not_there_is_404(self, service: httpx.Client, key: str) -> None:
        answer = service.get(f"{ITEMS}/{key}", params={"f": "jsonfg"})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"

    def test_a_text_key(self, service: httpx.Client) -> None:
        (key,) = {f["id"] for f in get(service, "/collections/zones/items",
                                       limit=1)["features"]}  # fmt: skip
        assert get(service, f"/collections/zones/items/{key}")["id"] == key


class TestOffered:
    def test_pages_for_people_link_to_it(self, service: httpx.Client) -> None:
        for path in (ITEMS, f"{ITEMS}/1"):
            page = service.get(path, headers={"accept": "text/html"}).text
            assert f'href="?f=jsonfg" rel="alternate" type="{TYPE}"' in page

    def test_the_collection_and_conformance_name_it(
        self, service: httpx.Client
    ) -> None:
        found = links(service.get("/collections/places").json())
        assert get(service, local(found["items", TYPE]).partition("?")[0])
        classes = service.get("/conformance").json()["conformsTo"]
        assert set(classes) >= CLASSES

    def test_what_cannot_be_asked_is_refused_as_ever(
        self, service: httpx.Client
    ) -> None:
        for asked in ({"bbox": "1"}, {"crs": "EPSG:1"}, {"colour": "red"}):
            answer = service.get(ITEMS, params={"f": "jsonfg", **asked})
            assert answer.status_code == 400
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("srid", [0, 2154])
def test_gdal_reads_it(service: httpx.Client, tmp_path: Path, srid: int) -> None:
    if "JSONFG" not in pyogrio.list_drivers():
        pytest.skip("this GDAL does not know JSON-FG")
    asked = {"crs": f"{EPSG}{srid}"} if srid else {}
    document = get(service, **asked)
    path = tmp_path / "places.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    found = pyogrio.read_dataframe(f"JSONFG:{path}")
    assert found.crs.to_epsg() == (srid or 4326)
    assert found["nom"].tolist() == [
        f["properties"]["nom"] for f in document["features"]
    ]
    for shape, feature in zip(found.geometry, document["features"], strict=True):
        place = feature["place"] or feature["geometry"]
        assert [shape.x, shape.y] == place["coordinates"]
