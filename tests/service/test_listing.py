"""A thousand collections are listed page by page, and found by words and places."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [collection["id"] for collection in answer.json()["collections"]]


ALL = [f"c{number:02d}" for number in range(1, 25)]


def test_everything_comes_unasked(many: httpx.Client) -> None:
    answer = many.get("/collections")
    assert ids(answer) == ALL
    assert answer.json()["numberMatched"] == answer.json()["numberReturned"] == 24
    assert {link["rel"] for link in answer.json()["links"]} == {"self", "alternate"}


@pytest.mark.parametrize("limit", [1, 5, 24, 30])
def test_the_pages_together_are_everything(many: httpx.Client, limit: int) -> None:
    found, parameters = [], {"limit": str(limit)}
    while parameters:
        answer = many.get("/collections", params=parameters)
        found += ids(answer)
        following = [x for x in answer.json()["links"] if x["rel"] == "next"]
        query = parse_qs(urlsplit(following[0]["href"]).query) if following else {}
        parameters = {name: values[0] for name, values in query.items()}
    assert found == ALL


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("forêt", 8),
        ("FORET", 8),
        ("ecoles quartier", 16),
        ("quartier forêt", 0),
        ("quartier 1,forêt", 16),
        ("c07", 1),
        (" , ", 24),
        ("introuvable", 0),
    ],
)
def test_collections_are_found_by_words(
    many: httpx.Client, words: str, number: int
) -> None:
    answer = many.get("/collections", params={"q": words, "limit": "3"})
    assert answer.json()["numberMatched"] == number
    assert len(ids(answer)) == min(number, 3)


def test_collections_are_found_by_place(many: httpx.Client) -> None:
    here = many.get("/collections/c01").json()["extent"]["spatial"]["bbox"][0]
    around = ",".join(map(str, here))
    assert ids(many.get("/collections", params={"bbox": around})) == ALL
    assert ids(many.get("/collections", params={"bbox": "-10,10,-9,11"})) == []
    assert ids(many.get("/collections", params={"bbox": "170,-80,-170,80"})) == []
    across = many.get("/collections", params={"bbox": "170,-80,3,80"})
    assert ids(across) == ALL


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "offset=-1", "bbox=1,2,3", "page=2", "q=a&q=b"],
)
def test_what_makes_no_sense_is_refused(many: httpx.Client, query: str) -> None:
    answer = many.get(f"/collections?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_people_search_and_turn_pages(many: httpx.Client) -> None:
    page = many.get("/collections?f=html&q=for%C3%AAt&limit=3").text
    assert 'value="forêt"' in page
    assert "Collections trouvées : 8." in page
    assert page.count('<li class="card">') == 3
    assert "offset=3" in page
    assert "q=for%C3%AAt" in page
