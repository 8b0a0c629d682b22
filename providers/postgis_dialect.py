"""PostGIS's words for `providers.dialect.Dialect`.

Everything is written so that indexes still serve: constants take the column's
type, and a condition on the geometry starts with a box in storage coordinates.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from metadata.dataset import Collection, PublishedColumn
from metadata.measured import (
    Bounds,
    FieldType,
    GeometryColumn,
    GeometryType,
    RelationKind,
)
from providers.cql2_tree import (
    Arithmetic,
    Arrays,
    Constant,
    Folded,
    Kind,
    Relation,
    Spatial,
    kind_of,
)
from providers.dialect import ROW
from providers.folding import CAPITALS, MARKS, SMALL
from providers.postgis_arrays import array_relation
from providers.postgis_geometry import envelope, moved, outside, sound, stored
from providers.sql import FALSE, NOTHING, Bound, Name, Scalar, Sql, all_of, sql
from providers.windows import UNKNOWN, Window, is_whole_world, window

_STORED = frozenset({RelationKind.TABLE, RelationKind.MATERIALIZED_VIEW})
_POINTS = frozenset({GeometryType.POINT, GeometryType.MULTI_POINT})
_PLAIN_TEXT = ("text", "character varying")
_PADDED_TEXT = ("character(", "bpchar")
_CASTS = {
    Kind.TEXT: "::text",
    Kind.DATE: "::date",
    Kind.DATETIME: "::timestamptz",
    Kind.TIME: "::time",
    Kind.UUID: "::uuid",
}
BYTEWISE = ' COLLATE "C"'
"""Has a text compared byte by byte: where a column's collation takes different letters
for the same, PostgreSQL looks for nothing in it.
"""


def is_plain_text(column: PublishedColumn) -> bool:
    """Tell whether a column is text itself and not merely written as one."""
    return column.field.native_type.startswith(_PLAIN_TEXT)


def is_padded_text(column: PublishedColumn) -> bool:
    """Tell whether a column is filled up with blanks that are no part of its value."""
    return column.field.native_type.startswith(_PADDED_TEXT)


def _cast(column: PublishedColumn) -> str:
    """Return the cast of a text to a column's type, for sort values."""
    native = column.field.native_type
    match column.field.type:
        case FieldType.INTEGER | FieldType.NUMBER:
            return _number_cast(native)
        case FieldType.BOOLEAN:
            return "::boolean"
        case FieldType.STRING if is_padded_text(column):
            return "::bpchar"
        case FieldType.DATETIME if "without time zone" in native:
            return "::timestamp"
        case FieldType.TIME if "with time zone" in native:
            return "::timetz"
        case _:
            kind = kind_of(column)
            return _CASTS[kind] if kind else ""


def _number_cast(native: str) -> str:
    if native.startswith("double"):
        return "::float8"
    if native == "real":
        return "::real"
    return "::numeric" if native.startswith("numeric") else "::bigint"


class PostgisDialect:
    """The words of PostGIS, for one collection."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._geometry = collection.geometry

    def table(self, collection: Collection) -> Sql:
        """Name the table."""
        source = collection.survey.source
        return sql(Name((source.container, source.table)), f" AS {ROW}")

    def value(self, column: PublishedColumn) -> Sql:
        """Name a column; texts of other types (enum, citext) become text."""
        name = sql(Name((ROW, column.field.name)))
        if column.field.type is FieldType.STRING and not (
            is_plain_text(column) or is_padded_text(column)
        ):
            return sql(name, "::text")
        return name

    def letters(self, column: PublishedColumn) -> Sql:
        """Name a column, without a collation that LIKE and patterns know nothing of."""
        value = self.value(column)
        return sql("(", value, BYTEWISE, ")") if column.field.is_lenient else value

    def constant(self, constant: Constant, beside: PublishedColumn | None) -> Sql:
        """Bind a constant in the type of the column beside it."""
        value = _bindable(constant.value)
        if constant.kind is Kind.NUMBER:
            real = beside is not None and beside.field.native_type == "real"
            return sql(Bound(value), "::real") if real else sql(Bound(value))
        if constant.kind is Kind.BOOLEAN:
            return sql(Bound(value))
        if beside is not None and kind_of(beside) is constant.kind:
            return sql(Bound(value), _cast(beside))
        return sql(Bound(value), _CASTS[constant.kind])

    def position(self, text: str, column: PublishedColumn) -> Sql:
        """Bind a sort value."""
        return sql(Bound(text), _cast(column))

    def position_text(self, column: PublishedColumn) -> Sql:
        """Write a value as PostgreSQL itself reads it back."""
        return sql(self.value(column), "::text")

    def ordered(self, expression: Sql, kind: Kind) -> Sql:
        """Sort texts by code point, whatever the database's locale."""
        return sql(expression, ' COLLATE "C"') if kind is Kind.TEXT else expression

    def folded(self, expression: Sql, fold: Folded) -> Sql:
        """Fold by our own table; texts in ASCII take the short way."""
        expression = sql(expression, "::text")
        bare, long = expression, expression
        if fold.accents:
            long = sql(
                "regexp_replace(normalize(",
                long,
                ", NFD), ",
                Bound(MARKS),
                ", '', 'g')",
            )
        if fold.case:
            bare = sql("lower(", bare, ' COLLATE "C")')
            long = sql("lower(", long, ' COLLATE "C")')
            long = sql(
                "translate(", long, ", ", Bound(CAPITALS), ", ", Bound(SMALL), ")"
            )
        is_ascii = sql("octet_length(", expression, ") = length(", expression, ")")
        return sql("(CASE WHEN ", is_ascii, " THEN ", bare, " ELSE ", long, " END)")

    def like(self, expression: Sql, pattern: str) -> Sql:
        """Match with regard to case."""
        return sql("(", expression, "::text LIKE ", Bound(pattern), "::text)")

    def day(self, expression: Sql) -> Sql:
        """Return the day in UTC, which is the session's time zone."""
        return sql("(", expression, ")::date")

    def computed(self, sum_: Arithmetic, left: Sql, right: Sql) -> Sql:
        """Compute in double precision."""
        one, other = sql("(", left, ")::float8"), sql("(", right, ")::float8")
        match sum_.operator:
            case "/":
                return sql("(", one, " / NULLIF(", other, ", 0))")
            case "div":
                return sql("trunc(", one, " / NULLIF(", other, ", 0))")
            case "%":
                return sql(
                    "mod(", one, "::numeric, NULLIF(", other, ", 0)::numeric)::float8"
                )
            case "^":
                return sql("power(", one, ", ", other, ")")
            case operator:
                return sql("(", one, f" {operator} ", other, ")")

    def meets(self, box: Bounds) -> Sql:
        """Decide in the CRS of the box; surely inside ones are not transformed."""
        geometry = self._geometry
        if geometry is None:
            return FALSE
        name = stored(geometry)
        if is_whole_world(box):
            return sql("(NOT ST_IsEmpty(", name, "))")
        found = _window(box, geometry)
        exact = sql("ST_Intersects(", moved(geometry, box.srid), ", ", _shape(box), ")")
        if found.inner:
            exact = sql("(", name, " @ ", envelope(found.inner), " OR ", exact, ")")
        return sql("(", _all(outside(geometry, found.outer), exact), ")")

    def relates(self, spatial: Spatial) -> Sql:
        """Decide in the CRS of the filter's geometry, after the index."""
        geometry = self._geometry
        if geometry is None:
            return FALSE
        srid = spatial.bounds.srid
        other = sql("ST_GeomFromWKB(", Bound(spatial.wkb), ", ", Bound(srid), ")")
        test = sql(f"{spatial.relation}(", sound(geometry, srid), ", ", other, ")")
        if spatial.relation is Relation.DISJOINT or is_whole_world(spatial.bounds):
            return test
        found = _window(spatial.bounds, geometry)
        return sql("(", _all(outside(geometry, found.outer), test), ")")

    def relates_arrays(self, arrays: Arrays) -> Sql:
        """Relate by PostgreSQL's own operators, which take arrays as sets."""
        return array_relation(arrays)

    def no_geometry(self) -> Sql:
        """Tell whether the geometry is missing."""
        if self._geometry is None:
            return ("TRUE",)
        return sql("(", _name(self._geometry), " IS NULL)")

    def tie_break(self) -> Sql:
        """Name the row's place; only what is stored has one."""
        is_stored = self._collection.survey.kind in _STORED
        # Each partition counts its places anew.
        return (f"{ROW}.tableoid, {ROW}.ctid",) if is_stored else NOTHING

    def unindexed(self) -> PostgisDialect:
        """Return itself: with indexes or without, missing stays unknown."""
        return self


def _bindable(value: str | float | bool | Decimal | date | datetime) -> Scalar:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat() if isinstance(value, date) else value


def _name(geometry: GeometryColumn) -> Sql:
    return sql(Name((ROW, geometry.name)))


def _window(box: Bounds, geometry: GeometryColumn) -> Window:
    """Return what the index may be asked; nothing where the CRS is not known."""
    if not geometry.srid:
        return UNKNOWN
    return window(box, geometry.srid, points=geometry.type in _POINTS)


def _all(*conditions: Sql) -> Sql:
    return all_of(condition for condition in conditions if condition)


def _shape(box: Bounds) -> Sql:
    """Return the box as a geometry; one without width or height is no polygon."""
    if box.xmin < box.xmax and box.ymin < box.ymax:
        return envelope(box)
    line = f"LINESTRING({box.xmin!r} {box.ymin!r},{box.xmax!r} {box.ymax!r})"
    point = f"POINT({box.xmin!r} {box.ymin!r})"
    degenerate = box.xmin == box.xmax and box.ymin == box.ymax
    return sql(
        "ST_GeomFromText(",
        Bound(point if degenerate else line),
        ", ",
        Bound(box.srid),
        ")",
    )
