"""Writes nodes as RDF/XML.

References
----------
RDF 1.1 XML Syntax, clause 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lxml import etree

from metadata.rdf import PREFIXES, Iri, Literal, Node, Value, expanded

Element = etree._Element  # lxml has no public name for it
_RDF: Final = "{" + PREFIXES["rdf"] + "}"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_NAMESPACES: Final = dict(PREFIXES)


def rdf_xml(nodes: Iterable[Node]) -> bytes:
    """Return an RDF/XML document, UTF-8 with declaration."""
    root = rdf_element(nodes)
    etree.indent(root, space=" ")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def rdf_element(nodes: Iterable[Node]) -> Element:
    """Return the ``rdf:RDF`` element, to be written into another document."""
    root = etree.Element(f"{_RDF}RDF", nsmap=_NAMESPACES)
    for each in nodes:
        _add_node(root, each)
    return root


def _add_node(parent: Element, each: Node) -> None:
    first, *others = each.types or ("rdf:Description",)
    element = etree.SubElement(parent, _tag(first))
    if each.iri:
        element.set(f"{_RDF}about", each.iri)
    for kind in others:
        etree.SubElement(element, f"{_RDF}type").set(f"{_RDF}resource", expanded(kind))
    for name, value in each.properties:
        _add_value(etree.SubElement(element, _tag(name)), value)


def _add_value(element: Element, value: Value) -> None:
    if isinstance(value, Iri):
        element.set(f"{_RDF}resource", value.value)
    elif isinstance(value, Node):
        _add_node(element, value)
    else:
        _add_literal(element, value)


def _add_literal(element: Element, value: Literal) -> None:
    element.text = value.text
    if value.language:
        element.set(_LANG, value.language)
    elif value.datatype:
        element.set(f"{_RDF}datatype", expanded(value.datatype))


def _tag(name: str) -> str:
    prefix, local = name.split(":", 1)
    return f"{{{PREFIXES[prefix]}}}{local}"
