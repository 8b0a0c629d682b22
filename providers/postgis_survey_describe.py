"""From what was read of a relation to its `Survey` and the findings beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from metadata.finding import Finding, Severity
from metadata.measured import GeometryColumn, GeometryType, RelationKind, Survey
from providers.postgis_survey_catalogue import Relation, SpatialColumn
from providers.postgis_survey_measure import Kind, Measures
from providers.postgis_survey_types import CURVED, dimension, geometry_type
from providers.survey_extent import finite_bounds, has_epsg_code, locate
from providers.survey_findings import sql_names, survey_finding

_INDEXABLE = frozenset({RelationKind.TABLE, RelationKind.MATERIALIZED_VIEW})


def described(
    relation: Relation, *, now: datetime
) -> tuple[Survey, tuple[Finding, ...]]:
    """Return what the catalogues alone say about a relation."""
    survey = _structure(relation, now)
    columns = tuple(_as_declared(column) for column in relation.spatial)
    findings = (*_catalogue_findings(relation), *_declared_findings(relation))
    return replace(survey, geometries=_with_known_crs(columns)), findings


def measured(
    relation: Relation, measures: Measures, *, now: datetime
) -> tuple[Survey, tuple[Finding, ...]]:
    """Return what the catalogues say and what was measured, joined."""
    pairs = list(zip(relation.spatial, measures.kinds, strict=True))
    columns = tuple(_as_found(column, kinds) for column, kinds in pairs)
    findings = [*_catalogue_findings(relation), *measures.findings]
    for column, kinds in pairs:
        findings.extend(_type_findings(relation, column, kinds))
        findings.extend(_srid_findings(relation, column, kinds))
    name = columns[0].name if columns else ""
    extent, found = locate(measures.boxes, relation.source, column=name)
    findings.extend(found)
    findings.extend(_absence_findings(relation, measures))
    survey = replace(
        _structure(relation, now),
        key=() if measures.keyless else relation.key,
        geometries=_with_known_crs(columns),
        native_extent=finite_bounds(measures.boxes),
        extent=extent,
        feature_count=measures.total,
        periods=measures.periods,
        changed_at=measures.changed_at,
        size=measures.size,
    )
    return survey, tuple(findings)


def _structure(relation: Relation, now: datetime) -> Survey:
    dates = relation.dates
    return Survey(
        source=relation.source,
        kind=relation.kind,
        surveyed_at=now,
        fields=relation.fields,
        key=relation.key,
        temporal_field=dates[0].name if dates else "",
        comment=relation.comment,
        counted=relation.counted,
        unindexed=relation.lacking.unindexed,
        unsorted=relation.lacking.unsorted,
    )


def _as_declared(column: SpatialColumn) -> GeometryColumn:
    """Return a geometry column as its type says it is."""
    said = column.declared
    return GeometryColumn(
        name=column.name,
        type=geometry_type(said.type_name),
        srid=said.srid,
        dimension=dimension(has_height=said.has_height, has_measure=said.has_measure),
        has_measure=said.has_measure,
        indexed=column.indexed,
    )


def _as_found(column: SpatialColumn, kinds: Sequence[Kind]) -> GeometryColumn:
    """Return a geometry column as its rows show it, where its type says less.

    One type for all rows is that type; several are ``Geometry``. Several SRIDs
    are none.
    """
    declared = _as_declared(column)
    if not kinds:
        return declared
    types = {geometry_type(kind.type_name) for kind in kinds}
    srids = {kind.srid for kind in kinds}
    has_measure = any(kind.has_measure for kind in kinds)
    has_height = any(kind.has_height for kind in kinds)
    return replace(
        declared,
        type=types.pop() if len(types) == 1 else GeometryType.GEOMETRY,
        srid=srids.pop() if len(srids) == 1 else 0,
        dimension=dimension(has_height=has_height, has_measure=has_measure),
        has_measure=has_measure,
    )


def _with_known_crs(columns: Sequence[GeometryColumn]) -> tuple[GeometryColumn, ...]:
    """Take back SRIDs that only this database knows: they are no EPSG codes."""
    return tuple(
        column
        if not column.srid or has_epsg_code(column.srid)
        else replace(column, srid=0)
        for column in columns
    )


def _catalogue_findings(relation: Relation) -> Iterator[Finding]:
    """Yield what is wrong whatever the rows hold."""
    if not relation.key:
        yield survey_finding("no-key", relation.source)
    if relation.hidden:
        yield survey_finding("columns-refused", relation.source, count=relation.hidden)
    if len(relation.spatial) > 1:
        names = ", ".join(column.name for column in relation.spatial)
        yield survey_finding("several-geometries", relation.source, columns=names)
    if relation.kind not in _INDEXABLE:
        return
    for column in relation.spatial:
        if not column.indexed:
            yield survey_finding(
                "no-spatial-index", relation.source, _names(relation, column)
            )


def _declared_findings(relation: Relation) -> Iterator[Finding]:
    """Yield what the declarations alone give away about the CRS."""
    for column in relation.spatial:
        srid = column.declared.srid
        if srid and not has_epsg_code(srid):
            yield survey_finding(
                "crs-not-epsg", relation.source, crs=srid, column=column.name
            )


def _type_findings(
    relation: Relation, column: SpatialColumn, kinds: Sequence[Kind]
) -> Iterator[Finding]:
    """Yield what is wrong with the geometry types of a column."""
    names = _names(relation, column)
    types = {kind.type_name for kind in kinds} or {column.declared.type_name}
    curved = sorted(types & CURVED)
    if curved:
        yield survey_finding(
            "geometry-curved", relation.source, names, types=", ".join(curved)
        )
    elif len(types) > 1:
        yield survey_finding(
            "geometry-mixed", relation.source, names, types=", ".join(sorted(types))
        )


def _srid_findings(
    relation: Relation, column: SpatialColumn, kinds: Sequence[Kind]
) -> Iterator[Finding]:
    """Yield what is wrong with the CRS of a column; only the first can be fatal."""
    srids = sorted({kind.srid for kind in kinds} or {column.declared.srid})
    if len(srids) > 1:
        code = "srid-mixed"
    elif srids[0]:
        if has_epsg_code(srids[0]):
            return
        code = "crs-not-epsg"
    else:
        # Without rows, a column that declares nothing has nothing wrong yet.
        is_empty = not kinds and not column.declared.is_said
        code = "srid-undeclared" if is_empty else "srid-unknown"
    is_first = column == relation.spatial[0]
    yield survey_finding(
        code,
        relation.source,
        _names(relation, column),
        severity=None if is_first else Severity.WARNING,
        srids=", ".join(str(srid) for srid in srids),
        crs=srids[0],
    )


def _absence_findings(relation: Relation, measures: Measures) -> Iterator[Finding]:
    """Yield what is missing: keys, positions."""
    if measures.keyless:
        yield survey_finding(
            "key-null",
            relation.source,
            count=measures.keyless,
            columns=", ".join(relation.key),
        )
    if not relation.spatial:
        return
    missing = measures.total - measures.located
    name = relation.spatial[0].name
    if not measures.located:
        yield survey_finding("nothing-located", relation.source, column=name)
    elif missing:
        yield survey_finding(
            "geometry-missing",
            relation.source,
            count=missing,
            total=measures.total,
            column=name,
        )


def _names(relation: Relation, column: SpatialColumn) -> Mapping[str, str]:
    return sql_names(relation.source, column.name)
