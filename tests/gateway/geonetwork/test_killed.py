"""Killed at any instant and run again, each record is in the catalogue once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from metadata.record import Record
from providers.configuration import OutletConfiguration

RECORDS = 30


@pytest.mark.timeout(300)
def test_killed_at_random_instants_each_record_is_there_once(
    catalogue: Any,
    settings: OutletConfiguration,
    make_record: Callable[..., Record],
    publish_killed: Callable[..., int],
) -> None:
    def agree(wanted: list[Record]) -> None:
        assert set(catalogue.records) == {each.identifier for each in wanted}

    publish_killed(settings, make_record, agree, records=RECORDS)
    assert catalogue.inserts == RECORDS
