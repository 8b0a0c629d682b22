"""Filters that are too long for an address: POST on ``/collections/{id}/items``.

The parameters stand in the address as ever; the body is the filter as CQL2 JSON,
or a form with any of the parameters. No part of the standard says so (Part 3
leaves POST open); it is what pygeoapi does and what its clients send, with a
media type of pygeoapi's, so that a created feature (Part 4, ``geo+json``) can
never be taken for a filter.

References
----------
OGC API Features Part 3 (19-079r2), clause 8; RFC 9110, clauses 15.5.14 and 15.5.16.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.requests import Request

from metadata.errors import QueryError
from service.bodies import read_body
from service.messages import text
from service.parameters import Pairs, read_pairs
from service.problems import HttpProblem

FORM: Final = "application/x-www-form-urlencoded"
FILTER_TYPES: Final = (
    "application/query-cql-json",
    "application/cql2+json",
    "application/json",
)
"""Media types of a body that is a filter in CQL2 JSON."""
MOST_BYTES: Final = 1024 * 1024
"""Bytes of a body."""
_LANGUAGE: Final = (("filter-lang", "cql2-json"),)
_SAME_LANGUAGE: Final = frozenset({*_LANGUAGE, ("filter-lang", "cql-json")})


async def read_posted(request: Request) -> Pairs:
    """Return the parameters that the body of a request stands for.

    Raises
    ------
    metadata.errors.QueryError
        It is not UTF-8, or empty.
    HttpProblem
        408: it does not come. 413: it is too long. 415: it is of another type.
    """
    kind = _media_type(request)
    content = await read_body(request, most=MOST_BYTES, too_long=_too_long)
    if kind == FORM:
        return read_pairs(content)
    try:
        found = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QueryError(text("posted.encoding"), parameter="filter") from error
    if not found.strip():
        raise QueryError(
            text("posted.empty"), parameter="filter", hint=text("posted.example")
        )
    return (*_LANGUAGE, ("filter", found))


def _media_type(request: Request) -> str:
    given = request.headers.get("content-type", "")
    kind = given.split(";", 1)[0].strip().lower()
    if kind in {FORM, *FILTER_TYPES}:
        return kind
    known = ", ".join((*FILTER_TYPES, FORM))
    raise HttpProblem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "UnsupportedMediaType",
        text("posted.type", found=given[:80]),
        hint=text("posted.types", known=known),
        headers={"Accept-Post": known},
    )


def _too_long() -> HttpProblem:
    return HttpProblem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "ContentTooLarge",
        text("posted.long", limit=MOST_BYTES // 1024),
        hint=text("posted.shorter"),
        headers={"Connection": "close"},
    )


def beside_posted(pairs: Pairs, body: Pairs) -> Pairs:
    """Return the parameters of an address that has a body beside it.

    ``filter-lang`` may stand there, as some clients send it along.

    Raises
    ------
    metadata.errors.QueryError
        There is a filter in the address too.
    """
    if all(any(name == "filter" for name, _ in each) for each in (pairs, body)):
        raise QueryError(
            text("posted.twice"), parameter="filter", hint=text("posted.once")
        )
    if body[:1] != _LANGUAGE:
        return pairs
    return tuple(pair for pair in pairs if pair not in _SAME_LANGUAGE)
