"""The one place where XML is parsed and where prefixes are bound.

Documents are parsed without entities, without external DTDs and without
network, whoever sent them.
"""

from __future__ import annotations

from types import MappingProxyType

from lxml import etree

from metadata.errors import PasserelleError

NAMESPACES = MappingProxyType(
    {
        "gmd": "http://www.isotc211.org/2005/gmd",
        "gco": "http://www.isotc211.org/2005/gco",
        "gmx": "http://www.isotc211.org/2005/gmx",
        "srv": "http://www.isotc211.org/2005/srv",
        "gml": "http://www.opengis.net/gml/3.2",
        "xlink": "http://www.w3.org/1999/xlink",
        "xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "csw": "http://www.opengis.net/cat/csw/2.0.2",
        "ogc": "http://www.opengis.net/ogc",
        "ows": "http://www.opengis.net/ows",
        "dc": "http://purl.org/dc/elements/1.1/",
        "dct": "http://purl.org/dc/terms/",
    }
)
"""Prefix → namespace, for building and for XPath alike."""


class MalformedXml(PasserelleError):
    """A document that is no well-formed XML, or that declares entities."""


def parse(content: bytes) -> etree._Element:
    """Parse a document and return its root.

    Raises
    ------
    MalformedXml
        It is not well-formed, or it declares entities.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        message = f"Reading XML: {error}"
        raise MalformedXml(message) from error
    if root.getroottree().docinfo.internalDTD is not None:
        message = "Reading XML: a document type declaration is not accepted."
        raise MalformedXml(message)
    return root


def qualified(name: str) -> str:
    """Return ``prefix:local`` in Clark notation (``{namespace}local``)."""
    prefix, local = name.split(":", 1)
    return f"{{{NAMESPACES[prefix]}}}{local}"
