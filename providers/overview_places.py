"""Where the records of one dataset are, and where they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from metadata.dataset import Dataset
from metadata.finding import Text, has_errors
from metadata.forms import FORMS, ISO, form_of
from metadata.overview import NOTHING, OWN, Place, State
from metadata.record import RecordKind
from metadata.stated import Access, Description, Status
from providers.configuration import OutletConfiguration
from providers.overview_judging import Judgement
from providers.store_concessions import Concession
from providers.store_model import Entry, EntryState, Operation, Tombstone
from providers.store_standing import AppliedRecord

_PUBLISH = Text("passerelle publish l'envoie.", "passerelle publish sends it.")
_TAKE_BACK = Text("passerelle publish le supprime.", "passerelle publish deletes it.")
_CHANGED = Text("Modifié chez nous depuis.", "Changed with us since.")
_TAKEN_BACK = Text("N'est plus publié chez nous.", "Is not published with us any more.")
_ABSENT = Text("Pas encore envoyé.", "Not sent yet.")
_NOT_MEASURED = Text(
    "Ses tables n'existent plus, ou n'ont jamais été mesurées.",
    "Its tables are no more, or were never measured.",
)
_MEASURE = Text(
    "passerelle survey, ou corrigez « source » dans sa description.",
    "passerelle survey, or correct “source” in its description.",
)
_HELD = Text(
    "Une erreur le retient ; ce qui est publié reste tel quel.",
    "An error holds it back; what is published stays as it is.",
)
_CORRECT = Text(
    "Corrigez l'erreur (passerelle check la nomme), puis passerelle publish.",
    "Correct the error (passerelle check names it), then passerelle publish.",
)
_UNSETTLED = Text(
    "Envoyé, mais l'issue n'est pas connue.", "Sent, but the outcome is not known."
)
_LOOKS = Text(
    "passerelle publish regarde d'abord ce qui y est.",
    "passerelle publish looks first at what is there.",
)
_FAILED = Text("Le catalogue l'a refusé.", "The outlet refused it.")
_AGAIN = Text(
    "Corrigez ce que dit le catalogue, puis passerelle publish ; "
    "passerelle watch réessaie de lui-même.",
    "Correct what the outlet says, then passerelle publish; "
    "passerelle watch tries again by itself.",
)
_CONCEDED = Text(
    "Modifié là-bas ; leur version est gardée, comme décidé.",
    "Edited over there; their version is kept, as decided.",
)
_OVERWRITE = Text(
    "passerelle publish --overwrite met la nôtre à la place.",
    "passerelle publish --overwrite puts ours in its place.",
)
_NO_OUTLET = Text(
    "Ce catalogue n'est plus dans passerelle.yml : la fiche y reste.",
    "This outlet is not in passerelle.yml any more: the record stays there.",
)
_UNREADABLE = Text(
    "Sa description ne peut pas être lue.", "Its description cannot be read."
)
_RIGHT = Text(
    "Corrigez-la : passerelle check dit où.", "Correct it: passerelle check says where."
)
_INTERNAL = Text(
    "D'usage interne : ni fiche, ni données.", "Internal: neither record nor data."
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What of a dataset is to go out, and what keeps it back."""

    id: str
    description: Description | None
    """`None`: there is none, or it cannot be read."""
    readable: bool
    """Whether what is stated of it is known at all."""
    dataset: Dataset | None
    """`None`: its tables are gone, or some of them."""
    held: bool
    """Whether it cannot be judged just now."""
    judgement: Judgement | None
    """`None`: not judged, or not yet."""

    @property
    def is_approved(self) -> bool:
        """Whether a person approved it."""
        stated = self.description
        return stated is not None and stated.status is Status.PUBLISHED

    def due(self, today: date) -> bool:
        """Whether it is to go out on that day."""
        return self.dataset is not None and self.dataset.has_record(today)

    @property
    def has_errors(self) -> bool:
        """Whether an error holds it back."""
        return self.judgement is not None and has_errors(self.judgement.findings)

    @property
    def stays(self) -> bool:
        """Whether what is published of it stays, whatever it is."""
        return self.held or not self.readable or self.has_errors


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is kept of one dataset."""

    entries: tuple[Entry, ...] = ()
    applied: tuple[AppliedRecord, ...] = ()
    gone: tuple[Tombstone, ...] = ()
    """Records that our own catalogue had once, and has no more."""
    conceded: tuple[Concession, ...] = ()
    """What others wrote and was let stand, at all outlets."""

    def concession(
        self, outlet: str, identifier: str, meant: _Meant | None
    ) -> Concession | None:
        """Return what is let stand in the place of a record, as it is meant now.

        A concession is over when ours is another than the one that it was about, or
        when something was sent since.
        """
        ours = "" if meant is None else meant.fingerprint
        sent = {
            entry.settled_at or entry.intended_at
            for entry in self.entries
            if (entry.outlet, entry.record_identifier) == (outlet, identifier)
        }
        for each in self.conceded:
            about = (each.outlet, each.record_identifier) == (outlet, identifier)
            same = ours is None or each.ours == ours
            if about and same and all(moment <= each.decided_at for moment in sent):
                return each
        return None


@dataclass(frozen=True)
class _There:
    """A record somewhere, as it was last known to be."""

    kind: RecordKind
    since: datetime | None
    fingerprint: str
    """Empty: there is nothing of ours."""
    entry: Entry | None = None


def places_of(
    wanted: Wanted,
    kept: Kept,
    outlets: Mapping[str, OutletConfiguration],
    *,
    today: date,
) -> Iterator[Place]:
    """Yield a place for each record that is, or is to be, somewhere."""
    known = {entry.outlet for entry in kept.entries}
    for name in (OWN, *sorted(known.union(outlets))):
        outlet = outlets.get(name)
        meant = _meant(wanted, name, outlet, today)
        there = _own(kept) if name == OWN else _at(kept.entries, name)
        for identifier in sorted(meant.keys() | there.keys(), key=_order(meant, there)):
            left = kept.concession(name, identifier, meant.get(identifier))
            if left is not None:
                about = meant.get(identifier) or there[identifier]
                yield _let_stand(left, about.kind)
                continue
            place = _place(wanted, name, meant.get(identifier), there.get(identifier))
            if place is None:
                continue
            lost = name != OWN and outlet is None
            yield _without_outlet(place) if lost else place
    nowhere = not (kept.entries or kept.applied)
    approved = wanted.is_approved or not wanted.readable
    if nowhere and approved and not wanted.due(today):
        yield _waiting(wanted)


@dataclass(frozen=True)
class _Meant:
    kind: RecordKind
    fingerprint: str | None
    """`None`: not known yet."""


def _meant(
    wanted: Wanted, name: str, outlet: OutletConfiguration | None, today: date
) -> Mapping[str, _Meant]:
    """Return the records that are to be at an outlet, by identifier."""
    if not wanted.due(today) or wanted.dataset is None:
        return {}
    form, services = ISO, True
    if name != OWN:
        if outlet is None or outlet.route == "harvest" or not outlet.takes(wanted.id):
            return {}
        form, services = form_of(outlet.type), outlet.services
    stated = wanted.dataset.description
    kind = RecordKind.SERIES if stated.series else RecordKind.DATASET
    first = stated.identifier if form in FORMS else stated.record_identifier
    found = {first: kind}
    if services and form == ISO and stated.access is Access.OPEN:
        found[stated.service_identifier] = RecordKind.SERVICE
    known = wanted.judgement.fingerprints if wanted.judgement else {}
    return {i: _Meant(k, known.get((form, i))) for i, k in found.items()}


def _own(kept: Kept) -> Mapping[str, _There]:
    gone = {t.record_identifier: _There(t.kind, t.deleted_at, "") for t in kept.gone}
    there = {
        record.record_identifier: _There(
            record.kind, record.applied_at, record.fingerprint
        )
        for record in kept.applied
    }
    return gone | there


def _at(entries: Iterable[Entry], outlet: str) -> Mapping[str, _There]:
    return {
        entry.record_identifier: _There(
            entry.kind,
            entry.settled_at or entry.intended_at,
            "" if entry.operation is Operation.DELETE else entry.published_fingerprint,
            entry,
        )
        for entry in entries
        if entry.outlet == outlet
    }


def _order(
    meant: Mapping[str, _Meant], there: Mapping[str, _There]
) -> Callable[[str], tuple[bool, str]]:
    """Return what puts data before their services."""

    def key(identifier: str) -> tuple[bool, str]:
        known = meant.get(identifier) or there[identifier]
        return known.kind is RecordKind.SERVICE, identifier

    return key


def _place(
    wanted: Wanted, outlet: str, meant: _Meant | None, there: _There | None
) -> Place | None:
    """Return how one record stands; `None`: it is nowhere and not to be."""
    if there is None:
        return _missing(wanted, outlet, meant) if meant else None
    entry = there.entry
    if entry is not None and entry.state is EntryState.INTENT:
        return _made(outlet, there, State.UNSETTLED, _UNSETTLED, _LOOKS)
    if entry is not None and entry.state is EntryState.FAILED:
        reason = entry.message if entry.message.fr else _FAILED
        return _made(outlet, there, State.FAILED, reason, _AGAIN)
    if not there.fingerprint:
        if meant is None:
            return _made(outlet, there, State.ABSENT)
        return _missing(wanted, outlet, meant, there.since)
    return _present(wanted, outlet, meant, there)


def _present(wanted: Wanted, outlet: str, meant: _Meant | None, there: _There) -> Place:
    """Return how a record stands that is there."""
    if meant is None:
        if wanted.held or not wanted.readable:
            return _made(outlet, there, State.PUBLISHED)
        return _made(outlet, there, State.CHANGED, _TAKEN_BACK, _TAKE_BACK)
    if meant.fingerprint in (None, there.fingerprint):
        return _made(outlet, there, State.PUBLISHED)
    if wanted.stays:
        return _made(outlet, there, State.HELD, _HELD, _CORRECT)
    return _made(outlet, there, State.CHANGED, _CHANGED, _PUBLISH)


def _missing(
    wanted: Wanted, outlet: str, meant: _Meant, since: datetime | None = None
) -> Place:
    there = _There(meant.kind, since, "")
    if wanted.stays:
        return _made(outlet, there, State.HELD, _HELD, _CORRECT)
    return _made(outlet, there, State.ABSENT, _ABSENT, _PUBLISH)


def _let_stand(left: Concession, kind: RecordKind) -> Place:
    there = _There(kind, left.decided_at, left.theirs)
    return _made(left.outlet, there, State.CONCEDED, _CONCEDED, _OVERWRITE)


def _waiting(wanted: Wanted) -> Place:
    """Return why an approved dataset that was never published does not go out."""
    there = _There(RecordKind.DATASET, None, "")
    stated = wanted.description
    if not wanted.readable:
        return _made(OWN, there, State.HELD, _UNREADABLE, _RIGHT)
    if wanted.dataset is None or stated is None:
        return _made(OWN, there, State.HELD, _NOT_MEASURED, _MEASURE)
    if stated.access is Access.INTERNAL:
        return _made(OWN, there, State.NOT_DUE, _INTERNAL)
    day = stated.publish_from.isoformat() if stated.publish_from else ""
    reason = Text(f"À publier le {day}.", f"To be published on {day}.")
    return _made(OWN, there, State.NOT_DUE, reason)


def _made(
    outlet: str,
    there: _There,
    state: State,
    reason: Text = NOTHING,
    remedy: Text = NOTHING,
) -> Place:
    return Place(
        outlet=outlet,
        kind=there.kind,
        state=state,
        since=there.since,
        reason=reason,
        remedy=remedy,
    )


def _without_outlet(place: Place) -> Place:
    """Return a place that publishing does not reach any more."""
    gone = place.state is State.ABSENT
    return Place(
        outlet=place.outlet,
        kind=place.kind,
        state=State.ABSENT if gone else State.PUBLISHED,
        since=place.since,
        reason=NOTHING if gone else _NO_OUTLET,
    )
