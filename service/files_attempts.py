"""What becomes of the files of one collection, told by one process to another.

The process that makes files writes a line for each collection as soon as it has ended
with it, so that whoever has them made knows what was done even if it is ended.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from providers.exports.making import Made


class Outcome(StrEnum):
    """What became of the files of a collection."""

    NEW = "new"
    """Some are other ones than before."""
    UNCHANGED = "unchanged"
    """Its rows were read, and are what the files hold."""
    FAILED = "failed"
    """It keeps the files that it had."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One collection that was to be made."""

    collection: str
    seconds: float
    made: Made | None
    """`None`: it failed."""

    @property
    def outcome(self) -> Outcome:
        """What became of its files."""
        if self.made is None:
            return Outcome.FAILED
        return Outcome.NEW if self.made.changed else Outcome.UNCHANGED


@dataclass(frozen=True, kw_only=True)
class Account:
    """What is told of an attempt."""

    collection: str
    outcome: Outcome
    seconds: float


def encode_attempt(attempt: Attempt) -> bytes:
    """Return a line; `decode_attempt` reads it."""
    told = [attempt.collection, attempt.outcome, attempt.seconds]
    return json.dumps(told).encode() + b"\n"


def decode_attempt(line: bytes) -> Account | None:
    """Read a line; `None` for one that was cut off when its writer was ended."""
    try:
        collection, outcome, seconds = json.loads(line)
        return Account(
            collection=str(collection),
            outcome=Outcome(outcome),
            seconds=float(seconds),
        )
    except (TypeError, ValueError):
        return None
