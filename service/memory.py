"""Pages that were asked for lately, bounded in bytes."""

from __future__ import annotations

from collections import OrderedDict

_OVERHEAD = 512
"""About what a page costs besides its bytes."""
_SHARE = 8
"""A page that takes more than one part in so many of the memory is not kept."""


class PageMemory:
    """The pages asked for last, each with the tag that it had.

    Whoever takes one out has to know that its tag still holds.

    Parameters
    ----------
    limit
        Bytes; 0 keeps nothing.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pages: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self.size = 0
        """Bytes kept."""
        self.hits = 0
        """Pages taken out."""
        self.misses = 0
        """Pages that were kept, but whose tag did not hold any more."""

    def __contains__(self, question: str) -> bool:
        return question in self._pages

    def get(self, question: str, tag: str) -> bytes | None:
        """Return the page that answers a question, if it has the tag."""
        kept = self._pages.get(question)
        if kept is None or kept[0] != tag:
            self.misses += kept is not None
            return None
        self.hits += 1
        self._pages.move_to_end(question)
        return kept[1]

    def put(self, question: str, tag: str, page: bytes) -> None:
        """Keep a page, and drop those asked for longest ago."""
        self._drop(question)
        if not tag or len(page) + _OVERHEAD > self._limit // _SHARE:
            return
        self._pages[question] = tag, page
        self.size += len(page) + _OVERHEAD
        while self.size > self._limit:
            self._drop(next(iter(self._pages)))

    def _drop(self, question: str) -> None:
        kept = self._pages.pop(question, None)
        if kept is not None:
            self.size -= len(kept[1]) + _OVERHEAD
