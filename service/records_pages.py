"""The catalogue for people: a search with facets, and each record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from metadata.dcat_terms import licence_named
from metadata.finding import Language
from metadata.record_facets import FACETS, PLACES, facet_values
from providers.folding import folded
from service.catalogue import Published
from service.csw.entry import Entry
from service.csw.queryables import SLOTS
from service.links import Document
from service.messages import say
from service.pages import page_response, reader, render, url_path
from service.visit import Visit

SHOWN: Final = 20
"""Records on a page for people."""
_SEARCHED: Final = ("q", *FACETS, "bbox", "datetime", "ids", "externalIds")
_ACCESS: Final = ("open", "restricted")
_NOTHING: Final[Document] = {
    "description": "",
    "contacts": [],
    "formats": [],
    "keywords": [],
    "license": "",
    "lineage": "",
}
_KEPT: Final = (*_SEARCHED, "limit", "lang")


@dataclass(frozen=True)
class Chosen:
    """One thing that narrows the search, and the search without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True)
class Bucket:
    """One value of a facet, and the search narrowed to it."""

    value: str
    count: int
    within: str


@dataclass(frozen=True)
class Shown:
    """One facet of what was found."""

    label: str
    buckets: tuple[Bucket, ...]


def by_title(found: Sequence[Entry], after: str) -> list[Entry]:
    """Return records in the order of their titles, those that follow one of them.

    Parameters
    ----------
    after
        The identifier of the last record of the page before; one that is not there
        (any more) begins at the first.
    """
    ordered = sorted(found, key=_alphabetical)
    places = {entry.identifier: place for place, entry in enumerate(ordered, 1)}
    return ordered[places.get(after, 0) :]


def _alphabetical(entry: Entry) -> tuple[str, str]:
    title = next(iter(entry.values[SLOTS["Title"]]), "")
    return folded(title, case=True, accents=True), entry.identifier


def catalogue_page(
    seen: Visit,
    given: Mapping[str, str],
    document: Document,
    following: Mapping[str, str],
) -> Response:
    """Return the page of what was found.

    Parameters
    ----------
    given
        The parameters of the search.
    document
        What machines get of it.
    following
        The parameters of the next page; none where there is none.
    """
    asked = {name: given[name] for name in _KEPT if given.get(name)}
    page = render(
        "catalogue.html",
        reader(seen.request, seen.language, seen.root.url),
        here=_here(seen),
        asked=asked,
        found=document["numberMatched"],
        records=[_whole(record) for record in document["features"]],
        chosen=tuple(_chosen(asked, seen.language)),
        facets=tuple(_facets(asked, document["facets"], seen.language)),
        following=_query({**asked, "after": following["after"]}) if following else "",
    )
    return page_response(page, seen.language)


def record_page(seen: Visit, published: Published, record: Document) -> Response:
    """Return the page of one record, with the way to the dataset that it describes."""
    reading = reader(seen.request, seen.language, seen.root.url)
    served = seen.snapshot.datasets.get(published.revision.dataset_id)
    page = f"{reading.base}/datasets/{served.id}/" if served else ""
    about = record["properties"]
    shown = render(
        "record.html",
        reading,
        here=_here(seen),
        record=_whole(record),
        name=published.name,
        themes=facet_values(about)[PLACES["themes"]],
        licence_name=_said("license", about.get("license", ""), seen.language),
        page=page if served and served.collections else "",
    )
    return page_response(shown, seen.language)


def _whole(record: Document) -> Document:
    """Return a record with an empty property wherever it says nothing."""
    return {**record, "properties": {**_NOTHING, **record["properties"]}}


def _here(seen: Visit) -> str:
    return f"{url_path(seen.root.url)}/collections/catalogue/items"


def _query(asked: Mapping[str, str]) -> str:
    return f"?{urlencode(asked)}"


def _chosen(asked: Mapping[str, str], language: Language) -> Iterator[Chosen]:
    """Yield what narrows the search."""
    for name in _SEARCHED:
        if name in asked:
            others = {n: v for n, v in asked.items() if n != name}
            label = say(language, f"facet.{name}")
            yield Chosen(label, _said(name, asked[name], language), _query(others))


def _facets(
    asked: Mapping[str, str], counted: Mapping[str, Document], language: Language
) -> Iterator[Shown]:
    """Yield the facets that part what was found, but for those chosen already."""
    for name, facet in counted.items():
        if facet["buckets"] and name not in asked:
            buckets = (
                Bucket(
                    value=_said(name, each["value"], language),
                    count=each["count"],
                    within=_query({**asked, name: each["value"]}),
                )
                for each in facet["buckets"]
            )
            yield Shown(say(language, f"facet.{name}"), tuple(buckets))


def _said(name: str, value: str, language: Language) -> str:
    """Return a value as people say it."""
    if name == "license":
        known = licence_named([value])
        return known.label_in(language) if known else value
    if name == "type":
        return ", ".join(say(language, f"record-type.{v}") for v in value.split(","))
    if name == "accessRights" and value in _ACCESS:
        return say(language, f"access.{value}")
    return value
