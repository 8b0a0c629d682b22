"""Features of a GeoPackage silo: `providers.feature_source` on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

from metadata.crs import CRS84, Crs
from metadata.dataset import Collection
from providers.configuration import SiloConfiguration
from providers.counts import Counts
from providers.cursor import encode_cursor
from providers.feature_source import (
    FeatureStream,
    Limits,
    Page,
    PoolUse,
    separator,
)
from providers.geopackage_files import Connection, Files, translated, within
from providers.geopackage_forms import feature_writer
from providers.geopackage_rows import decoder
from providers.geopackage_statements import GeopackageStatements, find_layer, render
from providers.geopackage_writing import FeatureWriter, position_text
from providers.keys import read_key
from providers.pool import Pool
from providers.query import Query, full_order, key_columns
from providers.sql import Sql
from providers.streams import Row, RowStream
from providers.table_rows import TableRows
from providers.threaded_reader import ThreadedReader


class GeopackageSilo:
    """A GeoPackage, or a folder of them, open for reading features."""

    def __init__(self, silo: SiloConfiguration, limits: Limits) -> None:
        location = Path(silo.location)
        self._pages = Files(location, limits, size=limits.connections)
        self._streams = Files(location, limits, size=limits.streams)
        self._timeout = limits.statement_timeout

    @property
    def in_use(self) -> int:
        """Connections that somebody holds."""
        return self._pages.in_use + self._streams.in_use

    def features(self, collection: Collection) -> GeopackageSource:
        """Return the features of one layer."""
        return GeopackageSource(
            collection, self._pages, self._streams, timeout=self._timeout
        )

    def reader(self, collection: Collection) -> ThreadedReader:
        """Return the same for an event loop."""
        return ThreadedReader(self.features(collection))

    def editor(self, collection: Collection) -> None:
        """Return nothing: others may be writing the file, and it is only read."""
        return

    def usage(self) -> dict[str, PoolUse]:
        """Return how its pools are used, by name."""
        return {"pages": self._pages.use(), "streams": self._streams.use()}

    def close(self) -> None:
        """Close every file, once those in use come back."""
        self._pages.close()
        self._streams.close()


class GeopackageSource:
    """The features of one layer.

    Parameters
    ----------
    timeout
        Milliseconds that one statement may take.
    """

    def __init__(
        self, collection: Collection, pages: Files, streams: Files, *, timeout: int
    ) -> None:
        self.collection = collection
        self._pages = pages
        self._streams = streams
        self._timeout = timeout
        self._counts = Counts()
        self._container = collection.survey.source.container
        self._doing = f"Reading {collection.survey.source}"
        self._unplaced = "", True
        """A state of the file, and whether a feature had no geometry in it."""

    def state(self) -> str:
        """Return the state of the file as it is now."""
        return self._pages.state(self._container)

    def count(self, query: Query, *, budget_ms: int | None = None) -> int | None:
        """Count exactly, or not at all when it takes longer than the budget."""
        state = self.state()
        with self._session() as session:
            statement = session.statements.count(self.asked(session, query))
            number = self._counts.kept(statement, state)
            if number is None and (
                budget_ms is None or not self._counts.rests(statement)
            ):
                with self._counts.timed(statement):
                    number = _counted(session, statement, budget_ms)
        if number is not None and state == self.state():
            self._counts.keep(statement, number, state)
        return number

    def page(self, query: Query) -> Page:
        """Read one page."""
        writer = feature_writer(self.collection, query)
        with self._session() as session:
            asked = self.asked(session, query)
            rows = session.rows(session.statements.page(asked, writer))
        limit = len(rows) if query.limit is None else query.limit
        shown = rows[:limit]
        has_more = len(rows) > limit
        return Page(
            sequence=separator(query.encoding).join(writer.write(shown)),
            count=len(shown),
            next_cursor=self._next(query, writer, shown) if has_more else None,
            has_more=has_more,
        )

    def stream(self, query: Query) -> FeatureStream:
        """Read a batch at a time."""
        writer = feature_writer(self.collection, query)
        return RowStream(
            query,
            OpenCursor(self, self._streams.pool(self._container), query, writer),
            write=writer.write,
            token=lambda row: self._next(query, writer, [row]),
        )

    def rows(self) -> TableRows:
        """Read every row, a batch at a time."""
        query = Query()
        writer = feature_writer(self.collection, query)
        cursor = OpenCursor(self, self._streams.pool(self._container), query, writer)
        return TableRows(cursor, decoder(writer))

    def feature(self, key: str, crs: Crs = CRS84) -> str | None:
        """Read one feature; a text that cannot be its key finds none."""
        constants = read_key(key, key_columns(self.collection))
        if constants is None:
            return None
        writer = feature_writer(self.collection, Query(crs=crs))
        with self._session() as session:
            rows = session.rows(session.statements.feature(constants, writer))
        return writer.write(rows)[0].decode() if rows else None

    def check(self) -> None:
        """Prepare a statement that needs every column, and read one row at most."""
        query = Query(limit=0)
        writer = feature_writer(self.collection, query)
        with self._session() as session:
            session.rows(session.statements.page(query, writer))

    def session(self, connection: Connection) -> Session:
        """Return what a connection says about the layer."""
        return Session(connection, self.collection, self._timeout)

    def asked(self, session: Session, query: Query) -> Query:
        """Return a query that looks for features without geometry if there are any.

        No index holds them, so a box would read the whole layer each time.
        """
        looks = query.area and query.unplaced and self.collection.geometry is not None
        if not looks:
            return query
        state, known = self.state(), self._unplaced
        if not state or state != known[0]:
            known = self._unplaced = state, session.any_unplaced()
        return replace(query, unplaced=known[1])

    @contextmanager
    def _session(self) -> Iterator[Session]:
        pool = self._pages.pool(self._container)
        with pool.lease() as lease, translated(self._doing):
            yield self.session(lease.connection)

    def _next(
        self, query: Query, writer: FeatureWriter, rows: Sequence[Row]
    ) -> str | None:
        if not rows or not writer.key:
            return None
        order = full_order(self.collection, query.order)
        position = tuple(
            position_text(value, each.column)
            for value, each in zip(rows[-1][writer.width :], order, strict=True)
        )
        return encode_cursor(self.collection, query, position)


def _counted(session: Session, statement: Sql, budget_ms: int | None) -> int | None:
    try:
        rows = session.rows(statement, budget_ms)
    except sqlite3.OperationalError as error:
        if budget_ms and error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    return cast("int", rows[0][0])


class Session:
    """One connection, knowing the layer as the file has it now."""

    def __init__(
        self, connection: Connection, collection: Collection, timeout: int
    ) -> None:
        self.connection = connection
        self.timeout = timeout
        layer = find_layer(connection, collection)
        self.statements = GeopackageStatements(collection, layer)

    def any_unplaced(self) -> bool:
        """Tell whether a feature has no geometry."""
        return bool(self.rows(self.statements.any_unplaced())[0][0])

    def rows(self, statement: Sql, budget_ms: int | None = None) -> list[Row]:
        """Read every row of a statement, within the time-out or a budget."""
        with within(self.connection, budget_ms or self.timeout):
            return self.connection.execute(*render(statement)).fetchall()


class OpenCursor:
    """A cursor that is read a batch at a time (`streams.RowReader`)."""

    def __init__(
        self,
        source: GeopackageSource,
        pool: Pool[Connection],
        query: Query,
        writer: FeatureWriter,
    ) -> None:
        self._doing = f"Reading {source.collection.survey.source}"
        self._pool = pool
        self._lease = pool.acquire()
        self._cursor: sqlite3.Cursor | None = None
        self._source = source
        self._state: str | None = None
        try:
            self._before = source.state()
            with translated(self._doing):
                self._session = source.session(self._lease.connection)
                asked = source.asked(self._session, query)
                statement = self._session.statements.page(asked, writer)
                with self._limited():
                    self._cursor = self._lease.connection.execute(*render(statement))
        except BaseException:
            self.release()
            raise

    @property
    def state(self) -> str:
        """State of the file, if it was the same until rows were held still."""
        return self._state or ""

    def fetch(self, rows: int) -> list[Row]:
        """Return the next rows."""
        if self._cursor is None:
            return []
        with translated(self._doing), self._limited():
            found = self._cursor.fetchmany(rows)
        if self._state is None:
            same = self._before == self._source.state()
            self._state = self._before if same else ""
        return found

    def release(self) -> None:
        """Close the cursor and give the connection back."""
        if self._cursor is not None:
            self._cursor.close()
        self._pool.release(self._lease)

    def _limited(self) -> AbstractContextManager[None]:
        return within(self._lease.connection, self._session.timeout)
