"""How everything stands is read alike from SQLite and from PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from metadata.record import Record, RecordKind
from metadata.scores import Score
from providers.store import Store, open_store
from providers.store_model import Operation
from providers.store_sendings import OURSELVES
from providers.store_standing import Revised

NOW = datetime(2026, 6, 15, 12, 30, 1, 250, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgis)]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    address = f"sqlite:///{tmp_path}/registre.sqlite"
    if request.param == "postgresql":
        address = str(request.getfixturevalue("postgis"))
    opened = open_store(address)
    yield opened
    opened.close()


def record(name: str, words: str = "") -> Record:
    return Record(
        identifier=f"fr-1-{name}",
        dataset_id=name,
        kind=RecordKind.DATASET,
        content=f'{{"title": "{words}", "id": "{name}"}}'.encode(),
    )


def test_an_empty_store_has_nothing_to_say(store: Store) -> None:
    standing = store.standing()
    assert (standing.entries, standing.applied, standing.trend) == ((), (), ())
    assert (standing.revised, standing.links, standing.scores) == ({}, {}, {})
    assert store.delivered(NOW) == {}


def test_revisions_are_counted_by_moments_and_the_last_is_known(store: Store) -> None:
    store.apply_snapshot([record("été"), record("b")], now=NOW)
    store.apply_snapshot([record("été", "Autrement"), record("b")], now=LATER)
    assert store.standing().revised == {
        "été": Revised(revisions=2, last=LATER),
        "b": Revised(revisions=1, last=NOW),
    }


def test_what_is_published_is_known_without_its_content(store: Store) -> None:
    store.apply_snapshot([record("été"), record("b")], now=NOW)
    store.apply_snapshot([record("été")], now=LATER)
    standing = store.standing()
    (there,) = standing.applied
    assert (there.dataset_id, there.fingerprint, there.applied_at) == (
        "été",
        record("été").fingerprint,
        NOW,
    )
    (gone,) = standing.tombstones
    assert (gone.dataset_id, gone.deleted_at) == ("b", LATER)


def test_orders_are_counted_from_a_moment_on(store: Store) -> None:
    store.apply_snapshot([record("été"), record("b")], now=NOW)
    store.apply_snapshot([record("été")], now=LATER)
    assert store.delivered(NOW) == {
        (OURSELVES, Operation.CREATE): 2,
        (OURSELVES, Operation.DELETE): 1,
    }
    assert store.delivered(LATER) == {(OURSELVES, Operation.DELETE): 1}


def test_scores_are_those_of_each_dataset_and_of_all(store: Store) -> None:
    first, second = date(2026, 6, 1), date(2026, 6, 2)
    store.keep_scores(
        [Score(dataset_id=n, points=8, missing=("license",)) for n in ("a", "b")],
        day=first,
    )
    store.keep_scores([Score(dataset_id="a", points=9, missing=())], day=second)
    standing = store.standing()
    assert standing.trend == store.score_trend()
    for name in ("a", "b"):
        assert standing.scores[name] == store.scores(name)
