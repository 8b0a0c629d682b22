"""Columns of any name at all, in both kinds of silo."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.cql2 import FilterLanguage, read_filter
from providers.query import Query, columns_by_name, order_of

LONGEST = 63
"""Bytes of a name in PostgreSQL."""
WORDS = (
    "limit", "f", "bbox", "order", "select", "t", "p", "f.", "geom", "geometry", "id_",
    "position_0", "feature", "n", "b", "octets", "part", "%s", "%(x)s", "$1", "?1",
    "{0}", "''", '"', '""', "\\", ";--", "/*", "NULL", "null", "rowid", "tableoid_",
    "ctid_", "passerelle", " ", "\t", "\n", "é", "e\u0301", "🏛", "\u202e", "a,b",
    "-a", "+a", "properties", "type", "casei", "true", "date", "\x1e", "NaN",
)  # fmt: skip
TAKEN = {"id", "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"}
"""Names that the test's table has, or that PostgreSQL keeps for itself."""
names = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.text(
            st.characters(exclude_categories=("Cs",), exclude_characters="\0"),
            min_size=1,
            max_size=15,
        ),
    ).filter(lambda name: len(name.encode()) <= LONGEST),
    min_size=1,
    max_size=8,
    # SQLite tells names apart by more than the case of ASCII letters
    unique_by=lambda name: name.lower(),
).filter(lambda found: not TAKEN & {name.lower() for name in found})


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(found=names)
def test_a_column_of_any_name_is_read_filtered_and_sorted(
    load_columns: Any, found: list[str]
) -> None:
    values = [f"valeur {n}" for n in range(len(found))]
    loaded = load_columns(found, [(2, *values), (1, *reversed(values))])
    page = loaded.source.page(Query(limit=10))
    features = [json.loads(text) for text in page.features]
    assert [f["id"] for f in features] == [1, 2]
    assert features[1]["properties"] == {
        "id": 2,
        **dict(zip(found, values, strict=True)),
    }
    assert (
        json.loads(loaded.source.feature("2"))["properties"]
        == features[1]["properties"]
    )
    columns = columns_by_name(loaded.collection)
    for name, value in zip(found, values, strict=True):
        test = {"op": "=", "args": [{"property": name}, value]}
        condition = read_filter(
            json.dumps(test), loaded.collection, language=FilterLanguage.JSON
        )
        matched = loaded.source.page(Query(limit=10, conditions=(condition,)))
        assert 2 in [json.loads(text)["id"] for text in matched.features]
        order = (order_of(loaded.collection, columns[name]),)
        first = loaded.source.page(Query(limit=1, order=order))
        second = loaded.source.page(
            Query(limit=1, order=order, cursor=first.next_cursor or "")
        )
        both = [json.loads(p.features[0])["properties"][name] for p in (first, second)]
        assert both == sorted(f["properties"][name] for f in features)


@pytest.fixture
def load_columns(load: Any, table_of: Any) -> Any:
    return lambda found, rows: load(table_of(found, rows))
