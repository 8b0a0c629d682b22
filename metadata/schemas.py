"""Validation against the XML schemas of ISO 19139, offline.

The schemas are those that the pycsw wheel ships: ISO 19139 of 2007 (20070417)
over GML 3.2, which are what records declare. ``srv`` exists only in the set of
2006; it is read on top of the ``gmd`` of 2007, whose types it uses, because
libxml2 keeps the first schema that it met for a namespace.

The schema is compiled once per process (about half a second). Threads may call:
they take turns, because libxml2's error log belongs to the schema and not to the
validation. One record takes less than a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Final, Protocol, cast

from lxml import etree

from metadata.errors import PasserelleError
from metadata.xml import NAMESPACES, parse

_ISO_19139: Final = "plugins/profiles/apiso/schemas/ogc/iso/19139"
_IMPORTS: Final = (
    ("gmd", f"{_ISO_19139}/20070417/gmd/gmd.xsd"),
    ("gmx", f"{_ISO_19139}/20070417/gmx/gmx.xsd"),
    ("srv", f"{_ISO_19139}/20060504/srv/srv.xsd"),
)
"""In this order: the first schema of a namespace is the one that counts."""
_XSD: Final = "http://www.w3.org/2001/XMLSchema"
_compiling: Final = Lock()
_validating: Final = Lock()


class _Entry(Protocol):
    """One entry of an error log, which lxml's stubs leave out."""

    line: int
    message: str


class SchemasMissing(PasserelleError):
    """The XML schemas are not where the pycsw wheel should have put them."""


def schema_errors(content: bytes) -> tuple[str, ...]:
    """Return what the XML schemas find wrong with a record; empty when valid.

    Every error of the document is listed once, with its line.

    Raises
    ------
    metadata.xml.MalformedXml
        The content is not well-formed XML.
    SchemasMissing
        The schemas are not installed.

    References
    ----------
    INSPIRE Metadata TG 2.0, requirement C.1.
    """
    document = parse(content)
    validator = _schema()
    with _validating:
        if validator.validate(document):
            return ()
        log = cast("Iterable[_Entry]", validator.error_log)
        found = [f"line {entry.line}: {entry.message}" for entry in log]
    return tuple(dict.fromkeys(found))


def _schema() -> etree.XMLSchema:
    with _compiling:
        return _compiled()


@lru_cache(maxsize=1)
def _compiled() -> etree.XMLSchema:
    driver = etree.Element(f"{{{_XSD}}}schema", nsmap={"xs": _XSD})
    for prefix, path in _IMPORTS:
        attributes = {"namespace": NAMESPACES[prefix], "schemaLocation": _address(path)}
        etree.SubElement(driver, f"{{{_XSD}}}import", attributes)
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    try:
        return etree.XMLSchema(etree.fromstring(etree.tostring(driver), parser))
    except etree.XMLSchemaParseError as error:
        message = f"Compiling the XML schemas of ISO 19139: {error}"
        raise SchemasMissing(message, hint="Install pycsw 2.6.2 again.") from error


def _address(path: str) -> str:
    try:
        found = Path(str(files("pycsw").joinpath(*path.split("/"))))
    except ModuleNotFoundError as error:
        message = "The XML schemas come with pycsw, which is not installed."
        raise SchemasMissing(message, hint="Install pycsw 2.6.2.") from error
    if not found.is_file():
        message = f"The XML schema {found} does not exist."
        raise SchemasMissing(message, hint="Install pycsw 2.6.2 again.")
    return found.as_uri()
