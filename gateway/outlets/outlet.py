"""What an outlet is: a place that we publish to, look at, and read back from.

An outlet knows its protocol and nothing of plans or of the ledger. It may be
told one kind of operation at a time, for one or several records; whether each
of them took effect is found out by looking, never by trusting an answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from metadata.errors import OutletError
from metadata.finding import Finding, Text
from metadata.record import Record, RecordKind, fingerprint
from providers.store_model import Operation


class Action(StrEnum):
    """What a plan wants done with one record."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    DELETE = "delete"
    CONFLICT = "conflict"
    """Nothing: what is there is neither what we want nor what we sent."""
    LEAVE = "leave"
    """Nothing: what is there is somebody else's, and a person lets it stand."""

    @property
    def operation(self) -> Operation | None:
        """What is sent for it; `None` when nothing is."""
        if self in {Action.KEEP, Action.CONFLICT, Action.LEAVE}:
            return None
        return Operation(self.value)


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """One field of a record that somebody else wrote otherwise.

    A value is as a person reads it; empty where the record has no such field.
    """

    name: Text
    sent: str | None
    """What we last sent; `None`: not known any more."""
    there: str
    wanted: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """One record at one outlet: what to do, and why."""

    action: Action
    identifier: str
    dataset_id: str
    kind: RecordKind
    reason: Text
    record: Record | None = None
    """What is meant to be there; `None`: nothing."""
    decided: bool = False
    """Whether it was decided in an earlier run, of the same two contents."""
    disagreements: tuple[Disagreement, ...] = ()
    """Field by field, what a conflict is about."""


@dataclass(frozen=True, kw_only=True)
class RemoteRecord:
    """One record as an outlet has it."""

    identifier: str
    content: bytes = field(repr=False)
    sealed: bool = False
    """Whether it says of itself, and truly, that it is as we left it."""

    @cached_property
    def fingerprint(self) -> str:
        """The same measure as `metadata.record.Record.fingerprint`."""
        return fingerprint(self.content)


class OrderPending(OutletError):
    """The outlet took an order, and within our patience it took no effect yet."""


class Outcome(StrEnum):
    """What became of a change."""

    DONE = "done"
    """Sent, read back, and as meant."""
    KEPT = "kept"
    """Nothing to send: it was as meant."""
    LEFT = "left"
    """Nothing sent: what somebody else wrote stands, from now on."""
    PLANNED = "planned"
    """Nothing sent: a dry run."""
    REFUSED = "refused"
    """Not sent: a conflict, or the guard."""
    FAILED = "failed"
    """Sent, and what was read back is not what was meant."""
    NOT_SENT = "not sent"
    """The outlet could not be reached any more, or refused us altogether."""
    PENDING = "pending"
    """Sent and taken, and not processed over there yet: the next publish looks."""
    UNKNOWN = "unknown"
    """Sent, and could not be looked at any more: the next publish finds out."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of one change, and why."""

    change: Change
    outcome: Outcome
    message: Text


class Outlet(Protocol):
    """A place that we publish to."""

    name: str
    """As it stands in the configuration."""
    batch: int
    """Records that it takes in one go."""

    def check(self) -> None:
        """Make sure that it answers and lets us write.

        Raises
        ------
        metadata.errors.OutletRefused
            It does not let us.
        metadata.errors.OutletUnreachable
            It does not answer, or not as such an outlet does.
        """

    def examine(self, records: Sequence[Record]) -> Sequence[Finding]:
        """Return what it would not take as it is meant; the subject is the dataset.

        Records of a dataset with an error are not sent.
        """

    def look(self, identifiers: Collection[str]) -> Mapping[str, RemoteRecord]:
        """Return those of these records that it has, as it has them.

        Raises
        ------
        metadata.errors.OutletError
            It cannot be asked.
        """

    def apply(self, operation: Operation, changes: Sequence[Change]) -> None:
        """Tell it to do the same with each record; returns nothing to rely on.

        Raises
        ------
        metadata.errors.OutletRefused
            It said no to one of them at least. Others may have taken effect.
        metadata.errors.OutletUnreachable
            What became of them is not known.
        """

    def read_back(self, identifier: str) -> bytes | None:
        """Return one record as it has it; `None` when it has none."""

    def close(self) -> None:
        """Let go of connections."""
