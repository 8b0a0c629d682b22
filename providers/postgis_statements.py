"""The statements that PostGIS answers: pages, counts, single features.

A feature is written row by row as GeoJSON text (RFC 7946) inside the database;
`ST_AsGeoJSON` gets options 0, since it would otherwise add a ``crs`` member to
every geometry.
"""

from __future__ import annotations

from collections.abc import Sequence

from metadata.crs import Crs
from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.measured import FieldType, GeometryColumn, GeometryType
from providers.cql2_sql import compile_predicate
from providers.cql2_tree import Comparison, Constant, Property
from providers.dialect import ROW
from providers.postgis_dialect import PostgisDialect, is_plain_text
from providers.query import Order, Query, key_columns
from providers.selection import Selection, matching, select
from providers.sql import NOTHING, Bound, Fixed, Name, Sql, all_of, joined, sql
from providers.windows import is_geographic

DEGREE_DIGITS = 9
"""Decimals of a coordinate in degrees: a tenth of a millimetre."""
METRE_DIGITS = 4
"""Decimals of a coordinate in metres: a tenth of a millimetre."""
_LONGEST_ALIAS = 63
"""Bytes of a name in PostgreSQL."""
_INEXACT = ("double", "real", "numeric")
"""Types that know NaN and infinity, which JSON does not."""


_MOST_FORMS = 64
_Form = tuple[Crs, bool, tuple[str, ...] | None, tuple[str, ...]]


class PostgisStatements:
    """Builds the statements of one collection."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._dialect = PostgisDialect(collection)
        self._table = self._dialect.table(collection)
        self._id = _identifier(collection)
        self._forms: dict[_Form, Fixed] = {}

    def page(self, query: Query) -> Sql:
        """Return the statement of a page: feature, then one text per sort key.

        Deep pages without a cursor look for the keys first, so that the rows
        passed over are never written out.
        """
        selection = select(self._collection, query, self._dialect)
        if query.offset and selection.keys and key_columns(self._collection):
            return self._keys_first(query, selection)
        return sql(self._columns(query, selection.keys), selection.clauses)

    def rows(self, query: Query) -> Sql:
        """Return ``FROM … WHERE …`` of all rows that a query matches."""
        where = matching(self._collection, query, self._dialect)
        return sql(" FROM ", self._table, where)

    def feature(self, key: Sequence[Constant], crs: Crs) -> Sql:
        """Return the statement of one feature."""
        columns = key_columns(self._collection)
        same = [
            compile_predicate(
                Comparison("=", Property(column, value.kind), value), self._dialect
            )
            for column, value in zip(columns, key, strict=True)
        ]
        query = Query(crs=crs)
        return sql(self._columns(query, ()), " WHERE ", all_of(same))

    def check(self) -> Sql:
        """Return a statement that needs every column and reads no row."""
        return sql(self._columns(Query(), ()), " LIMIT 0")

    def _keys_first(self, query: Query, selection: Selection) -> Sql:
        keys = [Name((ROW, c.field.name)) for c in key_columns(self._collection)]
        names = joined(", ", (sql(key) for key in keys))
        inner = sql("SELECT ", names, " FROM ", self._table, selection.clauses)
        return sql(
            self._columns(query, selection.keys),
            " WHERE (", names, ") IN (", inner, ")",
            selection.order,
        )  # fmt: skip

    def _columns(self, query: Query, keys: Sequence[Order]) -> Sql:
        """Return ``SELECT … FROM``: the feature and the position of each row.

        It is long and the same for every page of one form, so it is kept.
        """
        shown = query.properties
        names = None if shown is None else tuple(column.name for column in shown)
        sorted_by = tuple(each.column.name for each in keys)
        form = (query.crs, query.geometry, names, sorted_by)
        found = self._forms.get(form)
        if found is None:
            if len(self._forms) >= _MOST_FORMS:
                self._forms.clear()
            found = Fixed(self._written(query, keys))
            self._forms[form] = found
        return (found,)

    def _written(self, query: Query, keys: Sequence[Order]) -> Sql:
        positions = [
            sql(", ", self._dialect.position_text(each.column), f" AS position_{n}")
            for n, each in enumerate(keys)
        ]
        return sql(
            "SELECT ", self._feature(query), " AS feature", *positions,
            " FROM ", self._table,
        )  # fmt: skip

    def _feature(self, query: Query) -> Sql:
        shown = query.properties
        columns = published_columns(self._collection) if shown is None else shown
        return sql(
            "'{\"type\":\"Feature\",'", self._id,
            " || '\"geometry\":' || ", self._geometry(query),
            " || ',\"properties\":' || ", _properties(columns), " || '}'",
        )  # fmt: skip

    def _geometry(self, query: Query) -> Sql:
        geometry = self._collection.geometry
        if geometry is None or not query.geometry:
            return ("'null'",)
        digits = DEGREE_DIGITS if is_geographic(query.crs.srid) else METRE_DIGITS
        text = sql("ST_AsGeoJSON(", _outgoing(geometry, query.crs), f", {digits}, 0)")
        return sql("coalesce(", text, ", 'null')")


def _outgoing(geometry: GeometryColumn, crs: Crs) -> Sql:
    """Return the geometry in the CRS and axis order asked for, without curves."""
    found = sql(Name((ROW, geometry.name)))
    if geometry.type is GeometryType.GEOMETRY:
        found = sql("ST_CurveToLine(", found, ")")
    if geometry.srid != crs.srid:
        found = sql("ST_Transform(", found, ", ", Bound(crs.srid), ")")
    return sql("ST_FlipCoordinates(", found, ")") if crs.swapped else found


def _identifier(collection: Collection) -> Sql:
    """Return the ``id`` member and its comma; `()` without a key."""
    key = key_columns(collection)
    if not key:
        return NOTHING
    if len(key) == 1:
        value = sql("to_json(", _exact(key[0]), ")::text")
    else:
        parts = joined(" || ',' || ", (_encoded(column) for column in key))
        value = sql("to_json(", parts, ")::text")
    return sql(" || '\"id\":' || ", value, " || ','")


def _encoded(column: PublishedColumn) -> Sql:
    """Return one part of a composite key, percent-encoded (RFC 3986, 2.1)."""
    text = sql(Name((ROW, column.field.name)), "::text")
    if column.field.type is FieldType.INTEGER:
        return text
    octets = sql("convert_to(", text, ", 'UTF8')")
    octet = sql("get_byte(", octets, ", n)")
    encoded = sql(
        "(SELECT string_agg(CASE WHEN chr(b) ~ '^[A-Za-z0-9_.~-]$' AND b < 128"
        " THEN chr(b) ELSE '%' || upper(lpad(to_hex(b), 2, '0')) END, '' ORDER BY n)"
        " FROM (SELECT n, ", octet, " AS b FROM generate_series(0, length(", octets,
        ") - 1) AS n) AS octets)",
    )  # fmt: skip
    return sql(
        "(CASE WHEN ", text, " ~ '^[A-Za-z0-9_.~-]*$' THEN ", text,
        " ELSE ", encoded, " END)",
    )  # fmt: skip


def _properties(columns: Sequence[PublishedColumn]) -> Sql:
    """Return the ``properties`` object, without a limit on columns.

    A record of the row is the fastest; names that PostgreSQL would cut off are
    written by hand.
    """
    if not columns:
        return ("'{}'",)
    if any(len(column.name.encode()) > _LONGEST_ALIAS for column in columns):
        return _written_out(columns)
    named = (sql(_exact(column), " AS ", Name((column.name,))) for column in columns)
    row = sql("(SELECT ", joined(", ", named), ")")
    return sql("(SELECT row_to_json(p)::text FROM ", row, " AS p)")


def _written_out(columns: Sequence[PublishedColumn]) -> Sql:
    members = (
        sql(
            "to_json(",
            Bound(column.name),
            "::text)::text || ':' || coalesce(to_json(",
            _exact(column),
            ")::text, 'null')",
        )
        for column in columns
    )
    return sql("('{' || ", joined(" || ',' || ", members), " || '}')")


def _exact(column: PublishedColumn) -> Sql:
    """Return a column in the form that JSON keeps exactly."""
    name = sql(Name((ROW, column.field.name)))
    match column.field.type:
        case FieldType.NUMBER if column.field.native_type.startswith(_INEXACT):
            return sql("(CASE WHEN ", name, " - ", name, " = 0 THEN ", name, " END)")
        case FieldType.BINARY:
            return sql("replace(encode(", name, ", 'base64'), E'\\n', '')")
        case FieldType.STRING if not is_plain_text(column):
            return sql(name, "::text")
        case FieldType.OTHER:
            return sql(name, "::text")
        case _:
            return name
