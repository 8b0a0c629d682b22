"""What a silo offers whose features may be edited: the protocol, and what it refuses.

One edit is one transaction: it is made as a whole, or nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any, Protocol

from metadata.dataset import PublishedColumn
from metadata.errors import PasserelleError
from metadata.finding import Text
from providers.sql import Scalar


class Refusal(StrEnum):
    """Why an edit is not made."""

    MALFORMED = auto()
    """What was sent is no feature at all."""
    CONTENT = auto()
    """A value does not fit its column, or a rule of the table."""
    CONFLICT = auto()
    """It does not go with what other rows hold."""
    FORBIDDEN = auto()
    """The silo does not let us write there."""
    ABSENT = auto()
    """There is no such feature."""
    UNCONDITIONED = auto()
    """It does not say which state of the feature it changes."""
    STALE = auto()
    """The feature was changed since."""


class EditRefused(PasserelleError):
    """An edit that is not made, and why.

    Parameters
    ----------
    member
        What of the feature is at fault: ``geometry``, ``properties.nom``…; may be
        empty.
    """

    def __init__(
        self,
        refusal: Refusal,
        message: Text,
        *,
        member: str = "",
        hint: Text | str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.refusal = refusal
        self.member = member


class EditUnclear(PasserelleError):
    """The connection was lost while an edit was being kept: nobody knows if it was."""


@dataclass(frozen=True)
class Shape:
    """A geometry that is to be kept."""

    wkb: bytes
    """ISO WKB, x first."""
    srid: int
    """EPSG code of its coordinates."""


@dataclass(frozen=True)
class Patch:
    """A merge patch of a structured value (RFC 7396)."""

    changes: dict[str, Any]


@dataclass(frozen=True)
class Unchanged:
    """A value that a client sends back of a column that it cannot write."""

    column: PublishedColumn
    value: Any
    """As JSON."""


class Default(StrEnum):
    """Stands for what the silo puts where nothing is given."""

    DEFAULT = auto()


Storable = Scalar | Shape | Patch | Default
Written = Storable | Unchanged


Change = Mapping[str, Written]
"""What is to be kept of a feature, by the silo's names of the columns."""


@dataclass(frozen=True)
class Condition:
    """Which states of a feature an edit is meant for."""

    versions: frozenset[str] = frozenset()
    """Any of these."""
    any_state: bool = False
    """Whichever it is in now."""


@dataclass(frozen=True)
class Kept:
    """A feature as it is after an edit."""

    key: str
    """As it stands in a path, percent-encoded."""
    version: str
    """Two equal ones of a feature mean equal properties and an equal geometry."""


class FeatureEditor(Protocol):
    """The features of one collection, to be edited. It blocks: ask it in a thread.

    Every method may raise `EditRefused`, `EditUnclear`, `metadata.errors.SilosBusy`
    and `metadata.errors.SourceError`; nothing was changed then, but after
    `EditUnclear`.
    """

    def create(self, change: Change) -> Kept:
        """Make a feature of what is given; the silo fills in the rest."""
        ...

    def update(self, key: str, change: Change, condition: Condition) -> Kept:
        """Change what is given of one feature, and leave the rest.

        Parameters
        ----------
        key
            As it stands in the path, still percent-encoded.
        """
        ...

    def delete(self, key: str, condition: Condition) -> None:
        """Delete one feature."""
        ...
