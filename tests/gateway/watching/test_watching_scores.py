"""A watch keeps the score of what it publishes, and looks only at what changed."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.watching import scores as room
from gateway.watching.scores import ScoreBook
from metadata.dataset import Dataset
from metadata.describing import describe_all
from metadata.description import read_descriptions
from providers.configuration import read_configuration

TODAY = date(2026, 6, 1)


@pytest.fixture
def datasets(of_files: Any) -> tuple[Dataset, ...]:
    configuration = read_configuration(of_files.file)
    with of_files.store() as store:
        described = describe_all(
            read_descriptions(configuration.datasets).found,
            store.surveys(),
            (),
            organisation=configuration.organisation,
            service_url=configuration.service.url,
        )
    assert len(described.datasets) >= 2
    return described.datasets


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The datasets that were scored, call by call; they are scored all the same."""
    calls: list[list[str]] = []
    really = room.keep_scores

    def noted(store: Any, datasets: Any, **options: Any) -> Any:
        calls.append(sorted(dataset.id for dataset in datasets))
        return really(store, datasets, **options)

    monkeypatch.setattr(room, "keep_scores", noted)
    return calls


def test_only_what_changed_is_scored_and_the_others_stay(
    of_files: Any, datasets: tuple[Dataset, ...], scored: list[list[str]]
) -> None:
    first, second = datasets[:2]
    changed = replace(
        first, description=replace(first.description, keywords=("autre",))
    )
    book = ScoreBook()
    with of_files.store() as store:
        book.keep([first, second], store, held=[], today=TODAY)
        book.keep([first, second], store, held=[], today=TODAY)
        book.keep([changed, second], store, held=[], today=TODAY)
        assert set(store.last_scores()) == {first.id, second.id}
    assert scored == [sorted([first.id, second.id]), [first.id]]


def test_what_left_has_no_score_and_what_is_held_keeps_its_own(
    of_files: Any, datasets: tuple[Dataset, ...]
) -> None:
    first, second = datasets[:2]
    book = ScoreBook()
    with of_files.store() as store:
        book.keep([first, second], store, held=[], today=TODAY)
        later = TODAY + timedelta(days=1)
        book.keep([], store, held=[first.id], today=later)
        assert set(store.last_scores()) == {first.id}
        book.keep([], store, held=[], today=later)
        assert not store.last_scores()


def test_everything_is_scored_again_each_day_and_when_forgotten(
    of_files: Any, datasets: tuple[Dataset, ...], scored: list[list[str]]
) -> None:
    one, book = datasets[0], ScoreBook()
    with of_files.store() as store:
        book.keep([one], store, held=[], today=TODAY)
        book.keep([one], store, held=[], today=TODAY + timedelta(days=1))
        book.forget()
        book.keep([one], store, held=[], today=TODAY + timedelta(days=1))
    assert scored == [[one.id]] * 3


def test_a_running_watch_keeps_scores(of_files: Any, watch: Any) -> None:
    watch(of_files).said("our own catalogue: 4 added")
    with of_files.store() as store:
        _wait(store.score_trend)


def _wait(condition: Any) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "no score was kept"
        time.sleep(0.05)
