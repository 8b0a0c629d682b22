"""The catalogue while it changes: harvests hold, losses are not served."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

PAGE = {
    "request": "GetRecords",
    "typeNames": "csw:Record",
    "resultType": "results",
    "elementSetName": "brief",
    "maxRecords": "10",
}


def jdd(numbers: Any) -> list[str]:
    return [f"fr-229300082-jdd-{n:05d}" for n in numbers]


def hits(served: Any, csw: Any) -> int:
    answer = served.get(request="GetRecords", typeNames="csw:Record")
    return csw.numbers(answer)[0] if answer.status_code == 200 else -1


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: Any) -> None:
        self.now = now

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock(csw: Any) -> Clock:
    return Clock(csw.now)


@pytest.fixture
def served(csw: Any, tmp_path: Any, clock: Clock) -> Iterator[Any]:
    """Forty datasets, of which a test may publish others."""
    records = [csw.record(n) for n in range(40)]
    with csw.serving(tmp_path / "deployment", records, now=clock) as found:
        yield found


def pages(served: Any, csw: Any, between: Callable[[], None]) -> list[str]:
    """Harvest page by page; something happens after the first one."""
    seen: list[str] = []
    start = 1
    while start:
        answer = served.get(**PAGE, startPosition=str(start))
        assert answer.status_code == 200
        seen += csw.texts(answer, "//dc:identifier")
        if start == 1:
            between()
        start = csw.numbers(answer)[2]
    return seen


def test_a_harvest_under_way_misses_and_repeats_nothing(served: Any, csw: Any) -> None:
    """Records come and go before, within and after the pages read so far."""

    def change() -> None:
        left = [csw.record(n) for n in range(40) if n not in {3, 25}]
        came = [csw.record(n, title=f"Autre {n}") for n in (50, 51)]
        served.store.apply_snapshot([*left, *came], now=csw.now)
        other = httpx.get(
            served.address,
            params={"service": "CSW", "version": "2.0.2", **PAGE},
            headers={"user-agent": "another"},
        )
        assert other.status_code == 200
        # a new harvest sees the new catalogue
        until(
            lambda: (
                csw.numbers(served.get(request="GetRecords", typeNames="csw:Record"))[0]
                == 40
                and "fr-229300082-jdd-00050" in served.identifiers("Title LIKE 'Aut%'")
            )
        )

    assert pages(served, csw, change) == jdd(range(40))
    expected = jdd([n for n in range(40) if n not in {3, 25}] + [50, 51])
    assert pages(served, csw, lambda: None) == expected


def test_a_page_asked_again_is_the_same(served: Any, csw: Any) -> None:
    """A harvester whose answer was lost asks again."""
    assert served.get(**PAGE).status_code == 200
    before = served.get(**PAGE, startPosition="11")
    remaining = [csw.record(n) for n in range(5, 40)]
    served.store.apply_snapshot(remaining, now=csw.now)
    until(lambda: hits(served, csw) == 35)
    after = served.get(**PAGE, startPosition="11")
    path = "//dc:identifier"
    assert csw.texts(after, path) == csw.texts(before, path) == jdd(range(10, 20))


def test_a_harvest_given_up_is_forgotten(served: Any, csw: Any, clock: Clock) -> None:
    assert served.get(**PAGE).status_code == 200
    remaining = [csw.record(n) for n in range(5, 40)]
    served.store.apply_snapshot(remaining, now=csw.now)
    until(lambda: hits(served, csw) == 35)
    clock.now += timedelta(hours=1)
    answer = served.get(**PAGE, startPosition="11")
    assert csw.texts(answer, "//dc:identifier") == jdd(range(15, 25))


def test_what_changed_is_found_by_its_date(served: Any, csw: Any) -> None:
    day = csw.now.date()
    changed = [csw.record(n, title=f"Nouveau {n}", day=day) for n in (7, 31)]
    kept = [csw.record(n) for n in range(40) if n not in {7, 31}]
    served.store.apply_snapshot([*kept, *changed], now=csw.now)
    until(lambda: len(served.identifiers("Title LIKE 'Nouveau%'")) == 2)
    assert served.identifiers(f"Modified >= '{day}'") == jdd([7, 31])
    capabilities = served.get(request="GetCapabilities")
    assert csw.texts(capabilities, "//inspire_common:MetadataDate") == [str(day)]


def test_a_catalogue_that_shrank_is_not_served(
    served: Any, csw: Any, clock: Clock
) -> None:
    served.store.apply_snapshot([csw.record(n) for n in range(4)], now=csw.now)
    until(lambda: hits(served, csw) == -1)
    answer = served.get(**PAGE)
    assert csw.exception(answer) == (503, "NoApplicableCode", "")
    assert int(answer.headers["retry-after"]) > 0
    (said,) = csw.texts(answer, "//ows:ExceptionText")
    assert said.startswith("36 fiches sur 40 ont disparu en 7 jours")
    assert "largest_loss" in said
    for operation in ({"request": "GetRecordById", "id": "x"},
                      {"request": "GetDomain", "PropertyName": "Type"}):  # fmt: skip
        assert served.get(**operation).status_code == 503
    assert served.get(request="GetCapabilities").status_code == 200
    clock.now += timedelta(days=8)
    assert hits(served, csw) == 4


def test_it_is_served_again_once_the_records_are_back(served: Any, csw: Any) -> None:
    served.store.apply_snapshot([csw.record(n) for n in range(4)], now=csw.now)
    until(lambda: hits(served, csw) == -1)
    served.store.apply_snapshot([csw.record(n) for n in range(39)], now=csw.now)
    until(lambda: hits(served, csw) == 39)


@pytest.mark.parametrize("left", [20, 35])
def test_a_loss_within_the_share_is_served(served: Any, csw: Any, left: int) -> None:
    served.store.apply_snapshot([csw.record(n) for n in range(left)], now=csw.now)
    until(lambda: hits(served, csw) == left)


def test_a_small_catalogue_may_lose_a_few(csw: Any, tmp_path: Any) -> None:
    records = [csw.record(n) for n in range(6)]
    with csw.serving(tmp_path / "deployment", records) as served:
        served.store.apply_snapshot(records[:1], now=csw.now)
        until(lambda: hits(served, csw) == 1)


def test_the_share_can_be_set(csw: Any, tmp_path: Any) -> None:
    records = [csw.record(n) for n in range(20)]
    more = "largest_loss: 0.25"
    with csw.serving(tmp_path / "deployment", records, more=more) as served:
        served.store.apply_snapshot(records[:14], now=csw.now)
        until(lambda: hits(served, csw) == -1)


def test_an_empty_catalogue_is_never_served(csw: Any, tmp_path: Any) -> None:
    with csw.serving(tmp_path / "deployment", []) as served:
        assert csw.exception(served.get(**PAGE))[0] == 503
        assert served.get(request="GetCapabilities").status_code == 200
        assert served.get(request="DescribeRecord").status_code == 200
        served.store.apply_snapshot([csw.record(1)], now=csw.now)
        until(lambda: hits(served, csw) == 1)


def test_a_store_that_fails_leaves_the_catalogue_as_it_was(
    served: Any, csw: Any, tmp_path: Any
) -> None:
    assert hits(served, csw) == 40
    (tmp_path / "deployment" / "state.sqlite").write_bytes(b"no database")
    for _ in range(5):
        assert hits(served, csw) == 40
        time.sleep(0.1)


def test_a_record_that_cannot_be_read_is_served_all_the_same(
    csw: Any, tmp_path: Any
) -> None:
    """Published by another version, say: found by identifier and text, and whole."""
    good = csw.record(1)
    content = good.content.replace(b">publication<", b">somewhen<").replace(
        b'codeListValue="publication"', b'codeListValue="somewhen"'
    )
    odd = csw.replace(good, content=content)
    with csw.serving(tmp_path / "deployment", [odd, csw.record(2)]) as served:
        assert served.identifiers("AnyText LIKE 'Contours numéro 1 du'") == jdd([1])
        answer = served.get(
            request="GetRecordById",
            id=odd.identifier,
            elementSetName="full",
            outputSchema="http://www.isotc211.org/2005/gmd",
        )
        assert b"somewhen" in answer.content
        assert hits(served, csw) == 2
