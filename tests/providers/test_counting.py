"""What is counted anew, for whom, and how often."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg2
import pytest

from metadata.errors import SilosBusy
from metadata.measured import Bounds
from providers.configuration import SiloConfiguration
from providers.counting import LEFT_OUT, Counting
from providers.counts import QUICK, SHARE, Counts
from providers.feature_source import Counted
from providers.features import Limits, open_features
from providers.query import Query
from providers.sql import Bound, sql

ROWS = sql(" FROM a WHERE b = ", Bound(1))
OTHERS = sql(" FROM a WHERE b = ", Bound(2))


class Table:
    """Rows that take a while to count, and that may change all the time."""

    def __init__(self, *, moving: bool = False) -> None:
        self.counted = 0
        self.moving = moving
        self.failing = False

    async def count(self) -> Counted:
        self.counted += 1
        state = f"moved {self.counted}" if self.moving else "1"
        await asyncio.sleep(0.01)
        if self.failing:
            raise SilosBusy("No.")
        return Counted(7, state)


async def together(
    counting: Counting, count: Callable[[], Awaitable[Counted]], *, whole: bool = True
) -> list[Counted]:
    asks = (counting.number(ROWS, count, state="1", whole=whole) for _ in range(8))
    return await asyncio.gather(*asks)


def test_rows_of_one_state_are_counted_once_for_all_who_ask_together() -> None:
    counting, table = Counting(), Table()
    assert asyncio.run(together(counting, table.count)) == [Counted(7, "1")] * 8
    assert table.counted == 1


def test_rows_that_change_are_counted_once_more_for_all_who_waited() -> None:
    counting, table = Counting(), Table(moving=True)

    async def after_another() -> list[Counted]:
        other = asyncio.create_task(
            counting.number(ROWS, table.count, state="0", whole=True)
        )
        await asyncio.sleep(0.002)
        found = await together(counting, table.count)
        await other
        return found

    assert asyncio.run(after_another()) == [Counted(7, "moved 2")] * 8
    assert table.counted == 2


def test_other_rows_are_counted_by_themselves() -> None:
    counting, table = Counting(), Table()

    async def asked() -> None:
        for rows in (ROWS, OTHERS, ROWS, OTHERS):
            await counting.number(rows, table.count, state="1", whole=True)

    asyncio.run(asked())
    assert table.counted == 2


def test_who_leaves_takes_the_count_from_nobody() -> None:
    counting, table = Counting(), Table()

    async def asked() -> Counted:
        first = asyncio.create_task(
            counting.number(ROWS, table.count, state="1", whole=False)
        )
        await asyncio.sleep(0.002)
        second = asyncio.create_task(
            counting.number(ROWS, table.count, state="1", whole=False)
        )
        await asyncio.sleep(0.002)
        first.cancel()
        return await second

    assert asyncio.run(asked()) == Counted(7, "1")
    assert table.counted == 1


def test_a_count_that_fails_fails_for_those_who_share_it_and_is_tried_again() -> None:
    counting, table = Counting(), Table()

    async def asked() -> Counted:
        table.failing = True
        with pytest.raises(SilosBusy):
            await counting.number(ROWS, table.count, state="1", whole=False)
        table.failing = False
        return await counting.number(ROWS, table.count, state="1", whole=False)

    assert asyncio.run(asked()) == Counted(7, "1")


def test_nothing_is_held_for_rows_that_nobody_counts() -> None:
    counting, table = Counting(), Table(moving=True)
    asyncio.run(together(counting, table.count))
    assert counting._shared == {}


def test_rows_that_take_long_rest_in_proportion(monkeypatch) -> None:
    moments = [100.0]
    monkeypatch.setattr("providers.counts.time.monotonic", lambda: moments[0])
    counts = Counts()
    with counts.timed(ROWS):
        moments[0] += 2 * QUICK
    assert counts.rests(ROWS)
    assert not counts.rests(OTHERS)
    moments[0] = 100.0 + 2 * QUICK / SHARE - 0.01
    assert counts.rests(ROWS)
    moments[0] += 0.02
    assert not counts.rests(ROWS)
    with counts.timed(ROWS):
        moments[0] += QUICK / 2
    assert not counts.rests(ROWS)


def test_what_rests_is_forgotten_in_time(monkeypatch) -> None:
    moments = [100.0]
    monkeypatch.setattr("providers.counts.time.monotonic", lambda: moments[0])
    counts = Counts()
    for number in range(2_000):
        with counts.timed(sql(" FROM a WHERE b = ", Bound(number))):
            moments[0] += 2 * QUICK
    assert len(counts._rests) < 2_000
    assert counts.rests(sql(" FROM a WHERE b = ", Bound(1_999)))


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every count for one that takes long."""
    monkeypatch.setattr("providers.counts.QUICK", 0.0)
    monkeypatch.setattr("providers.counts.SHARE", 1e-6)


@pytest.mark.usefixtures("slow")
def test_a_number_is_left_out_rather_than_wrong_while_rows_rest(points: Any) -> None:
    query = Query(area=(Bounds(-180, -90, 180, 90, 4326),))

    async def asked() -> list[int | None]:
        silo = opened(points)
        reader = silo.reader(points.collection)
        found = []
        for budget in (500, 500, None, 500):
            state = await reader.state()
            counted = await reader.count(query, state=state, budget_ms=budget)
            found.append(counted.number)
            if len(found) == 1:
                remove_one(points)
        silo.close()
        return found

    before, resting, whole, kept = asyncio.run(asked())
    assert before is not None
    assert (resting, whole, kept) == (None, before - 1, before - 1)


@pytest.mark.usefixtures("slow")
def test_a_blocking_source_lets_rows_rest_as_well(points: Any) -> None:
    source = opened(points).features(points.collection)
    before = source.count(Query(), budget_ms=500)
    remove_one(points)
    assert source.count(Query(), budget_ms=500) is None
    assert source.count(Query()) == before - 1
    assert source.count(Query(), budget_ms=500) == before - 1


def test_a_count_that_came_too_late_is_not_tried_for_each_page(points: Any) -> None:
    if not points.is_postgis:
        pytest.skip("files know no locks of others")

    async def asked() -> tuple[list[Counted], int]:
        silo = opened(points)
        reader = silo.reader(points.collection)
        other = psycopg2.connect(points.location)
        with other.cursor() as cursor:
            table = points.collection.survey.source.table
            cursor.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
        asks = [
            asyncio.create_task(reader.count(Query(), state="", budget_ms=300))
            for _ in range(6)
        ]
        await asyncio.sleep(0.15)
        waiting = waiting_for_locks(points.location)
        found = await asyncio.gather(*asks)
        other.close()
        silo.close()
        return found, waiting

    found, waiting = asyncio.run(asked())
    assert found == [LEFT_OUT] * 6
    assert waiting == 1


def waiting_for_locks(location: str) -> int:
    connection = psycopg2.connect(location)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            )
            ((number,),) = cursor.fetchall()
    finally:
        connection.close()
    found: int = number
    return found


def opened(loaded: Any) -> Any:
    silo = SiloConfiguration(name="sig", location=loaded.location)
    return open_features(silo, Limits(connections=4))


def remove_one(loaded: Any) -> None:
    """Take one row away, from outside."""
    survey = loaded.collection.survey
    connect: Any = psycopg2.connect if loaded.is_postgis else sqlite3.connect
    connection = connect(loaded.location)
    key = survey.key[0]
    try:
        connection.cursor().execute(
            f'DELETE FROM "{survey.source.table}" WHERE "{key}" ='
            f' (SELECT max("{key}") FROM "{survey.source.table}")'
        )
        connection.commit()
    finally:
        connection.close()
