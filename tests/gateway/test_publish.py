"""Publishing to the real pycsw: what is meant is what is there, read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import requests
from lxml import etree
from owslib.csw import CatalogueServiceWeb

from gateway.demo.pycsw_target import PycswTarget, running_pycsw
from gateway.outlets.csw.outlet import CswOutlet
from gateway.outlets.opening import open_outlet
from gateway.outlets.outlet import Action, Outcome
from gateway.publication.publish import publish_records, withdraw_records
from gateway.publication.result import PublishResult
from metadata.errors import ConfigurationError, OutletUnreachable, StoreError
from metadata.record import Record, RecordKind, canonical
from providers.configuration import OutletConfiguration
from providers.store import open_store
from providers.store_model import EntryState, Operation

pytestmark = [
    pytest.mark.pycsw,
    # OWSLib says this of its own classes whenever it reads an ISO record
    pytest.mark.filterwarnings("ignore::FutureWarning:owslib.iso"),
]
GMD = "http://www.isotc211.org/2005/gmd"


@pytest.fixture
def publish(configure, store, catalogue, now) -> Callable[..., PublishResult]:
    """Publish records to the shared catalogue."""

    def act(records, **options) -> PublishResult:
        configuration = configure(geo=catalogue.url)
        options = {"now": now, **options}
        return publish_records(
            records, configuration=configuration, store=store, **options
        )

    return act


@pytest.fixture
def outlet(configure, catalogue) -> Iterator[CswOutlet]:
    opened = open_outlet(configure(geo=catalogue.url).outlets["geo"])
    assert isinstance(opened, CswOutlet)
    yield opened
    opened.close()


def counts(result: PublishResult) -> dict[str, int]:
    """Return how many changes of each kind were planned, without zeros."""
    (outlet,) = result.outlets
    assert outlet.plan is not None, outlet.problem
    return {str(action): n for action, n in outlet.plan.counts.items() if n}


def outcomes(result: PublishResult) -> dict[str, int]:
    (outlet,) = result.outlets
    return {str(outcome): n for outcome, n in outlet.counts.items() if n}


def edit_over_there(target: PycswTarget, record: Record, words: str) -> None:
    """Change a record in the catalogue, as somebody else would."""
    content = record.content.replace(b"quarante", words.encode())
    assert content != record.content
    transact(target, b"<csw:Update>" + bare(content) + b"</csw:Update>")


def bare(content: bytes) -> bytes:
    return etree.tostring(etree.fromstring(content))


def transact(target: PycswTarget, what: bytes) -> None:
    body = (
        b'<csw:Transaction xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"'
        b' xmlns:ogc="http://www.opengis.net/ogc" service="CSW" version="2.0.2">'
        + what
        + b"</csw:Transaction>"
    )
    answer = requests.post(target.url, data=body, timeout=30)
    assert b"TransactionSummary" in answer.content, answer.text[:500]


def delete_over_there(target: PycswTarget, record: Record) -> None:
    transact(
        target,
        b'<csw:Delete><csw:Constraint version="1.1.0"><ogc:Filter>'
        b"<ogc:PropertyIsEqualTo><ogc:PropertyName>apiso:Identifier</ogc:PropertyName>"
        b"<ogc:Literal>" + record.identifier.encode() + b"</ogc:Literal>"
        b"</ogc:PropertyIsEqualTo></ogc:Filter></csw:Constraint></csw:Delete>",
    )


def read_with_owslib(target: PycswTarget, identifier: str) -> bytes | None:
    """Read a record by a client that is not ours."""
    client = CatalogueServiceWeb(target.url, skip_caps=True, timeout=30)
    client.getrecordbyid([identifier], esn="full", outputschema=GMD)
    found = client.records.get(identifier)
    return None if found is None else found.xml


class TestWhatIsPublished:
    def test_is_there_unchanged(self, publish, make_record, catalogue) -> None:
        records = [make_record("cantons"), make_record("communes")]
        result = publish(records)
        assert result.exit_code == 0
        assert counts(result) == {"create": 2}
        assert outcomes(result) == {"done": 2}
        for record in records:
            there = read_with_owslib(catalogue, record.identifier)
            assert there is not None
            assert canonical(there) == canonical(record.content)
            assert b"2026-03-01" in there

    def test_is_read_back_through_the_outlet_too(
        self, publish, make_record, outlet
    ) -> None:
        record = make_record()
        publish([record])
        content = outlet.read_back(record.identifier)
        assert content is not None
        assert canonical(content) == canonical(record.content)
        assert outlet.read_back("no such record") is None

    def test_is_not_sent_again(self, publish, make_record) -> None:
        records = [make_record(f"jeu-{n}") for n in range(12)]
        publish(records)
        second = publish([replace_stamp(r) for r in records])
        assert counts(second) == {"keep": 12}
        assert outcomes(second) == {"kept": 12}
        assert second.exit_code == 0

    def test_is_updated_once_when_one_record_changes(
        self, publish, make_record, catalogue
    ) -> None:
        publish([make_record("a"), make_record("b"), make_record("c")])
        changed = make_record("b", abstract="Tout autre chose, dite longuement.")
        result = publish([make_record("a"), changed, make_record("c")])
        assert counts(result) == {"update": 1, "keep": 2}
        there = read_with_owslib(catalogue, changed.identifier)
        assert there is not None
        assert canonical(there) == canonical(changed.content)

    def test_is_deleted_when_it_is_not_wanted_any_more(
        self, publish, make_record, catalogue, store
    ) -> None:
        publish([make_record("a"), make_record("b"), make_record("c")])
        result = publish([make_record("a"), make_record("c")])
        assert counts(result) == {"delete": 1, "keep": 2}
        assert result.exit_code == 0
        assert read_with_owslib(catalogue, make_record("b").identifier) is None
        assert [s.dataset_id for s in store.tombstones()] == ["b"]
        assert counts(publish([make_record("a"), make_record("c")])) == {"keep": 2}

    def test_comes_back_after_it_was_deleted_over_there(
        self, publish, make_record, catalogue
    ) -> None:
        publish([make_record("a"), make_record("b")])
        delete_over_there(catalogue, make_record("b"))
        result = publish([make_record("a"), make_record("b")])
        assert counts(result) == {"create": 1, "keep": 1}
        (created,) = result.outlets[0].plan.of(Action.CREATE)
        assert created.reason.en == "vanished from the catalogue"
        assert read_with_owslib(catalogue, make_record("b").identifier) is not None

    def test_is_published_again_after_it_was_withdrawn(
        self, publish, make_record
    ) -> None:
        publish([make_record("a"), make_record("b")])
        publish([make_record("a")])
        assert counts(publish([make_record("a"), make_record("b")])) == {
            "create": 1,
            "keep": 1,
        }

    def test_is_nothing_when_there_is_nothing(self, publish) -> None:
        result = publish([])
        assert counts(result) == {}
        assert result.exit_code == 0

    def test_is_left_as_it_is_while_its_table_cannot_be_measured(
        self, publish, make_record, catalogue, store
    ) -> None:
        publish([make_record("a"), make_record("b")])
        result = publish([make_record("a")], held=["b"])
        assert counts(result) == {"keep": 2}
        assert read_with_owslib(catalogue, make_record("b").identifier) is not None
        assert [r.dataset_id for r in store.applied()] == ["a", "b"]
        assert counts(publish([make_record("a"), make_record("b")])) == {"keep": 2}


def replace_stamp(record: Record) -> Record:
    """Return the record as encoded on another day."""
    return replace(record, content=record.content.replace(b"2026-03-01", b"2026-04-02"))


class TestConflicts:
    def test_what_somebody_edited_is_left_alone_and_reported(
        self, publish, make_record, catalogue
    ) -> None:
        publish([make_record("a"), make_record("b")])
        edit_over_there(catalogue, make_record("b"), "quarante-et-une")
        changed = make_record("b", title="Un autre titre")
        result = publish([make_record("a"), changed])
        assert counts(result) == {"conflict": 1, "keep": 1}
        assert outcomes(result) == {"refused": 1, "kept": 1}
        assert result.exit_code == 1
        there = read_with_owslib(catalogue, changed.identifier)
        assert there is not None
        assert "quarante-et-une" in there.decode()

    def test_is_seen_even_when_nothing_changed_with_us(
        self, publish, make_record, catalogue
    ) -> None:
        publish([make_record("b")])
        edit_over_there(catalogue, make_record("b"), "quarante-et-une")
        assert counts(publish([make_record("b")])) == {"conflict": 1}

    def test_is_decided_for_us_with_overwrite(
        self, publish, make_record, catalogue
    ) -> None:
        publish([make_record("b")])
        edit_over_there(catalogue, make_record("b"), "quarante-et-une")
        result = publish([make_record("b")], overwrite=True)
        assert counts(result) == {"update": 1}
        assert result.exit_code == 0
        there = read_with_owslib(catalogue, make_record("b").identifier)
        assert there is not None
        assert canonical(there) == canonical(make_record("b").content)

    def test_keeps_a_record_that_somebody_edited_from_being_deleted(
        self, publish, make_record, catalogue
    ) -> None:
        publish([make_record("a"), make_record("b")])
        edit_over_there(catalogue, make_record("b"), "quarante-et-une")
        assert counts(publish([make_record("a")])) == {"conflict": 1, "keep": 1}
        assert read_with_owslib(catalogue, make_record("b").identifier) is not None
        result = publish([make_record("a")], overwrite=True)
        assert counts(result) == {"delete": 1, "keep": 1}
        assert read_with_owslib(catalogue, make_record("b").identifier) is None

    def test_with_a_record_of_somebody_else_under_our_identifier(
        self, publish, make_record, catalogue
    ) -> None:
        foreign = bare(make_record("b", title="Pas de nous").content)
        transact(catalogue, b"<csw:Insert>" + foreign + b"</csw:Insert>")
        result = publish([make_record("b")])
        assert counts(result) == {"conflict": 1}
        assert "not by us" in result.outlets[0].receipts[0].message.en

    def test_is_none_when_it_is_there_already_as_meant(
        self, publish, make_record, catalogue, store
    ) -> None:
        same = bare(make_record("b").content)
        transact(catalogue, b"<csw:Insert>" + same + b"</csw:Insert>")
        assert counts(publish([make_record("b")])) == {"keep": 1}
        (entry,) = store.entries("geo")
        assert entry.state is EntryState.DONE
        assert counts(publish([])) == {"delete": 1}

    def test_two_records_of_one_identifier_are_both_left_out(
        self, publish, make_record, store
    ) -> None:
        twin = replace(make_record("a"), dataset_id="z")
        result = publish([make_record("a"), twin, make_record("b")])
        assert counts(result) == {"create": 1, "conflict": 2}
        assert result.exit_code == 1
        assert [r.dataset_id for r in store.applied()] == ["b"]


class TestRecordsOfOthers:
    def test_are_never_touched(self, publish, make_record, catalogue) -> None:
        foreign = make_record("d-un-autre")
        content = bare(foreign.content)
        transact(catalogue, b"<csw:Insert>" + content + b"</csw:Insert>")
        publish([make_record("a")])
        publish([])
        there = read_with_owslib(catalogue, foreign.identifier)
        assert there is not None
        assert canonical(there) == canonical(foreign.content)

    def test_do_not_vanish_with_the_parent_they_name(
        self, publish, make_record, catalogue
    ) -> None:
        parent, child = make_record("parent"), make_record("enfant")
        publish([parent])
        root = etree.fromstring(child.content)
        after = root.find(f"{{{GMD}}}characterSet")
        if after is None:
            after = root.find(f"{{{GMD}}}language")
        link = etree.Element(f"{{{GMD}}}parentIdentifier")
        text = etree.SubElement(
            link, "{http://www.isotc211.org/2005/gco}CharacterString"
        )
        text.text = parent.identifier
        after.addnext(link)
        insert = b"<csw:Insert>" + etree.tostring(root) + b"</csw:Insert>"
        transact(catalogue, insert)

        result = publish([])

        assert outcomes(result) == {"failed": 1}
        assert "parent" in result.outlets[0].receipts[0].message.en
        assert result.exit_code == 1
        assert read_with_owslib(catalogue, child.identifier) is not None
        assert read_with_owslib(catalogue, parent.identifier) is not None
        delete_over_there(catalogue, child)
        assert outcomes(publish([])) == {"done": 1}


class TestGuard:
    @pytest.fixture
    def published(self, publish, make_record) -> list[Record]:
        records = [make_record(f"jeu-{n}") for n in range(10)]
        assert publish(records).exit_code == 0
        return records

    def test_lets_few_deletes_pass(self, publish, published) -> None:
        result = publish(published[5:])
        assert counts(result) == {"delete": 5, "keep": 5}
        assert result.exit_code == 0

    def test_refuses_more_and_sends_nothing(
        self, publish, published, make_record, catalogue, store
    ) -> None:
        new = make_record("nouveau")
        result = publish([*published[6:], new])
        assert result.exit_code == 1
        assert outcomes(result) == {"refused": 7, "kept": 4}
        assert "--allow-deletes 6" in result.outlets[0].refusal.fr
        assert read_with_owslib(catalogue, new.identifier) is None
        assert read_with_owslib(catalogue, published[0].identifier) is not None
        assert result.snapshot.refusal is not None
        assert len(store.applied()) == 10

    def test_lets_as_many_pass_as_a_person_allows(self, publish, published) -> None:
        refused = publish(published[6:], allow_deletes=5)
        assert refused.exit_code == 1
        allowed = publish(published[6:], allow_deletes=6)
        assert outcomes(allowed) == {"done": 6, "kept": 4}
        assert allowed.exit_code == 0
        assert allowed.snapshot.records == 4


class TestDryRun:
    def test_sends_and_writes_nothing(
        self, publish, make_record, catalogue, store
    ) -> None:
        publish([make_record("a")])
        before = store.entries()
        result = publish([make_record("b")], dry_run=True)
        assert counts(result) == {"create": 1, "delete": 1}
        assert outcomes(result) == {"planned": 2}
        assert result.exit_code == 0
        assert store.entries() == before
        assert [r.dataset_id for r in store.applied()] == ["a"]
        assert store.revisions(make_record("b").identifier) == ()
        assert result.snapshot.change.added == (make_record("b").identifier,)
        assert read_with_owslib(catalogue, make_record("b").identifier) is None
        assert read_with_owslib(catalogue, make_record("a").identifier) is not None

    def test_says_what_the_guard_would_say(self, publish, make_record) -> None:
        publish([make_record(f"jeu-{n}") for n in range(8)])
        result = publish([], dry_run=True)
        assert result.exit_code == 1
        assert result.outlets[0].refusal is not None

    def test_may_run_while_somebody_publishes(
        self, publish, make_record, store
    ) -> None:
        with store.publishing():
            assert publish([make_record()], dry_run=True).exit_code == 0
            with pytest.raises(StoreError, match="under way"):
                publish([make_record()])


class TestOutlets:
    def test_stand_for_themselves(
        self, configure, store, make_record, catalogue, now
    ) -> None:
        configuration = configure(lost="http://127.0.0.1:9/csw", geo=catalogue.url)
        result = publish_records(
            [make_record()], configuration=configuration, store=store, now=now
        )
        lost, geo = result.outlets
        assert isinstance(lost.problem, OutletUnreachable)
        assert [r.outcome for r in geo.receipts] == [Outcome.DONE]
        assert result.exit_code == 2

    def test_may_be_chosen_by_name_and_leave_our_own_catalogue_alone(
        self, configure, store, make_record, catalogue, now
    ) -> None:
        configuration = configure(lost="http://127.0.0.1:9/csw", geo=catalogue.url)
        result = publish_records(
            [make_record()],
            configuration=configuration,
            store=store,
            outlets=["geo"],
            now=now,
        )
        assert result.exit_code == 0
        assert result.snapshot is None
        assert store.applied() == ()

    def test_that_do_not_exist_are_named(self, publish) -> None:
        with pytest.raises(ConfigurationError, match="nowhere"):
            publish([], outlets=["nowhere"])

    def test_of_an_unknown_type_are_refused_with_the_types_known(self) -> None:
        strange = OutletConfiguration(name="geo", url="http://x/", type="carrier")
        with pytest.raises(ConfigurationError) as caught:
            open_outlet(strange)
        assert "carrier" in caught.value.message
        assert "csw-t" in caught.value.hint

    def test_that_are_none_still_give_others_a_catalogue_to_harvest(
        self, configure, store, make_record, now
    ) -> None:
        result = publish_records(
            [make_record()], configuration=configure(), store=store, now=now
        )
        assert result.exit_code == 0
        assert [r.record for r in store.applied()] == [make_record()]

    def test_that_are_read_only_say_so_and_exit_with_1(
        self, pycsw_environment, tmp_path, configure, store, make_record, now
    ) -> None:
        with running_pycsw(
            pycsw_environment, tmp_path / "read-only", transactions=False
        ) as target:
            result = publish_records(
                [make_record()],
                configuration=configure(geo=target.url),
                store=store,
                now=now,
            )
        (geo,) = result.outlets
        assert "read-only" in geo.problem.message
        assert "CSW-T" in geo.problem.hint
        assert result.exit_code == 1
        assert store.entries() == ()


@pytest.mark.postgis
def test_keeps_its_ledger_in_postgresql_as_well(
    postgis: str, configure, make_record, catalogue, now
) -> None:
    shared = open_store(postgis)
    configuration = configure(geo=catalogue.url)
    rounds = [
        publish_records(records, configuration=configuration, store=shared, now=now)
        for records in (
            [make_record("a"), make_record("b")],
            [make_record("a"), make_record("b", title="Autre")],
            [make_record("a")],
        )
    ]
    assert [counts(result) for result in rounds] == [
        {"create": 2},
        {"update": 1, "keep": 1},
        {"delete": 1, "keep": 1},
    ]
    assert {result.exit_code for result in rounds} == {0}
    assert [r.record for r in shared.applied()] == [make_record("a")]
    shared.close()


class TestLedger:
    def test_says_what_is_where(self, publish, make_record, store, now) -> None:
        record = make_record("a")
        publish([record])
        (entry,) = store.entries("geo")
        assert entry.record_identifier == record.identifier
        assert entry.dataset_id == "a"
        assert entry.kind is RecordKind.DATASET
        assert entry.operation is Operation.CREATE
        assert entry.state is EntryState.DONE
        assert entry.published_fingerprint == record.fingerprint
        assert entry.settled_at == now

    def test_remembers_deletes(self, publish, make_record, store, now) -> None:
        publish([make_record("a")])
        publish([], now=now + timedelta(days=1))
        (entry,) = store.entries("geo")
        assert (entry.operation, entry.state) == (Operation.DELETE, EntryState.DONE)
        assert entry.published_fingerprint == ""
        assert entry.settled_at == now + timedelta(days=1)

    def test_forgets_what_vanished_over_there_and_is_not_wanted(
        self, publish, make_record, catalogue, store
    ) -> None:
        publish([make_record("a")])
        delete_over_there(catalogue, make_record("a"))
        assert counts(publish([])) == {}
        (entry,) = store.entries("geo")
        assert entry.published_fingerprint == ""

    def test_says_that_a_deleted_record_is_there_once_somebody_restored_it(
        self, publish, make_record, catalogue, store
    ) -> None:
        publish([make_record("a")])
        publish([])
        same = bare(make_record("a").content)
        transact(catalogue, b"<csw:Insert>" + same + b"</csw:Insert>")
        assert counts(publish([make_record("a")])) == {"keep": 1}
        (entry,) = store.entries("geo")
        assert (entry.operation, entry.state) == (Operation.CREATE, EntryState.DONE)
        assert entry.published_fingerprint == make_record("a").fingerprint

    def test_dates_records_by_the_day_their_content_changed(
        self, publish, make_record, store, now: datetime
    ) -> None:
        record = make_record("a")
        publish([record])
        later = date(2026, 5, 5)
        name, same = record.identifier, record.fingerprint
        assert store.date_stamp_for(name, same, later) == now.date()
        other = make_record("a", title="Autre").fingerprint
        assert store.date_stamp_for(name, other, later) == later


class TestWithdrawing:
    def test_deletes_one_dataset_everywhere_and_nothing_else(
        self, publish, make_record, configure, catalogue, store, now
    ) -> None:
        publish([make_record(f"jeu-{n}") for n in range(3)])
        edit_over_there(catalogue, make_record("jeu-1"), "quarante-et-une")
        result = withdraw_records(
            ["jeu-1"], configuration=configure(geo=catalogue.url), store=store, now=now
        )
        assert outcomes(result) == {"done": 1}
        assert result.exit_code == 0
        assert read_with_owslib(catalogue, make_record("jeu-1").identifier) is None
        assert read_with_owslib(catalogue, make_record("jeu-0").identifier) is not None
        assert [r.dataset_id for r in store.applied()] == ["jeu-0", "jeu-2"]
        assert [s.dataset_id for s in store.tombstones()] == ["jeu-1"]

    def test_passes_the_guard(
        self, publish, make_record, configure, catalogue, store, now
    ) -> None:
        publish([make_record(f"jeu-{n}") for n in range(8)])
        result = withdraw_records(
            [f"jeu-{n}" for n in range(8)],
            configuration=configure(geo=catalogue.url),
            store=store,
            now=now,
        )
        assert outcomes(result) == {"done": 8}


def test_a_record_that_the_catalogue_refuses_does_not_stop_the_others(
    publish, make_record, catalogue, store
) -> None:
    bad = replace(make_record("mauvaise"), content=without_identifier(make_record()))
    records = [make_record("a"), bad, make_record("b"), make_record("c")]
    result = publish(records)
    assert outcomes(result) == {"done": 3, "failed": 1}
    assert result.exit_code == 1
    (failed,) = [r for r in result.outlets[0].receipts if r.outcome is Outcome.FAILED]
    assert failed.change.dataset_id == "mauvaise"
    assert len(failed.message.en) > 10
    (entry,) = [e for e in store.entries("geo") if e.state is EntryState.FAILED]
    assert entry.message == failed.message
    for name in "abc":
        assert read_with_owslib(catalogue, make_record(name).identifier) is not None


def without_identifier(record: Record) -> bytes:
    root = etree.fromstring(record.content)
    root.remove(root.find(f"{{{GMD}}}fileIdentifier"))
    return etree.tostring(root)


def test_the_starter_keeps_the_records_of_an_earlier_run(
    pycsw_environment: Path, tmp_path: Path, make_record
) -> None:
    folder = tmp_path / "target"
    record = make_record()
    with running_pycsw(pycsw_environment, folder) as target:
        insert = b"<csw:Insert>" + bare(record.content) + b"</csw:Insert>"
        transact(target, insert)
    with running_pycsw(pycsw_environment, folder) as target:
        assert read_with_owslib(target, record.identifier) is not None
    assert target.process.poll() is not None


def test_the_starter_says_when_there_is_no_pycsw(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="Setting up pycsw"),
        running_pycsw(tmp_path / "no" / "python", tmp_path / "a"),
    ):
        pass
