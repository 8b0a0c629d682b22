"""`/csw`: one address for both methods and every operation."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qsl

from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from metadata.finding import Language
from service.bodies import read_body
from service.csw.answers import (
    acknowledgement,
    domain_answer,
    found,
    record_answer,
    records_answer,
    schema_answer,
    search,
)
from service.csw.capabilities import Facts, capabilities_document
from service.csw.guard import require_whole
from service.csw.harvests import Harvests, Result
from service.csw.index import Index
from service.csw.inspire import answer_language
from service.csw.keeper import Keeper
from service.csw.kvp import Parameters, parameters, read_kvp
from service.csw.limits import BODY
from service.csw.linked import FactsOf, present_facts
from service.csw.names import SENT_AS
from service.csw.operations import (
    DescribeRecord,
    GetCapabilities,
    GetDomain,
    GetRecords,
    ResultType,
)
from service.csw.posted import read_posted
from service.csw.problems import OTHER, SEQUENCE, CswProblem, report_response
from service.messages import text
from service.problems import HttpProblem, problem_of
from service.snapshot import Snapshot
from service.visit import snapshot_of

logger = logging.getLogger(__name__)
Endpoint = Callable[[Request], Awaitable[Response]]
_AGENT = 200
"""Characters that tell one program from another."""
_FORM = "application/x-www-form-urlencoded"
_DIGITS = 18
"""Of an update sequence, at most."""


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One HTTP request, as far as the catalogue is concerned."""

    snapshot: Snapshot
    given: Parameters
    query: str
    """The query string, as it was sent."""
    content: bytes
    """The document posted; empty without one."""
    client: str
    """Who asks: tells one harvest from another."""
    now: datetime

    @property
    def language(self) -> Language:
        """The language to answer in."""
        languages = self.snapshot.configuration.service.languages
        return answer_language(self.given.get("language"), languages)

    @property
    def facts(self) -> FactsOf:
        """Where what DCAT says beyond the records is looked up."""
        return present_facts(self.snapshot.catalogue)


def csw_endpoint(keeper: Keeper, clock: Callable[[], datetime]) -> Endpoint:
    """Return the endpoint of the catalogue.

    Parameters
    ----------
    keeper
        Holds what is searched.
    clock
        Returns the present moment, with its time zone.
    """
    desk = _Desk(keeper)

    async def csw(request: Request) -> Response:
        snapshot = snapshot_of(request)
        try:
            content = await _body(request)
        except HttpProblem as error:
            return report_response(
                problem_of(error), snapshot.configuration.service.languages[0]
            )
        return await run_in_threadpool(
            _answer, desk, request, snapshot, content, clock()
        )

    return csw


async def _body(request: Request) -> bytes:
    """Read what is posted, and no more than may be.

    Raises
    ------
    HttpProblem
        408: it does not come. 413: it is longer.
    """
    return await read_body(request, most=BODY, too_long=_too_long)


def _too_long() -> CswProblem:
    return CswProblem(
        OTHER,
        text("csw.body", limit=BODY // 1024),
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def _answer(
    desk: _Desk,
    request: Request,
    snapshot: Snapshot,
    content: bytes,
    now: datetime,
) -> Response:
    """Answer a request, whatever becomes of it, with a document of the standard."""
    language = snapshot.configuration.service.languages[0]
    try:
        asked = _asked(request, snapshot, content, now)
        language = asked.language
        document = desk.document(asked)
    except Exception as error:  # noqa: BLE001  (the last line: every failure is a report)
        return _failed(error, language)
    return Response(
        document,
        media_type=SENT_AS,
        headers={"Content-Language": language, "Cache-Control": "no-cache"},
    )


def _failed(error: Exception, language: Language) -> Response:
    locator = error.locator if isinstance(error, CswProblem) else ""
    if not isinstance(error, CswProblem):
        logger.warning("CSW: %s", error, exc_info=True)
    return report_response(problem_of(error), language, locator=locator)


def _asked(
    request: Request, snapshot: Snapshot, content: bytes, now: datetime
) -> _Asked:
    pairs = list(request.query_params.multi_items())
    if content and request.headers.get("content-type", "").startswith(_FORM):
        pairs += parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)
        content = b""
    return _Asked(
        snapshot=snapshot,
        given=parameters(pairs),
        query=f"{snapshot.configuration.service.url}/csw?{request.url.query}",
        content=content,
        client=_client(request),
        now=now,
    )


def _client(request: Request) -> str:
    host = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")
    return f"{host} {agent[:_AGENT]}"


class _Desk:
    """Answers requests, and remembers the harvests under way."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._harvests = Harvests()

    def document(self, asked: _Asked) -> bytes:
        """Return the document that answers a request.

        Raises
        ------
        CswProblem
            There is none.
        """
        echo: etree._Element | str = asked.query
        if asked.content:
            wanted, echo = read_posted(asked.content)
        else:
            wanted = read_kvp(asked.given)
        if isinstance(wanted, DescribeRecord):
            return schema_answer(wanted)
        index = self._keeper.index(asked.snapshot.catalogue.stored)
        if isinstance(wanted, GetCapabilities):
            return _capabilities(index, wanted, asked)
        largest_loss = asked.snapshot.configuration.service.largest_loss
        require_whole(index, largest_loss=largest_loss, now=asked.now)
        if isinstance(wanted, GetRecords):
            return self._records(index, wanted, echo, asked)
        if isinstance(wanted, GetDomain):
            return domain_answer(index, wanted)
        return record_answer(index, wanted, facts=asked.facts)

    def _records(
        self,
        index: Index,
        wanted: GetRecords,
        echo: etree._Element | str,
        asked: _Asked,
    ) -> bytes:
        if wanted.result_type is ResultType.VALIDATE:
            return acknowledgement(echo, now=asked.now)
        result = self._harvests.begun(asked.client, wanted, asked.now)
        result = result or Result(index, found(index, wanted))
        page = search(result.order, wanted)
        self._harvests.told(asked.client, wanted, page.following, result, asked.now)
        return records_answer(
            result.index, page, wanted, facts=asked.facts, now=asked.now
        )


def _capabilities(index: Index, wanted: GetCapabilities, asked: _Asked) -> bytes:
    """Return the capabilities; little where the client has them already."""
    sections = wanted.sections
    sequence = wanted.update_sequence.strip()
    if sequence:
        is_one = sequence.isascii() and sequence.isdigit()
        known = int(sequence) if is_one and len(sequence) <= _DIGITS else -1
        if known == index.sequence:
            sections = frozenset()
        elif known > index.sequence or known < 0:
            message = text("csw.sequence", value=sequence[:20])
            raise CswProblem(SEQUENCE, message, locator="updateSequence")
    facts = Facts(
        configuration=asked.snapshot.configuration,
        language=asked.language,
        update_sequence=str(index.sequence),
        changed=(index.changed or asked.snapshot.built_at).date(),
    )
    return capabilities_document(facts, sections)
