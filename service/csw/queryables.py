"""The properties that a catalogue can be searched by, and the names they go by.

Harvesters write the same property in many ways: `apiso:Identifier` (ISO AP),
`apiso:identifier` (data.gouv.fr), `dc:identifier`, `identifier`, or the path
`/csw:Record/dc:identifier`. Prefix, path and case do not count here.

References
----------
OGC 07-006r1, tables 6 and 10; OGC 07-045, tables 6 to 12; INSPIRE Discovery
Services TG 3.1, table 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final

from service.csw.problems import invalid


class Kind(Enum):
    """What the values of a property are, and so how they compare."""

    TEXT = auto()
    DATE = auto()
    """Whole days, ISO 8601."""
    NUMBER = auto()
    BOX = auto()
    """The bounding box; for spatial operators only."""
    ANY = auto()
    """All text of a record, without case and accents; for LIKE."""

    @property
    def has_order(self) -> bool:
        """Whether records can be sorted by it."""
        return self not in {Kind.BOX, Kind.ANY}


class Group(StrEnum):
    """Under which constraint of the capabilities a property stands."""

    ISO = "SupportedISOQueryables"
    INSPIRE = "AdditionalQueryables"
    DUBLIN_CORE = "SupportedDublinCoreQueryables"


@dataclass(frozen=True)
class Queryable:
    """One property."""

    name: str
    group: Group
    kind: Kind
    slot: int
    """Its place among the values of a record."""


_TABLE: Final = (
    (
        Group.ISO,
        Kind.TEXT,
        "Subject Title Abstract Format Identifier Type CRS AlternateTitle "
        "OrganisationName HasSecurityConstraints Language ResourceIdentifier "
        "ParentIdentifier KeywordType TopicCategory ResourceLanguage "
        "GeographicDescriptionCode DistanceUOM ServiceType ServiceTypeVersion "
        "Operation CouplingType OperatesOn OperatesOnIdentifier OperatesOnName",
    ),
    (
        Group.ISO,
        Kind.DATE,
        "Modified RevisionDate CreationDate PublicationDate TempExtent_begin "
        "TempExtent_end",
    ),
    (Group.ISO, Kind.NUMBER, "Denominator DistanceValue"),
    (Group.ISO, Kind.BOX, "BoundingBox"),
    (Group.ISO, Kind.ANY, "AnyText"),
    (
        Group.INSPIRE,
        Kind.TEXT,
        "Degree SpecificationTitle SpecificationDateType AccessConstraints "
        "OtherConstraints Classification ConditionApplyingToAccessAndUse Lineage "
        "ResponsiblePartyRole",
    ),
    (Group.INSPIRE, Kind.DATE, "SpecificationDate"),
    (
        Group.DUBLIN_CORE,
        Kind.TEXT,
        "Creator Publisher Contributor Relation Rights References",
    ),
    (Group.DUBLIN_CORE, Kind.DATE, "Date"),
)
QUERYABLES: Final = tuple(
    Queryable(name, group, kind, slot)
    for slot, (group, kind, name) in enumerate(
        (group, kind, name) for group, kind, names in _TABLE for name in names.split()
    )
)
"""Every property, in the order of its slot."""
SLOTS: Final = {queryable.name: queryable.slot for queryable in QUERYABLES}
BY_NAME: Final = {queryable.name.lower(): queryable for queryable in QUERYABLES}
_OTHER_NAMES: Final = {
    "fileidentifier": "identifier",
    "description": "abstract",
    "issued": "publicationdate",
    "created": "creationdate",
    "alternative": "alternatetitle",
    "ispartof": "parentidentifier",
    "association": "relation",
    "spatial": "geographicdescriptioncode",
    "uri": "references",
    "resourcetype": "type",
    "organizationname": "organisationname",
}


def find_queryable(name: str) -> Queryable:
    """Return the property that a client names.

    Raises
    ------
    service.csw.problems.CswProblem
        There is no such property.
    """
    local = name.strip().rpartition("/")[2].rpartition(":")[2].lower()
    found = BY_NAME.get(_OTHER_NAMES.get(local, local))
    if found is None:
        raise invalid("PropertyName", "csw.property", name=name.strip()[:80])
    return found
