"""Geometries of filters, brought to longitude and latitude.

Axis order: an URN or URI of EPSG stands for the authority's order (latitude
first for 4326), the short form ``EPSG:4326`` and no name at all for x first, as
OWSLib, GeoNetwork and QGIS write them.

References
----------
OGC 04-095 (Filter 1.1), clause 9; GML 3.1.1; OGC 05-010, clause 7.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Final

import shapely
from pyproj.exceptions import ProjError
from shapely.errors import GEOSException, ShapelyError

from metadata.crs import CRS84, Crs, UnknownCrs, parse_crs, transformer
from service.csw.limits import NUMBERS
from service.csw.problems import invalid
from service.csw.tree import Boxed

_WGS84: Final = 4326
_SHORT: Final = re.compile(r"EPSG:(\d+)", re.IGNORECASE)
_CRS84: Final = re.compile(r"urn:(x-)?ogc:def:crs:OGC:[0-9.]*:(CRS)?84", re.IGNORECASE)
_PAIR: Final = 2
_CORNERS: Final = 4
_EDGE_POINTS: Final = 21
"""Points on each edge of a box that is transformed."""
_WHOLE: Final = (-180.0, -90.0, 180.0, 90.0)


def read_crs(name: str) -> Crs:
    """Return the CRS of a geometry; CRS84 without a name.

    Raises
    ------
    service.csw.problems.CswProblem
        Nobody knows it.
    """
    name = name.strip()
    if not name or _CRS84.fullmatch(name):
        return CRS84
    try:
        found = parse_crs(re.sub(r"^urn:x-ogc:", "urn:ogc:", name, flags=re.IGNORECASE))
    except UnknownCrs as error:
        raise invalid("srsName", "csw.crs", name=name[:80]) from error
    return replace(found, swapped=False) if _SHORT.fullmatch(name) else found


def read_numbers(text: str) -> list[float]:
    """Return the numbers of a list; between them white space or commas.

    Raises
    ------
    service.csw.problems.CswProblem
        One is none, or there are too many.
    """
    words = text.replace(",", " ").split()
    if len(words) > NUMBERS:
        raise invalid("Constraint", "csw.geometry-large", limit=NUMBERS)
    try:
        numbers = [float(word) for word in words]
    except ValueError as error:
        raise invalid("Constraint", "csw.coordinate", value=text[:40]) from error
    if not all(map(isfinite, numbers)):
        raise invalid("Constraint", "csw.coordinate", value=text[:40])
    return numbers


def read_box(numbers: Sequence[float], crs: Crs) -> Boxed:
    """Return a box from its lower and upper corner.

    Raises
    ------
    service.csw.problems.CswProblem
        The corners are not two pairs, or in the wrong order.
    """
    if len(numbers) != _CORNERS:
        raise invalid("Constraint", "csw.corners")
    first, second = numbers[:_PAIR], numbers[_PAIR:]
    if crs.swapped:
        first, second = first[::-1], second[::-1]
    if first[0] > second[0] or first[1] > second[1]:
        raise invalid("Constraint", "csw.corners")
    if crs.srid == _WGS84:
        return Boxed(*first, *second)
    bounds = _transformed((*first, *second), crs)
    return Boxed(*bounds)


def _transformed(box: tuple[float, ...], crs: Crs) -> tuple[float, ...]:
    """Return the box around a box of another CRS, in degrees."""
    west, south, east, north = box
    try:
        bounds = transformer(crs.srid, _WGS84).transform_bounds(
            west, south, east, north, densify_pts=_EDGE_POINTS
        )
    except (UnknownCrs, ProjError) as error:
        raise invalid("srsName", "csw.crs", name=crs.uri) from error
    return bounds if all(map(isfinite, bounds)) else _WHOLE


def points(numbers: Sequence[float], crs: Crs) -> list[tuple[float, float]]:
    """Return the positions of a list of numbers, in longitude and latitude.

    Raises
    ------
    service.csw.problems.CswProblem
        They do not come in pairs, or cannot be transformed.
    """
    if not numbers or len(numbers) % _PAIR:
        raise invalid("Constraint", "csw.pairs")
    first, second = numbers[::_PAIR], numbers[1::_PAIR]
    x, y = (second, first) if crs.swapped else (first, second)
    if crs.srid != _WGS84:
        try:
            x, y = transformer(crs.srid, _WGS84).transform(x, y, errcheck=True)
        except (UnknownCrs, ProjError) as error:
            raise invalid("srsName", "csw.crs", name=crs.uri) from error
    return list(zip(x, y, strict=True))


def point(position: Sequence[tuple[float, float]]) -> shapely.Geometry:
    """Return a point from its one position."""
    return _made(shapely.Point, position[0])


def line(positions: Sequence[tuple[float, float]]) -> shapely.Geometry:
    """Return a line."""
    return _made(shapely.LineString, positions)


def polygon(
    outer: Sequence[tuple[float, float]],
    inner: Sequence[Sequence[tuple[float, float]]] = (),
) -> shapely.Geometry:
    """Return a polygon.

    Raises
    ------
    service.csw.problems.CswProblem
        It crosses itself, or has too few positions.
    """
    return _made(shapely.Polygon, outer, inner)


def rectangle(box: Boxed) -> shapely.Geometry:
    """Return a box as a polygon."""
    return shapely.box(box.west, box.south, box.east, box.north)


def _made(kind: type[shapely.Geometry], *parts: object) -> shapely.Geometry:
    try:
        made = kind(*parts)
    except (GEOSException, ShapelyError, ValueError) as error:
        raise invalid("Constraint", "csw.geometry") from error
    if not made.is_valid:
        raise invalid("Constraint", "csw.geometry")
    return made
