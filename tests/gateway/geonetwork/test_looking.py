"""Many records are looked at in one request, and what that leaves open one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.publication.result import OutletResult
from metadata.record import Record

HTML = b"<!DOCTYPE html><html><body><h1>Portail captif</h1></body></html>"
CSW = "/eng/csw"
MANY = 60


@pytest.fixture
def records(make_record: Callable[..., Record]) -> list[Record]:
    return [make_record(f"jeu-{number:02}") for number in range(MANY)]


@pytest.fixture
def faulty(catalogue: Any, faulty_before: Callable[[str], Any]) -> Any:
    return faulty_before(catalogue.url)


def outcomes(result: OutletResult) -> dict[str, int]:
    assert result.problem is None, result.problem
    return {str(outcome): n for outcome, n in result.counts.items() if n}


def asked(catalogue: Any) -> tuple[int, int]:
    """Return how many questions were put to CSW, and how many to the API."""
    lists = sum(path.endswith(CSW) for path in catalogue.asked)
    alone = sum(path.endswith("/formatters/xml") for path in catalogue.asked)
    catalogue.asked.clear()
    return lists, alone


def test_what_is_as_meant_is_seen_in_two_requests_for_sixty(
    publish: Any, records: list[Record], catalogue: Any
) -> None:
    publish(*records)
    catalogue.asked.clear()
    assert outcomes(publish(*records)) == {"kept": MANY}
    assert asked(catalogue) == (2, 0)


@pytest.mark.parametrize("fixes", [True, False])
def test_what_an_update_made_of_it_is_as_meant(
    publish: Any,
    records: list[Record],
    make_record: Any,
    catalogue: Any,
    fixes: bool,
) -> None:
    catalogue.fixes = fixes
    publish(*records[:3])
    changed = [make_record(f"jeu-{n:02}", title=f"Autre {n}") for n in range(3)]
    publish(*changed)
    catalogue.asked.clear()
    assert outcomes(publish(*changed)) == {"kept": 3}
    assert asked(catalogue) == (1, 0)


def test_only_what_changed_here_or_there_is_read_alone(
    publish: Any, records: list[Record], make_record: Any, catalogue: Any
) -> None:
    publish(*records)
    edited = catalogue.records[records[7].identifier]
    edited.xml = edited.xml.replace(b"Contours des", b"Contours officiels des")
    del catalogue.records[records[8].identifier]
    wanted = [make_record("jeu-00", title="Autre"), *records[1:-1]]
    catalogue.asked.clear()
    found = outcomes(publish(*wanted))
    assert found == {"refused": 1, "done": 3, "kept": MANY - 4}
    looked_at, read_back = 4, 3
    assert asked(catalogue) == (2, looked_at + read_back)


def test_a_catalogue_whose_csw_is_switched_off_is_asked_one_by_one(
    publish: Any, records: list[Record], catalogue: Any
) -> None:
    catalogue.csw = False
    publish(*records[:4])
    catalogue.asked.clear()
    assert outcomes(publish(*records[:4])) == {"kept": 4}
    assert asked(catalogue) == (1, 4)


def test_what_its_csw_leaves_out_is_there_all_the_same(
    publish: Any, records: list[Record], catalogue: Any
) -> None:
    publish(*records[:4])
    catalogue.csw_hides.add(records[2].identifier)
    catalogue.asked.clear()
    assert outcomes(publish(*records[:4])) == {"kept": 4}
    assert asked(catalogue) == (1, 1)


def test_one_that_we_may_not_see_hides_no_other(
    publish: Any, records: list[Record], catalogue: Any
) -> None:
    publish(*records[:4])
    catalogue.records[records[2].identifier].hidden = True
    assert outcomes(publish(*records[:4])) == {"kept": 3, "refused": 1}


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
@pytest.mark.parametrize("content", [HTML, b"", b"{}", b"<csw/>"])
def test_nonsense_from_its_csw_changes_nothing(
    publish: Any,
    faulty: Any,
    acts: Any,
    records: list[Record],
    catalogue: Any,
    status: int,
    content: bytes,
) -> None:
    address = faulty.url.replace("/csw", "/geonetwork")
    publish(*records[:4])
    faulty.always(CSW, acts.answer(status, content))
    catalogue.asked.clear()
    assert outcomes(publish(*records[:4], url=address)) == {"kept": 4}
    assert asked(catalogue) == (0, 4)
    assert len(catalogue.records) == catalogue.inserts == 4


def test_a_record_of_another_is_never_taken_for_ours(
    publish: Any, faulty: Any, acts: Any, records: list[Record], catalogue: Any
) -> None:
    """An answer that was kept by a proxy, say: it has not what was asked for."""
    address = faulty.url.replace("/csw", "/geonetwork")
    publish(*records[:2])
    namespace = "http://www.opengis.net/cat/csw/2.0.2"
    old = b"".join(each.xml for each in catalogue.records.values())
    envelope = f'<c:GetRecordByIdResponse xmlns:c="{namespace}">'.encode()
    answer = envelope + old + b"</c:GetRecordByIdResponse>"
    faulty.always(CSW, acts.answer(200, answer))
    assert outcomes(publish(*records[2:5], url=address)) == {"done": 5}
    assert set(catalogue.records) == {each.identifier for each in records[2:5]}
