"""Says field by field what a conflict is about: sent, there, and wanted.

What was sent is the revision kept in the store under the fingerprint that the
ledger names; it may be unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.outlets.outlet import Action, Change, Disagreement
from gateway.publication.comparison import first_difference
from gateway.publication.fields import field_name, fields_of
from gateway.publication.plan import Plan, Sent
from metadata.finding import Text
from providers.store import Store

_STRUCTURE = Text("structure", "structure")


def explained(made: Plan, sent: Sent, store: Store) -> Plan:
    """Return a plan whose disputes, overwritten ones too, name the fields."""
    changes = (
        _explained(change, sent, store) if _is_disputed(change, sent) else change
        for change in made.changes
    )
    return replace(made, changes=tuple(changes))


def _is_disputed(change: Change, sent: Sent) -> bool:
    """Tell whether a change is about what somebody else wrote, and is news."""
    if change.identifier not in sent.there or change.decided:
        return False
    if change.action in {Action.CONFLICT, Action.LEAVE}:
        return True
    overwriting = change.action in {Action.UPDATE, Action.DELETE}
    return overwriting and not sent.ours(change.identifier)


def _explained(change: Change, sent: Sent, store: Store) -> Change:
    there = sent.there[change.identifier].content
    wanted = change.record.content if change.record else None
    before = _last_sent(change, sent, store)
    found = tuple(_disagreements(before, there, wanted))
    if not found and wanted is not None:
        found = (_of_structure(wanted, there),)
    return replace(change, disagreements=found)


def _of_structure(wanted: bytes, there: bytes) -> Disagreement:
    """Say where two records differ whose fields say the same."""
    where = first_difference(wanted, there)
    return Disagreement(name=_STRUCTURE, sent=None, there=where, wanted="")


def _last_sent(change: Change, sent: Sent, store: Store) -> bytes | None:
    """Return what we last sent; `None` when it is not known any more."""
    entry = sent.entries.get(change.identifier)
    if entry is None:
        return None
    for revision in reversed(store.revisions(change.identifier)):
        if revision.fingerprint == entry.published_fingerprint:
            return revision.content
    return None


def _disagreements(
    before: bytes | None, there: bytes, wanted: bytes | None
) -> Iterator[Disagreement]:
    """Yield the fields that are not there as we want them.

    Of a record that we want no more: those that are not there as we sent them.
    """
    sent = None if before is None else fields_of(before)
    found = fields_of(there)
    ours = (sent or {}) if wanted is None else fields_of(wanted)
    for path in dict.fromkeys((*ours, *found)):
        if ours.get(path) != found.get(path):
            yield Disagreement(
                name=field_name(path),
                sent=None if sent is None else sent.get(path, ""),
                there=found.get(path, ""),
                wanted="" if wanted is None else ours.get(path, ""),
            )
