"""Scores over time, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from metadata.scores import Score
from providers import store_tables as tables
from providers.store import Store, open_store
from providers.store_scores import KeptScore, TrendDay

DAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def on_postgresql(request: pytest.FixtureRequest) -> Iterator[Store]:
    opened = open_store(str(request.getfixturevalue("module_postgis")))
    yield opened
    opened.close()


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgis)]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store that holds nothing of this."""
    if request.param == "postgresql":
        shared = request.getfixturevalue("on_postgresql")
        with shared._database.writing() as connection:
            connection.execute(tables.score.delete())
        yield shared
        return
    opened = open_store(f"sqlite:///{tmp_path}/registre.sqlite")
    yield opened
    opened.close()


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def scored(**points: int) -> list[Score]:
    words = ("license", "spatial", "temporal_coverage", "update_frequency")
    return [
        Score(dataset_id=name, points=p, missing=words[: 9 - p])
        for name, p in points.items()
    ]


def line(store: Store, name: str) -> list[tuple[int, int | None]]:
    return [((s.day - DAY).days, s.points) for s in store.scores(name)]


def trend(store: Store) -> list[tuple[int, int, int]]:
    return [((t.day - DAY).days, t.datasets, t.points) for t in store.score_trend()]


def test_a_score_is_kept_for_the_days_on_which_it_changed(store) -> None:
    for number, points in enumerate((8, 8, 9, 9, 8)):
        store.keep_scores(scored(a=points), day=day(number))
    assert line(store, "a") == [(0, 8), (2, 9), (4, 8)]
    assert store.scores("a")[0] == KeptScore(
        dataset_id="a", day=DAY, points=8, missing=("license",)
    )
    assert store.scores("b") == ()


def test_equal_points_for_other_reasons_are_another_score(store) -> None:
    store.keep_scores(scored(a=8), day=day(0))
    other = Score(dataset_id="a", points=8, missing=("spatial",))
    store.keep_scores([other], day=day(1))
    assert [s.missing for s in store.scores("a")] == [("license",), ("spatial",)]


def test_of_one_day_the_last_look_counts(store) -> None:
    store.keep_scores(scored(a=8), day=day(0))
    for points in (7, 9):
        store.keep_scores(scored(a=points), day=day(1))
    assert line(store, "a") == [(0, 8), (1, 9)]


def test_what_went_back_within_a_day_leaves_no_trace(store) -> None:
    store.keep_scores(scored(a=8), day=day(0))
    for points in (7, 8):
        store.keep_scores(scored(a=points), day=day(1))
    assert line(store, "a") == [(0, 8)]


def test_a_dataset_that_is_not_published_any_more_ends(store) -> None:
    store.keep_scores(scored(a=8, b=9), day=day(0))
    store.keep_scores(scored(b=9), day=day(2))
    assert line(store, "a") == [(0, 8), (2, None)]
    assert set(store.last_scores()) == {"b"}
    store.keep_scores(scored(b=9), day=day(3))
    assert line(store, "a") == [(0, 8), (2, None)]
    store.keep_scores(scored(a=6, b=9), day=day(4))
    assert line(store, "a") == [(0, 8), (2, None), (4, 6)]


def test_one_that_came_and_went_on_the_same_day_was_never_there(store) -> None:
    store.keep_scores(scored(b=9), day=day(0))
    store.keep_scores(scored(a=5, b=9), day=day(1))
    store.keep_scores(scored(b=9), day=day(1))
    assert line(store, "a") == []
    assert trend(store) == [(0, 1, 9)]


def test_one_that_could_not_be_looked_at_stays(store) -> None:
    store.keep_scores(scored(a=8, b=9), day=day(0))
    store.keep_scores(scored(b=7), day=day(1), held={"a"})
    assert line(store, "a") == [(0, 8)]
    assert store.last_scores()["a"].points == 8


def test_the_trend_has_a_line_for_each_day_of_a_change(store) -> None:
    store.keep_scores(scored(a=8, b=6), day=day(0))
    store.keep_scores(scored(a=8, b=6), day=day(1))
    store.keep_scores(scored(a=9, b=6, c=9), day=day(2))
    store.keep_scores(scored(c=9), day=day(5))
    store.keep_scores([], day=day(6))
    assert trend(store) == [(0, 2, 14), (2, 3, 24), (5, 1, 9), (6, 0, 0)]
    assert [each.mean for each in store.score_trend()] == [7, 8, 9, None]
    assert store.score_trend()[0] == TrendDay(day=DAY, datasets=2, points=14)


def test_without_any_there_is_no_trend(store) -> None:
    store.keep_scores([], day=day(0))
    assert (store.score_trend(), dict(store.last_scores())) == ((), {})


def test_a_thousand_datasets_are_kept_in_one_go(store) -> None:
    store.keep_scores(scored(**{f"d{n}": 8 for n in range(1200)}), day=day(0))
    store.keep_scores(scored(**{f"d{n}": 9 for n in range(1200)}), day=day(0))
    store.keep_scores(scored(**{f"d{n}": 9 for n in range(1200)}), day=day(1))
    assert trend(store) == [(0, 1200, 10800)]
