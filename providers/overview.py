"""Reads how everything stands: what is stated, measured and kept, on one page."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar

from metadata.checks import check_duplicates
from metadata.dataset import Dataset
from metadata.describing import Described, describe_all
from metadata.description import Descriptions, read_descriptions
from metadata.errors import StoreError
from metadata.finding import Finding, Severity
from metadata.forms import FORMS, form_of
from metadata.freshness import check_freshness
from metadata.links import Link, LinkHistory, is_broken
from metadata.links.judging import GOOD
from metadata.links.link import ORGANISATION
from metadata.links.remembered import remembered_findings
from metadata.measured import Survey
from metadata.overview import (
    DatasetOverview,
    KnownLink,
    Overview,
    Points,
    TrendPoint,
    month_before,
)
from metadata.stated import Status
from providers.configuration import Configuration
from providers.made_files import by_collection, unchanged
from providers.overview_judging import Judgements
from providers.overview_places import Kept, Wanted, places_of
from providers.store import Store
from providers.store_standing import Standing

logger = logging.getLogger(__name__)

T = TypeVar("T")
_FILE = re.compile(r".*/([^/]+)\.yml(?::\d+)?")
"""A place in the file of a description, as findings name it."""
_SEVERITY = {severity: number for number, severity in enumerate(Severity)}


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What is stated and measured of every dataset, joined."""

    configuration: Configuration
    descriptions: Descriptions
    described: Described
    """Those approved."""

    @property
    def forms(self) -> frozenset[str]:
        """The forms that outlets take beside ISO records."""
        return forms_wanted(self.configuration)

    @cached_property
    def duplicates(self) -> tuple[Finding, ...]:
        """What looks like one dataset described twice, among those approved."""
        return tuple(check_duplicates(self.described.datasets))

    def due(self, today: date) -> tuple[Dataset, ...]:
        """Return the datasets that are to go out on that day."""
        return tuple(d for d in self.described.datasets if d.has_record(today))


def forms_wanted(configuration: Configuration) -> frozenset[str]:
    """Return the forms that outlets take beside ISO records."""
    types = (outlet.type for outlet in configuration.outlets.values())
    return frozenset(map(form_of, types)).intersection(FORMS)


def read_basis(
    configuration: Configuration,
    surveys: Iterable[Survey],
    descriptions: Descriptions | None = None,
) -> Basis:
    """Join what is stated with the tables as they were last measured.

    No silo is asked.

    Parameters
    ----------
    descriptions
        As they were read; `None`: they are read now.
    """
    read = descriptions or read_descriptions(configuration.datasets)
    kept = tuple(surveys)
    described = describe_all(
        [each for each in read.found if each.status is Status.PUBLISHED],
        kept,
        (),
        organisation=configuration.organisation,
        service_url=configuration.service.url,
        file_formats=configuration.files.formats,
        once_measured={survey.source for survey in kept},
    )
    return Basis(configuration=configuration, descriptions=read, described=described)


def read_overview(
    configuration: Configuration,
    store: Store,
    *,
    now: datetime,
    since: date | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Overview:
    """Return how everything stands; every dataset is judged, no silo is asked.

    Parameters
    ----------
    since
        The day to compare with; `None`: the same day of the month before.
    progress
        Told how many datasets are judged, of how many.
    """
    basis = read_basis(configuration, store.surveys())
    judgements, due = Judgements(store.judgements()), basis.due(now.date())
    for number, dataset in enumerate(due, start=1):
        judgements.judge(dataset, today=now.date(), forms=basis.forms)
        progress(number, len(due))
    keep_fresh(judgements, store, (dataset.id for dataset in due))
    return overview_of(basis, store, judgements, now=now, since=since)


def keep_fresh(judgements: Judgements, store: Store, datasets: Iterable[str]) -> None:
    """Keep what was judged just now, for who judges next; a store may refuse."""
    fresh = judgements.fresh()
    if not fresh:
        return
    try:
        store.keep_judgements(fresh, datasets=frozenset(datasets))
    except StoreError as error:
        logger.warning("What was judged is not kept: %s", error)


def overview_of(
    basis: Basis,
    store: Store,
    judgements: Judgements,
    *,
    now: datetime,
    since: date | None = None,
) -> Overview:
    """Return how everything stands, with those judgements that were made.

    Datasets that were not judged are said to be not compared yet.
    """
    since = since or month_before(now.date())
    standing = store.standing()
    maker = _Maker(basis, standing, judgements, now.date())
    midnight = datetime(since.year, since.month, since.day, tzinfo=now.tzinfo)
    delivered: dict[str, int] = {}
    for (outlet, _), orders in store.delivered(midnight).items():
        delivered[outlet] = delivered.get(outlet, 0) + orders
    return Overview(
        at=now,
        since=since,
        organisation=basis.configuration.organisation.name,
        service_url=basis.configuration.service.url,
        outlets=maker.outlets,
        datasets=tuple(map(maker.dataset, maker.names)),
        trend=tuple(
            TrendPoint(day=each.day, datasets=each.datasets, mean=each.mean or 0.0)
            for each in standing.trend
        ),
        organisation_links=maker.organisation_links(),
        delivered=delivered,
        findings=maker.others(),
    )


class _Maker:
    """Puts together what is known of each dataset."""

    def __init__(
        self, basis: Basis, standing: Standing, judgements: Judgements, today: date
    ) -> None:
        self._basis, self._standing, self._today = basis, standing, today
        self._judgements = judgements
        self._stated = {d.id: d for d in basis.descriptions.found}
        self._datasets = {d.id: d for d in basis.described.datasets}
        self._findings = _by_subject(
            (
                *basis.descriptions.findings,
                *basis.described.findings,
                *basis.duplicates,
            )
        )
        self._unchanged = unchanged(by_collection(standing.files))
        self._kept = _kept(standing)

    @property
    def names(self) -> Sequence[str]:
        """Every dataset that anything is known of."""
        unusable = self._basis.descriptions.unusable
        return sorted({*self._stated, *unusable, *self._kept})

    @property
    def outlets(self) -> tuple[str, ...]:
        """Every outlet that is configured or that the ledger knows."""
        known = {entry.outlet for entry in self._standing.entries}
        return tuple(sorted(known.union(self._basis.configuration.outlets)))

    def dataset(self, name: str) -> DatasetOverview:
        """Return one dataset."""
        stated, kept = self._stated.get(name), self._kept.get(name, Kept())
        wanted = self._wanted(name)
        judged = wanted.judgement
        outlets, today = self._basis.configuration.outlets, self._today
        revised = self._standing.revised.get(name)
        return DatasetOverview(
            id=name,
            title=(stated.title or stated.proposed.title if stated else "") or name,
            status=stated.status if stated else None,
            producer=stated.producer if stated else "",
            places=tuple(places_of(wanted, kept, outlets, today=today)),
            revisions=revised.revisions if revised else 0,
            changed_at=revised.last if revised else None,
            scores=tuple(
                Points(day=each.day, points=each.points, missing=each.missing)
                for each in self._standing.scores.get(name, ())
            ),
            links=tuple(self._known(x for x in judged.links if x.dataset_id == name))
            if judged
            else (),
            findings=self._said(name, wanted),
            compared=judged is not None or not wanted.due(today),
        )

    def organisation_links(self) -> tuple[KnownLink, ...]:
        """Return the links that stand in every record."""
        every = (self._wanted(dataset.id) for dataset in self._basis.due(self._today))
        judged = next((w.judgement for w in every if w.judgement), None)
        links = judged.links if judged else ()
        return tuple(self._known(x for x in links if x.dataset_id == ORGANISATION))

    def others(self) -> tuple[Finding, ...]:
        """Return the findings that are about no dataset."""
        names = set(self.names)
        found = self._findings.items()
        return tuple(f for name, those in found if name not in names for f in those)

    def _wanted(self, name: str) -> Wanted:
        dataset = self._datasets.get(name)
        known = self._judgements.known
        judged = dataset is not None and dataset.has_record(self._today)
        return Wanted(
            id=name,
            description=self._stated.get(name),
            readable=name not in self._basis.descriptions.unusable,
            dataset=dataset,
            held=name in self._basis.described.held,
            judgement=known(dataset, today=self._today, forms=self._basis.forms)
            if dataset is not None and judged
            else None,
        )

    def _said(self, name: str, wanted: Wanted) -> tuple[Finding, ...]:
        """Return what the checks say of a dataset, the worst first."""
        found = [*self._findings.get(name, ())]
        if wanted.judgement is not None and wanted.dataset is not None:
            found += wanted.judgement.findings
            found += check_freshness(
                wanted.dataset, today=self._today, unchanged=self._unchanged
            )
        return tuple(sorted(dict.fromkeys(found), key=lambda f: _SEVERITY[f.severity]))

    def _known(self, links: Iterable[Link]) -> Iterator[KnownLink]:
        """Yield those links that were ever looked at."""
        for link in links:
            history = self._standing.links.get(link.url)
            if history is not None:
                yield _known_link(link, history)


def _known_link(link: Link, history: LinkHistory) -> KnownLink:
    troubled = history.code != GOOD or history.moved
    return KnownLink(
        url=link.url,
        element=link.element,
        own=link.own,
        broken=is_broken(history),
        history=history,
        findings=remembered_findings(link, history) if troubled else (),
    )


def _by_subject(findings: Iterable[Finding]) -> Mapping[str, tuple[Finding, ...]]:
    """Part findings by dataset; those of a file of its description are its own."""
    found: dict[str, tuple[Finding, ...]] = {}
    for finding in findings:
        file = _FILE.fullmatch(finding.subject)
        name = file[1] if file else finding.subject
        found[name] = (*found.get(name, ()), finding)
    return found


def _kept(standing: Standing) -> Mapping[str, Kept]:
    """Part what is kept by dataset."""
    entries = _grouped((each.dataset_id, each) for each in standing.entries)
    applied = _grouped((each.dataset_id, each) for each in standing.applied)
    gone = _grouped((each.dataset_id, each) for each in standing.tombstones)
    conceded = _grouped((each.dataset_id, each) for each in standing.concessions)
    return {
        name: Kept(
            entries=tuple(entries.get(name, ())),
            applied=tuple(applied.get(name, ())),
            gone=tuple(gone.get(name, ())),
            conceded=tuple(conceded.get(name, ())),
        )
        for name in {*entries, *applied, *gone, *conceded}
    }


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for name, each in pairs:
        found.setdefault(name, []).append(each)
    return found
