"""A catalogue that misbehaves: nothing is lost, nothing twice, and it is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from owslib.csw import CatalogueServiceWeb
from owslib.fes import PropertyIsLike

from gateway.outlets.csw.outlet import CswOutlet
from gateway.outlets.http import Pacing
from gateway.outlets.outlet import Outcome
from gateway.publication.ledger import Ledger
from gateway.publication.publish import Order, publish_records, publish_to_outlet
from gateway.publication.result import OutletResult
from metadata.errors import OutletRefused, OutletUnreachable
from providers.store_model import EntryState

pytestmark = pytest.mark.pycsw
HTML = b"<!DOCTYPE html><html><body><h1>Portail captif</h1></body></html>"
GARBAGE = b"\x00\xff\xfe\x1b[2J\x07 not xml at all " * 40
REPORT = (
    b'<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1">'
    b'<ows:Exception exceptionCode="NoApplicableCode"><ows:ExceptionText>'
    b"Base verrouill\xc3\xa9e</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"
)
ENTITIES = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
IMPATIENT = Pacing(sleep=lambda _: None, jitter=lambda a, b: 0.0)


@pytest.fixture
def publish(configure, faulty_catalogue, store, now) -> Callable[..., OutletResult]:
    """Publish through the faulty proxy, without waiting between attempts."""

    def act(records, **options) -> OutletResult:
        configuration = configure(geo=faulty_catalogue.url, timeout=3.0, batch=4)
        outlet = CswOutlet(configuration.outlets["geo"], IMPATIENT)
        try:
            ledger = Ledger(options.pop("store", store), "geo", now=now)
            order = Order(wanted=tuple(records), **options)
            return publish_to_outlet(outlet, ledger, order, None)
        finally:
            outlet.close()

    return act


@pytest.fixture
def there(catalogue, mark) -> Callable[[], list[str]]:
    """Ask the catalogue itself which records of this test it has."""

    def ask() -> list[str]:
        client = CatalogueServiceWeb(catalogue.url, skip_caps=True, timeout=30)
        ours = PropertyIsLike("apiso:Identifier", f"%{mark}%", wildCard="%")
        client.getrecords2([ours], esn="brief", maxrecords=100)
        return sorted(client.records)

    return ask


def outcomes(result: OutletResult) -> dict[str, int]:
    return {str(outcome): n for outcome, n in result.counts.items() if n}


@pytest.fixture
def records(make_record):
    return [make_record(name) for name in "abcdef"]


@pytest.fixture
def identifiers(records) -> list[str]:
    return sorted(record.identifier for record in records)


class TestBeforeAnythingIsSent:
    @pytest.mark.parametrize("what", ["GetCapabilities", "GetRecordById"])
    @pytest.mark.parametrize(
        ("content", "found"),
        [(HTML, "Portail captif"), (GARBAGE, "not xml at all"), (b"", "∅")],
        ids=["html", "garbage", "empty"],
    )
    def test_an_answer_that_is_no_csw_s_is_quoted(
        self, what, content, found, publish, faulty_catalogue, acts, records, there
    ) -> None:
        faulty_catalogue.always(what, acts.answer(200, content))
        result = publish(records)
        assert isinstance(result.problem, OutletUnreachable)
        assert found in result.problem.message
        assert result.problem.message.isprintable()  # a terminal obeys the rest
        assert len(result.problem.message) < 400
        assert result.exit_code == 2
        assert there() == []

    def test_a_document_with_entities_is_no_answer(
        self, publish, faulty_catalogue, acts, records
    ) -> None:
        faulty_catalogue.always("GetCapabilities", acts.answer(200, ENTITIES))
        assert publish(records).exit_code == 2

    def test_a_server_that_always_fails_is_unreachable(
        self, publish, faulty_catalogue, acts, records, store
    ) -> None:
        faulty_catalogue.always("", acts.answer(500, b"oops"))
        result = publish(records)
        assert result.exit_code == 2
        assert "HTTP 500" in result.problem.message
        assert store.entries() == ()

    def test_a_server_that_fails_for_a_moment_is_not(
        self, publish, faulty_catalogue, acts, records, there, identifiers
    ) -> None:
        faulty_catalogue.then("GetCapabilities", acts.answer(503), acts.drop)
        faulty_catalogue.then(
            "GetRecordById", acts.break_off, acts.answer(429, Retry_After="1")
        )
        assert publish(records).exit_code == 0
        assert there() == identifiers

    def test_a_login_that_is_refused_is_a_refusal(
        self, publish, faulty_catalogue, acts, records
    ) -> None:
        faulty_catalogue.always("", acts.answer(401))
        result = publish(records)
        assert isinstance(result.problem, OutletRefused)
        assert result.exit_code == 1

    def test_an_exception_report_is_a_refusal_that_is_quoted(
        self, publish, faulty_catalogue, acts, records
    ) -> None:
        report = REPORT.replace(b"Base", b"\xc2\x9b2JBase")
        faulty_catalogue.always("GetCapabilities", acts.answer(200, report))
        result = publish(records)
        assert "Base verrouillée" in result.problem.message
        assert result.exit_code == 1

    def test_a_wrong_address_is_unreachable(
        self, publish, faulty_catalogue, acts, records
    ) -> None:
        faulty_catalogue.always("", acts.answer(404, HTML))
        result = publish(records)
        assert result.exit_code == 2
        assert "url" in result.problem.hint


class TestWhileSending:
    @pytest.mark.parametrize("act", ["carry_out_and_drop", "break_off", "reset"])
    def test_what_was_carried_out_unseen_is_not_sent_again(
        self, act, publish, faulty_catalogue, acts, records, there, identifiers
    ) -> None:
        faulty_catalogue.then("csw:Insert", getattr(acts, act))
        result = publish(records)
        assert outcomes(result) == {"done": 6}
        assert result.exit_code == 0
        assert there() == identifiers
        assert faulty_catalogue.count("csw:Insert") == 2

    @pytest.mark.parametrize(
        "act", ["drop", "429", "503", "html", "garbage"], ids=lambda name: f"{name}"
    )
    def test_what_was_not_carried_out_is_looked_for_and_sent_again(
        self, act, publish, faulty_catalogue, acts, records, there, identifiers
    ) -> None:
        faults = {
            "drop": acts.drop,
            "429": acts.answer(429, Retry_After="2"),
            "503": acts.answer(503, Retry_After="3600"),
            "html": acts.answer(200, HTML),
            "garbage": acts.answer(200, GARBAGE),
        }
        faulty_catalogue.then("csw:Insert", faults[act])
        result = publish(records)
        assert outcomes(result) == {"done": 6}
        assert there() == identifiers

    @pytest.mark.parametrize(
        ("order", "act"),
        [
            ("csw:Update", "drop"),
            ("csw:Update", "carry_out_and_drop"),
            ("csw:Delete", "reset"),
            ("csw:Delete", "html"),
        ],
    )
    def test_a_lost_answer_to_a_change_is_found_out(
        self, act, order, publish, faulty_catalogue, acts, make_record, there
    ) -> None:
        publish([make_record(name) for name in "ab"])
        answers = {"html": acts.answer(200, HTML)}
        faulty_catalogue.then(order, answers.get(act) or getattr(acts, act))
        title = "Autre" if order == "csw:Update" else None
        left = [make_record("b"), *([make_record("a", title=title)] if title else [])]
        assert outcomes(publish(left)) == {"done": 1, "kept": 1}
        assert there() == sorted(record.identifier for record in left)
        assert outcomes(publish(left)) == {"kept": len(left)}

    def test_an_order_that_arrives_late_makes_no_second_record(
        self, publish, faulty_catalogue, acts, make_record, there
    ) -> None:
        faulty_catalogue.then("csw:Insert", acts.drop, acts.twice)
        assert outcomes(publish([make_record("a")])) == {"done": 1}
        assert there() == [make_record("a").identifier]

    def test_a_second_publisher_at_the_same_time_makes_nothing_twice(
        self, publish, faulty_catalogue, acts, records, there, identifiers, other_store
    ) -> None:
        seconds: list[OutletResult] = []

        def second() -> None:
            seconds.append(publish(records, store=other_store))

        faulty_catalogue.then("csw:Insert", acts.meanwhile(second))
        result = publish(records)
        assert [outcomes(each) for each in seconds] == [{"done": 6}]
        assert outcomes(result) == {"done": 6}
        assert there() == identifiers
        assert outcomes(publish(records, store=other_store)) == {"kept": 6}

    def test_a_batch_that_is_refused_is_sent_one_by_one(
        self, publish, faulty_catalogue, acts, records, there, identifiers
    ) -> None:
        faulty_catalogue.then("csw:Insert", acts.answer(200, REPORT))
        result = publish(records)
        assert outcomes(result) == {"done": 6}
        assert faulty_catalogue.count("csw:Insert") == 1 + 4 + 1
        assert there() == identifiers

    @pytest.mark.parametrize("status", [200, 400, 500])
    def test_what_is_always_refused_fails_with_the_reason(
        self, status, publish, faulty_catalogue, acts, records, there, store
    ) -> None:
        faulty_catalogue.always("csw:Insert", acts.answer(status, REPORT))
        result = publish(records)
        assert outcomes(result) == {"failed": 6}
        assert all("Base verrouillée" in r.message.fr for r in result.receipts)
        assert result.exit_code == 1
        assert there() == []
        assert {e.state for e in store.entries()} == {EntryState.FAILED}

    def test_a_catalogue_that_gets_lost_ends_the_run_and_loses_nothing(
        self, publish, faulty_catalogue, acts, records, there, identifiers, store
    ) -> None:
        faulty_catalogue.then("csw:Insert", acts.forward)
        faulty_catalogue.always("csw:Insert", acts.drop)
        result = publish(records)
        assert result.exit_code == 2
        assert outcomes(result) == {"done": 4, "failed": 1, "not sent": 1}
        assert there() == identifiers[:4]
        faulty_catalogue.faults.clear()
        again = publish(records)
        assert outcomes(again) == {"done": 2, "kept": 4}
        assert there() == identifiers

    def test_a_catalogue_that_cannot_be_read_back_ends_the_run(
        self, publish, faulty_catalogue, acts, records, there, identifiers, store
    ) -> None:
        faulty_catalogue.then("GetRecordById", acts.forward)
        faulty_catalogue.always("GetRecordById", acts.answer(500))
        result = publish(records)
        assert result.exit_code == 2
        assert outcomes(result) == {"unknown": 4, "not sent": 2}
        open_entries = [e for e in store.entries() if e.state is EntryState.INTENT]
        assert len(open_entries) == 4
        faulty_catalogue.faults.clear()
        again = publish(records)
        assert outcomes(again) == {"done": 2, "kept": 4}
        assert there() == identifiers

    def test_a_login_that_is_refused_for_writing_ends_the_run(
        self, publish, faulty_catalogue, acts, records, there
    ) -> None:
        faulty_catalogue.always("csw:Transaction", acts.answer(403))
        result = publish(records)
        assert outcomes(result) == {"not sent": 6}
        assert result.exit_code == 1
        assert faulty_catalogue.count("csw:Insert") == 1
        assert there() == []

    def test_hanging_does_not_hang_us(
        self, publish, faulty_catalogue, acts, make_record, there
    ) -> None:
        faulty_catalogue.then("csw:Insert", acts.hang(8.0))
        result = publish([make_record("a")])
        assert outcomes(result) == {"done": 1}
        assert there() == [make_record("a").identifier]


class TestLies:
    SUMMARY = (
        b'<csw:TransactionResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2">'
        b"<csw:TransactionSummary><csw:totalInserted>%d</csw:totalInserted>"
        b"<csw:totalUpdated>%d</csw:totalUpdated>"
        b"<csw:totalDeleted>%d</csw:totalDeleted></csw:TransactionSummary>"
        b"</csw:TransactionResponse>"
    )

    def test_success_is_not_believed_without_the_record(
        self, publish, faulty_catalogue, acts, make_record, there
    ) -> None:
        faulty_catalogue.always(
            "csw:Insert", acts.answer(200, self.SUMMARY % (1, 0, 0))
        )
        result = publish([make_record("a")])
        assert outcomes(result) == {"failed": 1}
        assert "not there" in result.receipts[0].message.en
        assert there() == []

    def test_a_total_of_nothing_is_reported(
        self, publish, faulty_catalogue, acts, make_record
    ) -> None:
        publish([make_record("a")])
        faulty_catalogue.always(
            "csw:Update", acts.answer(200, self.SUMMARY % (0, 0, 0))
        )
        result = publish([make_record("a", title="Autre")])
        assert outcomes(result) == {"failed": 1}
        assert "0 records of 1" in result.receipts[0].message.en

    def test_a_delete_that_deleted_nothing_is_reported(
        self, publish, faulty_catalogue, acts, make_record, there
    ) -> None:
        publish([make_record("a")])
        faulty_catalogue.always(
            "csw:Delete", acts.answer(200, self.SUMMARY % (0, 0, 1))
        )
        result = publish([])
        assert outcomes(result) == {"failed": 1}
        assert "still there" in result.receipts[0].message.en
        faulty_catalogue.faults.clear()
        assert outcomes(publish([])) == {"done": 1}
        assert there() == []

    def test_a_record_that_was_rewritten_is_told_with_the_first_difference(
        self, publish, faulty_catalogue, acts, make_record
    ) -> None:
        def rewrite(handler, body):
            acts.forward_changed(handler, body, b"quarante", b"quelques")

        faulty_catalogue.then("GetRecordById", acts.forward)
        faulty_catalogue.always("GetRecordById", rewrite)
        result = publish([make_record("a"), make_record("b")])
        assert outcomes(result) == {"failed": 2}
        for receipt in result.receipts:
            assert "abstract" in receipt.message.en
            assert "quelques" in receipt.message.fr
        assert faulty_catalogue.count("csw:Insert") == 1

    def test_a_transaction_address_elsewhere_gets_nothing(
        self, publish, faulty_catalogue, records, catalogue
    ) -> None:
        # the catalogue behind the proxy names itself in its capabilities
        assert publish(records).exit_code == 0
        assert faulty_catalogue.count("csw:Insert") == 2


def test_a_run_that_fails_and_is_repeated_does_not_meet_itself_as_a_conflict(
    publish, faulty_catalogue, acts, make_record, there
) -> None:
    """An update that arrives late is ours, even when the run gave up on it."""
    publish([make_record("a")])
    faulty_catalogue.then("csw:Update", acts.carry_out_and_drop)
    faulty_catalogue.then("GetRecordById", acts.forward)
    faulty_catalogue.always("GetRecordById", acts.answer(500))
    lost = publish([make_record("a", title="Deuxième")])
    assert lost.exit_code == 2
    faulty_catalogue.faults.clear()
    third = publish([make_record("a", title="Troisième")])
    assert outcomes(third) == {"done": 1}
    assert third.exit_code == 0


def test_a_fault_at_one_outlet_is_waited_for_and_reported_by_the_whole_command(
    configure, store, make_record, faulty_catalogue, acts, now
) -> None:
    faulty_catalogue.always("", acts.answer(401))
    result = publish_records(
        [make_record()],
        configuration=configure(geo=faulty_catalogue.url),
        store=store,
        now=now,
    )
    assert result.exit_code == 1
    assert [r.outcome for r in result.outlets[0].receipts] == []
    assert result.snapshot.records == 1
    assert Outcome.DONE not in {r.outcome for r in result.outlets[0].receipts}
