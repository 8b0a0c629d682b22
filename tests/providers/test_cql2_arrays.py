"""Array functions, in both silos, against sets in Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from metadata.errors import QueryError
from providers.cql2 import FilterLanguage, read_filter
from providers.query import Query

DAY = date(2024, 1, 5)
ROWS: tuple[tuple[Any, ...], ...] = (
    (["a", "b"], [1, 2], [0.5], [DAY], ["x"]),
    (["b", "a", "a"], [2, 1, 1], [0.1 + 0.2], [], ["y", "x"]),
    (["a"], [3], [0.3], None, []),
    (["é", "l'a"], [], [], [DAY, date(2024, 1, 6)], None),
    ([], [1, 2, 3], None, [date(2024, 1, 6)], ["X"]),
    (None, None, [1.0], [DAY], ["x", "y", "z"]),
)
COLUMNS = ("words", "codes", "ratios", "days", "short")
WRITTEN: dict[str, list[tuple[str, list[Any]]]] = {
    "words": [("('a', 'b')", ["a", "b"]), ("('a')", ["a"]), ("('l''a')", ["l'a"])],
    "codes": [("(1, 2)", [1, 2]), ("(3.0)", [3]), ("(1.5, 1)", [1.5, 1])],
    "ratios": [("(0.3)", [0.3]), ("(0.5, 1)", [0.5, 1])],
    "days": [
        ("(DATE('2024-01-05'))", [DAY]),
        ("('2024-01-05', '2024-01-06')", [DAY, date(2024, 1, 6)]),
    ],
    "short": [("('x', 'y')", ["x", "y"])],
}
FUNCTIONS: dict[str, Callable[[set[Any], set[Any]], bool]] = {
    "A_CONTAINS": lambda one, other: one >= other,
    "A_CONTAINEDBY": lambda one, other: one <= other,
    "A_EQUALS": lambda one, other: one == other,
    "A_OVERLAPS": lambda one, other: bool(one & other),
}
CASES = [(column, *case) for column, cases in WRITTEN.items() for case in cases]


@pytest.fixture(scope="module")
def arrays(load_arrays: Any) -> Any:
    return load_arrays(ROWS)


def found(loaded: Any, text: str, **more: Any) -> list[int]:
    condition = read_filter(text, loaded.collection, **more)
    page = loaded.source.page(Query(conditions=(condition,)))
    return [json.loads(feature)["id"] for feature in page.features]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("column", "written", "values"), CASES)
def test_a_column_is_related_to_what_is_written(
    arrays: Any, function: str, column: str, written: str, values: list[Any]
) -> None:
    if column == "days" and not arrays.is_postgis:
        pytest.skip("files have no lists of days")
    related = FUNCTIONS[function]
    place = COLUMNS.index(column)
    sets = [None if row[place] is None else set(row[place]) for row in ROWS]

    def rows(test: Callable[[set[Any]], bool]) -> list[int]:
        return [n for n, one in enumerate(sets, 1) if one is not None and test(one)]

    text = f"{function}({column}, {written})"
    assert found(arrays, text) == rows(lambda one: related(one, set(values)))
    assert found(arrays, f"NOT {text}") == rows(lambda o: not related(o, set(values)))
    other = f"{function}({written}, {column})"
    assert found(arrays, other) == rows(lambda one: related(set(values), one))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_two_columns_are_related(arrays: Any, function: str) -> None:
    pairs = [(set(r[0]), set(r[4])) if r[0] is not None and r[4] is not None else None
             for r in ROWS]  # fmt: skip
    wanted = [n for n, p in enumerate(pairs, 1) if p and FUNCTIONS[function](*p)]
    assert found(arrays, f"{function}(words, short)") == wanted


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_empty_array_can_be_written_in_json(arrays: Any, function: str) -> None:
    tree = {"op": function.lower(), "args": [{"property": "words"}, []]}
    wanted = [
        n
        for n, row in enumerate(ROWS, 1)
        if row[0] is not None and FUNCTIONS[function](set(row[0]), set())
    ]
    assert found(arrays, json.dumps(tree), language=FilterLanguage.JSON) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "A_CONTAINS(id, (1, 2))",
        "A_CONTAINS(('a'), ('b'))",
        "A_CONTAINS(words, (1, 2))",
        "A_CONTAINS(codes, ('a'))",
        "A_CONTAINS(words, codes)",
        "A_CONTAINS(words, (codes))",
        "A_EQUALS(words, nowhere)",
        "words = 'a'",
    ],
)
def test_what_is_no_array_or_of_another_kind_is_refused(arrays: Any, text: str) -> None:
    with pytest.raises(QueryError) as refused:
        read_filter(text, arrays.collection)
    assert refused.value.parameter == "filter"
