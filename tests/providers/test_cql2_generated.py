"""Filters made up from the grammar, in both encodings, against a reader in Python.

What a made-up filter should find is worked out beside it, row by row, in Python's
own arithmetic and three-valued logic; nothing of ours takes part in that.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.cql2 import FilterLanguage, read_filter
from providers.query import Query

Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A piece of a filter: as text, as JSON, and what it is worth in a row."""

    text: str
    tree: Any
    worth: Callable[[Row], Any]

    def __repr__(self) -> str:
        return f"{self.text}  {json.dumps(self.tree)}"


def prop(name: str) -> Part:
    return Part(f'"{name}"', {"property": name}, lambda row: row[name])


def literal(value: Any) -> Part:
    text = f"'{value.replace(chr(39), chr(39) * 2)}'" if isinstance(value, str) else ""
    return Part(text or repr(value), value, lambda row: value)


def known(function: Callable[..., Any], *parts: Part) -> Callable[[Row], Any]:
    """Return what a function is worth: nothing, where an operand is nothing."""

    def worth(row: Row) -> Any:
        values = [part.worth(row) for part in parts]
        return None if None in values else function(*values)

    return worth


COMPARISONS = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
SUMS: dict[str, Callable[[float, float], float | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: a / b if b else None,
    "div": lambda a, b: float(math.trunc(a / b)) if b else None,
    "%": lambda a, b: math.fmod(a, b) if b else None,
}


def computed(name: str, left: Part, right: Part) -> Part:
    function = SUMS[name]
    return Part(
        f"({left.text} {name} {right.text})",
        {"op": name, "args": [left.tree, right.tree]},
        known(lambda a, b: function(float(a), float(b)), left, right),
    )


def compared(name: str, left: Part, right: Part) -> Part:
    return Part(
        f"{left.text} {name} {right.text}",
        {"op": name, "args": [left.tree, right.tree]},
        known(COMPARISONS[name], left, right),
    )


def between(value: Part, low: Part, high: Part) -> Part:
    return Part(
        f"{value.text} BETWEEN {low.text} AND {high.text}",
        {"op": "between", "args": [value.tree, low.tree, high.tree]},
        every([compared(">=", value, low), compared("<=", value, high)]).worth,
    )


def among(value: Part, choices: list[Part]) -> Part:
    texts = ", ".join(choice.text for choice in choices)
    return Part(
        f"{value.text} IN ({texts})",
        {"op": "in", "args": [value.tree, [choice.tree for choice in choices]]},
        known(lambda v, *all_: v in all_, value, *choices),
    )


def like(value: Part, pieces: list[str]) -> Part:
    pattern = "".join(pieces)
    wild = {"%": ".*", "_": ".", "\\%": "%", "\\_": "_", "\\\\": r"\\"}
    expression = re.compile(
        "".join(wild.get(each, re.escape(each)) for each in pieces), re.DOTALL
    )
    written = literal(pattern)
    return Part(
        f"{value.text} LIKE {written.text}",
        {"op": "like", "args": [value.tree, pattern]},
        known(lambda v: expression.fullmatch(v) is not None, value),
    )


def missing(value: Part) -> Part:
    return Part(
        f"{value.text} IS NULL",
        {"op": "isNull", "args": [value.tree]},
        lambda row: value.worth(row) is None,
    )


def negated(part: Part) -> Part:
    def worth(row: Row) -> Any:
        found = part.worth(row)
        return None if found is None else not found

    return Part(f"NOT ({part.text})", {"op": "not", "args": [part.tree]}, worth)


def every(parts: list[Part]) -> Part:
    def worth(row: Row) -> Any:
        values = [part.worth(row) for part in parts]
        return False if False in values else (None if None in values else True)

    text = " AND ".join(f"({part.text})" for part in parts)
    return Part(text, {"op": "and", "args": [part.tree for part in parts]}, worth)


def some(parts: list[Part]) -> Part:
    def worth(row: Row) -> Any:
        values = [part.worth(row) for part in parts]
        return True if True in values else (None if None in values else False)

    text = " OR ".join(f"({part.text})" for part in parts)
    return Part(text, {"op": "or", "args": [part.tree for part in parts]}, worth)


def day(value: date) -> Part:
    text = value.isoformat()
    return Part(f"DATE('{text}')", {"date": text}, lambda row: value)


def moment(value: datetime) -> Part:
    text = value.isoformat().replace("+00:00", "Z")
    return Part(f"TIMESTAMP('{text}')", {"timestamp": text}, lambda row: value)


def interval(low: Part, high: Part) -> Part:
    ends = [next(iter(p.tree.values())) if p.text[0] != '"' else p.tree
            for p in (low, high)]  # fmt: skip
    texts = [p.text if p.text[0] == '"' else f"'{e}'"
             for p, e in zip((low, high), ends, strict=True)]  # fmt: skip
    return Part(
        f"INTERVAL({', '.join(texts)})",
        {"interval": ends},
        known(lambda a, b: (a, b), low, high),
    )


def spanned(function: Callable[..., bool]) -> Callable[[Any, Any], bool]:
    def holds(one: Any, other: Any) -> bool:
        (a, b), (c, d) = (x if isinstance(x, tuple) else (x, x) for x in (one, other))
        return function(a, b, c, d)

    return holds


TEMPORAL = {
    "T_AFTER": lambda a, b, c, d: a > d,
    "T_BEFORE": lambda a, b, c, d: b < c,
    "T_CONTAINS": lambda a, b, c, d: a < c and b > d,
    "T_DISJOINT": lambda a, b, c, d: b < c or a > d,
    "T_DURING": lambda a, b, c, d: a > c and b < d,
    "T_EQUALS": lambda a, b, c, d: a == c and b == d,
    "T_FINISHEDBY": lambda a, b, c, d: a < c and b == d,
    "T_FINISHES": lambda a, b, c, d: a > c and b == d,
    "T_INTERSECTS": lambda a, b, c, d: not (b < c or a > d),
    "T_MEETS": lambda a, b, c, d: b == c,
    "T_METBY": lambda a, b, c, d: a == d,
    "T_OVERLAPPEDBY": lambda a, b, c, d: c < a < d and b > d,
    "T_OVERLAPS": lambda a, b, c, d: a < c < b < d,
    "T_STARTEDBY": lambda a, b, c, d: a == c and b > d,
    "T_STARTS": lambda a, b, c, d: a == c and b < d,
}


def temporal(name: str, left: Part, right: Part) -> Part:
    return Part(
        f"{name}({left.text}, {right.text})",
        {"op": name.lower(), "args": [left.tree, right.tree]},
        known(spanned(TEMPORAL[name]), left, right),
    )


SMALL = st.integers(-5, 200).map(literal)
HALVES = st.integers(-10, 40).map(lambda n: literal(n / 4))
WHOLE = st.sampled_from(["id", "rank"]).map(prop)
SUM = st.recursive(
    WHOLE | SMALL | HALVES,
    lambda inner: st.builds(computed, st.sampled_from([*SUMS]), inner, inner),
    max_leaves=4,
)
NUMBER = SUM | st.sampled_from(["ratio", "population"]).map(prop)
SIMPLE = WHOLE | SMALL | HALVES | st.just(prop("ratio"))
WORDS = st.sampled_from(
    ["Saint-Denis", "saint-ouen", "100 %", "100_x", "", "é", "T", "a", "L'Î", "\\", "🏛"]
)
TEXT = st.sampled_from(["name", "insee", "limit"]).map(prop)
SAID = TEXT | WORDS.map(literal)
PIECES = st.sampled_from(["%", "_", "\\%", "\\_", "\\\\", "S", "saint", "0", "é", "'"])
DAYS = st.integers(0, 22).map(lambda n: day(date(2024, 1, 1) + timedelta(days=n)))
MOMENTS = st.integers(0, 410).map(
    lambda n: moment(datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n))
)
FLAG = st.just(prop("flag"))
NAMES = st.sampled_from([*COMPARISONS])


def times(written: st.SearchStrategy[Part], name: str) -> st.SearchStrategy[Part]:
    """Return temporal conditions on one column."""
    ends = written | st.just(prop(name))
    span = st.tuples(written, written).map(
        lambda pair: interval(*sorted(pair, key=lambda part: part.worth({})))
    )
    anything = ends | span
    return (
        st.builds(compared, NAMES, ends, ends)
        | st.builds(temporal, st.sampled_from([*TEMPORAL]), anything, anything)
        | st.builds(between, ends, written, written)
    )


TRUTH = st.booleans().map(
    lambda value: Part(str(value).lower(), value, lambda row: value)
)
ONE = (
    st.builds(compared, NAMES, NUMBER, SIMPLE)
    | st.builds(compared, NAMES, SAID, SAID)
    | st.builds(compared, st.sampled_from(["=", "<>"]), FLAG, TRUTH)
)
CONDITION = st.recursive(
    ONE
    | FLAG
    | st.builds(between, SUM, SIMPLE, SIMPLE)
    | st.builds(among, WHOLE, st.lists(SMALL, min_size=1, max_size=4))
    | st.builds(among, TEXT, st.lists(WORDS.map(literal), min_size=1, max_size=4))
    | st.builds(like, TEXT, st.lists(PIECES, max_size=5))
    | st.builds(
        missing, st.sampled_from(["name", "rank", "day", "moment", "flag"]).map(prop)
    )
    | times(DAYS, "day")
    | times(MOMENTS, "moment"),
    lambda inner: (
        inner.map(negated)
        | st.lists(inner, min_size=2, max_size=3).map(every)
        | st.lists(inner, min_size=2, max_size=3).map(some)
    ),
    max_leaves=6,
)


def found(loaded: Any, text: str, language: FilterLanguage) -> list[int]:
    condition = read_filter(text, loaded.collection, language=language)
    page = loaded.source.page(Query(conditions=(condition,)))
    return [json.loads(feature)["id"] for feature in page.features]


def test_a_made_up_filter_finds_what_it_says(rich: Any, rich_rows: Any) -> None:
    @settings(
        max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(CONDITION)
    def check(part: Part) -> None:
        wanted = [row["id"] for row in rich_rows if part.worth(row) is True]
        tree = json.dumps(part.tree)
        assert found(rich, tree, FilterLanguage.JSON) == wanted, part
        assert found(rich, part.text, FilterLanguage.TEXT) == wanted, part

    check()
