"""Any blocking source of features for an event loop: `feature_source.FeatureReader`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from metadata.crs import CRS84, Crs
from providers.feature_source import Counted, FeatureSource, Found, Page
from providers.query import Query

T = TypeVar("T")


class StatedSource(FeatureSource, Protocol):
    """A source that tells the state of its collection."""

    def state(self) -> str:
        """Return the state as it is now; empty where nothing is certain."""
        ...


class ThreadedReader:
    """Asks a blocking source in threads."""

    def __init__(self, source: StatedSource) -> None:
        self._source = source

    async def state(self) -> str:
        """Return the state as it is now."""
        return await asyncio.to_thread(self._source.state)

    async def page(self, query: Query) -> Page:
        """Read one page and its state."""
        page, state = await self._in_one_state(lambda: self._source.page(query))
        return replace(page, state=state)

    async def count(
        self,
        query: Query,
        *,
        state: str,
        budget_ms: int | None,
    ) -> Counted:
        """Count exactly, or not at all when it takes longer than the budget."""
        number, counted_in = await self._in_one_state(
            lambda: self._source.count(query, budget_ms=budget_ms)
        )
        return Counted(number, counted_in)

    async def feature(self, key: str, crs: Crs = CRS84) -> Found | None:
        """Read one feature; a text that cannot be its key finds none."""
        feature, state = await self._in_one_state(
            lambda: self._source.feature(key, crs)
        )
        return None if feature is None else Found(feature.encode(), state)

    async def _in_one_state(self, work: Callable[[], T]) -> tuple[T, str]:
        """Return what was read, and the state if it was the same all the while."""

        def done() -> tuple[T, str]:
            before = self._source.state()
            result = work()
            return result, before if before == self._source.state() else ""

        return await asyncio.to_thread(done)
