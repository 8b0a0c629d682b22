"""Every row of a collection as plain values, whatever the silo.

A row is the WKB of its geometry (ISO, storage coordinates), or nothing, and then
the value of each published column: nothing, truth, number, text or bytes. Times
are texts in ISO 8601, structures are texts in JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Final

from metadata.measured import FieldType
from providers.streams import Row, RowReader

Value = None | bool | int | float | Decimal | str | bytes
Values = tuple[Value, ...]
"""Of each published column, in their order."""
Decode = Callable[[Row], "TableRow"]
BATCH: Final = 1024 * 1024
"""About how many bytes of rows are held at once."""
_FIRST, _MOST, _GROWTH = 50, 5_000, 4
_CELL: Final = 16
"""Bytes that any value takes, about."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row."""

    wkb: bytes | None
    values: Values


class TableRows:
    """An open table that is read once, in batches of bounded size.

    To be closed, whatever happens. Batches follow the key of the collection, so
    that the same rows always come in the same order.
    """

    def __init__(self, reader: RowReader, decode: Decode) -> None:
        self._reader = reader
        self._decode = decode
        self._rows = _FIRST
        self._open = True

    @property
    def state(self) -> str:
        """State of the collection that is read, known once rows were read."""
        return self._reader.state

    def batch(self) -> list[TableRow]:
        """Return the next rows; `[]` at the end."""
        found = [self._decode(row) for row in self._reader.fetch(self._rows)]
        if found:
            size = sum(map(_size, found))
            fit = max(1, BATCH * len(found) // max(size, 1))
            self._rows = min(fit, len(found) * _GROWTH, _MOST)
        return found

    def close(self) -> None:
        """Give the connection back. May be called twice."""
        if self._open:
            self._open = False
            self._reader.release()


def plain_value(value: object, kind: FieldType) -> Value:
    """Return what a silo handed over as a plain value.

    What is no number (NaN, infinity) is nothing, as it is in GeoJSON.
    """
    if isinstance(value, int):
        return bool(value) if kind is FieldType.BOOLEAN else value
    if isinstance(value, float | Decimal):
        return _number(value, kind)
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        return raw if kind is FieldType.BINARY else raw.decode("utf-8", "replace")
    return None if value is None else str(value)


def _number(value: float | Decimal, kind: FieldType) -> Value:
    if not isfinite(value):
        return None
    return int(value) if kind is FieldType.INTEGER and value == int(value) else value


def _size(row: TableRow) -> int:
    return len(row.wkb or b"") + sum(map(_value_size, row.values))


def _value_size(value: Value) -> int:
    return _CELL + (len(value) if isinstance(value, str | bytes) else 0)
