"""The store keeps what it is given, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from metadata.errors import StoreError
from metadata.finding import Text
from metadata.measured import (
    Bounds,
    Extent,
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    Period,
    RelationKind,
    Source,
    Survey,
)
from metadata.record import Record, RecordKind
from providers import store_tables, store_versions
from providers.store import open_store
from providers.store_database import Database
from providers.store_model import Entry, EntryState, Operation, SnapshotChange
from providers.store_surveys import decode_survey, encode_survey

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
DAY = date(2026, 3, 1)
LATER_DAY = date(2026, 3, 3)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgis)]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/dossier à part/100%/registre.sqlite"
    return str(request.getfixturevalue("postgis"))


@pytest.fixture
def store(url: str) -> Iterator:
    opened = open_store(url)
    yield opened
    opened.close()


def record(name: str = "cantons", words: str = "Cantons", stamp: date = DAY) -> Record:
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"'
        ' xmlns:gco="http://www.isotc211.org/2005/gco">'
        f"<gmd:dateStamp><gco:Date>{stamp}</gco:Date></gmd:dateStamp>"
        f"<gmd:metadataStandardName><gco:CharacterString>{words} &lt;é&gt; "
        "\N{PARTY POPPER}</gco:CharacterString></gmd:metadataStandardName>"
        "</gmd:MD_Metadata>"
    )
    return Record(
        identifier=f"fr-1-{name}",
        dataset_id=name,
        kind=RecordKind.DATASET,
        content=content.encode(),
    )


def entry(**changes) -> Entry:
    plain = Entry(
        outlet="geo",
        record_identifier="fr-1-cantons",
        dataset_id="cantons",
        kind=RecordKind.SERVICE,
        operation=Operation.CREATE,
        state=EntryState.INTENT,
        fingerprint="aa",
        intended_at=NOW,
    )
    return replace(plain, **changes)


def survey(table: str = "cantons", **changes) -> Survey:
    source = Source(silo="sig", container="public", table=table)
    plain = Survey(source=source, kind=RelationKind.TABLE, surveyed_at=NOW)
    return replace(plain, **changes)


class TestDateStamp:
    def test_is_today_for_a_record_never_kept(self, store) -> None:
        assert store.date_stamp_for("fr-1-new", "f", DAY) == DAY

    def test_stays_while_the_content_stays(self, store) -> None:
        store.keep_revisions([record()], now=NOW)
        again = record(stamp=LATER_DAY)
        stamp = store.date_stamp_for(again.identifier, again.fingerprint, LATER_DAY)
        assert stamp == DAY

    def test_is_today_once_the_content_changes(self, store) -> None:
        store.keep_revisions([record()], now=NOW)
        changed = record(words="Autres")
        stamp = store.date_stamp_for(changed.identifier, changed.fingerprint, LATER_DAY)
        assert stamp == LATER_DAY

    def test_is_today_when_an_older_content_comes_back(self, store) -> None:
        store.keep_revisions([record()], now=NOW)
        store.keep_revisions([record(words="Autres")], now=NOW)
        back = record(stamp=LATER_DAY)
        stamp = store.date_stamp_for(back.identifier, back.fingerprint, LATER_DAY)
        assert stamp == LATER_DAY


class TestRevisions:
    def test_are_added_only_when_the_content_changes(self, store) -> None:
        store.keep_revisions([record()], now=NOW)
        store.keep_revisions([record(stamp=LATER_DAY)], now=LATER)
        store.keep_revisions([record(words="Autres", stamp=LATER_DAY)], now=LATER)
        found = store.revisions("fr-1-cantons")
        assert [r.date_stamp for r in found] == [DAY, LATER_DAY]
        assert [r.first_seen for r in found] == [NOW, LATER]

    def test_give_the_record_back_byte_for_byte(self, store) -> None:
        store.keep_revisions([record()], now=NOW)
        assert store.revisions("fr-1-cantons")[0].record == record()

    def test_of_a_record_without_date_are_refused(self, store) -> None:
        undated = replace(record(), content=b"<a/>")
        with pytest.raises(StoreError, match="date stamp"):
            store.keep_revisions([record("communes"), undated], now=NOW)
        assert store.revisions("fr-1-communes") == ()

    def test_of_many_records_are_kept_in_one_go(self, store) -> None:
        many = [record(f"jeu-{number}") for number in range(1200)]
        store.keep_revisions(many, now=NOW)
        store.keep_revisions(many, now=LATER)
        assert all(len(store.revisions(f"fr-1-jeu-{n}")) == 1 for n in (0, 599, 1199))


class TestSnapshot:
    def test_holds_what_was_last_applied(self, store) -> None:
        first = store.apply_snapshot([record("a"), record("b")], now=NOW)
        assert first == SnapshotChange(added=("fr-1-a", "fr-1-b"))
        changed = record("b", "Autres", LATER_DAY)
        second = store.apply_snapshot([changed, record("c")], now=LATER)
        assert second == SnapshotChange(("fr-1-c",), ("fr-1-b",), ("fr-1-a",))
        assert [r.record for r in store.applied()] == [changed, record("c")]

    def test_leaves_tombstones_that_go_when_the_record_is_back(self, store) -> None:
        store.apply_snapshot([record("a"), record("b")], now=NOW)
        store.apply_snapshot([record("b")], now=LATER)
        stones = store.tombstones()
        assert [(s.record_identifier, s.deleted_at) for s in stones] == [
            ("fr-1-a", LATER)
        ]
        store.apply_snapshot([record("a"), record("b")], now=LATER)
        assert store.tombstones() == ()

    def test_moves_the_generation_only_when_something_changes(self, store) -> None:
        store.apply_snapshot([record("a")], now=NOW)
        before = store.generation()
        store.apply_snapshot([record("a", stamp=LATER_DAY)], now=LATER)
        assert store.generation() == before
        store.apply_snapshot([], now=LATER)
        assert store.generation() > before

    def test_loses_a_dataset_that_is_taken_down(self, store) -> None:
        store.apply_snapshot([record("a"), record("b")], now=NOW)
        assert store.take_down(["a"], now=LATER).removed == ("fr-1-a",)
        assert [r.dataset_id for r in store.applied()] == ["b"]
        assert [s.dataset_id for s in store.tombstones()] == ["a"]

    def test_loses_every_revision_of_a_purged_dataset(self, store) -> None:
        store.apply_snapshot([record("a"), record("b")], now=NOW)
        store.apply_snapshot([record("a", "Autres"), record("b")], now=NOW)
        assert store.purge("a") == 2
        assert store.revisions("fr-1-a") == ()
        assert [r.dataset_id for r in store.applied()] == ["b"]


class TestLedger:
    def test_gives_entries_back_equal(self, store) -> None:
        full = entry(
            state=EntryState.FAILED,
            published_fingerprint="bb",
            remote_id="r-1",
            settled_at=LATER,
            message=Text("Refusé : « é »", "Refused"),
        )
        store.keep_entries([full])
        assert store.entries() == (full,)

    def test_replaces_an_entry_of_the_same_record_and_outlet(self, store) -> None:
        store.keep_entries([entry(), entry(outlet="autre")])
        done = entry(state=EntryState.DONE, settled_at=LATER)
        store.keep_entries([done])
        assert store.entries("geo") == (done,)
        assert store.entries("autre") == (entry(outlet="autre"),)

    def test_survives_the_process(self, url: str) -> None:
        first = open_store(url)
        first.keep_entries([entry()])
        first.close()
        second = open_store(url)
        assert second.entries() == (entry(),)
        second.close()


class TestSurveys:
    def test_replace_earlier_ones_of_the_same_source(self, store) -> None:
        store.keep_surveys([survey(), survey("communes")])
        store.keep_surveys([survey(feature_count=3, surveyed_at=LATER)])
        assert store.surveys() == (
            survey(feature_count=3, surveyed_at=LATER),
            survey("communes"),
        )

    def test_move_the_generation_only_when_something_new_was_measured(
        self, store
    ) -> None:
        store.keep_surveys([survey()])
        before = store.generation()
        store.keep_surveys([survey(surveyed_at=LATER)])
        assert store.generation() == before
        store.keep_surveys([survey(comment="neuf", surveyed_at=LATER)])
        assert store.generation() == before + 1

    def test_can_be_forgotten(self, store) -> None:
        store.keep_surveys([survey(), survey("communes")])
        store.forget_surveys([survey().source])
        assert store.surveys() == (survey("communes"),)

    def test_of_another_version_are_passed_over(self) -> None:
        assert decode_survey('{"source": "what?"}') is None
        assert decode_survey("{") is None

    def test_from_before_changes_were_counted_are_read(self) -> None:
        kept = json.loads(encode_survey(survey()))
        del kept["counted"]
        assert decode_survey(json.dumps(kept)) == survey()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
finite = st.floats(allow_nan=False)
moments = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])
)
fields = st.builds(
    Field, name=texts, type=st.sampled_from(FieldType), native_type=texts, comment=texts
)
geometries = st.builds(
    GeometryColumn,
    name=texts,
    type=st.sampled_from(GeometryType),
    srid=st.integers(0, 2**31),
    has_measure=st.booleans(),
)
surveys = st.builds(
    Survey,
    source=st.builds(Source, silo=names, container=names, table=names),
    kind=st.sampled_from(RelationKind),
    surveyed_at=moments,
    fields=st.lists(fields, max_size=3).map(tuple),
    key=st.lists(texts, max_size=2).map(tuple),
    geometries=st.lists(geometries, max_size=2).map(tuple),
    native_extent=st.none()
    | st.builds(Bounds, finite, finite, finite, finite, st.integers(0, 9999)),
    extent=st.none() | st.builds(Extent, finite, finite, finite, finite),
    feature_count=st.none() | st.integers(0, 2**60),
    periods=st.lists(
        st.builds(Period, field=names, start=texts, end=texts), max_size=2
    ).map(tuple),
    temporal_field=texts,
    changed_at=st.none() | moments,
    size=st.none() | st.integers(0, 2**60),
    comment=texts,
)


@given(surveys)
@settings(deadline=None, max_examples=150)
def test_any_survey_comes_back_equal(measured: Survey) -> None:
    again = decode_survey(encode_survey(measured))
    assert again == measured
    assert repr(again) == repr(measured) or again.surveyed_at == measured.surveyed_at


@given(surveys)
@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_survey_comes_back_equal_from_the_database(store, measured: Survey) -> None:
    store.keep_surveys([measured])
    assert measured in store.surveys()
    store.forget_surveys([measured.source])


class TestOpening:
    def test_makes_exactly_the_tables_that_the_code_knows(self, url: str) -> None:
        database = Database(url)
        with database.reading() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, store_tables.metadata) == []
        database.close()

    def test_by_several_processes_at_once_makes_one_store(self, url: str) -> None:
        code = (
            "import sys; from providers.store import open_store\n"
            "s = open_store(sys.argv[1]); print(s.generation()); s.close()"
        )
        command = [sys.executable, "-c", code, url]
        crowd = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(5)
        ]
        ends = [process.communicate(timeout=120) for process in crowd]
        assert [(out, err) for out, err in ends] == [(b"0\n", b"")] * 5

    def test_a_store_of_this_version_is_opened_without_the_tools_of_migration(
        self, url: str
    ) -> None:
        Database(url).close()
        code = (
            "import sys; from providers.store import open_store\n"
            "open_store(sys.argv[1]).close(); sys.exit('alembic' in sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code, url], check=True, timeout=120)

    def test_versions_bear_the_names_of_their_files(self) -> None:
        folder = Path(store_versions.__file__).parent / "migrations"
        scripts = ScriptDirectory(str(folder))
        found = [script.revision for script in scripts.walk_revisions()]
        assert found[::-1] == store_versions.EVERY

    def test_a_store_of_a_newer_version_is_refused(self, url: str) -> None:
        database = Database(url)
        with database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        database.close()
        with pytest.raises(StoreError, match="newer version"):
            open_store(url)

    @pytest.mark.parametrize(
        "address",
        ["sqlite://", "sqlite:///:memory:", "mysql://u:s3cret@h/d", "nonsense"],
    )
    def test_refuses_an_address_that_does_not_last(self, address: str) -> None:
        with pytest.raises(StoreError) as caught:
            open_store(address)
        assert "s3cret" not in str(caught.value)

    def test_says_what_is_wrong_with_a_file_that_is_no_store(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "texte.sqlite"
        file.write_text("ceci n'est pas une base" * 100)
        with pytest.raises(StoreError, match=r"texte\.sqlite"):
            open_store(f"sqlite:///{file}")

    def test_says_which_folder_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(StoreError, match="file"):
            open_store(f"sqlite:///{tmp_path}/file/below/registre.sqlite")

    def test_says_which_server_does_not_answer_without_its_password(self) -> None:
        with pytest.raises(StoreError) as caught:
            open_store("postgresql://me:s3cret@127.0.0.1:1/base")
        assert "127.0.0.1" in str(caught.value)
        assert "s3cret" not in str(caught.value)


HOLD = """
import sys, time
from providers.store import open_store
store = open_store(sys.argv[1])
with store.publishing():
    print("held", flush=True)
    time.sleep(300)
"""


class TestPublishing:
    def test_is_for_one_at_a_time(self, url: str, store) -> None:
        other = open_store(url)
        with (
            store.publishing(),
            pytest.raises(StoreError, match="under way"),
            other.publishing(),
        ):
            pass
        with other.publishing():
            pass
        other.close()

    def test_is_free_again_after_its_holder_was_killed(self, url: str, store) -> None:
        command = [sys.executable, "-c", HOLD, url]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(StoreError), store.publishing():
                pass
            holder.send_signal(signal.SIGKILL)
        _eventually(lambda: _can_publish(store))

    def test_does_not_keep_others_from_reading_and_writing(
        self, url: str, store
    ) -> None:
        other = open_store(url)
        with store.publishing():
            other.keep_surveys([survey()])
            assert other.surveys() == (survey(),)
        other.close()


def _can_publish(store) -> bool:
    try:
        with store.publishing():
            return True
    except StoreError:
        return False


def _eventually(holds: Callable[[], bool]) -> None:
    """PostgreSQL takes a moment to see that a client is gone."""
    import time

    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
