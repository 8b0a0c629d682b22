"""What is asked of a collection: `Query` and its parts, typed, without HTTP.

Every column in a query is a `metadata.dataset.PublishedColumn`, so that one that
is excluded cannot be named. Coordinates have x (easting, longitude) first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from metadata.crs import CRS84, Crs, UnknownCrs, epsg
from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.measured import Bounds, FieldType, RelationKind
from providers.cql2_tree import Predicate, kind_of

SERVED_SRIDS = (4326, 2154, 3857, 4258, 3035)
"""EPSG codes in which every collection is served, besides its own."""


class Encoding(StrEnum):
    """In which text features go out of a silo."""

    GEOJSON = "geojson"
    """RFC 7946."""
    JSONFG = "jsonfg"
    """OGC Features and Geometries JSON 1.0 (21-045r1)."""
    GML = "gml"
    """GML 3.2, Simple Features profile, level 0 (07-036r1, 10-100r3)."""
    CSV = "csv"
    """RFC 4180; each feature is a line and brings the end of it."""

    @property
    def joint(self) -> bytes:
        """What stands between two features."""
        return _JOINTS.get(self, b",")


_JOINTS = MappingProxyType({Encoding.GML: b"\n", Encoding.CSV: b""})


@dataclass(frozen=True, kw_only=True)
class Order:
    """One sort key; rows without a value come last, ascending or descending."""

    column: PublishedColumn
    descending: bool = False
    nullable: bool = True
    """Whether rows without a value may exist."""
    native: bool = False
    """Whether the silo's own order will do, which its index on the key has."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """Which features are asked for, in which order and form."""

    limit: int | None = None
    """Features on a page; `None` is all of them."""
    offset: int = 0
    """Features passed over before the first."""
    cursor: str = ""
    """Token of the page before; empty on the first page."""
    crs: Crs = CRS84
    """Reference system of the coordinates that go out."""
    area: tuple[Bounds, ...] = ()
    """Boxes of which one must be met, each in the CRS it was asked in."""
    unplaced: bool = True
    """Whether features without geometry meet every box, as Part 1 wants it
    (/req/core/fc-bbox-response); a silo that knows of none may say no.
    """
    conditions: tuple[Predicate, ...] = ()
    """What must hold besides, all of it."""
    properties: tuple[PublishedColumn, ...] | None = None
    """Columns that go out; `None` is every published one."""
    order: tuple[Order, ...] = ()
    """Sort keys; the key of the collection follows unasked."""
    geometry: bool = True
    """Whether geometries go out."""
    encoding: Encoding = Encoding.GEOJSON
    """How each feature is written."""


def served_crs(collection: Collection) -> tuple[Crs, ...]:
    """Return the reference systems that a collection is served in, CRS84 first.

    References
    ----------
    OGC API Features Part 2, clause 6.2 (the list of ``crs``).
    """
    geometry = collection.geometry
    return _served(geometry.srid if geometry else 0)


@lru_cache(maxsize=256)
def _served(storage: int) -> tuple[Crs, ...]:
    if not storage:
        return (CRS84,)
    found = [CRS84]
    for srid in (*SERVED_SRIDS, storage):
        try:
            found.append(epsg(srid))
        except UnknownCrs:
            continue
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class _Outside:
    """What the outside sees of one collection, worked out once."""

    collection: Collection
    columns: Mapping[str, PublishedColumn]
    key: tuple[PublishedColumn, ...]


_seen: dict[int, _Outside] = {}
_MOST_SEEN = 4096


def _outside(collection: Collection) -> _Outside:
    """Return the columns of a collection, kept for as long as it is the same."""
    found = _seen.get(id(collection))
    if found is not None and found.collection is collection:
        return found
    published = published_columns(collection)
    by_field = {column.field.name: column for column in published}
    key = tuple(by_field[name] for name in collection.key if name in by_field)
    found = _Outside(
        collection,
        MappingProxyType({column.name: column for column in published}),
        key if len(key) == len(collection.key) and all(map(kind_of, key)) else (),
    )
    if len(_seen) >= _MOST_SEEN:
        _seen.clear()
    _seen[id(collection)] = found
    return found


def time_column(collection: Collection) -> PublishedColumn | None:
    """Return the published column that says when a feature is; `None` without."""
    for column in published_columns(collection):
        if column.field.name == collection.time_field:
            return column if column.field.type in _TEMPORAL else None
    return None


def columns_by_name(collection: Collection) -> Mapping[str, PublishedColumn]:
    """Return the published columns under the names that they have outside."""
    return _outside(collection).columns


def key_columns(collection: Collection) -> tuple[PublishedColumn, ...]:
    """Return the columns that identify a feature, in key order; `()` without.

    One whose values have no order (addresses, trees of labels) identifies none.
    """
    return _outside(collection).key


_TEMPORAL = frozenset({FieldType.DATE, FieldType.DATETIME})
_KEYED = frozenset({RelationKind.TABLE, RelationKind.LAYER})
"""Relations whose key is a primary key or counts as one: never missing."""
SORTABLE = frozenset(
    {
        FieldType.STRING,
        FieldType.INTEGER,
        FieldType.NUMBER,
        FieldType.BOOLEAN,
        FieldType.DATE,
        FieldType.DATETIME,
        FieldType.TIME,
        FieldType.UUID,
    }
)
"""Types whose values have an order that both silos agree on."""


def order_of(
    collection: Collection, column: PublishedColumn, *, descending: bool = False
) -> Order:
    """Return the sort key of one column of a collection."""
    survey = collection.survey
    primary = survey.kind in _KEYED and column.field.name in survey.key
    nullable = column.field.nullable and not primary
    return Order(column=column, descending=descending, nullable=nullable)


def full_order(collection: Collection, order: Sequence[Order]) -> tuple[Order, ...]:
    """Return the sort keys asked for and, after them, what is left of the key.

    Nobody asked for an order of texts in the key, so it is the silo's own: a
    table with a key of texts is not sorted anew for each page.
    """
    named = {each.column.name for each in order}
    rest = [c for c in key_columns(collection) if c.name not in named]
    found = (order_of(collection, column) for column in rest)
    return (*order, *(replace(each, native=True) for each in found))
