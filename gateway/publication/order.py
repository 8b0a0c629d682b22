"""What is to be published, how far one may go, and what of it each outlet gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from metadata.record import Record, RecordKind
from providers.configuration import Conflicts, OutletConfiguration


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be published, and how far we may go."""

    wanted: tuple[Record, ...]
    """All records that may go out now."""
    forms: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    """Type of outlet → the same datasets in the form that it takes instead."""
    held: frozenset[str] = frozenset()
    """Datasets whose records could not be made just now: left as they are."""
    excluded: frozenset[str] = frozenset()
    """Datasets that are published, but not at this outlet."""
    only: frozenset[str] | None = None
    """Datasets that it is about, no others are looked at; `None`: all."""
    dry_run: bool = False
    guarded: bool = True
    """Whether the guard watches; not where a person named what is to go."""
    allow_deletes: int | None = None
    overwrite: bool = False
    """Whether ours replaces what somebody else wrote, this once."""
    keep_theirs: bool = False
    """Whether what somebody else wrote is left standing, from now on."""
    conflicts: Conflicts = "report"
    """What the outlet's configuration says of that."""

    @property
    def rule(self) -> Conflicts:
        """What settles disputes: what a person says now, else what is configured."""
        if self.overwrite:
            return "overwrite"
        return "keep" if self.keep_theirs else self.conflicts

    def about(self, dataset_ids: Collection[str]) -> Order:
        """Return the order about some datasets only.

        A record of another one that carries the same identifier stays in it, so
        that both are seen to be ambiguous.
        """
        only = frozenset(dataset_ids)
        return replace(
            self,
            wanted=_about(self.wanted, only),
            forms={name: _about(those, only) for name, those in self.forms.items()},
            held=self.held & only,
            only=only,
        )

    def made_for(self, outlet: OutletConfiguration) -> Order:
        """Return the order for one outlet.

        Services go only where it asks for them, records in the form that it takes,
        datasets where they are meant to. What harvests us is sent nothing: what we
        once pushed there goes.
        """
        wanted = self.forms.get(outlet.type, self.wanted)
        if outlet.route == "harvest":
            wanted = ()
        if not outlet.services:
            wanted = tuple(r for r in wanted if r.kind is not RecordKind.SERVICE)
        known = {r.dataset_id for r in wanted} | self.held
        excluded = frozenset(d for d in known if not outlet.takes(d))
        return replace(
            self,
            wanted=tuple(r for r in wanted if r.dataset_id not in excluded),
            held=self.held - excluded,
            excluded=excluded,
            conflicts=outlet.conflicts,
        )

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


def _about(records: Sequence[Record], only: Collection[str]) -> tuple[Record, ...]:
    """Return the records of some datasets, and those that could be taken for them."""
    names = {r.identifier for r in records if r.dataset_id in only}
    return tuple(r for r in records if r.identifier in names)


def _unambiguous(records: Sequence[Record]) -> tuple[Record, ...]:
    names = Counter(record.identifier for record in records)
    return tuple(r for r in records if names[r.identifier] == 1)
