"""The ways to the data: files, the API, and what else was linked.

What data.gouv.fr makes of each decides the form. A file has its ``downloadURL``, the
EU's file type and a media type. The API has an access service, which makes it an
``api``, and conforms to the address from which the format is read. Documents hang
on ``dct:hasPart`` beside ``foaf:page``, which is not read there.

References
----------
DCAT-AP 3.0.1, Distribution and Data Service; DCAT-AP HVD 3.0.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from metadata.content import Online, OnlineFunction, RecordContent
from metadata.dcat_agents import agents
from metadata.dcat_rights import hvd_statements, licence_statements
from metadata.dcat_terms import (
    CORE_CLASS,
    MEDIA_TYPES,
    OGC_API_FEATURES,
    OGC_API_WORDS,
    SERVICE_TYPE,
    SHA_256,
    FileType,
    file_type,
)
from metadata.iso19139_terms import OGC_API_FEATURES as FEATURES_PROTOCOL
from metadata.language_tags import language_tag
from metadata.rdf import (
    Iri,
    Literal,
    Node,
    Statement,
    absolute,
    link,
    named,
    node,
    text,
    typed,
)

GEOJSON: Final = "application/geo+json"


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What is known of a file that was made ahead."""

    size: int | None = None
    """Bytes."""
    sha256: str = ""
    """Hexadecimal; empty: not known."""
    modified: date | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What DCAT can say and an ISO record cannot."""

    producer: str = ""
    """Name of the organisation that made the data; may be empty."""
    files: Mapping[str, FileFacts] = field(default_factory=lambda: MappingProxyType({}))
    """Address of a file → what is known of it."""


NO_FACTS: Final = Facts()


def links(content: RecordContent, facts: Facts) -> Iterator[Statement | None]:
    """Yield the distributions, the landing page and the documents of a dataset."""
    for online in content.online:
        if online.function is None:
            yield named("dcat:landingPage", "foaf:Document", online.url)
        elif online.function is OnlineFunction.INFORMATION:
            yield from _document(online, content)
        elif absolute(online.url):
            yield "dcat:distribution", _distribution(online, content, facts)


def service_node(content: RecordContent, api: Online) -> Node:
    """Return the API of a dataset as a data service.

    Parameters
    ----------
    content
        The record of the dataset.
    """
    identification, language = content.identification, language_tag(content.language)
    dataset = identification.identifier
    properties = [
        text("dct:identifier", f"{dataset}/service"),
        text("dct:title", api.name or identification.title, language),
        text("dct:description", api.description, language),
        link("dcat:endpointURL", api.url),
        link("dcat:endpointDescription", f"{api.url}api?f=json"),
        link("dcat:servesDataset", dataset),
        ("dct:conformsTo", _standard(OGC_API_FEATURES, OGC_API_WORDS)),
        ("dct:conformsTo", _standard(CORE_CLASS, f"{OGC_API_WORDS} 1.0, Core")),
        ("geodcatap:serviceType", Iri(f"{SERVICE_TYPE}download")),
        named("foaf:page", "foaf:Document", f"{api.url}api?f=html"),
        *agents(content),
        *licence_statements(content),
        *hvd_statements(content),
    ]
    return node("dcat:DataService", properties, f"{dataset}/service")


def apis(content: RecordContent) -> Iterator[Online]:
    """Yield the online resources that are an OGC API."""
    return (online for online in content.online if is_api(online))


def is_api(online: Online) -> bool:
    """Tell whether an online resource is an OGC API."""
    protocol = online.protocol
    return protocol is not None and protocol.href == FEATURES_PROTOCOL.href


def _distribution(online: Online, content: RecordContent, facts: Facts) -> Node:
    """Return one distribution, named by its address: portals know it by that."""
    language = language_tag(content.language)
    known = facts.files.get(online.url, FileFacts())
    own = _of_api(online, content) if is_api(online) else _of_file(online, known)
    properties = [
        text("dct:title", online.name, language),
        text("dct:description", online.description, language),
        link("dcat:accessURL", online.url),
        *own,
        *licence_statements(content),
        *hvd_statements(content, categories=False),
    ]
    return node("dcat:Distribution", properties, f"{absolute(online.url)}#distribution")


def _of_api(online: Online, content: RecordContent) -> Iterator[Statement | None]:
    yield "dcat:accessService", service_node(content, online)
    yield (
        "dct:format",
        node("dct:MediaTypeOrExtent", [text("rdfs:label", OGC_API_WORDS)]),
    )
    yield _media_type("dcat:mediaType", GEOJSON)


def _of_file(online: Online, known: FileFacts) -> Iterator[Statement | None]:
    if online.function is OnlineFunction.DOWNLOAD:
        yield link("dcat:downloadURL", online.url)
    kind = file_type(online.url)
    if kind is not None:
        yield "dct:format", _format(kind)
        yield _media_type("dcat:mediaType", kind.media_type)
        yield _media_type("dcat:packageFormat", kind.packed)
    if known.size is not None:
        yield typed("dcat:byteSize", known.size, "xsd:nonNegativeInteger")
    if known.sha256:
        yield "spdx:checksum", _checksum(known.sha256)
    if known.modified is not None:
        yield typed("dct:modified", known.modified, "xsd:date")


def _format(kind: FileType) -> Node:
    """Return a format by its address, or by its name where the EU's list has none."""
    label = None if kind.uri else text("rdfs:label", kind.ending)
    return node("dct:MediaTypeOrExtent", [label], kind.uri)


def _media_type(name: str, media_type: str) -> Statement | None:
    if not media_type:
        return None
    return name, node("dct:MediaType", [], f"{MEDIA_TYPES}{media_type}")


def _checksum(digest: str) -> Node:
    """Return a SHA-256 digest, as a plain text.

    DCAT-AP would have it typed ``xsd:hexBinary``; data.gouv.fr then reads bytes
    where it needs a text.
    """
    return node(
        "spdx:Checksum",
        [
            ("spdx:algorithm", node("spdx:ChecksumAlgorithm", [], SHA_256)),
            ("spdx:checksumValue", Literal(digest)),
        ],
    )


def _document(online: Online, content: RecordContent) -> Iterator[Statement]:
    address, language = absolute(online.url), language_tag(content.language)
    if not address:
        return
    words = [
        text("dct:title", online.name, language),
        text("dct:description", online.description, language),
    ]
    document = node("foaf:Document", words, address)
    yield "foaf:page", document
    yield "dct:hasPart", document


def _standard(address: str, title: str) -> Node:
    return node("dct:Standard", [text("dct:title", title)], address)
