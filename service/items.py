"""The one path where bytes flow: items, one item, and everything as a file.

Features come out of the silo as text and pass through untouched; what is added
here are the members around them (`service.item_forms`). Small pages are one
answer, larger ones are streamed with their links at the end.

References
----------
OGC API Features Part 1 (17-069r4), clauses 7.15, 7.16 and 8.3; Part 2
(18-058r1), clause 6.3 (``Content-Crs``); RFC 7946.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from urllib.parse import quote, unquote

from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from metadata.crs import CRS84, Crs
from metadata.finding import Text
from providers.features import (
    Counted,
    FeatureReader,
    FeatureSource,
    FeatureStream,
    Found,
    Page,
)
from providers.query import Encoding, Query
from service import pages
from service.features_visit import FeaturesVisit
from service.item_forms import (
    GEOJSON_FORM,
    GEOJSON_OPENING,
    JsonForm,
)
from service.item_links import Links
from service.links import Link
from service.memory import PageMemory
from service.negotiation import CSV, GEOJSON, GML, HTML, JSONFG, Offer
from service.parameters import (
    DEFAULT_LIMIT,
    DOWNLOAD_PARAMETERS,
    ITEM_PARAMETERS,
    SHOWN_LIMIT,
    ItemsRequest,
    read_crs,
    read_items,
    require_geojson,
    require_known,
)
from service.posted import beside_posted, read_posted
from service.problems import not_found
from service.sizes import FeatureSizes
from service.streaming import FeatureStreamResponse, StreamThreads
from service.validators import held_tag, state_tag, version_tag

COUNT_BUDGET = 500
"""Milliseconds that counting may add to a page; then the number is left out."""
STREAMED_FROM = 1_000
"""Pages of more features than this are streamed, unless they are known to be light."""
OFFERS = (GEOJSON, HTML, Offer("geojson", GEOJSON.media_type), JSONFG, GML, CSV)
POST_OFFERS = tuple(offer for offer in OFFERS if offer is not HTML)


@dataclass(frozen=True)
class Items:
    """The handlers of items, one item and everything as a file, in one form.

    Those of the first form, GeoJSON, hand over what is asked for in another.
    """

    memory: PageMemory
    sizes: FeatureSizes = field(default_factory=FeatureSizes)
    threads: StreamThreads = field(default_factory=StreamThreads)
    form: JsonForm = GEOJSON_FORM
    others: Mapping[str, Items] = field(default_factory=lambda: MappingProxyType({}))
    """Handlers of the other forms, by the name of their offer."""

    async def page(self, seen: FeaturesVisit) -> Response:
        """Answer ``/collections/{id}/items``."""
        if seen.request.method == "POST":
            return await self._posted(seen)
        offer = seen.offer(OFFERS)
        default = SHOWN_LIMIT if offer is HTML else DEFAULT_LIMIT
        asked = read_items(seen.pairs, seen.served.collection, limit=default)
        if offer is HTML:
            content, _ = await self._page(seen, asked, seen.links())
            headers = seen.headers(asked.query.crs)
            return await _shown(pages.items_page, seen, content, headers)
        return await self.others.get(offer.name, self).found(seen, asked)

    async def found(self, seen: FeaturesVisit, asked: ItemsRequest) -> Response:
        """Answer with a page in this form."""
        question = seen.question("items", self.form.encoding)
        known = await self._known(seen, question, asked.query.crs)
        links = seen.links(offer=self.form.offer)
        return known or await self.answered(seen, asked, links, question)

    async def _posted(self, seen: FeaturesVisit) -> Response:
        """Answer a question of which a part is in the body (`service.posted`).

        The answer bears no tag: only those to GET can be asked for again by it.
        """
        offer = seen.offer(POST_OFFERS)
        body = await read_posted(seen.request)
        every = (*beside_posted(seen.pairs, body), *body)
        asked = await run_in_threadpool(read_items, every, seen.served.collection)
        handlers = self.others.get(offer.name, self)
        links = seen.links(posted=True, offer=handlers.form.offer)
        return await handlers.answered(seen, asked, links, "")

    async def item(self, seen: FeaturesVisit) -> Response:
        """Answer ``/collections/{id}/items/{fid}``."""
        given = require_known(seen.pairs, ITEM_PARAMETERS, seen.served.collection)
        crs = read_crs(given, seen.served.collection)
        return await self.any_item(seen, raw_item(seen.request), crs)

    async def any_item(self, seen: FeaturesVisit, key: str, crs: Crs) -> Response:
        """Answer with one item in the form that is asked for."""
        offer = seen.offer(OFFERS)
        if offer is HTML:
            content, _ = await self._one(seen, key, crs)
            return await _shown(pages.item_page, seen, content, seen.headers(crs))
        return await self.others.get(offer.name, self).one(seen, key, crs)

    async def one(self, seen: FeaturesVisit, key: str, crs: Crs) -> Response:
        """Answer with one item in this form."""
        question = item_question(seen, self.form.encoding, key)
        if seen.served.editor is not None:
            content, found = await self._one(seen, key, crs)
            tag = version_tag(question, found.version)
            return Response(content, headers=self._tagged(seen.headers(crs), tag))
        known = await self._known(seen, question, crs)
        if known is not None:
            return known
        content, found = await self._one(seen, key, crs)
        tag = state_tag(question, found.state)
        self.memory.put(question, tag, content)
        return Response(content, headers=self._tagged(seen.headers(crs), tag))

    async def _one(
        self, seen: FeaturesVisit, key: str, crs: Crs
    ) -> tuple[bytes, Found]:
        """Return one item in this form, and what it is made of."""
        found = await self.form.read(seen.served, key, crs)
        if found is None:
            raise not_found(
                Text(f"La collection n'a pas d'objet « {unquote(key)[:80]} ».",
                     f"The collection has no feature “{unquote(key)[:80]}”.")
            )  # fmt: skip
        links = seen.links(offer=self.form.offer).of_item(key)
        return self.form.item(seen, crs, found.feature, links), found

    async def download(self, seen: FeaturesVisit) -> Response:
        """Answer ``/collections/{id}/download/{id}.geojson``: everything, by key."""
        name = f"{seen.served.id}.geojson"
        file = seen.request.path_params["file"]
        if file != name:
            raise not_found(
                Text(f"Il n'y a pas de fichier « {file[:80]} ».",
                     f"There is no file “{file[:80]}”.")
            )  # fmt: skip
        given = require_known(seen.pairs, DOWNLOAD_PARAMETERS, seen.served.collection)
        require_geojson(given)
        question = seen.question("download")
        known = await self._known(seen, question, CRS84)
        if known is not None:
            return known
        source = seen.served.features
        stream, first = await self.threads.run(partial(begin, source, Query()))
        headers = self._tagged(seen.headers(CRS84), state_tag(question, stream.state))
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
        return FeatureStreamResponse(
            opening=GEOJSON_OPENING,
            first=first,
            stream=stream,
            closing=lambda: b"]}",
            headers=headers,
        )

    async def answered(
        self, seen: FeaturesVisit, asked: ItemsRequest, links: Links, question: str
    ) -> Response:
        """Answer with a page, whole or on its way; without a question it has no tag."""
        if self.form.encoding is not asked.query.encoding:
            query = replace(asked.query, encoding=self.form.encoding)
            asked = replace(asked, query=query)
        large = asked.limit > STREAMED_FROM and not asked.hits
        if large and not self.sizes.is_light(seen.served, asked.query):
            return await self._streamed(seen, asked, links, question)
        content, state = await self._page(seen, asked, links)
        tag = state_tag(question, state)
        self.memory.put(question, tag, content)
        headers = self._tagged(seen.headers(asked.query.crs), tag)
        return Response(content, headers=headers)

    async def _streamed(
        self, seen: FeaturesVisit, asked: ItemsRequest, links: Links, question: str
    ) -> Response:
        """Answer with a page on its way; what ends it is known before it begins."""
        served, query = seen.served, asked.query
        stream, first = await self.threads.run(partial(begin, served.features, query))
        try:
            counted = await served.reading.count(
                query, state=stream.state, budget_ms=COUNT_BUDGET
            )
        except BaseException:
            await run_in_threadpool(stream.close)
            raise
        state = stream.state if agree(counted, stream.state) else ""

        def closing() -> bytes:
            self.sizes.note(served, query, stream.size, stream.count)
            found = links.of_items(query, stream.next_cursor, more=stream.has_more)
            return b"],%b}" % _members(counted.number, stream.count, found)

        return FeatureStreamResponse(
            opening=self.form.opening(seen, query.crs),
            first=first,
            stream=stream,
            closing=closing,
            headers=self._tagged(seen.headers(query.crs), state_tag(question, state)),
        )

    async def _page(
        self, seen: FeaturesVisit, asked: ItemsRequest, links: Links
    ) -> tuple[bytes, str]:
        """Return one page as a FeatureCollection, and the state that it is all of."""
        query, reader = asked.query, seen.served.reading
        opening = self.form.opening(seen, query.crs)
        if asked.hits:
            state = await reader.state()
            counted = await reader.count(query, state=state, budget_ms=None)
            found = links.of_items(query, None, more=False)
            members = _members(counted.number, 0, found)
            return _collection(opening, b"", members), counted.state
        page = await reader.page(query)
        self.sizes.note(seen.served, query, len(page.sequence), page.count)
        found = links.of_items(query, page.next_cursor, more=page.has_more)
        counted = await matching(reader, query, page)
        members = _members(counted.number, page.count, found)
        content = _collection(opening, page.content, members)
        return content, page.state if agree(counted, page.state) else ""

    async def _known(
        self, seen: FeaturesVisit, question: str, crs: Crs
    ) -> Response | None:
        """Answer from the client's copy or the memory, where either still holds."""
        if not seen.held and question not in self.memory:
            return None
        tag = state_tag(question, await seen.served.reading.state())
        headers = seen.headers(crs)
        confirmed = held_tag(tag, seen.held)
        if confirmed:
            return Response(status_code=304, headers={**headers, "ETag": confirmed})
        content = self.memory.get(question, tag) if tag else None
        if content is None:
            return None
        return Response(content, headers=self._tagged(headers, tag))

    def _tagged(self, headers: Mapping[str, str], tag: str) -> dict[str, str]:
        """Return the headers of an answer in this form, with its tag if it has one."""
        tags = {"ETag": tag} if tag else {}
        return {**headers, **tags, "Content-Type": self.form.offer.media_type}


async def _shown(
    page: Callable[..., Response],
    seen: FeaturesVisit,
    content: bytes,
    headers: Mapping[str, str],
) -> Response:
    """Answer with a page for people, made in a thread."""
    return await run_in_threadpool(
        page,
        seen.request,
        seen.served,
        seen.root,
        seen.language,
        content,
        headers=headers,
    )


def item_question(seen: FeaturesVisit, encoding: Encoding, key: str) -> str:
    """Return what tells the question of one item from all others."""
    return seen.question("item", encoding, key)


def raw_item(request: Request) -> str:
    """Return the identifier as it stands in the path, still percent-encoded."""
    raw: bytes = request.scope.get("raw_path") or b""
    path = raw.decode("latin-1").split("?", 1)[0]
    _, found, item = path.partition("/items/")
    return item if found else quote(request.path_params["item"], safe="")


def begin(source: FeatureSource, query: Query) -> tuple[FeatureStream, bytes]:
    """Return a stream and its first batch, so that errors still have a status."""
    stream = source.stream(query)
    return stream, next(stream, b"")


async def matching(reader: FeatureReader, query: Query, page: Page) -> Counted:
    """Return how many features match; counted only where the page cannot tell."""
    if not query.cursor and not page.has_more and (page.count or not query.offset):
        return Counted(query.offset + page.count, page.state)
    return await reader.count(query, state=page.state, budget_ms=COUNT_BUDGET)


def agree(counted: Counted, state: str) -> bool:
    """Tell whether a number is there, and of the state that was read."""
    return counted.number is not None and counted.state == state


def _collection(opening: bytes, features: bytes, members: bytes) -> bytes:
    return b"".join((opening, features, b"],", members, b"}"))


def _members(matched: int | None, returned: int, links: Sequence[Link]) -> bytes:
    """Return the members after the features, without brackets.

    There is no ``timeStamp``, so that an answer is the same for as long as the
    data are (Part 1, clause 7.16.2: it may be left out).
    """
    total = b"" if matched is None else b'"numberMatched":%d,' % matched
    return b'%b"numberReturned":%d,"links":%b' % (total, returned, to_json(links))
