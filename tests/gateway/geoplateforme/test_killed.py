"""Killed at any instant and run again, each record is on the platform once."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.outlets.opening import open_outlet
from gateway.publication.ledger import Ledger
from gateway.publication.publish import Order, publish_to_outlet
from gateway.publication.result import OutletResult
from metadata.record import Record
from providers.configuration import OutletConfiguration
from providers.store import open_store
from providers.store_model import EntryState

RECORDS = 20
KILLS = 4


def finish(
    outlet: OutletConfiguration, records: list[Record], store: str
) -> OutletResult:
    """Publish to the end, as whoever comes after the one that was killed."""
    opened = open_store(store)
    with closing(opened), opened.publishing(), closing(open_outlet(outlet)) as place:
        opened.keep_revisions(records, now=datetime.now(UTC))
        order = Order(wanted=tuple(records), allow_deletes=1000)
        ledger = Ledger(opened, outlet.name, now=datetime.now(UTC))
        return publish_to_outlet(place, ledger, order, None)


@pytest.mark.timeout(300)
def test_killed_at_random_instants_each_record_is_there_once(
    tmp_path: Path,
    platform: Any,
    settings: OutletConfiguration,
    make_record: Callable[..., Record],
    kill_publish: Callable[..., bool],
) -> None:
    seed = random.randrange(2**32)  # noqa: S311  (no secret)
    chance = random.Random(seed)  # noqa: S311
    outlet = replace(settings, rate=1000.0)
    store = f"sqlite:///{tmp_path}/registre.sqlite"
    names = [f"jeu{number:03}" for number in range(RECORDS)]
    first = {name: make_record(name) for name in names}
    second = {
        name: make_record(name, title=f"Changé {name}") if n % 3 == 0 else each
        for n, (name, each) in enumerate(first.items())
        if n % 5 != 1
    }
    killed = 0
    for wanted in (list(first.values()), list(second.values())):
        for _ in range(KILLS // 2):
            after = chance.uniform(0, 0.6)
            killed += kill_publish(outlet, wanted, store, after=after)
        result = finish(outlet, wanted, store)
        assert result.exit_code == 0, (seed, result)
        expected = {each.identifier for each in wanted}
        assert set(platform.seen()) == expected, seed
        again = finish(outlet, wanted, store)
        counts = {str(o): n for o, n in again.counts.items() if n}
        assert counts == {"kept": len(wanted)}, seed
    assert len(platform.metadata) == len(second), seed
    assert platform.uploads == RECORDS, seed
    assert killed, (seed, "every run ended before it was killed")
    opened = open_store(store)
    states = {entry.state for entry in opened.entries(outlet.name)}
    opened.close()
    assert states == {EntryState.DONE}, seed
