"""What becomes of the files that the service makes is counted."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.files_attempts import Account, Attempt, Outcome
from service.files_attempts import decode_attempt as decode
from service.files_attempts import encode_attempt as encode
from service.files_keeper import make

Wait = Callable[[Callable[[], bool]], None]


class Clock:
    """The present, and some minutes more."""

    minutes = 0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=self.minutes)


def told(client: httpx.Client, name: str) -> dict[str, float]:
    """Return a metric of the files by outcome."""
    return {
        sample.labels.get("outcome", ""): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        if sample.name == f"passerelle_files_{name}"
    }


@pytest.mark.postgis
def test_new_unchanged_and_failed_files_are_told_apart(
    on_postgis: Any, serve: Any, wait_for: Wait
) -> None:
    on_postgis.describe("lieux", "places")
    clock = Clock()
    with serve(on_postgis, files=0.1, clock=clock) as client:
        assert set(told(client, "makings_total")) == {"new", "unchanged", "failed"}
        wait_for(lambda: told(client, "makings_total")["new"] == 1)
        assert told(client, "making_seconds_total")["new"] > 0
        wait_for(lambda: bool(told(client, "made_oldest_timestamp_seconds")))
        first = told(client, "made_oldest_timestamp_seconds")[""]
        on_postgis.execute("UPDATE places SET nom = nom")
        clock.minutes = 17
        wait_for(lambda: told(client, "makings_total")["unchanged"] == 1)
        wait_for(lambda: told(client, "made_oldest_timestamp_seconds")[""] > first)
        on_postgis.execute(
            "CREATE VIEW fautive AS SELECT id, nom, 1 / (id - 5) AS part FROM places"
        )
        on_postgis.describe("fautive")
        wait_for(lambda: told(client, "makings_total")["failed"] == 1)
        assert told(client, "makings_total") == {"new": 1, "unchanged": 1, "failed": 1}


def test_a_maker_that_breaks_down_failed_with_all_that_it_did_not_tell(
    tmp_path: Path,
) -> None:
    noted: Counter[Outcome] = Counter()
    work = make(
        str(tmp_path / "nowhere.yml"),
        b"x" * 1_000_000,
        ["a", "b"],
        lambda outcome, _: noted.update([outcome]),
    )
    asyncio.run(work)
    assert noted == {Outcome.FAILED: 2}


@pytest.mark.parametrize("name", ["places", 'à "côté"\n'])
def test_a_line_is_read_back_and_one_that_was_cut_off_counts_for_nothing(
    name: str,
) -> None:
    line = encode(Attempt(collection=name, seconds=1.25, made=None))
    account = Account(collection=name, outcome=Outcome.FAILED, seconds=1.25)
    assert decode(line) == account
    assert line.count(b"\n") == 1
    assert all(decode(line[:end]) is None for end in range(len(line) - 1))


@pytest.mark.parametrize(
    "line", [json.dumps(x).encode() for x in ([], ["a", "odd", 1], 3, None, ["a"])]
)
def test_a_line_of_something_else_counts_for_nothing(line: bytes) -> None:
    assert decode(line) is None
