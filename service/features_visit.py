"""One request for features as its handlers see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from metadata.crs import Crs
from metadata.finding import Language
from service.item_links import Links
from service.negotiation import GEOJSON, Offer, chosen_format, chosen_language
from service.parameters import Pairs, read_pairs
from service.snapshot import ServedCollection
from service.validators import digest
from service.visit import find_collection, find_root, snapshot_of


@dataclass(frozen=True)
class FeaturesVisit:
    """A request for features of a collection that is there."""

    request: Request
    served: ServedCollection
    root: str
    """Absolute address of the API root, without a final slash."""
    language: Language
    pairs: Pairs
    """The parameters of the address as they were sent, decoded, in order."""

    @cached_property
    def held(self) -> list[str]:
        """What the client says that it holds (``If-None-Match``)."""
        return self.request.headers.getlist("if-none-match")

    def offer(self, offers: Sequence[Offer]) -> Offer:
        """Return the format to answer in."""
        return chosen_format(dict(self.pairs), self.request.headers, offers)

    def question(self, *parts: str) -> str:
        """Return what tells this question from all others."""
        known = self.served.form, self.root, str(self.language), self.pairs
        return digest(*map(str, parts), *known)

    def links(self, *, posted: bool = False, offer: Offer = GEOJSON) -> Links:
        """Return what makes the links of the answer, in the form of an offer."""
        return Links(
            self.root,
            self.served.id,
            self.pairs,
            self.language,
            posted=posted,
            offer=offer,
        )

    def headers(self, crs: Crs) -> dict[str, str]:
        """Return the headers of an answer in a CRS."""
        return {
            "Content-Crs": f"<{crs.uri}>",
            "Content-Language": str(self.language),
            "Vary": "Accept, Accept-Language",
        }


FeaturesHandler = Callable[[FeaturesVisit], Awaitable[Response]]


class Visiting:
    """The endpoint that finds root, collection and language for a handler."""

    def __init__(self, handler: FeaturesHandler) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        answer = await self._handler(_visit(Request(scope, receive, send)))
        await answer(scope, receive, send)


def _visit(request: Request) -> FeaturesVisit:
    """Return what is asked for, if it is there.

    Raises
    ------
    service.problems.HttpProblem
        There is no such dataset or collection.
    metadata.errors.QueryError
        The address or its parameters cannot be read.
    """
    snapshot = snapshot_of(request)
    root = find_root(snapshot, request)
    pairs = read_pairs(request.scope["query_string"])
    languages = snapshot.configuration.service.languages
    language = chosen_language(dict(pairs), request.headers, languages)
    served = find_collection(root, snapshot, request)
    return FeaturesVisit(request, served, root.url, language, pairs)
