"""Features of a PostGIS silo for an event loop: `feature_source.FeatureReader`."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import lru_cache

from metadata.crs import CRS84, Crs
from metadata.dataset import Collection
from metadata.errors import SilosBusy, SourceError
from providers.counting import LEFT_OUT, Counting
from providers.feature_source import Counted, Found, Page
from providers.keys import read_key
from providers.postgis_answers import (
    is_late,
    read_count,
    read_feature,
    read_page,
    read_state,
)
from providers.postgis_state import COUNTER_GONE, uncounted
from providers.postgis_statements import PostgisStatements
from providers.query import Query, key_columns
from providers.session_pool import SessionPool
from providers.shared import Shared
from providers.sql import Sql
from providers.streams import Row

_MOST_PAGES = 256
"""Statements that are kept; most questions are asked more than once."""
_LOOK_AGAIN = 5.0
"""Seconds at least between two looks for features without geometry."""
_LOOK_BUDGET = 500
"""Milliseconds that such a look may take; then nothing is known."""


class PostgisReader:
    """The features of one table or view."""

    def __init__(self, collection: Collection, sessions: SessionPool) -> None:
        self._collection = collection
        self._sessions = sessions
        self._statements = PostgisStatements(collection)
        self._page = lru_cache(maxsize=_MOST_PAGES)(self._statements.page)
        self._counting = Counting()
        self._doing = f"Reading {collection.survey.source}"
        self._is_counted = collection.survey.counted
        self._state = Shared(self._look)
        self._placed = ""
        """A state in which every feature has a geometry; empty: none is known."""
        self._looked = -_LOOK_AGAIN

    async def state(self) -> str:
        """Return the state as it is now; those who ask together share one look."""
        return await self._state.get()

    async def page(self, query: Query) -> Page:
        """Read one page and its state, in one round trip."""
        if query.area and query.unplaced and self._collection.geometry is not None:
            return await self._page_within(query)
        return await self._read(query)

    async def _page_within(self, query: Query) -> Page:
        """Read a page of what lies in a box or nowhere.

        An index on a million geometries is read from end to end for those that are
        missing. Where none is, and that is known of the very state that the page
        turns out to be of, they need not be looked for.
        """
        if self._placed:
            page = await self._read(query, replace(query, unplaced=False))
            if page.state == self._placed:
                return page
            self._placed = ""
        page = await self._read(query)
        if page.state and time.monotonic() - self._looked > _LOOK_AGAIN:
            self._looked = time.monotonic()
            self._placed = await self._state_without_unplaced()
        return page

    async def _state_without_unplaced(self) -> str:
        """Return the state if every feature has a geometry now, as far as is known.

        Whoever asked has their page already: to know no more costs them nothing.
        """
        statement = self._statements.any_unplaced(_LOOK_BUDGET)
        try:
            unplaced, state = (await self._rows(statement))[0]
        except (SilosBusy, SourceError):
            return ""
        return "" if unplaced else read_state(state)

    async def _read(self, asked: Query, narrowed: Query | None = None) -> Page:
        rows = await self._rows(self._page(narrowed or asked))
        return read_page(self._collection, asked, rows[0])

    async def count(
        self, query: Query, *, state: str, budget_ms: int | None
    ) -> Counted:
        """Count exactly, or not at all when it takes longer than the budget."""

        async def count() -> Counted:
            statement = self._statements.count(query, budget_ms)
            try:
                return read_count((await self._rows(statement))[0])
            except SilosBusy as error:
                if budget_ms is None or not is_late(error):
                    raise
                return LEFT_OUT

        rows, whole = self._statements.rows(query), budget_ms is None
        return await self._counting.number(rows, count, state=state, whole=whole)

    async def feature(self, key: str, crs: Crs = CRS84) -> Found | None:
        """Read one feature; a text that cannot be its key finds none."""
        constants = read_key(key, key_columns(self._collection))
        if constants is None:
            return None
        rows = await self._rows(self._statements.feature(constants, crs))
        return read_feature(rows[0]) if rows else None

    async def _look(self) -> str:
        self._sessions.looks += 1
        return read_state((await self._rows(self._statements.state()))[0][0])

    async def _rows(self, statement: Sql) -> list[Row]:
        """Run a statement, once more when the log of changes has just gone."""
        try:
            return await self._sessions.rows(statement, self._doing)
        except SourceError as error:
            if not (self._is_counted and isinstance(error.__cause__, COUNTER_GONE)):
                raise
        return await self._sessions.rows(uncounted(statement), self._doing)
