"""The columns of a GeoPackage: names, types, and how values are written.

Whole numbers keep their width, texts their longest length. What GeoPackage has no
type for goes as text that loses nothing: times of day, UUIDs, arrays and structures
(as JSON), and numbers of more digits than a DOUBLE or an INTEGER holds. Moments are
in UTC, cut to the millisecond.

References
----------
OGC 12-128r18 (GeoPackage 1.3.1), table 1 (data types).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from metadata.dataset import PublishedColumn
from metadata.measured import FieldType
from providers.exports.content import FileContent
from providers.exports.names import unused
from providers.table_rows import Value

Write = Callable[[Value], object]
_LENGTH: Final = re.compile(r"(?:character varying|character|varchar|text)\((\d+)\)")
_NUMERIC: Final = re.compile(r"numeric\((\d+),\s*(-?\d+)\)")
_EXACT_DIGITS: Final = 15
"""Decimal digits that a DOUBLE always gives back."""
_LARGEST: Final = 2**63
_WIDTHS: Final = {
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "mediumint": "MEDIUMINT",
}
_DATABASE_WIDTHS: Final = {"smallint": "SMALLINT", "integer": "MEDIUMINT"}
"""An ``integer`` of PostgreSQL has 32 bits, one of GeoPackage 64."""
_MOMENT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|\+00(?::00)?)?"
)


@dataclass(frozen=True)
class GeopackageColumn:
    """One column of a layer."""

    name: str
    type: str
    write: Write
    description: str
    media_type: str
    """Of what a text holds; empty for plain text."""


def geopackage_columns(content: FileContent) -> tuple[GeopackageColumn, ...]:
    """Return the columns of a layer; names differ by more than case."""
    found: list[GeopackageColumn] = []
    for column in content.columns:
        name = unused(column.name, [each.name for each in found])
        widths = _DATABASE_WIDTHS if content.in_database else _WIDTHS
        found.append(_column(column, name, widths))
    return tuple(found)


def _column(
    column: PublishedColumn, name: str, widths: Mapping[str, str]
) -> GeopackageColumn:
    kind, write = _stored(column, widths)
    is_json = column.field.type in {FieldType.JSON, FieldType.ARRAY}
    return GeopackageColumn(
        name=name,
        type=kind,
        write=write,
        description=column.description,
        media_type="application/json" if is_json else "",
    )


def _stored(column: PublishedColumn, widths: Mapping[str, str]) -> tuple[str, Write]:
    """Return the type of a column, and what writes its values."""
    native = column.field.native_type.lower()
    kind = column.field.type
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind is FieldType.NUMBER:
        return _number_type(native)
    if kind is FieldType.INTEGER and not native.startswith("numeric"):
        return widths.get(native, "INTEGER"), _whole
    length = _LENGTH.match(native)
    return f"TEXT({length[1]})" if length else "TEXT", _text


def _number_type(native: str) -> tuple[str, Write]:
    if native in {"real", "float"}:
        return "FLOAT", _real
    if native.startswith("numeric"):
        declared = _NUMERIC.match(native)
        is_exact = declared is not None and int(declared[1]) <= _EXACT_DIGITS
        return ("DOUBLE", _real) if is_exact else ("TEXT", _digits)
    return "DOUBLE", _real


def _same(value: Value) -> object:
    return value


def _whole(value: Value) -> object:
    """Return a truth or whole number; one that is too large as text."""
    if isinstance(value, int):
        return int(value) if -_LARGEST <= value < _LARGEST else str(value)
    return value


def _real(value: Value) -> object:
    return float(value) if isinstance(value, int | float | Decimal) else value


def _digits(value: Value) -> object:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _text(value: Value) -> object:
    return value if isinstance(value, str | bytes) else str(value)


def _moment(value: Value) -> object:
    """Return a moment in UTC to the millisecond, all that GeoPackage has."""
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    return f"{match[1]}T{match[2]}.{(match[3] or '')[:3].ljust(3, '0')}Z"


_PLAIN: Final[dict[FieldType, tuple[str, Write]]] = {
    FieldType.BOOLEAN: ("BOOLEAN", _whole),
    FieldType.DATE: ("DATE", _same),
    FieldType.DATETIME: ("DATETIME", _moment),
    FieldType.BINARY: ("BLOB", _same),
}
