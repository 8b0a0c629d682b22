"""Keeps the catalogue of a worker ready to be searched.

The index is made of what `service.catalogue` holds, and follows it: records that
did not change are taken over. While one thread makes the next index, requests are
answered from the former one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from threading import Event, Lock
from typing import TypeVar

from service.catalogue import StoredCatalogue
from service.csw.entry import Entry, make_dictionary, make_entry
from service.csw.index import Index
from service.csw.values import Values
from service.snapshot import Stage

logger = logging.getLogger(__name__)
_T = TypeVar("_T")


class Keeper:
    """The index of the catalogue as it is, or as it was a moment ago."""

    def __init__(self) -> None:
        self._kept: tuple[StoredCatalogue, Index] | None = None
        self._making = Lock()
        self._closing = Event()

    def index(self, stored: StoredCatalogue) -> Index:
        """Return the index of a catalogue; the former one while it is being made."""
        kept = self._kept
        if kept is not None and kept[0] is stored:
            return kept[1]
        if not self._making.acquire(blocking=kept is None):
            return kept[1] if kept else self.index(stored)
        try:
            return self._made(stored)
        finally:
            self._making.release()

    def close(self) -> None:
        """Give up what is being made."""
        self._closing.set()

    def _made(self, stored: StoredCatalogue) -> Index:
        """Make the next index, unless another thread just did."""
        kept = self._kept
        if kept is not None and kept[0] is stored:
            return kept[1]
        made = make_index(stored, kept[1] if kept else None, self._closing)
        if not self._closing.is_set():
            self._kept = stored, made
        return made


def make_index(
    stored: StoredCatalogue, before: Index | None = None, stop: Event | None = None
) -> Index:
    """Return the index of a catalogue.

    Parameters
    ----------
    before
        The former one: records that did not change are taken from it.
    stop
        Once set, what is left to do is not done.
    """
    old = {(e.identifier, e.fingerprint): e for e in before.entries} if before else {}
    dictionary = before.entries[0].dictionary if before and before.entries else b""
    alike = _Alike()
    entries: list[Entry] = []
    for applied in stored.applied:
        revision = applied.revision
        entry = old.get((revision.record_identifier, revision.fingerprint))
        if entry is None:
            dictionary = dictionary or make_dictionary(revision)
            entry = alike.shared(make_entry(revision, dictionary))
        entries.append(entry)
        if stop is not None and stop.is_set():
            break
    buried_at = sorted(each.tombstone.deleted_at for each in stored.buried)
    moments = [*(each.at for each in stored.applied), *buried_at]
    logger.info("Catalogue: %d records", len(entries))
    return Index(entries, changed=max(moments, default=None), buried_at=buried_at)


class _Alike:
    """Lets records share the values in which they agree: a few words, many times."""

    def __init__(self) -> None:
        self._seen: dict[object, object] = {}

    def shared(self, entry: Entry) -> Entry:
        """Return an entry whose values are those seen before, where equal."""
        values: Values = tuple(
            self._one(tuple(map(self._one, slot))) for slot in entry.values
        )
        facets = tuple(map(self._one, entry.facets))
        return replace(entry, values=values, facets=facets)

    def _one(self, value: _T) -> _T:
        return self._seen.setdefault(value, value)  # type: ignore[return-value]  # equal, so of its type


@asynccontextmanager
async def kept_ready(
    keeper: Keeper, stage: Stage, interval: float
) -> AsyncIterator[None]:
    """Make every index before somebody asks for it, as long as the context lasts.

    Parameters
    ----------
    interval
        Seconds between two looks at the current snapshot.
    """

    async def follow() -> None:
        while True:
            snapshot = stage.current
            if snapshot is not None:
                await asyncio.to_thread(keeper.index, snapshot.catalogue.stored)
            await asyncio.sleep(interval)

    task = asyncio.create_task(follow())
    try:
        yield
    finally:
        keeper.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
