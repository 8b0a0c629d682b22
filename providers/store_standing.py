"""What stands where just now, of all datasets at once: on one connection.

Only what an overview needs: no record's content is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from metadata.links import LinkHistory
from metadata.record import RecordKind
from providers import store_tables as tables
from providers.store_concessions import Concession, every_concession
from providers.store_files import MadeFile, read_files
from providers.store_links import read_links
from providers.store_model import Entry, EntryState, Operation, Tombstone
from providers.store_rows import read_entry, read_tombstone
from providers.store_scores import KeptScore, TrendDay, read_every_score, trend


@dataclass(frozen=True, kw_only=True)
class AppliedRecord:
    """One record of our own catalogue, without its content."""

    record_identifier: str
    dataset_id: str
    kind: RecordKind
    fingerprint: str
    applied_at: datetime
    """When it became what it is."""


@dataclass(frozen=True, kw_only=True)
class Revised:
    """How often a dataset became another, and when it last did."""

    revisions: int
    """Moments at which any of its records was new or changed."""
    last: datetime


@dataclass(frozen=True, kw_only=True)
class Standing:
    """All that the store knows of how things stand."""

    entries: tuple[Entry, ...]
    applied: tuple[AppliedRecord, ...]
    tombstones: tuple[Tombstone, ...]
    revised: Mapping[str, Revised]
    """By dataset."""
    links: Mapping[str, LinkHistory]
    """By address."""
    scores: Mapping[str, tuple[KeptScore, ...]]
    """By dataset, the oldest first."""
    trend: tuple[TrendDay, ...]
    files: tuple[MadeFile, ...]
    concessions: tuple[Concession, ...]


def read_standing(connection: Connection) -> Standing:
    """Return how things stand."""
    ledger = tables.ledger
    order = (ledger.c.outlet, ledger.c.dataset_id, ledger.c.record_identifier)
    entries = select(ledger).order_by(*order)
    gone = select(tables.tombstone).order_by(tables.tombstone.c.deleted_at)
    scores: dict[str, tuple[KeptScore, ...]] = {}
    every = read_every_score(connection)
    for score in every:
        scores[score.dataset_id] = (*scores.get(score.dataset_id, ()), score)
    return Standing(
        entries=tuple(map(read_entry, connection.execute(entries))),
        applied=tuple(_applied(connection)),
        tombstones=tuple(map(read_tombstone, connection.execute(gone))),
        revised=_revised(connection),
        links=read_links(connection),
        scores=scores,
        trend=tuple(trend(every)),
        files=read_files(connection),
        concessions=every_concession(connection),
    )


def read_delivered(
    connection: Connection, since: datetime
) -> Mapping[tuple[str, Operation], int]:
    """Return how many orders were carried out since, by outlet and operation.

    `providers.store_sendings.OURSELVES` stands for our own catalogue.
    """
    columns = tables.sending.c
    query = (
        select(columns.outlet, columns.operation, func.count().label("orders"))
        .where(columns.state == EntryState.DONE.value, columns.at >= since)
        .group_by(columns.outlet, columns.operation)
    )
    rows = connection.execute(query)
    return {(row.outlet, Operation(row.operation)): row.orders for row in rows}


def _applied(connection: Connection) -> Iterator[AppliedRecord]:
    applied, revision = tables.applied.c, tables.revision.c
    query = (
        select(
            applied.record_identifier,
            revision.dataset_id,
            revision.kind,
            revision.fingerprint,
            applied.applied_at,
        )
        .join(tables.revision, revision.id == applied.revision_id)
        .order_by(applied.record_identifier)
    )
    for row in connection.execute(query):
        yield AppliedRecord(
            record_identifier=row.record_identifier,
            dataset_id=row.dataset_id,
            kind=RecordKind(row.kind),
            fingerprint=row.fingerprint,
            applied_at=row.applied_at,
        )


def _revised(connection: Connection) -> Mapping[str, Revised]:
    columns = tables.revision.c
    query = select(
        columns.dataset_id,
        func.count(func.distinct(columns.first_seen)).label("moments"),
        func.max(columns.first_seen, type_=columns.first_seen.type).label("last"),
    ).group_by(columns.dataset_id)
    return {
        row.dataset_id: Revised(revisions=row.moments, last=row.last)
        for row in connection.execute(query)
    }
