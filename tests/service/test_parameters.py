"""Reading the parameters of items: strictly, and never failing otherwise."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

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
from providers.cql2_tree import All, Missing, Some
from providers.query import Query
from service.parameters import (
    ITEMS_PARAMETERS,
    MAXIMUM_LIMIT,
    ItemsRequest,
    read_items,
    read_pairs,
)

SOURCE = Source(silo="sig", container="public", table="t")
TYPES = {
    "name": FieldType.STRING,
    "population": FieldType.INTEGER,
    "ratio": FieldType.NUMBER,
    "flag": FieldType.BOOLEAN,
    "day": FieldType.DATE,
    "moment": FieldType.DATETIME,
    "hour": FieldType.TIME,
    "identity": FieldType.UUID,
    "data": FieldType.JSON,
    "secret": FieldType.STRING,
    "limit": FieldType.INTEGER,
    "old": FieldType.STRING,
}
COLLECTION = Collection(
    description=CollectionDescription(
        id="t",
        source=SOURCE,
        columns=Columns(exclude=("secret",), rename={"old": "new"}),
    ),
    survey=Survey(
        source=SOURCE,
        kind=RelationKind.TABLE,
        surveyed_at=datetime(2026, 1, 1, tzinfo=UTC),
        fields=tuple(Field(name=n, type=t, native_type=t) for n, t in TYPES.items()),
        geometries=(GeometryColumn(name="geom", type=GeometryType.POINT, srid=2154),),
        temporal_field="moment",
    ),
)


def read(query: str) -> ItemsRequest:
    return read_items(read_pairs(query.encode()), COLLECTION)


def refusal(query: str) -> QueryError:
    with pytest.raises(QueryError) as refused:
        read(query)
    return refused.value


def test_nothing_asked_is_the_first_page() -> None:
    assert read("") == ItemsRequest(query=Query(limit=MAXIMUM_LIMIT), hits=False)
    shown = read_items([], COLLECTION, limit=10)
    assert shown == ItemsRequest(query=Query(limit=10), hits=False)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("1", 1),
        ("007", 7),
        ("10000", 10_000),
        ("10001", MAXIMUM_LIMIT),
        ("9" * 19, MAXIMUM_LIMIT),
    ],
)
def test_limits(text: str, limit: int) -> None:
    assert read(f"limit={text}").query.limit == limit


@pytest.mark.parametrize(
    "query",
    [
        "population=93066",
        "population=-1",
        "ratio=1.5e3",
        "flag=true",
        "day=2024-02-29",
        "moment=2024-02-29T12:00:00Z",
        "moment=2024-02-29",
        "hour=12:30:00",
        "identity=6f6d1ab4-1ec5-4b8c-8f42-0c5cf1d5b2ab",
        "name=",
        "new=x",
    ],
)
def test_a_column_equals_a_value_of_its_type(query: str) -> None:
    assert len(read(query).query.conditions) == 1


def test_several_equalities_hold_together() -> None:
    assert len(read("population=1&flag=false&name=x").query.conditions) == 3


@pytest.mark.parametrize(
    "query",
    [
        "population=x",
        "population=1.5",
        "population=null",
        "population=",
        "population=9223372036854775808",
        "ratio=NaN",
        "ratio=x",
        "flag=1",
        "flag=TRUE",
        "day=2024-02-30",
        "day=yesterday",
        "moment=2024-02-29T12:00:00",
        "hour=25:00",
        "identity=x",
        "data=x",
    ],
)
def test_a_value_of_another_type_is_refused(query: str) -> None:
    assert refusal(query).parameter == query.split("=", maxsplit=1)[0]


def test_the_parameter_wins_over_a_column_of_its_name() -> None:
    asked = read("limit=3")
    assert asked.query.limit == 3
    assert asked.query.conditions == ()


@pytest.mark.parametrize("parameter", ["properties", "sortby", "{}", "filter"])
def test_an_excluded_or_renamed_column_is_an_unknown_one(parameter: str) -> None:
    said = set()
    for name in ("secret", "old", "nowhere"):
        query = f"{name}=x" if parameter == "{}" else f"{parameter}={name}"
        query += quote(" = 'x'") if parameter == "filter" else ""
        refused = refusal(query)
        said.add((refused.message.replace(name, "?"), refused.hint))
    assert len(said) == 1
    assert "secret" not in str(said)


def test_an_unencoded_plus_sign_sorts_upwards() -> None:
    for text in ("+name,-day", "%2Bname,-day", "name,-day"):
        order = read(f"sortby={text}").query.order
        assert [(each.column.name, each.descending) for each in order] == [
            ("name", False),
            ("day", True),
        ]


def test_what_has_no_order_is_not_sorted() -> None:
    assert refusal("sortby=data").parameter == "sortby"


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("2024-01-01", 2),
        ("2024-01-01T00:00:00Z", 2),
        ("2024-01-01/..", 1),
        ("2024-01-01/", 1),
        ("../2024-01-01", 1),
        ("/2024-01-01T00:00:00.123456Z", 1),
        ("2024-01-01/2024-01-01", 2),
        ("2024-01-01T00:00:00z/2024-01-01", 2),
        ("2024-01-01/P2D", 2),
        ("P1M/2024-03-31", 2),
        ("../..", 0),
        ("/", 0),
    ],
)
def test_instants_and_intervals(text: str, conditions: int) -> None:
    found = read(f"datetime={text}").query.conditions
    if conditions == 0:
        assert found == ()
        return
    [either] = found
    assert isinstance(either, Some)
    missing, within = either.parts
    assert isinstance(missing, Missing)
    assert isinstance(within, All)
    assert len(within.parts) == conditions


def test_a_refusal_speaks_both_languages_and_has_a_remedy() -> None:
    for query in ("limit=x", "bbox=1", "datetime=x", "crs=x", "nowhere=1", "filter=("):
        refused = refusal(query)
        assert refused.text.fr != refused.text.en
        assert refused.remedy.fr
        assert refused.remedy.en


NAMES = [*ITEMS_PARAMETERS - {"f", "lang"}, *TYPES, "new", "nowhere"]
VALUES = st.text(max_size=20) | st.sampled_from(
    [
        "1,2,3,4",
        "170,-20,-170,-10",
        "1,2,3,4,5,6",
        "1e999,0,1,1",
        "http://www.opengis.net/def/crs/EPSG/0/2154",
        "http://www.opengis.net/def/crs/EPSG/0/4326",
        "2024-01-01/..",
        "9999-12-31",
        "0001-01-01/9999-12-31",
        "true",
        "-name,+day",
        "name,population",
        "S_INTERSECTS(geom, BBOX(170,-20,-170,-10))",
        "T_DURING(day, INTERVAL('..','9999-12-31'))",
        "moment <= DATE('9999-12-31')",
        "hits",
        "cql2-json",
        "5",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4))
def test_any_parameters_are_either_understood_or_refused(pairs: Any) -> None:
    with suppress(QueryError):
        found = read(urlencode(pairs, errors="replace"))
        assert 1 <= found.limit <= MAXIMUM_LIMIT


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_either_understood_or_refused(raw: bytes) -> None:
    with suppress(QueryError):
        read_items(read_pairs(raw), COLLECTION)
