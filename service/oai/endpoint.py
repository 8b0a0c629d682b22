"""Answers `/oai`, by GET and by POST (clause 3.1.1).

A catalogue that lost too much (`service.losses`) is not listed: whoever harvests would
delete what is listed as deleted. The protocol has 503 with Retry-After for it (clause
3.1.2.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from metadata.content import plain
from metadata.iso19139_content import record_language
from service.bodies import read_body
from service.catalogue import Catalogue
from service.dcat import require_no_loss
from service.landing import service_title
from service.messages import text
from service.oai import responses
from service.oai.formats import require_format
from service.oai.items import Item, Repository
from service.oai.listing import page_of
from service.oai.problems import Code, OaiProblem
from service.oai.protocol import OaiRequest, Verb, read_request
from service.oai.responses import Element
from service.problems import HttpProblem
from service.snapshot import Snapshot
from service.visit import snapshot_of

MARGIN: Final = timedelta(minutes=1)
"""How much earlier an answer is dated than it is.

Whoever harvests goes on from the date of the last answer; what was published while
that answer was being made, and not yet seen by this worker, must not fall between.
"""
_LISTS: Final = frozenset({Verb.LIST_IDENTIFIERS, Verb.LIST_RECORDS})
_LONGEST_BODY: Final = 16 * 1024
_MOST_ARGUMENTS: Final = 20
_FORM: Final = "application/x-www-form-urlencoded"
Clock = Callable[[], datetime]


class OaiEndpoint:
    """The endpoint; it keeps the items of the last catalogue that it was asked for.

    Parameters
    ----------
    clock
        Returns the present moment with its time zone.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: tuple[Catalogue, str, Repository] | None = None

    async def answer(self, request: Request) -> Response:
        """Answer GET, and POST, whose arguments are in the body.

        Raises
        ------
        HttpProblem
            408, 413, 415: the body does not come, is too long, or no form; 503: the
        catalogue lost too much to be listed.
        """
        posted = request.method == "POST"
        query = await _body(request) if posted else request.url.query
        return await self._answer(request, _pairs(query))

    async def _answer(
        self, request: Request, pairs: Sequence[tuple[str, str]]
    ) -> Response:
        snapshot = snapshot_of(request)
        content = await asyncio.to_thread(self._content, snapshot, pairs)
        return Response(content, headers={"Content-Type": "text/xml; charset=utf-8"})

    def _content(self, snapshot: Snapshot, pairs: Sequence[tuple[str, str]]) -> bytes:
        base_url = f"{snapshot.configuration.service.url}/oai"
        moment = self._clock() - MARGIN
        asked: dict[str, str] = {}
        try:
            request = read_request(pairs)
            asked = _repeated(request)
            root = responses.envelope(base_url, moment, asked)
            self._fill(root, request, snapshot)
        except OaiProblem as problem:
            repeated = asked if responses.repeats_request(problem) else {}
            root = responses.envelope(base_url, moment, repeated)
            responses.add_problem(root, problem)
        return responses.document(root)

    def _fill(self, root: Element, request: OaiRequest, snapshot: Snapshot) -> None:
        if request.verb in _LISTS:
            require_no_loss(snapshot, self._clock())
        repository = self._repository(snapshot)
        configuration = snapshot.configuration
        if request.verb is Verb.IDENTIFY:
            responses.add_identity(
                root,
                repository,
                name=service_title(configuration),
                base_url=f"{configuration.service.url}/oai",
                email=configuration.organisation.email,
            )
        elif request.verb is Verb.LIST_SETS:
            _fill_sets(root, request, repository, snapshot)
        elif request.verb is Verb.LIST_METADATA_FORMATS:
            _fill_formats(root, request, repository)
        elif request.verb is Verb.GET_RECORD:
            form = require_format(request.arguments["metadataPrefix"])
            item = _item(request.arguments["identifier"], repository)
            responses.add_record(root, item, form)
        elif request.verb is Verb.LIST_IDENTIFIERS:
            responses.add_headers(root, page_of(request, repository))
        else:
            responses.add_records(root, page_of(request, repository))

    def _repository(self, snapshot: Snapshot) -> Repository:
        """Return the items of a snapshot, the former ones if it is the same."""
        base = snapshot.configuration.organisation.identifier_base
        known = self._known
        if known is None or known[0] is not snapshot.catalogue or known[1] != base:
            made = Repository(snapshot.catalogue, base)
            known = self._known = (snapshot.catalogue, base, made)
        return known[2]


def _fill_sets(
    root: Element, request: OaiRequest, repository: Repository, snapshot: Snapshot
) -> None:
    if "resumptionToken" in request.arguments:
        message = "resumptionToken: the list of sets has one page"
        raise OaiProblem(Code.BAD_RESUMPTION_TOKEN, message)
    language = record_language(snapshot.configuration.organisation)
    responses.add_sets(root, repository.sets(language))


def _fill_formats(root: Element, request: OaiRequest, repository: Repository) -> None:
    if "identifier" in request.arguments:
        _item(request.arguments["identifier"], repository)
    responses.add_formats(root)


def _item(identifier: str, repository: Repository) -> Item:
    found = repository.get(identifier)
    if found is None:
        message = "there is no item of that name"
        raise OaiProblem(Code.ID_DOES_NOT_EXIST, message)
    return found


def _repeated(request: OaiRequest) -> dict[str, str]:
    """Return verb and arguments as XML can hold them."""
    arguments = {name: plain(value) for name, value in request.arguments.items()}
    return {"verb": request.verb.value, **arguments}


def _pairs(query: str) -> list[tuple[str, str]]:
    """Read arguments; more than any verb has are as bad as unknown ones."""
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_ARGUMENTS)
    except ValueError:
        return [("verb", ""), ("verb", "")]


async def _body(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise HttpProblem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            text("oai.no-form", kind=_FORM),
        )
    body = await read_body(request, most=_LONGEST_BODY, too_long=_too_long)
    return body.decode("utf-8", "replace")


def _too_long() -> HttpProblem:
    return HttpProblem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "ContentTooLarge",
        text("oai.too-long", most=_LONGEST_BODY),
    )
