"""What a portal shows of a dataset: the facts of its page, in its own terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from metadata.measured import Extent, TemporalExtent


class Channel(StrEnum):
    """A way by which data.gouv.fr harvests us."""

    ISO = "iso"
    """CSW, ISO 19139 records (its backend ``csw-iso-19139``)."""
    DCAT = "dcat"
    """The DCAT feed, or DCAT through CSW (``dcat``, ``csw-dcat``)."""


@dataclass(frozen=True, kw_only=True)
class ShownContact:
    """A contact point."""

    name: str
    email: str = ""
    form: str = ""
    """Address of a page to write to; empty: none."""
    role: str = "contact"
    """The platform's word: ``contact``, ``creator``, ``rightsHolder``…"""


@dataclass(frozen=True, kw_only=True)
class ShownResource:
    """A file, an API or a document."""

    title: str
    url: str
    kind: str = "main"
    """``main``, ``api`` or ``other`` (a document)."""
    format: str = ""
    """Small letters; empty: not known."""
    media_type: str = ""
    description: str = ""
    size: int | None = None
    """Bytes."""
    sha256: str = ""
    modified: str = ""
    """ISO 8601 day; empty: not known."""


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One of the nine points of the quality score."""

    name: str
    """The platform's word, ``temporal_coverage``."""
    met: bool


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The page of a dataset on the portal."""

    identifier: str
    """The key by which it is known again at the next harvest."""
    title: str
    description: str
    licence: str
    """The platform's identifier; empty for restricted access."""
    access_reason: str
    """Why access is restricted, in the platform's word; empty: it is open."""
    frequency: str
    """The platform's identifier; empty: none."""
    expected: date | None
    """Day before which an update is expected; `None`: none is."""
    spatial: Extent | None
    temporal: TemporalExtent | None
    tags: tuple[str, ...]
    """In alphabetical order, each once."""
    contacts: tuple[ShownContact, ...]
    resources: tuple[ShownResource, ...]
    created: str
    issued: str
    modified: str
    """ISO 8601 days; empty: not known."""
    page: str
    """Where “see the original” leads."""
    lineage: str
    resolution: str
    """``0.5 m`` or ``1/25000``; empty: not known."""
    quality: tuple[Criterion, ...]
    """All nine, in the order of the platform."""

    @property
    def is_restricted(self) -> bool:
        """Whether the portal says that access is restricted."""
        return bool(self.access_reason)

    @property
    def score(self) -> int:
        """Points of the quality score, of nine."""
        return sum(each.met for each in self.quality)
