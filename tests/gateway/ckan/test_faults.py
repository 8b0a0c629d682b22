"""A portal that misbehaves: nothing is lost, nothing twice, and it is said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from gateway.publication.result import OutletResult
from metadata.errors import OutletRefused, OutletUnreachable
from metadata.record import Record
from providers.store import Store
from providers.store_model import EntryState

pytestmark = pytest.mark.ckan
HTML = b"<!DOCTYPE html><html><body><h1>Portail captif</h1></body></html>"
REPORT = (
    b'<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="1.0.0">'
    b'<ows:Exception exceptionCode="NoApplicableCode"/></ows:ExceptionReport>'
)
JSON = {"Content_Type": "application/json"}
CREATE = "/package_create"


def refusal(kind: str, **fields: Any) -> bytes:
    error = {"__type": kind, **fields}
    return json.dumps({"success": False, "error": error, "help": ""}).encode()


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
    """Count the datasets of the organisation, by our name."""
    ours = {portal.named(name): name for name in "abcd"}
    return dict(Counter(ours.get(d["name"], d["name"]) for d in portal.datasets()))


def outcomes(result: OutletResult) -> dict[str, int]:
    return {str(outcome): n for outcome, n in result.counts.items() if n}


ONCE = dict.fromkeys("abcd", 1)
NONSENSE = {
    "html": HTML,
    "a report of OGC": REPORT,
    "nothing": b"",
    "no json": b"[[[[",
    "a text": b'"text"',
    "no result": b'{"success": true}',
    "a result of another kind": b'{"success": true, "result": "ok"}',
}


@pytest.mark.parametrize(
    "path", ["status_show", "list_for_user", "license_list", "package_search"]
)
def test_nonsense_instead_of_an_answer_sends_nothing(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record], path: str
) -> None:
    for content in NONSENSE.values():
        faulty.then(path, acts.answer(200, content))
        result = push(*records)
        assert isinstance(result.problem, OutletUnreachable), content
        assert result.exit_code == 2
    assert names(portal) == {}


def test_success_false_is_believed_whatever_the_status(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record]
) -> None:
    faulty.then("status_show", acts.answer(200, refusal("Server Error", message="m")))
    result = push(*records)
    assert isinstance(result.problem, OutletRefused)
    fields = {"title": ["Trop long"], "resources": [{}, {"url": ["?"]}]}
    no = refusal("Validation Error", **fields)
    faulty.then(CREATE, acts.answer(200, no, **JSON))
    result = push(*records)
    assert outcomes(result) == {"failed": 1, "done": 3}
    (failed,) = (r for r in result.receipts if r.outcome == "failed")
    assert "title: Trop long; resources: url: ?" in failed.message.fr


def test_an_old_portal_is_refused(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record]
) -> None:
    old = json.dumps({"success": True, "result": {"ckan_version": "2.9.11"}})
    faulty.then("status_show", acts.answer(200, old.encode(), **JSON))
    result = push(*records)
    assert isinstance(result.problem, OutletRefused)
    assert "2.9.11" in result.problem.text.fr
    assert names(portal) == {}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_question_is_asked_again(
    push: Any, faulty: Any, portal: Any, acts: Any, record: Any, status: int
) -> None:
    again = acts.answer(status, b"", Retry_After="1")
    faulty.then("package_search", again, again)
    faulty.then("package_show", again)
    assert outcomes(push(record("a"))) == {"done": 1}
    assert names(portal) == {"a": 1}


@pytest.mark.parametrize("fault", ["carry_out_and_drop", "break_off", "reset"])
def test_a_lost_answer_makes_no_second_dataset(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record], fault: str
) -> None:
    faulty.then(CREATE, *[getattr(acts, fault)] * 2)
    assert outcomes(push(*records)) == {"done": 4}
    assert names(portal) == ONCE
    assert faulty.count(CREATE) == 4
    assert outcomes(push(*records)) == {"kept": 4}


@pytest.mark.parametrize("fault", ["drop", "hang", "html", "report", "500", "429"])
def test_an_order_that_was_lost_is_sent_once_more_after_looking(
    push: Any, faulty: Any, portal: Any, acts: Any, record: Any, fault: str
) -> None:
    act = {
        "drop": acts.drop,
        "hang": acts.hang(4),
        "html": acts.answer(200, HTML),
        "report": acts.answer(200, REPORT),
        "500": acts.answer(500, refusal("Search Index Error"), **JSON),
        "429": acts.answer(429, b"", Retry_After="2"),
    }[fault]
    faulty.then(CREATE, act)
    assert outcomes(push(record("a"), record("b"))) == {"done": 2}
    assert names(portal) == {"a": 1, "b": 1}
    assert faulty.count(CREATE) == 3


def test_an_order_that_arrives_late_makes_no_second_dataset(
    push: Any, faulty: Any, portal: Any, acts: Any, record: Any
) -> None:
    late: list[Any] = []

    def later(handler: Any, body: bytes) -> None:
        late.append(json.loads(body))
        acts.drop(handler, body)

    faulty.then(CREATE, later)
    assert outcomes(push(record("a"))) == {"done": 1}
    with pytest.raises(AssertionError, match="already in use"):
        portal.act("package_create", **late[0])
    assert outcomes(push(record("a"))) == {"kept": 1}


def test_success_is_not_believed_without_the_dataset(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record]
) -> None:
    said = json.dumps({"success": True, "result": {"id": "0", "name": "x"}})
    faulty.then(CREATE, acts.answer(200, said.encode(), **JSON))
    assert outcomes(push(*records)) == {"failed": 1, "done": 3}
    assert outcomes(push(*records)) == {"kept": 3, "done": 1}
    assert names(portal) == ONCE


def test_a_second_publisher_at_the_same_time_makes_nothing_twice(
    push: Any,
    publish: Callable[..., OutletResult],
    faulty: Any,
    portal: Any,
    acts: Any,
    records: list[Record],
    other_store: Store,
) -> None:
    seconds: list[OutletResult] = []

    def second() -> None:
        seconds.append(publish(*records, store=other_store))

    faulty.then(CREATE, acts.meanwhile(second))
    assert outcomes(push(*records)) == {"done": 4}
    assert [outcomes(each) for each in seconds] == [{"done": 4}]
    assert names(portal) == ONCE
    assert outcomes(publish(*records, store=other_store)) == {"kept": 4}


@pytest.mark.parametrize("action", ["package_update", "package_delete"])
def test_a_lost_answer_to_a_change_is_found_out(
    push: Any, faulty: Any, portal: Any, acts: Any, record: Any, action: str
) -> None:
    push(record("a"), record("b"))
    faulty.then(action, acts.carry_out_and_drop)
    wanted = [record("a", title="Autre"), record("b")]
    wanted = wanted if action == "package_update" else wanted[1:]
    result = push(*wanted)
    assert outcomes(result)["done"] == 1
    assert faulty.count(f"/{action}") == 1
    assert outcomes(push(*wanted)) == {"kept": len(wanted)}


def test_a_proxy_that_forbids_one_order_stops_no_other(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record]
) -> None:
    faulty.then(CREATE, acts.answer(403, HTML))
    result = push(*records)
    assert outcomes(result) == {"failed": 1, "done": 3}
    (failed,) = (r for r in result.receipts if r.outcome == "failed")
    assert "HTTP 403" in failed.message.fr
    assert "Portail captif" in failed.message.fr


def test_a_search_index_that_lags_behind_makes_nothing_twice_and_undoes_nothing(
    push: Any, faulty: Any, portal: Any, record: Any, store: Store
) -> None:
    push(record("a"))
    portal.behind("falls_behind", is_behind=True)
    try:
        assert outcomes(push(record("a"), record("b"))) == {"done": 1, "kept": 1}
        # the list does not have it yet, and its name finds it
        wanted = [record("a"), record("b", title="Autre")]
        assert outcomes(push(*wanted))["done"] == 1
        assert portal.one("b")["title"] == "Autre"
        portal.edit("b", title="Là-bas")
        assert outcomes(push(*wanted))["failed"] == 1
        assert portal.one("b")["title"] == "Là-bas"
    finally:
        portal.behind("falls_behind", is_behind=False)


def test_a_portal_that_loses_every_order_is_given_up(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record]
) -> None:
    faulty.always(CREATE, acts.drop)
    result = push(*records)
    assert isinstance(result.problem, OutletUnreachable)
    assert outcomes(result).keys() <= {"failed", "not sent"}
    assert names(portal) == {}


def test_what_the_portal_refuses_is_said_in_its_words_and_stops_no_other(
    push: Any, portal: Any, record: Any, store: Store
) -> None:
    content = json.loads(record("b").content)
    odd = json.dumps({**content, "maintainer_email": "nobody"}).encode()
    refused = Record(
        identifier=record("b").identifier,
        dataset_id="b",
        kind=record("b").kind,
        content=odd,
    )
    result = push(record("a"), refused, record("c"))
    assert outcomes(result) == {"done": 2, "failed": 1}
    (failed,) = (r for r in result.receipts if r.outcome == "failed")
    assert "maintainer_email: Email nobody is not a valid format" in failed.message.fr
    assert names(portal) == {"a": 1, "c": 1}
    states = Counter(entry.state for entry in store.entries("portail"))
    assert states == {EntryState.DONE: 2, EntryState.FAILED: 1}


def test_the_key_is_in_no_message(
    push: Any, faulty: Any, portal: Any, acts: Any, records: list[Record], caplog: Any
) -> None:
    faulty.always(CREATE, acts.drop)
    result = push(*records)
    said = f"{result} {caplog.text} {[r.message for r in result.receipts]}"
    assert portal.key not in said
