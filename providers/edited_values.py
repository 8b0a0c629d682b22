"""Values of properties that a client sends, checked against their columns.

What comes out is bound as it is: PostgreSQL takes a text for the column's own type
(never cut off, as a cast would), and checks what only it can know.

References
----------
OGC API Features Part 5 (23-058r2): the schema that `service.queryables` writes of
the same columns.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final
from urllib.parse import quote

from metadata.dataset import PublishedColumn
from metadata.finding import Text
from metadata.measured import FieldType
from providers.cql2_arrays import element_kind
from providers.cql2_tree import Kind
from providers.edited_json import Json, dump
from providers.feature_editing import EditRefused, Refusal
from providers.keys import read_key
from providers.sql import Scalar

INTEGERS: Final[Mapping[str, int]] = {"smallint": 15, "integer": 31, "bigint": 63}
"""Whole numbers of so many bits beside the sign, by native type."""
_LARGEST_REAL: Final = 3.4028234663852886e38
_MOST_DIGITS: Final = 324
"""Powers of ten that a number has at most, up or down, as doubles have."""
_SIZED = re.compile(r"(?:character varying|character)\((\d+)\)", re.ASCII)
_CUT: Final[Mapping[str, int]] = {'"char"': 1, "name": 63}
"""Characters of texts that PostgreSQL would cut off without a word."""
_EXACT = re.compile(r"numeric\((\d+),(-?\d+)\)", re.ASCII)
_NUMBERS = frozenset({FieldType.INTEGER, FieldType.NUMBER})
_TRUTHS = frozenset({"true", "false"})
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,39})(\.\d{1,40})?", re.ASCII)
"""A number as a person types it and as JSON writes it."""
_STRUCTURED = frozenset({"json", "jsonb"})


def longest_text(column: PublishedColumn) -> int | None:
    """Return how many characters a column holds; `None` where nobody counts them."""
    native = column.field.native_type
    match = _SIZED.fullmatch(native)
    return int(match[1]) if match else _CUT.get(native)


def is_writable(column: PublishedColumn) -> bool:
    """Tell whether a column's values can come back as they go out."""
    field = column.field
    if field.type is FieldType.JSON:
        return field.native_type in _STRUCTURED
    return True


def bound(column: PublishedColumn, value: Json) -> Scalar:
    """Return a value as it is bound for its column.

    Raises
    ------
    providers.feature_editing.EditRefused
        It does not fit.
    """
    if value is None:
        return None
    return _WRITERS[column.field.type](column, _typed(column, value))


def is_same(column: PublishedColumn, kept: Json, value: Json) -> bool:
    """Tell whether two values are one in their column, however each is written."""
    if kept == value:
        return True
    try:
        return bound(column, kept) == bound(column, value)
    except EditRefused:
        return False


def read_only(column: PublishedColumn) -> EditRefused:
    """Return the error of a value that nobody can write."""
    name = column.name
    if is_writable(column):
        found = Text(
            f"« {name} » est donné par la base.", f"“{name}” is given by the database."
        )
    else:
        found = Text(
            f"« {name} » se lit, et ne s'écrit pas par le service.",
            f"“{name}” is read, and not written through the service.",
        )
    return wrong(column, found, Text("Laissez-le de côté.", "Leave it out."))


def _typed(column: PublishedColumn, value: Json) -> Json:
    """Return a number or truth value that is written as a text as what it says.

    QGIS before 3.44 takes a column for one of texts as long as it sees no values.
    """
    kind = column.field.type
    if isinstance(value, str):
        if kind in _NUMBERS and _PLAIN_NUMBER.fullmatch(value):
            return Decimal(value)
        if kind is FieldType.BOOLEAN and value in _TRUTHS:
            return value == "true"
    return value


def wrong(column: PublishedColumn, found: Text, hint: Text | str = "") -> EditRefused:
    """Return the error of a value that does not fit its column."""
    return EditRefused(
        Refusal.CONTENT, found, member=f"properties.{column.name}", hint=hint
    )


def _kind(column: PublishedColumn, french: str, english: str) -> EditRefused:
    name = column.name
    return wrong(
        column,
        Text(f"« {name} » attend {french}.", f"“{name}” takes {english}."),
    )


def _range(column: PublishedColumn) -> EditRefused:
    name, native = column.name, column.field.native_type
    return wrong(
        column,
        Text(f"La valeur de « {name} » sort de ce que {native} contient.",
             f"The value of “{name}” is beyond what {native} holds."),
    )  # fmt: skip


def _integer(column: PublishedColumn, value: Json) -> Scalar:
    whole = _whole(value)
    if whole is None:
        raise _kind(column, "un nombre entier", "a whole number")
    bits = INTEGERS.get(column.field.native_type, 63)
    if not -(2**bits) <= whole < 2**bits:
        raise _range(column)
    return whole


def _whole(value: Json) -> int | None:
    """Return a whole number, however it is written; `None` if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if isinstance(value, int):
        return value
    exact = Decimal(value)
    if exact.adjusted() > _MOST_DIGITS or exact != exact.to_integral_value():
        return None
    return int(exact)


def _number(column: PublishedColumn, value: Json) -> Scalar:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _kind(column, "un nombre", "a number")
    exact = Decimal(repr(value) if isinstance(value, float) else value)
    if exact and abs(exact.adjusted()) > _MOST_DIGITS:
        raise _range(column)
    native = column.field.native_type
    if native in {"real", "double precision"}:
        number = float(exact)
        largest = _LARGEST_REAL if native == "real" else float("inf")
        if not isfinite(number) or abs(number) > largest or (exact and not number):
            raise _range(column)
        return number
    match = _EXACT.fullmatch(native)
    if match and exact and exact.adjusted() >= int(match[1]) - int(match[2]):
        raise _range(column)
    return exact


def _boolean(column: PublishedColumn, value: Json) -> Scalar:
    if not isinstance(value, bool):
        raise _kind(column, "true ou false", "true or false")
    return value


def _text(column: PublishedColumn, value: Json) -> Scalar:
    if not isinstance(value, str):
        raise _kind(column, "un texte", "a text")
    _require_storable(column, value)
    name, most, known = column.name, longest_text(column), column.field.values
    if most is not None and len(value) > most:
        raise wrong(
            column,
            Text(f"« {name} » a {len(value)} caractères ; {most} au plus.",
                 f"“{name}” has {len(value)} characters; {most} at most."),
        )  # fmt: skip
    if known and value not in known:
        raise wrong(
            column,
            Text(f"« {value[:80]} » n'est pas une valeur de « {name} ».",
                 f"“{value[:80]}” is no value of “{name}”."),
            Text(f"Valeurs : {', '.join(known)}.", f"Values: {', '.join(known)}."),
        )  # fmt: skip
    return value


def _require_storable(column: PublishedColumn, text: str) -> None:
    """Refuse characters that no text of PostgreSQL holds."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise wrong(
            column,
            Text(f"« {column.name} » contient un caractère qui ne se garde pas.",
                 f"“{column.name}” holds a character that cannot be kept."),
            Text("Ni U+0000 ni demi-caractères (U+D800 à U+DFFF).",
                 "Neither U+0000 nor halves of characters (U+D800 to U+DFFF)."),
        )  # fmt: skip


_TIMELY = {
    FieldType.DATE: ("une date (2026-05-04)", "a date (2026-05-04)"),
    FieldType.DATETIME: (
        "un instant (2026-05-04T12:00:00Z)",
        "an instant (2026-05-04T12:00:00Z)",
    ),
    FieldType.TIME: ("une heure (12:00:00)", "a time of day (12:00:00)"),
    FieldType.UUID: ("un UUID", "a UUID"),
}


def _typed_text(column: PublishedColumn, value: Json) -> Scalar:
    """Return a date, an instant, a time or a UUID, read as identifiers are."""
    found = None
    if isinstance(value, str) and value.isascii():
        found = read_key(quote(value, safe=""), (column,))
    if not found:
        raise _kind(column, *_TIMELY[column.field.type])
    constant = found[0].value
    if isinstance(constant, datetime):
        plain = constant.astimezone(UTC).replace(tzinfo=None).isoformat()
        return plain if "without" in column.field.native_type else f"{plain}Z"
    return constant.isoformat() if isinstance(constant, date) else str(constant)


def _structure(column: PublishedColumn, value: Json) -> Scalar:
    _require_whole_characters(column, value)
    return dump(value)


def _require_whole_characters(column: PublishedColumn, value: Json) -> None:
    """Refuse texts inside a structure that cannot be kept."""
    if isinstance(value, str):
        _require_storable(column, value)
    elif isinstance(value, list):
        for each in value:
            _require_whole_characters(column, each)
    elif isinstance(value, dict):
        for name, each in value.items():
            _require_storable(column, name)
            _require_whole_characters(column, each)


def _array(column: PublishedColumn, value: Json) -> Scalar:
    if not isinstance(value, list):
        raise _kind(column, "une liste", "a list")
    return _literal(column, value, element_kind(column))


def _literal(column: PublishedColumn, values: list[Any], kind: Kind | None) -> str:
    """Return a list as PostgreSQL reads arrays, each element in quotes."""
    return f"{{{','.join(_element(column, each, kind) for each in values)}}}"


def _element(column: PublishedColumn, value: Json, kind: Kind | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return _literal(column, value, kind)
    fits = _ELEMENTS.get(kind, (str, bool, int, float, Decimal))
    if isinstance(value, dict) or not isinstance(value, fits):
        raise _kind(column, "une liste d'autres valeurs", "a list of other values")
    if isinstance(value, bool) and bool not in fits:
        raise _kind(column, "une liste d'autres valeurs", "a list of other values")
    text = value if isinstance(value, str) else dump(value)
    _require_storable(column, text)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_ELEMENTS: Mapping[Kind | None, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.NUMBER: (int, float, Decimal),
    Kind.BOOLEAN: (bool,),
    Kind.DATE: (str,),
    Kind.DATETIME: (str,),
    Kind.UUID: (str,),
}


def _octets(column: PublishedColumn, value: Json) -> Scalar:
    try:
        if isinstance(value, str):
            return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _kind(column, "du base64", "base64") from error
    raise _kind(column, "du base64", "base64")


def _other(column: PublishedColumn, value: Json) -> Scalar:
    """Return a value of a type that only PostgreSQL knows, as a text."""
    if not isinstance(value, str):
        raise _kind(column, "un texte", "a text")
    _require_storable(column, value)
    return value


_WRITERS: Mapping[FieldType, Callable[[PublishedColumn, Json], Scalar]] = {
    FieldType.INTEGER: _integer,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _boolean,
    FieldType.STRING: _text,
    FieldType.DATE: _typed_text,
    FieldType.DATETIME: _typed_text,
    FieldType.TIME: _typed_text,
    FieldType.UUID: _typed_text,
    FieldType.JSON: _structure,
    FieldType.ARRAY: _array,
    FieldType.BINARY: _octets,
    FieldType.OTHER: _other,
}
