"""Links of items: to itself, other forms, pages around, and the collection."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

from metadata.finding import Language, Text
from providers.query import Query
from service.links import Link
from service.negotiation import CSV, GEOJSON, GML, HTML, JSONFG, Offer

_JSON = "application/json"
_ALTERNATES: tuple[tuple[Offer, Text], ...] = (
    (HTML, Text("Cette page en HTML", "This document as HTML")),
    (GEOJSON, Text("Ce document en GeoJSON", "This document as GeoJSON")),
    (JSONFG, Text("Ce document en JSON-FG", "This document as JSON-FG")),
    (GML, Text("Ce document en GML", "This document as GML")),
    (CSV, Text("Ce document en CSV", "This document as CSV")),
)
"""The forms of one document; each links to all others."""
_TITLES = {
    "self": Text("Ce document", "This document"),
    "next": Text("Page suivante", "Next page"),
    "prev": Text("Page précédente", "Previous page"),
    "collection": Text("La collection", "The collection"),
}
_PAGING = frozenset({"cursor", "offset"})


class Links:
    """Makes the links of one request.

    Parameters
    ----------
    root
        Absolute address of the API root, without a final slash.
    pairs
        The parameters of the request's address, decoded, in order.
    posted
        Whether a part of the question is in the request's body: pages are then
        asked for by POST with the same body, which each link says.
    offer
        The form of the document that they stand in.
    """

    def __init__(
        self,
        root: str,
        collection: str,
        pairs: Sequence[tuple[str, str]],
        language: Language,
        *,
        posted: bool = False,
        offer: Offer = GEOJSON,
    ) -> None:
        self._collection = f"{root}/collections/{_segment(collection)}"
        self._pairs = pairs if offer is GEOJSON else _in_form(pairs, offer)
        self._offer = offer
        self._language = language
        self._posted = posted

    def of_items(
        self, query: Query, next_cursor: str | None, *, more: bool
    ) -> list[Link]:
        """Return the links of a page.

        Without a key there is no cursor, and the next page is found by offset.
        """
        url = f"{self._collection}/items"
        links = self._of(url)
        if next_cursor:
            links.append(self._page(url, "next", ("cursor", next_cursor)))
        elif more and query.limit:
            following = str(query.offset + query.limit)
            links.append(self._page(url, "next", ("offset", following)))
        if query.offset and query.limit:
            before = str(max(0, query.offset - query.limit))
            links.append(self._page(url, "prev", ("offset", before)))
        return links

    def of_item(self, key: str) -> list[Link]:
        """Return the links of one feature, its key still percent-encoded."""
        return self._of(f"{self._collection}/items/{key}")

    def _of(self, url: str) -> list[Link]:
        others = [pair for pair in self._pairs if pair[0] != "f"]
        own = self._offer.media_type
        here = self._link(_address(url, self._pairs), "self", own)
        above = self._link(self._collection, "collection", _JSON)
        if self._posted:
            return [self._by_post(here), above]
        stem = _address(url, [*others, ("f", "")])
        alternates = (
            Link(
                href=stem + offer.name,
                rel="alternate",
                type=offer.media_type,
                title=title.said_in(self._language),
            )
            for offer, title in _ALTERNATES
            if offer is not self._offer
        )
        return [here, *alternates, above]

    def _page(self, url: str, rel: str, place: tuple[str, str]) -> Link:
        others = [pair for pair in self._pairs if pair[0] not in _PAGING]
        link = self._link(_address(url, [*others, place]), rel, self._offer.media_type)
        return self._by_post(link) if self._posted else link

    @staticmethod
    def _by_post(link: Link) -> Link:
        """Say that a link is followed by POST, as STAC's link objects do."""
        return Link(**link, method="POST")

    def _link(self, href: str, rel: str, kind: str) -> Link:
        title = _TITLES[rel].said_in(self._language)
        return Link(href=href, rel=rel, type=kind, title=title)


def _in_form(
    pairs: Sequence[tuple[str, str]], offer: Offer
) -> Sequence[tuple[str, str]]:
    """Return parameters that say the form, whatever ``Accept`` says."""
    return [*(pair for pair in pairs if pair[0] != "f"), ("f", offer.name)]


def _address(url: str, pairs: Sequence[tuple[str, str]]) -> str:
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    return f"{url}?{query}" if query else url


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    """Return a part of a query, percent-encoded (RFC 3986, clause 3.4)."""
    return quote(text, safe=",/:")


@lru_cache(maxsize=4096)
def _segment(text: str) -> str:
    """Return a segment of a path, percent-encoded (RFC 3986, clause 3.3)."""
    return quote(text, safe="")
