"""Conditions that parameters set: equality with a value, an instant or interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from uuid import UUID

from metadata.dataset import Collection, PublishedColumn
from metadata.errors import QueryError
from metadata.finding import Text
from providers.cql2_compare import compare
from providers.cql2_tree import (
    All,
    Constant,
    Kind,
    Missing,
    Predicate,
    Property,
    Some,
    kind_of,
)
from providers.durations import is_duration, moved
from providers.instants import read_date, read_instant
from providers.keys import read_integer
from providers.query import time_column

_OPEN = frozenset({"", ".."})
_INTERVAL_HINT = Text(
    "Écrivez 2024-01-31, 2024-01-31T12:00:00Z, ou un intervalle : 2024-01-01/.., "
    "2024-01-01/P2D (un « + » s'encode %2B).",
    "Write 2024-01-31, 2024-01-31T12:00:00Z, or an interval: 2024-01-01/.., "
    "2024-01-01/P2D (a “+” is encoded as %2B).",
)


def equal(column: PublishedColumn, text: str) -> Predicate:
    """Return that a column has a value (Part 1, clause 7.15.5).

    Raises
    ------
    metadata.errors.QueryError
        The text is no value of the column's type.
    """
    kind = kind_of(column)
    reader = _READERS.get(kind) if kind else None
    if kind is None or reader is None:
        raise QueryError(
            Text(f"« {column.name} » ({column.field.type}) ne peut être comparé.",
                 f"“{column.name}” ({column.field.type}) cannot be compared."),
            parameter=column.name,
        )  # fmt: skip
    try:
        constant = _integer(text) if column.field.type == "integer" else reader(text)
        found = compare("=", Property(column, kind), constant)
    except (ValueError, InvalidOperation) as error:
        raise QueryError(
            Text(f"« {text[:80]} » n'est pas une valeur de « {column.name} » "
                 f"({column.field.type}).",
                 f"“{text[:80]}” is no value of “{column.name}” "
                 f"({column.field.type})."),
            parameter=column.name,
        ) from error  # fmt: skip
    return found


def during(text: str, collection: Collection) -> list[Predicate]:
    """Return that features lie in an instant or interval, ends included.

    Features without a time lie in every one, and a collection without a time
    column is not restricted (Part 1, /req/core/fc-time-response).

    Raises
    ------
    metadata.errors.QueryError
        The text is neither an instant nor an interval, or ends before it starts.
    """
    start, end = _interval(text)
    column = time_column(collection)
    if column is None:
        return []
    found = Property(column, kind_of(column) or Kind.DATE)
    conditions = [compare(">=", found, start)] if start else []
    conditions += [compare("<=", found, end)] if end else []
    if not conditions or not column.field.nullable:
        return conditions
    return [Some((Missing(column), All(tuple(conditions))))]


def _interval(text: str) -> tuple[Constant | None, Constant | None]:
    ends = text.split("/")
    if len(ends) == 1:
        instant = _instant(text)
        return instant, instant
    if len(ends) != len(("start", "end")):
        raise _no_interval(text)
    if is_duration(ends[0]) != is_duration(ends[1]):
        return _measured(text, *ends)
    start, end = (None if each in _OPEN else _instant(each) for each in ends)
    if start and end and _moment(start, time.min) > _moment(end, time.max):
        raise QueryError(
            Text("L'intervalle finit avant de commencer.",
                 "The interval ends before it starts."),
            parameter="datetime",
        )  # fmt: skip
    return start, end


def _measured(text: str, start: str, end: str) -> tuple[Constant, Constant]:
    """Return the ends of an interval of which one is given as a duration."""
    try:
        if is_duration(end):
            first = _instant(start)
            return first, _constant(moved(_day(first), end, 1))
        last = _instant(end)
        return _constant(moved(_day(last), start, -1)), last
    except ValueError as error:
        raise _no_interval(text) from error


def _day(constant: Constant) -> date:
    value = constant.value
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _constant(value: date) -> Constant:
    kind = Kind.DATETIME if isinstance(value, datetime) else Kind.DATE
    return Constant(value, kind)


def _instant(text: str) -> Constant:
    try:
        if "T" in text.upper():
            return Constant(read_instant(text), Kind.DATETIME)
        return Constant(read_date(text), Kind.DATE)
    except ValueError as error:
        raise _no_interval(text) from error


def _moment(constant: Constant, hour: time) -> datetime:
    """Return an instant, or the given hour of a day."""
    value = constant.value
    if isinstance(value, datetime):
        return value
    return datetime.combine(date.fromisoformat(str(value)), hour, UTC)


def _no_interval(text: str) -> QueryError:
    return QueryError(
        Text(f"« {text[:80]} » n'est ni un instant ni un intervalle.",
             f"“{text[:80]}” is neither an instant nor an interval."),
        parameter="datetime",
        hint=_INTERVAL_HINT,
    )  # fmt: skip


def _integer(text: str) -> Constant:
    found = read_integer(text)
    if found is None:
        message = f"“{text}” is no whole number of 64 bits"
        raise ValueError(message)
    return found


def _number(text: str) -> Constant:
    value = Decimal(text)
    if not value.is_finite():
        message = f"“{text}” is no finite number"
        raise ValueError(message)
    return Constant(value, Kind.NUMBER)


def _boolean(text: str) -> Constant:
    if text not in {"true", "false"}:
        message = f"“{text}” is neither true nor false"
        raise ValueError(message)
    return Constant(text == "true", Kind.BOOLEAN)


def _datetime(text: str) -> Constant:
    if "T" in text.upper():
        return Constant(read_instant(text), Kind.DATETIME)
    return Constant(read_date(text), Kind.DATE)


_READERS: Mapping[Kind, Callable[[str], Constant]] = {
    Kind.TEXT: lambda text: Constant(text, Kind.TEXT),
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: lambda text: Constant(read_date(text), Kind.DATE),
    Kind.DATETIME: _datetime,
    Kind.TIME: lambda text: Constant(time.fromisoformat(text).isoformat(), Kind.TIME),
    Kind.UUID: lambda text: Constant(str(UUID(text)), Kind.UUID),
}
