"""SQLite's words for `providers.dialect.Dialect`, on a GeoPackage.

What SQLite lacks are functions that `providers.geopackage_files` registers.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

from metadata.dataset import Collection, PublishedColumn
from metadata.measured import Bounds, FieldType, GeometryType
from providers.cql2_tree import (
    Arithmetic,
    Arrays,
    Constant,
    Folded,
    Kind,
    Relation,
    Spatial,
)
from providers.dialect import ROW
from providers.keys import LARGEST_INTEGER
from providers.sql import (
    FALSE,
    NOTHING,
    TRUE,
    Bound,
    Name,
    Scalar,
    Sql,
    all_of,
    joined,
    sql,
)
from providers.windows import is_whole_world, window

_IN_RTREE: Sql = (ROW, ".rowid IN (SELECT id", " FROM ")
_POINTS = frozenset({GeometryType.POINT, GeometryType.MULTI_POINT})


class GeopackageDialect:
    """The words of SQLite, for one layer.

    Parameters
    ----------
    collection
        The layer.
    rtree
        Name of the R-tree of its geometry; empty without one.
    rowid
        Whether rows have an identity of their own (views have none).
    """

    def __init__(self, collection: Collection, *, rtree: str, rowid: bool) -> None:
        self._collection = collection
        self._geometry = collection.geometry
        self._rtree = rtree
        self._rowid = rowid

    def table(self, collection: Collection) -> Sql:
        """Name the table."""
        return sql(Name((collection.survey.source.table,)), f" AS {ROW}")

    def value(self, column: PublishedColumn) -> Sql:
        """Name a column; instants in the form that sorts, texts by code point."""
        name = sql(Name((ROW, column.field.name)))
        match column.field.type:
            case FieldType.DATETIME:
                return sql("passerelle_instant(", name, ")")
            case FieldType.STRING:
                return sql("(", name, " COLLATE BINARY)")
            case _:
                return name

    def letters(self, column: PublishedColumn) -> Sql:
        """Name a column."""
        return self.value(column)

    def constant(self, constant: Constant, beside: PublishedColumn | None) -> Sql:
        """Bind a constant."""
        return sql(Bound(_bindable(constant.value)))

    def position(self, text: str, column: PublishedColumn) -> Sql:
        """Bind a sort value."""
        match column.field.type:
            case FieldType.INTEGER:
                return sql(Bound(_bindable(int(text))))
            case FieldType.NUMBER:
                return sql(Bound(float(text)))
            case FieldType.BOOLEAN:
                return sql(Bound(int(text == "true")))
            case _:
                return sql(Bound(text))

    def position_text(self, column: PublishedColumn) -> Sql:
        """Return the value itself; `providers.geopackage_writing` writes it."""
        return self.value(column)

    def ordered(self, expression: Sql, kind: Kind) -> Sql:
        """Return the expression, which sorts by code point already."""
        return expression

    def folded(self, expression: Sql, fold: Folded) -> Sql:
        """Fold by our own table."""
        flags = sql(", ", Bound(int(fold.case)), ", ", Bound(int(fold.accents)))
        return sql("passerelle_fold(", expression, flags, ")")

    def like(self, expression: Sql, pattern: str) -> Sql:
        """Match with regard to case, which the connection is set to."""
        return sql("(", expression, " LIKE ", Bound(pattern), " ESCAPE '\\')")

    def day(self, expression: Sql) -> Sql:
        """Return the day in UTC."""
        return sql("substr(", expression, ", 1, 10)")

    def computed(self, sum_: Arithmetic, left: Sql, right: Sql) -> Sql:
        """Compute in double precision."""
        one, other = sql("CAST(", left, " AS REAL)"), sql("CAST(", right, " AS REAL)")
        if sum_.operator in {"+", "-", "*"}:
            return sql("(", one, f" {sum_.operator} ", other, ")")
        name = Bound(sum_.operator)
        return sql("passerelle_compute(", name, ", ", one, ", ", other, ")")

    def meets(self, box: Bounds) -> Sql:
        """Decide in the CRS of the box, after the R-tree."""
        geometry = self._geometry
        if geometry is None:
            return FALSE
        name = Name((ROW, geometry.name))
        if is_whole_world(box):
            return sql("(NOT passerelle_empty(", name, "))")
        found = window(box, geometry.srid, points=geometry.type in _POINTS)
        corners = (box.xmin, box.ymin, box.xmax, box.ymax, geometry.srid, box.srid)
        values = joined(", ", (sql(Bound(corner)) for corner in corners))
        exact = sql("passerelle_meets(", name, ", ", values, ")")
        return sql("(", all_of([*self._indexed(found.outer), exact]), ")")

    def relates(self, spatial: Spatial) -> Sql:
        """Decide in the CRS of the filter's geometry, after the R-tree."""
        geometry = self._geometry
        if geometry is None:
            return FALSE
        test = sql(
            "passerelle_relates(", Name((ROW, geometry.name)), ", ",
            Bound(spatial.relation.value), ", ", Bound(spatial.wkb), ", ",
            Bound(geometry.srid), ", ", Bound(spatial.bounds.srid), ")",
        )  # fmt: skip
        if spatial.relation is Relation.DISJOINT or is_whole_world(spatial.bounds):
            return test
        points = geometry.type in _POINTS
        outer = window(spatial.bounds, geometry.srid, points=points).outer
        return sql("(", all_of([*self._indexed(outer), test]), ")")

    def relates_arrays(self, arrays: Arrays) -> Sql:
        """Relate JSON texts, which is how GDAL keeps lists in a GeoPackage."""
        left, right = (_array(each) for each in (arrays.left, arrays.right))
        relation = Bound(arrays.relation.value)
        return sql("passerelle_arrays(", relation, ", ", left, ", ", right, ")")

    def no_geometry(self) -> Sql:
        """Tell whether the geometry is missing."""
        if self._geometry is None:
            return TRUE
        return sql("(", Name((ROW, self._geometry.name)), " IS NULL)")

    def tie_break(self) -> Sql:
        """Name the row's place."""
        return (f"{ROW}.rowid",) if self._rowid else NOTHING

    def unindexed(self) -> GeopackageDialect:
        """Return the words without R-tree, which knows nothing of missing geometry."""
        return GeopackageDialect(self._collection, rtree="", rowid=self._rowid)

    def _indexed(self, outer: Bounds | None) -> list[Sql]:
        """Return what the R-tree is asked; it holds no rows without geometry."""
        geometry = self._geometry
        if outer is None or geometry is None or not self._rtree:
            return []
        found = sql(
            *_IN_RTREE, Name((self._rtree,)),
            " WHERE maxx >= ", Bound(outer.xmin), " AND minx <= ", Bound(outer.xmax),
            " AND maxy >= ", Bound(outer.ymin), " AND miny <= ", Bound(outer.ymax), ")",
        )  # fmt: skip
        return [found]


def _array(elements: PublishedColumn | tuple[Constant, ...]) -> Sql:
    if isinstance(elements, PublishedColumn):
        return sql(Name((ROW, elements.field.name)))
    return sql(Bound(json.dumps([_bindable(each.value) for each in elements])))


def _bindable(value: str | float | bool | Decimal | date | datetime) -> Scalar:
    """Return a value that SQLite keeps as it is, or as the nearest double."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        fits = -LARGEST_INTEGER - 1 <= value <= LARGEST_INTEGER
        return value if fits else float(value)
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and abs(value) <= LARGEST_INTEGER
        return int(value) if whole else float(value)
    if isinstance(value, datetime):
        utc = value.astimezone(UTC)
        return f"{utc.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    return value.isoformat() if isinstance(value, date) else value
