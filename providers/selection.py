"""Which rows, in which order: the part of a statement that both silos share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from metadata.dataset import Collection
from providers.cql2_sql import compile_predicate
from providers.cursor import after, decode_cursor, sorted_by
from providers.dialect import ROW, Dialect
from providers.query import Order, Query, full_order, key_columns
from providers.sql import NOTHING, Bound, Name, Sql, all_of, any_of, joined, sql


@dataclass(frozen=True)
class Selection:
    """The clauses that pick and sort the rows of a query."""

    where: Sql
    """Starts with ``WHERE``, or is empty."""
    order: Sql
    """Starts with ``ORDER BY``, or is empty where the rows have no order."""
    keys: tuple[Order, ...]
    """The sort keys, the collection's key included."""
    limit: Sql
    """``LIMIT`` and ``OFFSET``, one row more than asked; may be empty."""

    @property
    def clauses(self) -> Sql:
        """All clauses after the table, in order."""
        return sql(self.where, self.order, self.limit)


def select(collection: Collection, query: Query, dialect: Dialect) -> Selection:
    """Return the clauses of a query.

    Raises
    ------
    metadata.errors.CursorError
        The cursor is not one of ours, or belongs to another query.
    """
    keys = full_order(collection, query.order)
    conditions = _conditions(collection, query, dialect)
    if query.cursor:
        position = decode_cursor(collection, query, keys)
        conditions.append(after(position, keys, dialect))
    return Selection(
        where=_where(conditions),
        order=_order(keys, dialect),
        keys=keys,
        limit=_limit(query),
    )


def split(
    collection: Collection, query: Query, dialect: Dialect
) -> tuple[Selection, ...]:
    """Return the clauses of a page sorted by a column that may lack values.

    Rows with a value come first, then those without: each part has an order that
    an index has too, whereas none has ``DESC NULLS LAST`` unasked, nor helps with
    ``> 5 OR IS NULL``. One part where that is of no use.
    """
    keys = full_order(collection, query.order)
    whole = query.limit is None or query.offset or not key_columns(collection)
    if whole or not query.order or not keys[0].nullable:
        return (select(collection, query, dialect),)
    position = decode_cursor(collection, query, keys) if query.cursor else None
    conditions = _conditions(collection, query, dialect)
    column = sql(Name((ROW, keys[0].column.field.name)))
    valued = (replace(keys[0], nullable=False), *keys[1:])
    parts = []
    if position is None or position[0] is not None:
        there = [*conditions, sql(column, " IS NOT NULL")]
        there += [after(position, valued, dialect)] if position else []
        parts.append((there, valued))
    absent = [*conditions, sql(column, " IS NULL")]
    if position and position[0] is None:
        absent.append(after(position[1:], keys[1:], dialect))
    parts.append((absent, keys[1:]))
    return tuple(
        Selection(
            where=_where(where),
            order=_order(order, dialect),
            keys=keys,
            limit=_limit(query),
        )
        for where, order in parts
    )


def matching(collection: Collection, query: Query, dialect: Dialect) -> Sql:
    """Return the ``WHERE`` of all features a query matches, whatever its page."""
    return _where(_conditions(collection, query, dialect))


def _conditions(collection: Collection, query: Query, dialect: Dialect) -> list[Sql]:
    conditions = [compile_predicate(each, dialect) for each in query.conditions]
    if query.area and collection.geometry is not None:
        meets = [dialect.meets(box) for box in query.area]
        nowhere = [dialect.no_geometry()] if query.unplaced else []
        conditions.insert(0, any_of([*meets, *nowhere]))
    return conditions


def _where(conditions: Sequence[Sql]) -> Sql:
    return sql(" WHERE ", all_of(conditions)) if conditions else NOTHING


def _order(keys: Sequence[Order], dialect: Dialect) -> Sql:
    parts = [_sort(each, dialect) for each in keys]
    if not keys or not any(not each.nullable for each in keys):
        tie_break = dialect.tie_break()
        parts += [tie_break] if tie_break else []
    return sql(" ORDER BY ", joined(", ", parts)) if parts else NOTHING


def _sort(each: Order, dialect: Dialect) -> Sql:
    direction = " DESC" if each.descending else ""
    missing = " NULLS LAST" if each.nullable else ""
    return sql(sorted_by(each, dialect), f"{direction}{missing}")


def _limit(query: Query) -> Sql:
    """Return one row more than the page, which tells whether there is a next.

    The number stands in the text, so that whoever plans the statement knows it.
    """
    parts: Sql = NOTHING
    if query.limit is not None:
        parts = sql(f" LIMIT {query.limit + 1:d}")
    if query.offset:
        parts = sql(parts, " OFFSET ", Bound(query.offset))
    return parts
