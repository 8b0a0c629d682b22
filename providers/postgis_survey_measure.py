"""Measures one relation: rows, extents, periods, and what its geometries are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg2
import psycopg2.errors

from metadata.finding import Finding
from metadata.measured import Bounds, Period
from providers.postgis_survey_catalogue import Relation, SpatialColumn
from providers.postgis_survey_session import Cursor, Session
from providers.postgis_survey_statements import (
    first_row,
    is_open,
    kinds_inside,
    measuring,
    validity,
)
from providers.survey_extent import join_bounds
from providers.survey_findings import sql_names, survey_finding

_POINTS = frozenset({"POINT", "MULTIPOINT"})


class Kind(NamedTuple):
    """What some geometries of one column have in common."""

    type_name: str
    """In capitals, without a mark for heights or measures."""
    srid: int
    has_height: bool
    has_measure: bool


@dataclass(frozen=True, kw_only=True)
class Measures:
    """All that reading a relation told."""

    total: int
    located: int
    """Rows with a geometry that is not empty, in the first geometry column."""
    boxes: tuple[Bounds, ...]
    """Of the first geometry column, one for each SRID found."""
    kinds: tuple[tuple[Kind, ...], ...]
    """What each open geometry column holds, in the order of `Relation.spatial`;
    nothing for a column whose declaration says it all."""
    keyless: int
    periods: tuple[Period, ...]
    changed_at: datetime | None
    size: int | None
    findings: tuple[Finding, ...]


class _Group(NamedTuple):
    """One row of the measuring statement."""

    size: int | None
    total: int | None
    located: int
    empty: int
    xmin: float | None
    ymin: float
    xmax: float
    ymax: float
    kind: str | None
    srid: int | None
    flags: int | None
    changed: datetime | None
    keyless: int
    periods: tuple[Any, ...]


def measure(session: Session, relation: Relation, *, tracks_commits: bool) -> Measures:
    """Read a whole relation in one transaction.

    Raises
    ------
    psycopg2.Error
        Whatever the server said.
    """
    with session.reading() as cursor:
        cursor.execute(measuring(relation, tracks_commits=tracks_commits))
        groups = [_Group._make((*row[:13], row[13:])) for row in cursor.fetchall()]
        probe = first_row(relation)
        if probe is not None:
            cursor.execute(probe)
        kinds = tuple(_kinds(cursor, relation, groups))
        total = sum(group.total or 0 for group in groups)
        findings = [*_invalid(cursor, relation, kinds, total)]
    found = [group for group in groups if group.total]
    periods, unusable = _periods(relation, found)
    changes = [group.changed for group in found if group.changed]
    return Measures(
        total=total,
        located=sum(group.located - group.empty for group in found),
        boxes=tuple(_boxes(relation, found)),
        kinds=kinds,
        keyless=sum(group.keyless for group in found),
        periods=periods,
        changed_at=max(changes, default=None),
        size=groups[0].size,
        findings=(*findings, *unusable),
    )


def failure(
    relation: Relation, error: psycopg2.Error, *, is_gone: bool, timeout: int
) -> Finding:
    """Say why a relation could not be read.

    Parameters
    ----------
    is_gone
        Whether the relation exists no more.
    timeout
        Seconds that a statement was given.
    """
    code = "gone" if is_gone else _failure_code(relation, error)
    first = str(error).strip().splitlines()
    return survey_finding(
        code,
        relation.source,
        sql_names(relation.source),
        said=first[0] if first else type(error).__name__,
        seconds=timeout,
    )


def exists(session: Session, relation: Relation) -> bool:
    """Tell whether a relation is still there under its name."""
    with session.reading() as cursor:
        cursor.execute(
            "SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relname = %s",
            (relation.source.container, relation.source.table),
        )
        return cursor.rowcount > 0


def _failure_code(relation: Relation, error: psycopg2.Error) -> str:
    if isinstance(error, psycopg2.errors.InsufficientPrivilege):
        return "refused"
    if isinstance(error, psycopg2.errors.LockNotAvailable):
        return "locked"
    if isinstance(error, psycopg2.errors.QueryCanceled):
        return "too-slow"
    # Class 08 and class HV: the connection of a foreign-data wrapper, or its own.
    if relation.kind == "foreign table" and (error.pgcode or "")[:2] in {"08", "HV"}:
        return "foreign-away"
    return "unreadable"


def _boxes(relation: Relation, groups: Sequence[_Group]) -> Iterator[Bounds]:
    """Yield the box of each SRID found in the first geometry column."""
    by_srid: dict[int, list[Bounds]] = {}
    for group in groups:
        if group.xmin is None:
            continue
        srid = relation.spatial[0].declared.srid if group.srid is None else group.srid
        box = Bounds(group.xmin, group.ymin, group.xmax, group.ymax, srid)
        by_srid.setdefault(srid, []).append(box)
    for _, boxes in sorted(by_srid.items()):
        joined = join_bounds(boxes)
        if joined is not None:
            yield joined


def _kinds(
    cursor: Cursor, relation: Relation, groups: Sequence[_Group]
) -> Iterator[tuple[Kind, ...]]:
    """Yield what each geometry column holds; the first one is measured already."""
    for place, column in enumerate(relation.spatial):
        if not is_open(column):
            yield ()
        elif place == 0:
            yield _distinct(
                (group.kind, group.srid, group.flags)
                for group in groups
                if group.kind is not None
            )
        else:
            cursor.execute(kinds_inside(relation, column))
            yield _distinct(cursor.fetchall())


def _distinct(rows: Any) -> tuple[Kind, ...]:
    return tuple(sorted({_kind(*row) for row in rows}))


def _kind(type_name: str, srid: int, flags: int) -> Kind:
    """Read one combination; `GeometryType` says ``POINTM`` for measure alone."""
    has_measure = flags in {1, 3}
    if flags == 1:
        type_name = type_name.removesuffix("M")
    return Kind(type_name, srid, flags in {2, 3}, has_measure)


def _invalid(
    cursor: Cursor,
    relation: Relation,
    kinds: Sequence[tuple[Kind, ...]],
    total: int,
) -> Iterator[Finding]:
    """Look at the validity of some geometries, within a short time.

    The statement may be cancelled by its time-out, or fail on a geometry that
    GEOS cannot take: the exact measures stand without it.
    """
    if not relation.spatial or not total:
        return
    column = relation.spatial[0]
    if _has_points_only(column, kinds):
        return
    try:
        cursor.execute(validity(relation, column, rows=total))
        ((looked, invalid),) = cursor.fetchall()
    except (psycopg2.errors.QueryCanceled, psycopg2.errors.InternalError_):
        return
    if invalid:
        yield survey_finding(
            "geometry-invalid",
            relation.source,
            count=invalid,
            looked=looked,
            column=column.name,
        )


def _has_points_only(column: SpatialColumn, kinds: Sequence[tuple[Kind, ...]]) -> bool:
    """Tell whether nothing in the column can be invalid."""
    names = {kind.type_name for kind in kinds[0]} or {column.declared.type_name}
    return names <= _POINTS


def _periods(
    relation: Relation, groups: Sequence[_Group]
) -> tuple[tuple[Period, ...], tuple[Finding, ...]]:
    """Return the period of each date column, to the day."""
    periods: list[Period] = []
    findings: list[Finding] = []
    for place, field in enumerate(relation.dates):
        parts = [group.periods[3 * place : 3 * place + 3] for group in groups]
        starts = [first[:10] for first, _, _ in parts if first]
        ends = [last[:10] for _, last, _ in parts if last]
        if starts and ends:
            periods.append(Period(field=field.name, start=min(starts), end=max(ends)))
        outside = sum(count for _, _, count in parts)
        if outside:
            found = survey_finding(
                "dates-unusable",
                relation.source,
                count=outside,
                column=field.name,
            )
            findings.append(found)
    return tuple(periods), tuple(findings)
