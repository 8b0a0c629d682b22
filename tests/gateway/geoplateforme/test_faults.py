"""A platform that misbehaves: nothing is lost, nothing twice, and it is said."""

from __future__ import annotations

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
UPLOAD = 'name="file"'
PUBLISH = "/metadata/publication"
UNPUBLISH = "/unpublication"
LIST = "limit="
ONCE = 4


@pytest.fixture
def faulty(platform: Any, faulty_before: Callable[[str], Any]) -> Any:
    """The platform behind a proxy that misbehaves."""
    return faulty_before(platform.url)


@pytest.fixture
def push(
    publish: Callable[..., OutletResult], platform: Any, faulty: Any
) -> Callable[..., Any]:
    """Publish through the proxy, tokens too."""
    address = faulty.url.removesuffix("/csw")

    def act(*records: Record, **options: Any) -> OutletResult:
        outlet = {
            "timeout": 2.0,
            "url": platform.api.replace(platform.url, address),
            "token_url": platform.token_url.replace(platform.url, address),
            **options.pop("outlet", {}),
        }
        return publish(*records, outlet=outlet, **options)

    return act


@pytest.fixture
def records(make_record: Callable[..., Record]) -> list[Record]:
    return [make_record(name) for name in "abcd"]


def outcomes(result: OutletResult) -> dict[str, int]:
    return {str(outcome): n for outcome, n in result.counts.items() if n}


def all_once(platform: Any) -> bool:
    there, seen = len(platform.metadata), len(platform.seen())
    return there == seen == platform.uploads == ONCE


@pytest.mark.parametrize("path", ["/token", LIST])
@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("content", [HTML, XHTML, REPORT, b"", b"[1]"])
def test_nonsense_instead_of_an_answer_sends_nothing(
    push: Any,
    faulty: Any,
    platform: Any,
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
    assert platform.metadata == {}


@pytest.mark.parametrize("path", [LIST, "/file", "/metadata/"])
@pytest.mark.parametrize(
    ("status", "content"), [(200, HTML), (200, XHTML), (404, HTML), (404, b"")]
)
def test_nonsense_instead_of_a_look_changes_and_forgets_nothing(
    push: Any,
    faulty: Any,
    platform: Any,
    acts: Any,
    records: list[Record],
    path: str,
    status: int,
    content: bytes,
) -> None:
    push(*records)
    before = dict(platform.seen())
    faulty.always(path, acts.answer(status, content))
    assert isinstance(push(overwrite=True).problem, OutletUnreachable)
    assert platform.seen() == before
    faulty.faults.clear()
    assert outcomes(push()) == {"done": 4}
    assert platform.metadata == {}


@pytest.mark.parametrize("said", ["1-2/9", "", "1-0/4"])
def test_half_a_list_is_not_taken_for_the_whole(
    push: Any,
    faulty: Any,
    platform: Any,
    acts: Any,
    records: list[Record],
    said: str,
) -> None:
    push(*records)
    headers = {"Content_Range": said} if said else {}
    faulty.always(LIST, acts.answer(206, b"[]", **headers))
    assert isinstance(push(*records).problem, OutletUnreachable)
    assert all_once(platform)


@pytest.mark.parametrize("path", ["/token", LIST])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_question_is_asked_again(
    push: Any,
    faulty: Any,
    platform: Any,
    acts: Any,
    records: list[Record],
    path: str,
    status: int,
) -> None:
    faulty.then(path, *[acts.answer(status, b"", Retry_After="1")] * 2)
    assert outcomes(push(*records)) == {"done": 4}
    assert all_once(platform)


@pytest.mark.parametrize("order", [UPLOAD, PUBLISH])
@pytest.mark.parametrize("fault", ["carry_out_and_drop", "break_off", "reset"])
def test_a_lost_answer_makes_no_second_metadata(
    push: Any,
    faulty: Any,
    platform: Any,
    acts: Any,
    records: list[Record],
    order: str,
    fault: str,
) -> None:
    faulty.then(order, *[getattr(acts, fault)] * 2)
    assert outcomes(push(*records)) == {"done": 4}
    assert all_once(platform)
    assert faulty.count(order) == ONCE
    assert outcomes(push(*records)) == {"kept": 4}


@pytest.mark.parametrize("order", [UPLOAD, PUBLISH])
@pytest.mark.parametrize("fault", ["drop", "hang", "html", "report", "500", "429"])
def test_an_order_that_did_not_arrive_is_sent_again_after_looking(
    push: Any,
    faulty: Any,
    platform: Any,
    acts: Any,
    records: list[Record],
    order: str,
    fault: str,
) -> None:
    act = {
        "drop": acts.drop,
        "hang": acts.hang(3),
        "html": acts.answer(200, HTML),
        "report": acts.answer(200, REPORT),
        "500": acts.answer(500, b"{}"),
        "429": acts.answer(429, b"", Retry_After="2"),
    }[fault]
    faulty.then(order, act)
    assert outcomes(push(*records)) == {"done": 4}
    assert all_once(platform)
    assert faulty.count(order) == ONCE + 1


def test_an_order_that_arrives_late_makes_no_second_record(
    push: Any, faulty: Any, platform: Any, acts: Any, records: list[Record]
) -> None:
    faulty.then(UPLOAD, acts.drop, acts.twice)
    # uploaded by the one that came late, and published by nobody yet
    assert outcomes(push(records[0])) == {"failed": 1}
    assert outcomes(push(records[0])) == {"done": 1}
    assert len(platform.metadata) == len(platform.seen()) == 1
    assert outcomes(push(records[0])) == {"kept": 1}


def test_success_is_not_believed_without_the_record(
    push: Any, faulty: Any, platform: Any, acts: Any, records: list[Record]
) -> None:
    faulty.then(UPLOAD, acts.answer(201, b'{"_id": "00000000"}'))
    result = push(*records)
    assert outcomes(result) == {"pending": 1, "done": 3}
    assert outcomes(push(*records)) == {"kept": 3, "done": 1}
    assert all_once(platform)


def test_a_second_publisher_at_the_same_time_makes_nothing_twice(
    push: Any,
    publish: Callable[..., OutletResult],
    faulty: Any,
    platform: Any,
    acts: Any,
    records: list[Record],
    other_store: Store,
) -> None:
    seconds: list[OutletResult] = []

    def second() -> None:
        seconds.append(publish(*records, store=other_store))

    faulty.then(UPLOAD, acts.meanwhile(second))
    assert outcomes(push(*records)) == {"done": 4}
    assert [outcomes(each) for each in seconds] == [{"done": 4}]
    assert all_once(platform)
    assert outcomes(publish(*records, store=other_store)) == {"kept": 4}


@pytest.mark.parametrize("fault", ["drop", "carry_out_and_drop", "500", "html"])
def test_a_lost_answer_to_an_update_changes_the_record_once(
    push: Any,
    faulty: Any,
    platform: Any,
    acts: Any,
    make_record: Callable[..., Record],
    fault: str,
) -> None:
    push(*[make_record(name) for name in "abcd"])
    answers = {"500": acts.answer(500, b"{}"), "html": acts.answer(200, HTML)}
    faulty.then(UPLOAD, answers.get(fault) or getattr(acts, fault))
    changed = [make_record(name, title=f"Autre {name}") for name in "abcd"]
    assert outcomes(push(*changed)) == {"done": 4}
    assert all_once(platform)
    assert {seen[0] for seen in platform.seen().values()} == {
        each.content for each in changed
    }


@pytest.mark.parametrize("place", ["unpublish", "delete"])
@pytest.mark.parametrize("fault", ["drop", "carry_out_and_drop", "500", "html"])
def test_a_lost_answer_to_a_delete_leaves_nothing_and_deletes_no_other(
    push: Any,
    faulty: Any,
    platform: Any,
    acts: Any,
    records: list[Record],
    place: str,
    fault: str,
) -> None:
    push(*records)
    (leaving,) = (
        each.id
        for each in platform.metadata.values()
        if each.file_identifier == records[0].identifier
    )
    answers = {"500": acts.answer(500, b"{}"), "html": acts.answer(200, HTML)}
    act = answers.get(fault) or getattr(acts, fault)

    def only_orders(handler: Any, body: bytes) -> None:
        if handler.command == "DELETE":
            act(handler, body)
            return
        faulty.then(leaving, only_orders)
        acts.forward(handler, body)

    faulty.then(*((UNPUBLISH, act) if place == "unpublish" else (leaving, only_orders)))
    assert outcomes(push(*records[1:])) == {"kept": 3, "done": 1}
    left = {each.file_identifier for each in platform.metadata.values()}
    assert left == set(platform.seen()) == {r.identifier for r in records[1:]}


@pytest.mark.parametrize("order", [UPLOAD, PUBLISH, LIST, "/file"])
def test_a_token_that_ends_in_the_middle_is_replaced(
    push: Any, faulty: Any, platform: Any, acts: Any, records: list[Record], order: str
) -> None:
    def expire(handler: Any, body: bytes) -> None:
        platform.expire()
        acts.forward(handler, body)

    faulty.then(order, acts.forward, expire, acts.forward, expire)
    assert outcomes(push(*records)) == {"done": 4}
    assert all_once(platform)
    assert len(platform.grants) == 3


def test_a_login_taken_away_in_the_middle_stops_the_rest(
    push: Any, faulty: Any, platform: Any, acts: Any, records: list[Record]
) -> None:
    def revoke(handler: Any, body: bytes) -> None:
        platform.expire()
        platform.clients["passerelle"] = "changed"
        acts.forward(handler, body)

    faulty.then(UPLOAD, acts.forward, revoke)
    result = push(*records)
    assert isinstance(result.problem, LoginRefused)
    assert outcomes(result) == {"done": 1, "not sent": 3}
    assert len(platform.metadata) == 1


def test_a_right_that_is_missing_stops_the_rest(
    push: Any, faulty: Any, platform: Any, acts: Any, records: list[Record]
) -> None:
    faulty.always(PUBLISH, acts.answer(403, b'{"error": "forbidden"}'))
    result = push(*records)
    assert isinstance(result.problem, LoginRefused)
    assert platform.seen() == {}
    faulty.faults.clear()
    assert outcomes(push(*records)) == {"done": 4}
    assert all_once(platform)


def test_an_upload_believed_lost_that_arrives_late_is_found(
    push: Any, faulty: Any, platform: Any, acts: Any, make_record: Any
) -> None:
    late: list[Any] = []

    def later(handler: Any, body: bytes) -> None:
        if not late:
            late.append(body)
            acts.drop(handler, body)
            return
        acts.carry_out_and_drop(handler, body)

    faulty.then(UPLOAD, later, later)
    assert outcomes(push(make_record("a"))) == {"done": 1}
    assert len(platform.metadata) == platform.uploads == 1


def test_a_platform_that_loses_every_order_is_given_up(
    push: Any,
    faulty: Any,
    platform: Any,
    acts: Any,
    store: Store,
    records: list[Record],
) -> None:
    faulty.always(UPLOAD, acts.drop)
    result = push(*records)
    assert isinstance(result.problem, OutletUnreachable)
    assert outcomes(result).keys() <= {"failed", "not sent"}
    assert platform.metadata == {}
    faulty.faults.clear()
    assert outcomes(push(*records)) == {"done": 4}
    states = Counter(entry.state for entry in store.entries("geoplateforme"))
    assert states == {EntryState.DONE: 4}
