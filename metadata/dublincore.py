"""Simple Dublin Core (``oai_dc``), the one format that every OAI-PMH harvester reads.

Fifteen elements, all optional and repeatable: what a record says is put where a
library would look for it, and nothing is invented. As in `metadata.dcat`, it is the
content of the published record that is encoded.

References
----------
Dublin Core Metadata Element Set 1.1; OAI-PMH 2.0, clause 4.2 and ``oai_dc.xsd``;
DCMI Box and DCMI Period for the coverage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from metadata.codelists import TOPICS
from metadata.content import (
    DataIdentification,
    DateType,
    OnlineFunction,
    RecordContent,
    ServiceIdentification,
)
from metadata.dcat_terms import file_type
from metadata.language_tags import language_tag
from metadata.record import RecordKind
from metadata.stated import Role

OAI_DC: Final = "http://www.openarchives.org/OAI/2.0/oai_dc/"
OAI_DC_SCHEMA: Final = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_NAMESPACES: Final = {"oai_dc": OAI_DC, "dc": _DC, "xsi": _XSI}
_IN_WORDS: Final = frozenset({"title", "subject", "description"})
"""Elements whose values are words in the language of the record."""
_CREATORS: Final = frozenset(
    {Role.AUTHOR, Role.ORIGINATOR, Role.OWNER, Role.PRINCIPAL_INVESTIGATOR}
)
_TYPES: Final = {
    RecordKind.DATASET: "Dataset",
    RecordKind.SERIES: "Collection",
    RecordKind.SERVICE: "Service",
}
"""DCMI Type Vocabulary."""
_PREFERRED: Final = (DateType.REVISION, DateType.PUBLICATION, DateType.CREATION)

Element = etree._Element  # lxml has no public name for it
Pair = tuple[str, str]
"""Name of an element, and its text."""


def oai_dc(content: RecordContent) -> Element:
    """Return a record as an ``oai_dc:dc`` element."""
    root = etree.Element(f"{{{OAI_DC}}}dc", nsmap=_NAMESPACES)
    root.set(f"{{{_XSI}}}schemaLocation", f"{OAI_DC} {OAI_DC_SCHEMA}")
    tag = language_tag(content.language)
    for name, value in dublin_core(content):
        child = etree.SubElement(root, f"{{{_DC}}}{name}")
        child.text = value
        if name in _IN_WORDS and tag:
            child.set(_LANG, tag)
    return root


def dublin_core(content: RecordContent) -> Iterator[Pair]:
    """Yield the elements of a record with their texts, each pair once."""
    found = (
        ("title", content.identification.title),
        *_identifiers(content),
        *_people(content),
        ("type", _TYPES[content.kind]),
        *_subjects(content),
        ("description", content.identification.abstract),
        ("description", content.lineage),
        *_dates(content),
        *_languages(content),
        *_links(content),
        *_coverage(content),
        *_rights(content),
    )
    yield from (pair for pair in dict.fromkeys(found) if pair[1])


def _identifiers(content: RecordContent) -> Iterator[Pair]:
    yield "identifier", content.identification.identifier
    yield "identifier", content.identifier
    for online in content.online:
        if online.function is None:
            yield "identifier", online.url


def _people(content: RecordContent) -> Iterator[Pair]:
    parties = content.identification.contacts
    publishers = [p for p in parties if p.role is Role.PUBLISHER] or content.contacts
    for party in parties:
        if party.role in _CREATORS:
            yield "creator", party.organisation
    yield from (("publisher", party.organisation) for party in publishers)
    for party in parties:
        if party.role not in _CREATORS | {Role.PUBLISHER, Role.USER}:
            yield "contributor", party.organisation


def _subjects(content: RecordContent) -> Iterator[Pair]:
    for block in content.identification.keywords:
        yield from (("subject", label.text) for label in block.keywords)
    if isinstance(content.identification, DataIdentification):
        french = content.language == "fre"
        for code in content.identification.topics:
            topic = TOPICS.get(code)
            if topic is not None:
                yield "subject", topic.fr if french else topic.en


def _dates(content: RecordContent) -> Iterator[Pair]:
    """Yield one date: of the last revision, else of the next best event."""
    days = {found.type: found.day for found in content.identification.dates}
    yield from [("date", days[kind]) for kind in _PREFERRED if kind in days][:1]


def _languages(content: RecordContent) -> Iterator[Pair]:
    if isinstance(content.identification, DataIdentification):
        yield "language", content.identification.language


def _links(content: RecordContent) -> Iterator[Pair]:
    """Yield where the data are and in which formats, and what is about them."""
    for online in content.online:
        if online.function is OnlineFunction.INFORMATION:
            yield "relation", online.url
        elif online.function is not None:
            yield "identifier", online.url
            kind = file_type(online.url)
            yield "format", kind.media_type if kind else ""
    if isinstance(content.identification, ServiceIdentification):
        for data in content.identification.operates_on:
            yield "relation", data.identifier


def _coverage(content: RecordContent) -> Iterator[Pair]:
    box, period = content.identification.extent, content.identification.temporal
    if box is not None:
        yield (
            "coverage",
            f"northlimit={box.north}; eastlimit={box.east}; "
            f"southlimit={box.south}; westlimit={box.west}; units=degrees; "
            "projection=EPSG:4326",
        )
    if period is not None:
        yield "coverage", _joined(("start", period.start), ("end", period.end))


def _joined(*parts: Pair) -> str:
    return "; ".join(f"{name}={value}" for name, value in parts if value)


def _rights(content: RecordContent) -> Iterator[Pair]:
    for constraint in content.identification.constraints:
        for label in constraint.others:
            yield "rights", label.text
            yield "rights", label.href
    yield from (("rights", text) for text in content.identification.limitations)
