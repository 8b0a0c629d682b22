"""Values written in a filter: numbers, texts, dates, instants."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from metadata.errors import QueryError
from metadata.finding import Text
from providers.cql2_text import refused
from providers.cql2_tree import Constant, Kind
from providers.instants import (
    is_instant,
    read_date,
    read_instant,
    read_written_day,
)

Node = Mapping[str, object]
_LARGEST = 10**308
"""Whole numbers that every silo can compare with a double."""


def read_number(value: int | float) -> Constant:
    """Return a number, exactly as it was written."""
    if isinstance(value, int) and abs(value) <= _LARGEST:
        return Constant(value, Kind.NUMBER)
    if isinstance(value, int) or not isfinite(value):
        raise refused(Text("Un nombre est hors limites.", "A number is out of range."))
    exact = int(value) if value.is_integer() else Decimal(repr(value))
    return Constant(exact, Kind.NUMBER)


def read_text(value: str) -> Constant:
    """Return a text that every silo can hold."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise refused(
            Text("Un texte du filtre n'est pas de l'Unicode.",
                 "A text of the filter is no Unicode.")
        ) from error  # fmt: skip
    if "\0" in value:
        raise refused(
            Text("Le filtre contient un caractère nul.", "The filter holds NUL.")
        )
    return Constant(value, Kind.TEXT)


def read_temporal(node: Node) -> Constant:
    """Read a DATE or TIMESTAMP."""
    is_date = "date" in node
    text = node["date" if is_date else "timestamp"]
    try:
        if is_date:
            return Constant(read_date(str(text)), Kind.DATE)
        return Constant(read_instant(str(text)), Kind.DATETIME)
    except ValueError as error:
        raise _no_instant(str(text)) from error


def read_temporal_text(text: str) -> Constant:
    """Read a date or an instant that is written as a plain text."""
    try:
        if is_instant(text):
            return Constant(read_instant(text), Kind.DATETIME)
        return Constant(read_written_day(text), Kind.DATE)
    except ValueError as error:
        raise _no_instant(text) from error


def _no_instant(text: str) -> QueryError:
    return refused(
        Text(f"« {text[:80]} » n'est ni une date ni un instant.",
             f"“{text[:80]}” is neither a date nor an instant."),
        Text("Écrivez DATE('2024-12-31') ou TIMESTAMP('2024-12-31T23:59:59Z').",
             "Write DATE('2024-12-31') or TIMESTAMP('2024-12-31T23:59:59Z')."),
    )  # fmt: skip
