"""Surveys GeoPackage files (OGC 12-128r18): what their own tables say of the layers.

Tiles and coverages are passed over; `gpkg_contents` extents, which programs often
leave stale, are not read at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from metadata.finding import Finding, Text
from metadata.measured import (
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    RelationKind,
    Source,
    Survey,
)
from providers.survey_extent import epsg_code, has_epsg_code
from providers.survey_findings import sql_names, survey_finding
from providers.surveyed import statement
from providers.vector_survey_layer import GEOMETRY_TYPES, FileUnreadable, Layer
from providers.vector_survey_sqlite import reading

_FIELD_TYPES: Mapping[str, FieldType] = {
    "BOOLEAN": FieldType.BOOLEAN,
    "DATE": FieldType.DATE,
    "DATETIME": FieldType.DATETIME,
    "TIMESTAMP": FieldType.DATETIME,
    "TIME": FieldType.TIME,
    "BLOB": FieldType.BINARY,
    "JSON": FieldType.JSON,
    "UUID": FieldType.UUID,
    "GUID": FieldType.UUID,
}
_NO_GEOPACKAGE = Text(
    "ce fichier n'a pas de table gpkg_contents, que tout GeoPackage contient",
    "the file has no table gpkg_contents, which every GeoPackage holds",
)


class _Content(NamedTuple):
    """A row of `gpkg_contents`, and what stands beside it."""

    table: str
    identifier: str | None
    description: str | None
    last_change: str | None
    column: str | None
    type_name: str | None
    has_z: int | None
    has_m: int | None
    organisation: str | None
    code: int | None
    definition: str | None


class _Column(NamedTuple):
    """A row of `pragma_table_xinfo`."""

    name: str
    type: str
    required: int
    key_place: int


def read_layers(
    path: Path, *, silo: str, container: str, now: datetime
) -> tuple[Layer, ...]:
    """Read the layers and attribute tables that a GeoPackage declares.

    Raises
    ------
    FileUnreadable
        It is no GeoPackage, damaged, locked, or not allowed to be read.
    """
    with reading(path) as connection:
        tables = _tables(connection)
        if "gpkg_contents" not in tables:
            raise FileUnreadable(_NO_GEOPACKAGE)
        layers: list[Layer] = []
        for content in _contents(connection, tables):
            # A row may have outlived its table: then there is nothing to survey.
            if content.table.casefold() in tables:
                source = Source(silo=silo, container=container, table=content.table)
                layers.append(_layer(connection, path, source, content, tables, now))
    return tuple(layers)


def index_name(layer: Layer) -> str:
    """Return the name of a layer's R-tree, where it has one."""
    column = layer.survey.geometry
    return f"rtree_{layer.survey.source.table}_{column.name if column else ''}"


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    """Return name (case folded, as SQLite compares) → kind of all tables and views."""
    rows = connection.execute(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"
    )
    return {name.casefold(): kind for name, kind in rows}


def _contents(
    connection: sqlite3.Connection, tables: Mapping[str, str]
) -> list[_Content]:
    """Return the vector layers and attribute tables, by name."""
    has_features = "gpkg_geometry_columns" in tables
    name = "survey_geopackage" if has_features else "survey_geopackage_attributes"
    rows = connection.execute(statement(name))
    return [_Content(*row) for row in rows]


def _layer(
    connection: sqlite3.Connection,
    path: Path,
    source: Source,
    content: _Content,
    tables: Mapping[str, str],
    now: datetime,
) -> Layer:
    """Describe one layer from the tables about it."""
    columns = _columns(connection, content.table)
    comments = _comments(connection, content.table, tables)
    shape = (content.column or "").casefold()
    fields = tuple(
        _field(column, comments)
        for column in columns
        if column.name.casefold() != shape
    )
    survey = Survey(
        source=source,
        kind=RelationKind.LAYER,
        surveyed_at=now,
        fields=fields,
        key=_key(connection, content.table, columns),
        temporal_field=next(
            (f.name for f in fields if f.type in {FieldType.DATE, FieldType.DATETIME}),
            "",
        ),
        changed_at=_moment(content.last_change),
        comment=_comment(content),
    )
    if shape:
        column = _geometry(content)
        indexed = f"rtree_{content.table}_{column.name}".casefold() in tables
        survey = replace(survey, geometries=(replace(column, indexed=indexed),))
    return Layer(path, survey, tuple(_findings(survey, content)))


def _columns(connection: sqlite3.Connection, table: str) -> list[_Column]:
    """Return the columns, generated ones too (hidden 2 and 3), in order."""
    rows = connection.execute(
        'SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?)'
        " WHERE hidden <> 1 ORDER BY cid",
        (table,),
    )
    return [_Column(*row) for row in rows]


def _comments(
    connection: sqlite3.Connection, table: str, tables: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Return column → comment and MIME type, from the Schema extension (F.9)."""
    if "gpkg_data_columns" not in tables:
        return {}
    rows = connection.execute(
        "SELECT column_name, coalesce(nullif(description, ''), nullif(title, ''), ''),"
        " coalesce(mime_type, '') FROM gpkg_data_columns"
        " WHERE lower(table_name) = lower(?)",
        (table,),
    )
    return {name.casefold(): (comment, mime) for name, comment, mime in rows}


def _field(column: _Column, comments: Mapping[str, tuple[str, str]]) -> Field:
    comment, mime = comments.get(column.name.casefold(), ("", ""))
    return Field(
        name=column.name,
        type=FieldType.JSON if mime == "application/json" else _field_type(column.type),
        native_type=column.type,
        nullable=not column.required and not column.key_place,
        comment=comment,
    )


def _field_type(declared: str) -> FieldType:
    """Return the type of a declaration: GeoPackage's names, else SQLite's affinity."""
    name = declared.upper().split("(")[0].strip()
    if name in _FIELD_TYPES:
        return _FIELD_TYPES[name]
    if "INT" in name:
        return FieldType.INTEGER
    if any(part in name for part in ("CHAR", "CLOB", "TEXT")):
        return FieldType.STRING
    if any(part in name for part in ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL")):
        return FieldType.NUMBER
    return FieldType.OTHER


def _key(
    connection: sqlite3.Connection, table: str, columns: list[_Column]
) -> tuple[str, ...]:
    """Return the primary key, else the unique index of fewest required columns."""
    primary = sorted((c for c in columns if c.key_place), key=lambda c: c.key_place)
    if primary:
        return tuple(column.name for column in primary)
    required = {column.name for column in columns if column.required}
    candidates = [
        names
        for names in _unique_indexes(connection, table)
        if required.issuperset(names)
    ]
    return min(candidates, key=lambda names: (len(names), names), default=())


def _unique_indexes(
    connection: sqlite3.Connection, table: str
) -> Iterator[tuple[str, ...]]:
    rows = connection.execute(
        'SELECT name FROM pragma_index_list(?) WHERE "unique" AND NOT partial', (table,)
    )
    for (index,) in rows.fetchall():
        names = connection.execute(
            "SELECT coalesce(name, '') FROM pragma_index_info(?) ORDER BY seqno",
            (index,),
        )
        yield tuple(name for (name,) in names)


def _geometry(content: _Content) -> GeometryColumn:
    """Return the geometry column as declared; z and m are 1 where they must be."""
    has_height, has_measure = content.has_z == 1, content.has_m == 1
    return GeometryColumn(
        name=content.column or "",
        type=GEOMETRY_TYPES.get(
            (content.type_name or "").upper(), GeometryType.GEOMETRY
        ),
        srid=_srid(content),
        dimension=(4 if has_measure else 3) if has_height else 2,
        has_measure=has_measure,
    )


def _srid(content: _Content) -> int:
    """Return the EPSG code, by the organisation's own code or by the definition."""
    code = content.code or 0
    if (content.organisation or "").upper() == "EPSG" and has_epsg_code(code):
        return code
    return epsg_code(content.definition or "")


def _comment(content: _Content) -> str:
    """Return what a person wrote: identifier and description, unless they repeat."""
    words = [content.identifier or "", content.description or ""]
    said = [w.strip() for w in words if w.strip() and w.strip() != content.table]
    return "\n".join(dict.fromkeys(said))


def _moment(text: str | None) -> datetime | None:
    """Read `last_change` (ISO 8601, UTC); `None` for anything else."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _findings(survey: Survey, content: _Content) -> Iterator[Finding]:
    """Yield what is wrong whatever the layer holds."""
    source, column = survey.source, survey.geometry
    if not survey.key:
        yield survey_finding("no-key", source)
    if column is None:
        return
    names = {
        **sql_names(source, column.name),
        "crs": f"{content.organisation}:{content.code}",
    }
    if not column.srid:
        # Ids 0 and -1 are "undefined" (clause 1.1.2.1.2); anything else is foreign.
        is_undefined = not content.code or content.code < 0
        code = "srid-unknown" if is_undefined else "crs-not-epsg"
        yield survey_finding(code, source, names, in_file=True)
    if not column.indexed:
        yield survey_finding("no-spatial-index", source, names, in_file=True)
