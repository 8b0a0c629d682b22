"""Items as GML 3.2 over HTTP, on both silos, held against the real schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pyogrio
import pytest
import shapely
from lxml import etree

from service.gml_form import GML_SPACE, SF_SPACE
from service.item_headers import MOST_LINKS, link_header
from service.links import Link
from service.spool import HELD

ITEMS = "/collections/places/items"
TYPE = (
    "application/gml+xml;version=3.2"
    ";profile=http://www.opengis.net/def/profile/ogc/2.0/gml-sf0"
)
APP = "https://data.example/id/lieux/places"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
SPACES = {"app": APP, "gml": GML_SPACE, "sf": SF_SPACE}
Serve = Callable[..., AbstractContextManager[httpx.Client]]
Valid = Callable[[httpx.Client, bytes], None]
PARSER = etree.XMLParser(no_network=True, resolve_entities=False)


def get(service: httpx.Client, address: str = ITEMS, **parameters: Any) -> Any:
    answer = service.get(address, params={"f": "gml", **parameters})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == TYPE
    return answer


def root_of(answer: httpx.Response) -> etree._Element:
    return etree.fromstring(answer.content, PARSER)


def local(address: str) -> str:
    split = urlsplit(address)
    return split.path.removeprefix("/geo") + f"?{split.query}"


def links(answer: httpx.Response) -> dict[tuple[str, str], str]:
    """Return the links of an answer's header by relation and type."""
    found = re.findall(
        r'<([^>]*)>; rel="([^"]+)"; type="([^"]+)"', answer.headers.get("link", "")
    )
    return {(rel, kind): href for href, rel, kind in found}


def schema_of(answer: httpx.Response) -> str:
    """Return where an answer says that the schema of its features is."""
    name = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
    words = (root_of(answer).get(name) or "").split()
    return dict(zip(words[::2], words[1::2], strict=True))[APP]


def assert_bounded(box: etree._Element, features: Any, srs: str) -> None:
    """The box of a page is that of its features, as narrow as can be."""
    (envelope,) = box
    assert envelope.get("srsName") == srs
    corners = [[float(n) for n in corner.text.split()] for corner in envelope]
    places = [
        [float(n) for n in each.text.split()]
        for member in features
        for each in member.iter(f"{{{GML_SPACE}}}pos")
    ]
    assert corners == [np.min(places, axis=0).tolist(), np.max(places, axis=0).tolist()]


class TestPages:
    @pytest.mark.parametrize("limit", [5, 1001])
    @pytest.mark.parametrize("crs", ["", f"{EPSG}2154", f"{EPSG}4326"])
    def test_a_page_is_valid_and_says_what_geojson_says(
        self, service: httpx.Client, assert_valid: Valid, limit: int, crs: str
    ) -> None:
        asked: Any = {"limit": limit, **({"crs": crs} if crs else {})}
        answer = get(service, **asked)
        root = root_of(answer)
        assert_valid(service, answer.content)
        assert root.tag == f"{{{SF_SPACE}}}FeatureCollection"
        plain = service.get(ITEMS, params=asked).json()
        assert answer.headers["ogc-numbermatched"] == "30"
        assert answer.headers["ogc-numberreturned"] == str(plain["numberReturned"])
        assert len(root) == 1 + plain["numberReturned"]
        assert_bounded(root[0], list(root)[1:], crs or CRS84)
        for member, one in zip(list(root)[1:], plain["features"], strict=True):
            (feature,) = member
            assert feature.get(f"{{{GML_SPACE}}}id") == f"places.{one['id']}"
            for name, said in one["properties"].items():
                assert feature.findtext(f"app:{name}", None, SPACES) == str(said)
            point = feature.find("app:geometry/gml:Point", SPACES)
            assert point.get("srsName") == (crs or CRS84)
            place = [float(n) for n in point.findtext("gml:pos", "", SPACES).split()]
            assert place == pytest.approx(one["geometry"]["coordinates"], abs=1e-9)

    def test_a_page_of_polygons_is_valid(
        self, service: httpx.Client, assert_valid: Valid
    ) -> None:
        answer = get(service, "/collections/zones/items")
        assert_valid(service, answer.content)

    def test_a_large_page_is_the_same_page(self, service: httpx.Client) -> None:
        small, large = get(service, limit=1000), get(service, limit=1001)
        assert small.content == large.content
        for name in ("ogc-numbermatched", "ogc-numberreturned"):
            assert small.headers[name] == large.headers[name]

    def test_next_links_lead_through_everything_once(
        self, service: httpx.Client
    ) -> None:
        found: list[int] = []
        address: str | None = f"{ITEMS}?f=gml&limit=7&sortby=-limit"
        while address:
            answer = service.get(local(address))
            found += [int(e.text or 0) for e in root_of(answer).iter(f"{{{APP}}}limit")]
            address = links(answer).get(("next", TYPE))
        assert found == list(range(30, 0, -1))

    def test_accept_asks_for_it_too(self, service: httpx.Client) -> None:
        for kind in ("application/gml+xml", TYPE):
            answer = service.get(ITEMS, params={"limit": 2}, headers={"accept": kind})
            assert answer.headers["content-type"] == TYPE
            following = service.get(local(links(answer)["next", TYPE]))
            assert following.headers["content-type"] == TYPE

    def test_it_links_to_every_other_form(self, service: httpx.Client) -> None:
        for path in (ITEMS, f"{ITEMS}/3"):
            found = links(get(service, path, crs=f"{EPSG}2154"))
            kinds = {kind for rel, kind in found if rel == "alternate"}
            assert kinds == {
                "text/html",
                "application/geo+json",
                "application/vnd.ogc.fg+json",
                "text/csv",
            }
            for (rel, kind), address in found.items():
                if rel in {"alternate", "self"}:
                    answer = service.get(local(address))
                    assert answer.headers["content-type"].startswith(kind)
            other = service.get(path, params={"f": "json"}).json()["links"]
            assert TYPE in {e["type"] for e in other if e["rel"] == "alternate"}

    def test_hits_are_counted_and_none_is_sent(
        self, service: httpx.Client, assert_valid: Valid
    ) -> None:
        answer = get(service, resulttype="hits", filter='"limit" > 20')
        assert answer.headers["ogc-numbermatched"] == "10"
        assert answer.headers["ogc-numberreturned"] == "0"
        assert len(root_of(answer)) == 0
        assert_valid(service, answer.content)

    def test_nothing_found_is_an_empty_collection(
        self, service: httpx.Client, assert_valid: Valid
    ) -> None:
        answer = get(service, filter='"limit" > 99')
        assert answer.headers["ogc-numbermatched"] == "0"
        assert_valid(service, answer.content)

    def test_a_posted_filter_is_answered_in_it(self, service: httpx.Client) -> None:
        answer = service.post(
            f"{ITEMS}?f=gml&limit=4",
            content=json.dumps({"op": ">", "args": [{"property": "limit"}, 20]}),
            headers={"content-type": "application/query-cql-json"},
        )
        assert answer.headers["content-type"] == TYPE
        assert answer.headers["ogc-numbermatched"] == "10"
        assert len(root_of(answer)) == 1 + 4
        assert 'method="POST"' in answer.headers["link"]


class TestOneItem:
    @pytest.mark.parametrize("crs", ["", f"{EPSG}2154"])
    def test_it_is_the_one_of_the_page(
        self, service: httpx.Client, assert_valid: Valid, crs: str
    ) -> None:
        asked = {"crs": crs} if crs else {}
        page = root_of(get(service, limit=3, **asked))
        for number, member in enumerate(list(page)[1:], 1):
            answer = get(service, f"{ITEMS}/{number}", **asked)
            root = root_of(answer)
            assert_valid(service, answer.content)
            assert root.tag == f"{{{APP}}}places"
            assert etree.tostring(root[0], method="c14n", exclusive=True) == (
                etree.tostring(member[0][0], method="c14n", exclusive=True)
            )
            assert [e.text for e in root] == [e.text for e in member[0]]
            assert links(answer)["self", TYPE]

    @pytest.mark.parametrize("key", ["0", "abc", "1,2", "%FF", "a/b"])
    def test_what_is_not_there_is_404(self, service: httpx.Client, key: str) -> None:
        answer = service.get(f"{ITEMS}/{key}", params={"f": "gml"})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


class TestOffered:
    def test_pages_for_people_link_to_it(self, service: httpx.Client) -> None:
        for path in (ITEMS, f"{ITEMS}/1"):
            page = service.get(path, headers={"accept": "text/html"}).text
            assert 'href="?f=gml" rel="alternate" type="application/gml+xml"' in page

    def test_the_collection_links_to_features_and_schema(
        self, service: httpx.Client
    ) -> None:
        document = service.get("/collections/places").json()
        kinds = {(e["rel"], e["type"]): e["href"] for e in document["links"]}
        assert root_of(service.get(local(kinds["items", TYPE]))) is not None
        rel = "http://www.opengis.net/def/rel/ogc/1.0/schema"
        answer = service.get(local(kinds[rel, "application/xml"]))
        assert answer.headers["content-type"] == "application/xml"
        assert root_of(answer).get("targetNamespace") == APP

    def test_the_schema_says_types_and_words(self, service: httpx.Client) -> None:
        answer = service.get(
            "/collections/places/schema", headers={"accept": "application/xml"}
        )
        spaces = {"xs": "http://www.w3.org/2001/XMLSchema"}
        elements = root_of(answer).findall(".//xs:sequence/xs:element", spaces)
        types = {e.get("name"): e.get("type") for e in elements}
        assert types.pop("geometry") in {
            "gml:PointPropertyType",
            "gml:GeometryPropertyType",
        }
        expected = {"nom": "string", "limit": "integer", "secret": "string"}
        kinds = {name: f"xs:{kind}" for name, kind in expected.items()}
        assert types.items() >= {**kinds, "ouvert": "xs:date"}.items()

    def test_the_schema_is_of_the_root_that_was_asked(
        self, service: httpx.Client
    ) -> None:
        address = schema_of(get(service, f"/datasets/lieux{ITEMS}", limit=1))
        assert "/datasets/lieux/collections/places/schema?f=xsd" in address
        assert service.get(local(address)).status_code == 200

    def test_other_documents_are_no_xml_schemas(self, service: httpx.Client) -> None:
        for path in ("/collections/places/queryables", ITEMS, "/collections"):
            assert service.get(path, params={"f": "xsd"}).status_code == 400

    def test_conformance_does_not_claim_more_than_there_is(
        self, service: httpx.Client
    ) -> None:
        # class gmlsf0 wants every other document as XML, and numbers as gml:id
        classes = service.get("/conformance").json()["conformsTo"]
        assert not any("gmlsf" in each for each in classes)


@pytest.mark.postgis
def test_features_without_a_key_are_numbered_page_by_page(
    on_postgis: Any, serve: Serve, assert_valid: Valid
) -> None:
    on_postgis.execute("CREATE TABLE sans AS SELECT nom, geom FROM places")
    on_postgis.describe("anonymes", "sans")
    with serve(on_postgis) as client:
        asked: Any = {"f": "gml", "offset": 7}
        for limit in (3, 1001):
            path = "/collections/sans/items"
            answer = client.get(path, params={**asked, "limit": limit})
            assert_valid(client, answer.content)
            ids = [e.get(f"{{{GML_SPACE}}}id") for e in root_of(answer).iter()]
            own = [each for each in ids if each and each.startswith("sans.")]
            assert own == [f"sans._n{n}" for n in range(8, min(30, 7 + limit) + 1)]
            assert len({*ids} - {None}) == 1 + 2 * len(own)
        following = links(client.get(path, params={**asked, "limit": 3}))["next", TYPE]
        assert "offset=10" in following


@pytest.mark.postgis
def test_a_page_larger_than_what_is_held_in_memory_is_whole(
    on_postgis: Any, serve: Serve
) -> None:
    on_postgis.execute(
        """CREATE TABLE many AS SELECT i AS id, repeat(md5(i::text), 20) AS label,
           ST_SetSRID(ST_MakePoint(650000 + i, 6860000), 2154)
           ::geometry(Point, 2154) AS geom FROM generate_series(1, 9000) AS i;
           ALTER TABLE many ADD PRIMARY KEY (id)"""
    )
    on_postgis.describe("beaucoup", "many")
    with serve(on_postgis) as client:
        path = "/collections/many/items"
        asked: Any = {"f": "gml", "limit": 8000}
        first = client.get(path, params=asked)
        assert len(first.content) > 4 * HELD
        second = client.get(local(links(first)["next", TYPE]))
        assert ("next", TYPE) not in links(second)
        found = [
            int(e.text or 0)
            for answer in (first, second)
            for e in root_of(answer).iter("{https://data.example/id/beaucoup/many}id")
        ]
        assert found == list(range(1, 9001))
        for answer, number in ((first, "8000"), (second, "1000")):
            assert answer.headers["ogc-numberreturned"] == number
            assert answer.headers["ogc-numbermatched"] == "9000"
        held = {"if-none-match": first.headers["etag"]}
        assert client.get(path, params=asked, headers=held).status_code == 304


def test_links_that_do_not_fit_are_left_out_but_those_to_other_pages() -> None:
    def made(rel: str, size: int) -> Link:
        return Link(href=f"http://a/{'x' * size}", rel=rel, type="a/b", title="é")

    found = [made("self", 2000), made("alternate", 2000), made("next", 2000)]
    text = link_header(found)["Link"]
    assert [rel in text for rel in ("next", "self", "alternate")] == [
        True,
        False,
        False,
    ]
    assert len(text) < MOST_LINKS
    huge = link_header([made("self", 10), made("next", 2 * MOST_LINKS)])["Link"]
    assert 'rel="next"' in huge
    assert 'rel="self"' not in huge


@pytest.mark.parametrize("collection", ["places", "zones"])
@pytest.mark.parametrize("srid", [0, 2154, 4326])
def test_gdal_reads_it(
    service: httpx.Client, tmp_path: Path, collection: str, srid: int
) -> None:
    if "GML" not in pyogrio.list_drivers():
        pytest.skip("this GDAL does not know GML")
    path = f"/collections/{collection}/items"
    asked: Any = {"crs": f"{EPSG}{srid}"} if srid else {}
    target = tmp_path / "features.gml"
    target.write_bytes(get(service, path, **asked).content)
    xsd = tmp_path / "features.xsd"
    xsd.write_bytes(
        service.get(f"/collections/{collection}/schema", params={"f": "xsd"}).content
    )
    found = pyogrio.read_dataframe(target, XSD=str(xsd), DOWNLOAD_SCHEMA="NO")
    plain = service.get(path, params=asked).json()["features"]
    known = ("EPSG", str(srid)) if srid else ("OGC", "CRS84")
    assert found.crs.to_authority() == known
    assert found["nom"].tolist() == [f["properties"]["nom"] for f in plain]
    for shape, feature in zip(found.geometry, plain, strict=True):
        there = shapely.geometry.shape(feature["geometry"])
        places = shapely.get_coordinates(there)
        if srid == 4326:  # GDAL turns what the authority has the other way round
            places = places[:, ::-1]
        assert np.allclose(shapely.get_coordinates(shape), places, atol=1e-7, rtol=0)
