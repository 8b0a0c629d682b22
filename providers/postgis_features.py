"""Features of a PostGIS silo: `providers.features` on psycopg2."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import cast

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from metadata.crs import CRS84, Crs
from metadata.dataset import Collection
from metadata.editing import is_edited
from metadata.errors import SilosBusy, SourceError, SourceUnreachable
from providers.configuration import SiloConfiguration
from providers.counts import Counts
from providers.database import Connection
from providers.feature_source import (
    SEPARATOR,
    Counted,
    FeatureStream,
    Limits,
    Page,
    PoolUse,
)
from providers.keys import read_key
from providers.pool import Pool
from providers.positions import numbers_only
from providers.postgis_answers import (
    is_late,
    read_count,
    read_feature,
    read_page,
    read_state,
    read_token,
)
from providers.postgis_editing import PostgisEditor, open_editing_pool
from providers.postgis_execution import (
    Cursor,
    computing,
    healthy,
    open_pool,
    render,
    run,
)
from providers.postgis_reader import PostgisReader
from providers.postgis_rows import RowStatements, decoder
from providers.postgis_state import COUNTER_GONE, uncounted
from providers.postgis_statements import PostgisStatements
from providers.postgis_versions import VersionedReader
from providers.query import Encoding, Query, key_columns
from providers.session_pool import SessionPool
from providers.sql import Sql
from providers.streams import Row, RowStream
from providers.table_rows import TableRows

_stream_names = count(1)


class PostgisSilo:
    """A PostGIS database, open for reading features."""

    def __init__(self, silo: SiloConfiguration, limits: Limits) -> None:
        self._pages = SessionPool(silo.location, limits)
        self._streams = open_pool(silo.location, limits, size=limits.streams)
        self._edits = open_editing_pool(silo.editing or silo.location, limits)
        self._edited = False

    def features(self, collection: Collection) -> PostgisSource:
        """Return the features of one table or view."""
        return PostgisSource(collection, self._streams)

    def reader(self, collection: Collection) -> PostgisReader:
        """Return the same for an event loop, on sessions of their own."""
        kind = VersionedReader if is_edited(collection) else PostgisReader
        return kind(collection, self._pages)

    def editor(self, collection: Collection) -> PostgisEditor | None:
        """Return what edits the rows of a table that was opened for it."""
        if not is_edited(collection):
            return None
        self._edited = True
        return PostgisEditor(collection, self._edits)

    def usage(self) -> dict[str, PoolUse]:
        """Return how its pools are used, by name; edits where there may be any."""
        used = {"pages": self._pages.use(), "streams": self._streams.use()}
        return {**used, "edits": self._edits.use()} if self._edited else used

    def close(self) -> None:
        """Close every session, once those in use come back."""
        self._pages.close()
        self._streams.close()
        self._edits.close()

    @property
    def in_use(self) -> int:
        """Connections that somebody holds."""
        return self._pages.in_use + self._streams.in_use + self._edits.in_use


class PostgisSource:
    """The features of one table or view."""

    def __init__(self, collection: Collection, pool: Pool[Connection]) -> None:
        self.collection = collection
        self._pool = pool
        self._statements = PostgisStatements(collection)
        self._counts = Counts()
        self._doing = f"Reading {collection.survey.source}"

    def count(self, query: Query, *, budget_ms: int | None = None) -> int | None:
        """Count exactly, or not at all when it takes longer than the budget."""
        rows = self._statements.rows(query)
        if self._counts.knows(rows):
            (state,) = self._rows(self._statements.state())[0]
            kept = self._counts.kept(rows, read_state(state))
            if kept is not None:
                return kept
        if budget_ms is not None and self._counts.rests(rows):
            return None
        with self._counts.timed(rows):
            counted = self._counted(query, budget_ms)
        if counted.number is not None:
            self._counts.keep(rows, counted.number, counted.state)
        return counted.number

    def page(self, query: Query) -> Page:
        """Read one page in one round trip."""
        row = self._rows(self._statements.page(query))[0]
        return read_page(self.collection, query, row)

    def stream(self, query: Query) -> FeatureStream:
        """Read through a server-side cursor, a batch at a time."""
        return RowStream(
            query,
            self._opened(query, self._statements),
            write=_lines if query.encoding is Encoding.CSV else _features,
            token=lambda row: read_token(self.collection, query, row[1:]),
        )

    def rows(self) -> TableRows:
        """Read every row through a server-side cursor."""
        statements = RowStatements(self.collection)
        return TableRows(self._opened(Query(), statements), decoder(self.collection))

    def feature(self, key: str, crs: Crs = CRS84) -> str | None:
        """Read one feature; a text that cannot be its key finds none."""
        constants = read_key(key, key_columns(self.collection))
        if constants is None:
            return None
        rows = self._rows(self._statements.feature(constants, crs))
        return read_feature(rows[0]).feature.decode() if rows else None

    def check(self) -> None:
        """Plan a statement that needs every column, and read no row."""
        self._rows(self._statements.check())

    def _opened(self, query: Query, statements: PostgisStatements) -> NamedCursor:
        """Open a cursor; once more when a kept session had died."""
        try:
            return NamedCursor(statements, query, self._pool, self._doing)
        except SourceUnreachable:
            self._pool.discard_idle()
            return NamedCursor(statements, query, self._pool, self._doing)

    def _counted(self, query: Query, budget_ms: int | None) -> Counted:
        try:
            return read_count(self._rows(self._statements.count(query, budget_ms))[0])
        except SilosBusy as error:
            if budget_ms is None or not is_late(error):
                raise
            return Counted(None, "")

    def _rows(self, statement: Sql) -> list[Row]:
        """Run a statement, once more when the log of changes has just gone."""
        try:
            return self._fetched(statement)
        except SourceError as error:
            is_counted = self.collection.survey.counted
            if not (is_counted and isinstance(error.__cause__, COUNTER_GONE)):
                raise
        return self._fetched(uncounted(statement))

    def _fetched(self, statement: Sql) -> list[Row]:
        def fetched(cursor: Cursor) -> list[Row]:
            cursor.execute(*render(statement, cursor.connection))
            return cursor.fetchall()

        return run(self._pool, self._doing, fetched)


class NamedCursor:
    """A server-side cursor in a transaction of its own (`streams.RowReader`).

    The transaction sees one snapshot, so that the state is that of every row.
    """

    def __init__(
        self,
        statements: PostgisStatements,
        query: Query,
        pool: Pool[Connection],
        doing: str,
    ) -> None:
        self._doing = doing
        self._pool = pool
        self._lease = pool.acquire()
        try:
            with computing(doing), healthy(self._lease):
                self.state = self._begin(statements.state())
                whole = query.limit is None
                self._cursor = self._declare(statements.stream(query), whole=whole)
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

    def _begin(self, state: Sql) -> str:
        """Begin the transaction; return the state of what it sees."""
        connection = self._lease.connection
        connection.set_session(
            isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, autocommit=False
        )
        try:
            return self._look(state)
        except COUNTER_GONE:
            connection.rollback()
            return self._look(uncounted(state))

    def _look(self, state: Sql) -> str:
        connection = self._lease.connection
        with connection.cursor() as cursor:
            cursor.execute(*render(state, connection))
            (found,) = cast("Row", cursor.fetchone())
        return read_state(found)

    def _declare(self, statement: Sql, *, whole: bool) -> Cursor:
        """Open the cursor; one that will be read to the end is planned for it."""
        connection = self._lease.connection
        text, values = render(statement, connection)
        if whole:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL cursor_tuple_fraction = 1")
        named = connection.cursor(name=f"passerelle_{next(_stream_names)}")
        named.execute(text, values)
        return named


def _lines(rows: Sequence[Row]) -> list[bytes]:
    return [cast("bytes", row[0]) for row in rows]


def _features(rows: Sequence[Row]) -> list[bytes]:
    whole = SEPARATOR.join(cast("bytes", row[0]) for row in rows)
    return numbers_only(whole).split(SEPARATOR)
