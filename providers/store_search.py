"""What is published, piece by piece: for outlets that keep it ready to be searched.

Marks are cheap to read whenever the store's generation moves; contents are read
only of what is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from providers import store_tables as tables
from providers.store import Store
from providers.store_model import Revision
from providers.store_revisions import generation
from providers.store_rows import read_revision

_CHUNK = 200
"""Contents read at once."""


@dataclass(frozen=True)
class Mark:
    """One published record, and which revision of it."""

    record_identifier: str
    revision_id: int
    applied_at: datetime


@dataclass(frozen=True, kw_only=True)
class Published:
    """What is published at one instant."""

    generation: int
    marks: tuple[Mark, ...]
    """In the order of identifiers."""
    buried_at: tuple[datetime, ...]
    """When each record that was published and is not any more was taken out."""


def read_published(store: Store) -> Published:
    """Return what is published, without contents, as of one transaction.

    Raises
    ------
    metadata.errors.StoreError
        It cannot be read.
    """
    applied, buried = tables.applied.c, tables.tombstone.c
    marks = select(
        applied.record_identifier, applied.revision_id, applied.applied_at
    ).order_by(applied.record_identifier)
    burials = select(buried.deleted_at).order_by(buried.deleted_at)
    with store.reading() as connection:
        return Published(
            generation=generation(connection),
            marks=tuple(Mark(*row) for row in connection.execute(marks)),
            buried_at=tuple(connection.scalars(burials)),
        )


def read_revisions(
    store: Store, revision_ids: Sequence[int]
) -> Iterator[tuple[int, Revision]]:
    """Yield revisions with their numbers; those that were purged are passed over.

    Raises
    ------
    metadata.errors.StoreError
        They cannot be read.
    """
    for start in range(0, len(revision_ids), _CHUNK):
        some = revision_ids[start : start + _CHUNK]
        query = select(tables.revision).where(tables.revision.c.id.in_(some))
        with store.reading() as connection:
            rows = connection.execute(query).all()
        yield from ((row.id, read_revision(row)) for row in rows)
