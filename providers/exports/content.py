"""What goes into the files of a collection: `FileContent` and `Batch`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from metadata.dataset import (
    Collection,
    Dataset,
    PublishedColumn,
    published_columns,
)
from metadata.distributions import collection_title
from metadata.measured import FieldType, GeometryColumn, RelationKind
from providers.query import key_columns
from providers.table_rows import TableRow

VERSION: Final = 1
"""Of the way that files are written; a greater one makes all files anew."""
_KEYED: Final = frozenset({RelationKind.TABLE, RelationKind.LAYER})


@dataclass(frozen=True, kw_only=True)
class FileContent:
    """One collection as its files tell it; the rows themselves apart."""

    name: str
    """Identifier of the collection."""
    title: str
    about: str
    """The abstract; may be empty."""
    columns: tuple[PublishedColumn, ...]
    """What `metadata.dataset.published_columns` says, and nothing else."""
    geometry: GeometryColumn | None
    identity: int | None
    """Place of the whole number that identifies a row; `None` without one."""
    in_database: bool
    """Whether native types are PostgreSQL's words, not GeoPackage's."""
    key: tuple[int, ...] = ()
    """Places of the columns that identify a feature, in key order."""

    @cached_property
    def form(self) -> str:
        """What tells files of this content from those of any other.

        A file is served only while its form is that of the collection: whoever
        hides a column has hidden the files that hold it.
        """
        columns = [(c.name, c.field, c.description) for c in self.columns]
        geometry = self.geometry
        shape = geometry and (geometry.name, geometry.type, geometry.srid)
        parts = (VERSION, self.name, self.title, self.about, columns, shape)
        text = repr((*parts, self.identity, self.key)).encode("utf-8", "surrogatepass")
        return hashlib.sha256(text).hexdigest()[:24]


def file_content(dataset: Dataset, collection: Collection) -> FileContent:
    """Return what goes into the files of a collection."""
    columns = published_columns(collection)
    return FileContent(
        name=collection.id,
        title=collection_title(dataset, collection),
        about=dataset.abstract,
        columns=columns,
        geometry=collection.geometry,
        identity=_identity(collection, columns),
        in_database=collection.survey.kind is not RelationKind.LAYER,
        key=tuple(columns.index(column) for column in key_columns(collection)),
    )


def _identity(collection: Collection, columns: Sequence[PublishedColumn]) -> int | None:
    """Return the place of a key that is one whole number and surely unique."""
    key, survey = key_columns(collection), collection.survey
    if len(key) != 1 or survey.kind not in _KEYED or not survey.key:
        return None
    field = key[0].field
    is_whole = field.type is FieldType.INTEGER
    if not is_whole or field.native_type.startswith("numeric"):
        return None
    return columns.index(key[0])


@dataclass(frozen=True)
class Batch:
    """Some rows, in order."""

    rows: Sequence[TableRow]

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        """The geometries, `None` where there is none."""
        return np.asarray(shapely.from_wkb([row.wkb for row in self.rows]), object)

    @cached_property
    def wkb(self) -> list[bytes | None]:
        """The geometries as ISO WKB, with heights and without measures."""
        return list(
            shapely.to_wkb(self.shapes, output_dimension=3, byte_order=1, flavor="iso")
        )
