"""Rows of a GeoPackage layer as GeoJSON text (RFC 7946)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from math import isfinite
from urllib.parse import quote

import numpy as np
import shapely
from numpy.typing import NDArray

from metadata.crs import Crs
from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.measured import FieldType
from providers.decimals import decimals
from providers.geopackage_geometry import moved_coordinates, wkb_of
from providers.query import Query, key_columns
from providers.streams import Row

_COLLECTION = int(shapely.GeometryType.GEOMETRYCOLLECTION)
_Write = Callable[[object], str]


class FeatureWriter:
    """Writes rows of one query: geometry, key, properties, in that order."""

    def __init__(self, collection: Collection, query: Query) -> None:
        shown = query.properties
        self.key = key_columns(collection)
        self.columns = published_columns(collection) if shown is None else shown
        self.geometry = collection.geometry if query.geometry else None
        self.crs = query.crs
        self._members = [
            (f"{_dumps(column.name)}:", _WRITERS.get(column.field.type, _dumps))
            for column in self.columns
        ]

    @property
    def width(self) -> int:
        """Columns of a row that a feature is written from."""
        return 1 + len(self.key) + len(self.columns)

    def write(self, rows: Sequence[Row]) -> list[bytes]:
        """Return one GeoJSON Feature per row."""
        geometries = self._geometries([row[0] for row in rows])
        return [
            (
                f'{{"type":"Feature",{self.id_member(row)}"geometry":{geometry},'
                f'"properties":{self.properties(row)}}}'
            ).encode()
            for row, geometry in zip(rows, geometries, strict=True)
        ]

    def _geometries(self, blobs: Sequence[object]) -> Sequence[str]:
        if self.geometry is None:
            return ["null"] * len(blobs)
        return geojson(blobs, self.geometry.srid, self.crs)

    def id_member(self, row: Row) -> str:
        """Return the ``id`` member and its comma; empty without a key."""
        if not self.key:
            return ""
        values = row[1 : 1 + len(self.key)]
        if len(values) == 1:
            return f'"id":{_dumps(values[0])},'
        return f'"id":{_dumps(identifier(values))},'

    def properties(self, row: Row) -> str:
        """Return the properties as a JSON object."""
        first = 1 + len(self.key)
        values = row[first : first + len(self._members)]
        members = [
            name + ("null" if value is None else write(value))
            for (name, write), value in zip(self._members, values, strict=True)
        ]
        return "{" + ",".join(members) + "}"


def identifier(values: Sequence[object]) -> str:
    """Return a composite key as a comma list of percent-encoded parts."""
    return ",".join(quote(str(value), safe="") for value in values)


def position_text(value: object, column: PublishedColumn) -> str | None:
    """Return a sort value as a text that keeps it exactly."""
    if value is None or isinstance(value, str):
        return value
    if column.field.type is FieldType.BOOLEAN:
        return "true" if value else "false"
    return repr(value)


def geojson(blobs: Sequence[object], source: int, crs: Crs) -> Sequence[str]:
    """Return GeoJSON geometries in the CRS and axis order asked for."""
    return shapes_as_geojson(shapes_of(blobs), source, crs)


def shapes_of(blobs: Sequence[object]) -> NDArray[np.object_]:
    """Return the shapes of geometries as a GeoPackage keeps them."""
    found = [wkb_of(blob) if isinstance(blob, bytes) else None for blob in blobs]
    return np.asarray(shapely.from_wkb(found), object)


def shapes_as_geojson(
    geometries: NDArray[np.object_], source: int, crs: Crs
) -> Sequence[str]:
    """Return GeoJSON geometries of shapes, which may be changed by it.

    Raises
    ------
    metadata.crs.UnknownCrs
        There is no way from the one to the other.
    """
    texts = shapely.to_geojson(shapes_moved(geometries, source, crs))
    return ["null" if text is None else str(text) for text in texts]


def shapes_moved(
    geometries: NDArray[np.object_], source: int, crs: Crs
) -> NDArray[np.object_]:
    """Return shapes in the CRS and axis order asked for, rounded.

    They have no measures and no collections within collections; those with a
    coordinate that is no number are none. The shapes given may be changed by it.

    Raises
    ------
    metadata.crs.UnknownCrs
        There is no way from the one to the other.
    """
    digits = decimals(crs)
    if shapely.has_m(geometries).any():
        geometries = _without_measures(geometries)
    _flatten(geometries)
    moved = moved_coordinates(geometries, source, crs.srid, digits, swap=crs.swapped)
    return _numbers_only(moved)


def _numbers_only(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return none for each geometry with a coordinate that is NaN or infinite."""
    found = geometries.copy()
    for deep in (False, True):
        places = np.flatnonzero(shapely.has_z(geometries) == deep)
        coordinates, owners = shapely.get_coordinates(
            geometries[places], include_z=deep, return_index=True
        )
        found[places[owners[~np.isfinite(coordinates).all(axis=1)]]] = None
    return found


def _flatten(geometries: NDArray[np.object_]) -> None:
    """Put the parts of collections within collections into the outer ones."""
    for place in np.flatnonzero(shapely.get_type_id(geometries) == _COLLECTION):
        parts = shapely.get_parts(geometries[place])
        if not (shapely.get_type_id(parts) == _COLLECTION).any():
            continue
        while (shapely.get_type_id(parts) == _COLLECTION).any():
            parts = shapely.get_parts(parts)
        geometries[place] = shapely.GeometryCollection(list(parts))


def _without_measures(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return geometries with heights but without measures."""
    return np.asarray(shapely.from_wkb(shapely.to_wkb(geometries, output_dimension=3)))


def json_text(value: object, kind: FieldType) -> str:
    """Return a value that is there as JSON."""
    return _WRITERS.get(kind, _dumps)(value)


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _boolean(value: object) -> str:
    return "true" if value else "false"


def _number(value: object) -> str:
    finite = not isinstance(value, float) or isfinite(value)
    return _dumps(value) if finite else "null"


def _binary(value: object) -> str:
    raw = value if isinstance(value, bytes) else str(value).encode()
    return _dumps(base64.b64encode(raw).decode())


def _embedded(value: object) -> str:
    """Return JSON as it stands; a text that is none goes out as text."""
    try:
        json.loads(str(value))
    except ValueError:
        return _dumps(str(value))
    return str(value)


def _other(value: object) -> str:
    return _binary(value) if isinstance(value, bytes) else _dumps(value)


_WRITERS: dict[FieldType, _Write] = {
    FieldType.BOOLEAN: _boolean,
    FieldType.NUMBER: _number,
    FieldType.BINARY: _binary,
    FieldType.JSON: _embedded,
    FieldType.OTHER: _other,
    FieldType.STRING: _other,
}
