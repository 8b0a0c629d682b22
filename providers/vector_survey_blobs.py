"""Reads geometries of a GeoPackage as far as a survey needs: type and envelope.

OGC 12-128r18 (GeoPackage 1.3), clause 2.1.3: a header with magic ``GP``, flags,
the SRS id and, mostly, the envelope in double precision; then ISO WKB. Only the
beginning of each blob is read; the coordinates are decoded where the header has
no envelope and the geometry is no point.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from math import isnan
from typing import NamedTuple

import shapely

from providers.vector_survey_layer import Shape

HEAD = 80
"""Bytes that hold header, longest envelope, and type or coordinates of a point."""
_ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_FIXED = 8
"""Bytes of the header before the envelope."""
_WKB_FIXED = 5
"""Bytes of WKB before the coordinates: byte order and type."""
_EMPTY = 0b0001_0000
_TYPES = (
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
    "CURVE",
    "SURFACE",
    "POLYHEDRALSURFACE",
    "TIN",
    "TRIANGLE",
)
_POINT = 1
Box = tuple[float, float, float, float]


class MalformedBlob(ValueError):
    """Bytes that are no GeoPackage geometry."""


class Head(NamedTuple):
    """What the beginning of a blob says."""

    shape: Shape
    box: Box | None
    """`None` when the header has none: see `is_empty`, else read the whole."""
    is_empty: bool
    body: int
    """Where the WKB begins."""


def read_head(head: bytes) -> Head:
    """Read the first `HEAD` bytes of a geometry.

    Raises
    ------
    MalformedBlob
        They are something else.
    """
    if head[:2] != b"GP" or len(head) < _FIXED:
        raise MalformedBlob
    flags = head[3]
    envelope = _ENVELOPES.get((flags >> 1) & 0b111)
    if envelope is None or len(head) < _FIXED + envelope + _WKB_FIXED:
        raise MalformedBlob
    body = _FIXED + envelope
    order = "<" if head[body] == 1 else ">"
    (code,) = struct.unpack_from(order + "I", head, body + 1)
    base, shape = _shape(code)
    if flags & _EMPTY:
        return Head(shape, None, True, body)
    if envelope:
        xmin, xmax, ymin, ymax = struct.unpack_from(
            "<4d" if flags & 1 else ">4d", head, _FIXED
        )
        # Some writers mark emptiness by an envelope of NaN.
        box = None if isnan(xmin) else (xmin, ymin, xmax, ymax)
        return Head(shape, box, box is None, body)
    if base == _POINT:
        return _point(head, body, order, shape)
    return Head(shape, None, False, body)


def read_box(blob: bytes, body: int) -> Box | None:
    """Return the box of a geometry from its coordinates; `None` if it is empty.

    Raises
    ------
    MalformedBlob
        Its WKB is not what GEOS can read.
    """
    geometry = read_geometry(blob, body)
    if geometry.is_empty:
        return None
    xmin, ymin, xmax, ymax = geometry.bounds
    return (float(xmin), float(ymin), float(xmax), float(ymax))


def is_valid(blob: bytes, body: int) -> bool:
    """Tell whether a geometry is valid (OGC 06-103r4, 6.1.11.1).

    Raises
    ------
    MalformedBlob
        Its WKB is not what GEOS can read.
    """
    return bool(shapely.is_valid(read_geometry(blob, body)))


def read_geometry(blob: bytes, body: int) -> shapely.Geometry:
    """Decode the WKB of a blob.

    Raises
    ------
    MalformedBlob
        It is not what GEOS can read.
    """
    try:
        return shapely.from_wkb(blob[body:])
    except shapely.errors.ShapelyError as error:
        raise MalformedBlob from error


@lru_cache(maxsize=256)
def _shape(code: int) -> tuple[int, Shape]:
    """Return number and shape of a WKB type: ISO's thousands, or PostGIS's bits."""
    has_height = bool(code & 0x80000000)
    has_measure = bool(code & 0x40000000)
    thousands, base = divmod(code & 0x0FFFFFFF, 1000)
    if base >= len(_TYPES) or thousands > 3:  # noqa: PLR2004 - Z, M, ZM
        raise MalformedBlob
    shape = Shape(
        type_name=_TYPES[base],
        has_height=has_height or thousands in {1, 3},
        has_measure=has_measure or thousands in {2, 3},
    )
    return base, shape


def _point(head: bytes, body: int, order: str, shape: Shape) -> Head:
    """Read a point, whose coordinates are its envelope; NaN is an empty one."""
    if len(head) < body + 21:
        raise MalformedBlob
    x, y = struct.unpack_from(order + "2d", head, body + 5)
    is_empty = isnan(x) and isnan(y)
    return Head(shape, None if is_empty else (x, y, x, y), is_empty, body)
