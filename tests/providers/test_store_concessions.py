"""What is left as others wrote it is remembered, for as long as it is about both."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from providers.store import Store, open_store
from providers.store_concessions import Concession

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE = Concession(
    outlet="géo",
    record_identifier="r-1",
    dataset_id="forêts",
    theirs="a" * 64,
    ours="b" * 64,
    decided_at=NOW,
)


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    is_file = request.param == "sqlite"
    file = f"sqlite:///{tmp_path}/registre.sqlite"
    opened = open_store(file if is_file else request.getfixturevalue("postgis"))
    yield opened
    opened.close()


def test_the_last_one_about_a_record_counts(store: Store) -> None:
    later = replace(ONE, theirs="c" * 64)
    store.keep_concessions([ONE, replace(ONE, outlet="autre")])
    store.keep_concessions([later])
    assert store.concessions("géo") == {"r-1": later}
    assert store.concessions("nulle part") == {}


def test_purging_a_dataset_erases_them(store: Store) -> None:
    store.keep_concessions([ONE, replace(ONE, record_identifier="r", dataset_id="x")])
    store.purge("forêts")
    assert set(store.concessions("géo")) == {"r"}


def test_threads_that_write_at_once_lose_nothing(store: Store) -> None:
    names = [f"{number:03}" for number in range(60)]
    with ThreadPoolExecutor(12) as threads:
        list(
            threads.map(
                lambda name: store.keep_concessions([replace(ONE, outlet=name)]), names
            )
        )
    assert all(store.concessions(name) for name in names)
