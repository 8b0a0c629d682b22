"""What a publish came to, for people (tables) and for programs (JSON)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from gateway.commands.counting import counted
from gateway.commands.findings_json import findings_json
from gateway.outlets.outlet import Action, Change, Disagreement, Outcome, Receipt
from gateway.publication.comparison import quoted_apart
from gateway.publication.result import OutletResult, PublishResult, SnapshotResult
from metadata.finding import Language, Text
from metadata.overview_words import KINDS

_ACTIONS = {
    Action.CREATE: Text("créer", "create"),
    Action.UPDATE: Text("remplacer", "update"),
    Action.KEEP: Text("garder", "keep"),
    Action.DELETE: Text("supprimer", "delete"),
    Action.CONFLICT: Text("conflit", "conflict"),
    Action.LEAVE: Text("laisser", "leave"),
}
_OUTCOMES = {
    Outcome.DONE: Text("fait", "done"),
    Outcome.KEPT: Text("inchangée", "kept"),
    Outcome.LEFT: Text("laissé", "left"),
    Outcome.PLANNED: Text("prévu", "planned"),
    Outcome.REFUSED: Text("refusé", "refused"),
    Outcome.FAILED: Text("échec", "failed"),
    Outcome.NOT_SENT: Text("non envoyé", "not sent"),
    Outcome.PENDING: Text("en attente", "pending"),
    Outcome.UNKNOWN: Text("inconnu", "unknown"),
}
_COUNTED = {
    Outcome.DONE: ("faite", "faites", "done"),
    Outcome.KEPT: ("inchangée", "inchangées", "kept"),
    Outcome.LEFT: ("laissée", "laissées", "left"),
    Outcome.PLANNED: ("prévue", "prévues", "planned"),
    Outcome.REFUSED: ("refusée", "refusées", "refused"),
    Outcome.FAILED: ("en échec", "en échec", "failed"),
    Outcome.NOT_SENT: ("non envoyée", "non envoyées", "not sent"),
    Outcome.PENDING: ("en attente", "en attente", "pending"),
    Outcome.UNKNOWN: ("au sort inconnu", "au sort inconnu", "unknown"),
}
_NAMED = frozenset(
    {
        Outcome.REFUSED,
        Outcome.FAILED,
        Outcome.NOT_SENT,
        Outcome.PENDING,
        Outcome.UNKNOWN,
        Outcome.LEFT,
    }
)
"""Where a person needs the identifier, to look for the record over there."""
FIELDS = 12
"""Fields of one record that a table shows; JSON has them all."""
_LONGEST = 4000
"""Characters of a field in JSON."""
_INTERRUPTED = Text(
    "Arrêté à la demande : passerelle publish reprend là où cela s'est arrêté.",
    "Stopped on request: passerelle publish goes on from where it stopped.",
)
_WIDEST = 28
"""Columns of a dataset's name that are kept together."""
_STYLES = {
    Outcome.DONE: "green",
    Outcome.REFUSED: "yellow",
    Outcome.FAILED: "bold red",
    Outcome.NOT_SENT: "bold red",
    Outcome.PENDING: "yellow",
    Outcome.UNKNOWN: "bold red",
    Outcome.LEFT: "yellow",
}
_HEADS = Text("action|résultat|jeu|fiche|pourquoi", "action|outcome|dataset|record|why")
_SNAPSHOT = Text("catalogue exposé à la moisson", "catalogue offered for harvest")


def result_tables(
    result: PublishResult, language: Language
) -> Iterator[RenderableType]:
    """Yield what to print, in order; records that were kept are only counted.

    Texts are escaped: what a catalogue said is never taken for markup.
    """
    for outlet in result.outlets:
        if any(receipt.outcome is not Outcome.KEPT for receipt in outlet.receipts):
            yield _table(outlet, language)
        for text in _remarks(outlet):
            yield f"[bold red]{escape(text.said_in(language))}[/]"
        yield escape(_summary(outlet).said_in(language))
    if result.snapshot is not None:
        line = _snapshot_line(result.snapshot, dry_run=result.dry_run)
        yield escape(line.said_in(language))
    if result.interrupted:
        yield f"[bold yellow]{escape(_INTERRUPTED.said_in(language))}[/]"


def result_json(result: PublishResult) -> dict[str, Any]:
    """Return the same for programs, every record included, texts in both languages."""
    return {
        "dry_run": result.dry_run,
        "interrupted": result.interrupted,
        "exit_code": int(result.exit_code),
        "outlets": [_outlet_json(outlet) for outlet in result.outlets],
        "snapshot": _snapshot_json(result.snapshot),
    }


def _table(outlet: OutletResult, language: Language) -> Table:
    """Return one line per record that is not merely kept."""
    table = Table(title=escape(outlet.outlet), box=None, pad_edge=False)
    longest = max(len(receipt.change.dataset_id) for receipt in outlet.receipts)
    widths = (0, 0, min(longest, _WIDEST), 0)
    *heads, last = _HEADS.said_in(language).split("|")
    for head, width in zip(heads, widths, strict=True):
        keep = width or None
        table.add_column(head, no_wrap=not width, min_width=keep, overflow="fold")
    table.add_column(last, ratio=1, overflow="fold")
    for receipt in outlet.receipts:
        if receipt.outcome is not Outcome.KEPT:
            style = _STYLES.get(receipt.outcome)
            table.add_row(*_cells(receipt, language), style=style)
    return table


def _cells(receipt: Receipt, language: Language) -> tuple[str, ...]:
    """Return the cells of one line; an identifier only where somebody needs it."""
    change = receipt.change
    texts = dict.fromkeys((change.reason, receipt.message))
    between = Text(" ; ", "; ").said_in(language)
    why = between.join(text.said_in(language) for text in texts)
    lines = (line.said_in(language) for line in _disagreements(change))
    why = "\n".join((why, *lines))
    if receipt.outcome in _NAMED:
        why = f"{why}\n{change.identifier}"
    cells = (
        _ACTIONS[change.action].said_in(language),
        _OUTCOMES[receipt.outcome].said_in(language),
        change.dataset_id,
        KINDS[change.kind].said_in(language),
        why,
    )
    return tuple(escape(cell) for cell in cells)


def _disagreements(change: Change) -> Iterator[Text]:
    """Yield one line for each of the first fields that a conflict is about."""
    for field in change.disagreements[:FIELDS]:
        sent = "" if field.sent is None else field.sent
        was, there, wanted = quoted_apart(sent, field.there, field.wanted)
        was = "?" if field.sent is None else was
        yield Text(
            f"{field.name.fr} : envoyé {was} | là-bas {there} | voulu {wanted}",
            f"{field.name.en}: sent {was} | there {there} | wanted {wanted}",
        )
    more = len(change.disagreements) - FIELDS
    if more > 0:
        yield Text(f"… +{more} (--format json)", f"… +{more} (--format json)")


def _remarks(outlet: OutletResult) -> Iterator[Text]:
    """Yield what stopped an outlet, with the remedy."""
    if outlet.refusal is not None:
        yield outlet.refusal
    if outlet.problem is not None:
        yield outlet.problem.text
        if outlet.problem.remedy.en:
            remedy = outlet.problem.remedy
            yield Text(f"→ {remedy.fr}", f"→ {remedy.en}")


def _summary(outlet: OutletResult) -> Text:
    """Return one line that counts."""
    if outlet.plan is None:
        return Text(f"{outlet.outlet} : rien fait.", f"{outlet.outlet}: nothing done.")
    outcomes = [counted(n, *_COUNTED[o]) for o, n in outlet.counts.items() if n]
    fr = ", ".join(text.fr for text in outcomes)
    en = ", ".join(text.en for text in outcomes)
    return Text(
        f"{outlet.outlet} : {fr or 'aucune fiche'}.",
        f"{outlet.outlet}: {en or 'no records'}.",
    )


def _snapshot_line(snapshot: SnapshotResult, *, dry_run: bool) -> Text:
    """Return one line about our own catalogue."""
    if snapshot.refusal is not None:
        return Text(
            f"{_SNAPSHOT.fr} : inchangé. {snapshot.refusal.fr}",
            f"{_SNAPSHOT.en}: left as it is. {snapshot.refusal.en}",
        )
    change = snapshot.change
    added, removed = len(change.added), len(change.removed)
    replaced = counted(len(change.replaced), "modifiée", "modifiées", "changed")
    records = counted(snapshot.records, "fiche", "fiches", "record", "records")
    planned = Text(", prévu", ", planned") if dry_run else Text("", "")
    return Text(
        f"{_SNAPSHOT.fr}{planned.fr} : {records.fr} (+{added}, {replaced.fr}, "
        f"−{removed}).",
        f"{_SNAPSHOT.en}{planned.en}: {records.en} (+{added}, {replaced.en}, "
        f"−{removed}).",
    )


def _outlet_json(outlet: OutletResult) -> dict[str, Any]:
    """Return one outlet for programs."""
    made, problem = outlet.plan, outlet.problem
    counts = {} if made is None else {str(a): n for a, n in made.counts.items()}
    return {
        "outlet": outlet.outlet,
        "exit_code": int(outlet.exit_code),
        "published": None if made is None else made.published,
        "plan": counts,
        "outcomes": {str(o): n for o, n in outlet.counts.items()},
        "refusal": _both(outlet.refusal),
        "problem": _both(problem.text if problem else None),
        "remedy": _both(problem.remedy if problem else None),
        "findings": findings_json(outlet.findings),
        "records": [_receipt_json(receipt) for receipt in outlet.receipts],
    }


def _receipt_json(receipt: Receipt) -> dict[str, Any]:
    """Return one record for programs."""
    change = receipt.change
    return {
        "record": change.identifier,
        "dataset": change.dataset_id,
        "kind": str(change.kind),
        "action": str(change.action),
        "outcome": str(receipt.outcome),
        "reason": _both(change.reason),
        "message": _both(receipt.message),
        "fields": [_field_json(field) for field in change.disagreements],
    }


def _field_json(field: Disagreement) -> dict[str, Any]:
    """Return one field of a conflict for programs."""
    return {
        "field": _both(field.name),
        "sent": None if field.sent is None else field.sent[:_LONGEST],
        "there": field.there[:_LONGEST],
        "wanted": field.wanted[:_LONGEST],
    }


def _snapshot_json(snapshot: SnapshotResult | None) -> dict[str, Any] | None:
    """Return our own catalogue for programs."""
    if snapshot is None:
        return None
    return {
        "records": snapshot.records,
        "added": list(snapshot.change.added),
        "replaced": list(snapshot.change.replaced),
        "removed": list(snapshot.change.removed),
        "refusal": _both(snapshot.refusal),
    }


def _both(text: Text | None) -> Mapping[str, str] | None:
    """Return a text in both languages; `None` when there is nothing to say."""
    if text is None or not text.en:
        return None
    return {"fr": text.fr, "en": text.en}
