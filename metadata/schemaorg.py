"""schema.org ``Dataset``: what Google Dataset Search reads in the page of a dataset.

As in `metadata.dcat`, it is the content of the published record that is encoded. A
description that is longer or shorter than Google takes is left as it is: what a
dataset says is the same everywhere.

References
----------
schema.org/Dataset; Google Search Central, “Dataset structured data”.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from metadata.content import DateType, Online, OnlineFunction, Party, RecordContent
from metadata.dcat_distributions import NO_FACTS, Facts, FileFacts, is_api
from metadata.dcat_rights import is_public, licence_of
from metadata.dcat_terms import file_type, themes_named
from metadata.language_tags import language_tag
from metadata.stated import Role

Document = dict[str, Any]
_DATES: Final = {
    DateType.CREATION: "dateCreated",
    DateType.PUBLICATION: "datePublished",
    DateType.REVISION: "dateModified",
}
_ESCAPES: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""What may not stand in a script element; inside a JSON string it means the same."""


def schema_org_dataset(
    content: RecordContent, catalogue: str, facts: Facts = NO_FACTS
) -> Document:
    """Return a dataset as JSON-LD of schema.org.

    Parameters
    ----------
    content
        The record of a dataset or series.
    catalogue
        Address of the catalogue that it is in.
    """
    about = content.identification
    licence = licence_of(content)
    document: Document = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": about.identifier,
        "name": about.title,
        "description": about.abstract,
        "url": next((o.url for o in content.online if o.function is None), ""),
        "identifier": [about.identifier, content.identifier],
        "inLanguage": language_tag(content.language),
        "keywords": list(_keywords(content)),
        "license": licence.page if licence else "",
        "isAccessibleForFree": is_public(content),
        "creator": [_organisation(p) for p in _creators(content, facts)],
        "publisher": _organisation(_publisher(content)),
        "includedInDataCatalog": {"@type": "DataCatalog", "url": catalogue},
        **{_DATES[found.type]: found.day for found in about.dates},
        "temporalCoverage": _period(content),
        "spatialCoverage": _place(content),
        "distribution": list(_downloads(content, facts)),
        "subjectOf": list(_documents(content)),
        "thumbnailUrl": about.thumbnail,
    }
    return {
        name: value for name, value in document.items() if value not in ("", [], {})
    }


def in_a_script(document: Document) -> str:
    """Return a document as it may stand in a ``script`` element of a page."""
    return json.dumps(document, ensure_ascii=False, indent=1).translate(_ESCAPES)


def _keywords(content: RecordContent) -> Iterator[Document | str]:
    """Yield words, and themes as terms of their vocabulary."""
    labels = [k for block in content.identification.keywords for k in block.keywords]
    themes = themes_named(label.href for label in labels)
    terms = {theme.fr for theme in themes} | {theme.en for theme in themes}
    words = (k.text for k in labels if not k.href and k.text not in terms)
    yield from dict.fromkeys(words)
    for theme in themes:
        yield {
            "@type": "DefinedTerm",
            "name": theme.fr if content.language == "fre" else theme.en,
            "inDefinedTermSet": "http://inspire.ec.europa.eu/theme",
            "url": theme.uri,
        }


def _publisher(content: RecordContent) -> Party:
    stated = [p for p in content.identification.contacts if p.role is Role.PUBLISHER]
    return (stated or [*content.contacts])[0]


def _creators(content: RecordContent, facts: Facts) -> tuple[Party, ...]:
    """Return who made the data: as stated, else the authors, else who answers."""
    stated = content.identification.contacts
    if facts.producer:
        known = [p for p in (*stated, *content.contacts) if _is(p, facts.producer)]
        named = Party(organisation=facts.producer, email="", role=Role.AUTHOR)
        return (known[0] if known else named,)
    authors = tuple(p for p in stated if p.role in {Role.AUTHOR, Role.ORIGINATOR})
    return authors or stated[:1]


def _is(party: Party, name: str) -> bool:
    return party.organisation == name


def _organisation(party: Party) -> Document:
    made: Document = {"@type": "Organization", "name": party.organisation}
    if party.url:
        made["url"] = party.url
    if party.email:
        made["contactPoint"] = {
            "@type": "ContactPoint",
            "contactType": "customer service",
            "email": party.email,
        }
    return made


def _period(content: RecordContent) -> str:
    """Return an interval of ISO 8601, an open end written as two points."""
    period = content.identification.temporal
    return f"{period.start or '..'}/{period.end or '..'}" if period else ""


def _place(content: RecordContent) -> Document:
    """Return the box as schema.org has it: latitude first, south-west first."""
    box = content.identification.extent
    if box is None:
        return {}
    corners = f"{box.south} {box.west} {box.north} {box.east}"
    return {"@type": "Place", "geo": {"@type": "GeoShape", "box": corners}}


def _downloads(content: RecordContent, facts: Facts) -> Iterator[Document]:
    for online in content.online:
        if online.function is OnlineFunction.DOWNLOAD:
            yield _download(online, facts.files.get(online.url, FileFacts()))


def _download(online: Online, known: FileFacts) -> Document:
    kind = None if is_api(online) else file_type(online.url)
    made: Document = {
        "@type": "DataDownload",
        "name": online.name,
        "contentUrl": online.url,
        "encodingFormat": (kind.packed or kind.media_type) if kind else "",
        "contentSize": f"{known.size} B" if known.size is not None else "",
        "sha256": known.sha256,
        "dateModified": known.modified.isoformat() if known.modified else "",
    }
    if is_api(online):
        made["encodingFormat"] = "application/geo+json"
    return {name: value for name, value in made.items() if value}


def _documents(content: RecordContent) -> Iterator[Document]:
    for online in content.online:
        if online.function is OnlineFunction.INFORMATION:
            yield {"@type": "CreativeWork", "name": online.name, "url": online.url}
