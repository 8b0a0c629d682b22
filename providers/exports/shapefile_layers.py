"""The layers of a Shapefile: one per kind of geometry, none larger than it may be.

A file of a Shapefile ends at 2 GiB, for many programs: a layer that would grow beyond
goes on in a second one, with `_2` at the end of its name, so that no row is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from metadata.measured import GeometryType
from providers.exports.dbase import DbaseField, DbaseFile, row_size
from providers.exports.gdal_layer import Layer, write_layer
from providers.exports.spool import Spool

LARGEST: Final = 2**31 - 1
"""Bytes of one file."""
_HEAD: Final = 100 * 1024
"""More than the head of any file takes."""
_RECORD: Final = 128
"""More than a record takes besides its positions."""
_GROWTH: Final = 1.5
"""More than positions with heights grow from WKB."""
_COLLECTION: Final = 7
_SHAPE: Final = "geometry"
_SCHEMA: Final = pa.schema([pa.field(_SHAPE, pa.binary())])


@dataclass(frozen=True)
class Kind:
    """A kind of geometry that a layer can hold."""

    name: str
    """At the end of the layer's name where there are several kinds."""
    gdal: str
    types: tuple[int, ...]
    """Numbers of GEOS."""
    stated: tuple[GeometryType, ...]
    """Types of a column all of whose geometries are of this kind."""


KINDS: Final = (
    Kind("point", "Point", (0,), (GeometryType.POINT,)),
    Kind("multipoint", "MultiPoint", (4,), (GeometryType.MULTI_POINT,)),
    Kind(
        "line",
        "LineString",
        (1, 2, 5),
        (GeometryType.LINE_STRING, GeometryType.MULTI_LINE_STRING),
    ),
    Kind(
        "polygon",
        "Polygon",
        (3, 6),
        (GeometryType.POLYGON, GeometryType.MULTI_POLYGON),
    ),
)
_OF_PARTS: Final = {
    "multipoint": ((0, 4), shapely.MultiPoint),
    "line": ((1, 2, 5), shapely.MultiLineString),
    "polygon": ((3, 6), shapely.MultiPolygon),
}


def kinds_of(spool: Spool) -> tuple[Kind, ...]:
    """Return the kinds of the geometries of a spool; the stated one without any."""
    found: set[str] = set()
    for batch in spool.batches():
        for kind in KINDS:
            if kind.name not in found and len(_chosen(_shapes(batch, spool), kind)[0]):
                found.add(kind.name)
    if not found:
        geometry = spool.content.geometry
        stated = geometry.type if geometry else GeometryType.GEOMETRY
        found = {kind.name for kind in KINDS if stated in kind.stated} or {"point"}
    return tuple(kind for kind in KINDS if kind.name in found)


class Rows:
    """The rows of a layer and their geometries, that are read once, part by part."""

    def __init__(
        self,
        spool: Spool,
        kind: Kind | None,
        *,
        with_rest: bool,
        places: Sequence[int],
        size: int,
        largest: int,
    ) -> None:
        self._spool, self._kind, self._with_rest = spool, kind, with_rest
        self._places, self._size, self._largest = places, size, largest
        self._pieces = self._read()
        self._next = next(self._pieces, None)

    @property
    def is_over(self) -> bool:
        """Whether all rows were read."""
        return self._next is None

    def part(self) -> Iterator[tuple[NDArray[np.object_], list[tuple[object, ...]]]]:
        """Yield geometries and cells as long as they fit into the files of a part."""
        shapes_size = cells_size = _HEAD
        while self._next is not None:
            shapes, cells = self._next
            sizes = self._sizes(shapes)
            room = np.searchsorted(np.cumsum(sizes), self._largest - shapes_size)
            fit = min(int(room), (self._largest - cells_size) // self._size)
            is_first = shapes_size == cells_size == _HEAD
            fit = max(fit, 1 if is_first else 0)
            if fit < len(cells):
                self._next = shapes[fit:], cells[fit:]
                if fit:
                    yield shapes[:fit], cells[:fit]
                return
            self._next = next(self._pieces, None)
            shapes_size += int(sizes.sum())
            cells_size += self._size * len(cells)
            yield shapes, cells

    def _sizes(self, shapes: NDArray[np.object_]) -> NDArray[np.float64]:
        """Return more than geometries take."""
        wkb = shapely.to_wkb(shapes)
        lengths = [len(each) if each else 0 for each in wkb]
        return _RECORD + _GROWTH * np.asarray(lengths)

    def _read(self) -> Iterator[tuple[NDArray[np.object_], list[tuple[object, ...]]]]:
        for batch in self._spool.batches():
            shapes = _shapes(batch, self._spool)
            rows, found = _chosen(shapes, self._kind)
            if self._with_rest:
                rest = np.flatnonzero([s is None for s in shapes])
                nothing = np.full(len(rest), None, object)
                rows = np.concatenate([rows, rest])
                order = np.argsort(rows, kind="stable")
                found = np.concatenate([found, nothing])[order]
                rows = rows[order]
            if not len(rows):
                continue
            taken = batch.take(pa.array(rows))
            columns = [taken.column(place).to_pylist() for place in self._places]
            cells = list(zip(*columns, strict=True)) or [()] * len(rows)
            yield found, cells


def write_part(
    folder: Path,
    name: str,
    kind: Kind | None,
    rows: Rows,
    fields: Sequence[DbaseField],
    spool: Spool,
) -> None:
    """Write one layer, or only its table where there is no kind of geometry."""
    path = folder / f"{name}.shp"
    aside = folder / f"{name}.cells"
    deep = spool.facts.has_heights
    with DbaseFile(aside, fields) as table:

        def batches() -> Iterator[pa.RecordBatch]:
            for shapes, cells in rows.part():
                table.write(cells)
                forced = (shapely.force_3d if deep else shapely.force_2d)(shapes)
                wkb = shapely.to_wkb(forced, flavor="iso", byte_order=1)
                yield pa.record_batch([pa.array(list(wkb), pa.binary())], _SCHEMA)

        if kind is None:
            for _ in batches():
                pass
        else:
            layer = Layer(
                name=name,
                driver="ESRI Shapefile",
                schema=_SCHEMA,
                shape=_SHAPE,
                kind=f"{kind.gdal}{' Z' * deep}",
                srid=spool.content.geometry.srid if spool.content.geometry else 0,
                options={},
            )
            write_layer(path, layer, batches())
    aside.replace(path.with_suffix(".dbf"))
    path.with_suffix(".cpg").write_text("UTF-8", encoding="ascii")


def write_layers(
    folder: Path,
    spool: Spool,
    fields: Sequence[DbaseField],
    places: Sequence[int],
    largest: int = LARGEST,
) -> list[str]:
    """Write every layer into a folder; return their names.

    Parameters
    ----------
    fields, places
        Fields of the tables, and where in the spool their values are.
    largest
        Bytes that no file may exceed.
    """
    kinds: list[Kind | None] = [*kinds_of(spool)]
    is_mixed, size = len(kinds) > 1, row_size(fields)
    names: list[str] = []
    for kind in [*kinds, None] if is_mixed else kinds:
        rows = Rows(
            spool,
            kind,
            with_rest=kind is None or not is_mixed,
            places=places,
            size=size,
            largest=largest,
        )
        if rows.is_over and is_mixed:
            continue
        base = spool.content.name
        name = f"{base}_{kind.name if kind else 'table'}" if is_mixed else base
        for number in count(1):
            part = name if number == 1 else f"{name}_{number}"
            write_part(folder, part, kind, rows, fields, spool)
            names.append(part)
            if rows.is_over:
                break
    return names


def _shapes(batch: pa.RecordBatch, spool: Spool) -> NDArray[np.object_]:
    """Return geometries; nothing of those without a place."""
    read = shapely.from_wkb(batch[spool.shape].to_pylist())
    shapes = np.asarray(read, object)
    shapes[shapely.is_empty(shapes)] = None
    return shapes


def _chosen(
    shapes: NDArray[np.object_], kind: Kind | None
) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Return the places of the geometries of a kind, and them.

    The parts of a collection go to the layers of their kinds.
    """
    types = shapely.get_type_id(shapes)
    found = shapes.copy()
    if kind is None:
        return np.empty(0, np.int64), np.empty(0, object)
    is_it = np.isin(types, kind.types)
    for place in np.flatnonzero(types == _COLLECTION):
        found[place] = _of_collection(shapes[place], kind)
        is_it[place] = found[place] is not None
    places = np.flatnonzero(is_it)
    return places, found[places]


def _of_collection(shape: shapely.Geometry, kind: Kind) -> shapely.Geometry | None:
    """Return the parts of a collection that are of a kind; `None` without any."""
    if kind.name not in _OF_PARTS:
        return None
    types, make = _OF_PARTS[kind.name]
    parts = shapely.get_parts([shape])
    while (shapely.get_type_id(parts) >= min(4, _COLLECTION)).any():
        parts = shapely.get_parts(parts)
    mine = parts[np.isin(shapely.get_type_id(parts), types) & ~shapely.is_empty(parts)]
    return make(list(mine)) if len(mine) else None
