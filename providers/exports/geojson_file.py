"""Rows as one GeoJSON FeatureCollection: the features that the items show.

Longitude and latitude (CRS84); outer rings run counterclockwise.

References
----------
RFC 7946, clauses 3.1.6 (rings), 3.3, 4.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import shapely

from metadata.crs import CRS84, UnknownCrs
from metadata.measured import FieldType
from providers.exports.content import Batch, FileContent
from providers.geopackage_writing import identifier, json_text, shapes_as_geojson
from providers.table_rows import TableRow, Value


class GeojsonFile:
    """Writes one GeoJSON file, a batch at a time."""

    def __init__(self, path: Path, content: FileContent) -> None:
        self._file = path.open("wb")
        self._key, self._geometry = content.key, content.geometry
        self._members = [
            (json_text(column.name, FieldType.STRING) + ":", column.field.type)
            for column in content.columns
        ]
        self._kinds = [column.field.type for column in content.columns]
        self._file.write(b'{"type":"FeatureCollection","features":[')
        self._before = b"\n"

    def write(self, batch: Batch) -> None:
        """Add some rows."""
        for row, shape in zip(batch.rows, self._shapes(batch), strict=True):
            feature = (
                f'{{"type":"Feature",{self._id(row)}"geometry":{shape},'
                f'"properties":{self._properties(row)}}}'
            )
            self._file.write(self._before + feature.encode("utf-8", "replace"))
            self._before = b",\n"

    def close(self) -> None:
        """End the file."""
        self._file.write(b"\n]}\n")
        self._file.close()

    def abandon(self) -> None:
        """Let go of a file that nobody will use."""
        self._file.close()

    def _shapes(self, batch: Batch) -> list[str]:
        nothing = ["null"] * len(batch.rows)
        if self._geometry is None or not self._geometry.srid:
            return nothing
        flat = np.asarray(shapely.from_wkb(batch.wkb), object)
        turned = shapely.orient_polygons(flat, exterior_cw=False)
        try:
            return list(shapes_as_geojson(turned, self._geometry.srid, CRS84))
        except UnknownCrs:
            return nothing

    def _id(self, row: TableRow) -> str:
        values = [row.values[place] for place in self._key]
        if not values:
            return ""
        if len(values) == 1:
            return f'"id":{_cell(values[0], self._kinds[self._key[0]])},'
        return f'"id":{json_text(identifier(values), FieldType.STRING)},'

    def _properties(self, row: TableRow) -> str:
        members = [
            name + _cell(value, kind)
            for (name, kind), value in zip(self._members, row.values, strict=True)
        ]
        return "{" + ",".join(members) + "}"


def _cell(value: Value, kind: FieldType) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return "null" if value is None else json_text(value, kind)
