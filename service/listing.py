"""Which collections of a root are listed: searched, and page by page.

References
----------
OGC API Common Part 2 (20-024), clauses 7.2 and 7.3 (``bbox``, ``limit``); OGC
API Records Part 1 (20-004r1), clause 7.4 (``q``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from metadata.crs import CRS84
from metadata.finding import Language
from metadata.measured import Bounds, Extent
from providers.boxes import split_box
from providers.folding import folded
from service.links import Link, self_links
from service.messages import say
from service.negotiation import HTML, JSON, Offer
from service.parameters import read_bbox, read_limit, read_offset
from service.snapshot import ServedCollection

PARAMETERS = frozenset({"f", "lang", "limit", "offset", "q", "bbox"})
DEFAULT_LIMIT = 1_000
"""Collections in a document: clients that follow no link see most catalogues whole."""
SHOWN_LIMIT = 50
"""Collections on a page for people."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What is asked of a list of collections."""

    limit: int
    offset: int = 0
    words: tuple[tuple[str, ...], ...] = ()
    """Alternatives, each of words that all have to be there, folded."""
    area: tuple[Bounds, ...] = ()
    """Boxes in longitude and latitude of which one must be met."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing but the first page of everything is asked."""
        return not (self.offset or self.words or self.area)


@dataclass(frozen=True)
class Listed:
    """One page of collections."""

    collections: Sequence[ServedCollection]
    matched: int
    """How many match, whatever the page."""
    listing: Listing

    @property
    def has_more(self) -> bool:
        """Whether there are collections after this page."""
        return self.listing.offset + len(self.collections) < self.matched


def read_listing(given: Mapping[str, str], offer: Offer) -> Listing:
    """Return what the parameters ask.

    Raises
    ------
    metadata.errors.QueryError
        One of them is malformed.
    """
    default = SHOWN_LIMIT if offer is HTML else DEFAULT_LIMIT
    return Listing(
        limit=read_limit(given, default),
        offset=read_offset(given),
        words=_words(given.get("q", "")),
        area=split_box(read_bbox(given["bbox"], CRS84)) if "bbox" in given else (),
    )


def listed(collections: Iterable[ServedCollection], listing: Listing) -> Listed:
    """Return the page of those collections that are asked for."""
    found = [c for c in collections if _matches(c, listing)]
    page = found[listing.offset : listing.offset + listing.limit]
    return Listed(page, len(found), listing)


def listing_links(
    url: str, given: Mapping[str, str], page: Listed, language: Language
) -> list[Link]:
    """Return the links of a page to itself, its other form and the pages around.

    Parameters
    ----------
    url
        Address of the list, without parameters.
    given
        The parameters as they were sent.
    """
    kept = {name: value for name, value in given.items() if name != "f"}
    if not kept:
        links = self_links(url, language, JSON.media_type)
    else:
        links = [
            _link(url, {**kept, "f": "json"}, "self", "link.self", JSON, language),
            _link(url, {**kept, "f": "html"}, "alternate", "link.html", HTML, language),
        ]
    listing = page.listing
    if page.has_more:
        place = {**given, "offset": str(listing.offset + listing.limit)}
        links.append(_link(url, place, "next", "page.next", JSON, language))
    if listing.offset:
        place = {**given, "offset": str(max(0, listing.offset - listing.limit))}
        links.append(_link(url, place, "prev", "page.previous", JSON, language))
    return links


def _link(
    url: str,
    parameters: Mapping[str, str],
    rel: str,
    title: str,
    offer: Offer,
    language: Language,
) -> Link:
    return Link(
        href=f"{url}?{urlencode(parameters)}",
        rel=rel,
        type=offer.media_type,
        title=say(language, title),
        hreflang=str(language),
    )


def _words(text: str) -> tuple[tuple[str, ...], ...]:
    plain = folded(text, case=True, accents=True)
    alternatives = (tuple(part.split()) for part in plain.split(","))
    return tuple(words for words in alternatives if words)


def _matches(served: ServedCollection, listing: Listing) -> bool:
    if listing.words:
        text = served.searched
        if not any(all(w in text for w in words) for words in listing.words):
            return False
    if not listing.area:
        return True
    extent = served.collection.extent
    return extent is not None and any(_meets(extent, box) for box in listing.area)


def _meets(extent: Extent, box: Bounds) -> bool:
    if extent.north < box.ymin or extent.south > box.ymax:
        return False
    if extent.west <= extent.east:
        return extent.west <= box.xmax and extent.east >= box.xmin
    return extent.west <= box.xmax or extent.east >= box.xmin
