"""Namespaces and names of the standards that a CSW answer is made of.

References
----------
OGC 07-006r1 (CSW 2.0.2), OGC 07-045 (ISO Application Profile 1.0), INSPIRE
Discovery Services TG 3.1.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from lxml import etree

from metadata.content import plain
from metadata.xml import NAMESPACES

VERSION: Final = "2.0.2"
XML: Final = "application/xml"
SENT_AS: Final = f"{XML}; charset=UTF-8"
"""With its encoding: clients that read answers as text guess it otherwise."""
FORMATS: Final = (XML, "text/xml")
"""Media types of `outputFormat`; all of them are answered as `XML`."""
GML: Final = "http://www.opengis.net/gml"
"""GML 3.1.1, in which filters write geometries."""
XML_SCHEMA: Final = "http://www.w3.org/XML/Schema"
DISCOVERY_XSD: Final = "http://schemas.opengis.net/csw/2.0.2/CSW-discovery.xsd"
INSPIRE_DS: Final = "http://inspire.ec.europa.eu/schemas/inspire_ds/1.0"
INSPIRE_COMMON: Final = "http://inspire.ec.europa.eu/schemas/common/1.0"
ENVELOPE: Final = MappingProxyType(
    {
        **{name: NAMESPACES[name] for name in ("csw", "ows", "ogc", "dc", "dct")},
        "gml": GML,
        "xlink": NAMESPACES["xlink"],
        "xsi": NAMESPACES["xsi"],
    }
)
"""Prefixes of what we write around records."""


class OutputSchema(StrEnum):
    """A schema that records are given in."""

    CSW = NAMESPACES["csw"]
    GMD = NAMESPACES["gmd"]
    DCAT = "http://www.w3.org/ns/dcat#"
    GEODCAT = "http://data.europa.eu/930/"

    @property
    def is_linked(self) -> bool:
        """Whether records are RDF: then there is one view of them only."""
        return self in {OutputSchema.DCAT, OutputSchema.GEODCAT}


class ElementSet(StrEnum):
    """How much of a record is given."""

    BRIEF = "brief"
    SUMMARY = "summary"
    FULL = "full"


def element(name: str) -> etree._Element:
    """Return a new root element by its prefixed name, every prefix bound."""
    return etree.Element(qualified(name), nsmap=dict(ENVELOPE))


def add(
    parent: etree._Element, name: str, text: str = "", /, **attributes: str
) -> etree._Element:
    """Add a child by its prefixed name; return it.

    Characters that XML cannot hold are replaced: clients may have written them.
    """
    cleaned = {name: plain(value) for name, value in attributes.items()}
    child = etree.SubElement(parent, qualified(name), cleaned)
    if text:
        child.text = plain(text)
    return child


def qualified(name: str) -> str:
    """Return ``prefix:local`` of `ENVELOPE` in Clark notation."""
    prefix, _, local = name.partition(":")
    return f"{{{ENVELOPE[prefix]}}}{local}"


def serialised(root: etree._Element) -> bytes:
    """Return a document in UTF-8, with its declaration."""
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
