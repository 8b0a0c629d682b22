"""Records as ``csw:Record``: Dublin Core with a bounding box.

Made from the values that a record is searched by, so that what is found and
what is shown agree.

References
----------
OGC 07-006r1, clause 10.2.5 and tables 6 to 9; OGC 07-045, table 16.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from metadata.content import Online, RecordContent
from service.csw.names import ElementSet, add, element, qualified
from service.csw.queryables import SLOTS
from service.csw.values import Values

CRS_NAME: Final = "urn:x-ogc:def:crs:EPSG:6.11:4326"
"""Latitude first, as its authority says."""
_ROOTS: Final = {
    ElementSet.BRIEF: "csw:BriefRecord",
    ElementSet.SUMMARY: "csw:SummaryRecord",
    ElementSet.FULL: "csw:Record",
}
_BRIEF: Final = ("dc:identifier", "dc:title", "dc:type", "ows:BoundingBox")
_SUMMARY: Final = (
    "dc:identifier",
    "dc:title",
    "dc:type",
    "dc:subject",
    "dc:format",
    "dc:relation",
    "dct:modified",
    "dct:abstract",
    "ows:BoundingBox",
)
_KEPT: Final = {
    ElementSet.BRIEF: [qualified(name) for name in _BRIEF],
    ElementSet.SUMMARY: [qualified(name) for name in _SUMMARY],
}
_ELEMENTS: Final = (
    ("dc:identifier", "Identifier"),
    ("dc:title", "Title"),
    ("dc:type", "Type"),
    ("dc:subject", "Subject"),
    ("dc:subject", "TopicCategory"),
    ("dc:format", "Format"),
    ("dc:relation", "Relation"),
    ("dct:modified", "Modified"),
    ("dct:abstract", "Abstract"),
    ("dc:creator", "Creator"),
    ("dc:publisher", "Publisher"),
    ("dc:contributor", "Contributor"),
    ("dc:date", "Date"),
    ("dct:created", "CreationDate"),
    ("dct:issued", "PublicationDate"),
    ("dc:language", "ResourceLanguage"),
    ("dct:provenance", "Lineage"),
    ("dc:rights", "Rights"),
)
"""In the order of the schema's summary; each once per value."""


def encode_record(content: RecordContent, values: Values) -> bytes:
    """Return the full record, every prefix bound in its root."""
    root = _root_of(values)
    for online in content.online:
        reference = add(root, "dct:references", online.url)
        scheme = _scheme(online)
        if scheme:
            reference.set("scheme", scheme)
    _add_box(root, content)
    return bytes(etree.tostring(root, encoding="UTF-8"))


def encode_values(values: Values) -> bytes:
    """Return the full record of one that could not be read."""
    return bytes(etree.tostring(_root_of(values), encoding="UTF-8"))


def _root_of(values: Values) -> etree._Element:
    root = element("csw:Record")
    for name, prop in _ELEMENTS:
        for value in values[SLOTS[prop]]:
            add(root, name, value)
    return root


def _scheme(online: Online) -> str:
    """Return what the link leads to: an address or a protocol name without spaces."""
    if online.protocol is None:
        return ""
    return online.protocol.href or online.protocol.text.replace(" ", "-")


def _add_box(root: etree._Element, content: RecordContent) -> None:
    extent = content.identification.extent
    if extent is not None:
        box = add(root, "ows:BoundingBox", crs=CRS_NAME, dimensions="2")
        add(box, "ows:LowerCorner", f"{extent.south} {extent.west}")
        add(box, "ows:UpperCorner", f"{extent.north} {extent.east}")


def view(record: bytes, wanted: ElementSet) -> bytes:
    """Return the brief or summary view of a full record."""
    if wanted is ElementSet.FULL:
        return record
    full = etree.fromstring(record)
    root = element(_ROOTS[wanted])
    for name in _KEPT[wanted]:
        for child in full.findall(name):
            root.append(child)
    return bytes(etree.tostring(root, encoding="UTF-8"))


def chosen_elements(record: bytes, names: frozenset[str]) -> bytes:
    """Return a record with only the elements of some local names (lower case)."""
    root = etree.fromstring(record)
    for child in list(_children(root)):
        if etree.QName(child).localname.lower() not in names:
            root.remove(child)
    return bytes(etree.tostring(root, encoding="UTF-8"))


def _children(root: etree._Element) -> Iterator[etree._Element]:
    yield from root
