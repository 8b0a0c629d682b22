"""The history of a dataset: what changed, in words, and where each revision went."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from click.testing import CliRunner

from gateway.cli import command_line
from gateway.commands.history import UnknownRevision
from gateway.desk import UnknownDataset
from gateway.publication.publish import publish_records, withdraw_records
from metadata.content import (
    DataIdentification,
    RecordContent,
    ServiceIdentification,
)
from metadata.finding import Language
from metadata.history.changes import NOTHING, changes
from metadata.history.leaves import leaves
from metadata.history.names import FIELDS, PARTS
from metadata.record import Record, RecordKind
from providers.history.timeline import history_of
from providers.store_model import Entry, EntryState, Operation
from providers.store_sendings import OURSELVES

GOLDEN = Path(__file__).parent.parent / "golden"


def words(before: bytes, after: bytes) -> list[str]:
    return [change.words.en for change in changes(before, after)]


class TestChanges:
    def test_an_equal_record_has_none(self, make_record) -> None:
        assert changes(make_record().content, make_record().content) == ()

    def test_a_changed_text_names_field_and_both_values(self, make_record) -> None:
        before, after = make_record(title="Cantons"), make_record(title="Communes")
        assert (
            words(before.content, after.content)[0] == "Title: “Cantons” → “Communes”"
        )

    def test_in_french_too(self, make_record) -> None:
        before, after = make_record(title="Cantons"), make_record(title="Communes")
        change = changes(before.content, after.content)[0]
        assert change.words.fr == "Intitulé : « Cantons » → « Communes »"

    def test_a_long_text_is_shown_from_where_it_changes(self, make_record) -> None:
        start = "Contours des quarante communes du département, tels que " * 5
        before = make_record(lineage=f"{start}levés en 2024.").content
        after = make_record(lineage=f"{start}levés en 2025.").content
        (said,) = words(before, after)
        assert "levés en 2024.” → “…" in said
        assert said.endswith("levés en 2025.”")
        assert len(said) < 200

    def test_keywords_are_told_by_what_came_and_went(self, make_record) -> None:
        before = make_record(keywords=("limite", "canton")).content
        after = make_record(keywords=("commune", "limite")).content
        said = " | ".join(words(before, after))
        assert "added “commune”, removed “canton”" in said

    def test_the_licence_is_called_so(self, make_record) -> None:
        after = make_record(licence="odbl-1.0").content
        (said,) = words(make_record().content, after)
        assert said.startswith("Licence: added “Open Data Commons")

    def test_another_order_is_no_change(self, make_record) -> None:
        before = make_record(keywords=("limite", "canton")).content
        after = make_record(keywords=("canton", "limite")).content
        assert words(before, after) == []

    def test_a_new_block_of_a_list_is_one_change(self, make_record) -> None:
        before = make_record().content
        after = make_record(hvd=("geospatial",)).content
        said = [line for line in words(before, after) if "High-value" in line]
        assert len(said) == 1
        assert ": added “" in said[0]

    def test_a_record_that_cannot_be_read_is_all_new(self, make_record) -> None:
        assert words(b"<a/>", make_record().content)

    def test_the_fields_of_json_are_told_likewise(self) -> None:
        before = {
            "title": "A",
            "tags": ["x"],
            "resources": [{"key": "api", "url": "u"}],
        }
        after = {"title": "B", "tags": ["x", "y"], "resources": []}
        said = words(json.dumps(before).encode(), json.dumps(after).encode())
        assert said == [
            "Title: “A” → “B”",
            "Keywords: added “y”",
            "Resource (api): removed “api; u”",
        ]

    @pytest.mark.parametrize("name", ["]", "a]b", "[", ""])
    def test_a_bracket_in_a_name_confuses_nothing(self, name: str) -> None:
        record = json.dumps({"resources": [{"key": name, "url": "u"}]}).encode()
        (change,) = changes(NOTHING, record)
        assert change.name.en.startswith("Resource")


class TestNames:
    @pytest.mark.parametrize(
        "record",
        [*(GOLDEN / "iso19139").glob("*.xml"), *(GOLDEN / "udata").glob("*.json")],
        ids=lambda path: path.name,
    )
    def test_every_field_of_our_records_has_one(self, record: Path) -> None:
        found = leaves(record.read_bytes())
        assert found
        for path in found:
            if not path.startswith("extras"):
                steps = re.sub(r"\[[^\]]*\]", "", path).split(".")
                known = next((n for n in (2, 1) if ".".join(steps[:n]) in FIELDS), 0)
                assert known, path
                assert set(steps[known:]) <= PARTS.keys(), path

    def test_every_field_that_a_record_can_have_has_one(self) -> None:
        whole = {f.name for f in fields(RecordContent)} - {"identification"}
        whole |= {
            f"identification.{f.name}"
            for kind in (DataIdentification, ServiceIdentification)
            for f in fields(kind)
        }
        assert whole <= FIELDS.keys()

    def test_every_part_that_a_record_can_have_has_one(self) -> None:
        parts = {name for kind in _kinds_below(RecordContent) for name in kind}
        assert parts <= PARTS.keys()


def _kinds_below(kind: type) -> list[set[str]]:
    """Return the fields of each dataclass inside a record, its top ones left out."""
    top = {RecordContent, DataIdentification, ServiceIdentification}
    seen: set[type] = set()
    ahead = list(top)
    while ahead:
        each = ahead.pop()
        if each in seen:
            continue
        seen.add(each)
        for hint in get_type_hints(each).values():
            ahead += [t for t in _types(hint) if is_dataclass(t)]
    names = {t.__name__: {f.name for f in fields(t)} for t in seen - top}
    del names["Label"]  # one value, shown as one
    return list(names.values())


def _types(hint: object) -> list[type]:
    inner = get_args(hint)
    return [t for part in inner for t in _types(part)] if inner else [hint]  # type: ignore[list-item]


class TestTimeline:
    def test_a_dataset_that_nobody_published_has_an_empty_one(self, store) -> None:
        assert history_of(store, "communes").is_empty

    def test_each_revision_knows_where_it_was_sent(
        self, store, make_record, configure, now
    ) -> None:
        publish = _publisher(store, configure())
        publish([make_record()], now=now)
        publish([make_record()], now=now + timedelta(days=1))
        publish([make_record(title="Autre")], now=now + timedelta(days=2))
        history = history_of(store, "communes")
        first, second = history.revisions
        assert (first.number, second.number) == (1, 2)
        assert first.records[0].changes == ()
        assert second.records[0].changes[0].path == "identification.title"
        for revision in (first, second):
            (sent,) = revision.records[0].sendings
            assert (sent.outlet, sent.at) == (OURSELVES, revision.at)
        assert history.others == ()

    def test_content_that_comes_back_is_a_revision_of_its_own(
        self, store, make_record, configure, now
    ) -> None:
        publish = _publisher(store, configure())
        for day, title in enumerate(("A", "B", "A")):
            publish([make_record(title=title)], now=now + timedelta(days=day))
        history = history_of(store, "communes")
        assert [len(r.records[0].sendings) for r in history.revisions] == [1, 1, 1]

    def test_a_withdrawal_ends_it(self, store, make_record, configure, now) -> None:
        _publisher(store, configure())([make_record()], now=now)
        later = now + timedelta(days=1)
        withdraw_records(
            {"communes"}, configuration=configure(), store=store, now=later
        )
        history = history_of(store, "communes")
        assert [s.operation.value for s in history.others] == ["delete"]
        assert [t.deleted_at for t in history.tombstones] == [later]
        assert len(history.revisions) == 1

    def test_after_a_purge_only_when_and_where_is_left(
        self, store, make_record, configure, now
    ) -> None:
        _publisher(store, configure())([make_record()], now=now)
        withdraw_records({"communes"}, configuration=configure(), store=store, now=now)
        store.purge("communes")
        history = history_of(store, "communes")
        assert history.revisions == ()
        assert [s.operation.value for s in history.others] == ["create", "delete"]
        assert {s.fingerprint for s in history.others} == {""}

    def test_the_form_of_a_portal_is_told_after_the_records(
        self, store, make_record, configure, now
    ) -> None:
        form = Record(
            identifier="https://data.example.org/id/communes",
            dataset_id="communes",
            kind=RecordKind.DATASET,
            content=(GOLDEN / "udata" / "points.json").read_bytes(),
        )
        store.keep_revisions([form], now=now)
        _publisher(store, configure())([make_record()], now=now)
        order = Entry(
            outlet="portail",
            record_identifier=form.identifier,
            dataset_id="communes",
            kind=form.kind,
            operation=Operation.CREATE,
            state=EntryState.DONE,
            fingerprint=form.fingerprint,
            intended_at=now,
        )
        store.keep_entries([order])
        (revision,) = history_of(store, "communes").revisions
        assert [record.form for record in revision.records] == ["iso19139", "json"]
        places = [[s.outlet for s in r.sendings] for r in revision.records]
        assert places == [[OURSELVES], ["portail"]]

    @pytest.mark.pycsw
    def test_a_real_catalogue_is_among_the_places(
        self, store, make_record, configure, catalogue, now
    ) -> None:
        configuration = configure(geo=catalogue.url)
        publish = _publisher(store, configuration)
        publish([make_record()], now=now)
        publish([make_record(title="Autre")], now=now + timedelta(days=1))
        later = now + timedelta(days=2)
        withdraw_records(
            {"communes"}, configuration=configuration, store=store, now=later
        )
        history = history_of(store, "communes")
        for revision, operation in zip(
            history.revisions, ("create", "update"), strict=True
        ):
            sent = {s.outlet: s for s in revision.records[0].sendings}
            assert sent["geo"].operation.value == operation
            assert sent["geo"].state is EntryState.DONE
        assert {s.outlet for s in history.others} == {"geo", OURSELVES}


def _publisher(store, configuration) -> Callable[..., None]:
    def publish(records, *, now) -> None:
        publish_records(records, configuration=configuration, store=store, now=now)

    return publish


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_layers: Callable[..., None]
) -> Path:
    """A configuration over a GeoPackage with one layer, published once."""
    write_layers(tmp_path / "silo" / "sig.gpkg", "communes")
    (tmp_path / "passerelle.yml").write_text(
        "organisation: {name: Département, siren: '229300082', email: sig@example.org,"
        " identifier_base: 'https://data.example.org/id', licence: etalab-2.0}\n"
        "service: {url: 'http://127.0.0.1:8080'}\n"
        "silos: {sig: ./silo}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PASSERELLE_CONFIG", str(tmp_path / "passerelle.yml"))
    run("survey")
    run("approve", "--all")
    run("publish")
    return tmp_path


def run(*arguments: str, language: Language = Language.ENGLISH) -> str:
    result = CliRunner().invoke(
        command_line(language), arguments, standalone_mode=False
    )
    if result.exception is not None:
        raise result.exception
    return result.output


def change_title(desk: Path, title: str) -> None:
    file = desk / "datasets" / "communes.yml"
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("title:")]
    text = "\n".join([*kept, f"title: {title}", ""])
    file.write_text(text, encoding="utf-8")


class TestCommand:
    def test_tells_each_change_and_each_place(self, desk: Path) -> None:
        change_title(desk, "Communes [bold]neuves[/bold]")
        run("publish")
        said = run("history", "communes")
        assert said.startswith("communes · published\n")
        assert "revision 2" in said
        assert "→ “Communes [bold]neuves[/bold]”" in " ".join(said.split())
        assert "our own catalogue: replaced" in said

    def test_sums_up_what_changed_in_every_link(self, desk: Path) -> None:
        change_title(desk, "Autre")
        run("publish")
        said = " ".join(run("history", "communes").split())
        assert "more like it (--revision 2 has them)" in said
        whole = run("history", "communes", "--revision", "2")
        assert whole.count("Link (") > said.count("Link (") == 1

    def test_speaks_french(self, desk: Path) -> None:
        said = run("history", "communes", language=Language.FRENCH)
        assert "révision 1" in said
        assert "notre catalogue : créée" in said

    def test_one_revision_is_told_whole(self, desk: Path) -> None:
        said = run("history", "communes", "--revision", "1")
        assert "+ http://127.0.0.1:8080/datasets/communes/" in said
        assert "revision 2" not in said

    def test_a_revision_that_is_not_there_is_refused(self, desk: Path) -> None:
        with pytest.raises(UnknownRevision) as caught:
            run("history", "communes", "--revision", "7")
        assert caught.value.remedy.en == "The last one is 1."

    def test_a_name_that_nobody_carries_is_refused(self, desk: Path) -> None:
        with pytest.raises(UnknownDataset):
            run("history", "nulle-part")

    def test_tells_programs_the_same(self, desk: Path) -> None:
        change_title(desk, "Autre")
        run("publish")
        told = json.loads(run("history", "communes", "--format", "json"))
        assert [r["number"] for r in told["revisions"]] == [1, 2]
        record = told["revisions"][1]["records"][0]
        change = record["changes"][0]
        assert (change["field"], change["after"]) == ("identification.title", "Autre")
        assert record["sent"][0]["outlet"] is None
        one = run("history", "communes", "--format", "json", "--revision", "2")
        assert json.loads(one)["revisions"] == told["revisions"][1:]

    def test_a_withdrawn_and_purged_dataset_says_so(self, desk: Path) -> None:
        run("withdraw", "communes", "--purge")
        said = " ".join(run("history", "communes").split())
        assert said.startswith("communes · withdrawn Not in our own catalogue")
        assert "Its revisions were erased" in said
        assert said.count("our own catalogue: deleted") == 2

    def test_its_history_outlives_its_description(self, desk: Path) -> None:
        (desk / "datasets" / "communes.yml").unlink()
        assert "our own catalogue: created" in run("history", "communes")

    def test_a_draft_was_never_published(self, desk: Path) -> None:
        draft = (desk / "datasets" / "communes.yml").read_text(encoding="utf-8")
        (desk / "datasets" / "autre.yml").write_text(
            draft.replace("id: communes", "id: autre").replace("published", "draft"),
            encoding="utf-8",
        )
        said = " ".join(run("history", "autre").split())
        assert (
            said == "autre · draft Nothing of it was published yet: passerelle publish."
        )
