"""Tables of a Shapefile (dBASE III): fields, and how values are written in them.

Numbers keep all their digits: a double has at most 24 letters, as wide as fields of
this kind may be. Texts are UTF-8 and end at 254 bytes, between two letters. There is
no moment in dBASE, so those are texts in ISO 8601, and there are no bytes at all.

References
----------
dBASE III file structure; ESRI Shapefile Technical Description, July 1998.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

LONGEST_TEXT: Final = 254
"""Bytes of a text."""
LONGEST_NAME: Final = 10
MOST_FIELDS: Final = 255
_REAL_WIDTH, _REAL_DIGITS = 24, 15
_MOST_DIGITS: Final = 18
"""Of a whole number that GDAL and QGIS read back as one."""
_HEAD: Final = struct.Struct("<B3BIHH20x")
_FIELD: Final = struct.Struct("<11sc4xBB14x")
_VERSION, _HEAD_END, _ROW_START, _FILE_END = 3, b"\r", b" ", b"\x1a"
_NO_DAY: Final = (80, 1, 1)
"""When the table was last changed: 1980, so that the same rows make the same file."""


@dataclass(frozen=True)
class DbaseField:
    """One column of a table."""

    name: str
    """At most 10 letters of ASCII."""
    kind: bytes
    """C, N, F, L or D."""
    width: int
    write: Callable[[Any], bytes]
    """Makes a value that is there; it is filled up with spaces."""

    @property
    def digits(self) -> int:
        """Decimals that programs show."""
        return _REAL_DIGITS if self.kind == b"F" else 0

    def cell(self, value: object) -> bytes:
        """Return a value in the width of the field."""
        if value is None:
            return (b"?" if self.kind == b"L" else b" ") * self.width
        text = self.write(value)
        is_text = self.kind == b"C"
        return text.ljust(self.width) if is_text else text.rjust(self.width)


def truth_field(name: str) -> DbaseField:
    """Return a field of truths."""
    return DbaseField(name, b"L", 1, lambda value: b"T" if value else b"F")


def day_field(name: str) -> DbaseField:
    """Return a field of days."""
    return DbaseField(name, b"D", 8, _day)


def real_field(name: str) -> DbaseField:
    """Return a field of doubles."""
    return DbaseField(name, b"F", _REAL_WIDTH, lambda value: repr(value).encode())


def whole_field(name: str, least: int, greatest: int) -> DbaseField:
    """Return a field of whole numbers between two; text for those of many digits."""
    width = max(len(str(least)), len(str(greatest)))
    kind = b"N" if width <= _MOST_DIGITS else b"C"
    return DbaseField(name, kind, width, lambda value: str(value).encode())


def text_field(name: str, longest: int) -> DbaseField:
    """Return a field of texts and moments.

    Parameters
    ----------
    longest
        Bytes of the longest text.
    """
    return DbaseField(name, b"C", max(1, min(longest, LONGEST_TEXT)), _text)


def _text(value: object) -> bytes:
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    raw = text.replace("\0", " ").encode("utf-8", "replace")
    if len(raw) <= LONGEST_TEXT:
        return raw
    return raw[:LONGEST_TEXT].decode("utf-8", "ignore").encode()


def _day(value: date) -> bytes:
    return f"{value.year:04}{value.month:02}{value.day:02}".encode()


class DbaseFile:
    """Writes one table, a batch at a time; a context that ends it."""

    def __init__(self, path: Path, fields: Sequence[DbaseField]) -> None:
        self._fields, self._rows = fields, 0
        self._file = path.open("wb")
        self._file.write(self._head())

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Add some rows."""
        for row in rows:
            cells = (f.cell(v) for f, v in zip(self._fields, row, strict=True))
            self._file.write(_ROW_START + b"".join(cells))
            self._rows += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._file:
            if kind is None:
                self._file.write(_FILE_END)
                self._file.seek(0)
                self._file.write(self._head())

    def _head(self) -> bytes:
        names = [
            _FIELD.pack(f.name.encode("ascii"), f.kind, f.width, f.digits)
            for f in self._fields
        ]
        size = _HEAD.size + len(names) * _FIELD.size + len(_HEAD_END)
        head = _HEAD.pack(_VERSION, *_NO_DAY, self._rows, size, row_size(self._fields))
        return head + b"".join(names) + _HEAD_END


def row_size(fields: Iterable[DbaseField]) -> int:
    """Return the bytes of one row."""
    return len(_ROW_START) + sum(field.width for field in fields)
