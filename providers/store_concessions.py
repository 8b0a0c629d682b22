"""What somebody else wrote in the place of a record of ours, and we let stand.

A concession is about two contents: theirs, and the one of ours that they keep out.
As soon as either changes it says nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from providers import store_tables as tables
from providers.store_database import upsert


@dataclass(frozen=True, kw_only=True)
class Concession:
    """One record at one outlet that is left as somebody else wrote it."""

    outlet: str
    record_identifier: str
    dataset_id: str
    theirs: str
    """Fingerprint of what is there."""
    ours: str
    """Fingerprint of what we would send; empty: we would delete it."""
    decided_at: datetime


def keep_concessions(connection: Connection, fresh: Iterable[Concession]) -> None:
    """Write concessions, each in the place of an earlier one about its record."""
    rows = [
        {
            "outlet": each.outlet,
            "record_identifier": each.record_identifier,
            "dataset_id": each.dataset_id,
            "theirs": each.theirs,
            "ours": each.ours,
            "decided_at": each.decided_at,
        }
        for each in fresh
    ]
    upsert(connection, tables.concession, rows)


def concessions(connection: Connection, outlet: str) -> Mapping[str, Concession]:
    """Return the concessions at one outlet, by record identifier."""
    query = select(tables.concession).where(tables.concession.c.outlet == outlet)
    rows = connection.execute(query)
    return {row["record_identifier"]: Concession(**row) for row in rows.mappings()}


def every_concession(connection: Connection) -> tuple[Concession, ...]:
    """Return the concessions at all outlets, by outlet, then by record."""
    columns = tables.concession.c
    query = select(tables.concession).order_by(
        columns.outlet, columns.record_identifier
    )
    rows = connection.execute(query)
    return tuple(Concession(**row) for row in rows.mappings())


def purge_concessions(connection: Connection, dataset_id: str) -> None:
    """Erase what concessions tell of a dataset."""
    table = tables.concession
    connection.execute(delete(table).where(table.c.dataset_id == dataset_id))
