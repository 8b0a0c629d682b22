"""RDF as a tree: `Node`s with properties, and the three ways to write them.

A graph is a sequence of nodes that hold others. A node that stands in several
places says the same in each: in RDF that is saying it once. Names of properties
and types are written ``prefix:local``, see `PREFIXES`. Written deterministically:
same nodes, same bytes; no blank node is ever named.

References
----------
RDF 1.1 Concepts; `metadata.rdf_turtle`, `metadata.rdf_xml`, `metadata.rdf_jsonld`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import quote

PREFIXES: Final = MappingProxyType(
    {
        "adms": "http://www.w3.org/ns/adms#",
        "dcat": "http://www.w3.org/ns/dcat#",
        "dcatap": "http://data.europa.eu/r5r/",
        "dct": "http://purl.org/dc/terms/",
        "dqv": "http://www.w3.org/ns/dqv#",
        "eli": "http://data.europa.eu/eli/ontology#",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "geodcatap": "http://data.europa.eu/930/",
        "geosparql": "http://www.opengis.net/ont/geosparql#",
        "hydra": "http://www.w3.org/ns/hydra/core#",
        "locn": "http://www.w3.org/ns/locn#",
        "org": "http://www.w3.org/ns/org#",
        "prov": "http://www.w3.org/ns/prov#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "spdx": "http://spdx.org/rdf/terms#",
        "vcard": "http://www.w3.org/2006/vcard/ns#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }
)
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")
_ALLOWED: Final = "%/:?#[]@!$&'()*+,;=~-._"


@dataclass(frozen=True)
class Iri:
    """A reference to something named elsewhere."""

    value: str


@dataclass(frozen=True)
class Literal:
    """A value: a text, with its language or its datatype, never both."""

    text: str
    datatype: str = ""
    """``xsd:date``; empty: a plain text."""
    language: str = ""
    """BCP 47 tag; empty: of no language."""


@dataclass(frozen=True)
class Node:
    """Something that is described: named by an IRI, or blank."""

    types: tuple[str, ...]
    properties: tuple[tuple[str, Value], ...]
    """In the order written; a property may come several times."""
    iri: str = ""
    """Empty: a blank node."""


Value: TypeAlias = Iri | Literal | Node
Statement: TypeAlias = tuple[str, Value]


def expanded(name: str) -> str:
    """Return the IRI of ``prefix:local``.

    Raises
    ------
    KeyError
        There is no such prefix: a mistake in the program.
    """
    prefix, local = name.split(":", 1)
    return PREFIXES[prefix] + local


def node(kind: str, properties: Iterable[Statement | None], iri: str = "") -> Node:
    """Return a node of a type, or of several with blanks between.

    Statements that are `None` are left out.
    """
    return Node(tuple(kind.split()), tuple(p for p in properties if p), iri)


def absolute(address: str) -> str:
    """Return an address as RDF can hold it; empty when it is none, or relative."""
    written = quote(address.strip(), safe=_ALLOWED)
    return written if _ABSOLUTE.match(written) else ""


def link(name: str, address: str) -> Statement | None:
    """State something by its address; `None` when that is none."""
    written = absolute(address)
    return (name, Iri(written)) if written else None


def named(name: str, kind: str, address: str) -> Statement | None:
    """State something by its address, and of what kind it is."""
    written = absolute(address)
    return (name, Node((kind,), (), written)) if written else None


def text(name: str, value: str, language: str = "") -> Statement | None:
    """State a text; `None` when it is empty."""
    return (name, Literal(value, language=language)) if value else None


def typed(name: str, value: date | Decimal | int | str, datatype: str) -> Statement:
    """State a value of a datatype of XML Schema (``xsd:date``) or of GeoSPARQL."""
    return (name, Literal(_lexical(value), datatype=datatype))


def _lexical(value: date | Decimal | int | str) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
