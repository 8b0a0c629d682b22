"""Brings together what a command works on: descriptions, surveys, datasets, records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from metadata.checks import check_duplicates, check_records
from metadata.dataset import Dataset
from metadata.describing import Described, describe_all
from metadata.description import Descriptions, approved, read_descriptions
from metadata.finding import Finding, Severity, Text
from metadata.judging import Checked, check_one, encoders
from metadata.measured import Source, Survey
from metadata.record import Record
from metadata.stated import Description, Status
from providers.configuration import Configuration
from providers.store import Store
from providers.store_revisions import Stamp
from providers.survey import Surveyed, survey_silo

Progress = Callable[[str, int, int], None]
"""Told the name of the silo, tables done, and tables in all."""


@dataclass(frozen=True)
class Assembled:
    """What is stated and what is measured, joined."""

    described: Described
    descriptions: Descriptions
    survey_findings: tuple[Finding, ...] = ()
    by_id: Mapping[str, Description] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found on the way here; the datasets themselves not checked."""
        return (
            *self.descriptions.findings,
            *self.survey_findings,
            *self.described.findings,
        )


def assemble(
    configuration: Configuration,
    store: Store,
    *,
    now: datetime,
    progress: Progress | None = None,
    as_if_approved: bool = False,
) -> Assembled:
    """Read every description, measure its tables, and join both.

    Parameters
    ----------
    as_if_approved
        Look at drafts as they would be once approved.

    Raises
    ------
    metadata.errors.SourceUnreachable
        A silo that descriptions need does not answer: nothing is concluded then
        about its tables.
    """
    descriptions = read_descriptions(configuration.datasets)
    wanted = judged(descriptions)
    if as_if_approved:
        wanted = [approved(d) if d.status is Status.DRAFT else d for d in wanted]
    once_measured = {survey.source for survey in store.surveys()}
    surveyed = measure(configuration, wanted, now=now, progress=progress)
    surveys = keep(store, surveyed.surveys)
    return join(
        configuration,
        descriptions,
        wanted,
        Surveyed(surveys, surveyed.findings),
        once_measured=once_measured,
    )


def judged(descriptions: Descriptions) -> list[Description]:
    """Return the descriptions whose tables matter: all but the withdrawn."""
    return [d for d in descriptions.found if d.status is not Status.WITHDRAWN]


def join(
    configuration: Configuration,
    descriptions: Descriptions,
    wanted: Sequence[Description],
    surveyed: Surveyed,
    *,
    once_measured: Set[Source],
) -> Assembled:
    """Join what is stated with what was measured.

    Parameters
    ----------
    wanted
        The descriptions to be joined.
    surveyed
        What was measured of their tables, and what was found wrong with them.
    once_measured
        Every table that was measured before: another one that is not there is held
        for misspelt, and what was published of its dataset stays.
    """
    described = describe_all(
        wanted,
        surveyed.surveys,
        surveyed.findings,
        organisation=configuration.organisation,
        service_url=configuration.service.url,
        file_formats=configuration.files.formats,
        once_measured=once_measured,
    )
    by_id = {d.id: d for d in descriptions.found}
    findings = tuple(_unanswered(surveyed.findings, wanted))
    return Assembled(described, descriptions, findings, by_id)


def _unanswered(
    findings: Iterable[Finding], descriptions: Iterable[Description]
) -> Iterator[Finding]:
    """Yield the findings of a survey that no description answers.

    A table without a key is answered by the key that a person states.
    """
    keyed = {str(c.source) for d in descriptions for c in d.collections if c.key}
    for finding in findings:
        if finding.code != "survey.no-key" or finding.subject not in keyed:
            yield finding


def keep(store: Store, surveys: Iterable[Survey]) -> tuple[Survey, ...]:
    """Keep surveys in the store; return them with the day each was first so found.

    A table that is as it was keeps the earlier time, so that measuring again
    changes no record.
    """
    before = {survey.source: survey for survey in store.surveys()}
    settled = tuple(
        _first_seen(survey, before.get(survey.source)) for survey in surveys
    )
    store.keep_surveys(settled)
    return settled


def _first_seen(survey: Survey, before: Survey | None) -> Survey:
    if before is None:
        return survey
    known = before.equipped_as(survey)
    return known if replace(survey, surveyed_at=before.surveyed_at) == known else survey


def measure(
    configuration: Configuration,
    descriptions: Sequence[Description],
    *,
    now: datetime,
    progress: Progress | None = None,
) -> Surveyed:
    """Survey the tables that descriptions name, silo by silo."""
    sources = [c.source for d in descriptions for c in d.collections]
    known = [s for s in sources if s.silo in configuration.silos]
    parts = [
        _measure_silo(configuration, name, known, now=now, progress=progress)
        for name in dict.fromkeys(source.silo for source in known)
    ]
    return Surveyed(
        surveys=tuple(s for part in parts for s in part.surveys),
        findings=(
            *lost_silos(configuration, descriptions),
            *(f for part in parts for f in part.findings),
        ),
    )


def lost_silos(
    configuration: Configuration, descriptions: Iterable[Description]
) -> tuple[Finding, ...]:
    """Return a finding for each table whose silo is not configured."""
    return tuple(
        _no_such_silo(c.source)
        for d in descriptions
        for c in d.collections
        if c.source.silo not in configuration.silos
    )


def _no_such_silo(source: Source) -> Finding:
    """Say that a table's silo is not configured, which is not the same as gone."""
    return Finding(
        severity=Severity.ERROR,
        code="dataset.silo-missing",
        subject=str(source),
        element="collections.source.silo",
        reason=Text(
            f"Aucun silo ne s'appelle « {source.silo} » dans passerelle.yml.",
            f"passerelle.yml has no silo “{source.silo}”.",
        ),
        hint=Text(
            "Ajoutez-le sous « silos », ou corrigez la description.",
            "Add it under “silos”, or correct the description.",
        ),
    )


def _measure_silo(
    configuration: Configuration,
    name: str,
    sources: Iterable[Source],
    *,
    now: datetime,
    progress: Progress | None,
) -> Surveyed:
    def told(done: int, total: int) -> None:
        if progress is not None:
            progress(name, done, total)

    wanted = {source for source in sources if source.silo == name}
    return survey_silo(
        configuration.silos[name], now=now, sources=wanted, progress=told
    )


def record_identifiers(dataset: Dataset) -> tuple[str, str]:
    """Return the identifiers that its records have, or would have."""
    stated = dataset.description
    return stated.record_identifier, stated.service_identifier


def dated_records(
    dataset: Dataset, last: Mapping[str, Stamp], *, today: date
) -> tuple[Record, ...]:
    """Encode the records of a dataset, each with the date it last changed.

    Parameters
    ----------
    last
        Fingerprint and date of the last revisions, by record identifier.
    """
    fresh = (encode(dataset, date_stamp=today) for encode in encoders(dataset))
    return tuple(as_last_dated(record, last) for record in fresh)


def as_last_dated(fresh: Record, last: Mapping[str, Stamp]) -> Record:
    """Return a record with the date that it last changed: its own if it did now."""
    before = last.get(fresh.identifier)
    if before is None or before.fingerprint != fresh.fingerprint:
        return fresh
    return fresh.dated(before.date_stamp)


class CheckOne(Protocol):
    """What holds one dataset against the rules."""

    def __call__(self, dataset: Dataset, *, today: date) -> Checked:
        """Check it and the records it would have."""


def check_everything(
    datasets: Iterable[Dataset], *, today: date, check: CheckOne = check_one
) -> Iterator[Finding]:
    """Check datasets and the records they would have, drafts included.

    Parameters
    ----------
    check
        Checks one of them.
    """
    every = tuple(datasets)
    records: list[Record] = []
    for dataset in every:
        checked = check(dataset, today=today)
        yield from checked.findings
        records += checked.records
    yield from check_records(records)
    yield from check_duplicates(every)
