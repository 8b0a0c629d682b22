"""The words of an overview: states, outlets, and who should do what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from metadata.finding import Finding, Severity, Text
from metadata.overview import (
    OWN,
    DatasetOverview,
    KnownLink,
    Overview,
    Place,
    State,
    failures_first,
)
from metadata.record import RecordKind

STATES: Final[Mapping[State, Text]] = {
    State.FAILED: Text("échoué", "failed"),
    State.UNSETTLED: Text("en suspens", "unsettled"),
    State.HELD: Text("retenu", "held"),
    State.CHANGED: Text("modifié", "changed"),
    State.ABSENT: Text("absent", "absent"),
    State.NOT_DUE: Text("pas à publier", "not due"),
    State.DRAFT: Text("brouillon", "draft"),
    State.CONCEDED: Text("laissé tel quel", "left as theirs"),
    State.PUBLISHED: Text("publié", "published"),
    State.WITHDRAWN: Text("retiré", "withdrawn"),
}
KINDS: Final[Mapping[RecordKind, Text]] = {
    RecordKind.DATASET: Text("données", "dataset"),
    RecordKind.SERIES: Text("série", "series"),
    RecordKind.SERVICE: Text("service", "service"),
}
OURSELVES: Final = Text("notre catalogue", "our own catalogue")
_DESK: Final = Text("L'administration SIG", "The GIS administration")
_HOST: Final = Text("L'exploitation du service", "Those who run the service")
_REFUSED: Final = Text(
    "{outlet} les a refusés : {reason}", "{outlet} refused them: {reason}"
)
_BROKEN: Final = Text(
    "Liens rompus à corriger dans les descriptions.",
    "Broken links to be corrected in the descriptions.",
)
_BROKEN_OWN: Final = Text(
    "Adresses de notre service qui ne répondent plus comme il faut.",
    "Addresses of our own service that no longer answer as they should.",
)
_EACH: Final = Text(
    "passerelle links les nomme un par un, avec le remède.",
    "passerelle links names each, with its remedy.",
)
_BROKEN_SHARED: Final = Text(
    "Liens rompus de passerelle.yml : ils sont dans toutes les fiches.",
    "Broken links of passerelle.yml: they stand in every record.",
)


def outlet_words(name: str) -> Text:
    """Return what an outlet is called."""
    return OURSELVES if name == OWN else Text(name, name)


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something that is wrong alike in several datasets, and who mends it."""

    who: Text
    what: Text
    remedy: Text
    datasets: tuple[str, ...]
    """Titles; empty where it is about no dataset."""


def tasks(overview: Overview) -> tuple[Task, ...]:
    """Return what is to be done, what concerns most datasets first."""
    found: dict[tuple[Text, Text], tuple[Text, dict[str, str]]] = {}
    for who, what, remedy, dataset in _duties(overview):
        _, names = found.setdefault((who, what), (remedy, {}))
        if dataset is not None:
            names[dataset.id] = dataset.title
    made = (
        Task(who=who, what=what, remedy=remedy, datasets=tuple(names.values()))
        for (who, what), (remedy, names) in found.items()
    )
    return tuple(sorted(made, key=lambda t: (-len(t.datasets), t.who.fr, t.what.fr)))


_Duty = tuple[Text, Text, Text, DatasetOverview | None]


def _duties(overview: Overview) -> Iterator[_Duty]:
    for finding in overview.findings:
        yield _DESK, finding.reason, finding.hint, None
    for link in overview.organisation_links:
        if link.broken:
            yield _DESK, _BROKEN_SHARED, _remedy(link), None
    for dataset in failures_first(overview.datasets):
        for who, what, remedy in _of_dataset(dataset):
            yield who, what, remedy, dataset


def _of_dataset(dataset: DatasetOverview) -> Iterator[tuple[Text, Text, Text]]:
    maker = Text(dataset.producer, dataset.producer) if dataset.producer else _DESK
    for place in dataset.wrong_places:
        if place.state is not State.HELD or not dataset.errors:
            yield _DESK, _what(place), place.remedy
    for finding in _alike(dataset.findings):
        yield maker, _general(finding), finding.hint
    for link in dataset.broken:
        who = _HOST if link.own else maker
        yield who, _BROKEN_OWN if link.own else _BROKEN, _EACH


def _what(place: Place) -> Text:
    """Return what is wrong at a place, naming it."""
    where = outlet_words(place.outlet)
    if place.state is State.FAILED:
        return Text(
            _REFUSED.fr.format(outlet=where.fr, reason=place.reason.fr),
            _REFUSED.en.format(outlet=where.en, reason=place.reason.en),
        )
    return Text(f"{where.fr} : {place.reason.fr}", f"{where.en}: {place.reason.en}")


def _alike(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield what somebody should act on, one finding for each requirement."""
    acted = [f for f in findings if f.severity is not Severity.INFO]
    yield from {finding.code: finding for finding in reversed(acted)}.values()


def _general(finding: Finding) -> Text:
    """Return what was found, its requirement named so that alike ones are counted."""
    if finding.code == "dataset.stale":
        return Text(
            "Données plus anciennes que la mise à jour annoncée.",
            "Data older than their stated frequency of update.",
        )
    return finding.reason


def _remedy(link: KnownLink) -> Text:
    return next((f.hint for f in link.findings), Text("", ""))
