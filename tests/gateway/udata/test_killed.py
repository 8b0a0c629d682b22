"""Killed at any instant and run again, each dataset is on the portal exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from metadata.record import Record
from providers.configuration import OutletConfiguration

pytestmark = pytest.mark.udata
RECORDS = 40


@pytest.mark.timeout(600)
def test_killed_at_random_instants_each_dataset_is_there_once(
    portal: Any,
    settings: OutletConfiguration,
    record: Callable[..., Record],
    publish_killed: Callable[..., int],
) -> None:
    def agree(wanted: list[Record]) -> None:
        found = portal.datasets()
        live = [each for each in found if not each["archived"]]
        there = Counter(each["extras"]["passerelle:identifier"] for each in live)
        assert there == {each.identifier: 1 for each in wanted}
        assert len(found) == RECORDS

    publish_killed(settings, record, agree, records=RECORDS, kills=6)
