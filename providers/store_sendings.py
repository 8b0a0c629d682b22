"""What was sent where, and when: one line for each order, kept for good.

The ledger has the last state of each record at each outlet; here is every order
that led to it. Both are written in one transaction, so neither knows more than
the other. A line is told apart by the moment it was intended, so that its
outcome takes the place of the intent, and an order sent again is another line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, func, select

from metadata.finding import Text
from metadata.record import RecordKind
from providers import store_tables as tables
from providers.store_database import upsert
from providers.store_model import NOTHING_SAID, Entry, EntryState, Operation

OURSELVES: Final = ""
"""In the place of an outlet's name: our own catalogue, which others harvest."""


@dataclass(frozen=True, kw_only=True)
class Sending:
    """One order to one outlet about one record, and its outcome."""

    outlet: str
    """Name of the outlet; `OURSELVES` for our own catalogue."""
    record_identifier: str
    dataset_id: str
    kind: RecordKind
    operation: Operation
    fingerprint: str
    """Of the revision that was sent; empty for a delete, and once purged."""
    state: EntryState
    at: datetime
    """When the order was intended."""
    settled_at: datetime | None
    """When its outcome was known; `None` as long as it is not."""
    message: Text = NOTHING_SAID
    """Why it failed; empty when it did not."""


def keep_sendings(connection: Connection, entries: Iterable[Entry]) -> None:
    """Write down the orders that ledger lines tell of.

    Of the same order that fails again and again, as it does at each look of a watch
    while a portal refuses it, the first failure and the last are kept.
    """
    every = tuple(entries)
    upsert(connection, tables.sending, [_row_of_entry(entry) for entry in every])
    for entry in every:
        if entry.state is EntryState.FAILED:
            _drop_between(connection, entry)


def _drop_between(connection: Connection, entry: Entry) -> None:
    """Delete the failures of an order between its first and the one given."""
    columns = tables.sending.c
    same = and_(
        columns.outlet == entry.outlet,
        columns.record_identifier == entry.record_identifier,
        columns.operation == entry.operation.value,
        columns.fingerprint == entry.fingerprint,
        columns.state == EntryState.FAILED.value,
    )
    first = connection.scalar(select(func.min(columns.at)).where(same))
    if first is not None and first < entry.intended_at:
        between = and_(same, columns.at > first, columns.at < entry.intended_at)
        connection.execute(delete(tables.sending).where(between))


def sendings(connection: Connection, dataset_id: str) -> tuple[Sending, ...]:
    """Return every order about one dataset, the oldest first."""
    columns = tables.sending.c
    query = (
        select(tables.sending)
        .where(columns.dataset_id == dataset_id)
        .order_by(columns.at, columns.outlet, columns.record_identifier)
    )
    return tuple(_read(row) for row in connection.execute(query))


def purge_sendings(connection: Connection, dataset_id: str) -> None:
    """Erase what orders tell of the content of a dataset; that they were, stays."""
    table = tables.sending
    rows = connection.execute(select(table).where(table.c.dataset_id == dataset_id))
    blank = {"fingerprint": "", "message_fr": "", "message_en": ""}
    kept = {_key(row): {**row, **blank} for row in map(dict, rows.mappings())}
    connection.execute(delete(table).where(table.c.dataset_id == dataset_id))
    upsert(connection, table, kept.values())


def _key(row: Mapping[str, Any]) -> Collection[object]:
    return row["outlet"], row["record_identifier"], row["at"], row["operation"]


def _row_of_entry(entry: Entry) -> dict[str, Any]:
    return {
        "outlet": entry.outlet,
        "record_identifier": entry.record_identifier,
        "at": entry.intended_at,
        "operation": entry.operation.value,
        "fingerprint": entry.fingerprint,
        "dataset_id": entry.dataset_id,
        "kind": entry.kind.value,
        "state": entry.state.value,
        "settled_at": entry.settled_at,
        "message_fr": entry.message.fr,
        "message_en": entry.message.en,
    }


def _read(row: Row[Any]) -> Sending:
    return Sending(
        outlet=row.outlet,
        record_identifier=row.record_identifier,
        dataset_id=row.dataset_id,
        kind=RecordKind(row.kind),
        operation=Operation(row.operation),
        fingerprint=row.fingerprint,
        state=EntryState(row.state),
        at=row.at,
        settled_at=row.settled_at,
        message=Text(row.message_fr, row.message_en),
    )
