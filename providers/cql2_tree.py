"""A filter as a typed tree: what CQL2 says once names and types are settled.

The tree is the one form in which conditions travel: `providers.cql2` builds it
from a filter, `service.parameters` from ``datetime`` and from equalities, and
`providers.cql2_sql` turns it into SQL. Three-valued logic throughout: what is
compared with a missing value is neither true nor false.

References
----------
OGC 21-065r2 (CQL2), clauses 6 to 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from metadata.dataset import PublishedColumn
from metadata.measured import Bounds, FieldType


class Kind(StrEnum):
    """The type of a value, as far as comparing goes."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "date and time"
    TIME = "time of day"
    UUID = "uuid"


_KINDS = {
    FieldType.STRING: Kind.TEXT,
    FieldType.INTEGER: Kind.NUMBER,
    FieldType.NUMBER: Kind.NUMBER,
    FieldType.BOOLEAN: Kind.BOOLEAN,
    FieldType.DATE: Kind.DATE,
    FieldType.DATETIME: Kind.DATETIME,
    FieldType.TIME: Kind.TIME,
    FieldType.UUID: Kind.UUID,
}


def kind_of(column: PublishedColumn) -> Kind | None:
    """Return the kind of a column; `None` when its values cannot be compared."""
    return _KINDS.get(column.field.type)


@dataclass(frozen=True, slots=True)
class Property:
    """The value of a column."""

    column: PublishedColumn
    kind: Kind


@dataclass(frozen=True, slots=True)
class Constant:
    """A value written in the filter. Instants are in UTC."""

    value: str | int | float | bool | Decimal | date | datetime
    kind: Kind


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without its case, its accents, or both (CASEI, ACCENTI)."""

    operand: Operand
    case: bool
    accents: bool
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``+ - * / % div ^`` of two numbers, in double precision."""

    operator: str
    left: Operand
    right: Operand
    kind: Kind = Kind.NUMBER


@dataclass(frozen=True, slots=True)
class Day:
    """The day (UTC) of an instant."""

    operand: Operand
    kind: Kind = Kind.DATE


Operand = Property | Constant | Folded | Arithmetic | Day


@dataclass(frozen=True, slots=True)
class Comparison:
    """``= <> < <= > >=`` of two operands of one kind."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Like:
    r"""A text against a pattern: ``%`` any, ``_`` one character, ``\\`` escapes."""

    operand: Operand
    pattern: str


@dataclass(frozen=True, slots=True)
class Among:
    """Whether an operand equals one of several."""

    operand: Operand
    choices: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Whether a column has no value."""

    column: PublishedColumn


@dataclass(frozen=True, slots=True)
class GeometryMissing:
    """Whether a feature has no geometry."""


@dataclass(frozen=True, slots=True)
class All:
    """Every one of several conditions."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of several conditions."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a condition."""

    part: Predicate


@dataclass(frozen=True, slots=True)
class Truth:
    """A condition that always or never holds."""

    value: bool


class Relation(StrEnum):
    """How two geometries lie (OGC Simple Features), said as in PostGIS."""

    INTERSECTS = "ST_Intersects"
    EQUALS = "ST_Equals"
    DISJOINT = "ST_Disjoint"
    TOUCHES = "ST_Touches"
    WITHIN = "ST_Within"
    OVERLAPS = "ST_Overlaps"
    CROSSES = "ST_Crosses"
    CONTAINS = "ST_Contains"


@dataclass(frozen=True, slots=True)
class Spatial:
    """A relation of the feature's geometry to one written in the filter.

    It holds in the reference system that the filter's geometry is written in,
    where its edges are straight.
    """

    relation: Relation
    wkb: bytes
    """The other geometry, two-dimensional, x first."""
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Boxes:
    """Whether the feature's geometry meets one of several boxes."""

    boxes: tuple[Bounds, ...]


class ArrayRelation(StrEnum):
    """How two arrays lie, the order and the number of equal elements aside."""

    CONTAINS = "contains"
    CONTAINED_BY = "containedby"
    EQUALS = "equals"
    OVERLAPS = "overlaps"


@dataclass(frozen=True, slots=True)
class Arrays:
    """A relation of two arrays, of which one at least is a column."""

    relation: ArrayRelation
    left: PublishedColumn | tuple[Constant, ...]
    right: PublishedColumn | tuple[Constant, ...]
    kind: Kind
    """What the elements are."""


Predicate = (
    Comparison
    | Arrays
    | Like
    | Among
    | Missing
    | GeometryMissing
    | All
    | Some
    | Not
    | Truth
    | Spatial
    | Boxes
)
