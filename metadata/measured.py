"""What was measured in a silo: the `Survey` of one table or layer.

Nothing here is typed by a person, and nothing is stated by one: see
`metadata.stated` for that half. The two meet in `metadata.dataset`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class FieldType(StrEnum):
    """The type of a field, as far as the outside needs to know it."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    UUID = "uuid"
    JSON = "json"
    ARRAY = "array"
    BINARY = "binary"
    OTHER = "other"


class GeometryType(StrEnum):
    """The geometry types of OGC Simple Features; ``GEOMETRY`` is any of them."""

    POINT = "Point"
    LINE_STRING = "LineString"
    POLYGON = "Polygon"
    MULTI_POINT = "MultiPoint"
    MULTI_LINE_STRING = "MultiLineString"
    MULTI_POLYGON = "MultiPolygon"
    GEOMETRY_COLLECTION = "GeometryCollection"
    GEOMETRY = "Geometry"


class RelationKind(StrEnum):
    """What a collection is read from."""

    TABLE = "table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    FOREIGN_TABLE = "foreign table"
    LAYER = "layer"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one collection is read from. The three together are unique."""

    __pydantic_config__: ClassVar = {
        "extra": "forbid",
        "use_attribute_docstrings": True,
    }

    silo: str
    """Name of the silo in `passerelle.yml`."""
    container: str
    """Schema of a database; path of the file, below the folder, of a file silo."""
    table: str
    """Table, view or layer, written as the silo writes it."""

    def __str__(self) -> str:
        return f"{self.silo}:{self.container}.{self.table}"


class Filling(StrEnum):
    """What the silo itself puts into a column of a new row."""

    DEFAULT = "default"
    """A default value or a number, where none is given."""
    ALWAYS = "always"
    """A value that nobody can give: computed, or always numbered."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column that holds no geometry."""

    name: str
    type: FieldType
    native_type: str
    """The type in the silo's own words, e.g. ``character varying(5)``."""
    nullable: bool = True
    comment: str = ""
    values: tuple[str, ...] = ()
    """The only values that there can be, in the order of the silo's enumeration;
    `()` where any can be.
    """
    filling: Filling | None = None
    """`None` where the silo puts nothing."""
    is_lenient: bool = False
    """Whether the silo takes some texts that differ for the same, as by a collation
    that passes over case or accents."""


@dataclass(frozen=True, kw_only=True)
class GeometryColumn:
    """One geometry column."""

    name: str
    type: GeometryType
    srid: int
    """EPSG code; 0 when the silo does not know."""
    dimension: int = 2
    """2, 3 (with height) or 4 (with height and measure)."""
    has_measure: bool = False
    indexed: bool = True


@dataclass(frozen=True)
class Bounds:
    """A box in the units and the *storage* axis order (x, y) of one CRS."""

    xmin: float
    ymin: float
    xmax: float
    ymax: float
    srid: int


@dataclass(frozen=True)
class Extent:
    """A box in degrees on CRS84: longitude first, −180…180 and −90…90."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, kw_only=True)
class TemporalExtent:
    """A closed interval of dates, ISO 8601; an open end is an empty string."""

    start: str
    end: str


@dataclass(frozen=True, kw_only=True)
class Period:
    """The earliest and the latest value of one date or time-stamp column."""

    field: str
    start: str
    """A day, ISO 8601."""
    end: str


@dataclass(frozen=True, kw_only=True)
class Survey:
    """One table or layer as it was found.

    A member that could not be measured is `None` (or empty), and a
    `metadata.finding.Finding` beside the survey says why.
    """

    source: Source
    kind: RelationKind
    surveyed_at: datetime
    """When it was first found to be as it is."""
    fields: tuple[Field, ...] = ()
    """In the order of the table; geometry columns are not among them."""
    key: tuple[str, ...] = ()
    """Columns that identify a row, in key order; empty when there is none."""
    geometries: tuple[GeometryColumn, ...] = ()
    """In the order of the table; empty for a table without geometry."""
    native_extent: Bounds | None = None
    """Exact, of the first geometry column; `None` when there is no geometry."""
    extent: Extent | None = None
    """The same on CRS84, its edges densified before the transformation."""
    feature_count: int | None = None
    """Exact number of rows."""
    periods: tuple[Period, ...] = ()
    """Of each date and time-stamp column that holds any; one by one, since a
    column may be excluded from what goes out."""
    temporal_field: str = ""
    """The date or time-stamp column that `datetime` filters on; may be empty."""
    changed_at: datetime | None = None
    """Last change, where the silo can tell."""
    size: int | None = None
    """Bytes on disk, where the silo can tell."""
    comment: str = ""
    """The table's comment, as the silo has it."""
    counted: bool = False
    """Whether a trigger of ours counts every change of its rows."""
    unindexed: tuple[str, ...] = ()
    """Columns that could have an index to find their values by, and have none."""
    unsorted: tuple[str, ...] = ()
    """Columns that could have an index in their order, and have none; texts are
    sorted by code point."""
    mark: str = field(default="", compare=False)
    """What the silo said of the rows before they were measured (`providers.change`):
    where it says the same again they need not be. Empty where it says nothing."""

    def equipped_as(self, other: Survey) -> Survey:
        """Return the same with the trigger, indexes and mark of another survey.

        They come and go, and the table stays what it is.
        """
        return replace(
            self,
            counted=other.counted,
            unindexed=other.unindexed,
            unsorted=other.unsorted,
            mark=other.mark,
        )

    @property
    def geometry(self) -> GeometryColumn | None:
        """The first geometry column, the one that is served; `None` without."""
        return self.geometries[0] if self.geometries else None
