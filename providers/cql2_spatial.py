"""Geometries written in a filter, and what they are asked for.

References
----------
OGC 21-065r2 (CQL2), clause 8.5 (Spatial Functions); RFC 7946.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from math import isfinite
from typing import Any, TypeGuard

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from metadata.crs import CRS84, Crs
from metadata.finding import Text
from metadata.measured import Bounds
from providers.boxes import read_box, split_box
from providers.cql2_text import refused
from providers.cql2_tree import (
    All,
    Boxes,
    Not,
    Predicate,
    Relation,
    Some,
    Spatial,
    Truth,
)

RELATIONS: Mapping[str, Relation] = {
    f"s_{relation.name.lower()}": relation for relation in Relation
}
"""The spatial functions by name."""
MIRRORED: Mapping[Relation, Relation] = {
    **{relation: relation for relation in Relation},
    Relation.WITHIN: Relation.CONTAINS,
    Relation.CONTAINS: Relation.WITHIN,
}
"""What a function says when its operands change places."""
_DEPTH = {
    "Point": 1,
    "MultiPoint": 2,
    "LineString": 2,
    "MultiLineString": 3,
    "Polygon": 3,
    "MultiPolygon": 4,
}
_WORLD = Bounds(-180, -90, 180, 90, CRS84.srid)
_COLLECTION = "GeometryCollection"
_TOGETHER = frozenset({Relation.INTERSECTS, Relation.DISJOINT})
"""Relations that collections of geometries have."""


def is_geometry(node: object) -> TypeGuard[Mapping[str, object]]:
    """Tell whether a node is a geometry or a box."""
    return isinstance(node, Mapping) and ("bbox" in node or "type" in node)


def relate(relation: Relation, node: Mapping[str, object], crs: Crs) -> Predicate:
    """Return the condition that a spatial function stands for.

    Parameters
    ----------
    node
        A geometry or box as CQL2 JSON writes it, in the axis order of `crs`.

    Raises
    ------
    metadata.errors.QueryError
        The geometry is malformed or not valid.
    """
    if "bbox" in node and relation is Relation.INTERSECTS:
        return Boxes(_boxes(node["bbox"], crs))
    geometry = _shape(relation, node, crs)
    xmin, ymin, xmax, ymax = (float(value) for value in geometry.bounds)
    bounds = Bounds(xmin, ymin, xmax, ymax, crs.srid)
    return Spatial(relation, shapely.to_wkb(geometry), bounds)


def relate_written(
    relation: Relation,
    left: Mapping[str, object],
    right: Mapping[str, object],
    crs: Crs,
) -> Predicate:
    """Return what a spatial function says of two geometries that are both written.

    Raises
    ------
    metadata.errors.QueryError
        One of them is malformed or not valid.
    """
    one, other = (_shape(relation, node, crs) for node in (left, right))
    predicate = getattr(shapely, relation.name.lower())
    return Truth(bool(predicate(one, other)))


def relate_to_itself(relation: Relation) -> Predicate:
    """Return what a spatial function says of a feature's geometry and itself.

    Without a geometry that is unknown; an empty one meets nothing, itself included.
    """
    filled = Boxes((_WORLD,))
    if relation in {Relation.INTERSECTS, Relation.WITHIN, Relation.CONTAINS}:
        return filled
    if relation is Relation.DISJOINT:
        return Not(filled)
    known = (filled, Not(filled))
    return Some(known) if relation is Relation.EQUALS else All(known)


def _shape(relation: Relation, node: Mapping[str, object], crs: Crs) -> Geometry:
    """Return a written geometry or box, x first, once it is fit for a relation."""
    if "bbox" in node:
        boxes = _boxes(node["bbox"], crs)
        polygons = [shapely.box(b.xmin, b.ymin, b.xmax, b.ymax) for b in boxes]
        whole = polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)
        return _fit(whole)
    geometry = _geometry(node)
    if crs.swapped:
        geometry = shapely.transform(geometry, _flipped)
    if geometry.geom_type == _COLLECTION and relation not in _TOGETHER:
        name = relation.name
        raise refused(
            Text(f"S_{name} n'accepte pas de GeometryCollection.",
                 f"S_{name} takes no GeometryCollection."),
            Text("Écrivez ses parties une à une, avec « or » ou « and ».",
                 "Write its parts one by one, with “or” or “and”."),
        )  # fmt: skip
    return _fit(geometry)


def _boxes(numbers: object, crs: Crs) -> tuple[Bounds, ...]:
    if not isinstance(numbers, Sequence) or not all(map(_is_number, numbers)):
        raise _malformed("bbox")
    return split_box(read_box([float(n) for n in numbers], crs, parameter="filter"))


def _fit(geometry: Geometry) -> Geometry:
    """Return a geometry that is neither empty nor invalid."""
    if geometry.is_empty:
        raise refused(
            Text("La géométrie du filtre est vide.", "The filter's geometry is empty.")
        )
    reason = shapely.is_valid_reason(geometry)
    if not shapely.is_valid(geometry):
        raise refused(
            Text(f"La géométrie du filtre n'est pas valide : {reason}.",
                 f"The filter's geometry is not valid: {reason}.")
        )  # fmt: skip
    return geometry


def _flipped(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    return coordinates[:, ::-1]


def _geometry(node: Mapping[str, object]) -> Geometry:
    """Return the geometry of a GeoJSON object, without heights."""
    kind = node.get("type")
    if kind == _COLLECTION:
        members = node.get("geometries")
        if not isinstance(members, Sequence) or not all(map(is_geometry, members)):
            raise _malformed(_COLLECTION)
        return shapely.GeometryCollection([_geometry(member) for member in members])
    if not isinstance(kind, str) or kind not in _DEPTH:
        raise _malformed(str(kind))
    coordinates = _plain(node.get("coordinates"), _DEPTH[kind], kind)
    _require_closed(coordinates, kind)
    try:
        return shapely.geometry.shape({"type": kind, "coordinates": coordinates})
    except (ValueError, TypeError, IndexError, shapely.errors.GEOSException) as error:
        raise _malformed(kind) from error


def _require_closed(coordinates: tuple[Any, ...], kind: str) -> None:
    """Refuse rings that do not end where they begin, which GEOS would close."""
    rings = {"Polygon": coordinates, "MultiPolygon": chain(*coordinates)}
    for ring in rings.get(kind, ()):
        if ring and ring[0] != ring[-1]:
            raise refused(
                Text(f"Un anneau de la géométrie du filtre ({kind}) n'est pas fermé.",
                     f"A ring of the filter's geometry ({kind}) is not closed."),
                Text("Répétez la première position à la fin.",
                     "Repeat the first position at the end."),
            )  # fmt: skip


def _plain(node: object, depth: int, kind: str) -> tuple[object, ...]:
    """Return nested positions of two finite numbers each."""
    if not isinstance(node, Sequence) or isinstance(node, str):
        raise _malformed(kind)
    if depth > 1:
        return tuple(_plain(each, depth - 1, kind) for each in node)
    position = tuple(node)[:2]
    if len(position) < len("xy") or not all(map(_is_number, position)):
        raise _malformed(kind)
    return position


def _is_number(value: object) -> bool:
    """Tell whether a value is a number that doubles have."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(float(value))
    except OverflowError:
        return False


def _malformed(kind: str) -> Exception:
    return refused(
        Text(f"La géométrie du filtre ({kind}) est mal formée.",
             f"The filter's geometry ({kind}) is malformed.")
    )  # fmt: skip
