"""The statements that measure one relation, put together from its columns.

Values never stand in them: only identifiers, quoted by `psycopg2.sql`, and the
numbers of the house itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from psycopg2 import sql

from metadata.measured import Field, FieldType, RelationKind
from providers.postgis_survey_catalogue import Relation, SpatialColumn

VALIDITY_SAMPLE = 1_000
"""Geometries whose validity is looked at, at most."""
VALIDITY_TIMEOUT = 2_000
"""Milliseconds that this may take; afterwards nothing is said about validity."""
_EVERYTHING = sql.SQL("")
_STORED = frozenset({RelationKind.TABLE, RelationKind.MATERIALIZED_VIEW})


def measuring(relation: Relation, *, tracks_commits: bool) -> sql.Composed:
    """Return the statement that measures a relation in one pass.

    It answers one row for each combination of geometry type, SRID and dimension
    that the declaration leaves open, and at least one row, with as columns:
    size; rows; rows with geometry; of these, empty ones; xmin, ymin, xmax, ymax;
    geometry type; SRID; dimension flag (`ST_Zmflag`); last commit; rows without
    a key; then three for each date column: first, last, and how many are out of
    range.
    """
    changed = _last_commit(relation, tracks_commits=tracks_commits)
    parts = [
        sql.SQL("count(*) AS total"),
        *_located(relation.spatial[0] if relation.spatial else None),
        sql.SQL("{} AS changed").format(changed),
        sql.SQL("{} AS keyless").format(_without_key(relation)),
        *(part for field in relation.dates for part in _period(field)),
    ]
    # Grouped by place: a column of the table may be called `kind` or `srid` too.
    return sql.SQL(
        "SELECT sized.size, measured.* FROM (SELECT {size} AS size) AS sized"
        " LEFT JOIN (SELECT {parts} FROM {table} GROUP BY 8, 9, 10)"
        " AS measured ON true"
    ).format(
        size=_size(relation),
        parts=sql.SQL(", ").join(parts),
        table=table_name(relation),
    )


def first_row(relation: Relation) -> sql.Composed | None:
    """Return the statement that reads one row; `None` where rows are stored.

    Counting the rows of a view computes none of its columns: whether they can be
    read shows only when one is.
    """
    names = [f.name for f in relation.fields] + [c.name for c in relation.spatial]
    if relation.kind in _STORED or not names:
        return None
    return sql.SQL("SELECT {} FROM {} LIMIT 1").format(
        sql.SQL(", ").join(map(sql.Identifier, dict.fromkeys(names))),
        table_name(relation),
    )


def kinds_inside(relation: Relation, column: SpatialColumn) -> sql.Composed:
    """Return the statement that lists what a geometry column really holds.

    One row for each combination: geometry type, SRID, dimension flag.
    """
    shape = _shape(column)
    return sql.SQL(
        "SELECT DISTINCT {p}.GeometryType({g}), {p}.ST_SRID({g}), {p}.ST_Zmflag({g})"
        " FROM {table} WHERE {column} IS NOT NULL"
    ).format(
        p=sql.Identifier(column.postgis),
        g=shape,
        column=sql.Identifier(column.name),
        table=table_name(relation),
    )


def validity(relation: Relation, column: SpatialColumn, *, rows: int) -> sql.Composed:
    """Return the statement that looks at some geometries: looked at, invalid."""
    sample: sql.Composable = _EVERYTHING
    if relation.kind in _STORED and rows > 2 * VALIDITY_SAMPLE:
        percent = 100 * 1.2 * VALIDITY_SAMPLE / rows
        sample = sql.SQL("TABLESAMPLE SYSTEM ({}) REPEATABLE (1)").format(
            sql.Literal(round(percent, 6))
        )
    return sql.SQL(
        "SET LOCAL statement_timeout = {timeout};"
        " SELECT count(*), count(*) FILTER (WHERE NOT valid)"
        " FROM (SELECT {p}.ST_IsValid({g}) AS valid FROM {table} {sample}"
        " WHERE {column} IS NOT NULL LIMIT {limit}) AS looked"
    ).format(
        timeout=sql.Literal(VALIDITY_TIMEOUT),
        p=sql.Identifier(column.postgis),
        g=_shape(column),
        table=table_name(relation),
        sample=sample,
        column=sql.Identifier(column.name),
        limit=sql.Literal(VALIDITY_SAMPLE),
    )


def table_name(relation: Relation) -> sql.Identifier:
    """Return the qualified, quoted name."""
    return sql.Identifier(relation.source.container, relation.source.table)


def is_open(column: SpatialColumn) -> bool:
    """Tell whether the declaration leaves type, SRID or dimension open."""
    said = column.declared
    return not said.is_said or said.type_name == "GEOMETRY" or not said.srid


def _shape(column: SpatialColumn) -> sql.Composable:
    """Return the column as geometry: geography lacks most measuring functions."""
    name = sql.Identifier(column.name)
    if not column.is_geography:
        return name
    return sql.SQL("{}::{}").format(name, sql.Identifier(column.postgis, "geometry"))


def _located(column: SpatialColumn | None) -> Iterator[sql.Composable]:
    """Yield what is measured of the geometry; nulls where there is none."""
    if column is None:
        yield sql.SQL("0 AS located, 0 AS empty")
        yield sql.SQL(
            "NULL::float8 AS xmin, NULL::float8 AS ymin,"
            " NULL::float8 AS xmax, NULL::float8 AS ymax,"
            " NULL::text AS kind, NULL::int AS srid, NULL::int AS flags"
        )
        return
    names = {"p": sql.Identifier(column.postgis), "g": _shape(column)}
    yield sql.SQL(
        "count({g}) AS located, count(*) FILTER (WHERE {p}.ST_IsEmpty({g})) AS empty"
    ).format(**names)
    # ST_Extent reads the coordinates in double precision and passes over nulls
    # and empty geometries; ST_EstimatedExtent would be neither exact nor safe.
    for corner in ("XMin", "YMin", "XMax", "YMax"):
        yield sql.SQL("{p}.{f}({p}.ST_Extent({g})) AS {name}").format(
            f=sql.SQL(f"ST_{corner}"), name=sql.SQL(corner.lower()), **names
        )
    inside = (
        "{p}.GeometryType({g}) AS kind, {p}.ST_SRID({g}) AS srid,"
        " {p}.ST_Zmflag({g})::int AS flags"
        if is_open(column)
        else "NULL::text AS kind, NULL::int AS srid, NULL::int AS flags"
    )
    yield sql.SQL(inside).format(**names)


def _size(relation: Relation) -> sql.Composable:
    """Return bytes on disk with indexes and TOAST; null for what is not stored."""
    oid = sql.Literal(relation.oid)
    if relation.is_partitioned:
        return sql.SQL(
            "(SELECT sum(pg_total_relation_size(relid))"
            " FROM pg_partition_tree({}::regclass))::bigint"
        ).format(oid)
    if relation.kind in _STORED:
        return sql.SQL("pg_total_relation_size({}::oid)").format(oid)
    return sql.SQL("NULL::bigint")


def _last_commit(relation: Relation, *, tracks_commits: bool) -> sql.Composable:
    """Return the newest commit that wrote a row, where the server remembers."""
    readable = relation.is_wholly_readable
    if tracks_commits and readable and relation.kind in _STORED:
        return sql.SQL("max(pg_xact_commit_timestamp(xmin))")
    return sql.SQL("NULL::timestamptz")


def _without_key(relation: Relation) -> sql.Composable:
    """Return the number of rows with a null in a key that the database lets be."""
    if relation.key_is_required:
        return sql.SQL("0")
    nulls = [
        sql.SQL("{} IS NULL").format(sql.Identifier(name)) for name in relation.key
    ]
    return sql.SQL("count(*) FILTER (WHERE {})").format(sql.SQL(" OR ").join(nulls))


def _period(field: Field) -> Iterator[sql.Composable]:
    """Yield first and last value, and how many no calendar of ours can hold.

    The infinities are neither: they stand for "no end known" in many tables.
    """
    native = "date" if field.type is FieldType.DATE else "timestamptz"
    column = sql.Identifier(field.name)
    in_range = sql.SQL("{c} >= '0001-01-01'::{t} AND {c} < '10000-01-01'::{t}").format(
        c=column, t=sql.SQL(native)
    )
    for function in ("min", "max"):
        yield sql.SQL("{}({}) FILTER (WHERE {})::text").format(
            sql.SQL(function), column, in_range
        )
    yield sql.SQL("count(*) FILTER (WHERE isfinite({}) AND NOT ({}))").format(
        column, in_range
    )
