"""A filter as a tree of values: what both its languages are read into.

Trees are hashable, so that the answer to one can be kept for the next page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto

import shapely

from service.csw.queryables import Queryable


class Wildcard(Enum):
    """What stands in a pattern for text that is not given."""

    ANY = auto()
    ONE = auto()


Pattern = tuple[str | Wildcard, ...]


class Comparison(StrEnum):
    """Operators between a property and a literal."""

    EQUAL = "="
    NOT_EQUAL = "<>"
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


class Relation(StrEnum):
    """Spatial operators, by the name of the function of shapely."""

    INTERSECTS = "intersects"
    EQUALS = "equals"
    DISJOINT = "disjoint"
    TOUCHES = "touches"
    WITHIN = "within"
    OVERLAPS = "overlaps"
    CROSSES = "crosses"
    CONTAINS = "contains"


@dataclass(frozen=True)
class Compare:
    """One property against one literal."""

    queryable: Queryable
    operator: Comparison
    literal: str
    match_case: bool = True


@dataclass(frozen=True)
class Like:
    """One property against a pattern."""

    queryable: Queryable
    pattern: Pattern
    match_case: bool = True


@dataclass(frozen=True)
class Null:
    """A property that says nothing."""

    queryable: Queryable


@dataclass(frozen=True)
class Boxed:
    """Boxes that share a point with a box (BBOX), degrees, x first."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class Spatial:
    """Boxes in some relation to a geometry: the record first, degrees, x first."""

    relation: Relation
    geometry: shapely.Geometry


@dataclass(frozen=True)
class Identified:
    """Records by their identifiers."""

    identifiers: frozenset[str]


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Some:
    """At least one part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Negated:
    """The part does not hold."""

    part: Node


Node = Compare | Like | Null | Boxed | Spatial | Identified | All | Some | Negated


@dataclass(frozen=True)
class SortKey:
    """One property to sort by."""

    queryable: Queryable
    descending: bool = False
