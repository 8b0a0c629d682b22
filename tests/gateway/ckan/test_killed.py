"""Killed at any instant and run again, each dataset is on the portal exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from metadata.record import Record
from providers.configuration import OutletConfiguration

pytestmark = pytest.mark.ckan
RECORDS = 12


@pytest.mark.timeout(600)
def test_killed_at_random_instants_each_dataset_is_there_once(
    portal: Any,
    settings: OutletConfiguration,
    record: Callable[..., Record],
    publish_killed: Callable[..., int],
) -> None:
    def agree(wanted: list[Record]) -> None:
        there = Counter(each["name"] for each in portal.datasets())
        names = {each.dataset_id for each in wanted}
        assert there == {portal.named(name): 1 for name in names}
        for number in range(RECORDS):
            name = f"jeu{number:03}"
            state = portal.one(name)["state"]
            assert state == ("active" if name in names else "deleted")

    publish_killed(settings, record, agree, records=RECORDS)
