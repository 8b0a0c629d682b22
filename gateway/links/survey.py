"""All links of some datasets: looked at, judged, remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.links.checking import Progress, check_links
from gateway.links.following import Follower
from metadata.dataset import Dataset
from metadata.finding import Finding
from metadata.links import (
    Judged,
    Link,
    Observation,
    Outcome,
    judge,
    link_findings,
    links_of,
)
from metadata.links.findings import network_silent, service_silent
from metadata.links.link import split
from metadata.links.observation import UNCONNECTED
from providers.made_files import by_collection, facts_of
from providers.store import Store

_UNSENT = frozenset(
    {Outcome.PRIVATE, Outcome.NOT_WEB, Outcome.OTHER_PORT, Outcome.UNASKED}
)
"""What says nothing of whether the network works."""


@dataclass(frozen=True, kw_only=True)
class LinkSurvey:
    """What a check of links came to."""

    judged: tuple[Judged, ...]
    """One per link of a dataset; those of a silent server are not among them."""
    silent: tuple[Finding, ...]
    """That our service, or the whole network, does not answer."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is wrong, each said once."""
        found = (*self.silent, *link_findings(self.judged))
        return tuple(dict.fromkeys(found))


def survey_links(
    datasets: Sequence[Dataset],
    store: Store,
    follower: Follower,
    *,
    now: datetime,
    progress: Progress | None = None,
) -> LinkSurvey:
    """Look at every link of some datasets and remember what was found.

    Nothing is remembered where our own service does not answer at all, nor of the
    foreign servers when none of several does: the fault is then on this side.
    """
    today = now.date()
    links = _links(datasets, store, today)
    found = check_links(follower, links, known=store.links(), progress=progress)
    links = _as_files_are(links, _links(datasets, store, today), found)
    silent, heard = _heard(links, found, follower.service_url)
    seen = {link.url: (link, found[link.url]) for link in heard}
    known = store.record_links(seen.values(), now=now)
    judged = (
        Judged(
            link=link,
            found=found[link.url],
            verdict=judge(link, found[link.url]),
            history=known.get(link.url),
        )
        for link in heard
    )
    return LinkSurvey(judged=tuple(judged), silent=silent)


def _links(datasets: Iterable[Dataset], store: Store, today: date) -> tuple[Link, ...]:
    """Return the links of datasets; those of the organisation once."""
    files = by_collection(store.files())
    found = (
        link
        for dataset in datasets
        for link in links_of(dataset, today=today, files=facts_of(dataset, files))
    )
    return tuple({(link.dataset_id, link.url): link for link in found}.values())


def _as_files_are(
    before: Iterable[Link], after: Iterable[Link], found: Mapping[str, Observation]
) -> tuple[Link, ...]:
    """Return the links as they should be, though files were made anew meanwhile."""
    later = {(link.dataset_id, link.url): link for link in after}
    return tuple(
        link
        if judge(link, found[link.url]).code != "link.length"
        else later.get((link.dataset_id, link.url), link)
        for link in before
    )


def _heard(
    links: Sequence[Link], found: Mapping[str, Observation], service_url: str
) -> tuple[tuple[Finding, ...], tuple[Link, ...]]:
    """Set those aside that would be blamed for a fault of our side."""
    own = [link for link in links if link.own]
    foreign = [link for link in links if not link.own]
    silent: list[Finding] = []
    if own and all(found[link.url].outcome in UNCONNECTED for link in own):
        silent.append(service_silent(service_url))
        own = []
    asked = [link for link in foreign if found[link.url].outcome not in _UNSENT]
    hosts = {_host(link) for link in asked}
    if len(hosts) > 1 and all(found[x.url].outcome in UNCONNECTED for x in asked):
        silent.append(network_silent(len(hosts)))
        foreign = [link for link in foreign if link not in set(asked)]
    kept = {*own, *foreign}
    return tuple(silent), tuple(link for link in links if link in kept)


def _host(link: Link) -> str:
    parts = split(link.url)
    return (parts.hostname or "") if parts else ""
