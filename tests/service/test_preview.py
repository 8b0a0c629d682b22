"""The page of a preview: for insiders, of drafts too, true to what is served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from providers.configuration import read_configuration
from providers.store import open_store
from providers.survey import survey_silo

STRANGER = {"X-Forwarded-For": "192.0.2.7"}
KEY = {**STRANGER, "X-Passerelle-Key": "ouvre-toi"}


@pytest.fixture
def site(
    deployment: Any, serve: Callable[..., AbstractContextManager[httpx.Client]]
) -> Iterator[httpx.Client]:
    """One dataset served, one a draft, one withdrawn."""
    deployment.describe("lieux", "places")
    deployment.describe("zonage", "zones", status="draft", title="Zonage & <co>")
    deployment.describe("ancien", "reserve", status="withdrawn")
    configuration = read_configuration(deployment.configuration)
    store = open_store(configuration.store)
    found = survey_silo(
        configuration.silos["sig"], now=datetime(2026, 5, 1, tzinfo=UTC)
    )
    store.keep_surveys(found.surveys)
    store.close()
    with serve(deployment) as client:
        yield client


def test_strangers_learn_nothing(site: httpx.Client) -> None:
    for name in ("lieux", "zonage", "nulle-part"):
        answer = site.get(f"/datasets/{name}/preview", headers=STRANGER)
        assert answer.status_code == 403
        assert name not in answer.text


@pytest.mark.parametrize("headers", [{}, KEY])
def test_insiders_see_what_is_served(
    site: httpx.Client, headers: dict[str, str]
) -> None:
    answer = site.get("/datasets/lieux/preview?f=json", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    feed = found["views"]["dcat"]
    assert feed["title"] == "Jeu lieux"
    assert feed["licence"] == "lov2"
    assert {each["kind"] for each in feed["resources"]} == {"api", "main"}
    assert found["platform"]["name"] == "data-gouv"


def test_a_draft_is_shown_as_it_will_be(site: httpx.Client) -> None:
    assert site.get("/datasets/zonage/").status_code == 404
    page = site.get("/datasets/zonage/preview?f=html&lang=fr").text
    assert "Zonage &amp; &lt;co&gt;" in page
    assert "Moissonné par le flux DCAT" in page
    assert 'content="noindex"' in page


def test_it_is_a_page_in_both_languages(site: httpx.Client) -> None:
    html = {"Accept": "text/html"}
    french = site.get("/datasets/lieux/preview?lang=fr", headers=html)
    english = site.get("/datasets/lieux/preview?lang=en", headers=html)
    assert french.headers["content-type"].startswith("text/html")
    assert "Ce qui sera perdu ou mal lu" in french.text
    assert "What will be lost or misread" in english.text
    assert french.headers["x-robots-tag"] == "noindex"


@pytest.mark.parametrize("name", ["nulle-part", "ancien"])
def test_what_is_not_there_has_no_preview(site: httpx.Client, name: str) -> None:
    assert site.get(f"/datasets/{name}/preview").status_code == 404


def test_a_parameter_that_it_does_not_know_is_refused(site: httpx.Client) -> None:
    answer = site.get("/datasets/lieux/preview?limit=1")
    assert answer.status_code == 400
    assert "limit" in answer.json()["detail"]
