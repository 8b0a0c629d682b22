"""Geometries as GeoPackage keeps them, and the predicates it has no words for.

The functions are deterministic and are registered on each connection
(`providers.geopackage_files`); a missing geometry gives no value.

References
----------
OGC 12-128r18 (GeoPackage 1.3), clause 2.1.3 (GeoPackageBinary).
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from metadata.crs import transformer
from providers.cql2_tree import Relation

_MAGIC = b"GP"
_FLAGS = 3
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_FIXED_BYTES = 8
_POINT_BYTES = 21
_PREDICATES = {
    Relation.INTERSECTS: shapely.intersects,
    Relation.EQUALS: shapely.equals,
    Relation.DISJOINT: shapely.disjoint,
    Relation.TOUCHES: shapely.touches,
    Relation.WITHIN: shapely.within,
    Relation.OVERLAPS: shapely.overlaps,
    Relation.CROSSES: shapely.crosses,
    Relation.CONTAINS: shapely.contains,
}


def wkb_of(blob: bytes | None) -> bytes | None:
    """Return the WKB inside of a GeoPackage geometry; `None` when it is none."""
    if not isinstance(blob, bytes) or blob[:2] != _MAGIC or len(blob) < _FIXED_BYTES:
        return None
    kind = (blob[_FLAGS] >> 1) & 0b111
    if kind >= len(_ENVELOPE_BYTES):
        return None
    return blob[_FIXED_BYTES + _ENVELOPE_BYTES[kind] :]


def meets(
    blob: bytes | None,
    xmin: float,
    ymin: float,
    xmax: float,
    ymax: float,
    source: int,
    target: int,
) -> bool | None:
    """Tell whether a geometry stored in one CRS meets a box of another."""
    wkb = wkb_of(blob)
    if wkb is None:
        return None
    if len(wkb) == _POINT_BYTES:
        x, y = _point(wkb, source, target)
        return xmin <= x <= xmax and ymin <= y <= ymax
    geometry = _moved(_read(wkb), source, target)
    return bool(shapely.intersects(geometry, _box(xmin, ymin, xmax, ymax)))


def relates(
    blob: bytes | None, relation: str, other: bytes, source: int, target: int
) -> bool | None:
    """Tell how a geometry lies to another, in the other's CRS."""
    wkb = wkb_of(blob)
    if wkb is None:
        return None
    geometry = _moved(_read(wkb), source, target)
    try:
        return bool(_PREDICATES[Relation(relation)](geometry, _prepared(other)))
    except shapely.errors.GEOSException:
        return None


def is_empty(blob: bytes | None) -> bool | None:
    """Tell whether a geometry holds no position."""
    wkb = wkb_of(blob)
    return None if wkb is None else bool(shapely.is_empty(_read(wkb)))


def moved_coordinates(
    geometries: NDArray[np.object_],
    source: int,
    target: int,
    digits: int,
    *,
    swap: bool,
) -> NDArray[np.object_]:
    """Return geometries in another CRS, rounded, y first where asked."""

    def move(found: NDArray[np.float64]) -> NDArray[np.float64]:
        result = found.copy()
        if source != target and len(found):
            x, y = transformer(source, target).transform(found[:, 0], found[:, 1])
            result[:, 0], result[:, 1] = x, y
        result = np.round(result, digits) + 0.0
        return result[:, [1, 0, *range(2, result.shape[1])]] if swap else result

    flat, deep = ~shapely.has_z(geometries), shapely.has_z(geometries)
    result = geometries.copy()
    result[flat] = shapely.transform(geometries[flat], move)
    result[deep] = shapely.transform(geometries[deep], move, include_z=True)
    return result


def _read(wkb: bytes) -> Geometry:
    return shapely.from_wkb(wkb)


def _point(wkb: bytes, source: int, target: int) -> tuple[float, float]:
    """Return the place of a two-dimensional point; NaN when it is empty."""
    x, y = struct.unpack_from("<dd" if wkb[0] else ">dd", wkb, 5)
    if source == target:
        return x, y
    place: tuple[float, float] = transformer(source, target).transform(x, y)
    return place


def _moved(geometry: Geometry, source: int, target: int) -> Geometry:
    if source == target:
        return geometry
    move = transformer(source, target).transform

    def moved(found: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(move(found[:, 0], found[:, 1]))

    return shapely.transform(geometry, moved)


@lru_cache(maxsize=256)
def _box(xmin: float, ymin: float, xmax: float, ymax: float) -> Geometry:
    """Return a prepared box; one without width or height is a line or point."""
    if xmin == xmax and ymin == ymax:
        return shapely.points(xmin, ymin)
    if xmin == xmax or ymin == ymax:
        return shapely.linestrings([(xmin, ymin), (xmax, ymax)])
    box = shapely.box(xmin, ymin, xmax, ymax)
    shapely.prepare(box)
    return box


@lru_cache(maxsize=64)
def _prepared(wkb: bytes) -> Geometry:
    geometry = shapely.from_wkb(wkb)
    shapely.prepare(geometry)
    return geometry
