"""The statement that reads a PostGIS table as plain values: `providers.table_rows`."""

from __future__ import annotations

from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.measured import FieldType
from providers.dialect import ROW
from providers.postgis_dialect import PostgisDialect
from providers.postgis_geometry import plain
from providers.postgis_statements import PostgisStatements
from providers.query import Query
from providers.selection import select
from providers.sql import Name, Sql, joined, sql
from providers.streams import Row
from providers.table_rows import Decode, TableRow, plain_value

_AS_IT_IS = frozenset(
    {FieldType.BOOLEAN, FieldType.INTEGER, FieldType.NUMBER, FieldType.BINARY}
)
_AS_JSON = frozenset({FieldType.JSON, FieldType.ARRAY})
_TIMES = frozenset({FieldType.DATE, FieldType.DATETIME, FieldType.TIME})


class RowStatements(PostgisStatements):
    """Builds the statements of a cursor over a whole table."""

    def __init__(self, collection: Collection) -> None:
        super().__init__(collection)
        self._whole = collection

    def stream(self, query: Query) -> Sql:
        """Return the statement of one row per feature: WKB, then each column."""
        dialect = PostgisDialect(self._whole)
        geometry = self._whole.geometry
        # ISO WKB, least byte first, whatever the server's machine
        shape = sql("ST_AsBinary(", plain(geometry), ", 'NDR')") if geometry else None
        columns = [_column(column) for column in published_columns(self._whole)]
        return sql(
            "SELECT ", joined(", ", [shape or ("NULL",), *columns]),
            " FROM ", dialect.table(self._whole),
            select(self._whole, query, dialect).clauses,
        )  # fmt: skip


def decoder(collection: Collection) -> Decode:
    """Return what makes a plain row of one that PostgreSQL handed over."""
    kinds = [column.field.type for column in published_columns(collection)]

    def decode(row: Row) -> TableRow:
        shape, *values = row
        return TableRow(
            bytes(shape) if isinstance(shape, memoryview | bytes) else None,
            tuple(map(plain_value, values, kinds)),
        )

    return decode


def _column(column: PublishedColumn) -> Sql:
    name = sql(Name((ROW, column.field.name)))
    kind = column.field.type
    if kind in _AS_IT_IS:
        return name
    if kind in _TIMES:
        return sql("(to_json(", name, ") #>> '{}')")
    if kind in _AS_JSON:
        return sql("to_json(", name, ")::text")
    return sql(name, "::text")
