"""The catalogue for people: searched, narrowed by facets, page after page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from lxml import etree, html

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ITEMS = "/collections/catalogue/items"
FIRST = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def client(
    module_geopackage: Any, publish: Any, make_files: Any, serve: Any
) -> Iterator[httpx.Client]:
    """The service on thirty datasets, one of them restricted."""
    for number in range(29):
        table = "places" if number % 2 else "zones"
        module_geopackage.describe(
            f"j{'a' * number}",
            f"c{number:02d}={table}",
            title=f"{'Écoles' if number % 3 else 'Forêt <&>'} n° {number:02d}",
        )
    module_geopackage.describe(
        "reserve", access="restricted", more="access_limitation: h"
    )
    publish(module_geopackage, now=FIRST)
    make_files(module_geopackage)
    with serve(module_geopackage) as client:
        yield client


def page(client: httpx.Client, address: str) -> etree._Element:
    answer = client.get(address.removeprefix("/geo"), headers=HTML)
    assert answer.status_code == 200, answer.text
    return html.document_fromstring(answer.text)


def titles(found: etree._Element) -> list[str]:
    return [each.text_content() for each in found.xpath("//h3")]


def number(found: etree._Element) -> int:
    said = found.xpath("string(//*[@role='status'])")
    return int("".join(filter(str.isdigit, said)))


def test_pages_go_by_title_and_hold_each_record_once(client: httpx.Client) -> None:
    listed, here = [], "/collections/catalogue"
    while here:
        found = page(client, here)
        listed += titles(found)
        assert number(found) == 30
        here = next(iter(found.xpath("//a[@rel='next']/@href")), "")
        here = f"{ITEMS}{here}" if here else ""
    assert len(listed) == len(set(listed)) == 30
    assert listed[0] == "Écoles n° 01"
    assert listed[18:20] == ["Écoles n° 28", "Forêt <&> n° 00"]
    assert listed[-1] == "Jeu reserve"


def test_each_value_of_a_facet_finds_as_many_as_it_says(client: httpx.Client) -> None:
    found = page(client, f"{ITEMS}?q=forêt&lang=fr")
    assert number(found) == 20  # datasets, and their services
    links = found.xpath("//nav[@class='facets']//li")
    assert len(links) > 8
    for each in links:
        (link,), (count,) = each.xpath("a/@href"), each.xpath("span/text()")
        narrowed = page(client, f"{ITEMS}{link}")
        assert number(narrowed) == int(count)
        assert narrowed.find(".").get("lang") == "fr"


def test_what_narrows_is_said_and_taken_back(client: httpx.Client) -> None:
    found = page(client, f"{ITEMS}?q=forêt&type=dataset&formats=gpkg&lang=fr")
    chosen = found.xpath("//ul[@class='chosen']//a")
    said = [" ".join(each.text_content().split()) for each in chosen]
    assert said == [
        "Retirer Mots : forêt ×",
        "Retirer Type : Jeu de données ×",
        "Retirer Format : gpkg ×",
    ]
    without = page(client, f"{ITEMS}{chosen[0].get('href')}")
    assert number(without) == 29
    assert not without.xpath("//input[@id='q']/@value")[0]
    hidden = without.xpath("//form[@role='search']//input[@type='hidden']/@name")
    assert sorted(hidden) == ["formats", "lang", "type"]


def test_nothing_found_says_so(client: httpx.Client) -> None:
    found = page(client, f"{ITEMS}?q=rien-de-tel")
    assert (number(found), titles(found)) == (0, [])


def test_a_record_shows_what_it_says_and_leads_to_its_data(
    client: httpx.Client,
) -> None:
    found = client.get(ITEMS, params={"q": "n° 04", "type": "dataset"}).json()
    (record,) = found["features"]
    shown = page(client, f"{ITEMS}/{record['id']}")
    assert shown.xpath("string(//h1)") == "Écoles n° 04"
    links = shown.xpath("//main//a/@href")
    assert "/geo/records/jaaaa.xml" in links
    assert any(link.startswith("/geo/datasets/jaaaa/") for link in links)
    assert {link["href"] for link in record["links"] if link["rel"] == "enclosure"} <= {
        *links
    }


def test_a_restricted_record_leads_to_no_data(client: httpx.Client) -> None:
    found = client.get(ITEMS, params={"accessRights": "restricted"}).json()
    (record,) = found["features"]
    shown = page(client, f"{ITEMS}/{record['id']}")
    assert not [x for x in shown.xpath("//main//a/@href") if "/datasets/" in x]


def test_machines_get_documents_still(client: httpx.Client) -> None:
    for path in (ITEMS, "/collections/catalogue"):
        assert client.get(path).headers["content-type"].endswith("json")
        assert client.get(f"{path}?f=json", headers=HTML).json()
    assert client.get(f"{ITEMS}?f=html").headers["content-type"].startswith("text/html")


def test_a_catalogue_that_is_empty_has_no_link(
    on_geopackage: Any, publish: Any, serve: Any, wait_for: Any
) -> None:
    on_geopackage.describe("places")
    with serve(on_geopackage) as client:
        assert "/collections/catalogue" not in client.get("/", headers=HTML).text
        publish(on_geopackage, now=FIRST)
        wait_for(lambda: "/collections/catalogue" in client.get("/", headers=HTML).text)
