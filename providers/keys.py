"""Feature identifiers as they stand in a path, and the keys they mean.

References
----------
RFC 3986, clause 2.1 (percent-encoding).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from urllib.parse import unquote
from uuid import UUID

from metadata.dataset import PublishedColumn
from metadata.measured import FieldType
from providers.cql2_tree import Constant, Kind

LARGEST_INTEGER = 2**63 - 1
"""The largest whole number that silos keep."""
_MIDNIGHT = "24:00:00"
"""The end of a day, which PostgreSQL has and Python has not."""
_BEYOND = re.compile(
    r"-?infinity"
    r"|\d{5,6}-\d\d-\d\d(?:[T ][\d:.]+)?(?:[+-][\d:]+)?"
    r"|\d{4,}-\d\d-\d\d(?:[T ][\d:.]+)?(?:[+-][\d:]+)? BC",
    re.ASCII,
)
"""Dates that PostgreSQL has and Python has not."""


def read_key(
    text: str, columns: Sequence[PublishedColumn]
) -> tuple[Constant, ...] | None:
    """Read an identifier that is still percent-encoded.

    A composite key is a comma list in key order, each part percent-encoded. A
    client that encoded the whole list once more is understood too.

    Returns
    -------
    tuple or None
        `None` when the text cannot be such a key.
    """
    parts = _parts(text, len(columns))
    if parts is None:
        return None
    found = [
        _constant(part, column) for part, column in zip(parts, columns, strict=True)
    ]
    return tuple(c for c in found if c is not None) if all(found) else None


def _parts(text: str, expected: int) -> list[str] | None:
    """Return the decoded parts; `None` when their number or encoding is wrong."""
    try:
        if expected == 1:
            return [unquote(text, errors="strict")]
        parts = text.split(",")
        if len(parts) != expected:
            parts = unquote(text, errors="strict").split(",")
        if not expected or len(parts) != expected:
            return None
        return [unquote(part, errors="strict") for part in parts]
    except UnicodeDecodeError:
        return None


def _constant(text: str, column: PublishedColumn) -> Constant | None:
    """Read one part as its column's type; `None` when it is none."""
    if "\0" in text:
        return None
    try:
        reader = _READERS.get(column.field.type)
        return reader(text) if reader else None
    except (ValueError, InvalidOperation):
        return None


def read_integer(text: str) -> Constant | None:
    """Read a whole number of 64 bits; `None` when the text is none."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(
        str(LARGEST_INTEGER)
    ):
        return None
    value = int(text)
    fits = -LARGEST_INTEGER - 1 <= value <= LARGEST_INTEGER
    return Constant(value, Kind.NUMBER) if fits else None


def _number(text: str) -> Constant | None:
    value = Decimal(text)
    return Constant(value, Kind.NUMBER) if value.is_finite() else None


def _uuid(text: str) -> Constant:
    return Constant(str(UUID(text)), Kind.UUID)


def _date(text: str) -> Constant:
    if _BEYOND.fullmatch(text):
        return Constant(text, Kind.DATE)
    return Constant(date.fromisoformat(text), Kind.DATE)


def _datetime(text: str) -> Constant:
    """Read an instant; without a zone it is in UTC, as sessions are."""
    if _BEYOND.fullmatch(text):
        return Constant(text, Kind.DATETIME)
    found = datetime.fromisoformat(text)
    utc = found if found.tzinfo else found.replace(tzinfo=UTC)
    return Constant(utc, Kind.DATETIME)


def _time(text: str) -> Constant:
    if text != _MIDNIGHT:
        time.fromisoformat(text)
    return Constant(text, Kind.TIME)


def _boolean(text: str) -> Constant | None:
    known = text in {"true", "false"}
    return Constant(text == "true", Kind.BOOLEAN) if known else None


def _text(text: str) -> Constant:
    return Constant(text, Kind.TEXT)


_READERS: Mapping[FieldType, Callable[[str], Constant | None]] = {
    FieldType.INTEGER: read_integer,
    FieldType.NUMBER: _number,
    FieldType.UUID: _uuid,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.STRING: _text,
    FieldType.TIME: _time,
    FieldType.BOOLEAN: _boolean,
}
