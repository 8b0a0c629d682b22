"""Says field by field what a conflict is about: sent, there, and wanted.

For records that are JSON objects only. What was sent is the revision kept in the store
under the fingerprint that the ledger names; it may be unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gateway.outlets.outlet import Action, Change, RemoteRecord
from gateway.publication.comparison import fields_of
from gateway.publication.plan import Plan, Sent
from metadata.finding import Text
from metadata.record import is_json
from providers.store import Store

FIELDS = 12
"""Fields named of one record."""


def explained(made: Plan, sent: Sent, store: Store) -> Plan:
    """Return a plan whose conflicts, overwritten ones too, name the fields."""
    changes = (_explained(change, sent, store) for change in made.changes)
    return replace(made, changes=tuple(changes))


def _explained(change: Change, sent: Sent, store: Store) -> Change:
    found = sent.there.get(change.identifier)
    if found is None or not is_json(found.content) or change.action is Action.KEEP:
        return change
    if change.action is Action.DELETE and sent.ours(change.identifier):
        return change
    ours = change.record.content if change.record else b"{}"
    lines = tuple(_lines(_last_sent(change, sent, store), found, ours))
    if not lines:
        return change
    more = len(lines) - FIELDS
    said = lines[:FIELDS] + ((Text(f"… +{more}", f"… +{more}"),) if more > 0 else ())
    reason = Text(
        "\n".join([change.reason.fr, *(line.fr for line in said)]),
        "\n".join([change.reason.en, *(line.en for line in said)]),
    )
    return replace(change, reason=reason)


def _last_sent(change: Change, sent: Sent, store: Store) -> bytes | None:
    """Return what we last sent; `None` when it is not known any more."""
    entry = sent.entries.get(change.identifier)
    if entry is None:
        return None
    for revision in reversed(store.revisions(change.identifier)):
        if revision.record.fingerprint == entry.published_fingerprint:
            return revision.record.content
    return None


def _lines(last: bytes | None, found: RemoteRecord, ours: bytes) -> Iterator[Text]:
    """Yield one line per field that is not what we would send."""
    there, wanted = fields_of(found.content), fields_of(ours)
    before = None if last is None else fields_of(last)
    for name in sorted({*there, *wanted}):
        if there.get(name) == wanted.get(name):
            continue
        yield _line(name, before, there.get(name, "∅"), wanted.get(name, "∅"))


def _line(name: str, before: Mapping[str, str] | None, there: str, wanted: str) -> Text:
    was = "?" if before is None else before.get(name, "∅")
    return Text(
        f"{name} : envoyé {was} | là-bas {there} | voulu {wanted}",
        f"{name}: sent {was} | there {there} | wanted {wanted}",
    )
