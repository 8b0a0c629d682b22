"""The history of one dataset, out of the store: revisions, and where each went.

A revision of a dataset is all that was new about it at one moment: its ISO record,
that of its download service, and the forms that some outlets take instead. It is
numbered from 1 on, the oldest first; a purge erases revisions, and numbers begin
anew after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from metadata.history.changes import FieldChange, changes
from metadata.record import RecordKind, is_json
from providers.store import Store
from providers.store_model import Revision, Tombstone
from providers.store_sendings import Sending


@dataclass(frozen=True, kw_only=True)
class RevisedRecord:
    """One record, new or changed, within a revision."""

    revision: Revision
    number: int
    """Which revision of this record it is, from 1 on."""
    changes: tuple[FieldChange, ...]
    """From the one before; empty for the first."""
    sendings: tuple[Sending, ...]
    """Orders that sent it, the oldest first."""

    @property
    def form(self) -> str:
        """What it is written in: ``iso19139`` or ``json``."""
        return "json" if is_json(self.revision.content) else "iso19139"


@dataclass(frozen=True, kw_only=True)
class DatasetRevision:
    """What was new about a dataset at one moment."""

    number: int
    at: datetime
    records: tuple[RevisedRecord, ...]


@dataclass(frozen=True, kw_only=True)
class History:
    """All that is known of what became of a dataset."""

    dataset_id: str
    revisions: tuple[DatasetRevision, ...]
    """The oldest first."""
    others: tuple[Sending, ...]
    """Orders without a revision: deletes, and those whose content was purged."""
    tombstones: tuple[Tombstone, ...]
    """Of its records that our own catalogue has no more."""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing ever went out of it."""
        return not (self.revisions or self.others or self.tombstones)


def history_of(store: Store, dataset_id: str) -> History:
    """Return the history of a dataset; an empty one when nothing is known of it."""
    revisions = store.revisions_of(dataset_id)
    sent = store.sendings(dataset_id)
    places = {id(sending): _sent_revision(sending, revisions) for sending in sent}
    records = tuple(_revised(revisions, sent, places))
    by_moment = groupby(records, lambda record: record.revision.first_seen)
    return History(
        dataset_id=dataset_id,
        revisions=tuple(
            DatasetRevision(number=number, at=at, records=tuple(_ordered(some)))
            for number, (at, some) in enumerate(by_moment, start=1)
        ),
        others=tuple(s for s in sent if places[id(s)] is None),
        tombstones=tuple(t for t in store.tombstones() if t.dataset_id == dataset_id),
    )


def _revised(
    revisions: Sequence[Revision],
    sent: Sequence[Sending],
    places: dict[int, Revision | None],
) -> Iterator[RevisedRecord]:
    """Yield each revision with what changed and where it went."""
    last: dict[str, tuple[int, Revision]] = {}
    for revision in revisions:
        number, before = last.get(revision.record_identifier, (0, None))
        last[revision.record_identifier] = (number + 1, revision)
        yield RevisedRecord(
            revision=revision,
            number=number + 1,
            changes=changes(before.content, revision.content) if before else (),
            sendings=tuple(s for s in sent if places[id(s)] is revision),
        )


def _sent_revision(sending: Sending, revisions: Iterable[Revision]) -> Revision | None:
    """Return the revision that an order sent: the last such one of that time.

    The same content may come back; before its first revision nothing was sent of it.
    """
    same = [
        revision
        for revision in revisions
        if revision.record_identifier == sending.record_identifier
        and revision.fingerprint == sending.fingerprint
    ]
    until_then = [revision for revision in same if revision.first_seen <= sending.at]
    return next(reversed(until_then or same), None)


_ORDER = {RecordKind.DATASET: 0, RecordKind.SERIES: 0, RecordKind.SERVICE: 1}


def _ordered(records: Iterable[RevisedRecord]) -> list[RevisedRecord]:
    """Put the ISO record of the data first, then its service, then other forms."""
    return sorted(
        records, key=lambda r: (r.form != "iso19139", _ORDER[r.revision.kind])
    )
