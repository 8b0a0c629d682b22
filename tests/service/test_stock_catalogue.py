"""The catalogue as a record collection of an unmodified pygeoapi."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from providers.configuration import read_configuration

FIRST = datetime(2026, 5, 4, 12, tzinfo=UTC)
ITEMS = "/collections/fiches/items"
WORLD = {
    "bbox": [-180, -90, 180, 90],
    "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
}


def resources(deployment: Any) -> dict[str, Any]:
    """Return what a deployer of pygeoapi writes of the catalogue."""
    return {
        "fiches": {
            "type": "collection",
            "title": "Fiches",
            "description": "Fiches",
            "keywords": ["test"],
            "links": [],
            "extents": {"spatial": WORLD},
            "providers": [
                {
                    "type": "record",
                    "name": "providers.catalogue.CatalogueProvider",
                    "data": read_configuration(deployment.configuration).store,
                }
            ],
        }
    }


@pytest.fixture(scope="module")
def catalogue(
    module_geopackage: Any,
    publish: Any,
    stock_pygeoapi: Any,
    serve: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """A stock pygeoapi and our own service, on the same three datasets."""
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
    folder = tmp_path_factory.mktemp("pygeoapi")
    with (
        stock_pygeoapi(folder, resources(module_geopackage)) as stock,
        serve(module_geopackage) as ours,
    ):
        yield stock, ours


def found(client: httpx.Client, path: str, **parameters: str) -> list[str]:
    """Return the identifiers found, in their order."""
    answer = client.get(path, params={"f": "json", "limit": "100", **parameters})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["numberReturned"] == len(document["features"])
    return [record["id"] for record in document["features"]]


@pytest.mark.parametrize(
    ("parameters", "number"),
    [
        ({}, 5),
        ({"type": "service"}, 2),
        ({"q": "ECOLES"}, 2),
        ({"q": "maternelles écoles"}, 0),
        ({"q": "écoles,activités"}, 4),
        ({"bbox": "2.3,48.8,2.5,49"}, 5),
        ({"bbox": "-10,40,-5,45"}, 0),
        ({"datetime": "2013-05-05"}, 4),
        ({"datetime": "../2001-01-01"}, 4),
        ({"accessRights": "restricted"}, 1),
        ({"type": "dataset", "datetime": "2001-01-01/.."}, 3),
    ],
    ids=str,
)
def test_a_stock_pygeoapi_finds_what_our_own_service_finds(
    catalogue: tuple[httpx.Client, httpx.Client],
    parameters: dict[str, str],
    number: int,
) -> None:
    stock, ours = catalogue
    identifiers = found(stock, ITEMS, **parameters)
    assert identifiers == found(ours, "/collections/catalogue/items", **parameters)
    assert len(identifiers) == number


def test_a_record_is_the_same_but_for_its_links(
    catalogue: tuple[httpx.Client, httpx.Client],
) -> None:
    stock, ours = catalogue
    for identifier in found(stock, ITEMS):
        theirs = stock.get(f"{ITEMS}/{identifier}", params={"f": "json"}).json()
        mine = ours.get(f"/collections/catalogue/items/{identifier}").json()
        for member in ("id", "type", "geometry", "time", "properties", "conformsTo"):
            assert theirs[member] == mine[member]


def test_pages_sorting_and_selection(
    catalogue: tuple[httpx.Client, httpx.Client],
) -> None:
    stock, _ = catalogue
    rising = found(stock, ITEMS, sortby="title")
    assert rising == found(stock, ITEMS, sortby="-title")[::-1]
    pages = [found(stock, ITEMS, sortby="title", limit="2", offset=n) for n in "024"]
    assert [each for page in pages for each in page] == rising
    answer = stock.get(ITEMS, params={"f": "json", "properties": "title"})
    for record in answer.json()["features"]:
        assert [*record["properties"]] == ["title"]
    answer = stock.get(ITEMS, params={"f": "json", "resulttype": "hits"})
    assert answer.json()["numberMatched"] == 5


@pytest.mark.parametrize("path", ["nothing", "%00"])
def test_a_record_that_is_not_there_is_404(
    catalogue: tuple[httpx.Client, httpx.Client], path: str
) -> None:
    assert catalogue[0].get(f"{ITEMS}/{path}?f=json").status_code == 404


@pytest.mark.parametrize("query", ["filter=type='dataset'", "sortby=keywords"])
def test_what_cannot_be_asked_is_400(
    catalogue: tuple[httpx.Client, httpx.Client], query: str
) -> None:
    assert catalogue[0].get(f"{ITEMS}?f=json&{query}").status_code == 400


def test_people_read_it_too(catalogue: tuple[httpx.Client, httpx.Client]) -> None:
    answer = catalogue[0].get(f"{ITEMS}?f=html")
    assert answer.status_code == 200
    assert "Écoles maternelles" in answer.text


def test_a_publication_is_followed_without_a_restart(
    on_geopackage: Any, publish: Any, stock_pygeoapi: Any
) -> None:
    on_geopackage.describe("places", title="Avant")
    publish(on_geopackage, now=FIRST)
    with stock_pygeoapi(on_geopackage.folder, resources(on_geopackage)) as stock:
        assert len(found(stock, ITEMS, q="avant")) == 2
        on_geopackage.describe("places", title="Après")
        publish(on_geopackage, now=FIRST + timedelta(days=1))
        assert len(found(stock, ITEMS, q="après")) == 2
        assert found(stock, ITEMS, q="avant") == []
