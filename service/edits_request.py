"""What a request to edit says besides its body: media type, condition, CRS.

References
----------
OGC API Features Part 4 (20-002, draft): ``Content-Type`` (400 without it),
``Content-Crs`` and ``If-Match``; RFC 9110, clauses 8.3, 13.1.1 and 15.5.16.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.requests import Request

from metadata.crs import Crs
from metadata.dataset import Collection
from providers.feature_editing import Condition
from service.bodies import read_body
from service.messages import text
from service.parameters import read_crs
from service.problems import HttpProblem
from service.validators import versions_in

FEATURE: Final = "application/geo+json"
PATCH: Final = "application/merge-patch+json"
MOST_BYTES: Final = 1024 * 1024
"""Bytes of a feature."""


def media_type(request: Request) -> str:
    """Return the media type of a body, without parameters; empty when none is said."""
    given = request.headers.get("content-type", "")
    return given.split(";", 1)[0].strip().lower()


def require_type(request: Request, known: str) -> None:
    """Refuse a body of another type.

    Raises
    ------
    HttpProblem
        400: its type is not said. 415: it is another one, or it is compressed.
    """
    given = media_type(request)
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if given == known and coding == "identity":
        return
    found = given if given != known else coding
    raise HttpProblem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE if found else HTTPStatus.BAD_REQUEST,
        "UnsupportedMediaType" if found else "InvalidParameterValue",
        text("edit.type" if found else "edit.no-type", found=found[:80]),
        hint=text("edit.types", known=known),
        headers={"Accept-Patch" if known == PATCH else "Accept-Post": known},
    )


async def read_feature(request: Request) -> bytes:
    """Return the body of a request.

    Raises
    ------
    HttpProblem
        408: it does not come. 413: it is too long.
    """
    return await read_body(request, most=MOST_BYTES, too_long=_too_long)


def read_content_crs(request: Request, collection: Collection) -> Crs:
    """Return the reference system of the coordinates in a body; CRS84 if none is said.

    Raises
    ------
    metadata.errors.QueryError
        The collection is not served in it.
    """
    name = "Content-Crs"
    given = request.headers.get(name, "").strip()
    uri = given.removeprefix("<").removesuffix(">")
    return read_crs({name: uri} if uri else {}, collection, name)


def read_condition(request: Request) -> Condition:
    """Return which states of a feature an edit is meant for."""
    values = request.headers.getlist("if-match")
    if any(value.strip() == "*" for value in values):
        return Condition(any_state=True)
    said = frozenset(versions_in(values))
    # A tag that is not ours, or weak, is a condition that nothing meets.
    return Condition(said or frozenset({""}) if values else said)


def _too_long() -> HttpProblem:
    return HttpProblem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "ContentTooLarge",
        text("edit.long", limit=MOST_BYTES // 1024),
        hint=text("edit.shorter"),
        headers={"Connection": "close"},
    )
