"""Features of a PostGIS silo: `providers.features` on psycopg2."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import cast

import psycopg2

from metadata.crs import CRS84, Crs
from metadata.dataset import Collection
from metadata.errors import SourceUnreachable
from providers.configuration import SiloConfiguration
from providers.cursor import Position, encode_cursor
from providers.database import Connection
from providers.feature_source import FeatureStream, Limits, Page
from providers.keys import read_key
from providers.pool import Pool
from providers.postgis_counts import Counts
from providers.postgis_execution import (
    Cursor,
    computing,
    healthy,
    open_pool,
    render,
    run,
)
from providers.postgis_statements import PostgisStatements
from providers.query import Query, key_columns
from providers.sql import Sql
from providers.streams import Row, RowStream

_stream_names = count(1)


class PostgisSilo:
    """A PostGIS database, open for reading features."""

    def __init__(self, silo: SiloConfiguration, limits: Limits) -> None:
        self._pages = open_pool(silo.location, limits, size=limits.connections)
        self._streams = open_pool(silo.location, limits, size=limits.streams)

    def features(self, collection: Collection) -> PostgisSource:
        """Return the features of one table or view."""
        return PostgisSource(collection, self._pages, self._streams)

    def close(self) -> None:
        """Close every session, once those in use come back."""
        self._pages.close()
        self._streams.close()

    @property
    def in_use(self) -> int:
        """Connections that somebody holds."""
        return self._pages.in_use + self._streams.in_use


class PostgisSource:
    """The features of one table or view."""

    def __init__(
        self, collection: Collection, pages: Pool[Connection], streams: Pool[Connection]
    ) -> None:
        self.collection = collection
        self._pages = pages
        self._streams = streams
        self._statements = PostgisStatements(collection)
        self._counts = Counts(collection.survey.source)
        self._doing = f"Reading {collection.survey.source}"

    def count(self, query: Query, *, budget_ms: int | None = None) -> int | None:
        """Count exactly, or not at all when it takes longer than the budget."""
        rows = self._statements.rows(query)

        def counted(cursor: Cursor) -> int | None:
            return self._counts.count(cursor, rows, budget_ms=budget_ms)

        return run(self._pages, self._doing, counted)

    def page(self, query: Query) -> Page:
        """Read one page in one round trip."""
        rows = self._rows(self._statements.page(query))
        limit = len(rows) if query.limit is None else query.limit
        shown = rows[:limit]
        has_more = len(rows) > limit
        return Page(
            features=tuple(_features(shown)),
            next_cursor=self._next(query, shown) if has_more else None,
            has_more=has_more,
        )

    def stream(self, query: Query) -> FeatureStream:
        """Read through a server-side cursor, a batch at a time."""
        return RowStream(
            query,
            self._opened(self._statements.page(query), whole=query.limit is None),
            write=_features,
            token=lambda row: self._next(query, [row]),
        )

    def feature(self, key: str, crs: Crs = CRS84) -> str | None:
        """Read one feature; a text that cannot be its key finds none."""
        constants = read_key(key, key_columns(self.collection))
        if constants is None:
            return None
        rows = self._rows(self._statements.feature(constants, crs))
        return str(rows[0][0]) if rows else None

    def check(self) -> None:
        """Plan a statement that needs every column, and read no row."""
        self._rows(self._statements.check())

    def _opened(self, statement: Sql, *, whole: bool) -> NamedCursor:
        """Open a cursor; once more when a kept session had died."""
        try:
            return NamedCursor(statement, self._streams, doing=self._doing, whole=whole)
        except SourceUnreachable:
            self._streams.discard_idle()
            return NamedCursor(statement, self._streams, doing=self._doing, whole=whole)

    def _next(self, query: Query, rows: Sequence[Row]) -> str | None:
        if not rows or not key_columns(self.collection):
            return None
        position = cast("Position", rows[-1][1:])
        return encode_cursor(self.collection, query, position)

    def _rows(self, statement: Sql) -> list[Row]:
        def fetched(cursor: Cursor) -> list[Row]:
            cursor.execute(*render(statement, cursor.connection))
            return cursor.fetchall()

        return run(self._pages, self._doing, fetched)


class NamedCursor:
    """A server-side cursor in a transaction of its own (`streams.RowReader`)."""

    def __init__(
        self, statement: Sql, pool: Pool[Connection], *, doing: str, whole: bool
    ) -> None:
        self._doing = doing
        self._pool = pool
        self._lease = pool.acquire()
        try:
            with computing(doing), healthy(self._lease):
                self._cursor = self._declare(statement, whole=whole)
        except BaseException:
            self.release()
            raise

    def fetch(self, rows: int) -> list[Row]:
        """Return the next rows."""
        with computing(self._doing), healthy(self._lease):
            return self._cursor.fetchmany(rows)

    def release(self) -> None:
        """Roll back, which closes the cursor, and give the session back."""
        connection = self._lease.connection
        try:
            if not connection.closed:
                connection.rollback()
                connection.set_session(autocommit=True)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self._lease.broken = True
        finally:
            self._lease.broken = self._lease.broken or bool(connection.closed)
            self._pool.release(self._lease)

    def _declare(self, statement: Sql, *, whole: bool) -> Cursor:
        """Open the cursor; one that will be read to the end is planned for it."""
        connection = self._lease.connection
        text, values = render(statement, connection)
        connection.set_session(autocommit=False)
        if whole:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL cursor_tuple_fraction = 1")
        named = connection.cursor(name=f"passerelle_{next(_stream_names)}")
        named.execute(text, values)
        return named


def _features(rows: Sequence[Row]) -> list[str]:
    return [str(row[0]) for row in rows]
