"""The index by itself: right against a naive search, small, and quick to follow."""

from __future__ import annotations

import re
import time
import tracemalloc
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.store_model import Revision, packed
from service.catalogue import Applied, StoredCatalogue
from service.csw.filter_cql import read_cql
from service.csw.index import Index
from service.csw.keeper import Keeper, make_index
from service.csw.matching import matched, ordered
from service.csw.patterns import inner_matcher, read_pattern, whole_matcher
from service.csw.problems import CswProblem
from service.csw.queryables import BY_NAME, find_queryable
from service.csw.tree import (
    All,
    Compare,
    Comparison,
    Like,
    Negated,
    Node,
    Null,
    Some,
    SortKey,
)
from service.csw.values import folded_bytes

NAMES = ("subject", "title", "denominator", "type", "revisiondate", "operateson")
LITERALS = {
    "subject": ["lot 1", "lot 2", "limite administrative", "nothing"],
    "title": ["Arbres n° 00001 <&> « é »", "Arbres", ""],
    "denominator": ["5000", "7500", "20000"],
    "type": ["dataset", "service"],
    "revisiondate": ["2026-01-05", "2026", "2026-01-07T12:00:00Z"],
    "operateson": ["https://data.example.org/id/jeu-00001"],
}


def stored(records: Sequence[Any], csw: Any) -> StoredCatalogue:
    return StoredCatalogue(
        tuple(
            Applied(
                revision=Revision(
                    record_identifier=record.identifier,
                    dataset_id=record.dataset_id,
                    kind=record.kind,
                    fingerprint=record.fingerprint,
                    date_stamp=csw.now.date(),
                    first_seen=csw.now,
                    packed=packed(record.content),
                ),
                at=csw.now,
            )
            for record in records
        )
    )


@pytest.fixture(scope="module")
def index(csw: Any) -> Index:
    records = [csw.record(n) for n in range(30)]
    return make_index(stored([*records, *map(csw.service_record, range(4))], csw))


def leaves() -> st.SearchStrategy[Node]:
    def compare(name: str) -> st.SearchStrategy[Node]:
        return st.builds(
            Compare,
            st.just(BY_NAME[name]),
            st.sampled_from(Comparison),
            st.sampled_from(LITERALS[name]),
        )

    names = st.sampled_from(NAMES)
    likes = st.builds(
        lambda name, text: Like(
            BY_NAME[name], read_pattern(text, any_text="%", one="_", escape="")
        ),
        st.sampled_from(("subject", "title", "type")),
        st.text("lot 12Arbes%_", max_size=8),
    )
    nulls = st.builds(lambda name: Null(BY_NAME[name]), names)
    return st.one_of(names.flatmap(compare), likes, nulls)


def some(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[list[Node]]:
    return st.lists(parts, min_size=1, max_size=3)


def trees() -> st.SearchStrategy[Node]:
    return st.recursive(
        leaves(),
        lambda parts: st.one_of(
            st.builds(lambda p: All(tuple(p)), st.lists(parts, min_size=1, max_size=3)),
            st.builds(
                lambda p: Some(tuple(p)), st.lists(parts, min_size=1, max_size=3)
            ),
            st.builds(Negated, parts),
        ),
        max_leaves=8,
    )


def naive(values: Any, node: Node) -> bool:
    """Evaluate a filter for one record, value by value."""
    if isinstance(node, All):
        return all(naive(values, part) for part in node.parts)
    if isinstance(node, Some):
        return any(naive(values, part) for part in node.parts)
    if isinstance(node, Negated):
        return not naive(values, node.part)
    said = values[node.queryable.slot]  # type: ignore[union-attr]
    if isinstance(node, Null):
        return not said
    if isinstance(node, Like):
        expression = "".join(
            re.escape(p) if isinstance(p, str) else {"ANY": ".*", "ONE": "."}[p.name]
            for p in node.pattern
        )
        return any(re.fullmatch(expression, value, re.DOTALL) for value in said)
    assert isinstance(node, Compare)
    return naive_comparison(said, node)


def naive_comparison(said: Sequence[str], node: Compare) -> bool:
    literal: Any = node.literal
    operator = node.operator.value
    if node.queryable.name == "Denominator":
        said, literal = [float(v) for v in said], float(literal)  # type: ignore[misc]
    if node.queryable.name == "RevisionDate" and len(literal) > 10:
        literal = literal[:10]
        operator = {"<": "<=", ">": ">="}.get(operator, operator)
    tests = {
        "=": lambda v: v == literal,
        "<": lambda v: v < literal,
        "<=": lambda v: v <= literal,
        ">": lambda v: v > literal,
        ">=": lambda v: v >= literal,
    }
    if operator == "<>":
        return bool(said) and literal not in said
    return any(map(tests[operator], said))


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(tree=trees())
def test_a_filter_lets_through_what_a_naive_search_does(
    index: Index, tree: Node
) -> None:
    found = matched(index, tree).tolist()
    assert found == [naive(entry.values, tree) for entry in index.entries]


@settings(max_examples=500, deadline=None)
@given(text=st.text("abé_\n", max_size=12), pattern=st.text("abé%?!", max_size=8))
def test_a_pattern_matches_as_an_expression_does(text: str, pattern: str) -> None:
    parts = read_pattern(pattern, any_text="%", one="?", escape="")
    expression = "".join(
        {"%": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern
    )
    whole = re.fullmatch(expression, text, re.DOTALL) is not None
    assert whole_matcher(parts, match_case=True)(text) is whole
    inside = re.search(expression, text, re.DOTALL) is not None
    assert inner_matcher(parts)(folded_bytes(text)) is inside


def test_a_pattern_that_repeats_itself_costs_no_more() -> None:
    """Where a regular expression would try for years."""
    pattern = read_pattern("%a" * 300 + "%b", any_text="%", one="_", escape="")
    begun = time.perf_counter()
    assert not whole_matcher(pattern, match_case=False)("a" * 20_000)
    assert not inner_matcher(pattern)(b"a" * 20_000)
    assert time.perf_counter() - begun < 1


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_read_as_cql_or_refused(text: str) -> None:
    with suppress(CswProblem):
        read_cql(text)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_order_is_total(index: Index, name: str, descending: bool) -> None:
    """Every record once; sorted by the property, then by the identifier."""
    key = SortKey(find_queryable(name), descending)
    order = ordered(index, matched(index, None), [key])
    assert sorted(order.tolist()) == list(range(len(index)))
    ranks = index.column(key.queryable).ranks[order].tolist()
    said = [rank for rank in ranks if rank >= 0]
    assert ranks[: len(said)] == said == sorted(said, reverse=descending)
    for first, second in pairwise(order):
        places = index.column(key.queryable).ranks[[first, second]]
        if places[0] == places[1]:
            assert first < second


def test_only_what_changed_is_read_again(csw: Any) -> None:
    records = [csw.record(n) for n in range(10)]
    keeper = Keeper()
    before = keeper.index(stored(records, csw))
    changed = [*records[:9], csw.record(9, title="Autre")]
    after = keeper.index(stored(changed, csw))
    same = [a is b for a, b in zip(before.entries, after.entries, strict=True)]
    assert same == [True] * 9 + [False]
    title = find_queryable("title").slot
    assert after.entries[9].values[title] == ("Autre",)


def test_a_record_takes_little_memory(csw: Any) -> None:
    """Ten thousand are to fit into 100 MB beside everything else of a worker."""
    catalogue = stored([csw.record(n) for n in range(300)], csw)
    make_index(catalogue)
    tracemalloc.start()
    index = make_index(catalogue)
    for queryable in BY_NAME.values():
        if queryable.kind.has_order:
            index.column(queryable)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken / 300 < 10_000


def test_a_page_of_25_full_records_takes_less_than_20_ms(
    catalogue: Any, csw: Any
) -> None:
    parameters = {
        "request": "GetRecords",
        "typeNames": "csw:Record",
        "resultType": "results",
        "elementSetName": "full",
        "maxRecords": "25",
        "outputSchema": "http://www.isotc211.org/2005/gmd",
    }
    times = []
    for _ in range(15):
        begun = time.perf_counter()
        assert csw.numbers(catalogue.get(**parameters))[1] == 25
        times.append(time.perf_counter() - begun)
    assert sorted(times)[len(times) // 2] < 0.020
