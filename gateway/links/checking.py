"""Looks at many links: servers side by side, the links of one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from threading import Event
from typing import Final

from gateway.links.exchange import Deadline
from gateway.links.following import Follower
from gateway.links.looking import look
from metadata.links import Link, LinkHistory, Observation, Outcome
from metadata.links.link import split
from metadata.links.observation import UNCONNECTED

Progress = Callable[[int, int], None]
"""Told links looked at, and links in all."""

_GIVEN_UP: Final = 2
"""Links in a row without a connection after which a server is let be."""
_TOO_MANY: Final = 429
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def check_links(
    follower: Follower,
    links: Iterable[Link],
    *,
    known: Mapping[str, LinkHistory],
    progress: Progress | None = None,
) -> Mapping[str, Observation]:
    """Look at each address once; return what was found, by address.

    Those looked at longest ago come first, so that what a run has no time for is the
    first of the next. A server without a connection for two links is not asked for
    the others, nor one that answers 429.

    Parameters
    ----------
    known
        What is remembered, by address.
    """
    distinct = {link.url: link for link in links}.values()
    ordered = sorted(distinct, key=lambda link: (_looked_at(link, known), link.url))
    lanes = _lanes(ordered, follower.limits.own)
    run = _Run(follower, len(ordered), progress)
    if progress is not None:
        progress(0, len(ordered))
    pool = ThreadPoolExecutor(
        max(1, min(len(lanes), follower.limits.hosts + follower.limits.own)),
        thread_name_prefix="links",
    )
    try:
        parts = list(pool.map(run.lane, lanes))
    finally:
        run.stopped.set()
        pool.shutdown(cancel_futures=True)
    return {url: found for part in parts for url, found in part.items()}


def _looked_at(link: Link, known: Mapping[str, LinkHistory]) -> datetime:
    before = known.get(link.url)
    return before.checked_at if before else _NEVER


def _lanes(links: Sequence[Link], own: int) -> list[list[Link]]:
    """Part links by server; those of our own service into several parts."""
    lanes: dict[tuple[str, int], list[Link]] = {}
    numbers = count()
    for link in links:
        parts = split(link.url)
        host = (parts.hostname or "") if parts else ""
        lane = (host, next(numbers) % own if link.own else -1)
        lanes.setdefault(lane, []).append(link)
    return list(lanes.values())


class _Run:
    """One run over all links."""

    def __init__(
        self, follower: Follower, total: int, progress: Progress | None
    ) -> None:
        self.stopped = Event()
        self._follower = follower
        self._total = total
        self._progress = progress
        self._done = count(1)
        self._deadline = Deadline(follower.limits.run)

    def lane(self, links: Sequence[Link]) -> dict[str, Observation]:
        """Look at the links of one server, one after another."""
        found: dict[str, Observation] = {}
        silent, last = 0, None
        for link in links:
            last = self._next(link, last, silent)
            unconnected = last.outcome in UNCONNECTED and not last.redirects
            silent = silent + 1 if unconnected else 0
            found[link.url] = last
            if self._progress is not None:
                self._progress(next(self._done), self._total)
        return found

    def _next(self, link: Link, last: Observation | None, silent: int) -> Observation:
        """Look at a link, unless its server is to be let be."""
        if self.stopped.is_set() or self._deadline.is_over:
            return Observation(outcome=Outcome.UNASKED, final=link.url)
        if last is not None:
            if silent >= _GIVEN_UP or last.status == _TOO_MANY:
                return replace(last, final=link.url, moved="", redirects=0)
            if not link.own:
                self.stopped.wait(self._follower.limits.pause)
        return look(self._follower, link)
