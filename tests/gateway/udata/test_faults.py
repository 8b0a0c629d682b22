"""A portal that misbehaves: nothing is lost, nothing twice, and it is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from gateway.publication.result import OutletResult
from metadata.errors import OutletUnreachable
from metadata.record import Record
from providers.store import Store
from providers.store_model import EntryState

pytestmark = pytest.mark.udata
HTML = b"<!DOCTYPE html><html><body><h1>Portail captif</h1></body></html>"
REPORT = (
    b'<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="1.0.0">'
    b'<ows:Exception exceptionCode="NoApplicableCode"/></ows:ExceptionReport>'
)
JSON = {"Content_Type": "application/json"}
CREATE = '"title": "Communes'
"""A word that only the order to create or change one of our datasets holds."""


@pytest.fixture
def faulty(portal: Any, faulty_before: Callable[[str], Any]) -> Any:
    """The portal behind a proxy that misbehaves."""
    return faulty_before(portal.url)


@pytest.fixture
def push(publish: Callable[..., OutletResult], faulty: Any) -> Callable[..., Any]:
    """Publish through the proxy."""
    address = faulty.url.removesuffix("/csw")

    def act(*records: Record, **options: Any) -> OutletResult:
        outlet = {"timeout": 3.0, **options.pop("outlet", {})}
        return publish(*records, url=address, outlet=outlet, **options)

    return act


@pytest.fixture
def records(record: Callable[..., Record]) -> list[Record]:
    return [record(name) for name in "abcd"]


def names(portal: Any) -> dict[str, int]:
    """Count the datasets of the organisation, by our identifier."""
    found = (d["extras"].get("passerelle:identifier", "?") for d in portal.datasets())
    return dict(Counter(name.rpartition("/")[2] for name in found))


def outcomes(result: OutletResult) -> dict[str, int]:
    return {str(outcome): n for outcome, n in result.counts.items() if n}


ONCE = dict.fromkeys("abcd", 1)


@pytest.mark.parametrize(
    "path", ["/me/", "/organizations/", "/licenses/", "/sources/", "organization="]
)
@pytest.mark.parametrize("content", [HTML, REPORT, b"", b"[[[[", b'"text"'])
def test_nonsense_instead_of_an_answer_sends_nothing(
    push: Any,
    faulty: Any,
    portal: Any,
    acts: Any,
    records: list[Record],
    path: str,
    content: bytes,
) -> None:
    faulty.always(path, acts.answer(200, content))
    result = push(*records)
    assert isinstance(result.problem, OutletUnreachable)
    assert result.exit_code == 2
    assert names(portal) == {}


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_question_is_asked_again(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record], status: int
) -> None:
    faulty.then("organization=", *[acts.answer(status, b"", Retry_After="1")] * 2)
    assert outcomes(push(*records)) == {"done": 4}
    assert names(portal) == ONCE


@pytest.mark.parametrize("fault", ["carry_out_and_drop", "break_off", "reset"])
def test_a_lost_answer_makes_no_second_dataset(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record], fault: str
) -> None:
    faulty.then(CREATE, *[getattr(acts, fault)] * 2)
    result = push(*records)
    assert outcomes(result) == {"done": 4}
    assert names(portal) == ONCE
    assert faulty.count(CREATE) == 4
    assert push(*records).counts["kept"] == 4


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("update", "drop"),
        ("update", "carry_out_and_drop"),
        ("archive", "reset"),
        ("archive", "html"),
    ],
)
def test_a_lost_answer_to_a_change_is_found_out(
    push: Any, faulty: Any, portal: Any, acts: Any, record: Any, fault: str, what: str
) -> None:
    push(record("a"), record("b"))
    answers = {"html": acts.answer(200, HTML)}
    faulty.then(CREATE, answers.get(fault) or getattr(acts, fault))
    changed = [record("a", title="Communes, autrement")] if what == "update" else []
    wanted = [*changed, record("b")]
    assert outcomes(push(*wanted)) == {"done": 1, "kept": 1}
    assert names(portal) == {"a": 1, "b": 1}
    assert bool(portal.one("a")["archived"]) is (what == "archive")
    assert outcomes(push(*wanted)) == {"kept": len(wanted)}


def test_success_is_not_believed_without_the_dataset(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record]
) -> None:
    said = b'{"id": "0123456789abcdef01234567"}'
    faulty.then(CREATE, acts.answer(201, said, **JSON))
    assert outcomes(push(*records)) == {"failed": 1, "done": 3}
    assert outcomes(push(*records)) == {"kept": 3, "done": 1}
    assert names(portal) == ONCE


def test_a_second_publisher_with_a_ledger_of_its_own_is_found_out(
    push: Any,
    publish: Callable[..., OutletResult],
    faulty: Any,
    portal: Any,
    acts: Any,
    records: list[Record],
    other_store: Store,
) -> None:
    """The portal takes a dataset twice; whoever comes next says so and adds none."""

    seconds: list[OutletResult] = []

    def second() -> None:
        seconds.append(publish(*records, store=other_store))

    faulty.then(CREATE, acts.meanwhile(second))
    push(*records)
    assert [outcomes(each) for each in seconds] == [{"done": 4}]
    for ledgers in ({}, {"store": other_store}):
        found_out = publish(*records, **ledgers)
        assert found_out.exit_code == 1
        assert "twice" in found_out.problem.text.en
    live = portal.datasets()
    assert Counter(names(portal).values()).keys() <= {1, 2}
    by_name = {each["extras"]["passerelle:identifier"]: each for each in live}
    for each in live:
        if each["id"] != by_name[each["extras"]["passerelle:identifier"]]["id"]:
            portal.archive(each)
    assert outcomes(publish(*records, overwrite=True))["kept"] == 4


def test_an_order_that_was_turned_away_is_sent_again_after_looking(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record]
) -> None:
    faulty.then(CREATE, acts.answer(429, b"", Retry_After="2"))
    assert outcomes(push(*records)) == {"done": 4}
    assert names(portal) == ONCE
    assert faulty.count(CREATE) == 5


@pytest.mark.parametrize("fault", ["drop", "hang", "html", "report", "500"])
def test_an_order_that_may_still_arrive_waits_for_the_next_publish(
    push: Any,
    faulty: Any,
    portal: Any,
    acts: Any,
    store: Store,
    records: list[Record],
    fault: str,
) -> None:
    act = {
        "drop": acts.drop,
        "hang": acts.hang(5),
        "html": acts.answer(200, HTML),
        "report": acts.answer(200, REPORT),
        "500": acts.answer(500, b"{}", **JSON),
    }[fault]
    faulty.then(CREATE, act)
    result = push(*records)
    assert outcomes(result) == {"failed": 1, "done": 3}
    assert result.exit_code == 1
    assert faulty.count(CREATE) == 4
    states = Counter(entry.state for entry in store.entries("data.gouv.fr"))
    assert states == {EntryState.DONE: 3, EntryState.FAILED: 1}
    assert outcomes(push(*records)) == {"kept": 3, "done": 1}
    assert names(portal) == ONCE


def test_a_dataset_that_arrives_late_is_found_by_the_next_publish(
    push: Any, faulty: Any, portal: Any, acts: Any, record: Any
) -> None:
    late: list[Any] = []

    def later(handler: Any, body: bytes) -> None:
        late.append(body)
        acts.drop(handler, body)

    faulty.then(CREATE, later)
    assert outcomes(push(record("a"))) == {"failed": 1}
    assert names(portal) == {}
    portal.post("/datasets/", late[0])
    assert outcomes(push(record("a"))) == {"kept": 1}
    assert names(portal) == {"a": 1}


def test_a_dataset_that_is_there_twice_stops_everything_until_one_is_archived(
    push: Any, faulty: Any, portal: Any, acts: Any, record: Any
) -> None:
    sent: list[bytes] = []

    def remember(handler: Any, body: bytes) -> None:
        sent.append(body)
        acts.forward(handler, body)

    faulty.then(CREATE, remember)
    assert outcomes(push(record("a"))) == {"done": 1}
    portal.post("/datasets/", sent[0])
    result = push(record("a", title="Communes, autrement"))
    assert result.exit_code == 1
    assert result.problem is not None
    assert "twice" in result.problem.text.en
    first, second = portal.datasets()
    assert first["title"] == second["title"]
    portal.archive(second)
    assert outcomes(push(record("a", title="Communes, autrement"))) == {"done": 1}
    live = [each for each in portal.datasets() if not each["archived"]]
    assert [each["title"] for each in live] == ["Communes, autrement"]


def test_a_portal_that_loses_every_order_is_given_up(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record]
) -> None:
    faulty.always(CREATE, acts.drop)
    result = push(*records)
    assert isinstance(result.problem, OutletUnreachable)
    assert outcomes(result).keys() <= {"failed", "not sent"}
    assert names(portal) == {}


def test_what_the_portal_refuses_is_said_in_its_words_and_stops_no_other(
    push: Any, portal: Any, record: Any
) -> None:
    result = push(record("a"), record("b", title="x" * 400), record("c"))
    assert outcomes(result) == {"done": 2, "failed": 1}
    (failed,) = (r for r in result.receipts if r.outcome == "failed")
    assert "title" in failed.message.fr
    assert names(portal) == {"a": 1, "c": 1}


def test_the_key_is_in_no_message(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record], caplog: Any
) -> None:
    faulty.always(CREATE, acts.drop)
    result = push(*records)
    said = f"{result} {caplog.text} {[r.message for r in result.receipts]}"
    assert portal.key not in said
