"""What every silo offers: features, pages, streams and counts, as protocols.

A feature goes out as GeoJSON text (RFC 7946), built where the data are. Its
coordinates are in the CRS and axis order that the query asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from metadata.crs import CRS84, Crs
from metadata.dataset import Collection
from providers.query import Encoding, Query

if TYPE_CHECKING:
    from providers.feature_editing import FeatureEditor
    from providers.table_rows import TableRows

BATCH_BYTES = 256 * 1024
"""About how much of a stream is held at once."""
SEPARATOR = b"\x1e"
"""Stands between features; no JSON text holds it (RFC 7464, clause 2.1)."""


def separator(encoding: Encoding) -> bytes:
    """Return what stands between the features of a page (`Page.sequence`)."""
    return b"" if encoding is Encoding.CSV else SEPARATOR


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much of a silo one process may take."""

    connections: int = 4
    """Connections for pages, counts and single features."""
    streams: int = 2
    """Further connections for answers that are streamed."""
    edits: int = 2
    """Further connections for edits; none is opened where nothing is edited."""
    wait: float = 5.0
    """Seconds to wait for a free connection before `SilosBusy`."""
    statement_timeout: int = 60_000
    """Milliseconds that one statement may take."""
    recycle: float = 1800.0
    """Seconds after which a connection is replaced."""


@dataclass(frozen=True, kw_only=True)
class PoolUse:
    """How a pool of connections is used, and was since it was made."""

    size: int
    """Connections that may be open."""
    used: int
    """Those that somebody holds."""
    waiting: int
    """Who waits for one now."""
    waits: int
    """How often somebody had to wait."""
    refusals: int
    """How often somebody waited in vain."""
    looks: int = 0
    """How often the state of a collection was asked for."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of features, as the silo wrote them."""

    sequence: bytes
    """One feature each, in order, with `SEPARATOR` between; may be empty. Lines of
    CSV end themselves and have nothing between them, for a text may hold any byte.
    """
    count: int
    """How many they are."""
    next_cursor: str | None
    """Token of the next page; `None` on the last, or without a key."""
    has_more: bool
    """Whether there are features after this page."""
    state: str = ""
    """State of the collection that was read (see `FeatureReader.state`)."""

    @property
    def content(self) -> bytes:
        """The inside of a ``features`` array."""
        return self.sequence.replace(SEPARATOR, b",")

    @property
    def features(self) -> tuple[str, ...]:
        """The features one by one; `()` when nothing matches."""
        return tuple(
            self.sequence.decode().split(SEPARATOR.decode()) if self.count else ()
        )


@dataclass(frozen=True)
class Found:
    """One feature."""

    feature: bytes
    """GeoJSON."""
    state: str
    """State of the collection that was read."""
    version: str = ""
    """Version of the feature (`feature_editing.Kept`), where it may be edited."""


@dataclass(frozen=True)
class Counted:
    """How many features match."""

    number: int | None
    """Exact; `None` when counting took longer than the budget."""
    state: str
    """State of the collection that was counted."""


class FeatureStream(Iterator[bytes], Protocol):
    """Features on their way, a batch at a time, and what stands between them.

    The batches of GeoJSON joined are the inside of a ``features`` array. Closing
    gives the connection back; exhausting it, or an error, does too.
    """

    count: int
    """Features handed over so far."""
    size: int
    """Bytes that they took."""
    next_cursor: str | None
    """Token of the page after, known once the stream is exhausted."""
    has_more: bool
    """Whether there are features after the limit, known at the end."""

    @property
    def state(self) -> str:
        """State of the collection that is read, known from the first batch on."""
        ...

    def close(self) -> None:
        """Stop, and give the connection back. May be called twice."""
        ...


class FeatureReader(Protocol):
    """The features of one collection, for an event loop: nothing here blocks.

    Raises what `FeatureSource` raises.
    """

    async def state(self) -> str:
        """Return the state of the collection as it is now.

        Two equal states mean that no visible row changed in between, whatever
        process asked. Empty where that cannot be known for certain: equal
        empty states say nothing.
        """
        ...

    async def page(self, query: Query) -> Page:
        """Read one page and its state, in one round trip."""
        ...

    async def count(
        self, query: Query, *, state: str, budget_ms: int | None
    ) -> Counted:
        """Count all features that a query matches, whatever its page.

        Parameters
        ----------
        state
            A number counted in this state is good; empty to count now.
        """
        ...

    async def feature(self, key: str, crs: Crs = CRS84) -> Found | None:
        """Read one feature by its identifier, as `FeatureSource.feature` does."""
        ...


class FeatureSource(Protocol):
    """The features of one collection. Safe to use from several threads.

    Every method may raise `metadata.errors.SourceError` and its kinds, and
    `metadata.errors.SilosBusy` when no connection is free in time.
    """

    collection: Collection

    def count(self, query: Query, *, budget_ms: int | None = None) -> int | None:
        """Count all features that a query matches, whatever its page.

        Returns
        -------
        int or None
            Exact; `None` when counting took longer than the budget.
        """
        ...

    def page(self, query: Query) -> Page:
        """Read one page, in one round trip.

        Raises
        ------
        metadata.errors.CursorError
            The cursor is not one of ours, or belongs to another query.
        metadata.errors.QueryError
            A condition cannot be computed.
        """
        ...

    def stream(self, query: Query) -> FeatureStream:
        """Read a page of any size, or everything, in bounded memory."""
        ...

    def rows(self) -> TableRows:
        """Read every row as plain values, in storage coordinates, in bounded memory."""
        ...

    def feature(self, key: str, crs: Crs = CRS84) -> str | None:
        """Read one feature by its identifier.

        Parameters
        ----------
        key
            As it stands in the path, still percent-encoded: composite keys are
            a comma list in key order.

        Returns
        -------
        str or None
            `None` when there is none, or when the text cannot be such a key.
        """
        ...

    def check(self) -> None:
        """Read as little as shows that the collection can be served."""
        ...


class FeatureSilo(Protocol):
    """One silo, open."""

    @property
    def in_use(self) -> int:
        """Connections that somebody holds."""
        ...

    def usage(self) -> Mapping[str, PoolUse]:
        """Return how its pools are used, by name: ``pages``, ``streams``, ``edits``."""
        ...

    def features(self, collection: Collection) -> FeatureSource:
        """Return the features of a collection; opens nothing yet."""
        ...

    def reader(self, collection: Collection) -> FeatureReader:
        """Return the same for an event loop; to be used from one loop only."""
        ...

    def editor(self, collection: Collection) -> FeatureEditor | None:
        """Return what edits the features of a collection; `None` where nothing may."""
        ...

    def close(self) -> None:
        """Close every connection, once those in use come back."""
        ...
