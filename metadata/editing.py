"""Which collections may be edited: those that a person opened, of tables that can be.

A feature is one row of a table of its own, found by a key of one column that the
outside sees; nothing of a row that goes out could be lost by its coming back.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.measured import FieldType, Filling, RelationKind

UNCONDITIONAL: Final = "unconditional"
_IDENTIFYING = frozenset({FieldType.STRING, FieldType.INTEGER, FieldType.UUID})
"""Types of keys that stand in an address as they are."""


class Obstacle(StrEnum):
    """Why features of a collection cannot be edited."""

    FILE = "file"
    """It is read from a file, which others may be writing."""
    RELATION = "relation"
    """It is a view or a table of another server: whose rows they are, nobody says."""
    KEYLESS = "keyless"
    """The table itself has no key; one that is only stated may be of several rows."""
    COMPOSITE = "composite"
    """The key has several columns."""
    HIDDEN = "hidden"
    """The key is excluded."""
    KIND = "kind"
    """The key is neither a text nor a whole number nor a UUID."""
    CRS = "crs"
    """The geometries are in a reference system that nobody knows."""
    MEASURE = "measure"
    """The geometries have measures, which GeoJSON cannot say."""


def is_edited(collection: Collection) -> bool:
    """Tell whether a person opened a collection for editing, and it can be."""
    return bool(collection.description.editable) and obstacle(collection) is None


def is_unconditional(collection: Collection) -> bool:
    """Tell whether features may be changed without saying which state is meant."""
    return collection.description.editable == UNCONDITIONAL


def obstacle(collection: Collection) -> Obstacle | None:
    """Return what keeps the features of a collection from being edited."""
    kind = collection.survey.kind
    if kind is RelationKind.LAYER:
        return Obstacle.FILE
    if kind is not RelationKind.TABLE:
        return Obstacle.RELATION
    return _of_key(collection) or _of_geometry(collection)


def _of_key(collection: Collection) -> Obstacle | None:
    names = collection.survey.key
    if len(names) != 1:
        return Obstacle.COMPOSITE if names else Obstacle.KEYLESS
    key = next(
        (c for c in published_columns(collection) if c.field.name in names), None
    )
    if key is None:
        return Obstacle.HIDDEN
    return None if key.field.type in _IDENTIFYING else Obstacle.KIND


def _of_geometry(collection: Collection) -> Obstacle | None:
    geometry = collection.geometry
    if geometry is None:
        return None
    if not geometry.srid:
        return Obstacle.CRS
    return Obstacle.MEASURE if geometry.has_measure else None


def is_given(collection: Collection, column: PublishedColumn) -> bool:
    """Tell whether the silo gives a column its value, and nobody else may.

    That is so of what is computed, and of a key that the silo numbers itself.
    """
    filling = column.field.filling
    is_key = column.field.name in collection.key
    return filling is Filling.ALWAYS or (is_key and filling is Filling.DEFAULT)
