"""DCAT-AP 3 with GeoDCAT-AP and DCAT-AP HVD: a record said in RDF.

What is encoded is the content of the ISO record, not the dataset as it is now, so
that every outlet says what was published and says the same. What a record cannot
hold comes as `Facts`. The form follows the standards and, where they leave a choice,
what data.gouv.fr understands; each module says where that decided.

Nothing is invented: what the record does not say is absent.

References
----------
DCAT-AP 3.0.1; GeoDCAT-AP 3.0.0; DCAT-AP HVD 3.0.0; hydra core for the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from metadata.codelists import FREQUENCIES
from metadata.content import (
    DataIdentification,
    Identification,
    Party,
    RecordContent,
    ServiceIdentification,
)
from metadata.dcat_agents import agent, agents
from metadata.dcat_coverage import coverage, dates, resolutions, standards
from metadata.dcat_distributions import (
    NO_FACTS,
    Facts,
    FileFacts,
    apis,
    links,
    service_node,
)
from metadata.dcat_rights import (
    access_statements,
    hvd_statements,
    licence_statements,
)
from metadata.dcat_terms import (
    DATA_THEMES,
    RESOURCE,
    TOPIC,
)
from metadata.dcat_themes import keyword_statements, theme_statements
from metadata.language_tags import language_address, language_tag
from metadata.rdf import (
    Iri,
    Node,
    Statement,
    Value,
    absolute,
    link,
    named,
    node,
    text,
    typed,
)
from metadata.rdf_jsonld import jsonld
from metadata.rdf_turtle import turtle
from metadata.rdf_xml import rdf_element, rdf_xml
from metadata.record import RecordKind
from metadata.sentences import described
from metadata.stated import Frequency

__all__ = [
    "MEDIA_TYPES",
    "NO_FACTS",
    "CatalogueFacts",
    "Facts",
    "FileFacts",
    "Form",
    "Page",
    "catalogue_node",
    "encode_dcat",
    "rdf_element",
    "record_node",
    "resource_node",
    "write",
]


class Form(StrEnum):
    """A way to write RDF; the value is the ending of a file's name."""

    TURTLE = "ttl"
    JSON_LD = "jsonld"
    RDF_XML = "rdf"


MEDIA_TYPES: Final = MappingProxyType(
    {
        Form.TURTLE: "text/turtle",
        Form.JSON_LD: "application/ld+json",
        Form.RDF_XML: "application/rdf+xml",
    }
)
_WRITERS: Final[dict[Form, Callable[[Iterable[Node]], bytes]]] = {
    Form.TURTLE: turtle,
    Form.JSON_LD: jsonld,
    Form.RDF_XML: rdf_xml,
}


_OF_ACCESS: Final = frozenset(
    {"dcat:endpointURL", "dcat:endpointDescription", "dct:conformsTo", "foaf:page"}
)
"""What a service's record says through its address alone."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a catalogue, by its address and those of its neighbours."""

    url: str
    first: str
    next: str = ""
    """Empty on the last one."""
    total: int
    """Datasets on all pages."""


@dataclass(frozen=True, kw_only=True)
class CatalogueFacts:
    """The catalogue itself."""

    url: str
    """Its IRI."""
    title: str
    description: str
    language: str
    """ISO 639-2/B."""
    publisher: Party
    homepage: str
    modified: datetime | None = None
    """When anything in it last changed, with its time zone."""


def encode_dcat(content: RecordContent, form: Form, facts: Facts = NO_FACTS) -> bytes:
    """Return one record as an RDF document: a dataset or a data service."""
    return write([resource_node(content, facts)], form)


def write(nodes: Iterable[Node], form: Form) -> bytes:
    """Return nodes as a document, UTF-8."""
    return _WRITERS[form](nodes)


def resource_node(content: RecordContent, facts: Facts = NO_FACTS) -> Node:
    """Return what a record describes: a dataset with all there is, or a service."""
    if content.kind is RecordKind.SERVICE:
        return _service(content)
    identification = content.identification
    properties = [
        *_words(content),
        *dates(identification),
        *agents(content, facts.producer),
        *keyword_statements(content),
        *theme_statements(content),
        *access_statements(content),
        *licence_statements(content),
        *hvd_statements(content),
        *coverage(identification),
        *resolutions(identification),
        *_frequency(identification),
        *standards(content),
        *_classification(content),
        *_lineage(content),
        *links(content, facts),
        link("foaf:depiction", identification.thumbnail),
    ]
    return node("dcat:Dataset", properties, _name(content))


def record_node(
    content: RecordContent, address: str, modified: date, kind: str = "dcat:Dataset"
) -> Node:
    """Return the entry of a catalogue on what a record describes.

    Parameters
    ----------
    address
        Where the ISO record is served.
    modified
        The day written in the record.
    """
    language = content.language
    return node(
        "dcat:CatalogRecord",
        [
            text("dct:identifier", content.identifier),
            text("dct:title", content.identification.title, language_tag(language)),
            typed("dct:modified", modified, "xsd:date"),
            named("dct:language", "dct:LinguisticSystem", language_address(language)),
            ("foaf:primaryTopic", node(kind, [], _name(content))),
        ],
        address,
    )


def catalogue_node(
    facts: CatalogueFacts,
    page: Page,
    resources: Iterable[Node],
    records: Iterable[Node],
) -> Node:
    """Return the catalogue with the datasets of one page.

    Its datasets, their APIs and their entries hang on it; `page` says how to go on.
    """
    language = language_tag(facts.language)
    listed = tuple(_agreeing(resources))
    properties = [
        text("dct:title", facts.title, language),
        text("dct:description", facts.description, language),
        ("dct:publisher", agent(facts.publisher)),
        named("dct:language", "dct:LinguisticSystem", language_address(facts.language)),
        named("foaf:homepage", "foaf:Document", facts.homepage),
        _theme_taxonomy(),
        _moment(facts.modified),
        *(("dcat:dataset", each) for each in listed),
        *(("dcat:service", Iri(iri)) for each in listed for iri in _services(each)),
        *(("dcat:record", each) for each in records),
        typed("hydra:totalItems", page.total, "xsd:integer"),
        ("hydra:view", _view(page)),
    ]
    return node("dcat:Catalog hydra:Collection", properties, facts.url)


def _agreeing(resources: Iterable[Node]) -> Iterator[Node]:
    """Yield resources; a document that several link has the words of the first.

    In one graph an address is one thing: with two titles a portal would show either,
    another one at each harvest.
    """
    known: dict[str, Node] = {}

    def first(value: Value) -> Value:
        if isinstance(value, Node) and "foaf:Document" in value.types and value.iri:
            return known.setdefault(value.iri, value)
        return value

    for each in resources:
        properties = tuple((name, first(value)) for name, value in each.properties)
        yield replace(each, properties=properties)


def _view(page: Page) -> Node:
    return node(
        "hydra:PartialCollectionView",
        [link("hydra:first", page.first), link("hydra:next", page.next)],
        page.url,
    )


def _theme_taxonomy() -> Statement:
    title = text("dct:title", "Data theme", "en")
    return "dcat:themeTaxonomy", node("skos:ConceptScheme", [title], DATA_THEMES)


def _moment(modified: datetime | None) -> Statement | None:
    if modified is None:
        return None
    return typed("dct:modified", modified, "xsd:dateTime")


def _services(dataset: Node) -> Iterator[str]:
    """Yield the IRIs of the services of a dataset's distributions."""
    for name, value in dataset.properties:
        if name == "dcat:distribution" and isinstance(value, Node):
            for inner, service in value.properties:
                if inner == "dcat:accessService" and isinstance(service, Node):
                    yield service.iri


def _service(content: RecordContent) -> Node:
    """Return the data service that a service's own record describes."""
    api = next(iter(apis(content)), None)
    known = service_node(content, api).properties if api else ()
    access = [statement for statement in known if statement[0] in _OF_ACCESS]
    properties = [
        *_words(content),
        *access,
        *_served(content.identification),
        *dates(content.identification),
        *agents(content),
        *keyword_statements(content),
        *theme_statements(content),
        *access_statements(content),
        *licence_statements(content),
        *hvd_statements(content),
    ]
    return node("dcat:DataService", properties, _name(content))


def _served(identification: Identification) -> Iterator[Statement | None]:
    if isinstance(identification, ServiceIdentification):
        for data in identification.operates_on:
            yield link("dcat:servesDataset", data.identifier)


def _name(content: RecordContent) -> str:
    return absolute(content.identification.identifier)


def _words(content: RecordContent) -> Iterator[Statement | None]:
    """Yield identifier, title, description and language."""
    identification, language = content.identification, language_tag(content.language)
    yield text("dct:identifier", identification.identifier or content.identifier)
    yield text("dct:title", identification.title, language)
    yield text("dct:description", described(content), language)
    if isinstance(identification, DataIdentification):
        yield named(
            "dct:language",
            "dct:LinguisticSystem",
            language_address(identification.language),
        )


def _frequency(identification: Identification) -> Iterator[Statement]:
    stated = identification.frequency
    if stated is not None and stated is not Frequency.UNKNOWN:
        address = FREQUENCIES[stated].uri
        yield "dct:accrualPeriodicity", node("dct:Frequency", [], address)


def _classification(content: RecordContent) -> Iterator[Statement]:
    """Yield what kind of resource it is, and its ISO topic categories."""
    yield "geodcatap:resourceType", Iri(f"{RESOURCE}{content.kind}")
    if isinstance(content.identification, DataIdentification):
        for topic in content.identification.topics:
            yield "geodcatap:topicCategory", Iri(f"{TOPIC}{topic}")


def _lineage(content: RecordContent) -> Iterator[Statement]:
    if content.lineage:
        label = text("rdfs:label", content.lineage, language_tag(content.language))
        yield "dct:provenance", node("dct:ProvenanceStatement", [label])
