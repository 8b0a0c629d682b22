"""Layers that GDAL writes from Arrow, a batch at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import write_arrow
from pyproj import CRS
from pyproj.exceptions import CRSError


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer that is to be written."""

    name: str
    driver: str
    schema: pa.Schema
    shape: str
    """Name of the column of geometries, which are WKB."""
    kind: str
    """Type of the geometries, in GDAL's words."""
    srid: int
    options: Mapping[str, str]
    """Of GDAL, for the creation of the layer."""


def write_layer(path: Path, layer: Layer, batches: Iterator[pa.RecordBatch]) -> None:
    """Write a file of one layer.

    Raises
    ------
    OSError
        GDAL cannot write it; what it says is in the message.
    """
    reader = pa.RecordBatchReader.from_batches(layer.schema, batches)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a reference system nobody knows
            write_arrow(
                reader,
                path,
                layer=layer.name,
                driver=layer.driver,
                geometry_name=layer.shape,
                geometry_type=layer.kind,
                crs=_crs(layer.srid),
                encoding="UTF-8" if layer.driver == "ESRI Shapefile" else None,
                layer_options=dict(layer.options),
            )
    except (DataLayerError, DataSourceError) as error:
        raise OSError(str(error)) from error


def _crs(srid: int) -> str | None:
    """Return a reference system by its code; `None` where nobody knows it."""
    if srid <= 0:
        return None
    try:
        CRS.from_epsg(srid)
    except CRSError:
        return None
    return f"EPSG:{srid}"
