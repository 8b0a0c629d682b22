"""Readers for an event loop answer as the blocking sources do, and never block."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import psycopg2
import pytest
import shapely

from metadata.crs import parse_crs
from metadata.errors import CollectionBroken, SilosBusy, SourceUnreachable
from metadata.measured import Bounds
from providers.configuration import SiloConfiguration
from providers.cql2 import read_filter
from providers.features import Limits, open_features
from providers.geopackage_state import file_state
from providers.postgis_statements import PostgisStatements
from providers.query import Query, columns_by_name, order_of
from providers.sql import sql

T = TypeVar("T")
L93 = parse_crs("http://www.opengis.net/def/crs/EPSG/0/2154")
FILTERS = (
    "id > 0.5",
    "id = 3",
    "rank > 2 AND ratio < 0.7",
    "name LIKE 'A%' OR name IS NULL",
    "CASEI(name) = CASEI('é%_')",
    "population + 1 > 100.25",
    "day > DATE('2019-06-01')",
    "moment < TIMESTAMP('2020-01-01T00:00:00Z')",
    "flag = TRUE",
    "insee = '93066'",
    "S_INTERSECTS(geom, BBOX(2, 48, 3, 49))",
)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def opened(loaded: Any, **limits: Any) -> Any:
    """Open the silo once more, for one loop."""
    silo = SiloConfiguration(name="sig", location=loaded.location)
    return open_features(silo, Limits(**limits))


def queries(collection: Any) -> list[Query]:
    columns = columns_by_name(collection)
    ranked = order_of(collection, columns["rank"], descending=True)
    named = order_of(collection, columns["name"])
    return [
        Query(limit=7),
        Query(limit=1000),
        Query(limit=5, offset=20),
        Query(limit=5, crs=L93),
        Query(limit=5, order=(ranked, named)),
        Query(limit=5, geometry=False, properties=(columns["insee"],)),
        Query(limit=5, area=(Bounds(2.0, 48.0, 2.6, 49.0, 4326),)),
        *(Query(limit=9, conditions=(read_filter(f, collection),)) for f in FILTERS),
    ]


def test_pages_are_the_blocking_ones_plain_and_prepared(rich: Any) -> None:
    async def compared() -> None:
        silo = opened(rich, connections=1)
        reader = silo.reader(rich.collection)
        for query in queries(rich.collection):
            for _ in range(3):  # plain, then prepared, then the prepared one again
                page, wanted = await reader.page(query), rich.source.page(query)
                assert page.features == wanted.features
                assert page.next_cursor == wanted.next_cursor
                assert page.has_more == wanted.has_more
                assert page.state
                count = await reader.count(query, state="", budget_ms=None)
                assert count.number == rich.source.count(query)
        silo.close()

    run(compared())


def test_single_features_are_the_blocking_ones(rich: Any, composite: Any) -> None:
    async def compared() -> None:
        for loaded, keys in (
            (rich, ("1", "77", "no-number", "10_0")),
            (composite, ("",)),
        ):
            silo = opened(loaded)
            reader = silo.reader(loaded.collection)
            for key in keys:
                for _ in range(3):
                    found = await reader.feature(key)
                    wanted = loaded.source.feature(key)
                    assert (found.feature.decode() if found else None) == wanted
            silo.close()

    run(compared())


def change(loaded: Any, statement: str) -> None:
    """Change the silo from outside."""
    if loaded.is_postgis:
        connection = psycopg2.connect(loaded.location)
    else:
        connection = sqlite3.connect(loaded.location)
    try:
        connection.cursor().execute(statement)
        connection.commit()
    finally:
        connection.close()


def test_the_state_is_the_same_until_a_row_changes(rich: Any) -> None:
    async def looked() -> list[str]:
        silo = opened(rich)
        reader = silo.reader(rich.collection)
        found = [await reader.state(), await reader.state()]
        for value in (1, 2, 1):
            change(rich, f"UPDATE rich SET rank = {value} WHERE id = 1")
            found.append(await reader.state())
            assert (await reader.page(Query(limit=1))).state == found[-1]
            one = await reader.feature("1")
            assert one is not None
            assert one.state == found[-1]
        silo.close()
        return found

    first, again, *changed = run(looked())
    assert first == again != ""
    assert len({first, *changed}) == 4


def test_a_write_ahead_log_is_part_of_the_state(tmp_path: Any) -> None:
    path = tmp_path / "base.gpkg"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE t (a); PRAGMA journal_mode = WAL")
    states = [file_state(path)]
    for number in range(20):
        connection.execute("INSERT INTO t VALUES (?)", (number,))
        connection.commit()
        states.append(file_state(path))
    assert "" not in states
    assert len(set(states)) == len(states)
    assert file_state(path) == states[-1]
    connection.close()


def test_of_a_volatile_view_no_state_is_claimed(rich: Any) -> None:
    if not rich.is_postgis:
        pytest.skip("views of files are as exact as their files")
    change(
        rich, "CREATE OR REPLACE VIEW moving AS SELECT * FROM rich WHERE random() >= 0"
    )
    survey = rich.collection.survey
    view = replace(survey, source=replace(survey.source, table="moving"))

    async def looked() -> tuple[str, str, int | None]:
        silo = opened(rich)
        reader = silo.reader(replace(rich.collection, survey=view))
        page = await reader.page(Query(limit=1))
        count = await reader.count(Query(), state=page.state, budget_ms=None)
        state = await reader.state()
        silo.close()
        return state, page.state, count.number

    assert run(looked()) == ("", "", 160)


def test_a_feature_without_a_place_meets_every_box_from_the_moment_it_is_there(
    load_shapes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = load_shapes({"a": shapely.Point(2, 48), "b": shapely.Point(3, 49)})
    if shapes.is_postgis:
        monkeypatch.setattr("providers.postgis_reader._LOOK_AGAIN", 0.0)
    boxes = (Bounds(1, 47, 2.5, 48.5, 4326), Bounds(-60, -60, -59, -59, 4326))

    async def counted(reader: Any) -> tuple[int, ...]:
        pages = [await reader.page(Query(area=(box,), limit=9)) for box in boxes]
        return tuple(page.count for page in pages)

    async def looked() -> None:
        silo = opened(shapes)
        reader = silo.reader(shapes.collection)
        for _ in range(2):
            for _ in range(3):
                assert await counted(reader) == (1, 0)
            change(shapes, "INSERT INTO shapes (id) VALUES (-7)")
            for _ in range(3):
                assert await counted(reader) == (2, 1)
            change(shapes, "DELETE FROM shapes WHERE id = -7")
        assert await counted(reader) == (1, 0)
        silo.close()

    run(looked())


def test_a_look_for_features_without_a_place_that_takes_too_long_costs_no_page(
    points: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not points.is_postgis:
        pytest.skip("a file is looked through once")
    late = "SET LOCAL statement_timeout = 30; SELECT pg_sleep(30) IS NULL, ''"
    monkeypatch.setattr(
        PostgisStatements, "any_unplaced", lambda self, budget_ms: sql(late)
    )
    query = Query(area=(Bounds(-180, -90, 180, 90, 4326),), limit=3)

    async def asked() -> None:
        silo = opened(points)
        assert (await silo.reader(points.collection).page(query)).count == 3
        silo.close()

    run(asked())


def test_a_count_holds_as_long_as_its_state(rich: Any) -> None:
    async def counted() -> None:
        silo = opened(rich)
        reader = silo.reader(rich.collection)
        page = await reader.page(Query(limit=1))
        first = await reader.count(Query(), state=page.state, budget_ms=500)
        assert (first.number, first.state) == (160, page.state)
        change(rich, "INSERT INTO rich (id) VALUES (-5)")
        try:
            after = await reader.page(Query(limit=1))
            second = await reader.count(Query(), state=after.state, budget_ms=500)
            assert (second.number, second.state) == (161, after.state)
        finally:
            change(rich, "DELETE FROM rich WHERE id = -5")
        silo.close()

    run(counted())


def test_who_waits_for_a_session_is_served_in_turn_or_told(points: Any) -> None:
    if not points.is_postgis:
        pytest.skip("files are asked in threads")

    async def asked() -> None:
        silo = opened(points, connections=2, wait=5.0)
        reader = silo.reader(points.collection)
        pages = await asyncio.gather(*(reader.page(Query(limit=3)) for _ in range(40)))
        assert len({page.sequence for page in pages}) == 1
        assert silo.in_use == 0
        silo.close()
        silo = opened(points, connections=1, wait=0.1)
        reader = silo.reader(points.collection)
        slow = asyncio.create_task(
            silo._pages.rows(("SELECT pg_sleep(1)",), "Sleeping")
        )
        await asyncio.sleep(0.05)
        with pytest.raises(SilosBusy):
            await reader.page(Query(limit=1))
        await slow
        assert (await reader.page(Query(limit=1))).count == 1
        assert silo.in_use == 0
        silo.close()

    run(asked())


def test_who_gives_up_leaves_no_session_half_read(points: Any) -> None:
    if not points.is_postgis:
        pytest.skip("files are asked in threads")

    async def asked() -> None:
        silo = opened(points, connections=1)
        reader = silo.reader(points.collection)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await silo._pages.rows(("SELECT pg_sleep(5)",), "Sleeping")
            assert silo.in_use == 0
            assert (await reader.page(Query(limit=2))).count == 2
        silo.close()

    run(asked())


def test_idle_sessions_that_died_are_replaced_unnoticed(points: Any) -> None:
    if not points.is_postgis:
        pytest.skip("a file has no backend")

    async def asked() -> None:
        silo = opened(points)
        reader = silo.reader(points.collection)
        await asyncio.gather(*(reader.page(Query(limit=1)) for _ in range(8)))
        change(
            points,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        await asyncio.sleep(0.2)
        assert (await reader.page(Query(limit=5))).count == 5
        silo.close()

    run(asked())


def test_a_table_that_is_gone_is_broken(rich: Any) -> None:
    survey = rich.collection.survey
    gone = replace(survey, source=replace(survey.source, table="gone"))

    async def asked() -> None:
        silo = opened(rich)
        reader = silo.reader(replace(rich.collection, survey=gone))
        for _ in range(3):  # plain, and where it would be prepared
            with pytest.raises(CollectionBroken):
                await reader.page(Query(limit=1))
        silo.close()

    run(asked())


@pytest.mark.parametrize(
    "location",
    ["postgresql://nobody@127.0.0.1:1/none", "/nowhere/at/all.gpkg"],
)
def test_an_unreachable_silo_says_so(location: str, rich: Any) -> None:
    async def asked() -> None:
        silo = open_features(SiloConfiguration(name="sig", location=location))
        with pytest.raises(SourceUnreachable) as caught:
            await silo.reader(rich.collection).page(Query(limit=1))
        assert "nobody" not in caught.value.message
        silo.close()

    run(asked())


@pytest.mark.parametrize("name", ["p", "t", "f", "100%", "%s", "$1", 'a"b', "é %%"])
def test_no_name_of_a_column_gets_in_the_way(load_named: Any, name: str) -> None:
    loaded = load_named(name)
    column = columns_by_name(loaded.collection)[name]
    last_first = order_of(loaded.collection, column, descending=True)
    query = Query(limit=1, order=(last_first,))

    async def asked() -> None:
        silo = opened(loaded)
        reader = silo.reader(loaded.collection)
        for _ in range(3):
            page = await reader.page(query)
            assert page.features == loaded.source.page(query).features
            assert json.loads(page.features[0])["properties"] == {"id": 2, name: "b"}
        silo.close()

    run(asked())
