"""Comparing two operands of a filter once their types are known.

Days and instants are compared at the coarser of the two: an instant equals a
day when it falls into it (UTC).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from metadata.errors import QueryError
from metadata.finding import Text
from providers.cql2_text import refused
from providers.cql2_tree import (
    All,
    Among,
    Comparison,
    Constant,
    Day,
    Kind,
    Not,
    Operand,
    Predicate,
    Property,
    Some,
)
from providers.instants import is_instant, read_instant, read_written_day

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_EQUALITY = frozenset({"=", "<>"})
_KIND_NAMES = {
    Kind.TEXT: Text("un texte", "a text"),
    Kind.NUMBER: Text("un nombre", "a number"),
    Kind.BOOLEAN: Text("vrai ou faux", "true or false"),
    Kind.DATE: Text("une date", "a date"),
    Kind.DATETIME: Text("une date et heure", "a date and time"),
    Kind.TIME: Text("une heure", "a time of day"),
    Kind.UUID: Text("un UUID", "a UUID"),
}


def compare(operator: str, left: Operand, right: Operand) -> Predicate:
    """Return the comparison of two operands.

    Raises
    ------
    metadata.errors.QueryError
        Their types cannot be compared, or have no order.
    """
    left, right = _agreed(left, right), _agreed(right, left)
    kinds = {left.kind, right.kind}
    if kinds == {Kind.DATE, Kind.DATETIME}:
        return _compare_days(operator, left, right)
    if len(kinds) > 1:
        raise _mismatch(left, right)
    if left.kind is Kind.BOOLEAN and operator not in _EQUALITY:
        raise refused(
            Text("Vrai et faux n'ont pas d'ordre.", "True and false have no order.")
        )
    return Comparison(operator, left, right)


def among(operand: Operand, choices: list[Operand]) -> Predicate:
    """Return whether an operand equals one of several."""
    parts = tuple(compare("=", operand, choice) for choice in choices)
    plain = [p.right for p in parts if isinstance(p, Comparison) and p.left == operand]
    if len(plain) == len(parts):
        return Among(operand, tuple(plain))
    return Some(parts)


def _agreed(operand: Operand, other: Operand) -> Operand:
    """Return a text constant as what it is compared with, where it reads as that."""
    if not isinstance(operand, Constant) or operand.kind is not Kind.TEXT:
        return operand
    if other.kind in {Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN}:
        return operand
    try:
        return _read(str(operand.value), other.kind)
    except ValueError as error:
        raise _mismatch(other, operand) from error


def _read(text: str, kind: Kind) -> Constant:
    match kind:
        case Kind.UUID:
            return Constant(str(UUID(text)), Kind.UUID)
        case Kind.TIME:
            return Constant(time.fromisoformat(text).isoformat(), Kind.TIME)
        case _ if is_instant(text):
            return Constant(read_instant(text), Kind.DATETIME)
        case _:
            return Constant(read_written_day(text), Kind.DATE)


def _compare_days(operator: str, left: Operand, right: Operand) -> Predicate:
    if isinstance(left, Constant) and not isinstance(right, Constant):
        return _compare_days(_MIRRORED[operator], right, left)
    if isinstance(right, Constant) and isinstance(right.value, datetime):
        day = Constant(right.value.astimezone(UTC).date(), Kind.DATE)
        return Comparison(operator, left, day)
    if isinstance(right, Constant) and isinstance(right.value, date):
        return _within_day(operator, left, right.value)
    one = Day(left) if left.kind is Kind.DATETIME else left
    other = Day(right) if right.kind is Kind.DATETIME else right
    return Comparison(operator, one, other)


def _within_day(operator: str, instant: Operand, day: date) -> Predicate:
    """Compare an instant with a day by the day's two ends, so that indexes serve."""
    start = Constant(datetime.combine(day, time(), UTC), Kind.DATETIME)
    try:
        following = datetime.combine(day + timedelta(days=1), time(), UTC)
    except OverflowError as error:
        message = f"{day.isoformat()} is too late a day."
        raise refused(
            Text(f"{day.isoformat()} est un jour trop tardif.", message)
        ) from error
    end = Constant(following, Kind.DATETIME)
    inside = All((Comparison(">=", instant, start), Comparison("<", instant, end)))
    found: dict[str, Predicate] = {
        "=": inside,
        "<>": Not(inside),
        "<": Comparison("<", instant, start),
        "<=": Comparison("<", instant, end),
        ">": Comparison(">=", instant, end),
        ">=": Comparison(">=", instant, start),
    }
    return found[operator]


def _mismatch(left: Operand, right: Operand) -> QueryError:
    one, other = _said(left), _said(right)
    return refused(
        Text(f"{one.fr} ne se compare pas à {other.fr}.",
             f"{one.en} cannot be compared with {other.en}.")
    )  # fmt: skip


def _said(operand: Operand) -> Text:
    """Name an operand: its column or its value, and its type."""
    kind = _KIND_NAMES[operand.kind]
    if isinstance(operand, Property):
        name = f"“{operand.column.name}”"
        return Text(f"{name} ({kind.fr})", f"{name} ({kind.en})")
    if isinstance(operand, Constant):
        value = str(operand.value)[:80]
        return Text(f"{value!r} ({kind.fr})", f"{value!r} ({kind.en})")
    return kind
