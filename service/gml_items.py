"""Items as GML: pages of any size in bounded memory, with their links as headers.

What follows a page is known only once it was read to its end, and a header comes
before the first feature: a large page is therefore read into a file first, which
holds a session of the silo no longer than that takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from metadata.crs import Crs
from providers.feature_source import Counted, FeatureStream, Page
from providers.gml import Numbering
from providers.gml_bounds import GmlBounds
from providers.query import Encoding, Query
from service.features_visit import FeaturesVisit
from service.gml_form import (
    CLOSING,
    count_headers,
    features_of,
    link_header,
    numbering,
)
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
from service.parameters import ItemsRequest
from service.spool import Spool, SpoolRoom
from service.streaming import FeatureStreamResponse, IsGone, departure
from service.validators import state_tag, version_tag

_GONE: Final = 499
"""What the metrics have of a client that left before its answer, as nginx says it."""


@dataclass(frozen=True)
class _Read:
    """A page that was read to its end."""

    spool: Spool
    bounds: GmlBounds
    stream: FeatureStream
    """Exhausted; what it knows of the page."""


@dataclass(frozen=True)
class GmlItems(Items):
    """The handlers of items and one item as GML."""

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
        return Response(content, headers={**headers, **link_header(links)})

    async def answered(
        self, seen: FeaturesVisit, asked: ItemsRequest, links: Links, question: str
    ) -> Response:
        """Answer with a page, whole or by way of a file."""
        query = replace(asked.query, encoding=Encoding.GML)
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
        return Response(self.form.opening(seen, query.crs) + CLOSING, headers=headers)

    async def _whole(
        self, seen: FeaturesVisit, query: Query, links: Links, question: str
    ) -> Response:
        page = await seen.served.reading.page(query)
        self.sizes.note(seen.served, query, len(page.sequence), page.count)
        counted = await matching(seen.served.reading, query, page)
        found = links.of_items(query, page.next_cursor, more=page.has_more)
        tag = state_tag(question, page.state if agree(counted, page.state) else "")
        headers = self._about(seen, query, tag, counted, page.count, found)
        opening, number = self.form.opening(seen, query.crs), _numbers(seen, query)
        content = await run_in_threadpool(_joined, opening, page, query.crs, number)
        return Response(content, headers=headers)

    async def _spooled(
        self, seen: FeaturesVisit, query: Query, links: Links, question: str
    ) -> Response:
        async with departure(seen.request.receive) as is_gone:
            read = await run_in_threadpool(self._read, seen, query, is_gone)
        if read is None:
            return Response(status_code=_GONE)
        try:
            headers = await self._about_read(seen, query, links, question, read.stream)
        except BaseException:
            read.spool.close()
            raise
        opening = self.form.opening(seen, query.crs)
        return FeatureStreamResponse(
            opening=opening + read.bounds.envelope(query.crs.uri).encode(),
            first=b"",
            stream=read.spool,
            closing=lambda: CLOSING,
            headers=headers,
        )

    def _read(self, seen: FeaturesVisit, query: Query, is_gone: IsGone) -> _Read | None:
        """Read a page to its end; `None` when the client leaves meanwhile."""
        stream, batch = begin(seen.served.features, query)
        number, bounds, spool = _numbers(seen, query), GmlBounds(), Spool(self.room)
        try:
            while batch and not is_gone():
                spool.write(number(batch) if number else batch)
                bounds.add(batch)
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
        return _Read(spool, bounds, stream)

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
        return {**headers, **numbers, **link_header(links)}


def _joined(opening: bytes, page: Page, crs: Crs, number: Numbering | None) -> bytes:
    """Return the document of a page."""
    features, bounds = features_of(page.sequence), GmlBounds()
    bounds.add(features)
    box = bounds.envelope(crs.uri).encode()
    return b"".join((opening, box, number(features) if number else features, CLOSING))


def _numbers(seen: FeaturesVisit, query: Query) -> Numbering | None:
    return numbering(seen.served, query.offset)
