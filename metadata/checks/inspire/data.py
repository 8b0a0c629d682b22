"""Data sets and series: identity, language, reference systems, files (ds, isdss)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from metadata.checks.evidence import (
    HREF,
    Evidence,
    Path,
    Requirement,
    content,
    place,
    text,
    value,
)
from metadata.checks.inspire.general import language_code
from metadata.checks.rules import Flaw, flaw
from metadata.xml import qualified

_LEVEL: Final = Path("gmd:hierarchyLevel/gmd:MD_ScopeCode")
_ONE: Final = Path("gmd:identificationInfo[1]/gmd:MD_DataIdentification")
_CODE: Final = Path("gmd:citation/gmd:CI_Citation/gmd:identifier/*/gmd:code")
_RESOLUTION: Final = Path("gmd:spatialResolution")
_SCALE: Final = Path("gmd:MD_Resolution/gmd:equivalentScale")
_DENOMINATOR: Final = Path(
    "gmd:MD_Resolution/gmd:equivalentScale/gmd:MD_RepresentativeFraction"
    "/gmd:denominator/gco:Integer"
)
_DISTANCE: Final = Path("gmd:MD_Resolution/gmd:distance")
_METRES: Final = Path("gmd:MD_Resolution/gmd:distance/gco:Distance")
_LANGUAGE: Final = Path("gmd:language/gmd:LanguageCode")
_TOPIC: Final = Path("gmd:topicCategory")
_ONLINE: Final = Path(
    "gmd:distributionInfo/gmd:MD_Distribution/gmd:transferOptions"
    "/gmd:MD_DigitalTransferOptions/gmd:onLine/gmd:CI_OnlineResource"
)
_URL: Final = Path("gmd:linkage/gmd:URL")
_REFERENCE_SYSTEM: Final = Path(
    "gmd:referenceSystemInfo/gmd:MD_ReferenceSystem/gmd:referenceSystemIdentifier"
    "/gmd:RS_Identifier"
)
_REPRESENTATION: Final = Path(
    "gmd:spatialRepresentationType/gmd:MD_SpatialRepresentationTypeCode"
)
_CHARACTERS: Final = Path("gmd:characterSet/gmd:MD_CharacterSetCode")
_FORMAT: Final = Path(
    "gmd:distributionInfo[1]/gmd:MD_Distribution/gmd:distributionFormat"
)
_NAME: Final = Path("gmd:MD_Format/gmd:name")
_VERSION: Final = Path("gmd:MD_Format/gmd:version")
_ADDRESS: Final = re.compile(
    r"(http://|https://|ftp://)[a-z0-9](\.?[a-z0-9-])*\.[a-z0-9-]{1,4}/?"
)
_WHOLE: Final = re.compile(r"[0-9]{1,40}")
EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
"""How a reference system by default must be named."""


def data_level(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.1: the record is about a data set or a series."""
    if not record.levels & {"dataset", "series"}:
        yield flaw("level", str(_LEVEL), found=", ".join(sorted(record.levels)))


def one_data_identification(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.2: the data are identified in exactly one place."""
    count = len(_ONE.all(record.root))
    if count != 1:
        yield flaw("not_one", str(_ONE), count=str(count))


def resource_identifier(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.3: the data have an identifier, and each is given once."""
    codes = record.identified_first(_CODE)
    if not codes:
        yield flaw("absent", record.expected(_CODE))
    seen: set[str] = set()
    for code in codes:
        said = identifier(code)
        if not said:
            yield flaw("empty", place(code))
        elif said in seen:
            yield flaw("repeated", place(code), found=said)
        seen.add(said)


def identifier(code: etree._Element) -> str:
    """Return the identifier that a ``gmd:code`` holds; empty without."""
    anchor = code.find(qualified("gmx:Anchor"))
    return text(code) if anchor is None else value(anchor, HREF)


def cited_identifiers(root: etree._Element) -> list[str]:
    """Return the identifiers of the resource that a record describes."""
    first = root.find(qualified("gmd:identificationInfo"))
    parts = [] if first is None else list(first)
    found = [identifier(code) for part in parts for code in _CODE.all(part)]
    return [said for said in found if said]


def spatial_resolution(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.5: a resolution, if any, is a scale or a distance, and a number."""
    resolutions = record.identified_first(_RESOLUTION)
    stated = [r for r in resolutions if _SCALE.all(r) or _DISTANCE.all(r)]
    if resolutions and not stated:
        yield flaw("empty", place(resolutions[0]))
    for resolution in resolutions:
        yield from _resolution(resolution)


def _resolution(resolution: etree._Element) -> Iterator[Flaw]:
    for number in _DENOMINATOR.all(resolution):
        if not _WHOLE.fullmatch(content(number)):
            yield flaw("scale", place(number), found=content(number))
    for number in _METRES.all(resolution):
        if not _is_distance(content(number)):
            yield flaw("distance", place(number), found=content(number))
    if _SCALE.all(resolution) and _DISTANCE.all(resolution):
        yield flaw("mixed", place(resolution))


def _is_distance(said: str) -> bool:
    """Tell whether a text is a number other than 0 (``NaN`` is none)."""
    try:
        number = float(said)
    except ValueError:
        return False
    return number == number and number != 0  # noqa: PLR0124


def resource_language(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.6: the language of the data, by its code of ISO 639-2/B."""
    codes = record.identified_first(_LANGUAGE)
    if not codes:
        yield flaw("absent", record.expected(_LANGUAGE))
    for code in codes:
        yield from language_code(record, code, among="languages")


def topic_category(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.7: at least one of the 19 topics of ISO 19115."""
    topics = record.identified_first(_TOPIC)
    if not topics:
        yield flaw("absent", record.expected(_TOPIC))
    for topic in topics:
        if not record.accepts("topics", content(topic)):
            yield flaw("unknown", place(topic), found=content(topic))


def resource_locator(record: Evidence) -> Iterator[Flaw]:
    """Check ds 1.8: each address has a scheme and a lower-case host with a dot."""
    for online in _ONLINE.all(record.root):
        address = " ".join(content(url) for url in _URL.all(online))
        if not address:
            yield flaw("absent", place(online))
        elif not _ADDRESS.search(address):
            yield flaw("address", place(online), found=address)


def reference_system(record: Evidence) -> Iterator[Flaw]:
    """Check isdss 2.1 and 2.3: at least one reference system, each with its code."""
    systems = _REFERENCE_SYSTEM.all(record.root)
    if not systems:
        yield flaw("absent", str(_REFERENCE_SYSTEM))
    for system in systems:
        codes = system.findall(qualified("gmd:code"))
        spaces = system.findall(qualified("gmd:codeSpace"))
        if not any(text(code) for code in codes):
            yield flaw("code", place(system))
        elif spaces and not any(text(space) for space in spaces):
            yield flaw("code_space", place(system))


def default_reference_system(record: Evidence) -> Iterator[Flaw]:
    """Check isdss 2.2: a reference system by default is named by its http URI alone."""
    for system in _REFERENCE_SYSTEM.all(record.root):
        for code in system.findall(qualified("gmd:code")):
            defaults = record.rules.lists["default_reference_systems"]
            if not any(number in text(code) for number in defaults):
                continue
            anchors = code.findall(qualified("gmx:Anchor"))
            names = {text(code), *(value(anchor, HREF) for anchor in anchors)}
            spaced = system.find(qualified("gmd:codeSpace")) is not None
            if spaced or not names & {EPSG + number for number in defaults}:
                yield flaw("name", place(code), found=text(code))


def representation_type(record: Evidence) -> Iterator[Flaw]:
    """Check isdss 2.4: vector, grid, TIN or table."""
    codes = record.identified_first(_REPRESENTATION)
    if not codes:
        yield flaw("absent", record.expected(_REPRESENTATION))
    yield from _listed(record, codes, "representation_types")


def character_set(record: Evidence) -> Iterator[Flaw]:
    """Check isdss 2.5: the character set, if any, is one that ISO 19115 lists."""
    yield from _listed(record, record.identified_first(_CHARACTERS), "character_sets")


def _listed(record: Evidence, codes: list[etree._Element], name: str) -> Iterator[Flaw]:
    for code in codes:
        if not record.accepts(name, value(code)):
            yield flaw("unknown", place(code), found=value(code))


def data_encoding(record: Evidence) -> Iterator[Flaw]:
    """Check isdss 2.6: at least one format, with its version or why none."""
    formats = _FORMAT.all(record.root)
    if not formats:
        yield flaw("absent", str(_FORMAT))
    for encoding in formats:
        names, versions = _NAME.all(encoding), _VERSION.all(encoding)
        if not any(text(name) for name in names):
            yield flaw("name", place(encoding))
        elif not any(map(_has_version, versions)):
            yield flaw("version", place(encoding))


def _has_version(version: etree._Element) -> bool:
    reason = value(version, qualified("gco:nilReason"))
    return bool(text(version)) or reason in {"unknown", "inapplicable"}


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "inspire.ds.1.1": data_level,
        "inspire.ds.1.2": one_data_identification,
        "inspire.ds.1.3": resource_identifier,
        "inspire.ds.1.5": spatial_resolution,
        "inspire.ds.1.6": resource_language,
        "inspire.ds.1.7": topic_category,
        "inspire.ds.1.8": resource_locator,
        "inspire.isdss.2.1": reference_system,
        "inspire.isdss.2.2": default_reference_system,
        "inspire.isdss.2.3": reference_system,
        "inspire.isdss.2.4": representation_type,
        "inspire.isdss.2.5": character_set,
        "inspire.isdss.2.6": data_encoding,
    }
)
