"""Surveys a PostGIS database: catalogues at once, then the tables in parallel.

Read-only from end to end: `providers.database.connect` makes every transaction
read-only and gives up locks and statements in time. `ST_EstimatedExtent` and
planner statistics are never taken for a measure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime

import psycopg2
import psycopg2.errors

from metadata.finding import Finding, Severity
from metadata.measured import Source, Survey
from providers.change import database_marks, marked
from providers.configuration import SiloConfiguration
from providers.database import STATEMENT_TIMEOUT, translated
from providers.postgis_survey_catalogue import Catalogue, Relation, read_catalogue
from providers.postgis_survey_describe import described, measured
from providers.postgis_survey_measure import exists, failure, measure
from providers.postgis_survey_session import STATEMENT_TIMEOUT as MEASURE_TIMEOUT
from providers.postgis_survey_session import Session, Sessions
from providers.survey_findings import sql_names, survey_finding
from providers.surveyed import Progress, Surveyed, in_order, is_wanted

_REPEAT = 0.2
"""Seconds between attempts to stop what still runs."""
_ATTEMPTS = 3
"""Times that one relation may take the connection down before it is passed over."""


@dataclass(frozen=True)
class _Run:
    """What all measures of one survey share."""

    sessions: Sessions
    now: datetime
    tracks_commits: bool


@dataclass(frozen=True)
class _Result:
    """What became of one relation."""

    survey: Survey | None
    findings: tuple[Finding, ...]


def survey_structure(silo: SiloConfiguration, *, now: datetime) -> Surveyed:
    """Read the catalogues only; the same few statements for any number of tables.

    Raises
    ------
    metadata.errors.SourceUnreachable
        No connection.
    """
    session = Session(silo.location, statement_timeout=STATEMENT_TIMEOUT)
    with closing(session):
        catalogue = _read(session, silo)
    readable, findings = _chosen(catalogue, silo, None)
    results = [_Result(*described(relation, now=now)) for relation in readable]
    return _joined(silo, results, findings)


def survey_silo(
    silo: SiloConfiguration,
    *,
    now: datetime,
    sources: Collection[Source] | None,
    workers: int,
    progress: Progress | None,
) -> Surveyed:
    """Read the catalogues, then measure every relation exactly.

    Raises
    ------
    metadata.errors.SourceUnreachable
        No connection, or none any more.
    """
    session = Session(silo.location, statement_timeout=MEASURE_TIMEOUT)
    with closing(session):
        marks = _marks(session, silo)
        catalogue = _read(session, silo)
        readable, findings = _chosen(catalogue, silo, sources)
        count = max(1, min(workers, len(readable)))
        sessions = Sessions(session, location=silo.location, count=count)
        with closing(sessions):
            run = _Run(sessions, now, catalogue.tracks_commits)
            results = _measure_all(run, readable, progress)
    return marked(_joined(silo, results, findings), marks)


def _marks(session: Session, silo: SiloConfiguration) -> Mapping[str, str]:
    """Ask before measuring, so that what changes meanwhile shows at the next look."""
    with translated(f"Looking for changes in silo “{silo.name}”"):
        return database_marks(session.connection)


def _read(session: Session, silo: SiloConfiguration) -> Catalogue:
    with translated(f"Reading the catalogues of silo “{silo.name}”"):
        return read_catalogue(session.connection, silo.name, schemas=silo.schemas)


def _joined(
    silo: SiloConfiguration, results: Sequence[_Result], findings: Sequence[Finding]
) -> Surveyed:
    return in_order(
        [result.survey for result in results if result.survey],
        [*findings, *(found for result in results for found in result.findings)],
        silo=silo.name,
    )


def _chosen(
    catalogue: Catalogue, silo: SiloConfiguration, sources: Collection[Source] | None
) -> tuple[list[Relation], list[Finding]]:
    """Return the relations to survey, largest first, and what is wrong already."""
    relations = [r for r in catalogue.relations if is_wanted(silo, r.source, sources)]
    findings = list(_silo_findings(catalogue, silo, sources))
    # A table that somebody described must be readable; any other one need not.
    severity = Severity.WARNING if sources is None else Severity.ERROR
    findings.extend(
        survey_finding(
            "refused",
            relation.source,
            sql_names(relation.source),
            severity=severity,
        )
        for relation in relations
        if not relation.is_readable
    )
    readable = [relation for relation in relations if relation.is_readable]
    return sorted(readable, key=lambda r: -r.estimate), findings


def _silo_findings(
    catalogue: Catalogue, silo: SiloConfiguration, sources: Collection[Source] | None
) -> Iterator[Finding]:
    """Yield what is wrong with the silo as a whole, when all of it is surveyed."""
    if sources is not None:
        return
    found = {relation.source.container for relation in catalogue.relations}
    for schema in silo.schemas:
        if schema not in found:
            yield survey_finding("schema-missing", silo.name, schema=schema)
    if not found:
        yield survey_finding("empty", silo.name)


def _measure_all(
    run: _Run, relations: Sequence[Relation], progress: Progress | None
) -> list[_Result]:
    """Measure in as many threads as there are sessions."""
    if progress is not None:
        progress(0, len(relations))
    executor = ThreadPoolExecutor(max_workers=len(run.sessions))
    futures = [executor.submit(_survey, run, relation) for relation in relations]
    try:
        return list(_collected(futures, progress))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        # Work is left only when something ended the survey, a Ctrl-C for example.
        # A cancellation that arrives between two statements is lost: so, repeat.
        while running := [future for future in futures if not future.done()]:
            run.sessions.cancel()
            wait(running, timeout=_REPEAT)
        executor.shutdown(wait=True)


def _collected(
    futures: Sequence[Future[_Result]], progress: Progress | None
) -> Iterator[_Result]:
    for done, future in enumerate(as_completed(futures), start=1):
        yield future.result()
        if progress is not None:
            progress(done, len(futures))


def _survey(run: _Run, relation: Relation) -> _Result:
    """Survey one relation; whatever is wrong with it becomes a finding.

    Raises
    ------
    metadata.errors.SourceUnreachable
        The server went away and did not come back.
    """
    with run.sessions.lent() as session:
        for _ in range(_ATTEMPTS):
            try:
                measures = measure(session, relation, tracks_commits=run.tracks_commits)
            except psycopg2.Error as error:
                if not session.is_lost:
                    return _Result(None, (_failed(session, relation, error),))
                said = str(error).strip()
                session.reopen()
            else:
                return _Result(*measured(relation, measures, now=run.now))
    lost = survey_finding("connection-lost", relation.source, said=said)
    return _Result(None, (lost,))


def _failed(session: Session, relation: Relation, error: psycopg2.Error) -> Finding:
    is_gone = False
    if isinstance(error, psycopg2.errors.UndefinedTable):
        # Not being able to look again is no proof that it is gone.
        with suppress(psycopg2.Error):
            is_gone = not exists(session, relation)
    return failure(relation, error, is_gone=is_gone, timeout=MEASURE_TIMEOUT // 1000)
