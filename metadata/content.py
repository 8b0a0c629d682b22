"""What one ISO record holds, without its XML: `RecordContent` and its parts.

The tree is what `metadata.iso19139` writes and reads back, so that two records
can be compared field by field. It follows ISO 19115:2003 as far as INSPIRE and
the French profile use it; multilingual text, raster and topology are left out.

Texts hold no control characters, see `tidy`. An empty string, an empty tuple or
`None` means that the element is absent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Final, TypeVar

from metadata.measured import TemporalExtent
from metadata.record import RecordKind
from metadata.stated import Frequency, Role

_UNWRITABLE: Final = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
"""Whatever is no Char of XML 1.0 (clause 2.2)."""
_REPLACEMENT: Final = "\ufffd"
_T = TypeVar("_T")


class DateType(StrEnum):
    """ISO 19115 CI_DateTypeCode."""

    CREATION = "creation"
    PUBLICATION = "publication"
    REVISION = "revision"


class OnlineFunction(StrEnum):
    """ISO 19115 CI_OnLineFunctionCode, as far as it is used."""

    DOWNLOAD = "download"
    INFORMATION = "information"
    ORDER = "order"


@dataclass(frozen=True)
class Label:
    """A text, and what it stands for: gmx:Anchor with `href`, else plain text."""

    text: str
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Party:
    """CI_ResponsibleParty."""

    organisation: str
    email: str
    role: Role
    position: str = ""
    phone: str = ""
    url: str = ""


@dataclass(frozen=True)
class CitationDate:
    """CI_Date: a whole day, never a year alone."""

    day: str
    """ISO 8601, ``2024-02-29``."""
    type: DateType


@dataclass(frozen=True, kw_only=True)
class Citation:
    """CI_Citation of a vocabulary or of a specification."""

    title: Label
    date: CitationDate


@dataclass(frozen=True, kw_only=True)
class KeywordBlock:
    """MD_Keywords: the keywords of one vocabulary, or the free ones."""

    keywords: tuple[Label, ...]
    thesaurus: Citation | None = None


@dataclass(frozen=True, kw_only=True)
class LegalConstraints:
    """MD_LegalConstraints whose restriction code is ``otherRestrictions``."""

    others: tuple[Label, ...]
    on_access: bool = False
    """accessConstraints, INSPIRE's limitations on public access."""
    on_use: bool = False
    """useConstraints, INSPIRE's conditions for access and use."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """EX_GeographicBoundingBox: degrees on CRS84, four decimals."""

    west: Decimal
    south: Decimal
    east: Decimal
    north: Decimal


@dataclass(frozen=True, kw_only=True)
class Online:
    """CI_OnlineResource."""

    url: str
    name: str = ""
    description: str = ""
    protocol: Label | None = None
    application_profile: Label | None = None
    function: OnlineFunction | None = None
    """Without one, data.gouv.fr takes the link for the landing page."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """MD_Format."""

    name: Label
    version: str = ""
    """Empty: not applicable."""


@dataclass(frozen=True, kw_only=True)
class Conformance:
    """DQ_DomainConsistency with its DQ_ConformanceResult."""

    specification: Citation
    explanation: str
    passed: bool | None
    """`None`: not evaluated."""


@dataclass(frozen=True, kw_only=True)
class Identification:
    """What MD_DataIdentification and SV_ServiceIdentification have in common."""

    title: str
    identifier: str
    """http URI of the resource."""
    dates: tuple[CitationDate, ...]
    """At most one of each type; empty when nothing is known of any."""
    abstract: str
    contacts: tuple[Party, ...]
    keywords: tuple[KeywordBlock, ...]
    limitations: tuple[str, ...]
    """MD_Constraints, useLimitation."""
    constraints: tuple[LegalConstraints, ...]
    purpose: str = ""
    frequency: Frequency | None = None
    thumbnail: str = ""
    extent: Box | None = None
    temporal: TemporalExtent | None = None
    """An empty end is unknown (`start`) or open (`end`)."""


@dataclass(frozen=True, kw_only=True)
class DataIdentification(Identification):
    """MD_DataIdentification."""

    representations: tuple[str, ...] = ()
    """MD_SpatialRepresentationTypeCode: ``vector``, ``textTable``."""
    scale: int | None = None
    """Denominator of the equivalent scale."""
    resolution: Decimal | None = None
    """Ground distance, metres."""
    language: str = "fre"
    """ISO 639-2/B."""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Operation:
    """SV_OperationMetadata, reached over the web."""

    name: str
    connect_point: Online


@dataclass(frozen=True, kw_only=True)
class OperatedData:
    """srv:operatesOn: the data that a service gives access to."""

    identifier: str
    """uuidref: the http URI of the dataset."""
    href: str
    """Address of the dataset's record, served as ``application/xml``."""


@dataclass(frozen=True, kw_only=True)
class ServiceIdentification(Identification):
    """SV_ServiceIdentification."""

    type: str
    """INSPIRE spatial data service type, ``download``."""
    versions: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    operates_on: tuple[OperatedData, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RecordContent:
    """All that one record says, but for its own date stamp."""

    identifier: str
    """fileIdentifier."""
    kind: RecordKind
    language: str
    """ISO 639-2/B code of the record."""
    level_name: str
    """hierarchyLevelName; empty for a dataset."""
    contacts: tuple[Party, ...]
    reference_systems: tuple[Label, ...]
    identification: DataIdentification | ServiceIdentification
    formats: tuple[Format, ...]
    online: tuple[Online, ...]
    conformance: tuple[Conformance, ...]
    lineage: str = ""


def unwritable_characters(text: str) -> tuple[str, ...]:
    """Return the characters of a text that XML cannot hold; usually none.

    References
    ----------
    XML 1.0, clause 2.2, production Char.
    """
    return tuple(dict.fromkeys(_UNWRITABLE.findall(text)))


def plain(text: str) -> str:
    r"""Return a text as a record can hold it and every catalogue gives it back.

    Line ends become ``\n`` (XML 1.0, clause 2.11), white space around the text
    goes, and each character that XML cannot hold becomes U+FFFD: still to be
    seen, and a check reports the original.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWRITABLE.sub(_REPLACEMENT, lines).strip()


def tidy(value: _T) -> _T:
    """Return a content tree with `plain` applied to each text in it."""
    return _tidy(value)  # type: ignore[return-value]  # same type in, same type out


def _tidy(value: object) -> object:
    """Return a value tidied; the very same one where nothing had to change."""
    if type(value) is str:
        return plain(value)
    if isinstance(value, tuple):
        items = tuple(_tidy(item) for item in value)
        changed = any(new is not old for new, old in zip(items, value, strict=True))
        return items if changed else value
    names = _field_names(type(value))  # type: ignore[arg-type]  # classes are hashable
    changes = {
        name: new
        for name in names
        if (new := _tidy(old := getattr(value, name))) is not old
    }
    return replace(value, **changes) if changes else value  # type: ignore[type-var]


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    """Return the fields of a dataclass; none of any other class."""
    return tuple(f.name for f in fields(kind)) if is_dataclass(kind) else ()
