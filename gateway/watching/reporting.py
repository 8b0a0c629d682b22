"""One line for each outcome of a publish, and for each trouble of an outlet."""

from __future__ import annotations

from gateway.outlets.outlet import Action, Outcome, Receipt
from gateway.publication.result import OutletResult, SnapshotResult
from gateway.watching.telling import Teller, told_error
from metadata.errors import PasserelleError
from metadata.finding import Text

_ACTIONS = {
    Action.CREATE: Text("création", "create"),
    Action.UPDATE: Text("mise à jour", "update"),
    Action.DELETE: Text("suppression", "delete"),
    Action.KEEP: Text("inchangée", "keep"),
    Action.CONFLICT: Text("conflit", "conflict"),
}
_SILENT = {Outcome.KEPT, Outcome.PLANNED}
_RETRIED = {Outcome.FAILED, Outcome.NOT_SENT, Outcome.PENDING, Outcome.UNKNOWN}
_MINUTE = 60


def has_failed(result: OutletResult) -> bool:
    """Tell whether an outlet is to be tried again by itself.

    A refusal by the guard, or a record that somebody edited over there, waits for a
    person instead.
    """
    tried = any(receipt.outcome in _RETRIED for receipt in result.receipts)
    return result.refusal is None and (result.problem is not None or tried)


def tell_outlet(teller: Teller, result: OutletResult, pause: float | None) -> None:
    """Say what became of one outlet's plan.

    Parameters
    ----------
    pause
        Seconds until it is tried again; `None`: it did not fail.
    """
    name = result.outlet
    teller.findings(name, result.findings)
    if result.problem is not None:
        kind = type(result.problem).__name__
        teller.trouble(f"outlet/{name}", _away(name, result.problem), kind=kind)
    else:
        back = Text(f"{name} : répond de nouveau", f"{name}: answers again")
        teller.over(f"outlet/{name}", back)
    if result.refusal is not None:
        refusal = result.refusal
        teller.trouble(
            f"guard/{name}",
            Text(f"{name} : {refusal.fr}", f"{name}: {refusal.en}"),
        )
        return
    teller.over(f"guard/{name}")
    for receipt in result.receipts:
        _tell_receipt(teller, name, receipt)
    if pause is not None:
        teller.say(_tried_again(name, pause))
    elif result.plan is not None:
        _sum_up(teller, result)


def tell_snapshot(teller: Teller, result: SnapshotResult) -> None:
    """Say what became of the catalogue that others harvest from us."""
    if result.refusal is not None:
        fr, en = result.refusal.fr, result.refusal.en
        said = Text(f"notre catalogue : {fr}", f"our own catalogue: {en}")
        teller.trouble("guard", said)
        return
    teller.over("guard")
    change = result.change
    moved = len(change.added) + len(change.replaced) + len(change.removed)
    if moved:
        teller.say(
            Text(
                f"notre catalogue : {len(change.added)} ajoutées, "
                f"{len(change.replaced)} changées, {len(change.removed)} retirées "
                f"({result.records} fiches)",
                f"our own catalogue: {len(change.added)} added, "
                f"{len(change.replaced)} changed, {len(change.removed)} removed "
                f"({result.records} records)",
            )
        )


def _tell_receipt(teller: Teller, outlet: str, receipt: Receipt) -> None:
    """Say what became of one record, unless nothing was to be sent."""
    change, trouble = receipt.change, f"record/{outlet}/{receipt.change.identifier}"
    if receipt.outcome in _SILENT:
        teller.over(trouble)
        return
    action, why = _ACTIONS[change.action], receipt.message
    head = f"{outlet} · {change.dataset_id}"
    said = Text(
        f"{head} : {action.fr} ({change.kind}), {why.fr}",
        f"{head}: {action.en} ({change.kind}), {why.en}",
    )
    if receipt.outcome is Outcome.DONE:
        teller.over(trouble)
        teller.say(said)
    elif receipt.outcome is not Outcome.NOT_SENT:
        teller.trouble(trouble, said)


def _sum_up(teller: Teller, result: OutletResult) -> None:
    counts = result.counts
    sent = counts[Outcome.DONE]
    kept = counts[Outcome.KEPT]
    if sent:
        teller.say(
            Text(
                f"{result.outlet} : {sent} envoyées et relues, {kept} inchangées",
                f"{result.outlet}: {sent} sent and read back, {kept} unchanged",
            )
        )


def _away(name: str, problem: PasserelleError) -> Text:
    told = told_error(problem)
    return Text(f"{name} : {told.fr}", f"{name}: {told.en}")


def _tried_again(name: str, pause: float) -> Text:
    """Say when an outlet is tried again."""
    if pause < _MINUTE:
        fr = en = f"{pause:.0f} s"
    else:
        fr = en = f"{pause / _MINUTE:.0f} min"
    return Text(f"{name} : nouvel essai dans {fr}", f"{name}: tried again in {en}")
