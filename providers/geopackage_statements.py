"""The statements that a GeoPackage answers: pages, counts, single features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metadata.dataset import Collection
from providers.cql2_sql import compile_predicate
from providers.cql2_tree import Comparison, Constant, Property
from providers.dialect import ROW
from providers.geopackage_dialect import GeopackageDialect
from providers.geopackage_files import Connection
from providers.geopackage_writing import FeatureWriter
from providers.query import Order, Query, key_columns
from providers.selection import matching, select
from providers.sql import Fixed, Name, Scalar, Sql, all_of, joined, shape, sql


@dataclass(frozen=True)
class Layer:
    """What a file says about one layer beyond its survey."""

    rtree: str
    """Name of the R-tree of the geometry; empty without one."""
    rowid: bool
    """Whether it is a table, whose rows have an identity."""


def find_layer(connection: Connection, collection: Collection) -> Layer:
    """Return what the file says about a layer."""
    table = collection.survey.source.table
    geometry = collection.geometry
    rtree = f"rtree_{table}_{geometry.name}" if geometry else ""
    rows = connection.execute(
        "SELECT lower(name), type FROM sqlite_master WHERE lower(name) IN (?, ?)",
        (table.lower(), rtree.lower()),
    ).fetchall()
    kinds = {str(name): str(kind) for name, kind in rows}
    is_table = kinds.get(table.lower()) == "table"
    indexed = is_table and bool(rtree) and rtree.lower() in kinds
    return Layer(rtree=rtree if indexed else "", rowid=is_table)


def render(statement: Sql) -> tuple[str, tuple[Scalar, ...]]:
    """Return a statement as SQLite takes it, and its values."""
    found, values = shape(statement)
    return "".join(_written(piece) for piece in found), values


def _written(piece: str | Name | Fixed | None) -> str:
    if piece is None:
        return "?"
    if isinstance(piece, Fixed):
        return render(piece.statement)[0]
    return _quoted(piece) if isinstance(piece, Name) else piece


def _quoted(name: Name) -> str:
    """Quote an identifier; SQLite doubles a quotation mark within."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.parts)


class GeopackageStatements:
    """Builds the statements of one layer."""

    def __init__(self, collection: Collection, layer: Layer) -> None:
        self._collection = collection
        self._dialect = GeopackageDialect(
            collection, rtree=layer.rtree, rowid=layer.rowid
        )
        self._table = self._dialect.table(collection)

    def page(self, query: Query, writer: FeatureWriter) -> Sql:
        """Return the statement of a page: what is written, then the sort values.

        Deep pages look for the keys first, so that the rows passed over are
        never read whole.
        """
        selection = select(self._collection, query, self._dialect)
        columns = self._columns(writer, selection.keys)
        keys = key_columns(self._collection)
        if not (query.offset and keys):
            return sql(columns, selection.clauses)
        names = joined(", ", (sql(Name((ROW, key.field.name))) for key in keys))
        inner = sql("SELECT ", names, " FROM ", self._table, selection.clauses)
        return sql(columns, " WHERE (", names, ") IN (", inner, ")", selection.order)

    def count(self, query: Query) -> Sql:
        """Return the statement that counts what a query matches."""
        where = matching(self._collection, query, self._dialect)
        return sql("SELECT count(*) FROM ", self._table, where)

    def any_unplaced(self) -> Sql:
        """Return the statement that looks for a feature without geometry."""
        found = sql(
            "SELECT 1 FROM ", self._table, " WHERE ", self._dialect.no_geometry()
        )
        return sql("SELECT EXISTS (", found, ")")

    def feature(self, key: Sequence[Constant], writer: FeatureWriter) -> Sql:
        """Return the statement of one feature."""
        same = [
            compile_predicate(
                Comparison("=", Property(column, value.kind), value), self._dialect
            )
            for column, value in zip(key_columns(self._collection), key, strict=True)
        ]
        return sql(self._columns(writer, ()), " WHERE ", all_of(same))

    def _columns(self, writer: FeatureWriter, keys: Sequence[Order]) -> Sql:
        geometry = writer.geometry
        place = sql(Name((ROW, geometry.name))) if geometry else ("NULL",)
        columns = [Name((ROW, c.field.name)) for c in (*writer.key, *writer.columns)]
        positions = [self._dialect.position_text(each.column) for each in keys]
        parts = [place, *(sql(column) for column in columns), *positions]
        return sql("SELECT ", joined(", ", parts), " FROM ", self._table)
