"""The capabilities of the catalogue.

References
----------
OGC 07-006r1, clause 10.4; OGC 07-045, clause 8.2.1; OWS Common 1.0, clause 7.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from lxml import etree

from metadata.finding import Language
from metadata.xml import NAMESPACES
from providers.configuration import Configuration
from service.csw.domains import OPERATIONS
from service.csw.inspire import SCHEMA_LOCATION, add_extended_capabilities
from service.csw.names import (
    DISCOVERY_XSD,
    VERSION,
    OutputSchema,
    add,
    element,
    qualified,
    serialised,
)
from service.csw.queryables import QUERYABLES, Group
from service.csw.tree import Relation
from service.messages import say

_LOCATION: Final = f"{NAMESPACES['csw']} {DISCOVERY_XSD} {SCHEMA_LOCATION}"
_OPERANDS: Final = ("Envelope", "Point", "LineString", "Polygon")
_COMPARISONS: Final = (
    "EqualTo",
    "NotEqualTo",
    "LessThan",
    "GreaterThan",
    "LessThanEqualTo",
    "GreaterThanEqualTo",
    "Like",
    "Between",
    "NullCheck",
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the capabilities say of this service."""

    configuration: Configuration
    language: Language
    update_sequence: str
    changed: date
    """The day on which the catalogue last changed."""

    @property
    def address(self) -> str:
        """Where the catalogue answers."""
        return f"{self.configuration.service.url}/csw"

    @property
    def title(self) -> str:
        """Name of the catalogue."""
        service = self.configuration.service
        name = service.title or self.configuration.organisation.name
        return say(self.language, "csw.title", name=name)

    @property
    def abstract(self) -> str:
        """What the catalogue is."""
        name = self.configuration.organisation.name
        return say(self.language, "csw.abstract", name=name)


def capabilities_document(facts: Facts, sections: frozenset[str] | None) -> bytes:
    """Return the document.

    Parameters
    ----------
    sections
        Names in lower case; `None` is all of them. What the schema demands is
        always there.
    """
    root = element("csw:Capabilities")
    root.set("version", VERSION)
    root.set("updateSequence", facts.update_sequence)
    root.set(qualified("xsi:schemaLocation"), _LOCATION)
    writers = {
        "serviceidentification": _add_identification,
        "serviceprovider": _add_provider,
        "operationsmetadata": _add_operations,
    }
    for name, write in writers.items():
        if sections is None or sections & {name, "all"}:
            write(root, facts)
    _add_filter_capabilities(root)
    return serialised(root)


def _add_identification(root: etree._Element, facts: Facts) -> None:
    service = add(root, "ows:ServiceIdentification")
    add(service, "ows:Title", facts.title)
    add(service, "ows:Abstract", facts.abstract)
    keywords = add(service, "ows:Keywords")
    for word in ("catalogue", "INSPIRE", "infoCatalogueService"):
        add(keywords, "ows:Keyword", word)
    add(service, "ows:ServiceType", "CSW", codeSpace="OGC")
    add(service, "ows:ServiceTypeVersion", VERSION)
    add(service, "ows:Fees", say(facts.language, "csw.fees"))
    add(service, "ows:AccessConstraints", say(facts.language, "csw.access"))


def _add_provider(root: etree._Element, facts: Facts) -> None:
    organisation = facts.configuration.organisation
    site = organisation.url or facts.configuration.service.url
    provider = add(root, "ows:ServiceProvider")
    add(provider, "ows:ProviderName", organisation.name)
    _link(add(provider, "ows:ProviderSite"), site)
    contact = add(provider, "ows:ServiceContact")
    add(contact, "ows:PositionName", say(facts.language, "csw.position"))
    details = add(contact, "ows:ContactInfo")
    if organisation.phone:
        add(add(details, "ows:Phone"), "ows:Voice", organisation.phone)
    address = add(details, "ows:Address")
    add(address, "ows:ElectronicMailAddress", organisation.email)
    _link(add(details, "ows:OnlineResource"), facts.configuration.service.url)
    add(contact, "ows:Role", "pointOfContact")


def _add_operations(root: etree._Element, facts: Facts) -> None:
    operations = add(root, "ows:OperationsMetadata")
    for name, parameters in OPERATIONS.items():
        operation = add(operations, "ows:Operation", name=name)
        _add_addresses(operation, facts.address)
        for parameter, values in parameters.items():
            _add_domain(operation, "ows:Parameter", parameter, values)
        if name == "GetRecords":
            _add_queryables(operation)
    _add_domain(operations, "ows:Parameter", "service", ["CSW"])
    _add_domain(operations, "ows:Parameter", "version", [VERSION])
    _add_domain(operations, "ows:Constraint", "IsoProfiles", [OutputSchema.GMD])
    _add_domain(operations, "ows:Constraint", "PostEncoding", ["XML"])
    service = facts.configuration.service
    add_extended_capabilities(
        operations,
        address=facts.address,
        organisation=facts.configuration.organisation,
        languages=service.languages,
        language=facts.language,
        changed=facts.changed,
    )


def _add_addresses(operation: etree._Element, address: str) -> None:
    http = add(add(operation, "ows:DCP"), "ows:HTTP")
    _link(add(http, "ows:Get"), address)
    post = add(http, "ows:Post")
    _link(post, address)
    _add_domain(post, "ows:Constraint", "PostEncoding", ["XML"])


def _add_queryables(operation: etree._Element) -> None:
    for group in Group:
        names = [queryable.name for queryable in QUERYABLES if queryable.group is group]
        _add_domain(operation, "ows:Constraint", group.value, names)


def _add_domain(
    parent: etree._Element, kind: str, name: str, values: Iterable[str]
) -> None:
    domain = add(parent, kind, name=name)
    for value in values:
        add(domain, "ows:Value", value)


def _link(element: etree._Element, address: str) -> None:
    element.set(qualified("xlink:type"), "simple")
    element.set(qualified("xlink:href"), address)


def _add_filter_capabilities(root: etree._Element) -> None:
    capabilities = add(root, "ogc:Filter_Capabilities")
    spatial = add(capabilities, "ogc:Spatial_Capabilities")
    operands = add(spatial, "ogc:GeometryOperands")
    for name in _OPERANDS:
        add(operands, "ogc:GeometryOperand", f"gml:{name}")
    operators = add(spatial, "ogc:SpatialOperators")
    for name in ("BBOX", *(relation.name.capitalize() for relation in Relation)):
        add(operators, "ogc:SpatialOperator", name=name)
    scalar = add(capabilities, "ogc:Scalar_Capabilities")
    add(scalar, "ogc:LogicalOperators")
    comparisons = add(scalar, "ogc:ComparisonOperators")
    for name in _COMPARISONS:
        add(comparisons, "ogc:ComparisonOperator", name)
    identifiers = add(capabilities, "ogc:Id_Capabilities")
    add(identifiers, "ogc:EID")
    add(identifiers, "ogc:FID")
