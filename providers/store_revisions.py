"""Revisions of records, and which of them are published: on one connection.

A revision is never changed. It is followed by another only when the content,
date stamp apart, is another; so a record that did not change keeps its date.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Column, Connection, Select, delete, func, insert, select

from metadata.errors import StoreError
from metadata.record import Record, is_json
from metadata.xml import NAMESPACES, parse
from providers import store_tables as tables
from providers.store_concessions import purge_concessions
from providers.store_database import upsert
from providers.store_judgements import purge_judgements
from providers.store_model import (
    Entry,
    EntryState,
    Operation,
    Revision,
    SnapshotChange,
)
from providers.store_rows import read_revision
from providers.store_sendings import OURSELVES, keep_sendings, purge_sendings

_GENERATION = "generation"
_CHUNK = 500
"""Values in one IN list; SQLite and PostgreSQL take more."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """The last revision of one record, without its content."""

    revision_id: int
    number: int
    fingerprint: str
    date_stamp: date


def generation(connection: Connection, name: str = _GENERATION) -> int:
    """Return the number that `count_up` raises; 0 at first."""
    columns = tables.counter.c
    query = select(columns.value).where(columns.name == name)
    return connection.scalar(query) or 0


def count_up(connection: Connection, name: str = _GENERATION) -> None:
    """Raise a number by one, whatever others raise it to meanwhile."""
    raised = {"value": tables.counter.c.value + 1}
    row = {"name": name, "value": 1}
    upsert(connection, tables.counter, [row], raised)


def date_stamp_of(record: Record) -> date:
    """Return the day that stands in a record (ISO 19115, MD_Metadata.dateStamp).

    Raises
    ------
    metadata.errors.StoreError
        There is none.
    """
    stamp = parse(record.content).find("gmd:dateStamp", NAMESPACES)
    text = "" if stamp is None else "".join(map(str, stamp.itertext()))
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError as error:
        message = f"Keeping record {record.identifier}: its date stamp is “{text}”."
        raise StoreError(message) from error


def last_stamps(
    connection: Connection, identifiers: Sequence[str]
) -> Mapping[str, Stamp]:
    """Return the last revision of each record that has one."""
    found: dict[str, Stamp] = {}
    for start in range(0, len(identifiers), _CHUNK):
        rows = connection.execute(_last(identifiers[start : start + _CHUNK]))
        for row in rows:
            found[row.record_identifier] = Stamp(
                revision_id=row.id,
                number=row.number,
                fingerprint=row.fingerprint,
                date_stamp=row.date_stamp,
            )
    return found


def last_contents(
    connection: Connection, identifiers: Sequence[str]
) -> Mapping[str, bytes]:
    """Return the content of the last revision of each record that has one."""
    columns = tables.revision.c
    found: dict[str, bytes] = {}
    for start in range(0, len(identifiers), _CHUNK):
        last = _last(identifiers[start : start + _CHUNK]).subquery()
        query = select(columns.record_identifier, columns.content).join(
            last, columns.id == last.c.id
        )
        rows = connection.execute(query)
        found |= {row.record_identifier: row.content for row in rows}
    return found


def _last(identifiers: Sequence[str]) -> Select[tuple[str, int, int, str, date]]:
    """Select the last revision of some records."""
    columns = tables.revision.c
    newest = (
        select(columns.record_identifier, func.max(columns.number).label("number"))
        .where(columns.record_identifier.in_(identifiers))
        .group_by(columns.record_identifier)
        .subquery()
    )
    return select(
        columns.record_identifier,
        columns.id,
        columns.number,
        columns.fingerprint,
        columns.date_stamp,
    ).join(
        newest,
        (columns.record_identifier == newest.c.record_identifier)
        & (columns.number == newest.c.number),
    )


def keep_revisions(
    connection: Connection, records: Sequence[Record], now: datetime
) -> Mapping[str, Stamp]:
    """Add a revision of each record whose content is new; return the last of all."""
    identifiers = [record.identifier for record in records]
    last = last_stamps(connection, identifiers)
    rows = [
        row
        for record in records
        if (row := _new_revision(record, last.get(record.identifier), now))
    ]
    if rows:
        connection.execute(insert(tables.revision), rows)
    return last_stamps(connection, identifiers) if rows else last


def _new_revision(
    record: Record, last: Stamp | None, now: datetime
) -> dict[str, object] | None:
    """Return the row of a new revision; `None` when the last one says the same."""
    fingerprint = record.fingerprint
    day = now.date() if is_json(record.content) else None
    if last is not None and last.fingerprint == fingerprint:
        return None
    return {
        "record_identifier": record.identifier,
        "number": last.number + 1 if last else 1,
        "dataset_id": record.dataset_id,
        "kind": record.kind.value,
        "fingerprint": fingerprint,
        "date_stamp": day or date_stamp_of(record),
        "first_seen": now,
        "content": record.content,
    }


def applied_revisions(connection: Connection) -> tuple[Revision, ...]:
    """Return the published revisions, in the order of their identifiers."""
    query = (
        select(tables.revision)
        .join(tables.applied, tables.applied.c.revision_id == tables.revision.c.id)
        .order_by(tables.revision.c.record_identifier)
    )
    return tuple(read_revision(row) for row in connection.execute(query))


def compare_snapshot(
    connection: Connection, records: Sequence[Record]
) -> SnapshotChange:
    """Compare records with the published ones, by fingerprint."""
    columns = tables.revision.c
    query = select(columns.record_identifier, columns.fingerprint).join(
        tables.applied, tables.applied.c.revision_id == columns.id
    )
    rows = connection.execute(query)
    before = {row.record_identifier: row.fingerprint for row in rows}
    return _change(before, {r.identifier: r.fingerprint for r in records})


def apply_snapshot(
    connection: Connection, records: Sequence[Record], now: datetime
) -> SnapshotChange:
    """Publish exactly these records; see `providers.store.Store.apply_snapshot`."""
    stamps = keep_revisions(connection, records, now)
    before = _applied_ids(connection)
    fresh = {r.identifier: stamps[r.identifier].revision_id for r in records}
    change = _change(before, fresh)
    rows = [
        {"record_identifier": i, "revision_id": fresh[i], "applied_at": now}
        for i in (*change.added, *change.replaced)
    ]
    upsert(connection, tables.applied, rows)
    keep_sendings(connection, _told(change, records, now))
    _delete(connection, tables.tombstone.c.record_identifier, change.added)
    _bury(connection, change.removed, now)
    if change != SnapshotChange():
        count_up(connection)
    return change


def _told(
    change: SnapshotChange, records: Sequence[Record], now: datetime
) -> Iterator[Entry]:
    """Yield a line for each record that came into our own catalogue, or changed."""
    operations = dict.fromkeys(change.added, Operation.CREATE)
    operations |= dict.fromkeys(change.replaced, Operation.UPDATE)
    for record in records:
        if record.identifier in operations:
            operation = operations[record.identifier]
            yield _own_line(operation, record, record.fingerprint, now)


def _own_line(
    operation: Operation, record: Record, fingerprint: str, now: datetime
) -> Entry:
    return Entry(
        outlet=OURSELVES,
        record_identifier=record.identifier,
        dataset_id=record.dataset_id,
        kind=record.kind,
        operation=operation,
        state=EntryState.DONE,
        fingerprint=fingerprint,
        intended_at=now,
        settled_at=now,
    )


def take_down(
    connection: Connection, dataset_ids: Collection[str], now: datetime
) -> SnapshotChange:
    """Remove the records of datasets from what is published."""
    gone = tuple(
        revision.record_identifier
        for revision in applied_revisions(connection)
        if revision.dataset_id in dataset_ids
    )
    _bury(connection, gone, now)
    if gone:
        count_up(connection)
    return SnapshotChange(removed=gone)


def purge(connection: Connection, dataset_id: str) -> int:
    """Erase the revisions of one dataset, published or not, and what tells of them."""
    purge_sendings(connection, dataset_id)
    purge_concessions(connection, dataset_id)
    purge_judgements(connection, dataset_id)
    columns = tables.revision.c
    doomed = select(columns.id).where(columns.dataset_id == dataset_id)
    connection.execute(
        delete(tables.applied).where(tables.applied.c.revision_id.in_(doomed))
    )
    erased = connection.execute(
        delete(tables.revision).where(columns.dataset_id == dataset_id)
    )
    count_up(connection)
    return erased.rowcount


def _change(
    before: Mapping[str, object], after: Mapping[str, object]
) -> SnapshotChange:
    """Compare two snapshots: record identifier → whatever tells contents apart."""
    both = before.keys() & after.keys()
    return SnapshotChange(
        added=tuple(sorted(after.keys() - before.keys())),
        replaced=tuple(sorted(i for i in both if after[i] != before[i])),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def _applied_ids(connection: Connection) -> dict[str, int]:
    """Return the revision published of each record."""
    columns = tables.applied.c
    rows = connection.execute(select(columns.record_identifier, columns.revision_id))
    return {row.record_identifier: row.revision_id for row in rows}


def _bury(connection: Connection, identifiers: Iterable[str], now: datetime) -> None:
    """Take records out of the published ones and leave tombstones."""
    gone = set(identifiers)
    every = applied_revisions(connection) if gone else ()
    buried = [revision for revision in every if revision.record_identifier in gone]
    rows = [
        {
            "record_identifier": revision.record_identifier,
            "dataset_id": revision.dataset_id,
            "kind": revision.kind.value,
            "deleted_at": now,
        }
        for revision in buried
    ]
    upsert(connection, tables.tombstone, rows)
    lines = (_own_line(Operation.DELETE, each.record, "", now) for each in buried)
    keep_sendings(connection, lines)
    _delete(connection, tables.applied.c.record_identifier, sorted(gone))


def _delete(
    connection: Connection, column: Column[str], identifiers: Sequence[str]
) -> None:
    """Delete the rows whose identifier is one of these."""
    for start in range(0, len(identifiers), _CHUNK):
        some = identifiers[start : start + _CHUNK]
        connection.execute(delete(column.table).where(column.in_(some)))
