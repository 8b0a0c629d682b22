"""What only a person can state: the `Description` of one dataset.

Read from ``datasets/<id>.yml`` by `metadata.description`. Nothing here is
measured: extents, CRS, fields and counts are in `metadata.measured`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Literal

from metadata.measured import Source


class Status(StrEnum):
    """Where a description stands. Only ``published`` goes out."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Access(StrEnum):
    """Who may have the data."""

    OPEN = "open"
    """Data and record."""
    RESTRICTED = "restricted"
    """The record only."""
    INTERNAL = "internal"
    """Neither."""


class Role(StrEnum):
    """ISO 19115 CI_RoleCode."""

    RESOURCE_PROVIDER = "resourceProvider"
    CUSTODIAN = "custodian"
    OWNER = "owner"
    USER = "user"
    DISTRIBUTOR = "distributor"
    ORIGINATOR = "originator"
    POINT_OF_CONTACT = "pointOfContact"
    PRINCIPAL_INVESTIGATOR = "principalInvestigator"
    PROCESSOR = "processor"
    PUBLISHER = "publisher"
    AUTHOR = "author"


class Frequency(StrEnum):
    """ISO 19115 MD_MaintenanceFrequencyCode."""

    CONTINUAL = "continual"
    DAILY = "daily"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    BIANNUALLY = "biannually"
    ANNUALLY = "annually"
    AS_NEEDED = "asNeeded"
    IRREGULAR = "irregular"
    NOT_PLANNED = "notPlanned"
    UNKNOWN = "unknown"


class Conformity(StrEnum):
    """Whether the data follow Commission Regulation (EU) No 1089/2010."""

    CONFORMANT = "conformant"
    NOT_CONFORMANT = "notConformant"
    NOT_EVALUATED = "notEvaluated"


class _Strict:
    """Refuse unknown keys when read by `metadata.description`."""

    __pydantic_config__: ClassVar = {
        "extra": "forbid",
        "allow_inf_nan": False,
        "use_attribute_docstrings": True,
    }


@dataclass(frozen=True, kw_only=True)
class Contact(_Strict):
    """An organisation, or a role in one, that answers for something."""

    organisation: str
    email: str
    """A role address (``sig@…``), not a person's."""
    role: Role = Role.POINT_OF_CONTACT
    name: str = ""
    """Name of a service or a function; persons are better left out."""
    phone: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class StatedExtent(_Strict):
    """A box a person states, in degrees on CRS84; compared with the measured."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, kw_only=True)
class StatedPeriod(_Strict):
    """The period the data are about; without `end` it goes on."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, kw_only=True)
class Dates(_Strict):
    """Dates of the data (not of the record)."""

    created: date | None = None
    published: date | None = None
    revised: date | None = None


@dataclass(frozen=True, kw_only=True)
class Link(_Strict):
    """A page or file about the dataset that Passerelle does not serve."""

    url: str
    title: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Columns(_Strict):
    """What happens to columns on their way out; all others go out as they are."""

    exclude: tuple[str, ...] = ()
    """Columns that do not exist for the outside."""
    rename: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Column → the name it has outside."""
    describe: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Column → a sentence; without one the column's comment serves."""


@dataclass(frozen=True, kw_only=True)
class TableSchema(_Strict):
    """The data schema that the CSV file of a collection follows."""

    name: str = ""
    """In the catalogue of schema.data.gouv.fr (``etalab/schema-irve-statique``)."""
    version: str = ""
    """Empty: none in particular."""
    url: str = ""
    """Address of one that is in no catalogue; instead of a name."""


@dataclass(frozen=True, kw_only=True)
class CollectionDescription(_Strict):
    """One table or layer of the dataset."""

    id: str
    """Collection identifier: ASCII slug, never changed once published."""
    source: Source
    title: str = ""
    """May be empty: the dataset's title, or the id, serves."""
    key: tuple[str, ...] = ()
    """The identifying columns, stated only where the silo has no key."""
    geometry: str = ""
    """The geometry column to serve, when there are several."""
    time: str = ""
    """The column that `datetime` filters on; else the first date column."""
    crs: int | None = None
    """EPSG code a person states; compared with the measured one."""
    columns: Columns = field(default_factory=Columns)
    schema: TableSchema | None = None
    """The data schema that its CSV file follows."""
    editable: bool | Literal["unconditional"] = False
    """Whether features may be created, replaced, updated and deleted with a key;
    ``unconditional``: also by who does not say which state they change."""


@dataclass(frozen=True, kw_only=True)
class Proposal(_Strict):
    """Words proposed by a survey. They count only once a person approves."""

    title: str = ""
    abstract: str = ""
    lineage: str = ""
    producer: str = ""
    themes: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Description(_Strict):
    """All that a person states about one dataset."""

    id: str
    """Short name of the dataset, equal to the file's name."""
    identifier: str
    """http URI of the dataset, for ever (``identifier_base/id``)."""
    record_identifier: str
    """fileIdentifier of the record, ``fr-<SIREN>-jdd-<uuid>``, for ever."""
    service_identifier: str
    """fileIdentifier of the download service's record, ``fr-<SIREN>-srv-<uuid>``."""
    collections: tuple[CollectionDescription, ...]
    status: Status = Status.DRAFT
    access: Access = Access.OPEN
    publish_from: date | None = None
    """Before this day nothing goes out; `None` is no such day."""
    title: str = ""
    abstract: str = ""
    lineage: str = ""
    """How the data came to be."""
    purpose: str = ""
    limitations: str = ""
    """What the data are not good for (useLimitation)."""
    producer: str = ""
    """Name of the organisation that made the data."""
    licence: str = ""
    """Key of `metadata.codelists.LICENCES`; the organisation's default applies
    only where `producer` is the organisation."""
    access_limitation: str = ""
    """INSPIRE Article 13 letter, ``a``…``h``, for restricted data."""
    language: str = "fre"
    """ISO 639-2/B code of the data."""
    series: bool = False
    """Whether the dataset is a series (hierarchyLevel)."""
    themes: tuple[str, ...] = ()
    """INSPIRE theme codes (``au``, ``hy``…)."""
    topics: tuple[str, ...] = ()
    """ISO 19115 topic category codes."""
    keywords: tuple[str, ...] = ()
    hvd: tuple[str, ...] = ()
    """High-value dataset category codes (``geospatial``…)."""
    spatial_scope: str = ""
    """INSPIRE SpatialScope code (``regional``, ``local``…); may be empty."""
    conformity: Conformity = Conformity.NOT_EVALUATED
    scale: int | None = None
    """Denominator of the equivalent scale."""
    resolution: float | None = None
    """Ground distance, metres."""
    frequency: Frequency = Frequency.UNKNOWN
    dates: Dates = field(default_factory=Dates)
    period: StatedPeriod | None = None
    extent: StatedExtent | None = None
    zones: tuple[str, ...] = ()
    """Territories, as data.gouv.fr names them (``fr:commune:93066``); else the
    organisation's."""
    contacts: tuple[Contact, ...] = ()
    """Without any, the organisation's contact serves."""
    links: tuple[Link, ...] = ()
    thumbnail: str = ""
    """http address of a picture; may be empty."""
    proposed: Proposal = field(default_factory=Proposal)


@dataclass(frozen=True, kw_only=True)
class Organisation(_Strict):
    """Who runs this Passerelle, and what holds for all of its datasets."""

    name: str
    siren: str
    """Nine digits."""
    email: str
    """Role address of the contact for data and records."""
    identifier_base: str
    """http URI under which datasets are named, for ever; not an address served."""
    url: str = ""
    phone: str = ""
    country: str = "FR"
    licence: str = ""
    """Default licence, for datasets whose `producer` is this organisation."""
    language: str = "fre"
    """ISO 639-2/B language of the records."""
    themes: tuple[str, ...] = ()
    """INSPIRE themes for datasets that state none; usually left empty."""
    topics: tuple[str, ...] = ()
    """ISO topics for datasets that state none; usually left empty."""
    frequency: Frequency | None = None
    """Update frequency for datasets that state none."""
    zones: tuple[str, ...] = ()
    """Territories of datasets that state none (``fr:departement:93``)."""
