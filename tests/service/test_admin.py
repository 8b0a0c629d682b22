"""The administration: for insiders, in both languages, with the numbers of `status`."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from lxml import etree, html

from gateway.cli import command_line
from metadata.finding import Language, Text
from metadata.links import Link, Observation, Outcome
from metadata.overview import State
from metadata.record import RecordKind
from metadata.scores import Score
from providers.configuration import read_configuration
from providers.store import open_store
from providers.store_model import Entry, EntryState, Operation

STRANGER = {"X-Forwarded-For": "192.0.2.7"}
KEY = {**STRANGER, "X-Passerelle-Key": "ouvre-toi"}
HTML = {"Accept": "text/html"}
PAGES = ("/admin/", "/admin/lieux", "/admin/zonage", "/admin/reserve")
NASTY = '=1+1 <script>alert("x")</script> & "co"'
LONG_AGO = datetime.now(UTC) - timedelta(days=70)


@pytest.fixture(scope="module")
def site(
    module_geopackage: Any,
    serve: Callable[..., AbstractContextManager[httpx.Client]],
    publish: Callable[..., None],
) -> Iterator[httpx.Client]:
    """Two datasets published, one of them refused somewhere; a draft; one withdrawn."""
    deployment = module_geopackage
    more = "links: [{url: 'https://ailleurs.example/x', title: Notice}]"
    deployment.describe("lieux", "places", more=more)
    deployment.describe("zonage", "zones")
    deployment.describe("reserve", status="draft", title=NASTY.replace('"', "'"))
    publish(deployment, now=LONG_AGO)
    text = deployment.configuration.read_text("utf-8")
    text += "outlets: {geo-ide: {url: 'http://127.0.0.1:9/csw'}}\n"
    deployment.configuration.write_text(text, encoding="utf-8")
    _fill(deployment)
    deployment.describe("zonage", "zones", title="Zonage, autrement")
    with serve(deployment) as client:
        wait_until_compared(client)
        yield client


def wait_until_compared(client: httpx.Client) -> None:
    """Wait until the worker has judged every dataset."""
    for _ in range(100):
        counts = client.get("/admin/?f=json").json()["counts"]
        if not counts["not_compared"]:
            return
        time.sleep(0.3)
    pytest.fail("the datasets were not compared in time")


def _fill(deployment: Any) -> None:
    store = open_store(read_configuration(deployment.configuration).store)
    try:
        for revision in store.applied():
            if revision.kind is not RecordKind.SERVICE:
                store.keep_entries([_entry(revision)])
        for back, points in ((60, 6), (0, 8)):
            missing = tuple("abcdefghi"[: 9 - points])
            scores = [
                Score(dataset_id=n, points=points, missing=missing)
                for n in ("lieux", "zonage")
            ]
            day = datetime.now(UTC).date() - timedelta(days=back)
            store.keep_scores(scores, day=day)
        link = Link(
            dataset_id="lieux",
            element="links.0.url",
            url="https://ailleurs.example/x",
        )
        gone = Observation(outcome=Outcome.ANSWERED, final=link.url, status=404)
        store.record_links([(link, gone)], now=LONG_AGO)
    finally:
        store.close()


def _entry(revision: Any) -> Entry:
    done = Entry(
        outlet="geo-ide",
        record_identifier=revision.record_identifier,
        dataset_id=revision.dataset_id,
        kind=revision.kind,
        operation=Operation.CREATE,
        state=EntryState.DONE,
        fingerprint=revision.fingerprint,
        published_fingerprint=revision.fingerprint,
        intended_at=LONG_AGO,
        settled_at=LONG_AGO,
    )
    if revision.dataset_id != "lieux":
        return done
    words = Text(NASTY, NASTY)
    return replace(
        done, state=EntryState.FAILED, published_fingerprint="", message=words
    )


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("form", ["html", "json", "csv"])
def test_strangers_learn_nothing(site: httpx.Client, path: str, form: str) -> None:
    answer = site.get(f"{path}?f={form}", headers=STRANGER)
    assert answer.status_code == 403
    assert "geo-ide" not in answer.text
    assert "Jeu lieux" not in answer.text


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("headers", [{}, KEY])
def test_insiders_are_answered_and_nothing_is_kept(
    site: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    answer = site.get(f"{path}?f=json", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["access-control-allow-origin"] == "http://service.example"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["fr", "en"])
class TestPage:
    @pytest.fixture
    def page(self, site: httpx.Client, path: str, language: str) -> etree._Element:
        answer = site.get(f"{path}?lang={language}", headers=HTML)
        assert answer.status_code == 200
        return html.document_fromstring(answer.text)

    def test_it_is_in_the_language_and_has_one_heading(
        self, page: etree._Element, language: str
    ) -> None:
        assert page.get("lang") == language
        assert len(page.findall(".//h1")) == 1

    def test_it_needs_no_script_and_nothing_from_elsewhere(
        self, page: etree._Element
    ) -> None:
        assert page.findall(".//script") == []
        assert not page.xpath("//@style | //style")
        loaded = page.xpath("//link/@href | //img/@src")
        assert loaded
        assert all(address.startswith("/") for address in loaded)

    def test_every_field_has_a_label_and_every_column_a_head(
        self, page: etree._Element
    ) -> None:
        for field in page.xpath("//select | //input[not(@type='hidden')]"):
            assert page.xpath("//label[@for=$id]", id=field.get("id"))
        for table in page.findall(".//table"):
            heads = table.findall("./thead/tr/th")
            assert all(head.get("scope") == "col" for head in heads)
            assert table.find("caption") is not None
            for row in table.findall("./tbody/tr"):
                assert row.find("th").get("scope") == "row"
                assert len(row) == len(heads)

    def test_what_scrolls_is_reached_by_keyboard(self, page: etree._Element) -> None:
        for region in page.find_class("scroll"):
            assert region.get("tabindex") == "0"
            assert page.get_element_by_id(region.get("aria-labelledby")) is not None

    def test_ids_are_there_once_and_pictures_have_a_name(
        self, page: etree._Element
    ) -> None:
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids))
        for picture in page.xpath("//*[local-name()='svg' and @role='img']"):
            for name in picture.get("aria-labelledby").split():
                assert page.get_element_by_id(name).text

    def test_what_an_outlet_said_is_no_markup(self, page: etree._Element) -> None:
        assert "alert" not in "".join(page.xpath("//script/text()"))


def rows(site: httpx.Client, query: str = "") -> dict[str, dict[str, Any]]:
    answer = site.get(f"/admin/?f=json{query}")
    assert answer.status_code == 200
    return {row["dataset"]: row for row in answer.json()["datasets"]}


def test_each_dataset_stands_as_it_does_failures_first(site: httpx.Client) -> None:
    found = rows(site)
    assert {name: row["state"] for name, row in found.items()} == {
        "lieux": "failed",
        "zonage": "changed",
        "reserve": "draft",
    }
    assert list(found) == ["lieux", "zonage", "reserve"]
    assert found["lieux"]["broken_links"] == ["https://ailleurs.example/x"]
    assert (found["lieux"]["score"], found["lieux"]["score_before"]) == (8, 6)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=failed", ["lieux"]),
        ("outlet=geo-ide", ["lieux", "zonage"]),
        ("outlet=geo-ide&state=changed", ["zonage"]),
        ("q=ZONAGE", ["zonage"]),
        ("q=jeu+lieux", ["lieux"]),
        ("q=nulle+part", []),
        ("state=&outlet=&q=", ["lieux", "zonage", "reserve"]),
        ("limit=1", ["lieux"]),
        ("limit=1&offset=1", ["zonage"]),
        ("offset=9", []),
    ],
)
def test_a_filter_leaves_what_it_says(
    site: httpx.Client, query: str, names: list[str]
) -> None:
    assert list(rows(site, f"&{query}")) == names
    page = html.document_fromstring(site.get(f"/admin/?f=html&{query}").text)
    assert page.xpath("//table[contains(@class, 'stack')]//th[@scope='row']//span/text()") == names  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("state=broken", "state"),
        ("outlet=nowhere", "outlet"),
        ("limit=0", "limit"),
        ("offset=-1", "offset"),
        ("colour=red", "colour"),
        ("f=xml", "f"),
    ],
)
def test_a_wrong_parameter_is_named(site: httpx.Client, query: str, name: str) -> None:
    answer = site.get(f"/admin/?{query}")
    assert answer.status_code == 400
    assert name in json.dumps(answer.json())


def test_pages_lead_to_one_another(site: httpx.Client) -> None:
    first = html.document_fromstring(site.get("/admin/?f=html&limit=2&lang=en").text)
    (address,) = first.xpath("//a[@rel='next']/@href")
    second = html.document_fromstring(site.get(f"/admin/{address}").text)
    assert second.get("lang") == "en"
    assert "Showing" not in second.text_content()
    assert "3 to 3 of 3" in second.text_content()
    assert second.xpath("//a[@rel='prev']")


def test_what_is_unknown_is_404(site: httpx.Client) -> None:
    assert site.get("/admin/nulle-part").status_code == 404


def test_a_csv_is_utf8_for_spreadsheets_and_holds_no_formula(
    site: httpx.Client,
) -> None:
    answer = site.get("/admin/?f=csv&lang=fr")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    refused = next(row for row in lines if row["place"] == "failed")
    assert refused["reason"] == f"'{NASTY}"
    assert {row["dataset"] for row in lines} == {"lieux", "zonage", "reserve"}


def test_the_page_of_a_dataset_tells_its_history(site: httpx.Client) -> None:
    found = site.get("/admin/lieux?f=json").json()
    assert found["history"]["revisions"][0]["number"] == 1
    assert [each["points"] for each in found["scores"]] == [6, 8]
    assert found["links"][0]["broken"]
    page = html.document_fromstring(site.get("/admin/lieux?f=html&lang=fr").text)
    assert "Révision 1" in page.text_content()
    assert NASTY in page.text_content()
    assert page.xpath("//a[contains(@href, '/datasets/lieux/preview')]")


def test_the_command_the_report_and_the_page_have_the_same_numbers(
    site: httpx.Client, module_geopackage: Any
) -> None:
    def run(*command: str) -> Any:
        given = ["--config", str(module_geopackage.configuration), *command]
        done = CliRunner().invoke(command_line(Language.FRENCH), given)
        return json.loads(done.stdout)

    page = site.get("/admin/?f=json").json()
    status = run("status", "--format", "json")
    report = run("report", "--format", "json")
    for part in ("counts", "score", "gains", "findings", "since"):
        assert page[part] == status[part] == report[part]
    assert page["tasks"] == report["tasks"]
    by_id = {row["dataset"]: row for row in status["datasets"]}
    assert {row["dataset"]: row for row in page["datasets"]} == by_id
    assert set(page["counts"]["states"]) == set(State)


def test_a_change_shows_within_seconds(
    site: httpx.Client, module_geopackage: Any, wait_for: Callable[..., None]
) -> None:
    module_geopackage.describe("nouveau", "n=reserve", status="draft")
    try:
        wait_for(lambda: "nouveau" in rows(site))
    finally:
        module_geopackage.withdraw("nouveau")
    wait_for(lambda: "nouveau" not in rows(site))


def judgements(deployment: Any) -> Any:
    store = open_store(read_configuration(deployment.configuration).store)
    try:
        return store.judgements()
    finally:
        store.close()


def test_a_fresh_worker_counts_what_another_judged_on_its_first_page(
    tmp_path: Any,
    new_geopackage: Any,
    serve: Any,
    publish: Any,
    wait_for: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployment = new_geopackage(tmp_path)
    deployment.describe("lieux", "places")
    deployment.describe("zonage", "zones", title=" ")
    publish(deployment)
    with serve(deployment) as client:
        wait_until_compared(client)
        first = client.get("/admin/?f=json").json()
        wait_for(lambda: len(judgements(deployment)) == 2)

    def never(*_: Any, **__: Any) -> None:
        pytest.fail("judged again")

    monkeypatch.setattr("providers.overview_judging.judge", never)
    with serve(deployment) as client:
        again = client.get("/admin/?f=json").json()
    assert again["datasets"] == first["datasets"]
    assert any(each["errors"] for each in again["datasets"])
