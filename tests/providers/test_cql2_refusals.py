"""Filters that cannot be answered are refused with a remedy, never otherwise."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metadata.dataset import Collection
from metadata.errors import QueryError
from metadata.measured import (
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    RelationKind,
    Source,
    Survey,
)
from metadata.stated import CollectionDescription, Columns
from providers.cql2 import FilterLanguage, read_filter
from providers.cql2_text import nesting
from providers.query import Query

SOURCE = Source(silo="sig", container="public", table="t")
TYPES = {
    "name": FieldType.STRING,
    "population": FieldType.INTEGER,
    "flag": FieldType.BOOLEAN,
    "day": FieldType.DATE,
    "moment": FieldType.DATETIME,
    "data": FieldType.JSON,
    "id_": FieldType.UUID,
    "secret": FieldType.STRING,
}
COLLECTION = Collection(
    description=CollectionDescription(
        id="t", source=SOURCE, columns=Columns(exclude=("secret",))
    ),
    survey=Survey(
        source=SOURCE,
        kind=RelationKind.TABLE,
        surveyed_at=datetime(2026, 1, 1, tzinfo=UTC),
        fields=tuple(Field(name=n, type=t, native_type=t) for n, t in TYPES.items()),
        geometries=(GeometryColumn(name="geom", type=GeometryType.POINT, srid=2154),),
    ),
)
REFUSED = {
    "a mismatch": "population = 'abc'",
    "a number for a text": "name = 1",
    "a flag for a number": "population = true",
    "an order of flags": "flag > false",
    "no date": "day = '2024-13-45'",
    "an unknown property": "nowhere = 1",
    "NULL": "name = NULL",
    "a rounded number": "population = 9007199254740993",
    "a number of 5,000 digits": f"population = {'9' * 5000}",
    "a rounded number in a list": "population IN (1, 12345678901234567890)",
    "an unknown function": "foo(name) = 'x'",
    "an unknown condition": "a_contains(name, ('x','y'))",
    "a value alone": "1",
    "a text alone": "'x'",
    "a column that is no condition": "name",
    "JSON compared": "data = 'x'",
    "no UUID": "id_ = 'x'",
    "infinity": "population > 1e400",
    "a lone backslash": "name LIKE 'x\\'",
    "LIKE on a number": "population LIKE '1%'",
    "a column as a pattern": "name LIKE name",
    "CASEI of a number": "CASEI(population) = 'x'",
    "adding texts": "name + 1 = 2",
    "no geometry": "S_INTERSECTS(name, POINT(1 2))",
    "an open ring": "S_INTERSECTS(geom, POLYGON((0 0, 1 0, 1 1, 0 1)))",
    "another geometry": "S_INTERSECTS(shape, geom)",
    "a bow tie": "S_INTERSECTS(geom, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))",
    "a collection within": "S_WITHIN(geom, GEOMETRYCOLLECTION(POINT(1 2)))",
    "an upside-down box": "S_INTERSECTS(geom, BBOX(1, 50, 2, 40))",
    "a geometry compared": "geom = 'x'",
    "text for time": "T_AFTER(name, DATE('2024-01-01'))",
    "half a sentence": "name =",
    "an open quote": "name = 'x",
    "two statements": "name = 'x'; DROP TABLE t",
    "nothing": "",
    "NUL": "name = '\0'",
    "many NOTs": "NOT " * 1000 + "flag",
    "many brackets": "(" * 1000 + "flag" + ")" * 1000,
    "many signs": "population = " + "-" * 5000 + "1",
    "a long sum": "population = 1" + "+1" * 10_000,
    "a long disjunction": " OR ".join(["flag"] * 1000),
    "a megabyte": "name = '" + "x" * 1_000_000 + "'",
    "NOTs behind a quote": "name = 'C:\\' AND " + "NOT " * 3000 + "flag",
}


@pytest.mark.parametrize("reason", REFUSED)
def test_it_is_refused_and_named(reason: str) -> None:
    with pytest.raises(QueryError) as refused:
        read_filter(REFUSED[reason], COLLECTION)
    assert refused.value.parameter == "filter"
    assert refused.value.text.fr
    assert refused.value.text.en


def test_an_excluded_column_is_an_unknown_one() -> None:
    said = []
    for name in ("secret", "nowhere"):
        with pytest.raises(QueryError) as refused:
            read_filter(f"{name} = 'x'", COLLECTION)
        said.append((refused.value.message.replace(name, "x"), refused.value.hint))
    assert said[0] == said[1]
    assert "secret" not in said[0][1]


DAY = {"property": "day"}


def meeting(geometry: dict[str, Any]) -> str:
    """Return a spatial filter as CQL2 JSON."""
    return json.dumps({"op": "s_intersects", "args": [{"property": "geom"}, geometry]})


JSON_REFUSED = {
    "no JSON": "{",
    "a list": "[]",
    "a text": '"x"',
    "null": "null",
    "no arguments": '{"op": "="}',
    "no name": '{"args": []}',
    "a numeric name": '{"op": 1, "args": [1, 2]}',
    "one argument": '{"op": "=", "args": [{"property": "name"}]}',
    "an odd property": '{"op": "=", "args": [{"property": 1}, 1]}',
    "an empty AND": '{"op": "and", "args": []}',
    "an empty IN": '{"op": "in", "args": [{"property": "name"}, []]}',
    "a lone surrogate": '{"op": "=", "args": [{"property": "name"}, "\\ud800"]}',
    "a nested NUL": '{"op": "=", "args": [{"property": "name"}, "\\u0000"]}',
    "a deep tree": '{"op":"not","args":[' * 500 + "true" + "]}" * 500,
    "many nodes": json.dumps(
        {"op": "or", "args": [{"op": "isNull", "args": [{"property": "name"}]}] * 600}
    ),
    "an odd point": meeting({"type": "Point", "coordinates": ["x", 2]}),
    "a ring of two": meeting({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}),
    "no coordinates": meeting({"type": "Point"}),
    "an odd type": meeting({"type": "Sphere", "coordinates": [1, 2]}),
    "a short box": meeting({"bbox": [1, 2, 3]}),
    "a box of words": meeting({"bbox": ["a", "b", "c", "d"]}),
    "an interval of one": json.dumps(
        {"op": "t_during", "args": [DAY, {"interval": ["2024-01-01"]}]}
    ),
    "no date": '{"op":"=","args":[{"property":"day"},{"date":5}]}',
    "NaN": '{"op":"=","args":[{"property":"population"},NaN]}',
    "property twice": '{"op":"isNull","args":[{"property":["name"]}]}',
}


@pytest.mark.parametrize("reason", JSON_REFUSED)
def test_malformed_json_is_refused(reason: str) -> None:
    with pytest.raises(QueryError):
        read_filter(JSON_REFUSED[reason], COLLECTION, language=FilterLanguage.JSON)


NODES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([{"property": name} for name in (*TYPES, "geom")])
    | st.sampled_from(
        [{"date": "2024-01-01"}, {"type": "Point", "coordinates": [1, 2]}]
    ),
    lambda inner: (
        st.builds(
            lambda op, args: {"op": op, "args": args},
            st.sampled_from(
                [
                    "and",
                    "or",
                    "not",
                    "=",
                    "<",
                    "in",
                    "like",
                    "between",
                    "isNull",
                    "casei",
                    "+",
                    "s_intersects",
                    "s_within",
                    "t_after",
                    "t_during",
                    "accenti",
                    "div",
                ]
            ),
            st.lists(inner, max_size=3) | inner,
        )
        | st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(NODES)
def test_any_tree_is_either_understood_or_refused(node: Any) -> None:
    with suppress(QueryError):
        read_filter(json.dumps(node), COLLECTION, language=FilterLanguage.JSON)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab1=<>()'\"+-*/.,% \\nNOTANDLIKEpopulationname", max_size=60))
def test_any_text_is_either_understood_or_refused(text: str) -> None:
    with suppress(QueryError):
        read_filter(text, COLLECTION)


def test_a_large_polygon_is_not_too_much() -> None:
    ring = [(x / 10, -45 - (x % 7) / 1000) for x in range(1, 1200)]
    ring += [(120, -44), (0.1, -44), ring[0]]
    text = ", ".join(f"{x} {y}" for x, y in ring)
    read_filter(f"S_INTERSECTS(geom, POLYGON(({text})))", COLLECTION)


@pytest.mark.parametrize(
    ("text", "depth"),
    [("a", 0), ("(a)", 1), ("not (not a)", 3), ("((a) (b))", 2), ("- - a", 2)],
)
def test_nesting_counts_brackets_signs_and_nots(text: str, depth: int) -> None:
    assert nesting(text) == depth


@pytest.mark.parametrize("text", ["ratio * 1e300 * 1e300 > 0", "(0 - id) ^ 0.5 > 0"])
def test_a_sum_that_overflows_is_refused_or_unknown(rich: Any, text: str) -> None:
    condition = read_filter(text, rich.collection)
    with suppress(QueryError):
        rich.source.page(Query(conditions=(condition,), limit=1))
    assert rich.silo.in_use == 0
