"""What somebody edited over there: shown field by field, settled by a stated rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import pytest
from rich.console import Console

from gateway.outlets.opening import open_outlet
from gateway.outlets.outlet import Action, Change
from gateway.publication.comparison import quoted_apart
from gateway.publication.publish import publish_records
from gateway.publication.report import result_json, result_tables
from gateway.publication.result import OutletResult, PublishResult
from metadata.finding import Language, Text
from metadata.record import Record, fingerprint
from providers.store_model import Operation

pytestmark = pytest.mark.pycsw


@pytest.fixture
def publish(configure, catalogue, store, now) -> Callable[..., PublishResult]:
    """Publish to the shared catalogue, under a rule."""

    def act(records, rule: str = "report", **options) -> PublishResult:
        made = configure(geo=catalogue.url)
        geo = replace(made.outlets["geo"], conflicts=rule)
        configuration = replace(made, outlets=MappingProxyType({"geo": geo}))
        return publish_records(
            records, configuration=configuration, store=store, now=now, **options
        )

    return act


@pytest.fixture
def edit(configure, catalogue) -> Callable[..., bytes]:
    """Write something else in the place of a record, as somebody else would."""

    def act(
        record: Record, old: str, new: str, operation: Operation = Operation.UPDATE
    ) -> bytes:
        content = record.content.replace(old.encode(), new.encode())
        assert content != record.content
        outlet = open_outlet(configure(geo=catalogue.url).outlets["geo"])
        outlet.check()
        change = Change(
            action=Action(operation.value),
            identifier=record.identifier,
            dataset_id=record.dataset_id,
            kind=record.kind,
            reason=Text("", ""),
            record=replace(record, content=content),
        )
        outlet.apply(operation, [change])
        outlet.close()
        return content

    return act


@pytest.fixture
def there(configure, catalogue) -> Callable[[Record], str | None]:
    """Return the fingerprint of what the catalogue has of a record."""

    def ask(record: Record) -> str | None:
        outlet = open_outlet(configure(geo=catalogue.url).outlets["geo"])
        found = outlet.look([record.identifier]).get(record.identifier)
        outlet.close()
        return found and found.fingerprint

    return ask


def only(result: PublishResult) -> OutletResult:
    (outlet,) = result.outlets
    assert outlet.plan is not None, outlet.problem
    return outlet


def outcomes(result: PublishResult) -> dict[str, int]:
    return {str(outcome): n for outcome, n in only(result).counts.items() if n}


class TestAConflict:
    def test_names_each_field_in_words_and_what_three_sides_say(
        self, publish, make_record, edit
    ) -> None:
        publish([make_record("a", title="Envoyé")])
        edit(make_record("a", title="Envoyé"), "quarante", "quarante-et-une")
        result = publish([make_record("a", title="Voulu")])
        (receipt,) = only(result).receipts
        said = {field.name.fr: field for field in receipt.change.disagreements}
        assert {"titre", "résumé"} <= said.keys()
        title, abstract = said["titre"], said["résumé"]
        assert (title.sent, title.there, title.wanted) == ("Envoyé", "Envoyé", "Voulu")
        assert abstract.sent == abstract.wanted
        assert "quarante-et-une" in abstract.there
        assert result.exit_code == 1

    def test_is_told_to_people_and_to_programs(
        self, publish, make_record, edit
    ) -> None:
        publish([make_record("a")])
        edit(make_record("a"), "quarante", "quarante-et-une")
        result = publish([make_record("a")])
        console = Console(width=400, record=True, quiet=False, file=None)
        with console.capture() as captured:
            for part in result_tables(result, Language.FRENCH):
                console.print(part)
        assert "résumé : envoyé Contours des quarante" in captured.get()
        assert "| là-bas Contours des quarante-et-une" in captured.get()
        found = json.loads(json.dumps(result_json(result)))
        (record,) = found["outlets"][0]["records"]
        (field,) = record["fields"]
        assert field["field"] == {"fr": "résumé", "en": "abstract"}
        assert field["sent"] == field["wanted"] != field["there"]

    def test_of_a_record_that_was_never_ours_says_that_nothing_is_known_of_it(
        self, publish, make_record, edit
    ) -> None:
        edit(make_record("a"), "quarante", "trente", Operation.CREATE)
        (receipt,) = only(publish([make_record("a")])).receipts
        (field,) = receipt.change.disagreements
        assert field.sent is None
        assert "trente" in field.there
        assert "quarante" in field.wanted

    def test_whose_fields_say_the_same_says_where_it_is(
        self, publish, make_record, edit
    ) -> None:
        publish([make_record("a")])
        edit(make_record("a"), 'codeList="', 'codeList="https://ailleurs.example/')
        (receipt,) = only(publish([make_record("a")])).receipts
        (field,) = receipt.change.disagreements
        assert field.name.fr == "structure"
        assert "ailleurs.example" in field.there


class TestTheRule:
    def test_overwrite_replaces_theirs_and_says_what_it_was(
        self, publish, make_record, edit, there
    ) -> None:
        publish([make_record("a")])
        edit(make_record("a"), "quarante", "trente")
        result = publish([make_record("a")], rule="overwrite")
        assert outcomes(result) == {"done": 1}
        (receipt,) = only(result).receipts
        assert "trente" in receipt.change.disagreements[0].there
        assert there(make_record("a")) == make_record("a").fingerprint

    def test_keep_lets_theirs_stand_and_speaks_of_it_once(
        self, publish, make_record, edit, there
    ) -> None:
        publish([make_record("a"), make_record("b")])
        theirs = edit(make_record("a"), "quarante", "trente")
        records = [make_record("a"), make_record("b")]
        first = publish(records, rule="keep")
        assert outcomes(first) == {"left": 1, "kept": 1}
        assert "trente" in only(first).receipts[0].change.disagreements[0].there
        assert first.exit_code == 0
        second = publish(records, rule="keep")
        assert outcomes(second) == {"kept": 2}
        assert there(make_record("a")) == fingerprint(theirs)

    def test_keep_once_is_remembered_until_one_side_changes(
        self, publish, make_record, edit, there
    ) -> None:
        record = make_record("a")
        publish([record])
        edit(record, "quarante", "trente")
        assert outcomes(publish([record])) == {"refused": 1}
        assert outcomes(publish([record], keep_theirs=True)) == {"left": 1}
        quiet = publish([record])
        assert (outcomes(quiet), quiet.exit_code) == ({"kept": 1}, 0)
        edit(record, "quarante", "vingt")
        assert outcomes(publish([record])) == {"refused": 1}
        assert outcomes(publish([record], keep_theirs=True)) == {"left": 1}
        changed = make_record("a", title="Autre")
        assert outcomes(publish([changed])) == {"refused": 1}
        assert outcomes(publish([changed], overwrite=True)) == {"done": 1}
        assert there(record) == changed.fingerprint
        assert outcomes(publish([changed])) == {"kept": 1}

    def test_a_plan_alone_decides_nothing(self, publish, make_record, edit) -> None:
        publish([make_record("a")])
        edit(make_record("a"), "quarante", "trente")
        planned = publish([make_record("a")], keep_theirs=True, dry_run=True)
        assert outcomes(planned) == {"left": 1}
        assert outcomes(publish([make_record("a")])) == {"refused": 1}

    def test_keep_spares_a_record_that_we_want_no_more(
        self, publish, make_record, edit, there
    ) -> None:
        publish([make_record("a"), make_record("b")])
        edit(make_record("a"), "quarante", "trente")
        assert outcomes(publish([make_record("b")], rule="keep")) == {
            "left": 1,
            "kept": 1,
        }
        assert outcomes(publish([make_record("b")])) == {"kept": 2}
        assert there(make_record("a")) is not None

    def test_what_they_took_back_is_ours_again(
        self, publish, make_record, edit
    ) -> None:
        record, changed = make_record("a"), make_record("a", title="Autre")
        publish([record])
        edit(record, "quarante", "trente")
        publish([record], keep_theirs=True)
        edit(replace(record, content=record.content + b"\n"), "\n", "")
        assert outcomes(publish([changed])) == {"done": 1}


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (("a", "", "b"), ("a", "∅", "b")),
        (("x" * 70 + "A", "x" * 70 + "B"), ("…xxxxxA", "…xxxxxB")),
        (("court", "x" * 30), ("court", "x" * 20 + "…")),
        (("x" * 30, ""), ("x" * 20 + "…", "∅")),
        (("a\x1b[2Jb", "b"), ("a [2Jb", "b")),
    ],
)
def test_values_are_quoted_where_they_begin_to_differ(values, shown) -> None:
    assert quoted_apart(*values, width=20) == shown
