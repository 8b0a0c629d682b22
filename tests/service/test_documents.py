"""The JSON documents, under the service's root and under each dataset's."""

from __future__ import annotations

import httpx
import pytest

URL = "http://service.example/geo"
PATHS = (
    "/",
    "/conformance",
    "/api",
    "/openapi",
    "/collections",
    "/collections/places",
    "/collections/places/queryables",
    "/collections/places/sortables",
    "/collections/places/schema",
    "/datasets/",
    "/datasets/lieux/",
    "/datasets/lieux/conformance",
    "/datasets/lieux/api",
    "/datasets/lieux/collections",
    "/datasets/lieux/collections/places",
    "/datasets/lieux/collections/places/queryables",
    "/datasets/lieux/collections/places/sortables",
    "/datasets/lieux/collections/places/schema",
)


@pytest.mark.parametrize("path", [*PATHS, "/health", "/records/lieux.xml"])
def test_every_document_answers_get_and_head(service: httpx.Client, path: str) -> None:
    got, head = service.get(path), service.head(path)
    assert got.status_code == 200, got.text
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("path", PATHS)
def test_every_document_has_a_page(service: httpx.Client, path: str) -> None:
    got = service.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert got.status_code == 200
    assert got.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "name", ["self", "service-desc", "service-doc", "conformance", "data"]
)
@pytest.mark.parametrize("root", ["/", "/datasets/lieux/"])
def test_the_landing_page_links_to_what_answers(
    service: httpx.Client, root: str, name: str
) -> None:
    document = service.get(root).json()
    [link] = [link for link in document["links"] if link["rel"] == name]
    assert link["href"].startswith(URL)
    answer = service.get(link["href"].removeprefix(URL))
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0]


def test_the_service_lists_open_collections_only(service: httpx.Client) -> None:
    collections = service.get("/collections").json()["collections"]
    assert [c["id"] for c in collections] == ["places", "zones"]
    assert service.get("/collections/reserve").status_code == 404


def test_a_dataset_root_holds_only_its_own_collections(service: httpx.Client) -> None:
    collections = service.get("/datasets/lieux/collections").json()["collections"]
    assert [c["id"] for c in collections] == ["places"]
    assert service.get("/datasets/lieux/collections/zones").status_code == 404
    assert service.get("/datasets/reserve/").status_code == 404


def test_a_restricted_dataset_has_its_record_and_nothing_else(
    service: httpx.Client,
) -> None:
    listed = service.get("/datasets/").json()["datasets"]
    assert [d["id"] for d in listed] == ["lieux", "reserve", "zonage"]
    assert service.get("/records/reserve.xml").status_code == 200
    assert service.get("/records/service-reserve.xml").status_code == 404


def test_a_collection_says_where_when_and_in_which_crs(service: httpx.Client) -> None:
    document = service.get("/collections/places").json()
    [west, south, east, north] = document["extent"]["spatial"]["bbox"][0]
    assert 2.3 < west < east < 2.4
    assert 48.8 < south < north < 48.9
    assert document["extent"]["temporal"]["interval"][0][1].startswith("2020-01-3")
    assert document["extent"]["temporal"]["interval"][0][1].endswith("Z")
    assert document["itemType"] == "feature"
    assert document["storageCrs"] == "http://www.opengis.net/def/crs/EPSG/0/2154"
    assert document["storageCrs"] in document["crs"]
    assert document["crs"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    for code in (4326, 3857, 4258, 3035):
        assert f"http://www.opengis.net/def/crs/EPSG/0/{code}" in document["crs"]


@pytest.mark.parametrize("base", ["", "/datasets/lieux"])
def test_every_link_of_a_collection_says_what_it_is(
    service: httpx.Client, base: str
) -> None:
    collections = service.get(f"{base}/collections").json()
    lists = [each["links"] for each in collections["collections"]]
    for link in (each for links in [*lists, collections["links"]] for each in links):
        assert link["rel"]
        assert "/" in link["type"], link


def test_the_address_of_items_is_a_path_of_the_api_definition(
    service: httpx.Client,
) -> None:
    root = "/datasets/lieux"
    links = service.get(f"{root}/collections/places").json()["links"]
    items = {each["type"]: each["href"] for each in links if each["rel"] == "items"}
    path = items["application/geo+json"].removeprefix(f"{URL}{root}")
    assert path in service.get(f"{root}/api").json()["paths"]
    for media_type, address in items.items():
        answer = service.get(address.removeprefix(URL))
        assert answer.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize("base", ["", "/datasets/lieux"])
def test_a_collection_leads_to_its_record_licence_and_file(
    service: httpx.Client, base: str
) -> None:
    links = service.get(f"{base}/collections/places").json()["links"]
    by_rel = {link["rel"]: link for link in links}
    assert by_rel["describedby"]["type"] == "application/xml"
    record = service.get(by_rel["describedby"]["href"].removeprefix(URL))
    assert record.headers["content-type"] == "application/xml"
    assert b"MD_Metadata" in record.content
    assert by_rel["license"]["href"] == "https://spdx.org/licenses/etalab-2.0"
    files = [link for link in links if link["rel"] == "enclosure"]
    assert [file["type"] for file in files] == [
        "application/geo+json",
        "application/geopackage+sqlite3",
        "text/csv",
        "application/flatgeobuf",
        "application/vnd.apache.parquet",
        "application/zip",
    ]
    for file in files:
        assert file["hreflang"] == "fr"
        assert service.get(file["href"].removeprefix(URL)).is_success


def test_the_collections_of_a_dataset_carry_its_record_and_licence(
    service: httpx.Client,
) -> None:
    links = service.get("/datasets/lieux/collections").json()["links"]
    rels = [link["rel"] for link in links]
    assert rels.count("describedby") == 1
    assert rels.count("license") == 1
    assert "enclosure" in rels
    everywhere = service.get("/collections").json()["links"]
    assert "describedby" not in {link["rel"] for link in everywhere}


def test_queryables_hold_every_column_that_can_be_compared(
    service: httpx.Client,
) -> None:
    got = service.get("/collections/places/queryables?lang=en")
    assert got.headers["content-type"] == "application/schema+json"
    document = got.json()
    assert document["$id"] == f"{URL}/collections/places/queryables"
    assert document["additionalProperties"] is False
    properties = document["properties"]
    assert properties["geometry"]["format"] == "geometry-point"
    assert properties["ouvert"]["format"] == "date"
    assert properties["ouvert"]["x-ogc-role"] == "primary-instant"
    assert "filter" in properties["limit"]["description"]


def test_an_excluded_column_is_in_no_document(deployment, serve, wait_for) -> None:
    deployment.describe("places")
    path = deployment.folder / "datasets" / "places.yml"
    more = "    columns:\n      exclude: [secret]\n      rename: {nom: name}\n"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    with serve(deployment) as client:
        for name in ("queryables", "sortables", "schema"):
            document = client.get(f"/collections/places/{name}").json()
            assert "secret" not in document["properties"]
            assert "name" in document["properties"]
            assert "nom" not in document["properties"]
        for page in ("/collections/places", "/datasets/places/api"):
            for kind in ("json", "html"):
                assert "secret" not in client.get(f"{page}?f={kind}").text


def test_conformance_is_a_fixed_list_without_repetition(service: httpx.Client) -> None:
    first = service.get("/conformance").json()["conformsTo"]
    assert len(first) == len(set(first))
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in first
    assert service.get("/datasets/zonage/conformance").json()["conformsTo"] == first
