"""Which records a filter lets through, and in which order they are given.

A property may have several values: a comparison holds when one of them fulfils
it, and its negations (`PropertyIsNotEqualTo`, `Not`) hold when none does. A
comparison of a property that says nothing does not hold, nor does
`PropertyIsNotEqualTo`; `Not` around either holds. `AnyText` is matched anywhere
in the text, without case and accents.

A date is a whole day. Compared with a moment, the day of that moment counts
with it, so that a harvest of what changed since then misses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from typing import Final

import numpy as np
import shapely

from service.csw.index import Column, Index, Mask, Order
from service.csw.patterns import inner_matcher, whole_matcher
from service.csw.problems import invalid
from service.csw.queryables import Kind, Queryable
from service.csw.tree import (
    All,
    Boxed,
    Compare,
    Comparison,
    Identified,
    Like,
    Negated,
    Node,
    Null,
    Pattern,
    Some,
    SortKey,
    Spatial,
)

_DAY: Final = len("2024-02-29")
_DATE: Final = re.compile(r"\d{4}(-\d\d(-\d\d([T ][0-9:.,]+(Z|[+-]\d\d:?\d\d)?)?)?)?Z?")
_INCLUSIVE: Final = {
    Comparison.LESS: Comparison.LESS_OR_EQUAL,
    Comparison.GREATER: Comparison.GREATER_OR_EQUAL,
}


def matched(index: Index, node: Node | None) -> Mask:
    """Return the records that a filter lets through; `None` is no filter.

    Raises
    ------
    service.csw.problems.CswProblem
        A literal is no date or number where it must be.
    """
    if node is None:
        return np.ones(len(index), dtype=np.bool_)
    if isinstance(node, All):
        return reduce(np.logical_and, (matched(index, part) for part in node.parts))
    if isinstance(node, Some):
        return reduce(np.logical_or, (matched(index, part) for part in node.parts))
    if isinstance(node, Negated):
        return ~matched(index, node.part)
    return _leaf(index, node)


def ordered(index: Index, mask: Mask, keys: Sequence[SortKey]) -> Order:
    """Return the places of some records in order; the identifier decides at last.

    Records that say nothing under a property come after those that do.
    """
    places = np.flatnonzero(mask)
    for key in reversed(keys):
        ranks = index.column(key.queryable).ranks[places]
        absent = ranks < 0
        ranks = np.where(
            absent, np.iinfo(np.int64).max, -ranks if key.descending else ranks
        )
        places = places[np.argsort(ranks, kind="stable")]
    return places


def _leaf(index: Index, node: Node) -> Mask:
    if isinstance(node, Compare):
        return _compared(index, node)
    if isinstance(node, Like):
        return _like(index, node)
    if isinstance(node, Null):
        return _null(index, node.queryable)
    if isinstance(node, Boxed):
        return _boxed(index, node)
    if isinstance(node, Spatial):
        return _related(index, node)
    if isinstance(node, Identified):
        found = (entry.identifier in node.identifiers for entry in index.entries)
        return np.fromiter(found, dtype=np.bool_, count=len(index))
    raise TypeError(node)


def _null(index: Index, queryable: Queryable) -> Mask:
    if queryable.kind is Kind.BOX:
        return np.isnan(index.boxes[:, 0])
    if queryable.kind is Kind.ANY:
        return np.zeros(len(index), dtype=np.bool_)
    return ~index.column(queryable).present


def _compared(index: Index, node: Compare) -> Mask:
    if node.queryable.kind is Kind.ANY:
        return _worded(index, node)
    column = index.column(node.queryable)
    if not node.match_case and node.queryable.kind is Kind.TEXT:
        return _without_case(column, node)
    if node.operator is Comparison.NOT_EQUAL:
        return column.present & ~column.equal(_literal(node))
    if node.operator is Comparison.EQUAL:
        return column.equal(_literal(node))
    return _range(column, _operator(node), _literal(node))


def _worded(index: Index, node: Compare) -> Mask:
    """Compare with all text: equal means that the words are there."""
    found = _containing(index, (node.literal,))
    if node.operator is Comparison.EQUAL:
        return found
    if node.operator is Comparison.NOT_EQUAL:
        return ~found
    raise invalid("PropertyName", "csw.any-text")


def _range(column: Column, operator: Comparison, value: str | float) -> Mask:
    if operator is Comparison.LESS:
        return column.having(0, column.below(value))
    if operator is Comparison.LESS_OR_EQUAL:
        return column.having(0, column.up_to(value))
    if operator is Comparison.GREATER:
        return column.having(column.up_to(value), len(column.values))
    return column.having(column.below(value), len(column.values))


def _without_case(column: Column, node: Compare) -> Mask:
    wanted = node.literal.casefold()
    tests = {
        Comparison.LESS: lambda value: value < wanted,
        Comparison.LESS_OR_EQUAL: lambda value: value <= wanted,
        Comparison.GREATER: lambda value: value > wanted,
        Comparison.GREATER_OR_EQUAL: lambda value: value >= wanted,
    }
    test = tests.get(node.operator, lambda value: value == wanted)
    found = column.where(lambda value: test(value.casefold()))
    negated = node.operator is Comparison.NOT_EQUAL
    return column.present & ~found if negated else found


def _operator(node: Compare) -> Comparison:
    """Return the operator, that of whole days where a moment is compared."""
    is_moment = node.queryable.kind is Kind.DATE and len(node.literal.strip()) > _DAY
    return _INCLUSIVE.get(node.operator, node.operator) if is_moment else node.operator


def _literal(node: Compare) -> str | float:
    """Return a literal as the values of its property are.

    Raises
    ------
    service.csw.problems.CswProblem
        It is no date or number.
    """
    text = node.literal.strip()
    if node.queryable.kind is Kind.DATE:
        if not _DATE.fullmatch(text):
            raise invalid("Literal", "csw.date", value=text[:40])
        return text[:_DAY]
    if node.queryable.kind is Kind.NUMBER:
        try:
            return float(text)
        except ValueError as error:
            raise invalid("Literal", "csw.number", value=text[:40]) from error
    return node.literal


def _like(index: Index, node: Like) -> Mask:
    if node.queryable.kind is Kind.ANY:
        return _containing(index, node.pattern)
    matches = whole_matcher(node.pattern, match_case=node.match_case)
    return index.column(node.queryable).where(matches)


def _containing(index: Index, pattern: Pattern) -> Mask:
    """Return the records whose text holds a pattern anywhere."""
    matches = inner_matcher(pattern)
    found = (matches(entry.text) for entry in index.entries)
    return np.fromiter(found, dtype=np.bool_, count=len(index))


def _boxed(index: Index, node: Boxed) -> Mask:
    west, south, east, north = index.boxes.T
    with np.errstate(invalid="ignore"):
        inside: Mask = (
            (west <= node.east)
            & (east >= node.west)
            & (south <= node.north)
            & (north >= node.south)
        )
    return inside


def _related(index: Index, node: Spatial) -> Mask:
    predicate = getattr(shapely, node.relation.value)
    found: Mask = predicate(index.shapes, node.geometry)
    return found
