"""Measures silos: which tables there are, and everything about them that can be known.

Two ways in. `survey_structure` reads catalogues only and is quick whatever the
silo holds; `survey_silo` also counts rows and reads every geometry for exact
extents. Both only read. A table that fails is a finding about that table; only
a silo that cannot be reached at all is an exception.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from metadata.measured import Source
from providers import postgis_survey
from providers.configuration import SiloConfiguration
from providers.surveyed import Progress, Surveyed

WORKERS = 4
"""Connections to a database that measure at once."""

__all__ = ["Progress", "Surveyed", "survey_silo", "survey_structure"]


def survey_structure(silo: SiloConfiguration, *, now: datetime) -> Surveyed:
    """Read what the catalogues of a silo say about all of its tables at once.

    Counts, extents, sizes and last changes are left `None`; a geometry column
    whose declaration says neither type nor SRID has ``Geometry`` and 0.

    Raises
    ------
    metadata.errors.SourceUnreachable
        No connection, or no file at the address.
    """
    if silo.is_database:
        return postgis_survey.survey_structure(silo, now=now)
    from providers import vector_survey  # noqa: PLC0415  (GDAL, only for files)

    return vector_survey.survey_structure(silo, now=now)


def survey_silo(
    silo: SiloConfiguration,
    *,
    now: datetime,
    sources: Collection[Source] | None = None,
    workers: int = WORKERS,
    progress: Progress | None = None,
) -> Surveyed:
    """Measure the tables of a silo exactly.

    Parameters
    ----------
    now
        The moment of the survey, with its time zone.
    sources
        Measure only these; `None` measures all that the configuration does not
        exclude. One of them that does not exist has neither survey nor finding;
        one that exists and fails always has a finding of severity *error*.
    workers
        Connections to a database at once; a server that grants fewer is
        surveyed with those.
    progress
        Called from the calling thread: tables done, tables in all.

    Raises
    ------
    metadata.errors.SourceUnreachable
        No connection, or no file at the address; or a database that went away
        and did not come back during the survey.
    """
    if silo.is_database:
        return postgis_survey.survey_silo(
            silo, now=now, sources=sources, workers=workers, progress=progress
        )
    from providers import vector_survey  # noqa: PLC0415  (GDAL, only for files)

    return vector_survey.survey_silo(silo, now=now, sources=sources, progress=progress)
