"""Publishes to a single outlet: looks, plans, sends, reads back, writes the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from gateway.outlets.outlet import Action, Change, Outcome, Outlet, Receipt
from gateway.outlets.pacing import Halt, Interrupted
from gateway.publication.delivery import Delivery
from gateway.publication.explaining import explained
from gateway.publication.ledger import Ledger
from gateway.publication.order import Order
from gateway.publication.plan import Plan, Sent, guard, plan
from gateway.publication.result import OutletResult
from metadata.errors import OutletError
from metadata.finding import Text, has_errors

Progress = Callable[[str, int, int], None]
"""Told the name of the outlet, changes settled, and changes in all."""

_DRY = Text("rien n'est envoyé (--dry-run)", "nothing is sent (--dry-run)")
_GUARDED = Text("retenue par le garde-fou", "held back by the guard")
_LOST = Text(
    "non envoyée : le catalogue ne répond plus, ou nous refuse",
    "not sent: the outlet does not answer any more, or refuses us",
)
_STOPPED = Text("non envoyée : arrêt demandé", "not sent: it was stopped")
_IN_DOUBT = Text(
    "envoyée, mais plus relue : la prochaine publication regarde d'abord",
    "sent, but not read back any more: the next publish looks first",
)


def publish_to_outlet(
    outlet: Outlet,
    ledger: Ledger,
    order: Order,
    progress: Progress | None,
    halt: Halt | None = None,
) -> OutletResult:
    """Look, plan, and carry the plan out unless something speaks against it."""
    halt = halt or Halt()
    result = OutletResult(outlet=outlet.name)
    try:
        outlet.check()
        findings = tuple(outlet.examine(order.wanted))
        order = order.without({f.subject for f in findings if has_errors([f])})
        result = replace(result, findings=findings)
        halt.check()
        sent = _look(outlet, ledger, order)
        halt.check()
    except OutletError as error:
        return replace(result, problem=error)
    made = _planned(outlet, ledger, order, sent)
    result = replace(result, plan=made)
    if order.guarded:
        deletes = len(made.of(Action.DELETE))
        refusal = guard(deletes, made.published, order.allow_deletes)
        if refusal is not None:
            return _all(replace(result, refusal=refusal), Outcome.REFUSED, _GUARDED)
    if order.dry_run:
        return _all(result, Outcome.PLANNED, _DRY)
    _keep_books(ledger, made, sent)
    return _carry_out(Delivery(outlet, ledger, halt), result, made, progress)


def _look(outlet: Outlet, ledger: Ledger, order: Order) -> Sent:
    """Put side by side what the ledger says and what is there."""
    wanted = [record.identifier for record in order.wanted]
    ours = ledger.identifiers(order.only)
    there = outlet.look([*wanted, *sorted(ours - set(wanted))])
    if not order.dry_run:
        ledger.settle_open(there, order.only)
    return Sent(ledger.about(order.only), there, ledger.concessions)


def _planned(outlet: Outlet, ledger: Ledger, order: Order, sent: Sent) -> Plan:
    """Return what is to be done, each conflict field by field."""
    made = plan(
        order.wanted,
        sent,
        outlet=outlet.name,
        held=order.held,
        excluded=order.excluded,
        conflicts=order.rule,
    )
    return explained(made, sent, ledger.store)


def _keep_books(ledger: Ledger, made: Plan, sent: Sent) -> None:
    """Write down what is so without anything being sent."""
    ledger.adopt(made.of(Action.KEEP))
    ledger.concede((c for c in made.of(Action.LEAVE) if not c.decided), sent.there)
    ledger.forget(made.vanished)


def _carry_out(
    delivery: Delivery, result: OutletResult, made: Plan, progress: Progress | None
) -> OutletResult:
    """Send what is to be sent; collect a receipt for every change."""
    receipts = [_unsent(c) for c in made.changes if c.action.operation is None]

    def tell() -> None:
        if progress is not None:
            progress(result.outlet, len(receipts), len(made.changes))

    tell()
    try:
        for receipt in delivery.carry_out(made):
            receipts.append(receipt)
            tell()
    except OutletError as error:
        result = replace(result, problem=error)
        receipts += _unsettled(made, receipts, delivery.in_doubt, error)
    return replace(result, receipts=tuple(receipts))


def _unsettled(
    made: Plan,
    receipts: Iterable[Receipt],
    in_doubt: frozenset[str],
    error: OutletError,
) -> Iterator[Receipt]:
    """Yield receipts for the changes that have none since the outlet was lost."""
    settled = {receipt.change.identifier for receipt in receipts}
    unsent = _STOPPED if isinstance(error, Interrupted) else _LOST
    for change in made.changes:
        if change.identifier in in_doubt:
            yield Receipt(change=change, outcome=Outcome.UNKNOWN, message=_IN_DOUBT)
        elif change.identifier not in settled:
            yield Receipt(change=change, outcome=Outcome.NOT_SENT, message=unsent)


def _unsent(change: Change) -> Receipt:
    """Return the receipt of a change that sends nothing."""
    outcome = Outcome.KEPT
    if change.action is Action.CONFLICT:
        outcome = Outcome.REFUSED
    elif change.action is Action.LEAVE and not change.decided:
        outcome = Outcome.LEFT
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
