"""Geometry columns as GeoJSON and GEOS take them: expressions of PostGIS.

PostGIS has no GeoJSON for curves, for surfaces of faces and for collections
within collections, and no position for an empty point among others; GEOS knows
the first two as little. Of empty curves it makes no lines. `ST_Transform` fails on
positions that a reference system does not reach, and one such row must not keep the
others from going out.
What cannot be said in the reference system asked for is NULL here.

References
----------
RFC 7946, clauses 3.1.8 (no nested collections) and 3.2 (null geometry).
"""

from __future__ import annotations

from functools import lru_cache

from pyproj import CRS

from metadata.crs import Crs
from metadata.measured import Bounds, GeometryColumn, GeometryType
from providers.dialect import ROW
from providers.sql import NOTHING, Bound, Name, Sql, sql
from providers.windows import is_geographic

_OPEN = frozenset({GeometryType.GEOMETRY, GeometryType.GEOMETRY_COLLECTION})
_POINTS = frozenset({GeometryType.POINT, GeometryType.MULTI_POINT})
_COLLECTED = (
    "ST_GeometryType(geom) IN ('ST_GeometryCollection', 'ST_MultiPoint',"
    " 'ST_MultiLineString', 'ST_MultiPolygon', 'ST_MultiCurve', 'ST_MultiSurface',"
    " 'ST_PolyhedralSurface', 'ST_Tin')"
)
"""Whether a geometry is made of geometries."""
_EVERYWHERE = ("Lambert Conic", "Popular Visualisation", "Mercator")
"""Projections that are computed for any number, however far away."""
_FAR = 1e7
"""Metres from the origin at which other projections still have a result."""
_WIDEST = 90.0
"""Degrees; the box of a larger area on the sphere may be too small."""
_STEP = 0.1
"""Degrees between the vertices of a box: its edges then leave the parallels by less
than what `providers.windows` allows for."""


def stored(geometry: GeometryColumn) -> Sql:
    """Name the column, a geography as geometry."""
    return sql(Name((ROW, geometry.name)), "::geometry")


def plain(geometry: GeometryColumn) -> Sql:
    """Return the geometry as one of Simple Features, collections not nested."""
    found = stored(geometry)
    if geometry.type is GeometryType.MULTI_POINT:
        return _parts(found)
    if geometry.type not in _OPEN:
        return found
    kind = sql("ST_GeometryType(", found, ")")
    return sql(
        "(CASE WHEN ", kind, " IN ('ST_Point', 'ST_LineString', 'ST_Polygon',"
        " 'ST_MultiLineString', 'ST_MultiPolygon') THEN ", found,
        " WHEN ", kind, " IN ('ST_MultiPoint', 'ST_PolyhedralSurface', 'ST_Tin',"
        " 'ST_Triangle') THEN ", _parts(found),
        " WHEN ", kind, " = 'ST_GeometryCollection' THEN CASE WHEN ", _is_odd(found),
        " THEN ST_ForceCollection(", _leaves(found), ") ELSE ST_CurveToLine(", found,
        ") END WHEN ST_IsEmpty(", found, ") THEN NULL WHEN ", _is_odd(found), " THEN ",
        _leaves(found), " ELSE ST_CurveToLine(", found, ") END)",
    )  # fmt: skip


def _is_odd(found: Sql) -> Sql:
    """Tell whether some member cannot be in a collection, or is an empty curve."""
    member = sql("ST_GeometryN(", found, ", n)")
    return sql(
        "EXISTS (SELECT FROM generate_series(1, ST_NumGeometries(", found, ")) AS n"
        " WHERE ST_GeometryType(", member, ") IN ('ST_GeometryCollection',"
        " 'ST_MultiPoint', 'ST_MultiCurve', 'ST_MultiSurface', 'ST_PolyhedralSurface',"
        " 'ST_Tin', 'ST_Triangle') OR ST_GeometryType(", member,
        ") IN ('ST_CircularString', 'ST_CurvePolygon') AND ST_IsEmpty(", member, "))",
    )  # fmt: skip


def _parts(found: Sql) -> Sql:
    """Return the parts of a geometry joined anew, without empty ones."""
    return _joined(sql("ST_Dump(", found, ")"))


def _leaves(found: Sql) -> Sql:
    """Return the same of a geometry that may have curves, however deep they are.

    `ST_Dump` takes curves to pieces, and `ST_CurveToLine` makes of an empty one a
    line of whatever is in the memory, or fails (PostGIS 3.3).
    """
    leaves = sql(
        "(WITH RECURSIVE node(geom, at) AS (SELECT ", found, ", ARRAY[]::integer[]"
        " UNION ALL SELECT ST_GeometryN(geom, n), at || n FROM node,"
        " generate_series(1, ST_NumGeometries(geom)) AS n WHERE ", _COLLECTED,
        ") SELECT ST_CurveToLine(geom) AS geom FROM (SELECT * FROM node WHERE NOT ",
        _COLLECTED, " AND NOT ST_IsEmpty(geom) ORDER BY at OFFSET 0) AS leaf)",
    )  # fmt: skip
    return _joined(leaves)


def _joined(parts: Sql) -> Sql:
    """Join parts anew, without empty ones."""
    return sql(
        "(SELECT ST_Multi(ST_Collect(CASE ST_GeometryType(part.geom)"
        " WHEN 'ST_Triangle' THEN ST_MakePolygon(ST_ExteriorRing(part.geom))"
        " ELSE part.geom END)) FROM ", parts, " AS part"
        " WHERE NOT ST_IsEmpty(part.geom))",
    )  # fmt: skip


def moved(geometry: GeometryColumn, srid: int) -> Sql:
    """Return the plain geometry in another reference system."""
    found = plain(geometry)
    if geometry.srid == srid:
        return found
    there = sql("ST_Transform(", found, ", ", Bound(srid), ")")
    if not geometry.srid:
        # Rows may still say one by one what the column as a whole does not.
        known = sql("ST_SRID(", stored(geometry), ") > 0")
        return sql("(CASE WHEN ", known, " THEN ", there, " END)")
    reach = _reach(geometry.srid)
    if reach is None:
        return there
    inside = sql(stored(geometry), " @ ", envelope(reach))
    return sql("(CASE WHEN ", inside, " THEN ", there, " END)")


def outgoing(geometry: GeometryColumn, crs: Crs) -> Sql:
    """Return the plain geometry in the CRS and axis order asked for."""
    found = moved(geometry, crs.srid)
    return sql("ST_FlipCoordinates(", found, ")") if crs.swapped else found


def sound(geometry: GeometryColumn, srid: int) -> Sql:
    """Return the plain geometry in another CRS, valid, so that GEOS can tell of it."""
    found = moved(geometry, srid)
    if geometry.type in _POINTS:
        return found
    return sql(
        "(CASE WHEN ST_IsValid(", found, ") THEN ", found,
        " ELSE ST_MakeValid(", found, ") END)",
    )  # fmt: skip


@lru_cache(maxsize=256)
def _reach(srid: int) -> Bounds | None:
    """Return where a reference system can be left from; `None` is everywhere."""
    if is_geographic(srid):
        return Bounds(-540.0, -90.0, 540.0, 90.0, srid)
    operation = CRS.from_epsg(srid).coordinate_operation
    name = operation.method_name if operation else ""
    if name.startswith(_EVERYWHERE):
        return None
    return Bounds(-_FAR, -_FAR, _FAR, _FAR, srid)


def outside(geometry: GeometryColumn, outer: Bounds | None) -> Sql:
    """Return what the spatial index is asked; `()` where it cannot help.

    A geography's index holds boxes around the Earth's centre, a geometry's holds
    flat ones: the operator and the box here are right for both.
    """
    if outer is None:
        return NOTHING
    name = sql(Name((ROW, geometry.name)), " && ")
    if not is_geographic(outer.srid):
        return sql(name, envelope(outer))
    box = Bounds(
        max(outer.xmin, -180.0), max(outer.ymin, -90.0),
        min(outer.xmax, 180.0), min(outer.ymax, 90.0), outer.srid,
    )  # fmt: skip
    if max(box.xmax - box.xmin, box.ymax - box.ymin) > _WIDEST:
        return NOTHING
    return sql(name, "ST_Segmentize(", envelope(box), f", {_STEP})")


def envelope(box: Bounds) -> Sql:
    """Return a box as a polygon."""
    corners = (box.xmin, box.ymin, box.xmax, box.ymax)
    return sql(
        "ST_MakeEnvelope(",
        *(piece for corner in corners for piece in (Bound(corner), ", ")),
        Bound(box.srid),
        ")",
    )
