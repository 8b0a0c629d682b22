"""Rows as FlatGeobuf, with an index that a browser reads by ranges.

GDAL writes the features; the index is ours (`providers.exports.flatgeobuf_index`):
GDAL's own holds a part of the file in memory and knows no feature without a place.
Whole numbers, texts, truths, bytes and JSON are kept; days are moments at midnight,
moments are cut to the millisecond, all that GDAL keeps of them. Where some geometries
have several parts, all are written as if they had; where types differ altogether, the
file knows no type and no heights.

References
----------
FlatGeobuf 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from providers.exports.flatgeobuf_index import add_index
from providers.exports.gdal_layer import Layer, write_layer
from providers.exports.spool import Spool


def write_flatgeobuf(spool: Spool, path: Path) -> None:
    """Write the rows of a spool as one FlatGeobuf.

    Raises
    ------
    OSError
        It cannot be written.
    """
    content, bounds = spool.content, list[NDArray[np.float64]]()
    said = {"TITLE": content.title, "DESCRIPTION": content.about}
    layer = Layer(
        name=content.name,
        driver="FlatGeobuf",
        schema=spool.schema,
        shape=spool.shape,
        kind=spool.facts.common,
        srid=content.geometry.srid if content.geometry else 0,
        options={"SPATIAL_INDEX": "NO", **{k: v for k, v in said.items() if v}},
    )

    place = spool.schema.get_field_index(spool.shape)

    def measured() -> Iterator[pa.RecordBatch]:
        for batch in spool.batches():
            read = shapely.from_wkb(batch[spool.shape].to_pylist())
            shapes = spool.facts.alike(np.asarray(read, object))
            bounds.append(shapely.bounds(shapes))
            wkb = shapely.to_wkb(shapes, byte_order=1, flavor="iso")
            column = pa.array(list(wkb), pa.binary())
            yield batch.set_column(place, spool.schema.field(place), column)

    plain = path.with_name(f"plain-{path.name}")
    write_layer(plain, layer, measured())
    add_index(plain, path, np.concatenate([np.empty((0, 4)), *bounds]))
