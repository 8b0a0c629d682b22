"""How large features turned out to be, so that a page is known to be light or not.

A light page is read whole and gives its session back before it is sent; one that
may be heavy is streamed, in bounded memory, and holds a session all the while.
"""

from __future__ import annotations

from collections import OrderedDict

from providers.query import Encoding, Query
from service.snapshot import ServedCollection

HEAVY = 4 * 2**20
"""Bytes above which a page is streamed."""
_MOST = 4_096
_Key = tuple[str, bool, bool, Encoding]


class FeatureSizes:
    """The mean size of the features that were read last, by what is shown of them."""

    def __init__(self) -> None:
        self._means: OrderedDict[_Key, float] = OrderedDict()

    def note(
        self, served: ServedCollection, query: Query, size: int, count: int
    ) -> None:
        """Note how many bytes so many features took."""
        if not count:
            return
        key = _key(served, query)
        self._means[key] = size / count
        self._means.move_to_end(key)
        if len(self._means) > _MOST:
            self._means.popitem(last=False)

    def is_light(self, served: ServedCollection, query: Query) -> bool:
        """Tell whether a page is light, going by the features read so far."""
        mean = self._means.get(_key(served, query))
        if mean is None or query.limit is None:
            return False
        all_of_them = served.collection.survey.feature_count
        most = query.limit if all_of_them is None else min(query.limit, all_of_them)
        return mean * most <= HEAVY


def _key(served: ServedCollection, query: Query) -> _Key:
    shown = query.geometry, query.properties is None
    return served.form, *shown, query.encoding
