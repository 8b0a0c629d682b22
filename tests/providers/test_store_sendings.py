"""Every order to every outlet is kept, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import insert

from metadata.finding import Text
from metadata.record import Record, RecordKind
from providers import store_tables
from providers.store import Store, open_store
from providers.store_database import Database
from providers.store_model import Entry, EntryState, Operation
from providers.store_rows import entry_row
from providers.store_sendings import OURSELVES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=2)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgis)]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.sqlite"
    return str(request.getfixturevalue("postgis"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()


def record(name: str = "cantons", words: str = "Cantons") -> Record:
    content = f'{{"title": "{words}", "id": "{name}"}}'.encode()
    return Record(
        identifier=f"fr-1-{name}",
        dataset_id=name,
        kind=RecordKind.DATASET,
        content=content,
    )


INTENT = Entry(
    outlet="geo",
    record_identifier="fr-1-cantons",
    dataset_id="cantons",
    kind=RecordKind.DATASET,
    operation=Operation.CREATE,
    state=EntryState.INTENT,
    fingerprint="aa",
    intended_at=NOW,
)
DONE = replace(INTENT, state=EntryState.DONE, settled_at=NOW)


def test_the_outcome_of_an_order_takes_the_place_of_its_intent(store: Store) -> None:
    store.keep_entries([INTENT])
    assert [s.state for s in store.sendings("cantons")] == [EntryState.INTENT]
    store.keep_entries([DONE])
    (sent,) = store.sendings("cantons")
    assert (sent.state, sent.at, sent.settled_at) == (EntryState.DONE, NOW, NOW)
    assert (sent.outlet, sent.fingerprint) == ("geo", "aa")


def test_orders_stay_when_the_ledger_moves_on(store: Store) -> None:
    update = replace(
        DONE, operation=Operation.UPDATE, fingerprint="bb", intended_at=LATER
    )
    store.keep_entries([DONE])
    store.keep_entries([update])
    assert [s.fingerprint for s in store.sendings("cantons")] == ["aa", "bb"]
    assert store.entries() == (update,)


def test_what_was_found_gone_over_there_does_not_erase_that_it_was_sent(
    store: Store,
) -> None:
    store.keep_entries([DONE])
    gone = replace(DONE, operation=Operation.DELETE, fingerprint="", settled_at=LATER)
    store.keep_entries([gone])
    operations = [s.operation for s in store.sendings("cantons")]
    assert sorted(operations) == [Operation.CREATE, Operation.DELETE]


def test_the_reason_of_a_refusal_is_kept(store: Store) -> None:
    message = Text("« licence » refusée", "licence refused")
    store.keep_entries([replace(DONE, state=EntryState.FAILED, message=message)])
    assert store.sendings("cantons")[0].message == message


def test_of_an_order_that_fails_for_ever_the_first_and_the_last_are_kept(
    store: Store,
) -> None:
    for minute in range(50):
        at = NOW + timedelta(minutes=minute)
        again = replace(DONE, state=EntryState.INTENT, intended_at=at)
        store.keep_entries([again])
        store.keep_entries([replace(again, state=EntryState.FAILED, settled_at=at)])
    assert [s.at for s in store.sendings("cantons")] == [
        NOW,
        NOW + timedelta(minutes=49),
    ]


def test_failures_of_other_orders_are_kept_apart(store: Store) -> None:
    failed = replace(DONE, state=EntryState.FAILED)
    for number, outlet in enumerate(("geo", "portal", "geo", "portal")):
        at = NOW + timedelta(minutes=number)
        store.keep_entries([replace(failed, outlet=outlet, intended_at=at)])
        update = replace(failed, outlet=outlet, intended_at=at, fingerprint="bb")
        store.keep_entries([update])
    assert len(store.sendings("cantons")) == 8


def test_orders_about_other_datasets_are_not_told(store: Store) -> None:
    store.keep_entries([DONE, replace(DONE, record_identifier="x", dataset_id="x")])
    assert [s.dataset_id for s in store.sendings("cantons")] == ["cantons"]


def test_our_own_catalogue_is_told_of_like_an_outlet(store: Store) -> None:
    store.apply_snapshot([record(), record("routes")], now=NOW)
    store.apply_snapshot([record(words="Autres"), record("routes")], now=LATER)
    store.take_down(["cantons"], now=LATER + timedelta(days=1))
    told = store.sendings("cantons")
    assert [s.operation.value for s in told] == ["create", "update", "delete"]
    assert {s.outlet for s in told} == {OURSELVES}
    revisions = [r.fingerprint for r in store.revisions_of("cantons")]
    assert [s.fingerprint for s in told] == [*revisions, ""]
    assert len(store.sendings("routes")) == 1


def test_applying_the_same_snapshot_again_tells_nothing(store: Store) -> None:
    store.apply_snapshot([record()], now=NOW)
    store.apply_snapshot([record()], now=LATER)
    assert [s.at for s in store.sendings("cantons")] == [NOW]


def test_a_purge_leaves_when_and_where_and_no_trace_of_what(store: Store) -> None:
    said = Text("relue autre : « Dupont »", "read back other: “Dupont”")
    store.apply_snapshot([record(), record("routes")], now=NOW)
    store.keep_entries([replace(DONE, state=EntryState.FAILED, message=said)])
    store.purge("cantons")
    told = store.sendings("cantons")
    assert {(s.outlet, s.at) for s in told} == {(OURSELVES, NOW), ("geo", NOW)}
    assert {s.fingerprint for s in told} == {""}
    assert {s.message for s in told} == {Text("", "")}
    assert store.sendings("routes")[0].fingerprint != ""
    assert store.revisions_of("cantons") == ()


def test_a_purge_of_two_orders_of_one_moment_keeps_one(store: Store) -> None:
    store.keep_entries([DONE])
    store.keep_entries([replace(DONE, fingerprint="bb")])
    store.purge("cantons")
    assert [s.fingerprint for s in store.sendings("cantons")] == [""]


def test_a_store_from_before_takes_over_what_the_ledger_knows(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        upgrade = command.upgrade
        patch.setattr(command, "upgrade", lambda scripts, _: upgrade(scripts, "0002"))
        before = Database(url)
    with before.writing() as connection:
        connection.execute(insert(store_tables.ledger), [entry_row(DONE)])
    before.close()
    after = open_store(url)
    (sent,) = after.sendings("cantons")
    assert after.entries() == (DONE,)
    after.close()
    assert (sent.outlet, sent.at, sent.state) == ("geo", NOW, EntryState.DONE)
