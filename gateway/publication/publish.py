"""Publishes records: looks, plans, sends, reads back, writes the ledger.

One publish at a time on one store. Each outlet stands for itself: one that is
unreachable does not stop the others, nor one record the others of its outlet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from gateway.outlets.opening import chosen_outlets, open_outlet
from gateway.outlets.outlet import Action, Change, Outcome, Outlet, Receipt
from gateway.publication.delivery import Delivery
from gateway.publication.explaining import explained
from gateway.publication.ledger import Ledger
from gateway.publication.plan import Plan, Sent, guard, plan
from gateway.publication.result import OutletResult, PublishResult, SnapshotResult
from metadata.errors import OutletError
from metadata.finding import Text, has_errors
from metadata.record import Record, RecordKind
from providers.configuration import Configuration, OutletConfiguration
from providers.store import Store
from providers.store_model import Entry

Progress = Callable[[str, int, int], None]
"""Told the name of the outlet, changes settled, and changes in all."""
Clock = Callable[[], datetime]
"""Returns the present moment with its time zone."""

_DRY = Text("rien n'est envoyé (--dry-run)", "nothing is sent (--dry-run)")
_GUARDED = Text("retenue par le garde-fou", "held back by the guard")
_LOST = Text(
    "non envoyée : le catalogue ne répond plus, ou nous refuse",
    "not sent: the outlet does not answer any more, or refuses us",
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be published, and how far we may go."""

    wanted: tuple[Record, ...]
    """All records that may go out now."""
    forms: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    """Type of outlet → the same datasets in the form that it takes instead."""
    held: frozenset[str] = frozenset()
    """Datasets whose records could not be made just now: left as they are."""
    only: frozenset[str] | None = None
    """Datasets that it is about; `None`: all, and the guard watches."""
    dry_run: bool = False
    allow_deletes: int | None = None
    overwrite: bool = False

    def made_for(self, outlet: OutletConfiguration) -> Order:
        """Return the order for one outlet.

        Services go only where it asks for them, records in the form that it takes.
        What harvests us is sent nothing: what we once pushed there goes.
        """
        wanted = self.forms.get(outlet.type, self.wanted)
        if outlet.route == "harvest":
            wanted = ()
        if not outlet.services:
            wanted = tuple(r for r in wanted if r.kind is not RecordKind.SERVICE)
        return replace(self, wanted=wanted)

    def without(self, dataset_ids: Collection[str]) -> Order:
        """Return the order with some datasets left as they are."""
        wanted = (r for r in self.wanted if r.dataset_id not in dataset_ids)
        return replace(self, wanted=tuple(wanted), held=self.held.union(dataset_ids))

    @property
    def unambiguous(self) -> tuple[Record, ...]:
        """The records wanted whose identifier no other one carries."""
        return _unambiguous(self.wanted)

    @property
    def to_keep(self) -> tuple[Record, ...]:
        """The records, in every form, of which revisions are kept."""
        forms = (_unambiguous(records) for records in self.forms.values())
        return (*self.unambiguous, *(r for records in forms for r in records))


def _unambiguous(records: Sequence[Record]) -> tuple[Record, ...]:
    names = Counter(record.identifier for record in records)
    return tuple(r for r in records if names[r.identifier] == 1)


def publish_records(  # noqa: PLR0913  (all that a person may say of it)
    records: Sequence[Record],
    *,
    configuration: Configuration,
    store: Store,
    now: datetime,
    forms: Mapping[str, Sequence[Record]] = MappingProxyType({}),
    outlets: Collection[str] = (),
    held: Collection[str] = (),
    dry_run: bool = False,
    allow_deletes: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    clock: Clock | None = None,
) -> PublishResult:
    """Make these records, and no others of ours, the published ones.

    Parameters
    ----------
    now
        The moment written into ledger and revisions.
    clock
        Tells when our own catalogue changes, so that who harvested it meanwhile
        finds the change to be newer; `None`: at `now`.
    forms
        Type of outlet → the same datasets in the form that it takes instead.
    outlets
        Names; empty: all outlets, and our own catalogue, which others harvest.
    held, dry_run, allow_deletes, overwrite
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
    )
    with nullcontext() if dry_run else store.publishing():
        if not dry_run:
            store.keep_revisions(order.to_keep, now=now)
        results = _to_outlets(configuration, store, order, outlets, now, progress)
        snapshot = None if outlets else _to_ourselves(store, order, clock or _at(now))
    return PublishResult(outlets=results, snapshot=snapshot, dry_run=dry_run)


def _at(now: datetime) -> Clock:
    return lambda: now


def withdraw_records(
    dataset_ids: Collection[str],
    *,
    configuration: Configuration,
    store: Store,
    now: datetime,
    progress: Progress | None = None,
) -> PublishResult:
    """Delete the records of datasets everywhere, past the guard; touch no others.

    Also those that somebody edited over there. Datasets whose records are
    nowhere are no error.

    Raises
    ------
    metadata.errors.StoreError
        Somebody else is publishing, or the store fails.
    """
    order = Order(wanted=(), only=frozenset(dataset_ids), overwrite=True)
    with store.publishing():
        change = store.take_down(order.only or (), now=now)
        results = _to_outlets(configuration, store, order, (), now, progress)
        left = len(store.applied())
    return PublishResult(
        outlets=results, snapshot=SnapshotResult(change=change, records=left)
    )


def _to_outlets(
    configuration: Configuration,
    store: Store,
    order: Order,
    names: Collection[str],
    now: datetime,
    progress: Progress | None,
) -> tuple[OutletResult, ...]:
    """Publish to each outlet in turn."""
    chosen = chosen_outlets(configuration, names)
    opened = [(open_outlet(one), order.made_for(one)) for one in chosen]
    results = []
    for outlet, its_order in opened:
        with closing(outlet):
            ledger = Ledger(store, outlet.name, now=now)
            results.append(publish_to_outlet(outlet, ledger, its_order, progress))
    return tuple(results)


def publish_to_outlet(
    outlet: Outlet, ledger: Ledger, order: Order, progress: Progress | None
) -> OutletResult:
    """Look, plan, and carry the plan out unless something speaks against it."""
    result = OutletResult(outlet=outlet.name)
    try:
        outlet.check()
        findings = tuple(outlet.examine(order.wanted))
        order = order.without({f.subject for f in findings if has_errors([f])})
        result = replace(result, findings=findings)
        sent = _look(outlet, ledger, order)
    except OutletError as error:
        return replace(result, problem=error)
    made = plan(
        order.wanted,
        sent,
        outlet=outlet.name,
        held=order.held,
        overwrite=order.overwrite,
    )
    made = explained(made, sent, ledger.store)
    result = replace(result, plan=made)
    deletes = len(made.of(Action.DELETE))
    if order.only is None:
        refusal = guard(deletes, made.published, order.allow_deletes)
        if refusal is not None:
            return _all(replace(result, refusal=refusal), Outcome.REFUSED, _GUARDED)
    if order.dry_run:
        return _all(result, Outcome.PLANNED, _DRY)
    return _carry_out(outlet, ledger, result, made, progress)


def _look(outlet: Outlet, ledger: Ledger, order: Order) -> Sent:
    """Put side by side what the ledger says and what is there."""
    wanted = [record.identifier for record in order.wanted]
    there = outlet.look([*wanted, *sorted(ledger.identifiers() - set(wanted))])
    if not order.dry_run:
        ledger.settle_open(there)
    return Sent(_within(ledger.entries, order.only), there)


def _within(
    entries: Mapping[str, Entry], only: frozenset[str] | None
) -> Mapping[str, Entry]:
    """Return the ledger's lines about some datasets, or all of them."""
    if only is None:
        return entries
    return {i: entry for i, entry in entries.items() if entry.dataset_id in only}


def _carry_out(
    outlet: Outlet,
    ledger: Ledger,
    result: OutletResult,
    made: Plan,
    progress: Progress | None,
) -> OutletResult:
    """Send what is to be sent; collect a receipt for every change."""
    ledger.adopt(made.of(Action.KEEP))
    ledger.forget(made.vanished)
    receipts = [_unsent(c) for c in made.changes if c.action.operation is None]
    problem: OutletError | None = None
    try:
        for receipt in Delivery(outlet, ledger).carry_out(made):
            receipts.append(receipt)
            if progress is not None:
                progress(outlet.name, len(receipts), len(made.changes))
    except OutletError as error:
        problem = error
    settled = {receipt.change.identifier for receipt in receipts}
    receipts += [
        Receipt(change=change, outcome=Outcome.NOT_SENT, message=_LOST)
        for change in made.changes
        if change.identifier not in settled
    ]
    return replace(result, receipts=tuple(receipts), problem=problem)


def _unsent(change: Change) -> Receipt:
    """Return the receipt of a change that sends nothing."""
    kept = change.action is Action.KEEP
    outcome = Outcome.KEPT if kept else Outcome.REFUSED
    return Receipt(change=change, outcome=outcome, message=change.reason)


def _all(result: OutletResult, outcome: Outcome, message: Text) -> OutletResult:
    """Give every change that would be sent the same receipt."""
    changes = result.plan.changes if result.plan else ()
    receipts = tuple(
        Receipt(change=change, outcome=outcome, message=message)
        if change.action.operation
        else _unsent(change)
        for change in changes
    )
    return replace(result, receipts=receipts)


def _to_ourselves(store: Store, order: Order, clock: Clock) -> SnapshotResult:
    """Apply the snapshot that others harvest from us, under the same guard."""
    before = store.applied()
    fresh = order.unambiguous
    names = {record.identifier for record in fresh}
    left = {r.dataset_id for r in order.wanted if r.identifier not in names}
    kept = [r.record for r in before if r.dataset_id in order.held | left]
    after = (*fresh, *(r for r in kept if r.identifier not in names))
    change = store.compare_snapshot(after)
    datasets = {
        r.record_identifier for r in before if r.kind is not RecordKind.SERVICE
    }  # a dataset and its service leave together, and count once
    leaving = datasets.intersection(change.removed)
    refusal = guard(len(leaving), len(datasets), order.allow_deletes)
    if refusal is not None:
        return SnapshotResult(change=change, records=len(before), refusal=refusal)
    if not order.dry_run:
        change = store.apply_snapshot(after, now=clock())
    return SnapshotResult(change=change, records=len(after))
