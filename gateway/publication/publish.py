"""Publishes records everywhere: to each outlet at once, and to ourselves.

One publish at a time on one store. Each outlet stands for itself: one that is
unreachable does not stop the others, nor one record the others of its outlet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from types import MappingProxyType

from gateway.outlets.opening import chosen_outlets, open_outlet
from gateway.outlets.pacing import Halt, Pacing
from gateway.publication.ledger import Ledger
from gateway.publication.order import Order
from gateway.publication.parallel import Errand, publish_to_each
from gateway.publication.result import PublishResult, SnapshotResult
from gateway.publication.single import Progress, publish_to_outlet
from gateway.publication.snapshot import Clock, publish_to_ourselves
from metadata.record import Record
from providers.configuration import Configuration
from providers.store import Store


def publish_records(  # noqa: PLR0913  (all that a person may say of it)
    records: Sequence[Record],
    *,
    configuration: Configuration,
    store: Store,
    now: datetime,
    forms: Mapping[str, Sequence[Record]] = MappingProxyType({}),
    outlets: Collection[str] = (),
    only: Collection[str] | None = None,
    held: Collection[str] = (),
    dry_run: bool = False,
    allow_deletes: int | None = None,
    overwrite: bool = False,
    keep_theirs: bool = False,
    progress: Progress | None = None,
    interrupted: Callable[[], None] | None = None,
    clock: Clock | None = None,
) -> PublishResult:
    """Make these records, and no others of ours, the published ones.

    Parameters
    ----------
    records
        All of ours that may go out, those of other datasets than `only` too.
    now
        The moment written into ledger and revisions.
    clock
        Tells when our own catalogue changes, so that who harvested it meanwhile
        finds the change to be newer; `None`: at `now`.
    forms
        Type of outlet → the same datasets in the form that it takes instead.
    outlets
        Names; empty: all outlets, and our own catalogue, which others harvest.
    only
        Datasets that it is about; nothing of others is touched. `None`: all.
    interrupted
        Told when somebody stops it, while what is under way comes to its end.
    held, dry_run, allow_deletes, overwrite, keep_theirs
        See `Order`.

    Raises
    ------
    metadata.errors.ConfigurationError, metadata.errors.StoreError
        No such outlet, or type of outlet; somebody else is publishing.
    """
    order = Order(
        wanted=tuple(records),
        forms={name: tuple(those) for name, those in forms.items()},
        held=frozenset(held),
        dry_run=dry_run,
        allow_deletes=allow_deletes,
        overwrite=overwrite,
        keep_theirs=keep_theirs,
    )
    order = order if only is None else order.about(only)
    halt = Halt()

    def ourselves() -> SnapshotResult | None:
        return (
            None if outlets else publish_to_ourselves(store, order, clock or _at(now))
        )

    with nullcontext() if dry_run else store.publishing():
        errands = _errands(configuration, store, order, outlets, now, halt)
        if not dry_run:
            store.keep_revisions(order.to_keep, now=now)
        results, snapshot = publish_to_each(
            errands,
            halt=halt,
            progress=progress,
            interrupted=interrupted,
            beside=ourselves,
        )
    return PublishResult(
        outlets=results, snapshot=snapshot, dry_run=dry_run, interrupted=halt.called
    )


def _at(now: datetime) -> Clock:
    return lambda: now


def withdraw_records(
    dataset_ids: Collection[str],
    *,
    configuration: Configuration,
    store: Store,
    now: datetime,
    progress: Progress | None = None,
    interrupted: Callable[[], None] | None = None,
) -> PublishResult:
    """Delete the records of datasets everywhere, past the guard; touch no others.

    Also those that somebody edited over there. Datasets whose records are
    nowhere are no error. Our own catalogue loses them first.

    Raises
    ------
    metadata.errors.StoreError
        Somebody else is publishing, or the store fails.
    """
    only = frozenset(dataset_ids)
    order = Order(wanted=(), only=only, guarded=False, overwrite=True)
    halt = Halt()
    with store.publishing():
        change = store.take_down(only, now=now)
        results, left = publish_to_each(
            _errands(configuration, store, order, (), now, halt),
            halt=halt,
            progress=progress,
            interrupted=interrupted,
            beside=store.applied,
        )
    return PublishResult(
        outlets=results,
        snapshot=SnapshotResult(change=change, records=len(left)),
        interrupted=halt.called,
    )


def _errands(
    configuration: Configuration,
    store: Store,
    order: Order,
    names: Collection[str],
    now: datetime,
    halt: Halt,
) -> list[Errand]:
    """Open each outlet, before anything is sent to any of them."""
    pacing = Pacing(sleep=halt.sleep)
    return [
        Errand(
            outlet=open_outlet(outlet, pacing),
            ledger=Ledger(store, outlet.name, now=now),
            order=order.made_for(outlet),
        )
        for outlet in chosen_outlets(configuration, names)
    ]


__all__ = [
    "Clock",
    "Order",
    "Progress",
    "publish_records",
    "publish_to_outlet",
    "withdraw_records",
]
