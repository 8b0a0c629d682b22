"""Writes a draft for every table that no description names yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from metadata.description import Descriptions
from metadata.description_file import write_draft
from metadata.errors import DescriptionError
from metadata.finding import Language
from metadata.measured import Survey
from metadata.stated import Description
from providers.configuration import Configuration
from providers.proposals import draft


@dataclass(frozen=True)
class Drafted:
    """One draft that was written."""

    description: Description
    path: Path


def draft_new_tables(
    configuration: Configuration,
    descriptions: Descriptions,
    surveys: Iterable[Survey],
    language: Language,
) -> tuple[Drafted, ...]:
    """Write one draft for each table that is new; touch no file that exists.

    A table that another survey drafts at the same moment is left to that one.

    Raises
    ------
    metadata.errors.DescriptionError
        A description cannot be read: its table would be drafted a second time.
    """
    if descriptions.findings:
        raise DescriptionError(descriptions.findings)
    known = {c.source for d in descriptions.found for c in d.collections}
    taken = {path.stem for path in configuration.datasets.glob("*.yml")}
    taken |= {c.id for d in descriptions.found for c in d.collections}
    drafted: list[Drafted] = []
    for survey in surveys:
        if survey.source in known:
            continue
        description = draft(survey, configuration.organisation, taken=taken)
        taken |= {description.id, *(c.id for c in description.collections)}
        try:
            path = write_draft(configuration.datasets, description, language)
        except FileExistsError:
            continue
        drafted.append(Drafted(description, path))
    return tuple(drafted)
