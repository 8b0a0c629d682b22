"""`/records/{dataset}.xml` and `/records/service-{dataset}.xml`.

What is served is the record that was last published. One that never was is
encoded from the snapshot, with the date of its last revision as long as its
content is still that one's.
"""

from __future__ import annotations

from datetime import date

from metadata.errors import CollectionBroken, StoreError
from metadata.iso19139 import encode_dataset_record, encode_service_record
from metadata.record import Record
from providers.store import Store
from service.messages import text
from service.problems import not_found
from service.snapshot import ServedDataset, Snapshot

_SERVICE = "service-"


def record_content(name: str, snapshot: Snapshot, store: Store | None) -> bytes:
    """Return a record by the name of its file, without ending.

    Raises
    ------
    HttpProblem
        404: no such dataset, or it has no such record.
    metadata.errors.CollectionBroken
        A table that it describes cannot be looked at now.
    """
    published = snapshot.catalogue.names.get(name)
    if published is not None:
        return published.revision.content
    served, is_service = _find(name, snapshot)
    if not served.complete:
        message = f"The record {name} cannot be written now: a table is missing."
        raise CollectionBroken(message)
    return _encode(served, is_service, store, snapshot.built_at.date()).content


def _find(name: str, snapshot: Snapshot) -> tuple[ServedDataset, bool]:
    """Return the dataset of a record, and whether it is its service's record."""
    served = snapshot.datasets.get(name)
    if served is not None:
        return served, False
    served = snapshot.datasets.get(name.removeprefix(_SERVICE))
    today = snapshot.built_at.date()
    if served is None or not served.dataset.serves_data(today):
        raise not_found(text("problem.no-record", name=name))
    return served, True


def _encode(
    served: ServedDataset, is_service: bool, store: Store | None, today: date
) -> Record:
    """Encode a record; it keeps its date unless its content changed."""
    encode = encode_service_record if is_service else encode_dataset_record
    fresh = encode(served.dataset, date_stamp=today)
    stamp = _stamp(fresh, store, today)
    return fresh if stamp == today else encode(served.dataset, date_stamp=stamp)


def _stamp(record: Record, store: Store | None, today: date) -> date:
    """Return the day to write into a record."""
    if store is None:
        return today
    try:
        return store.date_stamp_for(record.identifier, record.fingerprint, today)
    except StoreError:
        return today
