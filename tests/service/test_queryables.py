"""Queryables, sortables and the schema: what they promise holds over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from service.conformance import CONFORMANCE_CLASSES

URL = "http://service.example/geo"
COLLECTION = "/collections/places"
NAMES = ("queryables", "sortables", "schema")
RELATION = "http://www.opengis.net/def/rel/ogc/1.0/"
PARTS = (
    "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/",
)


def document(service: httpx.Client, name: str, root: str = "") -> dict[str, Any]:
    answer = service.get(f"{root}{COLLECTION}/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/schema+json"
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("root", ["", "/datasets/lieux"])
def test_each_is_a_schema_of_the_standard_linked_from_the_collection(
    service: httpx.Client, name: str, root: str
) -> None:
    links = service.get(f"{root}{COLLECTION}").json()["links"]
    [link, *others] = [each for each in links if each["rel"] == RELATION + name]
    assert [each["type"] for each in others] == ["application/xml"] * (name == "schema")
    assert link["href"] == f"{URL}{root}{COLLECTION}/{name}"
    assert link["type"] == "application/schema+json"
    schema = document(service, name, root)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == link["href"]
    assert schema["type"] == "object"
    for key, column in schema["properties"].items():
        spatial = column.get("format", "").startswith("geometry-")
        assert spatial is ("type" not in column) is (key == "geometry")
        assert column["title"]


def test_roles_are_given_to_one_property_each(service: httpx.Client) -> None:
    for name in NAMES:
        columns = document(service, name)["properties"]
        roles = [c["x-ogc-role"] for c in columns.values() if "x-ogc-role" in c]
        assert len(roles) == len(set(roles))
        wanted = {"primary-instant", "primary-geometry"}
        assert set(roles) - {"id"} == wanted - (
            {"primary-geometry"} if name == "sortables" else set()
        )
        assert columns["ouvert"]["x-ogc-role"] == "primary-instant"


def test_every_feature_is_as_the_schema_says(service: httpx.Client) -> None:
    schema = document(service, "schema")
    columns = {k: v for k, v in schema["properties"].items() if k != "geometry"}
    features = service.get(f"{COLLECTION}/items").json()["features"]
    for feature in features:
        assert feature["properties"].keys() == columns.keys()
    whole = Draft202012Validator({**schema, "properties": columns})
    assert not [e for f in features for e in whole.iter_errors(f["properties"])]


def test_features_are_sorted_by_every_sortable_and_by_nothing_else(
    service: httpx.Client,
) -> None:
    schema = document(service, "sortables")
    assert schema["additionalProperties"] is False
    assert {"nom", "limit", "ouvert"} <= schema["properties"].keys()
    for name, column in schema["properties"].items():
        assert column["type"] not in {"object", "array"}
        for sign, backwards in (("", False), ("%2B", False), ("-", True)):
            answer = service.get(f"{COLLECTION}/items?sortby={sign}{name}")
            assert answer.status_code == 200
            values = [f["properties"][name] for f in answer.json()["features"]]
            assert values == sorted(values, reverse=backwards)
    for name in ("geometry", "geom", "nowhere"):
        answer = service.get(f"{COLLECTION}/items", params={"sortby": name})
        assert answer.status_code == 400
        assert answer.json()["parameter"] == "sortby"


def test_every_queryable_can_be_named_in_a_filter_and_nothing_else(
    service: httpx.Client,
) -> None:
    schema = document(service, "queryables")
    assert schema["additionalProperties"] is False
    for name in schema["properties"]:
        text = f'"{name}" IS NOT NULL'
        answer = service.get(f"{COLLECTION}/items", params={"filter": text})
        assert answer.json()["numberMatched"] == 30
    for text in ("nowhere = 1", "nowhere IS NULL", "S_INTERSECTS(nowhere, POINT(0 0))"):
        answer = service.get(f"{COLLECTION}/items", params={"filter": text})
        assert answer.status_code == 400
        assert answer.json()["hint"]


def test_every_queryable_is_a_parameter_unless_another_has_its_name(
    service: httpx.Client,
) -> None:
    features = service.get(f"{COLLECTION}/items").json()["features"]
    names = document(service, "queryables")["properties"].keys() - {"geometry", "limit"}
    for name in names:
        value = features[4]["properties"][name]
        answer = service.get(f"{COLLECTION}/items", params={name: value})
        wanted = [f["id"] for f in features if f["properties"][name] == value]
        assert [f["id"] for f in answer.json()["features"]] == wanted


def test_the_classes_of_schemas_are_declared_under_both_addresses() -> None:
    classes = {"schemas", "returnables-and-receivables", "queryables", "sortables"}
    roles = ("advanced-property-roles", "core-roles-features")
    for part, role in zip(PARTS, roles, strict=True):
        declared = {c.removeprefix(part) for c in CONFORMANCE_CLASSES if part in c}
        assert declared == {*classes, role}


def test_an_enumeration_is_told_in_its_order_and_followed(
    on_postgis: Any,
    serve: Callable[..., AbstractContextManager[httpx.Client]],
    wait_for: Callable[[Callable[[], bool]], None],
) -> None:
    on_postgis.execute("CREATE TYPE etat AS ENUM ('projeté', 'bon', 'à refaire')")
    on_postgis.execute("ALTER TABLE places ADD etat etat DEFAULT 'bon'")
    on_postgis.describe("lieux", "places")
    with serve(on_postgis) as client:

        def told(name: str) -> list[str]:
            columns = document(client, name)["properties"]
            assert columns["etat"]["type"] == "string"
            assert "enum" not in columns["nom"]
            found: list[str] = columns["etat"]["enum"]
            return found

        for name in NAMES:
            assert told(name) == ["projeté", "bon", "à refaire"]
        items = client.get(f"{COLLECTION}/items", params={"etat": "bon"}).json()
        assert items["numberMatched"] == 30
        assert {f["properties"]["etat"] for f in items["features"]} == {"bon"}
        on_postgis.execute("ALTER TYPE etat ADD VALUE 'démoli' AFTER 'bon'")
        after = ["projeté", "bon", "démoli", "à refaire"]
        wait_for(lambda: told("schema") == after)
        on_postgis.execute("ALTER TYPE etat RENAME VALUE 'bon' TO 'correct'")
        after[1] = "correct"
        wait_for(lambda: told("queryables") == after)
