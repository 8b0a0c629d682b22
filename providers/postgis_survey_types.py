"""PostgreSQL's and PostGIS's types, as the house names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from metadata.measured import FieldType, GeometryType

SPATIAL = frozenset({"geometry", "geography"})
"""The types that make a geometry column."""
CURVED = frozenset(
    {
        "CIRCULARSTRING",
        "COMPOUNDCURVE",
        "CURVEPOLYGON",
        "MULTICURVE",
        "MULTISURFACE",
        "POLYHEDRALSURFACE",
        "TIN",
        "TRIANGLE",
    }
)
"""What neither OGC Simple Features 1.0 nor GeoJSON (RFC 7946) can express."""
_FIELD_TYPES: Mapping[str, FieldType] = {
    "int2": FieldType.INTEGER,
    "int4": FieldType.INTEGER,
    "int8": FieldType.INTEGER,
    "float4": FieldType.NUMBER,
    "float8": FieldType.NUMBER,
    "numeric": FieldType.NUMBER,
    "bool": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "timestamp": FieldType.DATETIME,
    "timestamptz": FieldType.DATETIME,
    "time": FieldType.TIME,
    "timetz": FieldType.TIME,
    "uuid": FieldType.UUID,
    "json": FieldType.JSON,
    "jsonb": FieldType.JSON,
    # PostgreSQL writes pairs as a JSON object, as it does composite values.
    "hstore": FieldType.JSON,
    "bytea": FieldType.BINARY,
    "text": FieldType.STRING,
    "varchar": FieldType.STRING,
    "bpchar": FieldType.STRING,
    "char": FieldType.STRING,
    "name": FieldType.STRING,
    "citext": FieldType.STRING,
}
_GEOMETRY_TYPES: Mapping[str, GeometryType] = {
    kind.value.upper(): kind for kind in GeometryType
}
# The order in which PostGIS numbers its types (liblwgeom, POINTTYPE…TINTYPE).
_NUMBERED = (
    "GEOMETRY",
    "POINT",
    "LINESTRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
    "CIRCULARSTRING",
    "COMPOUNDCURVE",
    "CURVEPOLYGON",
    "MULTICURVE",
    "MULTISURFACE",
    "POLYHEDRALSURFACE",
    "TRIANGLE",
    "TIN",
)


class Declared(NamedTuple):
    """What the type of a geometry column says; nothing, when it says nothing."""

    type_name: str
    """In capitals; ``GEOMETRY`` when any is allowed."""
    srid: int
    """0 when it does not say."""
    has_height: bool
    has_measure: bool
    is_said: bool
    """Whether there is a modifier at all; without one anything may be inside."""


def field_type(name: str, kind: str, category: str) -> FieldType:
    """Return the house's type of a base type.

    Parameters
    ----------
    name, kind, category
        ``typname``, ``typtype`` and ``typcategory`` of `pg_type`.
    """
    if kind == "e":
        return FieldType.STRING
    if kind == "c":
        return FieldType.JSON
    if category == "A":
        return FieldType.ARRAY
    return _FIELD_TYPES.get(name, FieldType.OTHER)


def geometry_type(name: str) -> GeometryType:
    """Return the type of a name in capitals; ``Geometry`` for curves and solids."""
    return _GEOMETRY_TYPES.get(name, GeometryType.GEOMETRY)


def declared(typmod: int, *, geography: bool) -> Declared:
    """Read the modifier of a geometry type, ``(MultiPolygonZ, 2154)`` for example.

    The bits are PostGIS's own since version 2 (``TYPMOD_GET_SRID`` and its
    neighbours in liblwgeom), read here because the functions that read them
    stand in whatever schema the extension was put into.
    """
    if typmod < 0:
        return Declared("GEOMETRY", 4326 if geography else 0, False, False, False)
    number = (typmod & 0xFC) >> 2
    srid = ((typmod & 0x0FFFFF00) - (typmod & 0x10000000)) >> 8
    return Declared(
        type_name=_NUMBERED[number] if number < len(_NUMBERED) else "GEOMETRY",
        srid=max(srid, 0),
        has_height=bool(typmod & 2),
        has_measure=bool(typmod & 1),
        is_said=True,
    )


def dimension(*, has_height: bool, has_measure: bool) -> int:
    """Return 2, 3 (with height) or 4 (with height and measure)."""
    return (4 if has_measure else 3) if has_height else 2
