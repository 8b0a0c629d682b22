"""Features as lines of CSV, written by PostGIS: the lines of `providers.csv_lines`.

Numbers are as PostgreSQL writes them, and texts are quoted as ``COPY … CSV`` quotes
them, blanks at their ends besides.
"""

from __future__ import annotations

from collections.abc import Sequence

from metadata.dataset import Collection, PublishedColumn
from metadata.measured import FieldType, GeometryColumn
from providers.csv_lines import TO_BE_QUOTED, columns_asked
from providers.decimals import decimals
from providers.dialect import ROW
from providers.postgis_dialect import BYTEWISE, is_plain_text
from providers.postgis_geometry import outgoing
from providers.query import Query
from providers.sql import Name, Sql, joined, sql

_BARE = frozenset({FieldType.BOOLEAN, FieldType.DATE, FieldType.DATETIME,
                   FieldType.TIME, FieldType.UUID})  # fmt: skip
"""Types whose texts never need quotation marks."""
_TIMES = frozenset({FieldType.DATE, FieldType.DATETIME, FieldType.TIME})


def csv_line(
    collection: Collection, query: Query, columns: Sequence[PublishedColumn]
) -> Sql:
    """Return a feature as a line of CSV, its end included.

    Parameters
    ----------
    columns
        Those that go out, in their order.
    """
    cells = sql("ARRAY[", joined(", ", map(_cell, columns)), "]::text[]")
    geometry = collection.geometry
    if geometry is not None and query.geometry:
        has_place = bool(columns_asked(collection, query).place)
        cells = sql(cells, " || ", _shape(geometry, query, has_place=has_place))
    return sql("(array_to_string(", cells, ", ',', '') || E'\\r\\n')")


def _cell(column: PublishedColumn) -> Sql:
    """Return the cell of a column; NULL, which is written as nothing, without value.

    What is no number (NaN, infinity) has none, as in GeoJSON.
    """
    name = sql(Name((ROW, column.field.name)))
    kind = column.field.type
    if kind in _TIMES:
        return sql("(to_json(", name, ") #>> '{}')")
    if kind in _BARE:
        return sql(name, "::text")
    if kind is FieldType.NUMBER or kind is FieldType.INTEGER:
        number = sql(name, " - ", name, " = 0")
        return sql("(CASE WHEN ", number, " THEN ", name, "::text END)")
    if kind is FieldType.STRING and is_plain_text(column):
        return sql("(", _quoted(sql("(", name, BYTEWISE, ")")), ")")
    text = sql("(SELECT ", _text(name, kind), BYTEWISE, " AS t OFFSET 0) AS given")
    return sql("(SELECT ", _quoted(("t",)), " FROM ", text, ")")


def _text(name: Sql, kind: FieldType) -> Sql:
    if kind is FieldType.BINARY:
        return sql("replace(encode(", name, ", 'base64'), E'\\n', '')")
    if kind in {FieldType.JSON, FieldType.ARRAY}:
        return sql("to_json(", name, ")::text")
    return sql(name, "::text")


def _quoted(text: Sql) -> Sql:
    """Return a text as `providers.csv_lines.text_cell` writes it."""
    return sql(
        "CASE WHEN ", text, " = '' OR ", text, " ~ '", TO_BE_QUOTED, "' THEN '\"' ||"
        " replace(", text, ", '\"', '\"\"') || '\"' ELSE ", text, " END",
    )  # fmt: skip


def _shape(geometry: GeometryColumn, query: Query, *, has_place: bool) -> Sql:
    """Return the cells of the geometry: the place of a point, and WKT.

    All are empty for one that is missing or has a coordinate that is no number.
    The place is read off the text, so that both have the same digits.
    """
    whole = "CASE WHEN strpos(t, ',') > 0 THEN '\"' || t || '\"' ELSE t END"
    first, second = (_coordinate(1), _coordinate(2)) if has_place else ("", "")
    place = f"{second}, {first}, " if query.crs.swapped else f"{first}, {second}, "
    return sql(
        f"(SELECT ARRAY[{place if has_place else ''}{whole}]",
        " FROM (SELECT CASE WHEN t !~* 'nan|inf' THEN t END AS t FROM (SELECT",
        " ST_AsText(CASE ST_Zmflag(g) WHEN 1 THEN ST_Force2D(g)",
        " WHEN 3 THEN ST_Force3DZ(g) ELSE g END, ", f"{decimals(query.crs)}",
        ") AS t FROM (SELECT ", outgoing(geometry, query.crs), " AS g OFFSET 0)",
        " AS placed OFFSET 0) AS written OFFSET 0) AS shape)",
    )  # fmt: skip


def _coordinate(place: int) -> str:
    """Return a coordinate of ``POINT(x y)`` or ``POINT Z (x y z)``."""
    return f"split_part(rtrim(split_part(t, '(', 2), ')'), ' ', {place})"
