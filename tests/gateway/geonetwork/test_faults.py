"""A catalogue that misbehaves: nothing is lost, nothing twice, and it is said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from gateway.outlets.http import LoginRefused
from gateway.publication.result import OutletResult
from metadata.errors import OutletUnreachable
from metadata.record import Record
from providers.store import Store
from providers.store_model import EntryState

HTML = b"<!DOCTYPE html><html><body><h1>Portail captif</h1></body></html>"
REPORT = (
    b'<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="1.0.0">'
    b'<ows:Exception exceptionCode="NoApplicableCode"/></ows:ExceptionReport>'
)
XHTML = b'<html xmlns="http://www.w3.org/1999/xhtml"><body>Captif</body></html>'
PUT = "uuidProcessing"
LOOK = "/formatters/xml"
ONCE = 4


@pytest.fixture
def faulty(catalogue: Any, faulty_before: Callable[[str], Any]) -> Any:
    """The catalogue behind a proxy that misbehaves."""
    return faulty_before(catalogue.url)


@pytest.fixture
def push(publish: Callable[..., OutletResult], faulty: Any) -> Callable[..., Any]:
    """Publish through the proxy."""
    address = faulty.url.replace("/csw", "/geonetwork")

    def act(*records: Record, **options: Any) -> OutletResult:
        outlet = {"timeout": 2.0, **options.pop("outlet", {})}
        return publish(*records, url=address, outlet=outlet, **options)

    return act


@pytest.fixture
def records(make_record: Callable[..., Record]) -> list[Record]:
    return [make_record(name) for name in "abcd"]


def outcomes(result: OutletResult) -> dict[str, int]:
    return {str(outcome): n for outcome, n in result.counts.items() if n}


@pytest.mark.parametrize("path", ["/me", LOOK])
@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("content", [HTML, XHTML, REPORT, b"", b"[[[[", b"{}"])
def test_nonsense_instead_of_an_answer_sends_nothing(
    push: Any,
    faulty: Any,
    catalogue: Any,
    acts: Any,
    records: list[Record],
    path: str,
    status: int,
    content: bytes,
) -> None:
    faulty.always(path, acts.answer(status, content))
    result = push(*records)
    assert isinstance(result.problem, OutletUnreachable)
    assert result.exit_code == 2
    assert catalogue.records == {}


def test_nonsense_instead_of_a_look_deletes_and_forgets_nothing(
    push: Any, faulty: Any, catalogue: Any, acts: Any, records: list[Record]
) -> None:
    push(*records)
    faulty.always(LOOK, acts.answer(404, HTML))
    assert isinstance(push().problem, OutletUnreachable)
    assert len(catalogue.records) == ONCE
    faulty.faults.clear()
    assert outcomes(push()) == {"done": 4}
    assert catalogue.records == {}


@pytest.mark.parametrize("path", ["/me", LOOK])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_question_is_asked_again(
    push: Any,
    faulty: Any,
    catalogue: Any,
    acts: Any,
    records: list[Record],
    path: str,
    status: int,
) -> None:
    faulty.then(path, *[acts.answer(status, b"", Retry_After="1")] * 2)
    assert outcomes(push(*records)) == {"done": 4}
    assert len(catalogue.records) == catalogue.inserts == ONCE


@pytest.mark.parametrize("fault", ["carry_out_and_drop", "break_off", "reset"])
def test_a_lost_answer_makes_no_second_record(
    push: Any, faulty: Any, catalogue: Any, acts: Any, records: list[Record], fault: str
) -> None:
    faulty.then(PUT, *[getattr(acts, fault)] * 2)
    assert outcomes(push(*records)) == {"done": 4}
    assert len(catalogue.records) == catalogue.inserts == ONCE
    assert faulty.count(PUT) == ONCE
    assert outcomes(push(*records)) == {"kept": 4}


@pytest.mark.parametrize("fault", ["drop", "hang", "html", "report", "500", "429"])
def test_an_order_that_did_not_arrive_is_sent_again_after_looking(
    push: Any, faulty: Any, catalogue: Any, acts: Any, records: list[Record], fault: str
) -> None:
    act = {
        "drop": acts.drop,
        "hang": acts.hang(3),
        "html": acts.answer(200, HTML),
        "report": acts.answer(200, REPORT),
        "500": acts.answer(500, b"{}"),
        "429": acts.answer(429, b"", Retry_After="2"),
    }[fault]
    faulty.then(PUT, act)
    assert outcomes(push(*records)) == {"done": 4}
    assert len(catalogue.records) == catalogue.inserts == ONCE
    assert faulty.count(PUT) == ONCE + 1


def test_an_order_that_arrives_late_makes_no_second_record(
    push: Any, faulty: Any, catalogue: Any, acts: Any, records: list[Record]
) -> None:
    faulty.then(PUT, acts.drop, acts.twice)
    assert outcomes(push(records[0])) == {"done": 1}
    assert len(catalogue.records) == 1
    assert outcomes(push(records[0])) == {"kept": 1}


def test_a_second_publisher_at_the_same_time_makes_nothing_twice(
    push: Any,
    publish: Callable[..., OutletResult],
    faulty: Any,
    catalogue: Any,
    acts: Any,
    records: list[Record],
    other_store: Store,
) -> None:
    seconds: list[OutletResult] = []

    def second() -> None:
        seconds.append(publish(*records, store=other_store))

    faulty.then(PUT, acts.meanwhile(second))
    assert outcomes(push(*records)) == {"done": 4}
    assert [outcomes(each) for each in seconds] == [{"done": 4}]
    assert len(catalogue.records) == catalogue.inserts == ONCE
    assert outcomes(publish(*records, store=other_store)) == {"kept": 4}


@pytest.mark.parametrize("fault", ["drop", "carry_out_and_drop", "break_off", "500"])
def test_a_lost_answer_to_an_update_changes_the_record_once(
    push: Any,
    faulty: Any,
    catalogue: Any,
    acts: Any,
    make_record: Callable[..., Record],
    fault: str,
) -> None:
    push(*[make_record(name) for name in "abcd"])
    act = acts.answer(500, b"{}") if fault == "500" else getattr(acts, fault)
    faulty.then(PUT, act)
    changed = [make_record(name, title=f"Autre {name}") for name in "abcd"]
    assert outcomes(push(*changed)) == {"done": 4}
    assert len(catalogue.records) == catalogue.inserts == ONCE
    assert outcomes(push(*changed)) == {"kept": 4}


@pytest.mark.parametrize("fault", ["drop", "carry_out_and_drop", "500", "html"])
def test_a_lost_answer_to_a_delete_leaves_nothing_and_deletes_no_other(
    push: Any, faulty: Any, catalogue: Any, acts: Any, records: list[Record], fault: str
) -> None:
    push(*records)
    answers = {"500": acts.answer(500, b"{}"), "html": acts.answer(200, HTML)}
    faulty.then("withBackup", answers.get(fault) or getattr(acts, fault))
    assert outcomes(push(*records[1:])) == {"kept": 3, "done": 1}
    assert set(catalogue.records) == {r.identifier for r in records[1:]}


def test_an_expired_session_is_begun_anew_and_nothing_is_sent_twice(
    push: Any, faulty: Any, catalogue: Any, acts: Any, records: list[Record]
) -> None:
    def expire(handler: Any, body: bytes) -> None:
        catalogue.expire()
        acts.forward(handler, body)

    faulty.then(PUT, expire, acts.forward, expire)
    assert outcomes(push(*records)) == {"done": 4}
    assert len(catalogue.records) == catalogue.inserts == ONCE
    assert faulty.count(PUT) == ONCE + 2


def test_rights_taken_away_in_the_middle_stop_the_rest(
    push: Any, faulty: Any, catalogue: Any, acts: Any, records: list[Record]
) -> None:
    def demote(handler: Any, body: bytes) -> None:
        catalogue.accounts["passerelle"].profile = "RegisteredUser"
        acts.forward(handler, body)

    faulty.then(PUT, acts.forward, demote)
    result = push(*records)
    assert isinstance(result.problem, LoginRefused)
    assert outcomes(result) == {"done": 1, "not sent": 3}
    assert len(catalogue.records) == 1
    catalogue.accounts["passerelle"].profile = "Editor"
    assert outcomes(push(*records)) == {"kept": 1, "done": 3}


@pytest.mark.parametrize(
    "report",
    [
        {"errors": [{"message": "Schéma inconnu"}]},
        {"metadataErrors": {"12": [{"message": "Schéma inconnu"}]}},
        {"metadataErrors": {"12": [{"uuid": "x", "message": "Schéma inconnu"}]}},
    ],
)
def test_an_error_inside_a_report_is_an_error(
    push: Any,
    faulty: Any,
    catalogue: Any,
    acts: Any,
    records: list[Record],
    report: dict[str, Any],
) -> None:
    said = json.dumps({"numberOfRecordsProcessed": 1, **report}).encode()
    faulty.then(PUT, acts.answer(201, said))
    result = push(*records)
    assert outcomes(result) == {"failed": 1, "done": 3}
    (failed,) = (r for r in result.receipts if r.outcome == "failed")
    assert "Schéma inconnu" in failed.message.fr
    assert len(catalogue.records) == ONCE - 1


def test_a_report_of_success_for_what_is_not_there_is_not_believed(
    push: Any, faulty: Any, acts: Any, records: list[Record]
) -> None:
    said = json.dumps({"numberOfRecordsProcessed": 1, "errors": []}).encode()
    faulty.then(PUT, acts.answer(201, said))
    assert outcomes(push(*records)) == {"failed": 1, "done": 3}


def test_a_catalogue_that_loses_every_order_is_given_up(
    push: Any,
    faulty: Any,
    catalogue: Any,
    acts: Any,
    store: Store,
    records: list[Record],
) -> None:
    faulty.always(PUT, acts.drop)
    result = push(*records)
    assert isinstance(result.problem, OutletUnreachable)
    assert outcomes(result).keys() <= {"failed", "not sent"}
    assert catalogue.records == {}
    faulty.faults.clear()
    assert outcomes(push(*records)) == {"done": 4}
    states = Counter(entry.state for entry in store.entries("geonetwork"))
    assert states == {EntryState.DONE: 4}


def test_a_proxy_that_takes_the_cookies_is_named(
    push: Any, faulty: Any, catalogue: Any, acts: Any, records: list[Record]
) -> None:
    faulty.always("/me", acts.answer(200, b'{"profile": "Editor"}'))
    result = push(*records)
    assert isinstance(result.problem, OutletUnreachable)
    assert "XSRF-TOKEN" in result.problem.text.fr
    assert catalogue.records == {}
