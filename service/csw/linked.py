"""Records as DCAT-AP with GeoDCAT-AP, each an ``rdf:RDF`` of its own.

So data.gouv.fr harvests by `csw-dcat`: it parses every child of the search results
as one RDF document. Encoded when asked for, because what DCAT says beyond the record
(who made the data) is of the present.
"""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from metadata.dcat import NO_FACTS, rdf_element, resource_node
from metadata.dcat_distributions import Facts
from metadata.iso19139_read import NotARecord, read_iso19139
from service.catalogue import Catalogue
from service.csw.entry import Entry
from service.csw.names import ElementSet, OutputSchema
from service.dcat import facts_of

FactsOf = Callable[[str], Facts]
"""Record identifier → what its DCAT says beyond it."""


def present_facts(catalogue: Catalogue) -> FactsOf:
    """Return where facts are looked up; a record that left has none."""

    def facts(identifier: str) -> Facts:
        published = catalogue.records.get(identifier)
        return NO_FACTS if published is None else facts_of(published)

    return facts


def dcat_record(entry: Entry, facts: Facts) -> bytes:
    """Return a record in RDF/XML; empty when it cannot be read."""
    try:
        content = read_iso19139(entry.rendered(OutputSchema.GMD, ElementSet.FULL))
    except NotARecord:
        return bytes(etree.tostring(rdf_element([])))
    root = rdf_element([resource_node(content, facts)])
    return bytes(etree.tostring(root, encoding="UTF-8"))
