"""Publishes to ourselves: the snapshot that others harvest from us."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from gateway.publication.order import Order
from gateway.publication.plan import guard
from gateway.publication.result import SnapshotResult
from metadata.record import Record, RecordKind
from providers.store import Store
from providers.store_model import Revision

Clock = Callable[[], datetime]
"""Returns the present moment with its time zone."""


def publish_to_ourselves(store: Store, order: Order, clock: Clock) -> SnapshotResult:
    """Apply the snapshot that others harvest from us, under the same guard."""
    before = store.applied()
    after = (*order.unambiguous, *_kept(before, order))
    change = store.compare_snapshot(after)
    mine = [r for r in before if order.only is None or r.dataset_id in order.only]
    datasets = {
        r.record_identifier for r in mine if r.kind is not RecordKind.SERVICE
    }  # a dataset and its service leave together, and count once
    leaving = datasets.intersection(change.removed)
    refusal = guard(len(leaving), len(datasets), order.allow_deletes)
    if refusal is not None:
        return SnapshotResult(change=change, records=len(before), refusal=refusal)
    if not order.dry_run:
        change = store.apply_snapshot(after, now=clock())
    return SnapshotResult(change=change, records=len(after))


def _kept(before: Sequence[Revision], order: Order) -> Iterator[Record]:
    """Yield what stays as it is: of datasets held, ambiguous, or not asked about."""
    names = {record.identifier for record in order.unambiguous}
    left = {r.dataset_id for r in order.wanted if r.identifier not in names}
    for revision in before:
        dataset = revision.dataset_id
        untouched = order.only is not None and dataset not in order.only
        if revision.record_identifier not in names and (
            untouched or dataset in order.held | left
        ):
            yield revision.record
