"""The OpenAPI documents: valid, complete in themselves, and true."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator
from openapi_spec_validator import OpenAPIV30SpecValidator
from starlette.routing import Mount, Route

from providers.configuration import read_configuration
from service import parameters
from service.app import create_app
from service.parameters import (
    DOWNLOAD_PARAMETERS,
    ITEM_PARAMETERS,
    ITEMS_PARAMETERS,
)

ASKED = {
    "/csw": {"service": "CSW", "request": "GetCapabilities"},
    "/oai": {"verb": "Identify"},
}
"""What a path is asked for where it has to be asked for something."""
UNLISTED = {"/admin", "/openapi", "/datasets", "/records", "/static"}
"""Other names of paths that are listed, and what pages are made of."""
TELLING = {"etag", "link", "content-crs", "ogc-numbermatched", "ogc-numberreturned"}
"""Headers that say something of the features."""
ROOTS = ("", "/datasets/lieux", "/datasets/zonage")


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolved(document: Any, reference: str) -> Any:
    found = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/")]
    return found


@pytest.fixture(params=ROOTS)
def root(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def document(service: httpx.Client, root: str) -> Any:
    answer = service.get(f"{root}/api")
    assert (
        answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    )
    return answer.json()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_it_is_valid_openapi(service: httpx.Client, root: str, language: str) -> None:
    document = service.get(f"{root}/api?lang={language}").json()
    assert list(OpenAPIV30SpecValidator(document).iter_errors()) == []


def test_what_is_no_openapi_is_seen(service: httpx.Client) -> None:
    document = service.get("/api").json()
    document["components"]["parameters"]["limit"]["in"] = "nowhere"
    assert list(OpenAPIV30SpecValidator(document).iter_errors()) != []


def test_every_reference_is_inside(document: Any) -> None:
    found = list(references(document))
    assert found
    for reference in found:
        assert reference.startswith("#/")
        assert resolved(document, reference)


def test_nothing_under_components_is_left_over(document: Any) -> None:
    used = set(references(document))
    for kind, parts in document["components"].items():
        for name in parts:
            assert f"#/components/{kind}/{name}" in used


def test_operations_have_ids_of_their_own_and_all_path_parameters(
    document: Any,
) -> None:
    seen = set()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            given = [
                resolved(document, p["$ref"]) if "$ref" in p else p
                for p in operation["parameters"]
            ]
            names = [(p["in"], p["name"]) for p in given]
            assert len(names) == len(set(names))
            in_path = {p["name"] for p in given if p["in"] == "path"}
            assert in_path == {part.split("}")[0] for part in path.split("{")[1:]}


def test_schemas_are_schemas(document: Any) -> None:
    for schema in document["components"]["schemas"].values():
        Draft4Validator.check_schema(schema)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_operation_is_described_in_each_language(
    service: httpx.Client, root: str, language: str
) -> None:
    document = service.get(f"{root}/api?lang={language}").json()
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
    for parameter in document["components"]["parameters"].values():
        assert parameter["description"]


def test_every_path_answers_in_a_type_it_declares(
    service: httpx.Client, document: Any, root: str
) -> None:
    collection = "zones" if root.endswith("zonage") else "places"
    items = service.get(f"/collections/{collection}/items?limit=1").json()
    examples = {
        "collectionId": collection,
        "dataset": "lieux",
        "featureId": items["features"][0]["id"],
    }
    for path in document["paths"]:
        if not of_the_catalogue(path):
            require_declared(service, document, root, path, examples)


def test_every_path_of_a_catalogue_that_is_published_answers_in_a_type_it_declares(
    on_geopackage: Any, publish: Any, serve: Any
) -> None:
    on_geopackage.describe("lieux", "places")
    publish(on_geopackage)
    with serve(on_geopackage) as client:
        document = client.get("/api").json()
        records = client.get("/collections/catalogue/items?type=dataset").json()
        examples = {"dataset": "lieux", "recordId": records["features"][0]["id"]}
        paths = [path for path in document["paths"] if of_the_catalogue(path)]
        assert len(paths) > 10
        for path in paths:
            require_declared(client, document, "", path, examples)


def of_the_catalogue(path: str) -> bool:
    """Tell whether a path answers once something is published."""
    known = ("/csw", "/oai", "/dcat", "/collections/catalogue", "/records", "/sitemap")
    return path.startswith(known)


def require_declared(
    service: httpx.Client, document: Any, root: str, path: str, examples: Any
) -> None:
    """Ask for a path, and require that it answers as its document says."""
    filled = path.format(**examples)
    answer = service.get(root + filled, params=ASKED.get(path))
    assert answer.status_code == 200, (filled, answer.text)
    declared = document["paths"][path]["get"]["responses"]["200"]["content"]
    kind = answer.headers["content-type"].split(";")[0]
    assert kind in {name.split(";")[0] for name in declared}


def test_every_path_of_the_service_is_documented(
    service: httpx.Client, on_geopackage: Any
) -> None:
    app = create_app(read_configuration(on_geopackage.configuration))
    routes = [r for r in app.routes if isinstance(r, (Route, Mount))]
    served = {re.sub(r":\w+}", "}", route.path) for route in routes}
    served = {path for path in served if not path.startswith("/datasets/{dataset}/")}
    document = service.get("/api").json()
    known = set(document["paths"]) | UNLISTED | {"/datasets/{dataset}"}
    same = {"{collection}": "{collectionId}", "{name}.xml": "{dataset}.xml"}
    for ours, theirs in same.items():
        served = {path.replace(ours, theirs) for path in served}
    served = {re.sub(r"\{item\}", "{featureId}", path) for path in served}
    served = {
        p.replace("catalogue/items/{featureId}", "catalogue/items/{recordId}")
        for p in served
    }
    downloads = {path for path in served if path.endswith("/download/{file}")}
    assert downloads
    assert served - downloads - known == set()
    methods = {
        method for route in app.routes for method in getattr(route, "methods", ())
    }
    assert methods == {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}
    for path in ("/csw", "/oai"):
        assert document["paths"][path].keys() == {"get", "post"}


def test_the_document_of_a_dataset_spells_its_collections_out(
    service: httpx.Client,
) -> None:
    document = service.get("/datasets/lieux/api").json()
    operation = document["paths"]["/collections/places/items"]["get"]
    names = [p["name"] for p in operation["parameters"] if "name" in p]
    assert "nom" in names
    assert names.count("limit") == 0
    assert "/collections/zones/items" not in document["paths"]
    assert document["servers"] == [{"url": "http://service.example/geo/datasets/lieux"}]
    assert document["info"]["title"] == "Jeu lieux"
    assert document["info"]["license"]["url"].startswith("https://spdx.org/")
    assert document["info"]["contact"]["name"] == "Service des essais"


def query_parameters(document: Any, path: str) -> dict[str, Any]:
    """Return the query parameters of an operation by name, references followed."""
    given = [
        resolved(document, each["$ref"]) if "$ref" in each else each
        for each in document["paths"][path]["get"]["parameters"]
    ]
    return {each["name"]: each for each in given if each["in"] == "query"}


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/items", ITEMS_PARAMETERS),
        ("/items/{featureId}", ITEM_PARAMETERS),
        ("/download/{collectionId}.geojson", DOWNLOAD_PARAMETERS),
    ],
)
def test_documented_parameters_are_those_that_are_accepted(
    service: httpx.Client, path: str, known: frozenset[str]
) -> None:
    document = service.get("/api").json()
    found = query_parameters(document, f"/collections/{{collectionId}}{path}")
    assert found.keys() == known


def test_a_dataset_documents_its_columns_beside_the_parameters(
    service: httpx.Client,
) -> None:
    document = service.get("/datasets/lieux/api").json()
    found = query_parameters(document, "/collections/places/items")
    queryables = service.get("/collections/places/queryables").json()["properties"]
    assert found.keys() == ITEMS_PARAMETERS | queryables.keys() - {"geometry"}


def test_documented_choices_are_those_that_are_accepted(
    service: httpx.Client, document: Any, root: str
) -> None:
    places = "/collections/places" if root == "/datasets/lieux" else ""
    zones = "/collections/zones" if root == "/datasets/zonage" else ""
    path = (places or zones or "/collections/{collectionId}") + "/items"
    address = f"{root}{path.format(collectionId='places')}"
    found = query_parameters(document, path)
    assert set(found["filter-lang"]["schema"]["enum"]) == set(parameters._LANGUAGES)
    for name in ("f", "lang", "filter-lang", "resulttype", "crs", "filter-crs"):
        for value in found[name]["schema"].get("enum", ()):
            answer = service.get(address, params={name: value, "limit": 1})
            assert answer.status_code == 200, (name, value)
    for name in ("f", "lang", "filter-lang", "resulttype"):
        assert found[name]["schema"]["enum"]
        answer = service.get(address, params={name: "colour"})
        assert answer.status_code in {400, 406}


@pytest.mark.parametrize("one", ["", "/1"])
def test_documented_headers_are_those_that_are_sent(
    service: httpx.Client, one: str
) -> None:
    paths = service.get("/api").json()["paths"]
    path = f"/collections/{{collectionId}}/items{'/{featureId}' if one else ''}"
    documented = {n.lower() for n in paths[path]["get"]["responses"]["200"]["headers"]}
    sent: set[str] = set()
    for form in ("json", "jsonfg", "gml", "csv"):
        answer = service.get(f"/collections/places/items{one}", params={"f": form})
        assert answer.status_code == 200
        sent |= answer.headers.keys() & TELLING
    assert documented == sent
    assert bool(one) is ("ogc-numbermatched" not in documented)


def test_documented_bounds_hold(service: httpx.Client) -> None:
    found = query_parameters(
        service.get("/api").json(), "/collections/{collectionId}/items"
    )
    limit, box = found["limit"]["schema"], found["bbox"]["schema"]
    assert (limit["maximum"], limit["default"]) == (10_000, 10_000)
    items = "/collections/places/items"
    below = service.get(items, params={"limit": limit["minimum"] - 1})
    assert below.status_code == 400
    assert len(service.get(items).json()["features"]) == 30 < limit["default"]
    address = f"{items}?offset=1&f=json"
    assert "next" not in {each["rel"] for each in service.get(address).json()["links"]}
    allowed = {each["minItems"] for each in box["oneOf"]}
    assert allowed == {each["maxItems"] for each in box["oneOf"]}
    numbers = {6: "1,45,0,4,50,9", 5: "1,45,0,4,50", 4: "1,45,4,50", 3: "1,45,4"}
    for size, text in numbers.items():
        answer = service.get(items, params={"bbox": text})
        assert (answer.status_code == 200) == (size in allowed), answer.text


@pytest.mark.parametrize("name", ["limit", "bbox", "datetime"])
def test_the_style_of_core_parameters_is_stated(document: Any, name: str) -> None:
    for path in document["paths"]:
        if path.endswith("/items"):
            found = query_parameters(document, path)[name]
            assert (found["style"], found["explode"]) == ("form", False)


def test_a_download_has_the_forms_that_are_documented(service: httpx.Client) -> None:
    path = "/collections/{collectionId}/download/{collectionId}.geojson"
    found = query_parameters(service.get("/api").json(), path)["f"]["schema"]["enum"]
    for form in ("json", "geojson", "html", "xml", ""):
        address = "/collections/places/download/places.geojson"
        answer = service.get(address, params={"f": form})
        assert answer.status_code == (200 if form in found else 400)


def test_every_operation_declares_how_it_refuses(document: Any) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            answers = operation["responses"]
            if path in ASKED:  # protocols with refusals of their own
                assert {"500", "503"} <= answers.keys()
                continue
            assert {"400", "404", "406", "503"} <= answers.keys()
            for status in answers.keys() - {"200"}:
                answer = resolved(document, answers[status]["$ref"])
                assert list(answer["content"]) == ["application/problem+json"]


def test_the_document_has_the_form_of_openapi(document: Any) -> None:
    assert document["openapi"].startswith("3.0.")
    assert {"title", "version"} <= document["info"].keys()
    for path, methods in document["paths"].items():
        assert path.startswith("/")
        assert methods.keys() <= {"get", "put", "post", "delete", "head", "options"}
        for operation in methods.values():
            assert operation["responses"]["200"]["description"]
            for each in operation["parameters"]:
                given = resolved(document, each["$ref"]) if "$ref" in each else each
                assert given["in"] in {"query", "path", "header", "cookie"}
                assert given["schema"]
                assert given["required"] is (given["in"] == "path")


def test_the_documents_of_the_parts_agree_with_their_schemas(
    service: httpx.Client,
) -> None:
    document = service.get("/api").json()
    cases = {
        "/": "landingPage",
        "/conformance": "confClasses",
        "/collections": "collections",
        "/collections/places": "collection",
        "/datasets/": "datasets",
        "/health": "health",
        "/collections/places/items": "featureCollection",
        "/nothing": "problem",
    }
    for path, name in cases.items():
        schema = {
            "$ref": f"#/components/schemas/{name}",
            "components": document["components"],
        }
        text = json.dumps(schema).replace('"nullable": true', '"x": 1')
        errors = list(
            Draft4Validator(json.loads(text)).iter_errors(service.get(path).json())
        )
        assert errors == []


THOUSAND = """
    DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format(
        'CREATE TABLE t%s (id integer PRIMARY KEY, geom geometry(Point, 2154));'
        'INSERT INTO t%s VALUES (1, ST_Point(650000, 6860000, 2154))', i, i
    ); END LOOP; END $$"""


@pytest.mark.postgis
def test_a_thousand_collections_have_a_small_document_at_once(
    on_postgis: Any, serve: Any
) -> None:
    on_postgis.execute(THOUSAND)
    for number in range(100):
        tables = [f"t{number * 10 + each}" for each in range(1, 11)]
        on_postgis.describe("d" * (number + 1), *tables)
    with serve(on_postgis) as client:
        before = time.monotonic()
        answer = client.get("/api")
        assert time.monotonic() - before < 2
        known = answer.json()["components"]["parameters"]["collectionId"]["schema"]
        assert len(known["enum"]) == 1000
        assert len(answer.content) < 500_000
        assert list(OpenAPIV30SpecValidator(answer.json()).iter_errors()) == []
        limit = query_parameters(answer.json(), "/collections")["limit"]["schema"]
        listed = client.get("/collections").json()["collections"]
        assert len(listed) == limit["default"] == 1_000
        paths = client.get("/datasets/dd/api").json()["paths"]
        assert sum(path.endswith("/items") for path in paths) == 10
