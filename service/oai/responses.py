"""Writes the answers, valid by ``OAI-PMH.xsd`` (clauses 3.2 and 4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from lxml import etree

from metadata.content import plain
from service.oai.dates import GRANULARITY, written
from service.oai.formats import FORMATS, Format
from service.oai.items import Item, ItemSet, Repository
from service.oai.listing import ItemPage
from service.oai.problems import Code, OaiProblem
from service.oai.protocol import Verb

Element = etree._Element  # lxml has no public name for it
_OAI: Final = "http://www.openarchives.org/OAI/2.0/"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NAMING: Final = "http://www.openarchives.org/OAI/2.0/oai-identifier"
# the stubs of lxml know of no default namespace
_NAMESPACES: Final[dict[str, str]] = {None: _OAI, "xsi": _XSI}  # type: ignore[dict-item]
_NAMING_ONLY: Final[dict[str, str]] = {None: _NAMING}  # type: ignore[dict-item]
_WITHOUT_ATTRIBUTES: Final = frozenset({Code.BAD_VERB, Code.BAD_ARGUMENT})
"""Errors after which the request is not repeated in the answer (clause 3.2)."""


def envelope(base_url: str, moment: datetime, request: Mapping[str, str]) -> Element:
    """Return the root of an answer, with its date and the request.

    Parameters
    ----------
    request
        Verb and arguments; empty when they are not to be repeated.
    """
    root = etree.Element(f"{{{_OAI}}}OAI-PMH", nsmap=_NAMESPACES)
    root.set(f"{{{_XSI}}}schemaLocation", f"{_OAI} {_OAI}OAI-PMH.xsd")
    _add(root, "responseDate", written(moment))
    asked = _add(root, "request", base_url)
    for name, value in request.items():
        asked.set(name, value)
    return root


def document(root: Element) -> bytes:
    """Return an answer as a document, UTF-8 with declaration."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def add_problem(root: Element, problem: OaiProblem) -> None:
    """Add an error."""
    _add(root, "error", plain(problem.message)).set("code", problem.code.value)


def repeats_request(problem: OaiProblem) -> bool:
    """Tell whether an error's answer repeats the request's arguments."""
    return problem.code not in _WITHOUT_ATTRIBUTES


def add_identity(
    root: Element, repository: Repository, *, name: str, base_url: str, email: str
) -> None:
    """Answer Identify."""
    part = _add(root, Verb.IDENTIFY)
    _add(part, "repositoryName", name)
    _add(part, "baseURL", base_url)
    _add(part, "protocolVersion", "2.0")
    _add(part, "adminEmail", email)
    _add(part, "earliestDatestamp", written(repository.earliest))
    _add(part, "deletedRecord", "persistent")
    _add(part, "granularity", GRANULARITY)
    if repository.has_official_names and repository.items:
        _add_naming(_add(part, "description"), repository)


def _add_naming(parent: Element, repository: Repository) -> None:
    """Say how items are named (OAI Identifier Format, clause 3)."""
    part = etree.SubElement(parent, f"{{{_NAMING}}}oai-identifier", nsmap=_NAMING_ONLY)
    part.set(f"{{{_XSI}}}schemaLocation", f"{_NAMING} {_NAMING}.xsd")
    for name, value in (
        ("scheme", "oai"),
        ("repositoryIdentifier", repository.namespace),
        ("delimiter", ":"),
        ("sampleIdentifier", repository.items[0].identifier),
    ):
        etree.SubElement(part, f"{{{_NAMING}}}{name}").text = value


def add_formats(root: Element) -> None:
    """Answer ListMetadataFormats."""
    part = _add(root, Verb.LIST_METADATA_FORMATS)
    for found in FORMATS.values():
        each = _add(part, "metadataFormat")
        _add(each, "metadataPrefix", found.prefix)
        _add(each, "schema", found.schema)
        _add(each, "metadataNamespace", found.namespace)


def add_sets(root: Element, sets: Iterable[ItemSet]) -> None:
    """Answer ListSets (at least one)."""
    part = _add(root, Verb.LIST_SETS)
    for found in sets:
        each = _add(part, "set")
        _add(each, "setSpec", found.spec)
        _add(each, "setName", found.name)


def add_record(root: Element, item: Item, form: Format) -> None:
    """Answer GetRecord."""
    _add_record(_add(root, Verb.GET_RECORD), item, form)


def add_headers(root: Element, page: ItemPage) -> None:
    """Answer ListIdentifiers."""
    part = _add(root, Verb.LIST_IDENTIFIERS)
    for item in page.items:
        _add_header(part, item)
    _add_token(part, page)


def add_records(root: Element, page: ItemPage) -> None:
    """Answer ListRecords."""
    part = _add(root, Verb.LIST_RECORDS)
    for item in page.items:
        _add_record(part, item, FORMATS[page.prefix])
    _add_token(part, page)


def _add_record(parent: Element, item: Item, form: Format) -> None:
    record = _add(parent, "record")
    _add_header(record, item)
    if item.record is not None:
        _add(record, "metadata").append(form.element(item.record))


def _add_header(parent: Element, item: Item) -> None:
    header = _add(parent, "header")
    if item.record is None:
        header.set("status", "deleted")
    _add(header, "identifier", item.identifier)
    _add(header, "datestamp", written(item.datestamp))
    for spec in item.sets:
        _add(header, "setSpec", spec)


def _add_token(parent: Element, page: ItemPage) -> None:
    """Add how to go on; empty on the last page of several."""
    if page.is_partial:
        token = _add(parent, "resumptionToken", page.token)
        token.set("completeListSize", str(page.size))
        token.set("cursor", str(page.cursor))


def _add(parent: Element, name: str, text: str = "") -> Element:
    child = etree.SubElement(parent, f"{{{_OAI}}}{name}")
    if text:
        child.text = text
    return child
