"""Languages, formats and parameters: what is asked for is what comes, or a problem."""

from __future__ import annotations

import string
from http import HTTPStatus

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers, QueryParams

from metadata.finding import Language
from service.negotiation import HTML, JSON, chosen_format, chosen_language
from service.problems import HttpProblem

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "fr"),
        ("", "fr"),
        ("en", "en"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("de, en;q=0.2, fr;q=0.4", "fr"),
        ("de;q=0.9", "fr"),
        ("*", "fr"),
        ("de, *;q=0.1", "fr"),
        ("fr;q=0, en", "en"),
        ("EN", "en"),
        ("zz-invalid-;;q=x,,en;q=0.5", "en"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/collections", "/datasets/lieux/"])
def test_any_list_of_languages_is_answered(
    service: httpx.Client, path: str, header: str | None, language: str
) -> None:
    headers = {"Accept": "*/*"}
    if header is not None:
        headers["Accept-Language"] = header
    answer = service.get(path, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert "Accept-Language" in answer.headers["vary"]


def test_lang_wins_over_the_header(service: httpx.Client) -> None:
    answer = service.get("/?lang=en", headers={"Accept-Language": "fr"})
    assert answer.headers["content-language"] == "en"
    assert "This document" in answer.text


def test_a_language_nobody_speaks_is_refused_with_those_that_are(
    service: httpx.Client,
) -> None:
    answer = service.get("/collections?lang=de")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "lang"
    assert "fr, en" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json;q=0.5, text/html", "text/html"),
        ("text/*", "text/html"),
        ("text/html;q=0, */*", "application/json"),
    ],
)
def test_accept_chooses_the_format(
    service: httpx.Client, accept: str, media_type: str
) -> None:
    answer = service.get("/collections", headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == media_type


def test_f_wins_over_accept(service: httpx.Client) -> None:
    answer = service.get("/?f=json", headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "application/json"


def test_what_exists_in_no_format_asked_for_is_406(service: httpx.Client) -> None:
    answer = service.get("/collections", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["code"] == "NotAcceptable"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NotFound"),
        ("GET", "/collections/nothing", 404, "NotFound"),
        ("GET", "/collections/nothing/items", 404, "NotFound"),
        ("GET", "/collections/nothing/queryables", 404, "NotFound"),
        ("GET", "/datasets/nothing/", 404, "NotFound"),
        ("GET", "/datasets/nothing/collections/places/items", 404, "NotFound"),
        ("GET", "/records/nothing.xml", 404, "NotFound"),
        ("GET", "/static/nothing.css", 404, "NotFound"),
        ("GET", "/static/../app.py", 404, "NotFound"),
        ("GET", "/static/%2e%2e/app.py", 404, "NotFound"),
        ("POST", "/collections", 405, "MethodNotAllowed"),
        ("DELETE", "/", 405, "MethodNotAllowed"),
        ("GET", "/?f=xml", 400, "InvalidParameterValue"),
        ("GET", "/?foo=1", 400, "InvalidParameterValue"),
        ("GET", "/conformance?limit=1", 400, "InvalidParameterValue"),
        ("GET", "/collections/places?bbox=1,2,3,4", 400, "InvalidParameterValue"),
        ("GET", "/collections?f=json&f=html", 400, "InvalidParameterValue"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_document(
    service: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    answer = service.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    document = answer.json()
    assert document["status"] == status
    assert document["code"] == code
    assert document["title"]
    assert document["detail"]
    assert "Traceback" not in answer.text


def test_405_says_what_is_allowed(service: httpx.Client) -> None:
    assert "GET" in service.post("/collections").headers["allow"]


def test_a_browser_gets_its_problem_as_a_page(service: httpx.Client) -> None:
    answer = service.get(
        "/collections/<b>?lang=en", headers={"Accept": "text/html,*/*;q=0.8"}
    )
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "&lt;b&gt;" in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/collections", "/collections/places/items", "/nothing", "/health"]
)
def test_scripts_of_other_sites_may_read_everything(
    service: httpx.Client, path: str
) -> None:
    answer = service.get(path, headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Content-Crs" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("path", ["/", "/collections/places/items", "/nothing"])
def test_headers_of_safety_are_on_every_answer(
    service: httpx.Client, path: str
) -> None:
    headers = service.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert "strict-transport-security" not in headers


TAGS = st.text(string.ascii_letters + string.digits + "-*;=,. q", max_size=40)


@given(header=TAGS)
@settings(deadline=None, max_examples=300)
def test_no_header_of_languages_is_ever_refused(header: str) -> None:
    headers = Headers({"Accept-Language": header})
    found = chosen_language(QueryParams(), headers, tuple(Language))
    assert found in Language


@given(header=TAGS)
@settings(deadline=None, max_examples=300)
def test_accept_is_answered_or_refused_with_what_there_is(header: str) -> None:
    headers = Headers({"Accept": header})
    try:
        offer = chosen_format(QueryParams(), headers, (JSON, HTML))
    except HttpProblem as problem:
        offer, status = None, problem.status
    assert offer in (JSON, HTML) or status == HTTPStatus.NOT_ACCEPTABLE
