"""The store's rows, from and to the values of `providers.store_model`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from metadata.finding import Text
from metadata.measured import Source
from metadata.record import RecordKind
from providers.store_model import (
    Entry,
    EntryState,
    Operation,
    Revision,
    Tombstone,
    packed,
)


def entry_row(entry: Entry) -> dict[str, Any]:
    """Return the row of an entry."""
    return {
        "outlet": entry.outlet,
        "record_identifier": entry.record_identifier,
        "dataset_id": entry.dataset_id,
        "kind": entry.kind.value,
        "operation": entry.operation.value,
        "state": entry.state.value,
        "fingerprint": entry.fingerprint,
        "published_fingerprint": entry.published_fingerprint,
        "remote_id": entry.remote_id,
        "intended_at": entry.intended_at,
        "settled_at": entry.settled_at,
        "message_fr": entry.message.fr,
        "message_en": entry.message.en,
    }


def read_entry(row: Row[Any]) -> Entry:
    """Read an entry from its row."""
    return Entry(
        outlet=row.outlet,
        record_identifier=row.record_identifier,
        dataset_id=row.dataset_id,
        kind=RecordKind(row.kind),
        operation=Operation(row.operation),
        state=EntryState(row.state),
        fingerprint=row.fingerprint,
        published_fingerprint=row.published_fingerprint,
        remote_id=row.remote_id,
        intended_at=row.intended_at,
        settled_at=row.settled_at,
        message=Text(row.message_fr, row.message_en),
    )


def read_revision(row: Row[Any]) -> Revision:
    """Read a revision from its row."""
    return Revision(
        record_identifier=row.record_identifier,
        dataset_id=row.dataset_id,
        kind=RecordKind(row.kind),
        fingerprint=row.fingerprint,
        date_stamp=row.date_stamp,
        first_seen=row.first_seen,
        packed=packed(row.content),
    )


def read_tombstone(row: Row[Any]) -> Tombstone:
    """Read a tombstone from its row."""
    return Tombstone(
        record_identifier=row.record_identifier,
        dataset_id=row.dataset_id,
        kind=RecordKind(row.kind),
        deleted_at=row.deleted_at,
    )


def source_row(source: Source) -> dict[str, str]:
    """Return the key columns of a survey's row."""
    return {
        "silo": source.silo,
        "container": source.container,
        "table_name": source.table,
    }
