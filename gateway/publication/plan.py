"""What would have to be done: a pure comparison of wanted, sent, and there.

For each record three fingerprints decide (`W` wanted, `T` there, `S` what the
ledger says that we sent)::

    W           T is absent               create
    W           T = W                     keep
    W           T in S                    update
    W           T is something else       dispute: somebody else wrote it
    unwanted    T is absent               nothing, and the ledger forgets it
    unwanted    T in S                    delete
    unwanted    T is something else       dispute
    twice       whatever                  conflict

A dispute is settled by a rule: it is left and reported (a conflict), ours takes the
place of theirs, or theirs stands. One that was left standing stays so, unreported,
until W or T changes.

A record that proves by itself that we left it so (`RemoteRecord.sealed`) counts as
`T in S`, even where the ledger was lost.

Records that are neither wanted nor in our ledger are nobody's business here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.outlets.outlet import Action, Change, RemoteRecord
from metadata.finding import Text
from metadata.record import Record
from providers.configuration import Conflicts
from providers.store_concessions import Concession
from providers.store_model import Entry

FEW_DELETES = 5
"""As many deletes are never suspicious."""
SHARE_OF_DELETES = 0.10
"""Nor is this share of what is published there."""

_NEW = Text("nouvelle", "new")
_GONE_THERE = Text("disparue du catalogue", "vanished from the catalogue")
_SAME = Text("inchangée", "unchanged")
_CHANGED = Text("modifiée chez nous", "changed with us")
_UNWANTED = Text("plus publiée chez nous", "not published with us any more")
_HELD = Text(
    "table non mesurable en ce moment : laissée telle quelle",
    "its table cannot be measured just now: left as it is",
)
_EDITED = Text(
    "modifiée là-bas depuis notre envoi ; --overwrite la remplace",
    "edited over there since we sent it; --overwrite replaces it",
)
_FOREIGN = Text(
    "déjà là-bas avec un autre contenu, et pas de notre main ; --overwrite la remplace",
    "already over there with another content, and not by us; --overwrite replaces it",
)
_TWICE = Text(
    "plusieurs fiches portent cet identifiant ; aucune n'est envoyée",
    "several records carry this identifier; none of them is sent",
)
_EDITED_UNWANTED = Text(
    "plus publiée chez nous, mais modifiée là-bas ; --overwrite la supprime",
    "not published with us any more, but edited over there; --overwrite deletes it",
)
_OVERWRITTEN = Text("modifiée là-bas, remplacée", "edited over there, replaced")
_OVERWRITTEN_UNWANTED = Text(
    "modifiée là-bas, supprimée quand même", "edited over there, deleted all the same"
)
_ELSEWHERE = Text(
    "plus destinée à cette sortie (datasets, exclude)",
    "not meant for this outlet any more (datasets, exclude)",
)
_LET_STAND = Text(
    "modifiée là-bas ; leur version est gardée",
    "edited over there; their version is kept",
)
_STILL_STANDS = Text(
    "leur version est gardée, comme décidé", "their version is kept, as decided"
)


@dataclass(frozen=True)
class Sent:
    """What the ledger and the outlet say, side by side."""

    entries: Mapping[str, Entry]
    there: Mapping[str, RemoteRecord]
    conceded: Mapping[str, Concession] = field(default_factory=dict)
    """What somebody else wrote and was left standing, by record identifier."""

    def ours(self, identifier: str) -> bool:
        """Tell whether what is there is something that we sent."""
        entry, found = self.entries.get(identifier), self.there.get(identifier)
        if not (entry and found):
            return bool(found and found.sealed)
        return found.sealed or found.fingerprint in entry.fingerprints

    def stands(self, identifier: str, ours: str) -> bool:
        """Tell whether what is there was left in the place of this content of ours."""
        conceded, found = self.conceded.get(identifier), self.there.get(identifier)
        if conceded is None or found is None:
            return False
        return (conceded.theirs, conceded.ours) == (found.fingerprint, ours)

    @property
    def published(self) -> int:
        """How many records of the ledger are there."""
        return sum(
            identifier in self.there and bool(entry.fingerprints)
            for identifier, entry in self.entries.items()
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be done at one outlet; nothing is sent yet."""

    outlet: str
    changes: tuple[Change, ...]
    """Creates, updates, deletes, conflicts, what is left as theirs, what is kept."""
    published: int
    """Records of ours that are there now."""
    vanished: tuple[str, ...] = ()
    """Records of ours that nobody wants and that are not there any more."""

    def of(self, action: Action) -> tuple[Change, ...]:
        """Return the changes of one kind."""
        return tuple(change for change in self.changes if change.action is action)

    @property
    def counts(self) -> Mapping[Action, int]:
        """How many changes of each kind, zeros included."""
        counted = Counter(change.action for change in self.changes)
        return {action: counted[action] for action in Action}


def plan(
    wanted: Sequence[Record],
    sent: Sent,
    *,
    outlet: str,
    held: Collection[str] = (),
    excluded: Collection[str] = (),
    conflicts: Conflicts = "report",
) -> Plan:
    """Compare what is wanted with what was sent and what is there.

    Parameters
    ----------
    wanted
        The records that are meant to be there, and no others of ours.
    held
        Datasets whose records could not be made just now: left as they are.
    excluded
        Datasets that are published, but not there.
    conflicts
        The rule that settles disputes.
    """
    names = Counter(record.identifier for record in wanted)
    changes = [
        _wanted(record, sent, conflicts)
        if names[record.identifier] == 1
        else _change(Action.CONFLICT, record, _TWICE)
        for record in wanted
    ]
    rest = [e for i, e in sorted(sent.entries.items()) if i not in names]
    ours = [entry for entry in rest if entry.fingerprints]
    changes += _unwanted(ours, sent, held, excluded, conflicts)
    return Plan(
        outlet=outlet,
        changes=tuple(sorted(changes, key=lambda c: _ORDER[c.action])),
        published=sent.published,
        vanished=tuple(
            entry.record_identifier
            for entry in ours
            if entry.record_identifier not in sent.there
            and entry.dataset_id not in held
        ),
    )


_ORDER = {
    Action.CREATE: 0,
    Action.UPDATE: 1,
    Action.DELETE: 2,
    Action.CONFLICT: 3,
    Action.LEAVE: 4,
    Action.KEEP: 5,
}


def guard(deletes: int, published: int, allowed: int | None) -> Text | None:
    """Return why so many deletes are refused; `None` when they are not.

    Parameters
    ----------
    deletes
        Records that would be deleted.
    published
        Records of ours that are there now.
    allowed
        Deletes that a person allowed; `None`: nobody said.
    """
    limit = max(FEW_DELETES, SHARE_OF_DELETES * published, allowed or 0)
    if deletes <= limit:
        return None
    return Text(
        f"{deletes} suppressions sur {published} fiches publiées : c'est plus que le "
        f"garde-fou (5, ou 10 %). Rien n'est envoyé. Si c'est voulu : "
        f"--allow-deletes {deletes}",
        f"{deletes} deletes of {published} published records: more than the guard "
        f"lets pass (5, or 10 %). Nothing is sent. If it is meant: "
        f"--allow-deletes {deletes}",
    )


def _wanted(record: Record, sent: Sent, rule: Conflicts) -> Change:
    """Decide on a record that is meant to be there."""
    found = sent.there.get(record.identifier)
    if found is None:
        entry = sent.entries.get(record.identifier)
        was_there = entry is not None and bool(entry.published_fingerprint)
        return _change(Action.CREATE, record, _GONE_THERE if was_there else _NEW)
    if found.fingerprint == record.fingerprint:
        return _change(Action.KEEP, record, _SAME)
    if sent.ours(record.identifier):
        return _change(Action.UPDATE, record, _CHANGED)
    return _disputed(record, sent, rule)


def _disputed(record: Record, sent: Sent, rule: Conflicts) -> Change:
    """Decide on a record in whose place is what somebody else wrote."""
    if rule == "overwrite":
        return _change(Action.UPDATE, record, _OVERWRITTEN)
    if sent.stands(record.identifier, record.fingerprint):
        return replace(_change(Action.LEAVE, record, _STILL_STANDS), decided=True)
    if rule == "keep":
        return _change(Action.LEAVE, record, _LET_STAND)
    entry = sent.entries.get(record.identifier)
    known = entry is not None and bool(entry.fingerprints)
    return _change(Action.CONFLICT, record, _EDITED if known else _FOREIGN)


def _unwanted(
    entries: Sequence[Entry],
    sent: Sent,
    held: Collection[str],
    excluded: Collection[str],
    rule: Conflicts,
) -> Iterator[Change]:
    """Decide on records that we sent and that are not meant to be there."""
    for entry in entries:
        identifier = entry.record_identifier
        if entry.dataset_id in held:
            yield _departure(Action.KEEP, entry, _HELD)
        elif identifier not in sent.there:
            continue
        elif sent.ours(identifier):
            elsewhere = entry.dataset_id in excluded
            why = _ELSEWHERE if elsewhere else _UNWANTED
            yield _departure(Action.DELETE, entry, why)
        elif rule == "overwrite":
            yield _departure(Action.DELETE, entry, _OVERWRITTEN_UNWANTED)
        elif sent.stands(identifier, ""):
            stands = _departure(Action.LEAVE, entry, _STILL_STANDS)
            yield replace(stands, decided=True)
        elif rule == "keep":
            yield _departure(Action.LEAVE, entry, _LET_STAND)
        else:
            yield _departure(Action.CONFLICT, entry, _EDITED_UNWANTED)


def _change(action: Action, record: Record, reason: Text) -> Change:
    """Return a change that ends with a record being there."""
    return Change(
        action=action,
        identifier=record.identifier,
        dataset_id=record.dataset_id,
        kind=record.kind,
        reason=reason,
        record=record,
    )


def _departure(action: Action, entry: Entry, reason: Text) -> Change:
    """Return a change about a record that is not wanted."""
    return Change(
        action=action,
        identifier=entry.record_identifier,
        dataset_id=entry.dataset_id,
        kind=entry.kind,
        reason=reason,
    )
