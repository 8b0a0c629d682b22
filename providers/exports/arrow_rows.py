"""Rows as Arrow: what GeoParquet is written from, and all that GDAL writes.

Whole numbers keep their width where a database guarantees it. Exact decimals of more
than 15 digits are `decimal128` for Parquet and text for GDAL, which has none. What
Arrow has no type for goes as text that loses nothing: times of day, UUIDs, arrays and
structures (as JSON). A day or moment outside of the years 1 to 9999 (``infinity``),
and a cell that is not of the type of its column, as SQLite lets it be, is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from metadata.dataset import PublishedColumn
from metadata.measured import FieldType
from providers.exports.content import Batch, FileContent
from providers.exports.names import unused
from providers.table_rows import Value

Read = Callable[[Value], object]
SHAPE: Final = "geometry"
_NUMERIC: Final = re.compile(r"numeric\((\d+),\s*(-?\d+)\)")
_EXACT_DIGITS: Final = 15
"""Decimal digits that a double always gives back."""
_MOST_DIGITS: Final = 38
_DATABASE_WIDTHS: Final = {"smallint": 16, "integer": 32}


@dataclass(frozen=True)
class ArrowColumn:
    """One column: its type, and what makes its values of plain ones."""

    field: pa.Field
    read: Read

    def array(self, values: list[Value]) -> pa.Array:
        """Return some values of the column.

        Raises
        ------
        ValueError
            One of them is not of its type.
        """
        read = self.read
        found = [None if value is None else read(value) for value in values]
        try:
            return pa.array(found, self.field.type)
        except pa.ArrowTypeError as error:
            raise ValueError(f"{self.field.name}: {error}") from error


class ArrowRows:
    """Makes Arrow of rows, a batch at a time."""

    def __init__(self, content: FileContent, *, has_decimals: bool) -> None:
        self.columns = tuple(
            _column(column, content.in_database, has_decimals=has_decimals)
            for column in content.columns
        )
        taken = [column.name for column in content.columns]
        self.shape = unused(SHAPE, taken) if content.geometry else ""
        """Name of the column of geometries; empty without one."""
        fields = [column.field for column in self.columns]
        if self.shape:
            fields.append(pa.field(self.shape, pa.binary()))
        self.schema = pa.schema(fields)

    def made(self, batch: Batch) -> pa.RecordBatch:
        """Return some rows."""
        cells = list(zip(*(row.values for row in batch.rows), strict=True))
        arrays = [
            column.array(list(values))
            for column, values in zip(self.columns, cells, strict=True)
        ]
        if self.shape:
            arrays.append(pa.array(batch.wkb, pa.binary()))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _column(
    column: PublishedColumn, in_database: bool, *, has_decimals: bool
) -> ArrowColumn:
    kind, read = _stored(column, in_database, has_decimals=has_decimals)
    said: dict[str, str] = {}
    if column.description:
        said["GDAL:OGR:comment"] = column.description
    if column.field.type in {FieldType.JSON, FieldType.ARRAY}:
        said |= {"GDAL:OGR:type": "String", "GDAL:OGR:subtype": "JSON"}
    return ArrowColumn(pa.field(column.name, kind, metadata=said or None), read)


def _stored(
    column: PublishedColumn, in_database: bool, *, has_decimals: bool
) -> tuple[pa.DataType, Read]:
    """Return the type of a column, and what reads its values."""
    native, kind = column.field.native_type.lower(), column.field.type
    if kind is FieldType.DATETIME:
        is_local = in_database and "with time zone" not in native
        return pa.timestamp("us", None if is_local else "UTC"), _moment(is_local)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in {FieldType.INTEGER, FieldType.NUMBER} and native.startswith("numeric"):
        return _decimal(native, has_decimals=has_decimals)
    if kind is FieldType.INTEGER:
        return _whole(_DATABASE_WIDTHS.get(native, 64) if in_database else 64)
    if kind is FieldType.NUMBER:
        is_short = in_database and native == "real"
        return (pa.float32() if is_short else pa.float64()), _real
    return pa.string(), _text


def _decimal(native: str, *, has_decimals: bool) -> tuple[pa.DataType, Read]:
    declared = _NUMERIC.match(native)
    digits, scale = (int(declared[1]), int(declared[2])) if declared else (0, 0)
    if declared and digits <= _EXACT_DIGITS:
        return pa.float64(), _real
    fits = declared and digits <= _MOST_DIGITS and 0 <= scale <= digits
    if has_decimals and fits:
        return pa.decimal128(digits, scale), _exact
    return pa.string(), _digits


def _whole(bits: int) -> tuple[pa.DataType, Read]:
    largest = 1 << (bits - 1)

    def read(value: Value) -> object:
        fits = isinstance(value, int) and -largest <= value < largest
        return int(value) if fits else None  # type: ignore[arg-type]

    types = {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}
    return types[bits], read


def _real(value: Value) -> object:
    return float(value) if isinstance(value, int | float | Decimal) else None


def _exact(value: Value) -> object:
    return Decimal(value) if isinstance(value, int | Decimal) else None


def _digits(value: Value) -> object:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _text(value: Value) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else str(value)


def _truth(value: Value) -> object:
    return bool(value) if isinstance(value, int) else None


def _bytes(value: Value) -> object:
    return value.encode() if isinstance(value, str) else value


def _day(value: Value) -> object:
    return _parsed(date.fromisoformat, str(value)[:10]) if _is_near(value) else None


def _moment(is_local: bool) -> Read:
    """Return what reads moments; those without an offset are in UTC, or local."""

    def read(value: Value) -> object:
        found = _parsed(datetime.fromisoformat, str(value)) if _is_near(value) else None
        if found is None:
            return None
        if is_local:
            return found.replace(tzinfo=None)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)

    return read


def _is_near(value: Value) -> bool:
    """Tell whether a text may be a day of the years 1 to 9999."""
    text = str(value)
    return text[4:5] == "-" and not text.endswith("BC")


def _parsed(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except (ValueError, OverflowError):
        return None


_PLAIN: Final[dict[FieldType, tuple[pa.DataType, Read]]] = {
    FieldType.BOOLEAN: (pa.bool_(), _truth),
    FieldType.DATE: (pa.date32(), _day),
    FieldType.BINARY: (pa.binary(), _bytes),
}
