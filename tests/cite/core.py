"""Part 1: landing page, API definition, conformance, collections, encodings.

Written from the abstract test suite of the standard, test by test; they bear its
names.

References
----------
OGC API – Features Part 1: Core corrigendum (17-069r4), annex A.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from implementation import (
    CRS84,
    CRS84H,
    GEOJSON,
    HTML,
    JSON,
    OPENAPI,
    Document,
    Implementation,
    box_of,
    geometry_of,
    with_rel,
)
from openapi_spec_validator import OpenAPIV30SpecValidator
from outcomes import Report, Skipped

BASE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
CORE, OAS30, GEO, PAGES = "Core", "OpenAPI 3.0", "GeoJSON", "HTML"


def check(tested: Implementation, report: Report) -> None:
    """Do the tests of everything up to the collections."""
    entrance(tested, report)
    with report.test(CORE, "/conf/core/fc-md-op"):
        tested.document("/collections")
    with report.test(CORE, "/conf/core/fc-md-success"):
        document = tested.document("/collections")
        assert document["links"], "no links"
        assert document["collections"], "no collections"
        if "crs" in document:
            assert document["crs"][0] in {CRS84, CRS84H}
    with report.test(CORE, "/conf/core/fc-md-links"):
        require_links(tested.document("/collections")["links"], JSON, HTML)
    for collection in tested.collections:
        one_collection(tested, collection, report)
    encodings(tested, report)


def entrance(tested: Implementation, report: Report) -> None:
    """Landing page, API definition, conformance declaration."""
    with report.test(CORE, "/conf/core/http"):
        assert tested.get("/").http_version == "HTTP/1.1"
    with report.test(CORE, "/conf/core/root-op"):
        tested.document("/")
    with report.test(CORE, "/conf/core/root-success"):
        rels = {link["rel"] for link in tested.landing["links"]}
        assert rels & {"service-desc", "service-doc"}, rels
        assert {"conformance", "data"} <= rels, rels
    with report.test(CORE, "/conf/core/api-definition-op"):
        answer = tested.get(tested.definition_address, OPENAPI)
        assert answer.status_code == 200
        kind = answer.headers["content-type"].replace(" ", "")
        assert kind == OPENAPI, kind
    with report.test(CORE, "/conf/core/api-definition-success"):
        problems = list(OpenAPIV30SpecValidator(tested.definition).iter_errors())
        assert not problems, problems[0]
    with report.test(CORE, "/conf/core/conformance-op"):
        tested.document("/conformance")
        for link in with_rel(tested.landing["links"], "conformance"):
            tested.document(link["href"])
    with report.test(CORE, "/conf/core/conformance-success"):
        declared = tested.conformance
        assert all(isinstance(each, str) for each in declared)
        assert f"{BASE}core" in declared, declared


def one_collection(
    tested: Implementation, collection: Document, report: Report
) -> None:
    """The tests of one entry of `/collections` and of the document it stands for."""
    name = str(collection.get("id", ""))
    with report.test(CORE, "/conf/core/fc-md-items", name):
        assert name, "no id"
        assert any(link["rel"] == "items" for link in collection["links"])
    with report.test(CORE, "/conf/core/fc-md-items-links", name):
        links = collection["links"]
        incomplete = [link for link in links if not {"rel", "type"} <= link.keys()]
        assert not incomplete, incomplete
        kinds = {link["type"] for link in with_rel(links, "items")}
        assert {GEOJSON, HTML} <= kinds, kinds
    with report.test(CORE, "/conf/core/fc-md-extent", name):
        require_extent(tested, collection)
    with report.test(CORE, "/conf/core/sfc-md-op", name):
        tested.document(f"/collections/{name}")
    with report.test(CORE, "/conf/core/sfc-md-success", name):
        alone = tested.document(f"/collections/{name}")
        for member in ("id", "title", "description", "extent"):
            assert alone.get(member) == collection.get(member), member


def require_extent(tested: Implementation, collection: Document) -> None:
    """The extent holds every geometry, and its times are times."""
    west, south, east, north = box_of(collection)
    for feature in tested.everything(collection):
        geometry = geometry_of(feature)
        if geometry is not None and not geometry.is_empty:
            found = geometry.bounds
            # half a unit of the last place that GeoJSON has: a centimetre
            room = 1e-7
            assert west - room <= found[0] <= found[2] <= east + room, found
            assert south - room <= found[1] <= found[3] <= north + room, found
    for start, end in collection["extent"].get("temporal", {}).get("interval", ()):
        moments = [datetime.fromisoformat(each) for each in (start, end) if each]
        assert moments == sorted(moments), (start, end)


def require_links(links: Sequence[Document], own: str, *others: str) -> None:
    """A document links to itself and to its other forms, with relation and type."""
    own_links = with_rel(links, "self")
    assert own_links, "no link to itself"
    assert own_links[0].get("type") == own, own_links[0]
    alternates = with_rel(links, "alternate")
    found = {link.get("type") for link in alternates}
    assert set(others) <= found, f"alternate forms: {found}"


def encodings(tested: Implementation, report: Report) -> None:
    """Each resource in each form that is declared."""
    addresses = ["/", "/conformance", "/collections"]
    for collection in tested.collections:
        path = f"/collections/{collection['id']}"
        addresses += [path, f"{path}/items?limit=2"]
    for address in addresses:
        declared(tested, report, PAGES, "html", "/conf/html/definition", address, HTML)
        kind = GEOJSON if "/items" in address else JSON
        declared(
            tested, report, GEO, "geojson", "/conf/geojson/definition", address, kind
        )
    for collection in tested.collections:
        with report.test(GEO, "/conf/geojson/content", collection["id"]):
            for feature in tested.items(collection, limit="100")["features"]:
                require_feature(feature)
    with report.test(OAS30, "/conf/oas30/oas-definition-2"):
        assert f"{BASE}oas30" in tested.conformance
        assert tested.definition["openapi"].startswith("3.0.")
    with report.test(OAS30, "/conf/oas30/oas-impl"):
        paths = set(tested.definition["paths"])
        assert {"/", "/conformance", "/collections"} <= paths, paths
    with report.test(OAS30, "/conf/oas30/exceptions-codes"):
        for path, methods in tested.definition["paths"].items():
            if path == "/oai":  # OAI-PMH tells by 200 what is wrong
                continue
            codes = set(methods["get"]["responses"])
            assert codes & {"400", "4XX", "default"}, (path, codes)
            assert codes & {"500", "5XX", "default"}, (path, codes)


def declared(
    tested: Implementation,
    report: Report,
    group: str,
    part: str,
    test: str,
    address: str,
    kind: str,
) -> None:
    """A form that is declared is what comes when it is asked for."""
    with report.test(group, test, address):
        if f"{BASE}{part}" not in tested.conformance:
            raise Skipped(f"{part} is not declared")
        answer = tested.get(address, kind)
        assert answer.status_code == 200, answer.status_code
        found = answer.headers["content-type"].split(";")[0]
        assert found == kind, found


def require_feature(feature: Any) -> None:
    """A feature has the form of RFC 7946."""
    assert feature["type"] == "Feature"
    assert isinstance(feature["id"], str | int)
    assert feature["properties"] is None or isinstance(feature["properties"], dict)
    geometry = geometry_of(feature)
    assert geometry is None or geometry.geom_type == feature["geometry"]["type"]
