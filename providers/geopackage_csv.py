"""Rows of a GeoPackage layer as lines of CSV, as the file made ahead has them."""

from __future__ import annotations

from collections.abc import Sequence

from metadata.dataset import Collection
from providers.csv_lines import cell, columns_asked, line, shape_cells
from providers.geopackage_writing import FeatureWriter, shapes_moved, shapes_of
from providers.query import Query
from providers.streams import Row
from providers.table_rows import plain_value


class CsvWriter(FeatureWriter):
    """Writes rows of one query: columns, place, geometry, in that order."""

    def __init__(self, collection: Collection, query: Query) -> None:
        super().__init__(collection, query)
        self._kinds = [column.field.type for column in self.columns]
        self._has_place = bool(columns_asked(collection, query).place)

    def write(self, rows: Sequence[Row]) -> list[bytes]:
        """Return one line per row, its end included."""
        first = 1 + len(self.key)
        return [
            line(
                (
                    *map(cell, map(plain_value, row[first : self.width], self._kinds)),
                    *shape,
                )
            )
            for row, shape in zip(rows, self._shapes(rows), strict=True)
        ]

    def _shapes(self, rows: Sequence[Row]) -> Sequence[tuple[str, ...]]:
        if self.geometry is None:
            return [()] * len(rows)
        shapes = shapes_of([row[0] for row in rows])
        moved = shapes_moved(shapes, self.geometry.srid, self.crs)
        return shape_cells(moved, self.crs, place=self._has_place)
