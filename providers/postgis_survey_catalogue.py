"""What PostgreSQL's catalogues say about all relations of a database at once.

The number of statements is the same for one table and for ten thousand, and
none of them takes a lock on a table of anybody's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from metadata.measured import Field, FieldType, Filling, RelationKind, Source
from providers.database import Connection
from providers.postgis_counting import countable
from providers.postgis_survey_indexes import (
    NOTHING_LACKING,
    Index,
    Lacking,
    choose_key,
    lacking,
)
from providers.postgis_survey_types import SPATIAL, Declared, declared, field_type
from providers.surveyed import statement

_KINDS: Mapping[str, RelationKind] = {
    "r": RelationKind.TABLE,
    "p": RelationKind.TABLE,
    "v": RelationKind.VIEW,
    "m": RelationKind.MATERIALIZED_VIEW,
    "f": RelationKind.FOREIGN_TABLE,
}
_SPATIAL_METHODS = frozenset({"gist", "spgist", "brin"})


@dataclass(frozen=True, kw_only=True)
class SpatialColumn:
    """A geometry or geography column as declared."""

    name: str
    declared: Declared
    is_geography: bool
    postgis: str
    """The schema that PostGIS and its functions are in."""
    indexed: bool


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table, view, materialised view or foreign table."""

    oid: int
    source: Source
    kind: RelationKind
    comment: str
    is_partitioned: bool
    is_readable: bool
    """Whether the silo's user may read some columns at least."""
    is_wholly_readable: bool
    """Whether it may read the table as such, system columns included."""
    estimate: float
    """Rows as the planner believes; only good for putting large tables first."""
    fields: tuple[Field, ...] = ()
    spatial: tuple[SpatialColumn, ...] = ()
    key: tuple[str, ...] = ()
    key_is_required: bool = True
    """Whether the database itself keeps nulls out of the key."""
    hidden: int = 0
    """Columns that the silo's user may not read."""
    counted: bool = False
    """Whether a trigger of ours counts its changes, and may be read."""
    lacking: Lacking = NOTHING_LACKING

    @property
    def dates(self) -> tuple[Field, ...]:
        """The date and time-stamp columns."""
        return tuple(
            f for f in self.fields if f.type in {FieldType.DATE, FieldType.DATETIME}
        )


@dataclass(frozen=True)
class Catalogue:
    """All relations of a database, those that may not be read too."""

    relations: tuple[Relation, ...]
    tracks_commits: bool
    """Whether the server remembers when transactions were committed."""


class _Column(NamedTuple):
    relation: int
    name: str
    native_type: str
    nullable: bool
    comment: str
    base: str
    base_kind: str
    category: str
    base_schema: str
    typmod: int
    readable: bool
    labels: list[str]
    filling: str | None
    is_lenient: bool

    @property
    def is_spatial(self) -> bool:
        return self.base in SPATIAL

    @property
    def field(self) -> Field:
        return Field(
            name=self.name,
            type=field_type(self.base, self.base_kind, self.category),
            native_type=self.native_type,
            nullable=self.nullable,
            comment=self.comment,
            values=tuple(self.labels),
            filling=Filling(self.filling) if self.filling else None,
            is_lenient=self.is_lenient,
        )


def read_catalogue(
    connection: Connection, silo: str, *, schemas: Sequence[str]
) -> Catalogue:
    """Read every relation, in one snapshot of the catalogues.

    Parameters
    ----------
    silo
        Its name, for the sources.
    schemas
        The only schemas to look into; empty: all but the system's.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT current_setting('track_commit_timestamp') = 'on'")
        ((tracks_commits,),) = cursor.fetchall()
        cursor.execute(statement("survey_relations"), {"schemas": list(schemas)})
        rows = cursor.fetchall()
        wanted = {"relations": [row[0] for row in rows]}
        cursor.execute(statement("survey_columns"), wanted)
        columns: dict[int, list[_Column]] = defaultdict(list)
        for column in map(_Column._make, cursor.fetchall()):
            columns[column.relation].append(column)
        cursor.execute(statement("survey_indexes"), wanted)
        indexes: dict[int, list[Index]] = defaultdict(list)
        for index in map(Index._make, cursor.fetchall()):
            indexes[index.relation].append(index)
        cursor.execute(statement("survey_indexed_views"), wanted)
        indexed_views = {row[0] for row in cursor.fetchall()}
        counted = {name for name, is_ in countable(connection).items() if is_}
    relations = [
        _relation(
            row,
            silo,
            columns[row[0]],
            indexes[row[0]],
            is_indexed_view=row[0] in indexed_views,
            counted=(row[1], row[2]) in counted,
        )
        for row in rows
    ]
    return Catalogue(tuple(relations), tracks_commits)


def _relation(
    row: tuple[Any, ...],
    silo: str,
    columns: Sequence[_Column],
    indexes: Sequence[Index],
    *,
    is_indexed_view: bool,
    counted: bool,
) -> Relation:
    """Put together what the five statements said about one relation."""
    oid, schema, table, relkind, comment, is_readable, is_whole, estimate = row
    readable = [column for column in columns if column.readable]
    fields = tuple(c.field for c in readable if not c.is_spatial)
    key, is_required = choose_key(
        {c.name for c in readable}, indexes, materialized=relkind == "m"
    )
    indexed = {
        index.columns[0] for index in indexes if index.method in _SPATIAL_METHODS
    }
    return Relation(
        oid=oid,
        source=Source(silo=silo, container=schema, table=table),
        kind=_KINDS[relkind],
        comment=comment,
        is_partitioned=relkind == "p",
        is_readable=is_readable,
        is_wholly_readable=is_whole,
        estimate=estimate,
        fields=fields,
        spatial=tuple(
            _spatial(c, indexed=is_indexed_view or c.name in indexed)
            for c in readable
            if c.is_spatial
        ),
        key=key,
        key_is_required=is_required,
        hidden=len(columns) - len(readable),
        counted=counted,
        lacking=lacking(_KINDS[relkind], fields, indexes),
    )


def _spatial(column: _Column, *, indexed: bool) -> SpatialColumn:
    is_geography = column.base == "geography"
    return SpatialColumn(
        name=column.name,
        declared=declared(column.typmod, geography=is_geography),
        is_geography=is_geography,
        postgis=column.base_schema,
        indexed=indexed,
    )
