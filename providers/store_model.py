"""What the store holds, as typed values: entries, revisions, tombstones."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from metadata.finding import Text
from metadata.record import Record, RecordKind, file_name

_QUICKLY: Final = 1
"""Level of deflate: a tenth of a millisecond for a record, a sixth of its bytes."""
NOTHING_SAID = Text("", "")


class Operation(StrEnum):
    """What may be done to one record at one outlet."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class EntryState(StrEnum):
    """How far an operation has come."""

    INTENT = "intent"
    """About to be sent, or sent without an outcome known."""
    DONE = "done"
    """Read back: the outlet has what was meant."""
    FAILED = "failed"
    """Refused, or what was read back is not what was meant."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The ledger's line for one record at one outlet: the last operation."""

    outlet: str
    record_identifier: str
    dataset_id: str
    kind: RecordKind
    operation: Operation
    state: EntryState
    fingerprint: str
    """Of what the operation sends; empty for a delete."""
    published_fingerprint: str = ""
    """Of what the outlet was last read to have; empty: nothing of ours."""
    remote_id: str = ""
    """The record's name at the outlet."""
    intended_at: datetime
    settled_at: datetime | None = None
    """When the outcome was known; `None` for an intent."""
    message: Text = NOTHING_SAID
    """Why it failed; empty when it did not."""

    @property
    def fingerprints(self) -> frozenset[str]:
        """What of ours the outlet may have: what it had, and what was sent."""
        return frozenset({self.fingerprint, self.published_fingerprint} - {""})


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One record as it was from some day on."""

    record_identifier: str
    dataset_id: str
    kind: RecordKind
    fingerprint: str
    date_stamp: date
    """The day written in the record: when its content last changed."""
    first_seen: datetime
    packed: bytes = field(repr=False)
    """Its content, deflated: thousands of revisions are held, and few are read."""

    @property
    def content(self) -> bytes:
        """The record as it was sent."""
        return zlib.decompress(self.packed)

    @property
    def name(self) -> str:
        """Name of its file, without ending."""
        return file_name(self.dataset_id, self.kind)

    @property
    def record(self) -> Record:
        """The record itself."""
        return Record(
            identifier=self.record_identifier,
            dataset_id=self.dataset_id,
            kind=self.kind,
            content=self.content,
        )


def packed(content: bytes) -> bytes:
    """Return a content as a revision holds it."""
    return zlib.compress(content, _QUICKLY)


@dataclass(frozen=True, kw_only=True)
class Tombstone:
    """A record that was published and is not any more."""

    record_identifier: str
    dataset_id: str
    kind: RecordKind
    deleted_at: datetime


@dataclass(frozen=True)
class SnapshotChange:
    """What applying a snapshot did, as record identifiers in order."""

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
