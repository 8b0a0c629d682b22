"""How statements reach PostgreSQL: rendering, sessions, streams.

Identifiers are quoted by `psycopg2.sql` only, values are bound. The text of a
statement is written once per shape and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TypeVar

import psycopg2
import psycopg2.errors
import psycopg2.extensions
from psycopg2 import sql as pg

from metadata.errors import QueryError, SourceUnreachable
from providers.database import Connection, connect, translated
from providers.feature_source import Limits
from providers.pool import Lease, Pool
from providers.sql import Fixed, Name, Shape, Sql, shape

R = TypeVar("R")
Cursor = psycopg2.extensions.cursor


def open_pool(location: str, limits: Limits, *, size: int) -> Pool[Connection]:
    """Return a pool of read-only sessions; connects when first asked.

    Texts come as bytes in UTF-8: most of them pass through as they are.
    """

    def opened() -> Connection:
        connection = connect(location, statement_timeout=limits.statement_timeout)
        connection.set_session(readonly=True, autocommit=True)
        psycopg2.extensions.register_type(psycopg2.extensions.BYTES, connection)
        return connection

    return Pool(opened, size=size, wait=limits.wait, recycle=limits.recycle)


_TEXTS: dict[Shape, str] = {}
_MOST_TEXTS = 4096


def render(statement: Sql, connection: Connection) -> tuple[str, tuple[object, ...]]:
    """Return a statement as psycopg2 takes it, and its values."""
    found, values = shape(statement)
    text = _TEXTS.get(found)
    if text is None:
        pieces = _written(found, connection)
        text = "".join("%s" if p is None else p.replace("%", "%%") for p in pieces)
        if len(_TEXTS) >= _MOST_TEXTS:
            _TEXTS.clear()
        _TEXTS[found] = text
    return text, values


def numbered(found: Shape, connection: Connection) -> str:
    """Return a statement as PostgreSQL prepares it, with ``$1`` for the first value."""
    places = count(1)
    pieces = _written(found, connection)
    return "".join(f"${next(places)}" if piece is None else piece for piece in pieces)


def _written(found: Shape, connection: Connection) -> Iterator[str | None]:
    """Yield the text of a statement in pieces; `None` stands for a value."""
    for piece in found:
        if isinstance(piece, Fixed):
            yield from _written(shape(piece.statement)[0], connection)
        elif isinstance(piece, Name):
            quoted: str = pg.Identifier(*piece.parts).as_string(connection)
            yield quoted
        else:
            yield piece


@contextmanager
def computing(doing: str) -> Iterator[None]:
    """Turn the database's errors into ours; values it cannot compute are queries'.

    Raises
    ------
    QueryError
        A condition overflows, or a value does not fit the column's type.
    """
    with translated(doing):
        try:
            yield
        except psycopg2.DataError as error:
            message = f"{doing}: {str(error).splitlines()[0]}"
            raise QueryError(
                message, parameter="filter", hint="Check the values compared."
            ) from error


def run(pool: Pool[Connection], doing: str, work: Callable[[Cursor], R]) -> R:
    """Do some reading in a session; once more when a kept session had died.

    Repeating is safe, since nothing is ever written.
    """
    with pool.lease() as lease:
        try:
            return _work(lease, doing, work)
        except SourceUnreachable:
            if lease.fresh or not lease.broken:
                raise
    pool.discard_idle()
    with pool.lease() as lease:
        return _work(lease, doing, work)


def _work(lease: Lease[Connection], doing: str, work: Callable[[Cursor], R]) -> R:
    with computing(doing), healthy(lease), lease.connection.cursor() as cursor:
        return work(cursor)


@contextmanager
def healthy(lease: Lease[Connection]) -> Iterator[None]:
    """Mark a session that was lost, so that it is not kept."""
    try:
        yield
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        lease.broken = bool(lease.connection.closed)
        raise
