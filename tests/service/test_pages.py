"""Pages for people: complete in both languages, accessible, from this host alone."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree, html

import service as room
from metadata.finding import Language
from service.messages import catalogue
from service.pages import environment

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES = (
    "/",
    "/conformance",
    "/api",
    "/collections",
    "/collections/places",
    "/collections/places/queryables",
    "/collections/places/schema",
    "/collections/places/items",
    "/collections/places/items/1",
    "/collections/zones/items",
    "/datasets/",
    "/datasets/lieux/",
    "/datasets/lieux/api",
    "/datasets/lieux/collections",
    "/datasets/lieux/collections/places",
    "/datasets/lieux/collections/places/items",
    "/collections/catalogue",
    "/collections/catalogue/items",
    "/collections/catalogue/items?type=dataset&q=Jeu",
    "/collections/catalogue/items?q=rien-de-tel",
    "/collections/catalogue/items?type=dataset&limit=1&themes=Limites administratives",
    "/collections/catalogue/items/{record}",
    "/nothing",
)
OWN = ("/", "#", "?", "mailto:")
FOLDER = Path(room.__path__[0])


@pytest.fixture(scope="module", params=["geopackage", "postgis"])
def service(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    new_deployment: Any,
    filled: Any,
    publish: Any,
    make_files: Any,
    serve: Any,
) -> Iterator[httpx.Client]:
    """The service on two datasets and a restricted one, all of it published."""
    if request.param == "postgis":
        address = request.getfixturevalue("module_postgis")
        filled(address)
        folder = tmp_path_factory.mktemp("pages")
        deployment = new_deployment(folder, address, "public")
    else:
        deployment = request.getfixturevalue("module_geopackage")
    deployment.describe("lieux", "places")
    deployment.describe("zonage", "zones")
    deployment.describe("reserve", access="restricted", more="access_limitation: h")
    make_files(deployment)
    publish(deployment)
    with serve(deployment) as client:
        yield client


@pytest.fixture(params=PAGES)
def path(request: pytest.FixtureRequest, service: httpx.Client) -> str:
    asked = str(request.param)
    if "{record}" in asked:
        found = service.get("/collections/catalogue/items?type=dataset").json()
        asked = asked.format(record=found["features"][0]["id"])
    return asked


@pytest.fixture(params=["fr", "en"])
def page(
    service: httpx.Client, path: str, request: pytest.FixtureRequest
) -> etree._Element:
    mark = "&" if "?" in path else "?"
    answer = service.get(f"{path}{mark}lang={request.param}", headers=HTML)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    root = html.document_fromstring(answer.text)
    assert root.get("lang") == request.param
    assert answer.headers["content-language"] == request.param
    return root


def test_a_page_has_a_title_one_heading_and_landmarks(page: etree._Element) -> None:
    assert page.findtext("head/title").strip(" –")
    assert len(page.findall(".//h1")) == 1
    assert len(page.findall(".//main")) == 1
    assert page.find(".//h1").text_content().strip()


def test_headings_leave_no_level_out(page: etree._Element) -> None:
    levels = [int(e.tag[1]) for e in page.iter("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_page_loads_nothing_from_elsewhere_and_nothing_inline(
    page: etree._Element,
) -> None:
    for element in page.iter("script", "img", "iframe", "link", "source", "form"):
        address = element.get("src") or element.get("href") or element.get("action")
        if element.tag == "script" and address is None:
            assert element.get("type") in {"application/json", "application/ld+json"}
        else:
            assert address.startswith("/")
            assert not address.startswith("//")
    assert not page.xpath("//style | //@style | //@*[starts-with(name(), 'on')]")


def test_ids_are_unique_and_what_is_named_is_there(page: etree._Element) -> None:
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for name in page.xpath("//@aria-labelledby"):
        assert name in ids
    for region in page.xpath("//*[@role='region' or self::nav]"):
        assert region.get("aria-label") or region.get("aria-labelledby")
    for image in page.iter("img"):
        assert image.get("alt") is not None
    for cell in page.iter("th"):
        assert cell.get("scope") in {"col", "row"}


def test_links_have_a_text_and_stay_in_the_language(page: etree._Element) -> None:
    language = page.get("lang")
    for link in page.iter("a"):
        assert link.text_content().strip()
    for link in page.xpath("//main//a/@href | //header//nav[1]//a/@href"):
        if link.startswith("/geo") and "." not in link.rsplit("/", 1)[-1]:
            assert f"lang={language}" in link, link


def test_own_links_lead_somewhere(service: httpx.Client, path: str) -> None:
    root = html.document_fromstring(service.get(path, headers=HTML).text)
    for address in set(root.xpath("//a/@href | //link/@href | //script/@src")):
        if address.startswith("/geo"):
            answer = service.get(address.removeprefix("/geo"), headers=HTML)
            assert answer.status_code == 200, address


def test_values_are_shown_and_never_run(service: httpx.Client) -> None:
    answer = service.get("/collections/places/items?f=html", headers=HTML)
    assert "Lieu 3 &lt;&amp;&#34;&gt;" in answer.text
    assert 'Lieu 3 <&">' not in answer.text


def test_messages_exist_in_both_languages_with_the_same_places() -> None:
    for key, message in catalogue().items():
        places = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (message.fr, message.en)
        ]
        assert message.fr.strip(), key
        assert message.en.strip(), key
        assert places[0] == places[1], key


def test_no_message_is_missing_and_none_left_over() -> None:
    files = [*FOLDER.rglob("*.py"), *FOLDER.glob("templates/*.html")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    known = set(catalogue())
    asked = set(re.findall(r"""\b(?:t|text)\(\s*['"]([a-z0-9.-]+)['"]""", text))
    asked |= set(re.findall(r"""say\(\s*language,\s*"([a-zA-Z0-9.-]+)\"""", text))
    assert {key for key in asked if not key.endswith(".")} <= known
    built = (
        *("status.", "operation.", "parameter.", "tag.", "language.", "geometry."),
        *("facet.", "access.", "record-type.", "header."),
    )
    for key in known - asked:
        assert key.startswith(built) or f'"{key}"' in text or key.startswith("link."), (
            key
        )


def test_every_language_has_its_name() -> None:
    for language in Language:
        assert f"language.{language}" in catalogue()


def test_there_is_one_environment_and_each_template_is_compiled_once(
    service: httpx.Client,
) -> None:
    service.get("/", headers=HTML)
    first = environment().get_template("base.html")
    service.get("/", headers=HTML)
    assert environment().get_template("base.html") is first


def test_bundled_scripts_name_no_other_host() -> None:
    own = [FOLDER / "static" / name for name in ("map.js", "style.css")]
    for file in [*own, *FOLDER.glob("templates/*.html")]:
        assert "//" not in re.sub(r"(?m)^//.*$", "", file.read_text(encoding="utf-8"))
