"""Rows of a GeoPackage layer as JSON-FG text (OGC 21-045r1, profile “jsonfg”)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import shapely

from metadata.crs import CRS84
from metadata.dataset import Collection
from metadata.measured import FieldType
from providers.geopackage_writing import FeatureWriter, shapes_as_geojson, shapes_of
from providers.query import Query, time_column
from providers.streams import Row


class JsonfgWriter(FeatureWriter):
    """Writes rows of one query: geometry, key, properties, time, in that order."""

    def __init__(self, collection: Collection, query: Query) -> None:
        super().__init__(collection, query)
        self._in_place = query.crs != CRS84
        self._time = time_column(collection)
        if self._time is not None:
            self.columns = (*self.columns, self._time)

    def write(self, rows: Sequence[Row]) -> list[bytes]:
        """Return one JSON-FG feature per row."""
        shapes = self.placed([row[0] for row in rows])
        return [
            (
                f'{{"type":"Feature",{self.id_member(row)}"time":{self._when(row)},'
                f'{self._where(shape)},"properties":{self.properties(row)}}}'
            ).encode()
            for row, shape in zip(rows, shapes, strict=True)
        ]

    def placed(self, blobs: Sequence[object]) -> Sequence[str]:
        """Return geometries as JSON; null without a position."""
        if self.geometry is None:
            return ["null"] * len(blobs)
        shapes = shapes_of(blobs)
        shapes[shapely.is_empty(shapes)] = None
        return shapes_as_geojson(shapes, self.geometry.srid, self.crs)

    def _where(self, shape: str) -> str:
        if self._in_place:
            return f'"place":{shape},"geometry":null'
        return f'"place":null,"geometry":{shape}'

    def _when(self, row: Row) -> str:
        """Return when the feature is; null where RFC 3339 cannot say it."""
        if self._time is None:
            return "null"
        text = str(row[self.width - 1])
        if self._time.field.type is FieldType.DATE:
            day = _day(text)
            return f'{{"date":"{day}"}}' if day else "null"
        moment = _moment(text)
        return f'{{"timestamp":"{moment}Z"}}' if moment else "null"


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _moment(text: str) -> str:
    """Return an instant in UTC, its fraction as short as it is exact."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return ""
    utc = found.astimezone(UTC) if found.tzinfo else found
    whole, dot, fraction = utc.replace(tzinfo=None).isoformat().partition(".")
    return whole + (dot + fraction.rstrip("0") if dot else "")
