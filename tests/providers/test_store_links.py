"""What is remembered of links, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from metadata.links import Link, Observation, Outcome
from providers import store_tables as tables
from providers.store import Store, open_store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def on_postgresql(request: pytest.FixtureRequest) -> Iterator[Store]:
    opened = open_store(str(request.getfixturevalue("module_postgis")))
    yield opened
    opened.close()


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgis)]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store that holds nothing of this."""
    if request.param == "postgresql":
        shared = request.getfixturevalue("on_postgresql")
        with shared._database.writing() as connection:
            connection.execute(tables.link.delete())
        yield shared
        return
    opened = open_store(f"sqlite:///{tmp_path}/registre.sqlite")
    yield opened
    opened.close()


def link(url: str) -> Link:
    return Link(dataset_id="communes", element="links.0.url", url=url)


def found(url: str, status: int = 200, **changes) -> tuple[Link, Observation]:
    given = {"outcome": Outcome.ANSWERED, "final": url, "status": status, **changes}
    return link(url), Observation(**given)


def test_a_link_is_remembered_with_all_that_was_found(store) -> None:
    url = "https://x.example/été?a=1"
    store.record_links([found(url, moved="https://y.example/")], now=NOW)
    told = store.record_links([found(url, 503)], now=NOW + DAY)
    known = store.links()
    assert known == told
    assert (known[url].code, known[url].status, known[url].failures) == (
        "link.failing",
        503,
        1,
    )
    assert (known[url].good_at, known[url].broken_since) == (NOW, NOW + DAY)


def test_others_stay_as_they_were(store) -> None:
    store.record_links([found("http://a.example"), found("http://b.example")], now=NOW)
    told = store.record_links([found("http://b.example", 404)], now=NOW + DAY)
    assert {url: each.checked_at for url, each in told.items()} == {
        "http://a.example": NOW,
        "http://b.example": NOW + DAY,
    }


def test_a_very_long_address_is_one_too(store) -> None:
    url = f"https://x.example/{'é' * 4000}\ud800"
    url = url.replace("\ud800", "")
    store.record_links([found(url)], now=NOW)
    assert list(store.links()) == [url]


def test_what_nobody_links_to_any_more_is_forgotten_in_the_end(store) -> None:
    store.record_links([found("http://old.example")], now=NOW)
    store.record_links([found("http://new.example")], now=NOW + 180 * DAY)
    assert set(store.links()) == {"http://old.example", "http://new.example"}
    store.record_links([found("http://new.example")], now=NOW + 190 * DAY)
    assert set(store.links()) == {"http://new.example"}


def test_two_checks_at_once_lose_nothing(store) -> None:
    url, days = "http://x.example", range(8)

    def check(day: int) -> None:
        store.record_links(
            [found(url, 500), found(f"http://{day}.example")], now=NOW + day * DAY
        )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(check, days))
    known = store.links()
    assert known[url].failures == len(days)
    assert len(known) == len(days) + 1


def test_thousands_of_links_are_kept_in_one_go(store) -> None:
    many = [found(f"http://x.example/{number}") for number in range(1500)]
    assert len(store.record_links(many, now=NOW)) == 1500
    assert len(store.links()) == 1500
