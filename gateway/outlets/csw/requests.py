"""The CSW 2.0.2 requests that we send, as XML (OGC 07-006r1, ISO AP 07-045).

Full records, one operation per transaction. Deletes are by
``apiso:Identifier``: by ``dc:identifier`` pycsw deletes nothing, and says so
only in its totals.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from metadata.record import Record
from metadata.xml import NAMESPACES, parse, qualified

APISO = "http://www.opengis.net/cat/csw/apiso/1.0"
CAPABILITIES = {"service": "CSW", "version": "2.0.2", "request": "GetCapabilities"}
_ENVELOPE = {
    **{prefix: NAMESPACES[prefix] for prefix in ("csw", "ogc", "gmd")},
    "apiso": APISO,
}
"""Bound at the root: `typeNames` holds qualified names, which the schema checks."""


def insert_request(records: Iterable[Record]) -> bytes:
    """Ask to insert records that are not there (07-006r1, 10.11.2)."""
    transaction = _request("Transaction")
    insert = etree.SubElement(transaction, qualified("csw:Insert"))
    for record in records:
        insert.append(parse(record.content))
    return _written(transaction)


def update_request(records: Iterable[Record]) -> bytes:
    """Ask to replace records that are there, each as a whole."""
    transaction = _request("Transaction")
    for record in records:
        update = etree.SubElement(transaction, qualified("csw:Update"))
        update.append(parse(record.content))
    return _written(transaction)


def delete_request(identifiers: Iterable[str]) -> bytes:
    """Ask to delete records by their identifiers."""
    transaction = _request("Transaction")
    for identifier in identifiers:
        delete = etree.SubElement(transaction, qualified("csw:Delete"))
        delete.set("typeName", "gmd:MD_Metadata")
        _constraint(delete).append(_equal("apiso:Identifier", identifier))
    return _written(transaction)


def get_records_by_id_request(identifiers: Iterable[str]) -> bytes:
    """Ask for full ISO records by their identifiers (07-006r1, 10.9)."""
    request = _request("GetRecordById")
    request.set("outputSchema", NAMESPACES["gmd"])
    for identifier in identifiers:
        etree.SubElement(request, qualified("csw:Id")).text = identifier
    etree.SubElement(request, qualified("csw:ElementSetName")).text = "full"
    return _written(request)


def count_children_request(identifiers: Iterable[str]) -> bytes:
    """Ask how many other records name one of these as their parent."""
    every = tuple(identifiers)
    request = _request("GetRecords")
    request.set("resultType", "hits")
    query = etree.SubElement(request, qualified("csw:Query"))
    query.set("typeNames", "gmd:MD_Metadata")
    etree.SubElement(query, qualified("csw:ElementSetName")).text = "brief"
    both = etree.SubElement(_constraint(query), qualified("ogc:And"))
    both.append(_any_equal("apiso:ParentIdentifier", every))
    others = etree.SubElement(both, qualified("ogc:Not"))
    others.append(_any_equal("apiso:Identifier", every))
    return _written(request)


def _request(name: str) -> etree._Element:
    """Begin a request."""
    root = etree.Element(qualified(f"csw:{name}"), nsmap=_ENVELOPE)
    root.set("service", "CSW")
    root.set("version", "2.0.2")
    return root


def _constraint(parent: etree._Element) -> etree._Element:
    """Add an empty filter (OGC 04-095) and return it."""
    constraint = etree.SubElement(parent, qualified("csw:Constraint"))
    constraint.set("version", "1.1.0")
    return etree.SubElement(constraint, qualified("ogc:Filter"))


def _any_equal(name: str, values: tuple[str, ...]) -> etree._Element:
    """Return the condition that a property has one of these values."""
    if len(values) == 1:
        return _equal(name, values[0])
    either = etree.Element(qualified("ogc:Or"))
    either.extend(_equal(name, value) for value in values)
    return either


def _equal(name: str, value: str) -> etree._Element:
    """Return the condition that a property has a value."""
    condition = etree.Element(qualified("ogc:PropertyIsEqualTo"))
    etree.SubElement(condition, qualified("ogc:PropertyName")).text = name
    etree.SubElement(condition, qualified("ogc:Literal")).text = value
    return condition


def _written(root: etree._Element) -> bytes:
    """Return the document."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
