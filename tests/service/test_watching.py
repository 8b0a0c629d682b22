"""What one look at a silo sees, and what the next one does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from metadata.measured import Source
from providers.change import data_mark, open_changes
from providers.configuration import read_configuration
from service.watching import DATA_INTERVAL, SiloWatch

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.postgis
def test_rows_that_come_between_the_first_look_and_the_second_are_seen(
    on_postgis, wait_for
) -> None:
    silo = read_configuration(on_postgis.configuration).silos["sig"]
    places = Source(silo="sig", container="public", table="places")
    watch, counters = SiloWatch(silo), open_changes(silo)
    try:
        first = watch.look({places}, START)
        assert first is not None
        before = data_mark(counters.data(), places)
        on_postgis.execute("DELETE FROM places WHERE id > 10")
        wait_for(lambda: data_mark(counters.data(), places) != before)
        second = watch.look({places}, START + timedelta(seconds=1))
        assert second is not None
        assert rows(first, places) == 30
        assert rows(second, places) == 10
        later = START + DATA_INTERVAL * 2
        assert watch.look({places}, later) is None
    finally:
        watch.close()
        counters.close()


def rows(view: Any, source: Source) -> int | None:
    count: int | None = view.surveys[source].feature_count
    return count
