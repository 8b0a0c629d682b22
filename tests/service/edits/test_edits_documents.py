"""What the documents say of editing, and only where there is any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from service.conformance import CONFORMANCE_CLASSES, EDITING_CLASSES

pytestmark = pytest.mark.postgis
TABLES = """
CREATE TYPE essence AS ENUM ('chêne', 'hêtre');
CREATE EXTENSION hstore;
CREATE TABLE arbres (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, nom varchar(20) NOT NULL,
    petit smallint, long bigint, essence essence, notes jsonb, paires hstore,
    tags text[], photo bytea, secret text, double integer
        GENERATED ALWAYS AS (petit * 2) STORED, geom geometry(Point, 2154));
CREATE TABLE rues (id integer PRIMARY KEY, nom text);
INSERT INTO rues VALUES (1, 'a');
"""
ARBRES = "/collections/arbres"


@pytest.fixture(scope="module")
def mixed(
    module_postgis: str,
    execute: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
    new_deployment: Callable[[Path, str, str], Any],
    editing: Any,
) -> Iterator[httpx.Client]:
    """The service on a collection that is open for editing, and one that is not."""
    execute(module_postgis, TABLES)
    deployment = new_deployment(tmp_path_factory.mktemp("x"), module_postgis, "public")
    editing.configure(deployment)
    editing.open(deployment, "arbres", columns={"arbres": "{exclude: [secret]}"})
    deployment.describe("rues")
    with editing.served(deployment) as client:
        yield client


@pytest.mark.parametrize(
    ("root", "opened"),
    [("", True), ("/datasets/arbres", True), ("/datasets/rues", False)],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_definition_has_operations_that_edit_where_there_are_any(
    mixed: httpx.Client, root: str, language: str, *, opened: bool
) -> None:
    document = mixed.get(f"{root}/api", params={"lang": language}).json()
    assert list(OpenAPIV30SpecValidator(document).iter_errors()) == []
    methods = {
        (method, path)
        for path, operations in document["paths"].items()
        for method in operations
        if method not in {"get", "post"}
    }
    one = f"{ARBRES}/items/{{featureId}}"
    edits = {("put", one), ("patch", one), ("delete", one)}
    assert methods == (edits if opened else set())
    schemes = document["components"].get("securitySchemes", {})
    assert bool(schemes) is opened
    if opened:
        assert schemes["key"]["name"] == "X-Passerelle-Key"
        posted = document["paths"][f"{ARBRES}/items"]["post"]
        assert {"application/geo+json", "application/cql2+json"} <= posted[
            "requestBody"
        ]["content"].keys()
        assert posted["responses"].keys() >= {"200", "201", "401", "403", "422"}


def test_bodies_are_described_by_the_columns_that_may_be_sent(
    mixed: httpx.Client,
) -> None:
    paths = mixed.get("/datasets/arbres/api").json()["paths"]
    put = paths[f"{ARBRES}/items/{{featureId}}"]["put"]["requestBody"]["content"]
    schema = put["application/geo+json"]["schema"]["properties"]["properties"]
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {
        "nom", "petit", "long", "essence", "notes", "tags", "photo",
    }  # fmt: skip
    assert schema["properties"]["nom"] == {"type": "string", "maxLength": 20}
    assert schema["properties"]["petit"]["maximum"] == 32767
    assert schema["properties"]["essence"]["enum"] == ["chêne", "hêtre", None]


def test_the_schema_tells_what_is_only_read_and_the_bounds_of_the_rest(
    mixed: httpx.Client,
) -> None:
    schema = mixed.get(f"{ARBRES}/schema").json()
    properties = schema["properties"]
    assert schema["additionalProperties"] is False
    assert {n for n, each in properties.items() if each.get("readOnly")} == {
        "id", "double", "paires",
    }  # fmt: skip
    assert properties["nom"]["maxLength"] == 20
    assert properties["long"]["minimum"] == -(2**63)
    assert properties["id"]["x-ogc-role"] == "id"
    plain = mixed.get("/collections/rues/schema").json()
    assert "additionalProperties" not in plain
    assert "readOnly" not in str(plain)
    assert "secret" not in str(schema)


@pytest.mark.parametrize("name", ["id", "double", "paires"])
def test_what_is_only_read_is_refused(mixed: httpx.Client, name: str) -> None:
    feature = {
        "type": "Feature",
        "geometry": None,
        "properties": {"nom": "x", name: {} if name == "paires" else 5},
    }
    answer = mixed.post(
        f"{ARBRES}/items",
        json=feature,
        headers={"Content-Type": "application/geo+json"},
    )
    assert answer.status_code == 422
    assert answer.json()["parameter"] == f"properties.{name}"


@pytest.mark.parametrize("left_out", [False, True])
def test_what_cannot_be_written_stays_when_a_feature_is_replaced(
    mixed: httpx.Client,
    module_postgis: str,
    execute: Callable[..., Any],
    *,
    left_out: bool,
) -> None:
    ((key,),) = execute(
        module_postgis,
        "INSERT INTO arbres (nom, petit, paires) VALUES ('x', 2, 'a=>1, b=>NULL')"
        " RETURNING id",
    )
    before = mixed.get(f"{ARBRES}/items/{key}")
    body = before.json()
    assert body["properties"]["paires"] == {"a": "1", "b": None}
    body["properties"]["nom"] = "y"
    if left_out:
        del body["properties"]["paires"], body["properties"]["double"]
    headers = {
        "Content-Type": "application/geo+json",
        "If-Match": before.headers["etag"],
    }
    answer = mixed.put(f"{ARBRES}/items/{key}", json=body, headers=headers)
    assert answer.status_code == 204, answer.text
    after = mixed.get(f"{ARBRES}/items/{key}").json()["properties"]
    assert after == before.json()["properties"] | {"nom": "y"}


@pytest.mark.parametrize(
    ("root", "opened"),
    [("", True), ("/datasets/arbres", True), ("/datasets/rues", False)],
)
def test_conformance_says_so_where_something_is_open(
    mixed: httpx.Client, root: str, *, opened: bool
) -> None:
    classes = mixed.get(f"{root}/conformance").json()["conformsTo"]
    assert set(CONFORMANCE_CLASSES) <= set(classes)
    assert set(EDITING_CLASSES) & set(classes) == (
        set(EDITING_CLASSES) if opened else set()
    )


@pytest.mark.parametrize("path", ["/api", "/conformance", ARBRES, f"{ARBRES}/schema"])
def test_pages_are_there_as_ever(mixed: httpx.Client, path: str) -> None:
    answer = mixed.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "text/html" in answer.headers["content-type"]
