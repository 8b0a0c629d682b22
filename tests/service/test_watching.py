"""What one look at a silo sees, and what the next one does."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from metadata.measured import Source
from providers.change import data_mark, open_changes
from providers.configuration import read_configuration
from providers.survey import survey_silo
from service.pace import SHARE, Pace
from service.watching import DATA_INTERVAL, SiloWatch

START = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PLACES = Source(silo="sig", container="public", table="places")
ZONES = Source(silo="sig", container="public", table="zones")


@pytest.mark.postgis
def test_rows_that_come_between_the_first_look_and_the_second_are_seen(
    on_postgis, wait_for
) -> None:
    silo = read_configuration(on_postgis.configuration).silos["sig"]
    watch, counters = SiloWatch(silo), open_changes(silo)
    try:
        first = watch.look({PLACES}, START)
        assert first is not None
        before = data_mark(counters.data(), PLACES)
        on_postgis.execute("DELETE FROM places WHERE id > 10")
        wait_for(lambda: data_mark(counters.data(), PLACES) != before)
        second = watch.look({PLACES}, START + timedelta(seconds=1))
        assert second is not None
        assert rows(first, PLACES) == 30
        assert rows(second, PLACES) == 10
        later = START + DATA_INTERVAL * 2
        assert watch.look({PLACES}, later) is None
    finally:
        watch.close()
        counters.close()


@pytest.mark.postgis
def test_what_was_measured_before_the_start_is_measured_when_rows_changed_since(
    on_postgis, wait_for
) -> None:
    silo = read_configuration(on_postgis.configuration).silos["sig"]
    counters = open_changes(silo)
    wait_for(lambda: data_mark(counters.data(), ZONES).startswith("5:"))
    kept = survey_silo(silo, now=START, sources={PLACES, ZONES}).surveys
    before = data_mark(counters.data(), PLACES)
    on_postgis.execute("DELETE FROM places WHERE id > 10")
    wait_for(lambda: data_mark(counters.data(), PLACES) != before)
    on_postgis.execute("BEGIN; SET LOCAL track_counts = off; DELETE FROM zones; COMMIT")
    watch = SiloWatch(silo, kept)
    try:
        first = watch.look({PLACES, ZONES}, START)
        assert first is not None
        assert (rows(first, PLACES), rows(first, ZONES)) == (30, 5)
        second = watch.look({PLACES, ZONES}, START + SECOND)
        assert second is not None
        # What nobody counted shows that the second table was left alone.
        assert (rows(second, PLACES), rows(second, ZONES)) == (10, 5)
    finally:
        watch.close()
        counters.close()


@pytest.mark.postgis
def test_a_table_that_changes_all_the_time_is_measured_a_part_of_the_time(
    on_postgis, wait_for, monkeypatch
) -> None:
    monkeypatch.setattr("service.watching.DATA_INTERVAL", SECOND)
    on_postgis.execute(
        "CREATE VIEW lents AS SELECT * FROM places"
        " WHERE pg_sleep(CASE WHEN id > 0 THEN 0.01 END) IS NOT NULL"
    )
    silo = read_configuration(on_postgis.configuration).silos["sig"]
    slow = Source(silo="sig", container="public", table="lents")
    watch, counters = SiloWatch(silo, workers=3), open_changes(silo)

    def change(statement: str) -> None:
        before = data_mark(counters.data(), slow)
        on_postgis.execute(statement)
        wait_for(lambda: data_mark(counters.data(), slow) != before)

    try:
        first = watch.look({slow}, START)
        assert first is not None
        assert rows(first, slow) == 30
        change("DELETE FROM places WHERE id = 30")
        second = watch.look({slow}, START + SECOND)
        assert second is not None
        assert rows(second, slow) == 29
        change("DELETE FROM places WHERE id = 29")
        least = timedelta(seconds=29 * 0.01 * 3 / SHARE)
        assert watch.look({slow}, START + SECOND + least) is None
        third = watch.look({slow}, START + 100 * least)
        assert third is not None
        assert rows(third, slow) == 28
    finally:
        watch.close()
        counters.close()


def test_a_file_that_is_written_before_each_look_is_measured_all_the_same(
    on_geopackage,
) -> None:
    silo = read_configuration(on_geopackage.configuration).silos["sig"]
    places = Source(silo="sig", container="base.gpkg", table="places")
    watch, seen = SiloWatch(silo), []
    try:
        for number in range(1, 31):
            database = sqlite3.connect(on_geopackage.folder / "silo" / "base.gpkg")
            with database:
                database.execute("DELETE FROM places WHERE fid = ?", (number,))
            database.close()
            view = watch.look({places}, START + 10 * number * SECOND)
            if view is not None:
                seen.append((number, rows(view, places)))
    finally:
        watch.close()
    assert seen[0] == (1, 29)
    lag = max(count - (30 - number) for number, count in seen)
    assert lag <= 2 * DATA_INTERVAL // (10 * SECOND)
    assert len(seen) > 5


@pytest.mark.postgis
def test_a_table_of_which_nothing_is_counted_is_measured_each_hour(on_postgis) -> None:
    on_postgis.execute(
        "CREATE FUNCTION nombre() RETURNS integer STABLE LANGUAGE sql"
        " AS 'SELECT count(*)::integer FROM places';"
        "CREATE VIEW comptes AS SELECT i AS id FROM generate_series(1, nombre()) AS i"
    )
    silo = read_configuration(on_postgis.configuration).silos["sig"]
    view = Source(silo="sig", container="public", table="comptes")
    watch, seen = SiloWatch(silo), []
    try:
        for minutes in (0, 1, 59, 60, 61, 121):
            looked = watch.look({view}, START + timedelta(minutes=minutes))
            seen.append(rows(looked, view) if looked else None)
            on_postgis.execute(
                "DELETE FROM places WHERE id = (SELECT max(id) FROM places)"
            )
    finally:
        watch.close()
    assert seen == [30, None, None, 27, None, 25]


@pytest.mark.postgis
def test_a_new_table_shows_at_once_while_rows_are_due(on_postgis, wait_for) -> None:
    silo = read_configuration(on_postgis.configuration).silos["sig"]
    watch, counters = SiloWatch(silo), open_changes(silo)
    try:
        watch.look({PLACES}, START)
        watch.look({PLACES}, START + SECOND)
        before = data_mark(counters.data(), PLACES)
        on_postgis.execute("DELETE FROM places WHERE id > 10")
        wait_for(lambda: data_mark(counters.data(), PLACES) != before)
        later = START + SECOND + DATA_INTERVAL
        view = watch.look({PLACES, ZONES}, later)
        assert view is not None
        assert (rows(view, PLACES), rows(view, ZONES)) == (30, 5)
        view = watch.look({PLACES, ZONES}, later + SECOND)
        assert view is not None
        assert (rows(view, PLACES), rows(view, ZONES)) == (10, 5)
    finally:
        watch.close()
        counters.close()


@pytest.mark.parametrize("workers", [1, 4])
def test_work_rests_in_proportion_to_what_it_took_of_all_workers(workers) -> None:
    pace = Pace(workers=workers)
    assert pace.is_due(START)
    with pace.work(START):
        time.sleep(0.05)
    least = timedelta(seconds=0.05 * workers / SHARE)
    assert not pace.is_due(START + least)
    assert pace.is_due(START + 10 * least)
    assert not pace.is_due(START + 10 * least, since=9 * least)


def test_work_that_fails_rests_too_and_quick_work_as_long_as_is_said() -> None:
    pace = Pace(timedelta(minutes=1))
    with pytest.raises(ZeroDivisionError), pace.work(START):
        _ = 1 / 0
    assert not pace.is_due(START + timedelta(seconds=59))
    assert pace.is_due(START + timedelta(seconds=60))


def test_a_clock_that_is_set_back_holds_up_nothing() -> None:
    pace = Pace(timedelta(minutes=1))
    with pace.work(START):
        pass
    assert pace.is_due(START - timedelta(hours=1))


def rows(view: Any, source: Source) -> int | None:
    count: int | None = view.surveys[source].feature_count
    return count
