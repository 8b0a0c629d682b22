"""Features as GML 3.2 text, written by PostGIS.

`ST_AsGML` writes each geometry; it gives the parts of one no identifiers of their
own, and fails on some empty parts, where the schemas of GML allow none. Both are
seen to here. Every text is escaped inside the database (`providers.xml_text`).
"""

from __future__ import annotations

from metadata.dataset import Collection, PublishedColumn
from metadata.measured import FieldType, GeometryColumn, GeometryType
from providers.decimals import decimals
from providers.dialect import ROW
from providers.gml import (
    DAY,
    MEMBER,
    MEMBER_END,
    MOMENT,
    UNNUMBERED,
    element,
    feature_name,
    geometry_name,
    shown_columns,
)
from providers.postgis_dialect import BYTEWISE
from providers.postgis_geometry import outgoing
from providers.query import Query
from providers.sql import NOTHING, Bound, Name, Sql, sql
from providers.xml_text import ENTITIES, FORBIDDEN, MARK, xml_name

_ONE_PART = frozenset(
    {GeometryType.POINT, GeometryType.LINE_STRING, GeometryType.POLYGON}
)
_OBJECTS = "(Point|LineString|Polygon|Multi[A-Z][a-z]+)"
"""Elements that have a ``gml:id``."""


def gml_feature(collection: Collection, query: Query, identifier: Sql) -> Sql:
    """Return a feature as GML, within its ``featureMember``.

    Parameters
    ----------
    identifier
        The feature's identifier as JSON; empty without a key.
    """
    name = feature_name(collection)
    own = element(name)
    text = sql("(", identifier, " #>> '{}')")
    key = _encoded(text) if identifier else _text(UNNUMBERED)
    columns = shown_columns(collection, query)
    return sql(
        "(SELECT ", _text(f'{MEMBER}<{own.name} gml:id="'), " || f.id || '\">'",
        _geometry(collection, query),
        *(_property(column) for column in columns),
        " || ", _text(f"{own.end}{MEMBER_END}"),
        " FROM (SELECT ", _text(f"{name}."), " || ", key, " AS id OFFSET 0) AS f)",
    )  # fmt: skip


def _text(text: str) -> Sql:
    return sql(Bound(text), "::text")


def _encoded(text: Sql) -> Sql:
    """Return an identifier as `providers.xml_text.xml_identifier` writes it."""
    return sql(
        "(SELECT CASE WHEN t ~ '^[A-Za-z0-9.-]*$' THEN t ELSE ("
        "SELECT string_agg(CASE WHEN b < 128 AND chr(b) ~ '^[A-Za-z0-9.-]$'"
        " THEN chr(b) ELSE '_' || upper(lpad(to_hex(b), 2, '0')) END, '' ORDER BY n)"
        " FROM (SELECT n, get_byte(o, n) AS b FROM (SELECT convert_to(t, 'UTF8') AS o)"
        " AS octets, generate_series(0, length(o) - 1) AS n) AS each_one) END"
        " FROM (SELECT ", text, BYTEWISE, " AS t OFFSET 0) AS given)",
    )  # fmt: skip


def _property(column: PublishedColumn) -> Sql:
    """Append a property; nothing where it has no value that its type can say."""
    own = element(xml_name(column.name))
    value = _value(column)
    return sql(
        " || coalesce(", _text(own.start), " || ", value, " || ", _text(own.end),
        ", '')",
    )  # fmt: skip


def _value(column: PublishedColumn) -> Sql:
    name = sql(Name((ROW, column.field.name)))
    text = sql("(to_json(", name, ") #>> '{}')")
    match column.field.type:
        case FieldType.BOOLEAN | FieldType.INTEGER:
            return sql(name, "::text")
        case FieldType.NUMBER:  # may be NaN or infinite, which GeoJSON has neither
            number = sql(name, " - ", name, " = 0")
            return sql("(CASE WHEN ", number, " THEN ", name, "::text END)")
        case FieldType.BINARY:
            return sql("replace(encode(", name, ", 'base64'), E'\\n', '')")
        case FieldType.DATE | FieldType.DATETIME as kind:
            form = DAY if kind is FieldType.DATE else MOMENT
            return sql("(CASE WHEN ", text, f" ~ '^{form}$' THEN ", text, " END)")
        case FieldType.JSON | FieldType.ARRAY:
            text = sql("to_json(", name, ")::text")
        case FieldType.STRING:
            text = sql(name, "::text")
    return _escaped(text)


def _escaped(text: Sql) -> Sql:
    """Return a text as `providers.xml_text.xml_text` writes it."""
    marked = sql(
        "(SELECT string_agg(CASE WHEN c ~ '[", FORBIDDEN, "]' THEN '_x' ||"
        " upper(lpad(to_hex(ascii(c)), 4, '0')) || '_' ELSE c END, '' ORDER BY n)"
        " FROM regexp_split_to_table(regexp_replace(t, '_(?=", MARK[1:], ")',"
        " '_x005F_', 'g'), '') WITH ORDINALITY AS s(c, n))",
    )  # fmt: skip
    plain = sql(
        "(CASE WHEN t ~ '[", FORBIDDEN, "]|", MARK, "' THEN ", marked, " ELSE t END)",
    )  # fmt: skip
    for character, entity in ENTITIES:
        written = "E'\\r'" if character == "\r" else f"'{character}'"
        plain = sql("replace(", plain, f", {written}, '{entity}')")
    return sql(
        "(SELECT ", plain, " FROM (SELECT ", text, BYTEWISE, " AS t OFFSET 0) AS given)"
    )


def _geometry(collection: Collection, query: Query) -> Sql:
    """Append the geometry; nothing where it has no position that is a number."""
    geometry = collection.geometry
    if geometry is None or not query.geometry:
        return NOTHING
    own = element(geometry_name(collection))
    return sql(
        " || coalesce((SELECT ", _text(own.start), " || ", _identified(query),
        " || ", _text(own.end), " FROM (SELECT ST_AsGML(3, g, ",
        f"{decimals(query.crs)}, CASE WHEN ST_Zmflag(g) >= 2 THEN 4 ELSE 6 END, 'gml')",
        " AS t FROM (SELECT ", _without_empty_parts(geometry), " AS g FROM (SELECT",
        " ST_SetSRID(", outgoing(geometry, query.crs), ", 0) AS g OFFSET 0) AS placed",
        " WHERE NOT ST_IsEmpty(g) OFFSET 0) AS solid OFFSET 0) AS w"
        " WHERE t !~ 'NaN|[Ii]nf'), '')",
    )  # fmt: skip


def _without_empty_parts(geometry: GeometryColumn) -> Sql:
    """Return ``g`` without empty parts, on which `ST_AsGML` fails or is not valid.

    A collection that has some also loses what stands between it and its parts.
    """
    if geometry.type in _ONE_PART:
        return ("g",)
    return sql(
        "CASE WHEN EXISTS (SELECT FROM ST_Dump(g) AS part WHERE"
        " ST_IsEmpty(part.geom)) THEN (SELECT CASE ST_GeometryType(g)"
        " WHEN 'ST_GeometryCollection' THEN ST_ForceCollection(ST_Collect(part.geom))"
        " ELSE ST_Multi(ST_Collect(part.geom)) END FROM ST_Dump(g) AS part"
        " WHERE NOT ST_IsEmpty(part.geom)) ELSE g END",
    )  # fmt: skip


def _identified(query: Query) -> Sql:
    """Return a geometry whose parts, and itself, have identifiers of their own."""
    first = sql(
        "'\\1 gml:id=\"_g.' || f.id || '\" srsName=\"' || ", _text(query.crs.uri),
        " || '\"'",
    )  # fmt: skip
    return sql(
        "CASE WHEN t LIKE '<gml:Multi%' THEN (SELECT string_agg(CASE WHEN n = 1 THEN"
        " piece ELSE regexp_replace(piece, '^(\\w+)', CASE WHEN n = 2 THEN ", first,
        " ELSE '\\1 gml:id=\"_g' || (n - 2) || '.' || f.id || '\"' END) END,"
        " '<gml:' ORDER BY n) FROM regexp_split_to_table(t,"
        " '<gml:(?=", _OBJECTS, "[ />])') WITH ORDINALITY AS s(piece, n))"
        " ELSE regexp_replace(t, '(^<gml:\\w+)', ", first, ") END",
    )  # fmt: skip
