"""Rows as CSV.

UTF-8, commas, a header, lines that end in CR LF; a value is quoted where it must
be, and an empty text is quoted so that it is told from no value. Numbers are
exact, truths are ``true`` and ``false``, bytes are in base64.

The geometry is the last column, ``WKT``, in longitude and latitude (CRS84), a name
by which GDAL and QGIS find it; points have ``longitude`` and ``latitude`` besides.
A text that begins with ``=``, ``+``, ``-`` or ``@`` goes out as it is: the file
holds the data, and whoever opens it in a spreadsheet imports such columns as text.

References
----------
RFC 4180; OGC 06-103r4, clause 7 (WKT).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from metadata.crs import CRS84, UnknownCrs
from metadata.measured import GeometryType
from providers.exports.content import Batch, FileContent
from providers.geopackage_geometry import moved_coordinates
from providers.table_rows import Value

DEGREE_DIGITS: Final = 9
"""Decimals of a coordinate: a tenth of a millimetre."""
_TO_BE_QUOTED: Final = re.compile(r'[",\r\n]|^\s|\s$')
_PLACE: Final = ("longitude", "latitude")


class CsvFile:
    """Writes one CSV file, a batch at a time."""

    def __init__(self, path: Path, content: FileContent) -> None:
        self._file = path.open("wb")
        self._geometry = content.geometry
        names = [column.name for column in content.columns]
        taken = {name.casefold() for name in names}
        geometry = content.geometry
        is_point = geometry is not None and geometry.type is GeometryType.POINT
        self._has_place = is_point and not taken & set(_PLACE)
        added = [*(_PLACE if self._has_place else ()), *(["WKT"] if geometry else [])]
        free = ("_WKT" if name.casefold() in taken else name for name in added)
        self._write_line(map(_text, (*names, *free)))

    def write(self, batch: Batch) -> None:
        """Add some rows."""
        more = self._shapes(batch) if self._geometry else [()] * len(batch.rows)
        for row, added in zip(batch.rows, more, strict=True):
            self._write_line((*map(cell, row.values), *added))

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def abandon(self) -> None:
        """Let go of a file that nobody will use."""
        self._file.close()

    def _shapes(self, batch: Batch) -> Sequence[tuple[str, ...]]:
        """Return the columns of the geometry of each row."""
        shapes = self._moved(batch.shapes)
        texts = [
            "" if shape is None else f'"{text}"' if "," in str(text) else str(text)
            for shape, text in zip(shapes, _wkt(shapes), strict=True)
        ]
        if not self._has_place:
            return [(text,) for text in texts]
        places = zip(shapely.get_x(shapes), shapely.get_y(shapes), texts, strict=True)
        return [(_degrees(x), _degrees(y), text) for x, y, text in places]

    def _moved(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return geometries in longitude and latitude; where unknown, none."""
        srid = self._geometry.srid if self._geometry else 0
        nowhere = np.full(len(shapes), None, dtype=object)
        if not srid:
            return nowhere
        try:
            return moved_coordinates(
                shapes, srid, CRS84.srid, DEGREE_DIGITS, swap=False
            )
        except UnknownCrs:
            return nowhere

    def _write_line(self, cells: Iterable[str]) -> None:
        self._file.write((",".join(cells) + "\r\n").encode("utf-8", "replace"))


def cell(value: Value) -> str:
    """Return a value as it stands between two commas."""
    return "" if value is None else _WRITERS[type(value)](value)


def _text(value: str) -> str:
    if not value or _TO_BE_QUOTED.search(value):
        return '"' + value.replace('"', '""') + '"'
    return value


def _bytes(value: bytes) -> str:
    return _text(base64.b64encode(value).decode())


_WRITERS: Final[dict[type, Callable[..., str]]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    float: repr,
    Decimal: lambda value: format(value, "f"),
    str: _text,
    bytes: _bytes,
}


def _wkt(shapes: NDArray[np.object_]) -> Sequence[object]:
    """Return WKT with heights, without measures."""
    return list(
        shapely.to_wkt(
            shapes, rounding_precision=DEGREE_DIGITS, trim=True, output_dimension=3
        )
    )


def _degrees(value: float) -> str:
    """Return a coordinate; empty for a point without a place."""
    return "" if np.isnan(value) else repr(round(float(value), DEGREE_DIGITS))
