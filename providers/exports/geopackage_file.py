"""Rows as a GeoPackage of one layer: same rows and same moment, same bytes.

The layer bears the name of the collection and has an R-tree; geometries go out as
they are stored, in their own reference system. Types are the nearest that
GeoPackage has (`providers.exports.geopackage_columns`). Descriptions of columns are
there by the schema extension.

Everything is written in one transaction; a second one, always, sets the moment of the
last change, because SQLite counts transactions in the file.

References
----------
OGC 12-128r18 (GeoPackage 1.3.1), clauses 1.1.1, 1.1.3, 2.1, 2.4.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from metadata.measured import GeometryColumn
from providers.exports.content import Batch, FileContent
from providers.exports.geopackage_columns import (
    GeopackageColumn,
    geopackage_columns,
)
from providers.exports.geopackage_tables import (
    quoted,
    reference_system,
    rtree_name,
    table_statements,
    triggers,
)
from providers.exports.names import unused
from providers.table_rows import TableRow, Value

_NO_MOMENT: Final = "1970-01-01T00:00:00.000Z"
_SETTINGS: Final = (
    "page_size=4096",
    "encoding='UTF-8'",
    "application_id=1196444487",  # “GPKG”
    "user_version=10301",
    "cache_size=-16000",  # KiB
    "journal_mode=OFF",
    "synchronous=OFF",
    "locking_mode=EXCLUSIVE",
)
_HEAD: Final = struct.Struct("<2sBBi")
_BOX: Final = struct.Struct("<4d")
_LITTLE, _WITH_BOX, _EMPTY = 0b1, 0b10, 0b10000
_POINT_BYTES: Final = 21
_UNKNOWN: Final = -1
_ALWAYS: Final = frozenset({-1, 0, 4326})
"""Reference systems that every GeoPackage knows (clause 1.1.2.1.2)."""
_PLANE: Final = 2


class GeopackageFile:
    """Writes one GeoPackage, a batch at a time; tells no moment until `set_moment`."""

    def __init__(self, path: Path, content: FileContent) -> None:
        self._layer, self._identity = content.name, content.identity
        self._content, self._geometry = content, content.geometry
        self._columns = geopackage_columns(content)
        taken = [column.name for column in self._columns]
        place = content.identity
        self._fid = unused("fid", taken) if place is None else taken[place]
        self._shape = unused("geom", [*taken, self._fid])
        self._srid = (content.geometry.srid or _UNKNOWN) if content.geometry else 0
        self._numbers, self._box = count(1), _Box()
        self._others = [c for n, c in enumerate(self._columns) if n != place]
        self._database = sqlite3.connect(path, isolation_level=None)
        for setting in _SETTINGS:
            self._database.execute(f"PRAGMA {setting}")
        self._database.execute("BEGIN")
        self._make_tables()
        self._insert = _insertion(self._layer, len(self._columns_written()))

    def write(self, batch: Batch) -> None:
        """Add some rows."""
        fids = list(self._fids(batch.rows))
        cells = (
            [None if v is None else c.write(v) for c, v in self._pairs(row)]
            for row in batch.rows
        )
        shapes: Iterator[tuple[bytes | None, ...]] = iter([()] * len(fids))
        if self._geometry is not None:
            bounds = shapely.bounds(batch.shapes)
            shapes = ((blob,) for blob in self._blobs(batch.rows, bounds))
            self._index(fids, bounds)
        rows = zip(fids, shapes, cells, strict=True)
        self._database.executemany(self._insert, ((f, *s, *c) for f, s, c in rows))

    def close(self) -> None:
        """End the file."""
        self._make_contents()
        if self._geometry is not None:
            for statement in triggers(self._layer, self._shape, self._fid):
                self._database.execute(statement)
        self._database.execute("COMMIT")
        self._database.close()

    def abandon(self) -> None:
        """Let go of a file that nobody will use."""
        self._database.close()

    def _pairs(self, row: TableRow) -> Iterator[tuple[GeopackageColumn, Value]]:
        """Yield the columns besides the identity, and their values."""
        place = self._identity
        pairs = enumerate(zip(self._columns, row.values, strict=True))
        return (pair for number, pair in pairs if number != place)

    def _fids(self, rows: Sequence[TableRow]) -> Iterator[object]:
        place = self._identity
        for row in rows:
            yield next(self._numbers) if place is None else row.values[place]

    def _blobs(
        self, rows: Sequence[TableRow], bounds: NDArray[np.float64]
    ) -> Iterator[bytes | None]:
        """Yield geometries as GeoPackage keeps them (clause 2.1.3)."""
        for row, (xmin, ymin, xmax, ymax) in zip(rows, bounds.tolist(), strict=True):
            if row.wkb is None:
                yield None
                continue
            flags, box = _LITTLE, b""
            if np.isnan(xmin):
                flags |= _EMPTY
            elif len(row.wkb) > _POINT_BYTES:
                flags, box = flags | _WITH_BOX, _BOX.pack(xmin, xmax, ymin, ymax)
            yield _HEAD.pack(b"GP", 0, flags, self._srid) + box + row.wkb

    def _index(self, fids: Sequence[object], bounds: NDArray[np.float64]) -> None:
        """Enter geometries that are somewhere into the R-tree and the extent."""
        self._box.grow(bounds)
        there = ~np.isnan(bounds[:, 0])
        boxes = bounds[:, [0, 2, 1, 3]].tolist()
        self._database.executemany(
            _insertion(rtree_name(self._layer, self._shape), 5),
            (
                (fid, *box)
                for fid, box, is_there in zip(fids, boxes, there, strict=True)
                if is_there
            ),
        )

    def _make_tables(self) -> None:
        for statement in table_statements():
            self._database.execute(statement)
        for srid in (*sorted(_ALWAYS), *({self._srid} - _ALWAYS)):
            self._put("gpkg_spatial_ref_sys", *reference_system(srid))
        parts = [f"{quoted(self._fid)} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"]
        if self._geometry is not None:
            parts.append(f"{quoted(self._shape)} {self._geometry.type.value.upper()}")
            self._make_geometry(self._geometry)
        parts += [f"{quoted(column.name)} {column.type}" for column in self._others]
        self._database.execute(
            f"CREATE TABLE {quoted(self._layer)} ({', '.join(parts)})"
        )
        for column in self._columns:
            if column.description or column.media_type:
                told = (None, None, column.description, column.media_type or None, None)
                self._put("gpkg_data_columns", self._layer, column.name, *told)

    def _make_geometry(self, geometry: GeometryColumn) -> None:
        has_height = geometry.dimension - geometry.has_measure > _PLANE
        may_have_height = 2 if has_height else 0
        may_have_measure = 2 if geometry.has_measure else 0
        self._put(
            "gpkg_geometry_columns",
            *(self._layer, self._shape, geometry.type.value.upper(), self._srid),
            *(may_have_height, may_have_measure),
        )
        self._database.execute(
            f"CREATE VIRTUAL TABLE {quoted(rtree_name(self._layer, self._shape))}"
            " USING rtree(id, minx, maxx, miny, maxy)"
        )
        self._put(
            "gpkg_extensions",
            *(self._layer, self._shape, "gpkg_rtree_index"),
            *("http://www.geopackage.org/spec130/#extension_rtree", "write-only"),
        )

    def _make_contents(self) -> None:
        self._put(
            "gpkg_contents",
            *(self._layer, "attributes" if self._geometry is None else "features"),
            *(self._content.title, self._content.about, _NO_MOMENT),
            *(*self._box.corners, None if self._geometry is None else self._srid),
        )

    def _put(self, table: str, *values: object) -> None:
        self._database.execute(_insertion(table, len(values)), values)

    def _columns_written(self) -> list[str]:
        """Return the columns of the layer, in the order of the table."""
        shape = [self._shape] if self._geometry is not None else []
        return [self._fid, *shape, *(column.name for column in self._others)]


def _insertion(table: str, columns: int) -> str:
    places = ", ".join("?" * columns)
    return f"INSERT INTO {quoted(table)} VALUES ({places})"  # noqa: S608  (quoted)


def set_moment(path: Path, moment: datetime) -> None:
    """Tell in a finished file when its content last changed."""
    text = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("UPDATE gpkg_contents SET last_change = ?", (text,))
    finally:
        database.close()


class _Box:
    """The box around everything so far."""

    def __init__(self) -> None:
        self._low = np.full(2, np.inf)
        self._high = np.full(2, -np.inf)

    def grow(self, bounds: NDArray[np.float64]) -> None:
        """Take in some boxes; those of empty geometries are NaN."""
        there = bounds[~np.isnan(bounds[:, 0])]
        if len(there):
            self._low = np.minimum(self._low, there[:, :2].min(axis=0))
            self._high = np.maximum(self._high, there[:, 2:].max(axis=0))

    @property
    def corners(self) -> list[float | None]:
        """Least x and y, greatest x and y; four times nothing without any."""
        if np.isinf(self._low[0]):
            return [None] * 4
        return [*self._low.tolist(), *self._high.tolist()]
