"""The statements that PostGIS answers: pages, streams, counts, single features.

A feature is written row by row as GeoJSON text (RFC 7946) inside the database;
`ST_AsGeoJSON` gets options 0, since it would otherwise add a ``crs`` member to
every geometry. A page comes as one row: a thousand of them cost the driver more
than the database spends on joining them.
"""

from __future__ import annotations

from collections.abc import Sequence

from metadata.crs import Crs
from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.measured import FieldType
from providers.cql2_sql import compile_predicate
from providers.cql2_tree import Comparison, Constant, Property
from providers.decimals import decimals
from providers.dialect import ROW
from providers.feature_source import SEPARATOR
from providers.postgis_csv import csv_line
from providers.postgis_dialect import BYTEWISE, PostgisDialect, is_plain_text
from providers.postgis_geometry import outgoing
from providers.postgis_gml import gml_feature
from providers.postgis_jsonfg import jsonfg_feature
from providers.postgis_state import state_of
from providers.query import Encoding, Order, Query, key_columns
from providers.selection import Selection, matching, split
from providers.sql import (
    BY_VALUES,
    NOTHING,
    Bound,
    Fixed,
    Name,
    Sql,
    all_of,
    joined,
    sql,
)

_LONGEST_ALIAS = 63
"""Bytes of a name in PostgreSQL."""

_MOST_FORMS = 256
_Form = tuple[
    str, int | None, Crs, bool, tuple[str, ...] | None, tuple[str, ...], Encoding
]


class PostgisStatements:
    """Builds the statements of one collection."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._dialect = PostgisDialect(collection)
        self._table = self._dialect.table(collection)
        self._id = _id_member(collection)
        self._state = state_of(collection.survey)
        self._forms: dict[_Form, Fixed] = {}

    def page(self, query: Query) -> Sql:
        """Return the statement of a page, which answers with one row.

        It holds the features with a separator between, one more than asked if
        there is one; how many they are; the state; and one text per sort key of
        the last feature asked for.
        """
        by_values = BY_VALUES if _picks_by_range(query) else NOTHING
        parts = split(self._collection, query, self._dialect)
        around = self._kept("around", query, parts[0].keys)
        return sql(by_values, around, self._joined("inner", query, parts), ") AS f")

    def stream(self, query: Query) -> Sql:
        """Return the statement of one row per feature: it, and its sort keys."""
        parts = split(self._collection, query, self._dialect)
        return self._joined("stream", query, parts)

    def _joined(self, kind: str, query: Query, parts: Sequence[Selection]) -> Sql:
        """Return the rows of all parts, one after the other, up to the limit."""
        rows = [
            sql(self._kept(kind, query, part.keys), self._clauses(query, part))
            for part in parts
        ]
        if len(rows) == 1:
            return rows[0]
        return sql("(", joined(") UNION ALL (", rows), ")", parts[0].limit)

    def rows(self, query: Query) -> Sql:
        """Return ``FROM … WHERE …`` of all rows that a query matches."""
        where = matching(self._collection, query, self._dialect)
        return sql(" FROM ", self._table, where)

    def feature(self, key: Sequence[Constant], crs: Crs) -> Sql:
        """Return the statement of one feature and the state."""
        columns = key_columns(self._collection)
        same = [
            compile_predicate(
                Comparison("=", Property(column, value.kind), value), self._dialect
            )
            for column, value in zip(columns, key, strict=True)
        ]
        return sql(self._kept("feature", Query(crs=crs), ()), " WHERE ", all_of(same))

    def count(self, query: Query, budget_ms: int | None) -> Sql:
        """Return the statement of how many rows match, and the state.

        Parameters
        ----------
        budget_ms
            Milliseconds that it may take; `None` is the session's limit.
        """
        late = _within(budget_ms) if budget_ms else ""
        return sql(f"{late}SELECT count(*), ", self._state, self.rows(query))

    def any_unplaced(self, budget_ms: int) -> Sql:
        """Return the statement of whether any row has no geometry, and the state.

        Parameters
        ----------
        budget_ms
            Milliseconds that it may take.
        """
        nowhere = sql(" FROM ", self._table, " WHERE ", self._dialect.no_geometry())
        found = sql("SELECT EXISTS (SELECT", nowhere, "), ", self._state)
        return sql(_within(budget_ms), found)

    def state(self) -> Sql:
        """Return the statement of the state alone."""
        return sql("SELECT ", self._state)

    def check(self) -> Sql:
        """Return a statement that needs every column and reads no row."""
        return sql(self._kept("stream", Query(), ()), " LIMIT 0")

    def _clauses(self, query: Query, selection: Selection) -> Sql:
        """Return what picks and sorts the rows.

        Deep pages without a cursor look for the keys first, so that the rows
        passed over are never written out.
        """
        keys = [Name((ROW, c.field.name)) for c in key_columns(self._collection)]
        if not (query.offset and keys):
            return selection.clauses
        names = joined(", ", (sql(key) for key in keys))
        inner = sql("SELECT ", names, " FROM ", self._table, selection.clauses)
        return sql(" WHERE (", names, ") IN (", inner, ")", selection.order)

    def _kept(self, kind: str, query: Query, keys: Sequence[Order]) -> Sql:
        """Return the beginning of a statement, up to its ``WHERE``.

        It is long and the same for every page of one form, so it is kept.
        """
        shown = query.properties
        names = None if shown is None else tuple(column.name for column in shown)
        sorted_by = tuple(each.column.name for each in keys)
        form = (
            kind, query.limit, query.crs, query.geometry, names, sorted_by,
            query.encoding,
        )  # fmt: skip
        found = self._forms.get(form)
        if found is None:
            if len(self._forms) >= _MOST_FORMS:
                self._forms.clear()
            found = self._forms[form] = Fixed(self._beginning(kind, query, keys))
        return (found,)

    def _beginning(self, kind: str, query: Query, keys: Sequence[Order]) -> Sql:
        if kind == "around":
            return self._around(query, keys)
        if kind == "inner":
            return self._select(query, keys)
        if kind == "feature":
            return self._select(query, (), sql(", ", self._state))
        texts = (self._dialect.position_text(each.column) for each in keys)
        return self._select(query, (), *(sql(", ", text) for text in texts))

    def _around(self, query: Query, keys: Sequence[Order]) -> Sql:
        """Return what makes one row of a page's rows."""
        last = query.limit or 0
        positions = (
            f", (array_agg(f.position_{number}))[{last:d}]::text"
            for number in range(len(keys))
        )
        return sql(
            f"SELECT {_together(query)}, count(*), ", self._state, *positions,
            " FROM (",
        )  # fmt: skip

    def _select(self, query: Query, keys: Sequence[Order], *more: Sql) -> Sql:
        positions = [
            sql(", ", self._dialect.value(each.column), f" AS position_{n}")
            for n, each in enumerate(keys)
        ]
        return sql(
            "SELECT ", self._feature(query), " AS feature", *positions, *more,
            " FROM ", self._table, _record(self._shown(query)),
        )  # fmt: skip

    def _shown(self, query: Query) -> Sequence[PublishedColumn]:
        shown = query.properties
        return published_columns(self._collection) if shown is None else shown

    def _feature(self, query: Query) -> Sql:
        properties = _properties(self._shown(query))
        if query.encoding is Encoding.JSONFG:
            return jsonfg_feature(self._collection, query, self._id, properties)
        if query.encoding is Encoding.GML:
            return gml_feature(self._collection, query, _identifier(self._collection))
        if query.encoding is Encoding.CSV:
            return csv_line(self._collection, query, self._shown(query))
        return sql(
            "'{\"type\":\"Feature\",'", self._id,
            " || '\"geometry\":' || ", self._geometry(query),
            " || ',\"properties\":' || ", properties, " || '}'",
        )  # fmt: skip

    def _geometry(self, query: Query) -> Sql:
        geometry = self._collection.geometry
        if geometry is None or not query.geometry:
            return ("'null'",)
        digits = decimals(query.crs)
        text = sql("ST_AsGeoJSON(", outgoing(geometry, query.crs), f", {digits}, 0)")
        return sql("coalesce(", text, ", 'null')")


def _together(query: Query) -> str:
    """Return the features of a page as one text.

    Those in CSV may hold what separates others, so that the one more than asked
    for is left out here.
    """
    if query.encoding is not Encoding.CSV:
        return f"string_agg(f.feature, E'\\x{SEPARATOR.hex()}')"
    end = "" if query.limit is None else f"{query.limit:d}"
    return f"array_to_string((array_agg(f.feature))[1:{end}], '')"


def _within(budget_ms: int) -> str:
    """Return what goes before a statement that may take so many milliseconds."""
    return f"SET LOCAL statement_timeout = {budget_ms:d}; "


def _picks_by_range(query: Query) -> bool:
    """Tell whether the rows are picked by more than equal values.

    How many lie in a box or an interval differs a thousandfold from one question
    to the next, how many have one value seldom does; and each planning costs some
    150 microseconds.
    """
    equal = (isinstance(c, Comparison) and c.operator == "=" for c in query.conditions)
    return bool(query.area) or not all(equal)


def _id_member(collection: Collection) -> Sql:
    """Return the ``id`` member and its comma; `()` without a key."""
    identifier = _identifier(collection)
    if not identifier:
        return NOTHING
    return sql(" || '\"id\":' || ", identifier, "::text || ','")


def _identifier(collection: Collection) -> Sql:
    """Return what identifies a feature, as JSON; `()` without a key."""
    key = key_columns(collection)
    if not key:
        return NOTHING
    if len(key) == 1:
        return sql("to_json(", _identifying(key[0]), ")")
    parts = joined(" || ',' || ", (_encoded(column) for column in key))
    return sql("to_json(", parts, ")")


def _identifying(column: PublishedColumn) -> Sql:
    """Return a key as a number or a text, all that an identifier may be."""
    value = exact(column)
    return sql(value, "::text") if column.field.type is FieldType.BOOLEAN else value


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
        "(CASE WHEN ", text, BYTEWISE, " ~ '^[A-Za-z0-9_.~-]*$' THEN ", text,
        " ELSE ", encoded, " END)",
    )  # fmt: skip


def _properties(columns: Sequence[PublishedColumn]) -> Sql:
    """Return the ``properties`` object, without a limit on columns.

    A record of the row is the fastest; names that PostgreSQL would cut off are
    written by hand.
    """
    if not columns:
        return ("'{}'",)
    if _are_long(columns):
        return _written_out(columns)
    # “p” alone would be a column of that name
    return ("row_to_json(p.*)::text",)


def _record(columns: Sequence[PublishedColumn]) -> Sql:
    """Return the record that `_properties` writes, as a part of ``FROM``."""
    if not columns or _are_long(columns):
        return NOTHING
    named = (sql(exact(column), " AS ", Name((column.name,))) for column in columns)
    return sql(", LATERAL (SELECT ", joined(", ", named), ") AS p")


def _are_long(columns: Sequence[PublishedColumn]) -> bool:
    return any(len(column.name.encode()) > _LONGEST_ALIAS for column in columns)


def _written_out(columns: Sequence[PublishedColumn]) -> Sql:
    members = (
        sql(
            "to_json(",
            Bound(column.name),
            "::text)::text || ':' || coalesce(to_json(",
            exact(column),
            ")::text, 'null')",
        )
        for column in columns
    )
    return sql("('{' || ", joined(" || ',' || ", members), " || '}')")


def exact(column: PublishedColumn) -> Sql:
    """Return a column in the form that JSON keeps exactly."""
    name = sql(Name((ROW, column.field.name)))
    match column.field.type:
        case FieldType.NUMBER:  # may be NaN or infinite, which JSON does not know
            return sql("(CASE WHEN ", name, " - ", name, " = 0 THEN ", name, " END)")
        case FieldType.BINARY:
            return sql("replace(encode(", name, ", 'base64'), E'\\n', '')")
        case FieldType.STRING if not is_plain_text(column):
            return sql(name, "::text")
        case _:
            return name
