"""Rows of a GeoPackage layer as GML 3.2 text, as `providers.postgis_gml` writes it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from math import isfinite
from typing import Final

import shapely
from shapely import Geometry

from metadata.dataset import Collection
from metadata.measured import FieldType
from providers.geopackage_writing import (
    FeatureWriter,
    identifier,
    json_text,
    shapes_moved,
    shapes_of,
)
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
from providers.query import Query
from providers.streams import Row
from providers.xml_text import xml_identifier, xml_name, xml_text

_DAY: Final = re.compile(DAY, re.ASCII)
_MOMENT: Final = re.compile(MOMENT, re.ASCII)
_PLACE_OF_T: Final = 10
_Write = Callable[[object], str | None]


class GmlWriter(FeatureWriter):
    """Writes rows of one query as features within their ``featureMember``."""

    def __init__(self, collection: Collection, query: Query) -> None:
        super().__init__(collection, query)
        self.columns = tuple(shown_columns(collection, query))
        self._srs = query.crs.uri
        self._name = feature_name(collection)
        self._own = element(self._name)
        self._geometry = element(geometry_name(collection))
        self._elements = [
            (element(xml_name(column.name)), _WRITERS.get(column.field.type, _other))
            for column in self.columns
        ]

    def write(self, rows: Sequence[Row]) -> list[bytes]:
        """Return one feature per row."""
        shapes = self._shapes(rows)
        return [
            self._feature(row, shape).encode("utf-8")
            for row, shape in zip(rows, shapes, strict=True)
        ]

    def _feature(self, row: Row, shape: Geometry | None) -> str:
        own = f"{self._name}.{self._key(row)}"
        parts = [MEMBER, f'<{self._own.name} gml:id="{own}">']
        if shape is not None:
            place = "".join(_written(shape, _identifiers(own), self._srs))
            parts += [self._geometry.start, place, self._geometry.end]
        first = 1 + len(self.key)
        for (each, write), value in zip(
            self._elements, row[first : self.width], strict=True
        ):
            text = None if value is None else write(value)
            if text is not None:
                parts += [each.start, text, each.end]
        return "".join((*parts, self._own.end, MEMBER_END))

    def _key(self, row: Row) -> str:
        if not self.key:
            return UNNUMBERED
        values = row[1 : 1 + len(self.key)]
        return xml_identifier(
            str(values[0]) if len(values) == 1 else identifier(values)
        )

    def _shapes(self, rows: Sequence[Row]) -> Sequence[Geometry | None]:
        """Return geometries; none where they have no position that is a number."""
        if self.geometry is None:
            return [None] * len(rows)
        shapes = shapes_of([row[0] for row in rows])
        shapes[shapely.is_empty(shapes)] = None
        return list(shapes_moved(shapes, self.geometry.srid, self.crs))


def _identifiers(own: str) -> Iterator[str]:
    """Yield the identifiers of a geometry and of its parts."""
    yield f"_g.{own}"
    for number in count(1):
        yield f"_g{number}.{own}"


_MULTI: Final[Mapping[str, tuple[str, str]]] = {
    "MultiPoint": ("MultiPoint", "pointMember"),
    "MultiLineString": ("MultiCurve", "curveMember"),
    "MultiPolygon": ("MultiSurface", "surfaceMember"),
    "GeometryCollection": ("MultiGeometry", "geometryMember"),
}


def _written(shape: Geometry, identifiers: Iterator[str], srs: str) -> Iterator[str]:
    """Yield a geometry; empty parts are left out, for GML has none."""
    attributes = f' gml:id="{next(identifiers)}"'
    if srs:
        attributes += f' srsName="{srs}"'
    name, member = _MULTI.get(shape.geom_type, (shape.geom_type, ""))
    yield f"<gml:{name}{attributes}>"
    if member:
        for part in shape.geoms:
            if not part.is_empty:
                yield f"<gml:{member}>"
                yield from _written(part, identifiers, "")
                yield f"</gml:{member}>"
    elif name == "Polygon":
        yield from _ring("exterior", shape.exterior)
        for ring in shape.interiors:
            yield from _ring("interior", ring)
    else:
        yield _positions("pos" if name == "Point" else "posList", shape)
    yield f"</gml:{name}>"


def _ring(role: str, ring: Geometry) -> Iterator[str]:
    yield f"<gml:{role}><gml:LinearRing>"
    yield _positions("posList", ring)
    yield f"</gml:LinearRing></gml:{role}>"


def _positions(name: str, shape: Geometry) -> str:
    deep = shape.has_z
    numbers = shapely.get_coordinates(shape, include_z=deep).ravel().tolist()
    text = " ".join(map(_number_text, numbers))
    dimension = ' srsDimension="3"' if deep else ""
    return f"<gml:{name}{dimension}>{text}</gml:{name}>"


def _number_text(number: float) -> str:
    return repr(number).removesuffix(".0")


def _boolean(value: object) -> str:
    return "true" if value else "false"


def _integer(value: object) -> str | None:
    return str(value) if isinstance(value, int) else None


def _number(value: object) -> str | None:
    is_number = isinstance(value, int | float) and isfinite(value)
    return repr(value) if is_number else None


def _binary(value: object) -> str:
    raw = value if isinstance(value, bytes) else str(value).encode()
    return base64.b64encode(raw).decode()


def _day(value: object) -> str | None:
    text = str(value)
    return text if _DAY.fullmatch(text) else None


def _moment(value: object) -> str | None:
    text = str(value)
    if text[_PLACE_OF_T : _PLACE_OF_T + 1] == " ":
        text = text.replace(" ", "T", 1)
    return text if _MOMENT.fullmatch(text) else None


def _json(value: object) -> str:
    return xml_text(json_text(value, FieldType.JSON))


def _other(value: object) -> str:
    return _binary(value) if isinstance(value, bytes) else xml_text(str(value))


_WRITERS: Final[Mapping[FieldType, _Write]] = {
    FieldType.BOOLEAN: _boolean,
    FieldType.INTEGER: _integer,
    FieldType.NUMBER: _number,
    FieldType.BINARY: _binary,
    FieldType.DATE: _day,
    FieldType.DATETIME: _moment,
    FieldType.JSON: _json,
}
