"""A geometry that a client sends: GeoJSON, checked against the column it is for.

References
----------
RFC 7946, clauses 3.1 and 4; OGC API Features Part 4 (20-002, draft), “Coordinate
reference systems”.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import chain
from math import isfinite
from typing import Any, Final

import shapely
from numpy.typing import NDArray
from shapely import Geometry

from metadata.crs import Crs
from metadata.finding import Text
from metadata.measured import GeometryColumn, GeometryType
from providers.feature_editing import EditRefused, Refusal, Shape
from providers.windows import is_geographic

_DEPTHS: Final[Mapping[str, int]] = {
    "Point": 1,
    "MultiPoint": 2,
    "LineString": 2,
    "MultiLineString": 3,
    "Polygon": 3,
    "MultiPolygon": 4,
}
_COLLECTION: Final = GeometryType.GEOMETRY_COLLECTION.value
_LAST: Final = (180.0, 90.0)
"""Degrees of longitude and latitude that a position has at most."""


def read_shape(value: Any, column: GeometryColumn, crs: Crs) -> Shape:
    """Return a geometry as it is to be kept, once it is fit for its column.

    Parameters
    ----------
    value
        A GeoJSON geometry, its coordinates in the axis order of `crs`.

    Raises
    ------
    providers.feature_editing.EditRefused
        It is malformed, empty or not valid, or of another type or dimension.
    """
    if not isinstance(value, Mapping):
        raise wrong(
            Text("La géométrie n'est pas un objet GeoJSON.",
                 "The geometry is no GeoJSON object.")
        )  # fmt: skip
    _require_type(str(value.get("type")), column)
    geometry = _geometry(value)
    _require_dimension(geometry, column)
    if crs.swapped:
        geometry = shapely.transform(geometry, _flipped, include_z=geometry.has_z)
    _require_on_earth(geometry, crs)
    _require_valid(geometry)
    return Shape(shapely.to_wkb(geometry, flavor="iso"), crs.srid)


def wrong(found: Text, hint: Text | str = "") -> EditRefused:
    """Return the error of a geometry that cannot be kept."""
    return EditRefused(Refusal.CONTENT, found, member="geometry", hint=hint)


def _require_type(kind: str, column: GeometryColumn) -> None:
    wanted = column.type.value
    if kind not in {*_DEPTHS, _COLLECTION}:
        raise wrong(
            Text(f"« {kind[:40]} » n'est pas un type de géométrie.",
                 f"“{kind[:40]}” is no type of geometry.")
        )  # fmt: skip
    if column.type is not GeometryType.GEOMETRY and kind != wanted:
        raise wrong(
            Text(f"La géométrie est de type {kind} ; la collection attend {wanted}.",
                 f"The geometry is a {kind}; the collection takes {wanted}."),
        )  # fmt: skip


def _geometry(value: Mapping[str, Any]) -> Geometry:
    kind = value.get("type")
    if kind == _COLLECTION:
        return shapely.GeometryCollection([_member(m) for m in _members(value)])
    coordinates = _nested(value.get("coordinates"), _DEPTHS[str(kind)])
    _require_closed(str(kind), coordinates)
    try:
        return shapely.geometry.shape({"type": kind, "coordinates": coordinates})
    except (ValueError, TypeError, IndexError, shapely.errors.GEOSException) as error:
        raise _malformed() from error


def _members(value: Mapping[str, Any]) -> list[Any]:
    found = value.get("geometries")
    if not isinstance(found, list) or not found:
        raise _malformed()
    return found


def _member(value: Any) -> Geometry:
    """Return one geometry of a collection, which is no collection itself."""
    if not isinstance(value, Mapping) or value.get("type") not in _DEPTHS:
        raise _malformed()
    return _geometry(value)


def _nested(node: Any, depth: int) -> list[Any]:
    """Return positions as they are nested, of finite numbers, none of them empty."""
    if not isinstance(node, list) or not node:
        raise _malformed()
    if depth > 1:
        return [_nested(each, depth - 1) for each in node]
    if not len("xy") <= len(node) <= len("xyz"):
        raise wrong(
            Text(f"Une position a {len(node)} nombres ; il en faut deux ou trois.",
                 f"A position has {len(node)} numbers; it takes two or three.")
        )  # fmt: skip
    return [_finite(each) for each in node]


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _malformed()
    try:
        number = float(value)
    except OverflowError as error:
        raise _malformed() from error
    if not isfinite(number):
        raise _malformed()
    return number


def _require_closed(kind: str, coordinates: list[Any]) -> None:
    """Refuse rings that do not end where they begin, which GEOS would close."""
    rings: Mapping[str, Iterable[Any]] = {
        "Polygon": coordinates,
        "MultiPolygon": chain.from_iterable(coordinates),
    }
    for ring in rings.get(kind, ()):
        if ring[0] != ring[-1]:
            raise wrong(
                Text("Un anneau n'est pas fermé.", "A ring is not closed."),
                Text("Répétez la première position à la fin.",
                     "Repeat the first position at the end."),
            )  # fmt: skip


def _require_dimension(geometry: Geometry, column: GeometryColumn) -> None:
    """Refuse heights that would be lost, and those that nobody gave."""
    heights = shapely.get_coordinates(geometry, include_z=True)[:, 2]
    known = ~_is_missing(heights)
    wanted = column.dimension > len("xy")
    if known.any() and not wanted:
        raise wrong(
            Text("La géométrie a des altitudes ; la collection n'en a pas.",
                 "The geometry has heights; the collection has none.")
        )  # fmt: skip
    if wanted and not known.all():
        raise wrong(
            Text("Il manque des altitudes à la géométrie ; la collection en a.",
                 "The geometry lacks heights; the collection has them."),
            Text("Donnez trois nombres par position.", "Give three numbers each."),
        )  # fmt: skip


def _is_missing(heights: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = heights != heights  # noqa: PLR0124  (so is only NaN)
    return found


def _flipped(coordinates: NDArray[Any]) -> NDArray[Any]:
    flipped = coordinates.copy()
    flipped[:, 0], flipped[:, 1] = coordinates[:, 1], coordinates[:, 0]
    return flipped


def _require_on_earth(geometry: Geometry, crs: Crs) -> None:
    """Refuse degrees that no place has (RFC 7946, clause 4)."""
    if not is_geographic(crs.srid):
        return
    west, south, east, north = geometry.bounds
    x, y = _LAST
    if west < -x or east > x or south < -y or north > y:
        raise wrong(
            Text("Une position n'est pas en degrés : longitude de −180 à 180, "
                 "latitude de −90 à 90.",
                 "A position is not in degrees: longitude from −180 to 180, "
                 "latitude from −90 to 90."),
            Text("Dites le système de coordonnées dans l'en-tête Content-Crs, et "
                 "gardez l'ordre de ses axes.",
                 "Say the reference system in the header Content-Crs, and keep the "
                 "order of its axes."),
        )  # fmt: skip


def _require_valid(geometry: Geometry) -> None:
    if not shapely.is_valid(geometry):
        reason = shapely.is_valid_reason(geometry)
        raise wrong(
            Text(f"La géométrie n'est pas valide : {reason}.",
                 f"The geometry is not valid: {reason}.")
        )  # fmt: skip


def _malformed() -> EditRefused:
    return wrong(
        Text("La géométrie est mal formée ou vide.",
             "The geometry is malformed or empty."),
        Text("Suivez la RFC 7946 ; pour n'en avoir aucune, écrivez null.",
             "Follow RFC 7946; to have none, write null."),
    )  # fmt: skip
