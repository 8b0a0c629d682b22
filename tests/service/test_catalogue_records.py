"""OGC API Records on the real service, also through OWSLib."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from jsonschema import Draft202012Validator

from metadata.record_facets import FACETS, facet_values

FIRST = datetime(2026, 5, 4, 12, tzinfo=UTC)
ITEMS = "/collections/catalogue/items"
BASE = "http://service.example/geo/collections/catalogue"


@pytest.fixture(scope="module")
def client(
    module_geopackage: Any, publish: Any, make_files: Any, serve: Any
) -> Iterator[httpx.Client]:
    """The service on three datasets, one of them restricted, and two services."""
    module_geopackage.describe(
        "places", title="Écoles maternelles", more="period: {start: 2012-01-01}"
    )
    module_geopackage.describe(
        "zones",
        title="Zones d'activités",
        more="hvd: [geospatial]\nperiod: {start: 2000-01-01, end: 2005-12-31}",
    )
    module_geopackage.describe(
        "reserve", access="restricted", more="access_limitation: h"
    )
    publish(module_geopackage, now=FIRST)
    make_files(module_geopackage)
    with serve(module_geopackage) as client:
        yield client


def found(client: httpx.Client, **parameters: str) -> set[str]:
    """Return the titles found."""
    answer = client.get(ITEMS, params={"limit": "100", **parameters})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    titles = [feature["properties"]["title"] for feature in document["features"]]
    assert document["numberMatched"] == document["numberReturned"] == len(titles)
    return set(titles)


SCHOOLS = {"Écoles maternelles"}
ZONES = {"Zones d'activités"}
RESERVE = {"Jeu reserve"}
SERVICES = {f"Service de téléchargement : {t}" for t in (*SCHOOLS, *ZONES)}
DATASETS = SCHOOLS | ZONES | RESERVE
OF_SCHOOLS = SCHOOLS | {"Service de téléchargement : Écoles maternelles"}
OF_ZONES = ZONES | {"Service de téléchargement : Zones d'activités"}


@pytest.mark.parametrize(
    ("parameters", "titles"),
    [
        ({}, DATASETS | SERVICES),
        ({"type": "dataset"}, DATASETS),
        ({"type": "service"}, SERVICES),
        ({"type": "dataset,service"}, DATASETS | SERVICES),
        ({"type": "series"}, set()),
        ({"q": "ECOLES"}, OF_SCHOOLS),
        ({"q": "maternelles écoles"}, set()),
        ({"q": "écoles   Maternelles"}, OF_SCHOOLS),
        ({"q": "écoles,activités"}, OF_SCHOOLS | OF_ZONES),
        ({"q": "géospatiales"}, OF_ZONES),
        ({"q": "' OR 1=1 --"}, set()),
        ({"q": ","}, DATASETS | SERVICES),
        ({"bbox": "2.3,48.8,2.5,49"}, DATASETS | SERVICES),
        ({"bbox": "-10,40,-5,45"}, set()),
        ({"bbox": "170,-80,-170,80"}, set()),
        ({"datetime": "2013-05-05"}, OF_SCHOOLS),
        ({"datetime": "2003-05-05T12:00:00Z"}, OF_ZONES),
        ({"datetime": "../2001-01-01"}, OF_ZONES),
        ({"datetime": "2001-01-01/.."}, OF_SCHOOLS | OF_ZONES),
        ({"q": "écoles", "type": "dataset"}, SCHOOLS),
        ({"externalIds": "https://data.example/id/zones"}, ZONES),
        ({"ids": "nothing"}, set()),
        ({"formats": "gpkg"}, SCHOOLS | ZONES),
        ({"formats": "gpk"}, set()),
        ({"accessRights": "restricted"}, RESERVE),
        ({"themes": "Géospatiales"}, OF_ZONES),
        ({"organization": "Service des essais", "q": "écoles"}, OF_SCHOOLS),
    ],
)
def test_each_parameter_narrows_what_is_found(
    client: httpx.Client, parameters: dict[str, str], titles: set[str]
) -> None:
    if "datetime" in parameters:  # what has no period is of each
        titles = titles | SERVICES | RESERVE
    assert found(client, **parameters) == titles


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=00", "limit"),
        ("facets=", "facets"),
        ("facets=title", "facets"),
        ("facets=keywords,keywords", "facets"),
        ("facets=keywords:0", "facets"),
        ("facets=keywords:x", "facets"),
        ("facets=keywords:10:size", "facets"),
        ("facets=keywords:10:count_asc:1", "facets"),
        ("formats=gpkg&formats=csv", "formats"),
        ("limit=x", "limit"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("type=tile", "type"),
        ("datetime=hier", "datetime"),
        ("datetime=2024-02-30", "datetime"),
        ("datetime=2024-02-02/2024-02-01", "datetime"),
        ("datetime=2024-01-01/2024-02-01/2024-03-01", "datetime"),
        ("filter=type='dataset'", "filter"),
        ("q=a&q=b", "q"),
    ],
)
def test_a_wrong_parameter_is_named(
    client: httpx.Client, query: str, parameter: str
) -> None:
    answer = client.get(f"{ITEMS}?{query}")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == parameter


def facets_of(client: httpx.Client, **parameters: str) -> dict[str, Any]:
    answer = client.get(ITEMS, params={"limit": "0", **parameters})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["features"] == []
    assert [x["rel"] for x in document["links"]] == ["self", "collection"]
    facets: dict[str, Any] = document["facets"]
    return facets


@pytest.mark.parametrize("narrowed", [{}, {"type": "service"}, {"q": "écoles"}])
def test_a_bucket_counts_the_records_that_have_its_value_and_finds_them(
    client: httpx.Client, narrowed: dict[str, str]
) -> None:
    every = client.get(ITEMS, params={"limit": "100", **narrowed}).json()["features"]
    values = [facet_values(record["properties"]) for record in every]
    facets = facets_of(client, **narrowed)
    assert list(facets) == list(FACETS)
    for place, (name, facet) in enumerate(facets.items()):
        assert (facet["type"], facet["property"]) == ("term", FACETS[name])
        counted = {bucket["value"]: bucket["count"] for bucket in facet["buckets"]}
        said = [value for each in values for value in each[place]]
        assert counted == {value: said.count(value) for value in said}
        assert facet["more"] is False
        for value, number in counted.items():
            if name not in narrowed:
                titles = found(client, **narrowed, **{name: value})
                assert len(titles) == number


@pytest.mark.parametrize(
    ("asked", "buckets", "more"),
    [
        ("formats", ["csv", "fgb", "geojson", "gpkg", "parquet", "shp.zip"], False),
        ("formats:2", ["csv", "fgb"], True),
        ("formats:2:value_desc", ["shp.zip", "parquet"], True),
        ("formats::value_desc", None, False),
        ("type:5:count_asc", ["service", "dataset"], False),
        ("type:5:count_desc", ["dataset", "service"], False),
        ("type:1:value_asc", ["dataset"], True),
    ],
)
def test_only_the_facets_asked_for_are_told_as_they_are_asked_for(
    client: httpx.Client, asked: str, buckets: list[str] | None, more: bool
) -> None:
    (name,) = facets = facets_of(client, facets=asked)
    assert name == asked.partition(":")[0]
    told = [bucket["value"] for bucket in facets[name]["buckets"]]
    assert told == (buckets if buckets is not None else sorted(told, reverse=True))
    assert facets[name]["more"] is more


def test_facets_stand_in_a_document_of_their_own(client: httpx.Client) -> None:
    collection = client.get("/collections/catalogue").json()
    (link,) = [x for x in collection["links"] if x["rel"].endswith("/facets")]
    answer = client.get(link["href"].removeprefix("http://service.example/geo"))
    assert answer.headers["content-type"] == link["type"] == "application/facets+json"
    document = answer.json()
    assert document["id"] == "catalogue"
    assert {n: f["property"] for n, f in document["facets"].items()} == FACETS
    queryables = client.get("/collections/catalogue/queryables").json()["properties"]
    assert {n for n, schema in queryables.items() if schema.get("facet")} == {*FACETS}


def test_a_record_says_what_the_standard_wants(client: httpx.Client) -> None:
    answer = client.get(ITEMS, params={"q": "zones d'activités", "type": "dataset"})
    assert answer.headers["content-type"] == "application/geo+json"
    (record,) = answer.json()["features"]
    properties = record["properties"]
    assert record["type"] == "Feature"
    assert record["conformsTo"][0].endswith("/conf/record-core")
    assert record["geometry"]["type"] == "Polygon"
    assert record["time"] == {"interval": ["2000-01-01", "2005-12-31"]}
    assert properties["type"] == "dataset"
    assert properties["updated"] == "2026-05-04"
    assert properties["language"] == {"code": "fr"}
    assert properties["license"] == "https://spdx.org/licenses/etalab-2.0"
    assert properties["externalIds"] == [{"value": "https://data.example/id/zones"}]
    assert properties["formats"] == [
        {"name": "geojson", "mediaType": "application/geo+json"},
        {"name": "gpkg", "mediaType": "application/geopackage+sqlite3"},
        {"name": "csv", "mediaType": "text/csv"},
        {"name": "fgb"},
        {"name": "parquet", "mediaType": "application/vnd.apache.parquet"},
        {"name": "shp.zip", "mediaType": "application/vnd.shp"},
    ]
    assert properties["contacts"][0]["roles"] == ["pointOfContact"]
    schemes = [theme["scheme"] for theme in properties["themes"]]
    assert schemes[:2] == [
        "http://inspire.ec.europa.eu/theme",
        "http://data.europa.eu/bna/asd487ae75",
    ]


def test_every_link_of_ours_answers(client: httpx.Client) -> None:
    document = client.get(ITEMS).json()
    collection = client.get("/collections/catalogue").json()
    features = document["features"]
    links = [*document["links"], *collection["links"]]
    links += [link for feature in features for link in feature["links"]]
    addresses = {
        link["href"]
        for link in links
        if link["href"].startswith("http://service.example/geo")
    }
    assert len(addresses) > 15
    for address in addresses:
        path = address.removeprefix("http://service.example/geo")
        assert client.get(path).status_code == 200, address


def test_one_record_is_the_one_of_the_list(client: httpx.Client) -> None:
    for feature in client.get(ITEMS).json()["features"]:
        answer = client.get(f"{ITEMS}/{feature['id']}")
        assert answer.headers["content-type"] == "application/geo+json"
        assert answer.json() == feature


@pytest.mark.parametrize("name", ["nothing", "places", "a/b", "%00", "x" * 3000])
def test_a_record_that_is_not_there_is_404(client: httpx.Client, name: str) -> None:
    assert client.get(f"{ITEMS}/{name}").status_code == 404


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_hold_each_record_once(client: httpx.Client, limit: int) -> None:
    identifiers: list[str] = []
    path = f"{ITEMS}?limit={limit}"
    while path:
        document = client.get(path).json()
        assert document["numberMatched"] == 5
        identifiers += [feature["id"] for feature in document["features"]]
        following = [x["href"] for x in document["links"] if x["rel"] == "next"]
        parts = urlsplit(following[0]) if following else None
        path = f"{parts.path.removeprefix('/geo')}?{parts.query}" if parts else ""
    assert identifiers == sorted(identifiers)
    assert len(identifiers) == len(set(identifiers)) == 5


def test_the_collection_is_one_of_records(client: httpx.Client) -> None:
    document = client.get("/collections/catalogue").json()
    assert document["id"] == "catalogue"
    assert document["itemType"] == "record"
    assert document["updated"] == "2026-05-04T12:00:00+00:00"
    landing = client.get("/?f=json").json()
    (link,) = [x for x in landing["links"] if x["rel"].endswith("/ogc-catalog")]
    assert link["href"] == BASE


def test_queryables_are_a_schema_and_each_can_be_asked_for(
    client: httpx.Client,
) -> None:
    answer = client.get("/collections/catalogue/queryables?lang=en")
    document = answer.json()
    assert answer.headers["content-type"] == "application/schema+json"
    Draft202012Validator.check_schema(document)
    values = {
        "bbox": "2,48,3,49",
        "datetime": "2013-01-01",
        "type": "dataset",
        "ids": "a",
        "externalIds": "b",
    } | dict.fromkeys(FACETS, "dataset")
    for schema in document["properties"].values():
        parameter = schema["description"].rstrip(".").rpartition(" ")[2]
        answer = client.get(ITEMS, params={parameter: values[parameter]})
        assert answer.status_code == 200


def test_collections_of_features_are_still_found(client: httpx.Client) -> None:
    assert client.get("/collections/places/items").status_code == 200
    listed = client.get("/collections").json()["collections"]
    assert [each["id"] for each in listed] == ["places", "zones"]


def test_what_changed_is_found_once_it_is_published(
    on_geopackage: Any, publish: Any, serve: Any, wait_for: Any
) -> None:
    on_geopackage.describe("places", title="Avant")
    publish(on_geopackage, now=FIRST)
    with serve(on_geopackage) as client:
        assert found(client, type="dataset") == {"Avant"}
        on_geopackage.describe("places", title="Après")
        publish(on_geopackage, now=FIRST + timedelta(days=1))
        wait_for(lambda: found(client, q="après", type="dataset") == {"Après"})
        assert found(client, q="avant") == set()


def test_nothing_published_yet_is_no_empty_catalogue(
    on_geopackage: Any, serve: Any
) -> None:
    with serve(on_geopackage) as client:
        assert client.get("/collections/catalogue").status_code == 200
        assert client.get(ITEMS).status_code == 503


def test_owslib_searches_and_reads_records(client: httpx.Client) -> None:
    from owslib.ogcapi.records import Records

    catalogue = Records(str(client.base_url))
    answer = catalogue.collection_items("catalogue", q="écoles", type="dataset")
    assert answer["numberMatched"] == 1
    record = catalogue.collection_item("catalogue", answer["features"][0]["id"])
    assert record["properties"]["title"] == "Écoles maternelles"
    queryables = catalogue.collection_queryables("catalogue")
    assert "externalIds" in queryables["properties"]
