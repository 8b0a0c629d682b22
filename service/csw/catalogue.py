"""The catalogue of a worker: the records last published, ready to be searched.

It is made from the store when its generation moves; records that did not change
are taken over. While one request makes the next catalogue, the others are
answered from the former one, and a request keeps the one that it began with.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import TypeVar

from metadata.errors import StoreError
from providers.store import Store
from providers.store_search import Published, read_published, read_revisions
from service.csw.entry import Entry, make_dictionary, make_entry
from service.csw.index import Index
from service.csw.values import Values
from service.messages import text

logger = logging.getLogger(__name__)
_T = TypeVar("_T")


class Catalogue:
    """What a worker knows of the store's published records.

    Parameters
    ----------
    store
        Returns the store, or `None` while it cannot be read.
    """

    def __init__(self, store: Callable[[], Store | None]) -> None:
        self._store = store
        self._index: Index | None = None
        self._making = Lock()

    def current(self) -> Index:
        """Return the records last published; those known before, if need be.

        Raises
        ------
        metadata.errors.StoreError
            They cannot be read, and never could.
        """
        known, store = self._index, self._store()
        if store is None:
            return self._known()
        try:
            if known is not None and known.generation == store.generation():
                return known
            return self._renewed(store)
        except StoreError:
            logger.warning("The catalogue stays as it was", exc_info=True)
            return self._known()

    def _known(self) -> Index:
        if self._index is None:
            raise StoreError(text("problem.unavailable"))
        return self._index

    def _renewed(self, store: Store) -> Index:
        """Make the next catalogue, unless somebody else is about it or just did."""
        if not self._making.acquire(blocking=self._index is None):
            return self._known()
        try:
            before = self._index
            if before is None or before.generation != store.generation():
                self._index = load(store, before)
                logger.info("Catalogue: %d records", len(self._index))
            return self._known()
        finally:
            self._making.release()


def load(store: Store, before: Index | None = None) -> Index:
    """Return the catalogue of what is published now.

    Parameters
    ----------
    before
        The former one: what did not change is taken from it.

    Raises
    ------
    metadata.errors.StoreError
        It cannot be read.
    """
    published = read_published(store)
    wanted = {mark.revision_id for mark in published.marks}
    old = before.entries if before else ()
    kept = [entry for entry in old if entry.revision_id in wanted]
    fresh = wanted - {entry.revision_id for entry in kept}
    dictionary = kept[0].dictionary if kept else b""
    alike = _Alike()
    for revision_id, revision in read_revisions(store, sorted(fresh)):
        dictionary = dictionary or make_dictionary(revision)
        kept.append(alike.shared(make_entry(revision_id, revision, dictionary)))
    return _index(published, kept)


def _index(published: Published, entries: list[Entry]) -> Index:
    changes = [mark.applied_at for mark in published.marks]
    return Index(
        entries,
        generation=published.generation,
        changed=max([*changes, *published.buried_at[-1:]], default=None),
        buried_at=published.buried_at,
    )


class _Alike:
    """Lets records share the values in which they agree: a few words, many times."""

    def __init__(self) -> None:
        self._seen: dict[object, object] = {}

    def shared(self, entry: Entry) -> Entry:
        """Return an entry whose values are those seen before, where equal."""
        values: Values = tuple(
            self._one(tuple(map(self._one, slot))) for slot in entry.values
        )
        return replace(entry, values=values)

    def _one(self, value: _T) -> _T:
        return self._seen.setdefault(value, value)  # type: ignore[return-value]  # equal, so of its type
