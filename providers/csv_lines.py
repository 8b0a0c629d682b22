"""Features as lines of CSV: what the files made ahead and the pages have in common.

A line has the published columns, for points the two columns of the place, and at
the end the geometry as WKT, under a name by which GDAL and QGIS find it. Nothing is
an empty cell, an empty text is ``""``. A text that begins with ``=``, ``+``, ``-``
or ``@`` goes out as it is: these are the data, and whoever opens them in a
spreadsheet imports such columns as text.

References
----------
RFC 4180; OGC 06-103r4, clause 7 (WKT).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from metadata.crs import Crs
from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.measured import GeometryColumn, GeometryType
from providers.decimals import decimals
from providers.query import Query
from providers.table_rows import Value
from providers.windows import is_geographic

LINE_END: Final = "\r\n"
TO_BE_QUOTED: Final = r'[",\r\n]|^[ \t]|[ \t]$'
"""What a text is not written bare with; blanks at its ends, lest a reader trims it."""
_TO_BE_QUOTED: Final = re.compile(TO_BE_QUOTED)
_WKT: Final = "WKT"
_ON_THE_GLOBE: Final = ("longitude", "latitude")
_ON_A_PLANE: Final = ("x", "y")


@dataclass(frozen=True)
class CsvColumns:
    """The columns of one collection in CSV, in their order."""

    names: tuple[str, ...]
    """Those of the published columns."""
    place: tuple[str, ...]
    """Of a point's place, easting or longitude first; `()` for all else."""
    geometry: str
    """Of the geometry; empty without one."""

    @property
    def head(self) -> bytes:
        """The first line."""
        geometry = (self.geometry,) if self.geometry else ()
        return line(map(text_cell, (*self.names, *self.place, *geometry)))


def csv_columns(
    shown: Iterable[PublishedColumn],
    published: Iterable[PublishedColumn],
    geometry: GeometryColumn | None,
    crs: Crs,
) -> CsvColumns:
    """Return the columns of features whose places are in a CRS.

    Parameters
    ----------
    shown
        Columns that go out.
    published
        All columns of the collection: what the geometry is called does not hang on
        which of them go out.
    geometry
        `None` where none goes out.
    """
    names = tuple(column.name for column in shown)
    if geometry is None:
        return CsvColumns(names, (), "")
    taken = {column.name.casefold() for column in published}
    place = _ON_THE_GLOBE if is_geographic(crs.srid) else _ON_A_PLANE
    has_place = geometry.type is GeometryType.POINT and not taken & set(place)
    name = _WKT
    while name.casefold() in taken:
        name = f"_{name}"
    return CsvColumns(names, place if has_place else (), name)


def columns_asked(collection: Collection, query: Query) -> CsvColumns:
    """Return the columns that answer a query."""
    published = published_columns(collection)
    shown = published if query.properties is None else query.properties
    geometry = collection.geometry if query.geometry else None
    return csv_columns(shown, published, geometry, query.crs)


def line(cells: Iterable[str]) -> bytes:
    """Return a line, its end included."""
    return (",".join(cells) + LINE_END).encode("utf-8", "replace")


def cell(value: Value) -> str:
    """Return a value as it stands between two commas."""
    return "" if value is None else _WRITERS[type(value)](value)


def text_cell(value: str) -> str:
    """Return a text as it stands between two commas, told from no value."""
    if not value or _TO_BE_QUOTED.search(value):
        return '"' + value.replace('"', '""') + '"'
    return value


def shape_cells(
    shapes: NDArray[np.object_], crs: Crs, *, place: bool
) -> Sequence[tuple[str, ...]]:
    """Return the cells of geometries that are in a CRS and its axis order.

    Parameters
    ----------
    place
        Whether the place of a point is to be in columns of its own.
    """
    digits = decimals(crs)
    texts = list(map(_wkt_cell, shapely.to_wkt(
        shapes, rounding_precision=digits, trim=True, output_dimension=3
    )))  # fmt: skip
    if not place:
        return [(text,) for text in texts]
    solid = shapes.copy()
    solid[shapely.is_empty(solid)] = None  # GEOS has no place for those, and fails
    first, second = shapely.get_x(solid), shapely.get_y(solid)
    across, up = (second, first) if crs.swapped else (first, second)
    return [
        (_coordinate(x, digits), _coordinate(y, digits), text)
        for x, y, text in zip(across, up, texts, strict=True)
    ]


def _wkt_cell(text: str | None) -> str:
    if text is None:
        return ""
    return f'"{text}"' if "," in text else str(text)


def _coordinate(value: float, digits: int) -> str:
    """Return a coordinate; empty for a point without a place."""
    return "" if np.isnan(value) else _float(round(float(value), digits))


def _float(value: float) -> str:
    """Return a number; a whole one without decimals, as databases write it."""
    return repr(value).removesuffix(".0")


def _bytes(value: bytes) -> str:
    return text_cell(base64.b64encode(value).decode())


_WRITERS: Final[dict[type, Callable[..., str]]] = {
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _float,
    Decimal: lambda value: format(value, "f"),
    str: text_cell,
    bytes: _bytes,
}
