"""Rows as GeoParquet 1.1: readable by geopandas, DuckDB, GDAL and pyarrow alone.

Geometries are ISO WKB in storage coordinates, x before y, whatever the reference
system says of its axes. Each row has its box, so that readers pass over groups of rows
that lie elsewhere. A table without geometry is plain Parquet.

References
----------
GeoParquet 1.1.0, file and column metadata, bounding box columns; PROJJSON 0.7.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from providers.exports.arrow_rows import ArrowRows
from providers.exports.content import Batch, FileContent
from providers.exports.names import unused
from providers.exports.shape_facts import ShapeFacts

_GROUP_ROWS: Final = 50_000
_GROUP_BYTES: Final = 16 * 2**20
"""Of rows as they are in memory, per group."""
_SIDES: Final = ("xmin", "ymin", "xmax", "ymax")
_BOX: Final = pa.struct([(side, pa.float64()) for side in _SIDES])


class ParquetFile:
    """Writes one Parquet file, a group of rows at a time."""

    def __init__(self, path: Path, content: FileContent) -> None:
        self._content, self._rows = content, ArrowRows(content, has_decimals=True)
        schema, shape = self._rows.schema, self._rows.shape
        self._box = unused("bbox", schema.names) if shape else ""
        self._schema = schema.append(pa.field(self._box, _BOX)) if shape else schema
        self._facts = ShapeFacts()
        self._held: list[pa.RecordBatch] = []
        # Without Arrow's own copy of the schema, which hides what the file says of
        # its geometries from whoever reads it through Arrow.
        self._file = pq.ParquetWriter(
            path, self._schema, compression="zstd", store_schema=False
        )

    def write(self, batch: Batch) -> None:
        """Add some rows."""
        made = self._rows.made(batch)
        if self._box:
            self._facts.grow(batch.shapes)
            boxes = _boxes(batch)
            arrays = [*made.columns, boxes]
            made = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        self._held.append(made)
        rows = sum(each.num_rows for each in self._held)
        size = sum(each.nbytes for each in self._held)
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """End the file."""
        self._flush()
        said = {"title": self._content.title, "description": self._content.about}
        if self._box:
            said["geo"] = json.dumps(self._geo(), ensure_ascii=False)
        self._file.add_key_value_metadata(said)
        self._file.close()

    def abandon(self) -> None:
        """Let go of a file that nobody will use."""
        self._held.clear()
        self._file.close()

    def _flush(self) -> None:
        if self._held:
            table = pa.Table.from_batches(self._held, schema=self._schema)
            self._held.clear()
            self._file.write_table(table, row_group_size=max(1, table.num_rows))

    def _geo(self) -> dict[str, Any]:
        """Return what the file says of its geometries."""
        srid = self._content.geometry.srid if self._content.geometry else 0
        column: dict[str, Any] = {
            "encoding": "WKB",
            "geometry_types": self._facts.names,
            "crs": projjson(srid),
            "covering": {"bbox": {side: [self._box, side] for side in _SIDES}},
        }
        if self._facts.box:
            column["bbox"] = self._facts.box
        shape = self._rows.shape
        return {"version": "1.1.0", "primary_column": shape, "columns": {shape: column}}


def projjson(srid: int) -> dict[str, Any] | None:
    """Return a reference system as PROJJSON; `None` where nobody knows it."""
    if srid <= 0:
        return None
    try:
        return CRS.from_epsg(srid).to_json_dict()
    except CRSError:
        return None


def _boxes(batch: Batch) -> pa.Array:
    """Return the box of each row; nothing of a geometry without a place."""
    bounds = shapely.bounds(batch.shapes)
    sides = [pa.array(column) for column in bounds.T]
    nowhere = pa.array(np.isnan(bounds[:, 0]))
    return pa.StructArray.from_arrays(sides, fields=list(_BOX), mask=nowhere)
