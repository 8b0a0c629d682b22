"""A record as a person reads it: the names of its fields, and what they say.

JSON by the paths of its members; ISO 19139 by the properties on the way to each
value, the classes between them left out (ISO 19115 names, as every catalogue's form
has them), the most usual ones in words. What is there several times is one value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from lxml import etree

from metadata.finding import Text
from metadata.record import is_json
from metadata.xml import NAMESPACES, parse

_SEPARATOR = " ; "
"""Between the values of a field that is there several times."""
_HREF = f"{{{NAMESPACES['xlink']}}}href"
_ROOTS = ("identificationInfo.", "distributionInfo.", "dataQualityInfo.")
"""Left out of names that are clear without."""
_WORDS: Mapping[str, Text] = MappingProxyType(
    {
        "citation.title": Text("titre", "title"),
        "citation.date.date": Text("dates", "dates"),
        "citation.date.dateType": Text("types de date", "types of date"),
        "citation.identifier.code": Text("identifiant", "identifier"),
        "abstract": Text("résumé", "abstract"),
        "descriptiveKeywords.keyword": Text("mots-clés", "keywords"),
        "descriptiveKeywords.thesaurusName.title": Text("thésaurus", "thesauri"),
        "topicCategory": Text("catégories ISO", "topic categories"),
        "identificationInfo.language": Text("langue", "language"),
        "language": Text("langue de la fiche", "record's language"),
        "pointOfContact.organisationName": Text("organismes", "organisations"),
        "pointOfContact.individualName": Text("personnes", "people"),
        "pointOfContact.role": Text("rôles", "roles"),
        "pointOfContact.contactInfo.address.electronicMailAddress": Text(
            "courriels", "e-mail addresses"
        ),
        "contact.organisationName": Text("organisme de la fiche", "record's contact"),
        "contact.contactInfo.address.electronicMailAddress": Text(
            "courriel de la fiche", "record's e-mail address"
        ),
        "resourceMaintenance.maintenanceAndUpdateFrequency": Text(
            "fréquence de mise à jour", "update frequency"
        ),
        "resourceConstraints.accessConstraints": Text(
            "restrictions d'accès", "access constraints"
        ),
        "resourceConstraints.useConstraints": Text(
            "restrictions d'usage", "use constraints"
        ),
        "resourceConstraints.otherConstraints": Text(
            "licence et conditions", "licence and conditions"
        ),
        "resourceConstraints.useLimitation": Text("limites d'usage", "use limitations"),
        "graphicOverview.fileName": Text("aperçu", "overview"),
        "extent.geographicElement.westBoundLongitude": Text("ouest", "west"),
        "extent.geographicElement.eastBoundLongitude": Text("est", "east"),
        "extent.geographicElement.southBoundLatitude": Text("sud", "south"),
        "extent.geographicElement.northBoundLatitude": Text("nord", "north"),
        "transferOptions.onLine.linkage": Text("liens", "links"),
        "transferOptions.onLine.name": Text("noms des liens", "names of links"),
        "transferOptions.onLine.protocol": Text("protocoles", "protocols"),
        "distributionFormat.name": Text("formats", "formats"),
        "lineage.statement": Text("généalogie", "lineage"),
        "referenceSystemInfo.referenceSystemIdentifier.code": Text(
            "systèmes de coordonnées", "reference systems"
        ),
        "hierarchyLevel": Text("type de ressource", "type of resource"),
        "parentIdentifier": Text("fiche parente", "parent record"),
    }
)


def fields_of(record: bytes) -> Mapping[str, str]:
    """Return the fields of a record that are not empty, by name, in its order.

    Raises
    ------
    metadata.errors.PasserelleError
        It is XML that is not well-formed.
    """
    return _json_fields(record) if is_json(record) else _xml_fields(record)


def field_name(path: str) -> Text:
    """Return the name of a field in words, where it has any; else its path."""
    short = path
    for root in _ROOTS:
        short = short.removeprefix(root)
    named = _WORDS.get(path) or _WORDS.get(short)
    clear = short if "." in short else path
    return named or Text(clear, clear)


def value_shown(value: object) -> str:
    """Return one value as text; empty for what says nothing."""
    if value in (None, "", [], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json_fields(record: bytes) -> dict[str, str]:
    found = {path: value_shown(value) for path, value in _leaves(json.loads(record))}
    return {path: shown for path, shown in found.items() if shown}


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield paths and values; a list of plain values is one value.

    The resources of a dataset are told apart by their key, not by their place.
    """
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, part in enumerate(value):
            name = part.get("key") or part.get("role") or number
            yield from _leaves(part, f"{path}[{name}]")
    else:
        yield path, value


def _xml_fields(record: bytes) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    root = parse(record)
    for stamp in root.findall("gmd:dateStamp", NAMESPACES):
        root.remove(stamp)
    for path, value in _values(root, ""):
        found.setdefault(path, []).append(value)
    return {path: _SEPARATOR.join(values) for path, values in found.items()}


def _values(element: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    """Yield the values below an element, each with the properties on its way."""
    said = _said(element)
    if said:
        yield path, said
    for child in element.iterchildren(tag=etree.Element):
        name = etree.QName(child).localname
        # classes are written with a capital letter, properties are not
        deeper = path if name[:1].isupper() else f"{path}.{name}".lstrip(".")
        yield from _values(child, deeper)


def _said(element: etree._Element) -> str:
    """Return what one element says itself: its code, or its text and its link."""
    code = element.get("codeListValue")
    if code is not None:
        return str(code)
    text = " ".join((element.text or "").split())
    link = str(element.get(_HREF) or "")
    return f"{text} ({link})" if text and link else text or link
