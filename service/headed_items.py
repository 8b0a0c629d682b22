"""Items in forms without a place for numbers and links, which are headers there.

What follows a page is known only once it was read to its end, and a header comes
before the first feature: a large page is therefore read into a file first, which
holds a session of the silo no longer than that takes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from metadata.crs import Crs
from providers.feature_source import Counted, FeatureStream, Found
from providers.query import Encoding, Query
from service.features_visit import FeaturesVisit
from service.item_forms import read_one
from service.item_headers import count_headers, link_header
from service.item_links import Links
from service.items import (
    COUNT_BUDGET,
    STREAMED_FROM,
    Items,
    agree,
    begin,
    item_question,
    matching,
)
from service.links import Link
from service.negotiation import Offer
from service.parameters import ItemsRequest
from service.snapshot import ServedCollection
from service.spool import Spool, SpoolRoom
from service.streaming import FeatureStreamResponse, IsGone, departure
from service.validators import state_tag, version_tag

_GONE: Final = 499
"""What the metrics have of a client that left before its answer, as nginx says it."""


class PageDocument(Protocol):
    """The document of a page while features are added to it."""

    closing: bytes
    """What stands after the last feature."""

    def add(self, features: bytes) -> bytes:
        """Take in some features; return them as they stand in the document."""
        ...

    def opening(self) -> bytes:
        """Return what stands before the first feature, once all were added."""
        ...


class HeadedForm(ABC):
    """What stands around features in a form without a place for links."""

    offer: Offer
    encoding: Encoding

    @abstractmethod
    def begin(self, seen: FeaturesVisit, query: Query) -> PageDocument:
        """Return the document of a page, still without features."""

    @abstractmethod
    def item(
        self, seen: FeaturesVisit, crs: Crs, feature: bytes, links: Sequence[Link]
    ) -> bytes:
        """Return one feature as a document of its own; its links are headers."""

    def headers(self, seen: FeaturesVisit) -> Mapping[str, str]:  # noqa: ARG002
        """Return headers that only this form has."""
        return {}

    def opening(self, seen: FeaturesVisit, crs: Crs) -> bytes:
        """Return a document without features up to where they would be."""
        return self.begin(seen, Query(crs=crs)).opening()

    async def read(self, served: ServedCollection, key: str, crs: Crs) -> Found | None:
        """Read one feature, as a page of one."""
        return await read_one(served, key, crs, self.encoding)


@dataclass(frozen=True)
class _Read:
    """A page that was read to its end."""

    spool: Spool
    document: PageDocument
    stream: FeatureStream
    """Exhausted; what it knows of the page."""


@dataclass(frozen=True)
class HeadedItems(Items):
    """The handlers of items and one item whose links are headers."""

    form: HeadedForm = field(kw_only=True)
    room: SpoolRoom = field(kw_only=True)
    """Where large pages are read into."""

    async def one(self, seen: FeaturesVisit, key: str, crs: Crs) -> Response:
        """Answer with one item."""
        question = item_question(seen, self.form.encoding, key)
        if seen.served.editor is None:
            known = await self._known(seen, question, crs)
            if known is not None:
                return known
        content, found = await self._one(seen, key, crs)
        tag = state_tag(question, found.state)
        if seen.served.editor is not None:
            tag = version_tag(question, found.version)
        links = seen.links(offer=self.form.offer).of_item(key)
        headers = self._tagged(seen.headers(crs), tag)
        own = self.form.headers(seen)
        return Response(content, headers={**headers, **own, **link_header(links)})

    async def answered(
        self, seen: FeaturesVisit, asked: ItemsRequest, links: Links, question: str
    ) -> Response:
        """Answer with a page, whole or by way of a file."""
        query = replace(asked.query, encoding=self.form.encoding)
        if asked.hits:
            return await self._hits(seen, query, links, question)
        large = asked.limit > STREAMED_FROM
        if large and not self.sizes.is_light(seen.served, query):
            return await self._spooled(seen, query, links, question)
        return await self._whole(seen, query, links, question)

    async def _hits(
        self, seen: FeaturesVisit, query: Query, links: Links, question: str
    ) -> Response:
        reader = seen.served.reading
        state = await reader.state()
        counted = await reader.count(query, state=state, budget_ms=None)
        found = links.of_items(query, None, more=False)
        tag = state_tag(question, counted.state)
        headers = self._about(seen, query, tag, counted, 0, found)
        document = self.form.begin(seen, query)
        return Response(document.opening() + document.closing, headers=headers)

    async def _whole(
        self, seen: FeaturesVisit, query: Query, links: Links, question: str
    ) -> Response:
        page = await seen.served.reading.page(query)
        self.sizes.note(seen.served, query, len(page.sequence), page.count)
        counted = await matching(seen.served.reading, query, page)
        found = links.of_items(query, page.next_cursor, more=page.has_more)
        tag = state_tag(question, page.state if agree(counted, page.state) else "")
        headers = self._about(seen, query, tag, counted, page.count, found)
        document = self.form.begin(seen, query)
        content = await run_in_threadpool(_joined, document, page.sequence)
        return Response(content, headers=headers)

    async def _spooled(
        self, seen: FeaturesVisit, query: Query, links: Links, question: str
    ) -> Response:
        async with departure(seen.request.receive) as is_gone:
            read = await self.threads.run(partial(self._read, seen, query, is_gone))
        if read is None:
            return Response(status_code=_GONE)
        try:
            headers = await self._about_read(seen, query, links, question, read.stream)
        except BaseException:
            read.spool.close()
            raise
        return FeatureStreamResponse(
            opening=read.document.opening(),
            first=b"",
            stream=read.spool,
            closing=lambda: read.document.closing,
            headers=headers,
        )

    def _read(self, seen: FeaturesVisit, query: Query, is_gone: IsGone) -> _Read | None:
        """Read a page to its end; `None` when the client leaves meanwhile."""
        document = self.form.begin(seen, query)
        stream, batch = begin(seen.served.features, query)
        spool = Spool(self.room)
        try:
            while batch and not is_gone():
                spool.write(document.add(batch))
                batch = next(stream, b"")
            spool.rewind()
        except BaseException:
            spool.close()
            raise
        finally:
            stream.close()
        if batch:
            spool.close()
            return None
        return _Read(spool, document, stream)

    async def _about_read(
        self,
        seen: FeaturesVisit,
        query: Query,
        links: Links,
        question: str,
        stream: FeatureStream,
    ) -> dict[str, str]:
        """Return the headers of a page that was read to its end."""
        served, state = seen.served, stream.state
        self.sizes.note(served, query, stream.size, stream.count)
        counted = await served.reading.count(query, state=state, budget_ms=COUNT_BUDGET)
        found = links.of_items(query, stream.next_cursor, more=stream.has_more)
        tag = state_tag(question, state if agree(counted, state) else "")
        return self._about(seen, query, tag, counted, stream.count, found)

    def _about(
        self,
        seen: FeaturesVisit,
        query: Query,
        tag: str,
        counted: Counted,
        returned: int,
        links: Sequence[Link],
    ) -> dict[str, str]:
        """Return the headers of a page."""
        headers = self._tagged(seen.headers(query.crs), tag)
        numbers = count_headers(counted.number, returned)
        own = self.form.headers(seen)
        return {**headers, **own, **numbers, **link_header(links)}


def _joined(document: PageDocument, features: bytes) -> bytes:
    """Return a document of some features, whole."""
    added = document.add(features)
    return b"".join((document.opening(), added, document.closing))
