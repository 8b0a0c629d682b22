"""Metadata are put into the datastore and its catalogue, once each, and read back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from gateway.outlets.geoplateforme.outlet import GeoplateformeOutlet
from gateway.outlets.http import LoginRefused, Pacing
from gateway.outlets.opening import open_outlet
from gateway.publication.result import ExitCode, OutletResult
from metadata.errors import ConfigurationError, OutletRefused, OutletUnreachable
from metadata.record import Record
from providers.configuration import OutletConfiguration, Secret
from providers.store import Store
from providers.store_model import EntryState

Publish = Callable[..., OutletResult]
Make = Callable[..., Record]


def outcomes(result: OutletResult) -> dict[str, int]:
    assert result.problem is None, result.problem
    return {str(outcome): n for outcome, n in result.counts.items() if n}


@pytest.mark.parametrize("full_lists", [True, False])
def test_a_new_record_is_uploaded_and_shown_to_everybody(
    publish: Publish, make_record: Make, platform: Any, full_lists: bool
) -> None:
    platform.full_lists = full_lists
    record = make_record("communes")
    assert outcomes(publish(record)) == {"done": 1}
    assert platform.seen() == {record.identifier: (record.content, "ISOAP", False)}
    assert outcomes(publish(record)) == {"kept": 1}
    assert platform.uploads == 1


def test_a_changed_record_replaces_its_file_and_the_catalogue_follows(
    publish: Publish, make_record: Make, platform: Any
) -> None:
    publish(make_record("communes"))
    changed = make_record("communes", title="Communes 2026")
    assert outcomes(publish(changed)) == {"done": 1}
    assert platform.seen()[changed.identifier][0] == changed.content
    assert platform.uploads == 1
    assert outcomes(publish(changed)) == {"kept": 1}


def test_a_withdrawn_record_leaves_catalogue_and_datastore_and_can_come_back(
    publish: Publish, make_record: Make, platform: Any
) -> None:
    records = [make_record(name) for name in "abc"]
    publish(*records)
    assert outcomes(publish(*records[:2])) == {"kept": 2, "done": 1}
    assert len(platform.seen()) == len(platform.metadata) == 2
    assert outcomes(publish(*records)) == {"kept": 2, "done": 1}
    assert len(platform.seen()) == len(platform.metadata) == 3


@pytest.mark.parametrize(("filters", "full_lists"), [(True, True), (False, False)])
def test_a_hundred_and_more_are_found_over_all_pages(
    publish: Publish,
    make_record: Make,
    platform: Any,
    entrepot: Any,
    filters: bool,
    full_lists: bool,
) -> None:
    platform.filters, platform.full_lists = filters, full_lists
    for number in range(120):
        one = entrepot.Metadata(f"{number:03}", f"autre-{number}", b"<a/>")
        platform.metadata[one.id] = one
    records = [make_record(f"jeu{number}") for number in range(6)]
    assert outcomes(publish(*records)) == {"done": 6}
    assert outcomes(publish(*records)) == {"kept": 6}
    assert platform.uploads == 6
    assert outcomes(publish(*records[:3])) == {"kept": 3, "done": 3}
    assert len(platform.metadata) == 123


def test_a_record_edited_there_is_a_conflict_until_it_is_overwritten(
    publish: Publish, make_record: Make, platform: Any
) -> None:
    record = make_record("communes")
    publish(record)
    (there,) = platform.metadata.values()
    there.xml = there.xml.replace(b"Contours des", b"Contours officiels des")
    edited = there.xml
    result = publish(record)
    assert outcomes(result) == {"refused": 1}
    (receipt,) = result.receipts
    (disagreement,) = receipt.change.disagreements
    assert "officiels" in disagreement.there
    assert there.xml == edited
    assert outcomes(publish(record, overwrite=True)) == {"done": 1}
    assert there.xml == record.content


def test_a_record_that_was_left_unpublished_is_published(
    publish: Publish, make_record: Make, platform: Any, entrepot: Any
) -> None:
    record = make_record("communes")
    left = entrepot.Metadata("left", record.identifier, record.content)
    platform.metadata["left"] = left
    assert outcomes(publish(record)) == {"done": 1}
    assert set(platform.seen()) == {record.identifier}
    assert platform.uploads == 0


def test_a_record_that_was_left_unpublished_on_its_way_out_is_deleted(
    publish: Publish, make_record: Make, platform: Any
) -> None:
    publish(make_record("communes"))
    (there,) = platform.metadata.values()
    there.endpoints.clear()
    platform.public.clear()
    assert outcomes(publish()) == {"done": 1}
    assert platform.metadata == {}


def test_where_records_go_on_to_is_set_and_a_change_of_it_is_a_conflict_first(
    publish: Publish, make_record: Make, platform: Any
) -> None:
    record = make_record("communes")
    meant = {"open_data": True, "inspire": True}
    publish(record)
    result = publish(record, outlet=meant)
    assert outcomes(result) == {"refused": 1}
    (receipt,) = result.receipts
    shown = {str(d.name.fr): d.there for d in receipt.change.disagreements}
    assert shown == {"type": "isoap", "open_data": "false"}
    assert platform.seen()[record.identifier][1:] == ("ISOAP", False)
    assert outcomes(publish(record, outlet=meant, overwrite=True)) == {"done": 1}
    assert platform.seen()[record.identifier][1:] == ("INSPIRE", True)
    assert outcomes(publish(record, outlet=meant)) == {"kept": 1}


def test_a_new_record_goes_on_to_where_it_is_set_to(
    publish: Publish, make_record: Make, platform: Any
) -> None:
    record = make_record("communes")
    publish(record, outlet={"open_data": True, "inspire": True})
    assert platform.seen()[record.identifier][1:] == ("INSPIRE", True)


def test_a_file_identifier_taken_elsewhere_fails_alone_in_the_platforms_words(
    publish: Publish, make_record: Make, platform: Any
) -> None:
    records = [make_record(name) for name in "abc"]
    platform.elsewhere.add(records[1].identifier)
    result = publish(*records)
    assert outcomes(result) == {"done": 2, "failed": 1}
    (failed,) = (r for r in result.receipts if r.outcome == "failed")
    assert "déjà pris" in failed.message.fr


def test_two_metadata_of_one_file_identifier_stop_everything(
    publish: Publish, make_record: Make, platform: Any, entrepot: Any
) -> None:
    record = make_record("communes")
    for name in ("one", "two"):
        one = entrepot.Metadata(name, record.identifier, record.content)
        platform.metadata[name] = one
    result = publish(record)
    assert isinstance(result.problem, OutletRefused)
    assert "deux fois" in result.problem.text.fr


LATE = pytest.mark.parametrize("what", ["slow", "slow_uploads", "slow_files"])


def about(record: Record, what: str, publish: Publish, make_record: Make) -> Record:
    """Return the record whose order is late: another of its name, for its file."""
    if what != "slow_files":
        return record
    publish(record)
    return make_record(record.dataset_id, title="Autrement")


@LATE
def test_what_is_processed_late_is_waited_for(
    publish: Publish, make_record: Make, platform: Any, what: str
) -> None:
    record = about(make_record("communes"), what, publish, make_record)
    setattr(platform, what, 3)
    assert outcomes(publish(record)) == {"done": 1}
    assert outcomes(publish(record)) == {"kept": 1}
    assert platform.uploads == 1


@LATE
def test_what_is_not_processed_in_time_is_pending_and_not_other_than_sent(
    publish: Publish, make_record: Make, platform: Any, store: Store, what: str
) -> None:
    record = about(make_record("communes"), what, publish, make_record)
    setattr(platform, what, 1000)
    result = publish(record)
    assert outcomes(result) == {"pending": 1}
    assert result.exit_code is ExitCode.REFUSED
    (receipt,) = result.receipts
    assert "not processed yet" in receipt.message.en
    (entry,) = store.entries("geoplateforme")
    assert entry.state is EntryState.INTENT
    setattr(platform, what, 0)
    assert set(outcomes(publish(record))) <= {"done", "kept"}
    assert outcomes(publish(record)) == {"kept": 1}
    (entry,) = store.entries("geoplateforme")
    assert entry.state is EntryState.DONE
    assert platform.uploads == len(platform.metadata) == len(platform.seen()) == 1


@pytest.mark.parametrize(("late", "outcome"), [(3, "done"), (1000, "pending")])
def test_a_delete_that_is_processed_late_is_waited_for(
    publish: Publish, make_record: Make, platform: Any, late: int, outcome: str
) -> None:
    publish(make_record("a"))
    platform.slow_deletes = late
    assert outcomes(publish()) == {outcome: 1}
    platform.slow_deletes = 0
    publish()
    assert outcomes(publish()) == {}
    assert platform.metadata == {}


def test_a_run_does_not_wait_for_ever(
    publish: Publish, make_record: Make, platform: Any
) -> None:
    waited: list[float] = []
    pacing = Pacing(sleep=waited.append, jitter=lambda a, b: 0.0)
    platform.slow = 100_000
    result = publish(*(make_record(f"jeu-{n}") for n in range(40)), pacing=pacing)
    assert outcomes(result) == {"pending": 40}
    assert sum(waited) < 320


def test_a_file_that_became_something_else_is_other_than_sent(
    publish: Publish,
    make_record: Make,
    entrepot: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(make_record("communes"))
    wrong = make_record("communes", title="Ni l'un ni l'autre").content

    def mangled(_: Any, there: Any) -> bytes:
        return wrong if there.former else there.xml

    monkeypatch.setattr(entrepot.Handler, "_file_now", mangled)
    result = publish(make_record("communes", title="Autrement"))
    assert outcomes(result) == {"failed": 1}
    assert "other than sent" in result.receipts[0].message.en


def test_of_several_catalogues_one_must_be_named(
    publish: Publish, make_record: Make, platform: Any, entrepot: Any
) -> None:
    platform.catalogues = (entrepot.CATALOGUE, entrepot.OTHER)
    result = publish(make_record("a"))
    assert isinstance(result.problem, OutletRefused)
    assert f"gpf-{entrepot.OTHER[:8]}" in result.problem.remedy.fr
    for name in (entrepot.OTHER, f"gpf-{entrepot.OTHER[:8]}"):
        publish(make_record("a"), outlet={"endpoint": name})
    assert len(platform.seen(entrepot.OTHER)) == 1
    assert platform.seen() == {}


def test_a_delete_takes_a_record_out_of_every_catalogue(
    publish: Publish, make_record: Make, platform: Any, entrepot: Any
) -> None:
    platform.catalogues = (entrepot.CATALOGUE, entrepot.OTHER)
    record = make_record("a")
    outlet = {"endpoint": entrepot.CATALOGUE}
    publish(record, outlet=outlet)
    (there,) = platform.metadata.values()
    there.endpoints.append(entrepot.OTHER)
    platform.public[entrepot.OTHER] = dict(platform.seen())
    assert outcomes(publish(outlet=outlet)) == {"done": 1}
    assert platform.metadata == platform.seen() == platform.seen(entrepot.OTHER) == {}


@pytest.mark.parametrize(
    ("outlet", "kind"),
    [
        ({"datastore": "inconnu"}, OutletRefused),
        ({"endpoint": "inconnu"}, OutletRefused),
        ({"key": Secret("faux")}, LoginRefused),
        ({"user": "sig", "password": Secret("faux")}, LoginRefused),
        ({"client": "inconnu"}, LoginRefused),
    ],
)
def test_what_is_not_ours_is_said_before_anything_is_sent(
    publish: Publish,
    make_record: Make,
    platform: Any,
    outlet: dict[str, Any],
    kind: type[OutletRefused],
) -> None:
    result = publish(make_record("a"), outlet=outlet)
    assert isinstance(result.problem, kind)
    assert platform.metadata == {}


def test_a_closed_datastore_is_told(
    publish: Publish, make_record: Make, platform: Any
) -> None:
    platform.active = False
    result = publish(make_record("a"))
    assert isinstance(result.problem, OutletRefused)
    assert "fermé" in result.problem.text.fr


def test_another_address_is_said_to_be_none(
    publish: Publish, make_record: Make, platform: Any
) -> None:
    result = publish(make_record("a"), outlet={"token_url": f"{platform.api}/jeton"})
    assert isinstance(result.problem, LoginRefused | OutletUnreachable)


class TestTokens:
    def test_a_client_logs_in_with_its_secret(
        self, publish: Publish, make_record: Make, platform: Any
    ) -> None:
        publish(make_record("a"), make_record("b"))
        assert platform.grants == ["client_credentials"]

    def test_a_person_logs_in_through_a_client(
        self, publish: Publish, make_record: Make, platform: Any
    ) -> None:
        person = {
            "client": "public",
            "key": Secret(""),
            "user": "sig",
            "password": Secret("mot de passe"),
        }
        assert outcomes(publish(make_record("a"), outlet=person)) == {"done": 1}
        assert platform.grants == ["password"]

    def test_a_token_is_renewed_before_it_ends(
        self, publish: Publish, make_record: Make, platform: Any
    ) -> None:
        moments = iter(range(0, 100_000, 60))
        pacing = Pacing(
            sleep=lambda _: None,
            jitter=lambda a, b: 0.0,
            clock=lambda: float(next(moments)),
        )
        records = [make_record(name) for name in "abcd"]
        assert outcomes(publish(*records, pacing=pacing)) == {"done": 4}
        assert len(platform.grants) > 3

    def test_one_that_ended_early_is_replaced_and_nothing_is_sent_twice(
        self, publish: Publish, make_record: Make, platform: Any
    ) -> None:
        platform.life = 0.2
        records = [make_record(name) for name in "abcdefgh"]
        assert outcomes(publish(*records)) == {"done": 8}
        assert platform.uploads == 8

    def test_the_secret_and_the_token_are_in_no_message(
        self, publish: Publish, make_record: Make, platform: Any, caplog: Any
    ) -> None:
        caplog.set_level("DEBUG", logger="gateway")
        result = publish(make_record("a"), outlet={"datastore": "inconnu"})
        result = publish(make_record("a"), outlet={"client": "inconnu"})
        said = f"{result} {result.problem} {caplog.text}"
        assert "s3cret" not in said
        assert not any(token in said for token in platform.tokens)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"datastore": ""}, "outlets.geoplateforme.datastore"),
        ({"client": ""}, "outlets.geoplateforme.client"),
        ({"key": Secret("")}, "outlets.geoplateforme.key"),
        ({"services": True}, "outlets.geoplateforme.services"),
    ],
)
def test_settings_are_checked_before_anything_is_sent(
    settings: OutletConfiguration, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        GeoplateformeOutlet(replace(settings, **change))


def test_the_type_of_the_configuration_opens_it(settings: OutletConfiguration) -> None:
    with closing(open_outlet(settings)) as opened:
        assert isinstance(opened, GeoplateformeOutlet)


def test_what_is_read_back_is_the_file(
    outlet: GeoplateformeOutlet, publish: Publish, make_record: Make
) -> None:
    record = make_record("communes")
    publish(record)
    outlet.check()
    assert outlet.read_back(record.identifier) == record.content
    assert outlet.read_back("nobody's") is None
