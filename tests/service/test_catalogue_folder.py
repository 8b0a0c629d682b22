"""The folder of records, the sitemap and the structured data of the real service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import etree, html

from metadata.schemas import schema_errors

FIRST = datetime(2026, 5, 4, 12, 0, 7, tzinfo=UTC)
LATER = FIRST + timedelta(days=3)
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def client(module_geopackage: Any, publish: Any, serve: Any) -> Iterator[httpx.Client]:
    """The service on two published datasets, one restricted, one not published."""
    module_geopackage.describe("places", title="</script><b>Lieux & dits")
    module_geopackage.describe(
        "reserve", access="restricted", more="access_limitation: h"
    )
    publish(module_geopackage, now=FIRST)
    module_geopackage.describe("zones")
    with serve(module_geopackage) as client:
        yield client


@pytest.mark.parametrize("path", ["/records/", "/records"])
def test_the_folder_lists_every_published_record(
    client: httpx.Client, path: str
) -> None:
    page = html.fromstring(client.get(path).content)
    links = [a.get("href") for a in page.iterfind(".//tbody//a")]
    assert links == [
        "/geo/records/places.xml",
        "/geo/records/reserve.xml",
        "/geo/records/service-places.xml",
    ]


def test_every_link_of_the_folder_is_a_dated_record(client: httpx.Client) -> None:
    page = html.fromstring(client.get("/records/").content)
    for row in page.iterfind(".//tbody/tr"):
        address = row.find(".//a").get("href").removeprefix("/geo")
        answer = client.get(address)
        assert answer.headers["content-type"] == "application/xml"
        assert schema_errors(answer.content) == ()
        modified = parsedate_to_datetime(answer.headers["last-modified"])
        assert modified == FIRST
        assert row[1].text == "2026-05-04 12:00"
        assert int(row[2].text.replace("\u202f", "")) == len(answer.content)


def test_a_head_request_is_enough_to_see_what_changed(client: httpx.Client) -> None:
    answer = client.head("/records/places.xml")
    assert answer.headers["last-modified"] == "Mon, 04 May 2026 12:00:07 GMT"


def test_a_record_that_was_not_published_is_not_dated(client: httpx.Client) -> None:
    answer = client.get("/records/zones.xml")
    assert answer.status_code == 200
    assert "last-modified" not in answer.headers


def test_a_record_keeps_its_date_until_it_changes(
    on_geopackage: Any, publish: Any, serve: Any
) -> None:
    on_geopackage.describe("places")
    on_geopackage.describe("zones")
    publish(on_geopackage, now=FIRST)
    on_geopackage.describe("zones", title="Autre chose")
    publish(on_geopackage, now=LATER)
    with serve(on_geopackage) as client:
        dates = {
            name: client.get(f"/records/{name}.xml").headers["last-modified"][5:7]
            for name in ("places", "zones")
        }
    assert dates == {"places": "04", "zones": "07"}


def test_nothing_published_yet_is_no_empty_folder(
    on_geopackage: Any, serve: Any
) -> None:
    on_geopackage.describe("places")
    with serve(on_geopackage) as client:
        assert client.get("/records/").status_code == 503
        assert client.get("/records/places.xml").status_code == 200


def test_the_sitemap_leads_to_the_pages_of_published_data(
    client: httpx.Client,
) -> None:
    answer = client.get("/sitemap.xml")
    assert answer.headers["content-type"] == "application/xml"
    root = etree.fromstring(answer.content)
    found = {
        entry.findtext(f"{SITEMAP}loc"): entry.findtext(f"{SITEMAP}lastmod")
        for entry in root
    }
    base = "http://service.example/geo"
    assert found == {
        f"{base}/?f=html": None,
        f"{base}/datasets/?f=html": "2026-05-04",
        f"{base}/datasets/places/?f=html": "2026-05-04",
    }
    for address in found:
        parts = urlsplit(str(address))
        page = client.get(f"{parts.path.removeprefix('/geo')}?{parts.query}")
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")


def test_the_page_of_a_dataset_holds_structured_data(client: httpx.Client) -> None:
    page = html.fromstring(client.get("/datasets/places/?f=html").content)
    (script,) = page.iterfind(".//script[@type='application/ld+json']")
    document = json.loads(script.text)
    assert document["@type"] == "Dataset"
    assert document["name"] == "</script><b>Lieux & dits"
    assert document["@id"] == "https://data.example/id/places"
    assert [d.get("encodingFormat") for d in document["distribution"]] == [
        "application/geo+json",
        "application/geo+json",
        "application/geopackage+sqlite3",
        "text/csv",
        None,  # FlatGeobuf: IANA has registered none
        "application/vnd.apache.parquet",
        "application/zip",
    ]


def test_a_dataset_that_was_not_published_has_none(client: httpx.Client) -> None:
    page = html.fromstring(client.get("/datasets/zones/?f=html").content)
    assert page.findall(".//script[@type='application/ld+json']") == []


@pytest.mark.parametrize("path", ["/records/?a=1", "/sitemap.xml?a=1"])
def test_an_unknown_parameter_is_refused(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 400
