"""Links of the JSON documents (RFC 8288 as OGC API Common writes them)."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from metadata.codelists import LICENCES
from metadata.dataset import Dataset
from metadata.distributions import (
    collection_title,
    file_address,
    record_address,
)
from metadata.file_formats import FileFormat, format_words
from metadata.finding import Language
from metadata.language_tags import language_tag
from service.messages import say
from service.snapshot import ServedCollection

Document = dict[str, Any]
"""One JSON document, about to be written."""
SCHEMA_REL = "http://www.opengis.net/def/rel/ogc/1.0/schema"
QUERYABLES_REL = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SORTABLES_REL = "http://www.opengis.net/def/rel/ogc/1.0/sortables"
CONFORMANCE_REL = "conformance"
SCHEMA_JSON = "application/schema+json"


class Link(TypedDict):
    """One link."""

    href: str
    rel: str
    type: NotRequired[str]
    title: str
    hreflang: NotRequired[str]
    method: NotRequired[str]
    """Of HTTP, where it is not GET."""
    length: NotRequired[int]
    """Bytes."""


def self_links(url: str, language: Language, media_type: str) -> list[Link]:
    """Return the links of a document to itself and to its page."""
    return [
        Link(
            href=f"{url}?f=json",
            rel="self",
            type=media_type,
            title=say(language, "link.self"),
            hreflang=str(language),
        ),
        Link(
            href=f"{url}?f=html",
            rel="alternate",
            type="text/html",
            title=say(language, "link.html"),
            hreflang=str(language),
        ),
    ]


def dataset_links(dataset: Dataset, language: Language) -> list[Link]:
    """Return what the INSPIRE download service asks for: record and licence.

    References
    ----------
    INSPIRE good practice “OGC API – Features as an INSPIRE download service”,
    requirements spatial-data-set-metadata and licence.
    """
    links = [
        Link(
            href=record_address(dataset),
            rel="describedby",
            type="application/xml",
            title=say(language, "link.record", title=dataset.description.title),
        )
    ]
    licence = LICENCES.get(dataset.licence)
    if licence is not None:
        title = licence.label_in(language)
        links.append(
            Link(href=licence.uri, rel="license", type="text/html", title=title)
        )
    return links


def enclosures(served: ServedCollection, language: Language) -> list[Link]:
    """Return the links to the whole collection in one file, in every form.

    References
    ----------
    The same, requirements enclosure, enclosure-type and hreflang, recommendations
    enclosure-length and -title.
    """
    dataset = served.dataset
    title = collection_title(dataset, served.collection)
    tag = language_tag(dataset.description.language)
    has_geometry = served.collection.geometry is not None

    def link(form: FileFormat) -> Link:
        words = format_words(form, has_geometry=has_geometry)
        made = served.files.get(form)
        found = Link(
            href=file_address(dataset, served.id, form),
            rel="enclosure",
            type=words.media_type,
            title=say(language, "link.enclosure", title=title, form=words.name),
            hreflang=tag,
        )
        return {**found, "length": made.length} if made else found

    offered = dataset.formats(served.collection)
    return [link(form) for form in offered if form in served.had]
