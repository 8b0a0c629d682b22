"""Rows as CSV, in longitude and latitude (CRS84): the lines of `providers.csv_lines`.

References
----------
RFC 4180; OGC 06-103r4, clause 7 (WKT).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metadata.crs import CRS84, UnknownCrs
from providers.csv_lines import cell, csv_columns, line, shape_cells
from providers.exports.content import Batch, FileContent
from providers.geopackage_writing import shapes_moved


class CsvFile:
    """Writes one CSV file, a batch at a time."""

    def __init__(self, path: Path, content: FileContent) -> None:
        self._file = path.open("wb")
        self._geometry = content.geometry
        columns = csv_columns(content.columns, content.columns, self._geometry, CRS84)
        self._has_place = bool(columns.place)
        self._file.write(columns.head)

    def write(self, batch: Batch) -> None:
        """Add some rows."""
        more = self._shapes(batch) if self._geometry else [()] * len(batch.rows)
        self._file.writelines(
            line((*map(cell, row.values), *added))
            for row, added in zip(batch.rows, more, strict=True)
        )

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def abandon(self) -> None:
        """Let go of a file that nobody will use."""
        self._file.close()

    def _shapes(self, batch: Batch) -> Sequence[tuple[str, ...]]:
        """Return the cells of the geometry of each row."""
        return shape_cells(self._moved(batch.shapes), CRS84, place=self._has_place)

    def _moved(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return geometries in longitude and latitude; where unknown, none."""
        srid = self._geometry.srid if self._geometry else 0
        nowhere = np.full(len(shapes), None, dtype=object)
        if not srid:
            return nowhere
        try:
            return shapes_moved(shapes.copy(), srid, CRS84)
        except UnknownCrs:
            return nowhere
