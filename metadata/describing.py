"""Joins what was stated and what was measured into datasets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

from metadata.dataset import Collection, Dataset
from metadata.file_formats import ALL_FORMATS, FileFormat
from metadata.finding import Finding, Severity, Text, has_errors
from metadata.measured import Source, Survey
from metadata.stated import CollectionDescription, Description, Organisation


@dataclass(frozen=True)
class Described:
    """Datasets, and what stands in the way of others."""

    datasets: tuple[Dataset, ...]
    """Those of which every table was found, by id."""
    gone: tuple[str, ...]
    """Ids of the datasets none of whose tables exists any more, all seen once."""
    held: tuple[str, ...]
    """Ids of the datasets that cannot be judged now: a table that fails or that nobody
    ever saw, or some tables gone and others not. What was published of them stays as
    it is."""
    findings: tuple[Finding, ...]


def describe(
    description: Description,
    surveys: Mapping[Source, Survey],
    *,
    organisation: Organisation,
    service_url: str,
    file_formats: tuple[FileFormat, ...] = ALL_FORMATS,
) -> Dataset:
    """Join one description and the surveys of its tables.

    Raises
    ------
    KeyError
        A table of the description is not among the surveys.
    """
    collections = tuple(
        Collection(description=c, survey=surveys[c.source])
        for c in description.collections
    )
    stated = description
    if stated.frequency == "unknown" and organisation.frequency:
        stated = replace(stated, frequency=organisation.frequency)
    return Dataset(
        description=stated,
        collections=collections,
        organisation=organisation,
        service_url=service_url,
        file_formats=file_formats,
    )


def lost_exclusions(
    collection: CollectionDescription, survey: Survey
) -> tuple[str, ...]:
    """Return the excluded columns that the table has no more.

    Such a column may have been renamed, and what a person chose to hide would be
    shown under its new name: until the description is corrected, nobody knows.
    """
    there = {field.name for field in survey.fields}
    there.update(column.name for column in survey.geometries)
    return tuple(name for name in collection.columns.exclude if name not in there)


def describe_all(
    descriptions: Iterable[Description],
    surveys: Iterable[Survey],
    failing: Iterable[Finding],
    *,
    organisation: Organisation,
    service_url: str,
    file_formats: tuple[FileFormat, ...] = ALL_FORMATS,
    once_measured: Set[Source] | None = None,
) -> Described:
    """Join all descriptions and surveys.

    Parameters
    ----------
    failing
        Findings of the survey; one that is an error means that its table exists
        and cannot be measured, which is not the same as being gone.
    once_measured
        The tables that are known to have been there: another one that is not there
        is misspelt, not gone. `None`: every table was.
    """
    measured = {survey.source: survey for survey in surveys}
    broken = {f.subject for f in failing if has_errors([f])}
    datasets: list[Dataset] = []
    gone: list[str] = []
    held: list[str] = []
    findings: list[Finding] = []
    for description in sorted(descriptions, key=lambda d: d.id):
        sources = [c.source for c in description.collections]
        missing = [s for s in sources if s not in measured]
        failed = [s for s in sources if str(s) in broken]
        findings.extend(
            _missing(description, source) for source in missing if source not in failed
        )
        if not missing and not failed:
            join = describe(
                description,
                measured,
                organisation=organisation,
                service_url=service_url,
                file_formats=file_formats,
            )
            datasets.append(join)
        elif (
            len(missing) == len(sources)
            and not failed
            and (once_measured is None or once_measured >= set(missing))
        ):
            gone.append(description.id)
        else:
            held.append(description.id)
    return Described(tuple(datasets), tuple(gone), tuple(held), tuple(findings))


def _missing(description: Description, source: Source) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="dataset.table-missing",
        subject=description.id,
        element="collections.source",
        reason=Text(
            f"La table {source} n'existe pas, ou plus.",
            f"There is no table {source}, or no more.",
        ),
        hint=Text(
            "Corrigez « source », ou retirez le jeu : "
            f"passerelle withdraw {description.id}",
            f"Correct “source”, or withdraw it: passerelle withdraw {description.id}",
        ),
    )
