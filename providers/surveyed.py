"""What a survey hands back: the tables found, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from metadata.finding import Finding
from metadata.measured import Source, Survey
from providers.configuration import SiloConfiguration

Progress = Callable[[int, int], None]
"""Told, after each table, how many are done and how many there are."""
FOREIGN_TO_DATA = frozenset({"layer_styles", "qgis_projects"})
"""Tables that QGIS keeps its styles and projects in: no data of anybody's."""


@dataclass(frozen=True)
class Surveyed:
    """The tables of one silo.

    A table that could not be measured has a finding and no survey; so does one
    that is only partly known, and then its survey says what is known.
    """

    surveys: tuple[Survey, ...]
    """By container, then table."""
    findings: tuple[Finding, ...]
    """In the same order; those about the silo itself first."""

    def disproves(self, source: Source) -> bool:
        """Tell whether the survey of a whole silo shows that a table is not there.

        It does not where the silo, the file or the table itself has a finding: then
        not all of it was seen.
        """
        told = {finding.subject for finding in self.findings}
        if told & {source.silo, f"{source.silo}:{source.container}", str(source)}:
            return False
        return all(survey.source != source for survey in self.surveys)


def is_wanted(
    silo: SiloConfiguration, source: Source, sources: Collection[Source] | None
) -> bool:
    """Tell whether a table is to be surveyed: asked for, or else not excluded.

    Parameters
    ----------
    sources
        The only tables asked for; `None` asks for all.
    """
    if sources is not None:
        return source in sources
    if source.table in FOREIGN_TO_DATA:
        return False
    names = (source.table, f"{source.container}.{source.table}")
    return not any(
        fnmatchcase(name, pattern) for pattern in silo.exclude for name in names
    )


def in_order(
    surveys: Iterable[Survey], findings: Iterable[Finding], *, silo: str
) -> Surveyed:
    """Put surveys and findings in an order that does not depend on threads."""

    def by_source(survey: Survey) -> tuple[str, str]:
        return survey.source.container, survey.source.table

    def by_subject(finding: Finding) -> tuple[bool, str]:
        return finding.subject != silo, finding.subject

    return Surveyed(
        tuple(sorted(surveys, key=by_source)), tuple(sorted(findings, key=by_subject))
    )


@cache
def statement(name: str) -> str:
    """Return a statement of ``providers/sql``."""
    return files("providers").joinpath(f"sql/{name}.sql").read_text(encoding="utf-8")
