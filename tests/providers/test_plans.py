"""What PostgreSQL plans for each shape of query on a million rows, no timings.

The statements are those that the house builds, told once with their values and
once prepared and run often enough for PostgreSQL to prefer a generic plan.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest

from metadata.dataset import Collection
from metadata.measured import Bounds
from metadata.stated import CollectionDescription
from providers.conditions import during, equal
from providers.configuration import SiloConfiguration
from providers.cql2_tree import Constant, Kind
from providers.cursor import encode_cursor
from providers.postgis_execution import numbered, render
from providers.postgis_statements import PostgisStatements
from providers.query import Query, columns_by_name, order_of
from providers.session import _type, open_session
from providers.sql import BY_VALUES, Bound, Sql, shape, sql
from providers.survey import survey_structure

pytestmark = pytest.mark.postgis
ROWS = 1_000_000
TABLE = f"""
CREATE TABLE adresses AS
SELECT i::integer AS id, 'rue ' || i % 5000 AS voie,
       lpad((i % 2000)::text, 5, '0')::text AS insee,
       lpad((i % 2000)::text, 5, '0')::char(5) AS padded,
       timestamptz '2020-01-01' + i * interval '1 minute' AS maj,
       (i::bigint * 7919 % 1000003)::integer AS rang,
       ST_SetSRID(ST_MakePoint(100000 + (i % 1000) * 1000, 6100000 + (i / 1000) * 1000),
                  2154)::geometry(Point, 2154) AS geom
FROM generate_series(1, {ROWS}) AS i;
ALTER TABLE adresses ADD PRIMARY KEY (id);
CREATE INDEX geom_index ON adresses USING gist (geom);
CREATE INDEX insee_index ON adresses (insee);
CREATE INDEX padded_index ON adresses (padded);
CREATE INDEX maj_index ON adresses (maj);
CREATE INDEX rang_index ON adresses (rang);
CREATE TABLE codes AS
SELECT md5(i::text) AS code, i AS v FROM generate_series(1, 200000) AS i;
ALTER TABLE codes ADD PRIMARY KEY (code);
VACUUM ANALYZE adresses, codes;
"""


@dataclass(frozen=True)
class Million:
    """A million rows, and the statements of their collection."""

    connection: psycopg2.extensions.connection
    collections: dict[str, Collection]

    def statements(self, table: str = "adresses") -> PostgisStatements:
        return PostgisStatements(self.collections[table])

    def plan(self, statement: Sql) -> dict[str, Any]:
        """Return the plan of a statement with its values."""
        text, values = render(statement, self.connection)
        return self._explained(text, values)

    def formed(self, form: str, statement: Sql) -> dict[str, Any]:
        if form == "plain":
            return self.plan(statement)
        return self.prepared(*[statement] * 8)

    def prepared(self, *statements: Sql) -> dict[str, Any]:
        """Return the plan of the last of several after the others were run.

        They are of one shape, prepared and planned as a session does; a plan that
        may be kept is asked for at once.
        """
        found, values = shape(statements[0])
        types = ", ".join(map(_type, values))
        text = numbered(found, self.connection)
        with self.connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
            by_values = BY_VALUES[0] in found
            mode = "force_custom_plan" if by_values else "force_generic_plan"
            cursor.execute(f"SET plan_cache_mode = {mode}")
            cursor.execute(
                f"PREPARE asked{f'({types})' if types else ''} AS "
                + text.replace("%", "%%"),
                (),
            )
            for statement in statements:
                same, values = shape(statement)
                assert same == found, "these are not of one shape"
                places = f"({', '.join(['%s'] * len(values))})" if values else ""
                cursor.execute(f"EXECUTE asked{places}", values)
                cursor.fetchall()
            return self._explained(f"EXECUTE asked{places}", values)

    def _explained(self, text: str, values: Any) -> dict[str, Any]:
        with self.connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {text}", values)
            ((found,),) = cursor.fetchall()
        plan: dict[str, Any] = found[0]["Plan"]
        return plan


@pytest.fixture(scope="module")
def million(module_postgis: str) -> Iterator[Million]:
    connection = psycopg2.connect(module_postgis)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in filter(str.strip, TABLE.split(";")):
            cursor.execute(statement)
        cursor.execute("SET jit = off")
    configuration = SiloConfiguration(name="sig", location=module_postgis)
    surveyed = survey_structure(configuration, now=datetime(2026, 1, 1, tzinfo=UTC))
    collections = {
        survey.source.table: Collection(
            description=CollectionDescription(
                id=survey.source.table, source=survey.source
            ),
            survey=survey,
        )
        for survey in surveyed.surveys
    }
    yield Million(connection, collections)
    connection.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def indexes(plan: dict[str, Any]) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node} - {
        "pg_class_relname_nsp_index",
        "pg_namespace_nspname_index",
    }


def scanned(plan: dict[str, Any]) -> list[str]:
    """Return how the tables are read that are read from end to end."""
    return [
        node["Node Type"]
        for node in nodes(plan)
        if node["Node Type"].endswith("Seq Scan")
        and node["Relation Name"] in {"adresses", "codes"}
    ]


def sorts(plan: dict[str, Any]) -> list[str]:
    return [node["Node Type"] for node in nodes(plan) if "Sort" in node["Node Type"]]


def box(size: float, srid: int = 4326) -> Bounds:
    return Bounds(2.0, 48.0, 2.0 + size, 48.0 + size, srid)


def column(million: Million, name: str) -> Any:
    return columns_by_name(million.collections["adresses"])[name]


def keyset(million: Million, query: Query, *position: str) -> Query:
    collection = million.collections["adresses"]
    return replace(query, cursor=encode_cursor(collection, query, position))


def by_rank(million: Million, *, descending: bool = False) -> Query:
    collection = million.collections["adresses"]
    order = order_of(collection, column(million, "rang"), descending=descending)
    return Query(limit=1000, order=(order,))


def instants(million: Million, text: str, limit: int = 100) -> Query:
    conditions = tuple(during(text, million.collections["adresses"]))
    return Query(limit=limit, conditions=conditions)


SHAPES = {
    "first page": (lambda m: Query(limit=1000), "adresses_pkey", 0),
    "next page": (
        lambda m: keyset(m, Query(limit=1000), "500000"), "adresses_pkey", 0),
    "next sorted page": (
        lambda m: keyset(m, by_rank(m), "500000", "77"), "rang_index", None),
    "next sorted page, downwards": (
        lambda m: keyset(m, by_rank(m, descending=True), "500000", "77"),
        "rang_index", None),
    "small box": (lambda m: Query(limit=1000, area=(box(0.05),)), "geom_index", None),
    "box in storage": (
        lambda m: Query(
            limit=1000, area=(Bounds(600000, 6800000, 620000, 6820000, 2154),)),
        "geom_index", None),
    "equality": (
        lambda m: Query(limit=100, conditions=(equal(column(m, "insee"), "00007"),)),
        "insee_index", None),
    "equality of padded text": (
        lambda m: Query(limit=100, conditions=(equal(column(m, "padded"), "00007"),)),
        "padded_index", None),
    "short interval": (
        lambda m: instants(m, "2021-03-01T10:00:00Z/2021-03-01T10:30:00Z"),
        "maj_index", None),
    "deep offset": (
        lambda m: Query(limit=100, offset=900_000), "adresses_pkey", None),
}  # fmt: skip


@pytest.mark.parametrize("form", ["plain", "prepared"])
@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_uses_its_index(million: Million, name: str, form: str) -> None:
    make, index, sorted_ = SHAPES[name]
    statement = million.statements().page(make(million))
    plan = (
        million.plan(statement)
        if form == "plain"
        else million.prepared(*[statement] * 8)
    )
    assert index in indexes(plan), json.dumps(plan, indent=1)
    assert scanned(plan) == []
    if sorted_ is not None:
        assert len(sorts(plan)) == sorted_


@pytest.mark.parametrize("form", ["plain", "prepared"])
def test_one_feature_is_found_by_its_key(million: Million, form: str) -> None:
    from metadata.crs import CRS84

    statement = million.statements().feature((Constant(77, Kind.NUMBER),), CRS84)
    plan = (
        million.plan(statement)
        if form == "plain"
        else million.prepared(*[statement] * 8)
    )
    assert indexes(plan) == {"adresses_pkey"}
    statement = million.statements("codes").feature((Constant("x", Kind.TEXT),), CRS84)
    assert indexes(million.plan(statement)) == {"codes_pkey"}


def test_a_deep_page_writes_only_what_it_shows(million: Million) -> None:
    plan = million.plan(million.statements().page(Query(limit=100, offset=900_000)))
    inner = [n for n in nodes(plan) if n["Node Type"] == "Index Only Scan"]
    assert inner, json.dumps(plan, indent=1)


SMALL, LARGE = 0.02, 12.0
HOUR = "2021-03-01T10:00:00Z/2021-03-01T10:30:00Z"
CENTURY = "2000-01-01T00:00:00Z/2099-01-01T00:00:00Z"
RANGES = {
    "boxes": lambda m, small: Query(
        limit=100, area=(box(SMALL if small else LARGE),)),
    "intervals": lambda m, small: instants(m, HOUR if small else CENTURY),
    "open intervals": lambda m, small: instants(
        m, "2021-11-25/.." if small else "2000-01-01/.."),
}  # fmt: skip


@pytest.mark.parametrize("small", [True, False], ids=["small", "large"])
@pytest.mark.parametrize("name", RANGES)
def test_a_prepared_range_is_planned_for_its_own_values(
    million: Million, name: str, small: bool
) -> None:
    """Whatever was asked before, the plan is that of the values asked for now."""
    statements = million.statements()
    before = statements.page(RANGES[name](million, not small))
    now = statements.page(RANGES[name](million, small))
    plan = million.prepared(*[before] * 8, now)
    wanted = million.plan(now)
    assert indexes(plan) == indexes(wanted), json.dumps(plan, indent=1)
    assert len(sorts(plan)) == len(sorts(wanted))


def test_a_session_plans_by_values_where_conditions_pick_the_rows(
    million: Million, module_postgis: str
) -> None:
    """What is said above holds for the real session, seen by its own plans."""
    statements = million.statements()

    async def planned() -> list[tuple[int, int]]:
        session = await open_session(module_postgis, statement_timeout=60_000)
        try:
            for small in [False] * 12 + [True]:
                await session.rows(
                    statements.page(RANGES["open intervals"](million, small))
                )
                await session.rows(statements.page(Query(limit=10)))
            rows = await session.rows(
                sql(
                    "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
                    " WHERE name LIKE 'passerelle%' ORDER BY prepare_time"
                )
            )
        finally:
            session.close()
        return [(int(str(one)), int(str(other))) for one, other in rows]

    filtered, simple = asyncio.run(planned())[:2]
    assert filtered == (0, 12)
    assert simple[0] > 0


def test_a_failing_statement_leaves_the_session_planning_rightly(
    module_postgis: str,
) -> None:
    async def modes() -> list[str]:
        session = await open_session(module_postgis, statement_timeout=60_000)
        asked = sql("SELECT current_setting('plan_cache_mode'), 1 / ", Bound(1))
        failing = sql(BY_VALUES, "SELECT 'x', 1 / ", Bound(0))
        found = []
        try:
            for statement in (asked, asked, failing, failing, asked, failing, asked):
                with suppress(psycopg2.DataError):
                    found += [str(row[0]) for row in await session.rows(statement)]
        finally:
            session.close()
        return found

    assert asyncio.run(modes())[1:] == ["b'auto'"] * 3


def test_pages_by_a_key_of_texts_follow_its_own_index(million: Million) -> None:
    statements, collection = million.statements("codes"), million.collections["codes"]
    query = Query(limit=10)
    token = encode_cursor(collection, query, ("é 400000",))
    for each in (query, replace(query, cursor=token), replace(query, offset=900)):
        plan = million.plan(statements.page(each))
        assert indexes(plan) == {"codes_pkey"}
        assert scanned(plan) == []


def test_a_sort_by_texts_needs_an_index_by_code_point(million: Million) -> None:
    """Texts go by code point in both silos; an index of another order is no help."""
    code = columns_by_name(million.collections["codes"])["code"]
    order = (order_of(million.collections["codes"], code),)
    statement = million.statements("codes").page(Query(limit=10, order=order))
    with million.connection.cursor() as cursor:
        cursor.execute('CREATE INDEX code_index ON codes (code COLLATE "C")')
    plan = million.plan(statement)
    assert indexes(plan) == {"code_index"}
    assert scanned(plan) == []
