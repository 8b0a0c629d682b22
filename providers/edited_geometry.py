"""A geometry that a client sends: GeoJSON, checked against the column it is for.

References
----------
RFC 7946, clauses 3.1 and 4; OGC API Features Part 4 (20-002, draft), “Coordinate
reference systems”.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import chain
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from metadata.crs import Crs
from metadata.finding import Text
from metadata.measured import GeometryColumn, GeometryType
from providers.feature_editing import EditRefused, Refusal, Shape
from providers.windows import is_geographic

_NUMBERS: Final = frozenset({int, float, Decimal})
"""Truth values are no numbers, though Python takes them for some."""
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
    if kind not in {*_BUILDERS, _COLLECTION}:
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
    kind = str(value.get("type"))
    if kind == _COLLECTION:
        return shapely.GeometryCollection([_member(m) for m in _members(value)])
    try:
        return _BUILDERS[kind](value.get("coordinates"))
    except (ValueError, TypeError, OverflowError) as error:
        raise _malformed() from error
    except shapely.errors.GEOSException as error:
        raise _malformed() from error


def _members(value: Mapping[str, Any]) -> list[Any]:
    return _filled(value.get("geometries"))


def _member(value: Any) -> Geometry:
    """Return one geometry of a collection, which is no collection itself."""
    if not isinstance(value, Mapping) or value.get("type") not in _BUILDERS:
        raise _malformed()
    return _geometry(value)


def _filled(node: Any) -> list[Any]:
    if not isinstance(node, list) or not node:
        raise _malformed()
    return node


def _point(node: Any) -> Geometry:
    return shapely.points(_positions([node])[0])


def _line(node: Any) -> Geometry:
    return shapely.linestrings(_positions(node))


def _polygon(node: Any) -> Geometry:
    outer, *holes = (_ring(each) for each in _filled(node))
    return shapely.polygons(outer, holes=holes or None)


def _ring(node: Any) -> Geometry:
    """Return a ring that ends where it begins; GEOS would close any."""
    positions = _positions(node)
    if not (positions[0] == positions[-1]).all():
        raise wrong(
            Text("Un anneau n'est pas fermé.", "A ring is not closed."),
            Text("Répétez la première position à la fin.",
                 "Repeat the first position at the end."),
        )  # fmt: skip
    return shapely.linearrings(positions)


_BUILDERS: Final[Mapping[str, Callable[[Any], Geometry]]] = {
    "Point": _point,
    "MultiPoint": lambda node: shapely.multipoints(shapely.points(_positions(node))),
    "LineString": _line,
    "MultiLineString": lambda node: shapely.multilinestrings(
        [_line(each) for each in _filled(node)]
    ),
    "Polygon": _polygon,
    "MultiPolygon": lambda node: shapely.multipolygons(
        [_polygon(each) for each in _filled(node)]
    ),
}
"""What makes a geometry of its coordinates, by type."""


def _positions(node: Any) -> NDArray[np.float64]:
    """Return positions of two or three finite numbers each, at least one."""
    rows = _filled(node)
    if {type(row) for row in rows} != {list}:
        raise _malformed()
    sizes = {len(row) for row in rows}
    if not sizes <= {len("xy"), len("xyz")}:
        raise wrong(
            Text("Une position a deux nombres, ou trois.",
                 "A position has two numbers, or three.")
        )  # fmt: skip
    kinds = set(map(type, chain.from_iterable(rows)))
    if len(sizes) > 1 or not kinds <= _NUMBERS:
        raise _malformed()
    found = np.array(rows, dtype=np.float64)
    if not np.isfinite(found).all():
        raise _malformed()
    return found


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
