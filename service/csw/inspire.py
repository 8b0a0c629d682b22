"""INSPIRE's extended capabilities of a discovery service, scenario 2.

All of the service's metadata stand in the capabilities themselves, so that no
record of the catalogue has to be kept elsewhere. The languages are those of the
service; an unknown one is answered in the default.

References
----------
INSPIRE Discovery Services TG 3.1, clauses 4.3.1 and 4.5; the order of elements
is that of `common.xsd` 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

from lxml import etree

from metadata.finding import Language
from metadata.iso19139_terms import network_services
from metadata.stated import Organisation
from metadata.xml import NAMESPACES
from service.csw.names import INSPIRE_COMMON, INSPIRE_DS, XML

CODES: Final[Mapping[Language, str]] = MappingProxyType(
    {Language.FRENCH: "fre", Language.ENGLISH: "eng"}
)
"""ISO 639-2/B."""
SCHEMA_LOCATION: Final = f"{INSPIRE_DS} {INSPIRE_DS}/inspire_ds.xsd"
_NOT_EVALUATED: Final = "notEvaluated"
"""Conformity is for a person to declare; nobody has."""


def answer_language(asked: str | None, languages: Sequence[Language]) -> Language:
    """Return the language of an answer: the one asked for, else the default."""
    wanted = (asked or "").strip().lower()
    return next((one for one in languages if CODES[one] == wanted), languages[0])


def add_extended_capabilities(
    parent: etree._Element,
    *,
    address: str,
    organisation: Organisation,
    languages: Sequence[Language],
    language: Language,
    changed: date,
) -> None:
    """Add the element to ``ows:OperationsMetadata``.

    Parameters
    ----------
    address
        Of the service, without parameters.
    languages
        The default first.
    changed
        The day on which the catalogue last changed.
    """
    prefixes = {"inspire_ds": INSPIRE_DS, "inspire_common": INSPIRE_COMMON}
    name = f"{{{INSPIRE_DS}}}ExtendedCapabilities"
    root = etree.SubElement(parent, name, nsmap=prefixes)
    locator = _add(root, "ResourceLocator")
    query = "service=CSW&version=2.0.2&request=GetCapabilities"
    _add(locator, "URL", f"{address}?{query}")
    _add(locator, "MediaType", XML)
    _add(root, "ResourceType", "service")
    _add(_add(root, "TemporalReference"), "DateOfLastRevision", changed.isoformat())
    _add_conformity(root, language)
    contact = _add(root, "MetadataPointOfContact")
    _add(contact, "OrganisationName", organisation.name)
    _add(contact, "EmailAddress", organisation.email)
    _add(root, "MetadataDate", changed.isoformat())
    _add(root, "SpatialDataServiceType", "discovery")
    keyword = _add(root, "MandatoryKeyword")
    _set_type(keyword, "classificationOfSpatialDataService")
    _add(keyword, "KeywordValue", "infoCatalogueService")
    _add_languages(root, languages, language)


def _add_conformity(root: etree._Element, language: Language) -> None:
    cited = network_services(language)
    conformity = _add(root, "Conformity")
    specification = _add(conformity, "Specification")
    _add(specification, "Title", cited.title.text)
    _add(specification, "DateOfPublication", cited.date.day)
    _add(conformity, "Degree", _NOT_EVALUATED)


def _add_languages(
    root: etree._Element, languages: Sequence[Language], language: Language
) -> None:
    default, *others = languages
    supported = _add(root, "SupportedLanguages")
    _add(_add(supported, "DefaultLanguage"), "Language", CODES[default])
    for other in others:
        _add(_add(supported, "SupportedLanguage"), "Language", CODES[other])
    _add(_add(root, "ResponseLanguage"), "Language", CODES[language])


def _add(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    child = etree.SubElement(parent, f"{{{INSPIRE_COMMON}}}{name}")
    if text:
        child.text = text
    return child


def _set_type(element: etree._Element, name: str) -> None:
    element.set(f"{{{NAMESPACES['xsi']}}}type", f"inspire_common:{name}")
