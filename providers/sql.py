"""SQL as pieces: text of ours, names of columns, and values to bind.

A statement is built once for both dialects out of these pieces and written by
the dialect's edge: names through its quoting, values as parameters. No value
ever becomes text here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

Scalar = str | int | float | bool | Decimal | bytes | None
"""A value that both drivers bind exactly."""


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier, qualified from left to right."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """A value that is handed over beside the statement."""

    value: Scalar


class Fixed:
    """A part of many statements, told apart from others by being itself.

    It makes the shape of a long statement quick to look up.
    """

    def __init__(self, statement: Sql) -> None:
        self.statement = statement
        self.values = shape(statement)[1]


Piece = str | Name | Bound | Fixed
Sql = tuple[Piece, ...]
"""A statement, or a part of one."""
Shape = tuple[str | Name | Fixed | None, ...]
"""A statement without its values; `None` stands where one is bound."""

NOTHING: Sql = ()
BY_VALUES: Sql = ("/* planned by its values */ ",)
"""Begins a statement whose best plan is another one for other values."""
TRUE: Sql = ("TRUE",)
FALSE: Sql = ("FALSE",)


def sql(*pieces: Piece | Sql) -> Sql:
    """Return one statement made of pieces and statements, in order."""
    flat: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, tuple):
            flat.extend(piece)
        else:
            flat.append(piece)
    return tuple(flat)


def joined(separator: str, parts: Iterable[Sql]) -> Sql:
    """Return statements with text of ours between them; `()` of none."""
    flat: list[Piece] = []
    for number, part in enumerate(parts):
        if number:
            flat.append(separator)
        flat.extend(part)
    return tuple(flat)


def all_of(parts: Iterable[Sql]) -> Sql:
    """Return the conjunction of conditions; ``TRUE`` of none."""
    return joined(" AND ", parts) or TRUE


def any_of(parts: Iterable[Sql]) -> Sql:
    """Return the disjunction of conditions in brackets; ``FALSE`` of none."""
    found = joined(" OR ", parts)
    return sql("(", found, ")") if found else FALSE


def shape(statement: Sql) -> tuple[Shape, tuple[Scalar, ...]]:
    """Return a statement's shape and, apart, its values in order."""
    values: list[Scalar] = []
    pieces: list[str | Name | Fixed | None] = []
    for piece in statement:
        if isinstance(piece, Bound):
            values.append(piece.value)
            pieces.append(None)
        else:
            pieces.append(piece)
            if isinstance(piece, Fixed):
                values.extend(piece.values)
    return tuple(pieces), tuple(values)
