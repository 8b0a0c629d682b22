"""The vocabularies that DCAT-AP points to, and what stands for what in them.

References
----------
DCAT-AP 3.0.1, GeoDCAT-AP 3.0.0, DCAT-AP HVD 3.0.0; the alignments of the
INSPIRE themes with the EU's data themes (SEMIC).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from metadata.codelists import (
    HVD_CATEGORIES,
    LICENCES,
    SPATIAL_SCOPES,
    THEMES,
    CodedValue,
    Licence,
)
from metadata.finding import Text
from metadata.stated import Role

AUTHORITY: Final = "http://publications.europa.eu/resource/authority/"
ACCESS_RIGHT: Final = AUTHORITY + "access-right/"
DATA_THEMES: Final = AUTHORITY + "data-theme"
MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
HVD_LEGISLATION: Final = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
HVD_SCHEME: Final = "http://data.europa.eu/bna/asd487ae75"
INSPIRE_THEMES: Final = "http://inspire.ec.europa.eu/theme"
ROLES: Final = "http://inspire.ec.europa.eu/metadata-codelist/ResponsiblePartyRole/"
CONFORMITY: Final = "http://inspire.ec.europa.eu/metadata-codelist/DegreeOfConformity/"
TOPIC: Final = "http://inspire.ec.europa.eu/metadata-codelist/TopicCategory/"
RESOURCE: Final = "http://inspire.ec.europa.eu/metadata-codelist/ResourceType/"
SERVICE_TYPE: Final = (
    "http://inspire.ec.europa.eu/metadata-codelist/SpatialDataServiceType/"
)
OGC_API_FEATURES: Final = "http://www.opengeospatial.org/standards/ogcapi-features"
"""The address by which data.gouv.fr knows the format of an API."""
CORE_CLASS: Final = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
OGC_API_WORDS: Final = "OGC API Features"
SHA_256: Final = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"

AGENT_PROPERTIES: Final = MappingProxyType(
    {
        Role.AUTHOR: "dct:creator",
        Role.OWNER: "dct:rightsHolder",
        Role.CUSTODIAN: "geodcatap:custodian",
        Role.DISTRIBUTOR: "geodcatap:distributor",
        Role.ORIGINATOR: "geodcatap:originator",
        Role.PRINCIPAL_INVESTIGATOR: "geodcatap:principalInvestigator",
        Role.PROCESSOR: "geodcatap:processor",
        Role.RESOURCE_PROVIDER: "geodcatap:resourceProvider",
        Role.USER: "geodcatap:user",
    }
)
"""Role → property (GeoDCAT-AP, section on responsible parties); a point of contact
and the publisher, of whom there is one, are written on their own."""

PURPOSE: Final = Text(fr="Objectif : {}", en="Purpose: {}")
LIMITATION: Final = Text(fr="Limites d'utilisation : {}", en="Limitations of use: {}")
REFERENCE_SYSTEM: Final = Text(
    fr="Système de coordonnées : {}", en="Coordinate reference system: {}"
)


@dataclass(frozen=True, kw_only=True)
class FileType:
    """What the ending of a file's name says."""

    ending: str
    code: str
    """Code in the EU's list of file types; empty: it has none."""
    media_type: str
    """Of the data themselves; empty: none is registered with IANA."""
    packed: str
    """Media type of the archive around them; empty: none."""

    @property
    def uri(self) -> str:
        """Address in the EU's list; empty: it has none."""
        return f"{AUTHORITY}file-type/{self.code}" if self.code else ""


@dataclass(frozen=True, kw_only=True)
class DataTheme(CodedValue):
    """One data theme of the EU."""

    inspire: frozenset[str]
    """INSPIRE theme codes under it."""
    topics: frozenset[str]
    """ISO topic categories under it."""


def _rows(name: str) -> Mapping[str, dict[str, Any]]:
    content = files("metadata").joinpath("codelists", f"{name}.toml").read_bytes()
    return tomllib.loads(content.decode("utf-8"))


def _file_types() -> tuple[FileType, ...]:
    """Return every file type, the longest endings first."""
    rows = sorted(_rows("file_types").items(), key=lambda row: -len(row[0]))
    return tuple(FileType(ending=ending, **row) for ending, row in rows)


def _data_themes() -> tuple[DataTheme, ...]:
    return tuple(
        DataTheme(
            code=code,
            uri=row["uri"],
            fr=row["fr"],
            en=row["en"],
            inspire=frozenset(row["inspire"]),
            topics=frozenset(row["topics"]),
        )
        for code, row in _rows("data_themes").items()
    )


_FILE_TYPES: Final = _file_types()
_DATA_THEMES: Final = _data_themes()
_THEMES: Final = {value.uri: value for value in THEMES.values()}
_CATEGORIES: Final = {value.uri: value for value in HVD_CATEGORIES.values()}
_SCOPES: Final = {value.uri: value for value in SPATIAL_SCOPES.values()}
_LICENCES: Final = {value.uri: value for value in LICENCES.values() if value.text}


def file_type(address: str) -> FileType | None:
    """Return the type of a file by its address; `None` when nothing tells it."""
    path = address.partition("?")[0].partition("#")[0].lower()
    return next((t for t in _FILE_TYPES if path.endswith(f".{t.ending}")), None)


def data_themes(
    themes: Iterable[CodedValue], topics: Iterable[str]
) -> tuple[DataTheme, ...]:
    """Return the EU's data themes of INSPIRE themes and ISO topic categories.

    The themes decide; topics, which are broader, only where there is no theme.
    """
    codes = {theme.code for theme in themes}
    found = tuple(theme for theme in _DATA_THEMES if theme.inspire & codes)
    said = set(topics)
    return found or tuple(theme for theme in _DATA_THEMES if theme.topics & said)


def themes_named(addresses: Iterable[str]) -> tuple[CodedValue, ...]:
    """Return the INSPIRE themes among some addresses."""
    return tuple(_known(addresses, _THEMES))


def categories_named(addresses: Iterable[str]) -> tuple[CodedValue, ...]:
    """Return the high-value dataset categories among some addresses."""
    return tuple(_known(addresses, _CATEGORIES))


def scopes_named(addresses: Iterable[str]) -> tuple[CodedValue, ...]:
    """Return the INSPIRE spatial scopes among some addresses."""
    return tuple(_known(addresses, _SCOPES))


def licence_named(addresses: Iterable[str]) -> Licence | None:
    """Return the first licence among some addresses; `None` without any."""
    return next((_LICENCES[a] for a in addresses if a in _LICENCES), None)


def _known(
    addresses: Iterable[str], values: Mapping[str, CodedValue]
) -> Iterator[CodedValue]:
    return (values[a] for a in dict.fromkeys(addresses) if a in values)
