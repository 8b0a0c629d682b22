"""Page tokens: where a page ended, so that the next begins right after it.

A token holds the sort values and the key of the last feature as exact texts,
and a fingerprint of the question; it is opaque to clients. Rows inserted or
deleted meanwhile neither shift nor repeat anything.

The position is always expanded into a chain of alternatives: a comparison of
rows, ``(a, id) > (NULL, 5)``, matches nothing where a value is missing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from uuid import UUID

from pydantic_core import to_json

from metadata.dataset import Collection, PublishedColumn
from metadata.errors import CursorError, QueryError
from metadata.measured import FieldType
from providers.cql2_tree import Kind, kind_of
from providers.dialect import ROW, Dialect
from providers.query import Order, Query
from providers.sql import Name, Sql, all_of, any_of, sql

Position = tuple[str | None, ...]
"""One exact text per sort key; `None` where the value is missing."""
_VERSION = 1
_LONGEST = 16_384
_HINT = "Follow the “next” links as they are, or ask again without cursor."


def fingerprint(collection: Collection, query: Query) -> str:
    """Return a short digest of all that fixes which features come in which order.

    The size of the page is not part of it: a client may change it on the way.
    """
    columns = query.properties
    return _digest(
        collection.id,
        collection.survey.source,
        query.crs.uri,
        query.area,
        query.conditions,
        query.geometry,
        None if columns is None else tuple(column.name for column in columns),
        tuple((each.column.name, each.descending) for each in query.order),
    )


@lru_cache(maxsize=1024)
def _digest(*question: Hashable) -> str:
    return hashlib.blake2b(repr(question).encode(), digest_size=9).hexdigest()


def encode_cursor(collection: Collection, query: Query, position: Position) -> str:
    """Return the token of the page after a position."""
    content = to_json([_VERSION, fingerprint(collection, query), position])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decode_cursor(
    collection: Collection, query: Query, order: Sequence[Order]
) -> Position:
    """Read the position that the query's cursor holds.

    Raises
    ------
    CursorError
        The token is not one of ours, or belongs to another question.
    """
    content = _content(query.cursor)
    if content[1] != fingerprint(collection, query):
        message = "The cursor belongs to a query with other parameters."
        raise CursorError(message, parameter="cursor", hint=_HINT)
    position = content[2]
    if not isinstance(position, list) or len(position) != len(order):
        raise _not_ours()
    return tuple(
        _checked(value, each.column)
        for value, each in zip(position, order, strict=True)
    )


def _content(token: str) -> list[object]:
    """Return the three parts of a token, none of them believed yet."""
    if len(token) > _LONGEST:
        raise _not_ours()
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
        content = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _not_ours() from error
    parts = 3
    if not isinstance(content, list) or len(content) != parts or content[0] != _VERSION:
        raise _not_ours()
    return content


def _not_ours() -> CursorError:
    message = "The cursor is not a page token of this service."
    return CursorError(message, parameter="cursor", hint=_HINT)


def _checked(value: object, column: PublishedColumn) -> str | None:
    """Return a sort value once it reads as its column's type."""
    if value is None:
        return None
    if not isinstance(value, str) or "\0" in value:
        raise _not_ours()
    try:
        value.encode()
        _read(value, column.field.type)
    except (ValueError, KeyError, InvalidOperation) as error:
        raise _not_ours() from error
    return value


def _boolean(value: str) -> bool:
    return {"true": True, "false": False}[value]


_READERS: Mapping[FieldType, Callable[[str], object]] = {
    FieldType.INTEGER: int,
    FieldType.NUMBER: Decimal,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: date.fromisoformat,
    FieldType.DATETIME: datetime.fromisoformat,
    FieldType.TIME: time.fromisoformat,
    FieldType.UUID: UUID,
}


def _read(value: str, kind: FieldType) -> object:
    if kind is FieldType.TIME and value == "24:00:00":
        return value  # the end of a day, which PostgreSQL has and Python has not
    if kind in {FieldType.DATE, FieldType.DATETIME} and _is_beyond(value):
        return value
    return _READERS.get(kind, str)(value)


def _is_beyond(value: str) -> bool:
    """Tell whether PostgreSQL wrote a date that Python has no value for."""
    if value in {"infinity", "-infinity"}:
        return True
    digits = value.split("-", 1)[0]
    return value.endswith(" BC") or (digits.isdigit() and len(digits) > len("9999"))


def after(position: Position, order: Sequence[Order], dialect: Dialect) -> Sql:
    """Return the condition that holds for every row after a position.

    Rows without a value come last in either direction. The leading condition
    on the first key says nothing new; it lets an index begin at the right row.
    """
    alternatives = []
    equal: list[Sql] = []
    for text, each in zip(position, order, strict=True):
        beyond = _compared(text, each, "<" if each.descending else ">", dialect)
        if beyond is not None:
            alternatives.append(all_of([*equal, beyond]))
        equal.append(_same(text, each, dialect))
    chain = any_of(sql("(", one, ")") for one in alternatives)
    first = order[0]
    start = _compared(position[0], first, "<=" if first.descending else ">=", dialect)
    return sql(start, " AND ", chain) if start and len(order) > 1 else chain


def _compared(text: str | None, each: Order, word: str, dialect: Dialect) -> Sql | None:
    """Return how a row lies to one sort value; `None` where none lies beyond it."""
    if text is None:
        return None
    found = sql(sorted_by(each, dialect), f" {word} ", _bound(text, each, dialect))
    return sql("(", found, " OR ", _missing(each), ")") if each.nullable else found


def _same(text: str | None, each: Order, dialect: Dialect) -> Sql:
    if text is None:
        return _missing(each)
    return sql(sorted_by(each, dialect), " = ", _bound(text, each, dialect))


def _missing(each: Order) -> Sql:
    return sql(Name((ROW, each.column.field.name)), " IS NULL")


def _bound(text: str, each: Order, dialect: Dialect) -> Sql:
    value = dialect.position(text, each.column)
    return value if each.native else dialect.ordered(value, _kind(each))


def sorted_by(each: Order, dialect: Dialect) -> Sql:
    """Return the expression that a sort key sorts by.

    It is the same in both silos, unless the silo's own order will do.
    """
    value = dialect.value(each.column)
    return value if each.native else dialect.ordered(value, _kind(each))


def _kind(each: Order) -> Kind:
    kind = kind_of(each.column)
    if kind is None:
        message = f"“{each.column.name}” has no order to sort by."
        raise QueryError(message, parameter="sortby")
    return kind
