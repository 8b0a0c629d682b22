"""Every type of PostgreSQL that people use: written, sorted, paged, filtered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest

from metadata.dataset import Collection
from metadata.stated import CollectionDescription
from providers.conditions import equal
from providers.configuration import SiloConfiguration
from providers.cql2 import read_filter
from providers.features import FeatureSource, open_features
from providers.query import SORTABLE, Query, columns_by_name, order_of
from providers.survey import survey_structure

TABLE = """
CREATE TYPE colour AS ENUM ('rouge', 'bleu', 'vert');
CREATE DOMAIN postcode AS varchar(5);
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2',
                         deterministic = false);
CREATE TABLE native AS
SELECT i::integer AS id,
  CASE WHEN i % 5 > 0 THEN ((i * 37) % 11)::smallint END AS "small",
  CASE WHEN i % 5 > 0 THEN (i * 922337203685477::bigint) END AS "big",
  CASE WHEN i % 5 > 0 THEN ((i % 7) / 10.0)::real END AS "real",
  CASE i WHEN 3 THEN 'NaN'::float8 WHEN 4 THEN 'Infinity' WHEN 6 THEN '-Infinity'
         ELSE (i % 7) / 3.0::float8 END AS "double",
  CASE WHEN i % 5 > 0 THEN (i % 7) * 1234567890.123456789012345678::numeric
       END AS "numeric",
  CASE WHEN i % 5 > 0 THEN i % 2 = 0 END AS "bool",
  CASE WHEN i % 5 > 0 THEN (ARRAY['Été', 'été', 'ete', 'Zoo', 'alpha'])[1 + i % 4]
       END AS "text",
  CASE WHEN i % 5 > 0 THEN ('c' || i % 6)::char(5) END AS "char",
  ('7500' || i % 4)::postcode AS "domain",
  (ARRAY['rouge', 'bleu', 'vert'])[1 + i % 3]::colour AS "enum",
  (CASE WHEN i % 2 = 0 THEN 'Abc' ELSE 'aBC' END || i % 3)::text
       COLLATE folded AS "folded",
  CASE WHEN i % 5 > 0 THEN md5((i % 6)::text)::uuid END AS "uuid",
  CASE i WHEN 2 THEN 'infinity'::date WHEN 3 THEN '0044-03-15 BC'::date
         ELSE date '2024-01-01' + i % 7 END AS "date",
  CASE i WHEN 2 THEN 'infinity'::timestamp WHEN 3 THEN '20001-01-01'::timestamp
         ELSE timestamp '2024-01-01 10:00:00.000001' + (i % 7) * interval '1 hour'
       END AS "stamp",
  CASE WHEN i % 5 > 0 THEN timestamptz '2024-01-01 10:00:00+02'
       + (i % 7) * interval '1 us'
       END AS "stamptz",
  CASE WHEN i BETWEEN 11 AND 18 THEN time '24:00'
       WHEN i % 5 > 0 THEN time '10:00' + (i % 7) * interval '1 ms' END AS "time",
  ARRAY[i, NULL, 3] AS "array",
  '{"a": [1, null, "é"]}'::json AS "json",
  '{"b": {"c": 12345678901234567890}}'::jsonb AS "jsonb",
  '\\x00ff10'::bytea AS "bytes",
  interval '1 day' AS "interval",
  '10.0.0.1'::inet AS "inet"
FROM generate_series(1, 40) AS i;
ALTER TABLE native ADD PRIMARY KEY (id);
"""
SORTED = (
    "small", "big", "real", "double", "numeric", "bool", "text", "char", "domain",
    "enum", "folded", "uuid", "date", "stamp", "stamptz", "time",
)  # fmt: skip


@pytest.fixture(scope="module")
def native(module_postgis: str) -> Iterator[tuple[Collection, FeatureSource, str]]:
    """A table of every type, as the survey finds it."""
    connection = psycopg2.connect(module_postgis)
    with connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
    connection.close()
    configuration = SiloConfiguration(name="sig", location=module_postgis)
    surveyed = survey_structure(configuration, now=datetime(2026, 1, 1, tzinfo=UTC))
    survey = next(s for s in surveyed.surveys if s.source.table == "native")
    stated = CollectionDescription(id="native", source=survey.source)
    collection = Collection(description=stated, survey=survey)
    silo = open_features(configuration)
    yield collection, silo.features(collection), module_postgis
    silo.close()


def ids(source: FeatureSource, query: Query) -> list[int]:
    return [json.loads(text)["id"] for text in source.page(query).features]


def by_database(address: str, name: str, word: str) -> list[int]:
    """Sort in the database, texts by code point, missing values last."""
    textual = name in {"text", "char", "domain", "enum", "folded"}
    expression = f'"{name}"::text COLLATE "C"' if textual else f'"{name}"'
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM native ORDER BY {expression} {word} NULLS LAST, id"
        )
        rows = [row[0] for row in cursor.fetchall()]
    connection.close()
    return rows


@pytest.mark.postgis
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", SORTED)
def test_pages_sorted_by_any_type_are_whole(
    native: Any, name: str, descending: bool
) -> None:
    collection, source, address = native
    column = columns_by_name(collection)[name]
    assert column.field.type in SORTABLE
    order = (order_of(collection, column, descending=descending),)
    whole = by_database(address, name, "DESC" if descending else "ASC")
    assert ids(source, Query(order=order)) == whole
    found, cursor = [], ""
    while True:
        page = source.page(Query(order=order, limit=7, cursor=cursor))
        found += [json.loads(text)["id"] for text in page.features]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert found == whole


@pytest.mark.postgis
def test_values_of_every_type_are_json(native: Any) -> None:
    _, source, _ = native
    one, three = (json.loads(source.feature(key))["properties"] for key in ("1", "3"))
    assert one["array"] == [1, None, 3]
    assert one["json"] == {"a": [1, None, "é"]}
    assert one["bytes"] == "AP8Q"
    assert one["real"] == 0.1
    assert one["enum"] == "bleu"
    assert one["char"] == "c1"
    assert one["date"] == "2024-01-02"
    assert one["stamptz"].startswith("2024-01-01T08:00:00.000001")
    assert three["double"] is None
    assert "12345678901234567890}" in source.feature("1")
    assert "1234567890.123456789012345678" in source.feature("1")


@pytest.mark.postgis
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("small", "4"),
        ("big", "922337203685477"),
        ("real", "0.1"),
        ("numeric", "1234567890.123456789012345678"),
        ("bool", "false"),
        ("text", "été"),
        ("char", "c1"),
        ("domain", "75001"),
        ("enum", "bleu"),
        ("uuid", "c4ca4238-a0b9-2382-0dcc-509a6f75849b"),
        ("date", "2024-01-02"),
        ("stamp", "2024-01-01T11:00:00.000001Z"),
        ("stamptz", "2024-01-01T08:00:00.000001Z"),
        ("time", "10:00:00.001"),
    ],
)
def test_a_value_of_any_type_can_be_asked_for(
    native: Any, name: str, text: str
) -> None:
    collection, source, _ = native
    condition = equal(columns_by_name(collection)[name], text)
    found = ids(source, Query(conditions=(condition,)))
    assert found
    assert (1 in found) or name == "small"


@pytest.mark.postgis
@pytest.mark.parametrize(
    "name", ["array", "json", "jsonb", "bytes", "interval", "inet"]
)
def test_other_types_are_not_compared(native: Any, name: str) -> None:
    from metadata.errors import QueryError

    collection, _, _ = native
    column = columns_by_name(collection)[name]
    assert column.field.type not in SORTABLE
    with pytest.raises(QueryError):
        equal(column, "x")


LENIENT = {
    "folded LIKE 'A%'": lambda text: text.startswith("A"),
    "folded NOT LIKE 'A%'": lambda text: not text.startswith("A"),
    "folded LIKE '%C_'": lambda text: text[2] == "C",
    "CASEI(folded) LIKE CASEI('ABC1%')": lambda text: text.lower() == "abc1",
    "CASEI(folded) = CASEI('ABC1')": lambda text: text.lower() == "abc1",
    "ACCENTI(folded) = ACCENTI('Abc1')": lambda text: text == "Abc1",
    "ACCENTI(CASEI(folded)) = 'abc1'": lambda text: text.lower() == "abc1",
    "folded > 'a'": lambda text: text > "a",
    "folded = 'ABC1'": lambda text: text.lower() == "abc1",
    "folded IN ('ABC1', 'x')": lambda text: text.lower() == "abc1",
    "folded = folded": lambda text: True,
    "folded = enum": lambda text: False,
    "folded < domain": lambda text: text < "7500",
}
"""Filters on texts that are the same in capitals; a plain “=” is PostgreSQL's own."""


@pytest.mark.postgis
@pytest.mark.parametrize("asked", LENIENT)
def test_a_lenient_collation_can_be_asked_in_every_way(native: Any, asked: str) -> None:
    collection, source, address = native
    condition = read_filter(asked, collection)
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, folded FROM native ORDER BY id")
        meant = [number for number, text in cursor.fetchall() if LENIENT[asked](text)]
    connection.close()
    assert ids(source, Query(conditions=(condition,))) == meant
