"""Selects the items of a list, page by page (clauses 2.7, 3.5 and 4.3 to 4.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from service.oai.dates import read_range
from service.oai.formats import require_format
from service.oai.items import Item, Repository
from service.oai.problems import Code, OaiProblem
from service.oai.protocol import OaiRequest, Verb
from service.oai.tokens import Token, read_token

PAGE: Final[Mapping[Verb, int]] = {Verb.LIST_IDENTIFIERS: 500, Verb.LIST_RECORDS: 100}
"""Items in one answer."""
_SPEC: Final = re.compile(r"[A-Za-z0-9\-_.!~*'()]+(:[A-Za-z0-9\-_.!~*'()]+)*", re.ASCII)


@dataclass(frozen=True)
class Selection:
    """What a list is to hold."""

    verb: Verb
    prefix: str
    start: str
    end: str
    spec: str


@dataclass(frozen=True, kw_only=True)
class ItemPage:
    """Some items of a list."""

    prefix: str
    items: tuple[Item, ...]
    cursor: int
    """Items given before these."""
    size: int
    """Items of the whole list, as it is now."""
    token: str
    """Empty on the last page."""

    @property
    def is_partial(self) -> bool:
        """Whether the list does not fit into this one page."""
        return bool(self.token) or self.cursor > 0


def page_of(request: OaiRequest, repository: Repository) -> ItemPage:
    """Return the items that a request for a list is answered with.

    Raises
    ------
    OaiProblem
        badArgument, badResumptionToken, cannotDisseminateFormat, noRecordsMatch.
    """
    given = request.arguments.get("resumptionToken")
    token = read_token(given, request.verb) if given is not None else None
    selection = _of_token(token) if token else _of_arguments(request)
    require_format(selection.prefix)
    found = _selected(selection, repository)
    left = [i for i in found if token is None or i.place > token.after]
    if not left:
        message = "no (more) item is in that set and that time"
        raise OaiProblem(Code.NO_RECORDS_MATCH, message)
    return _page(selection, found, left, token.cursor if token else 0)


def _page(
    selection: Selection, found: list[Item], left: list[Item], cursor: int
) -> ItemPage:
    shown = tuple(left[: PAGE[selection.verb]])
    following = ""
    if len(shown) < len(left):
        following = Token(
            verb=selection.verb,
            prefix=selection.prefix,
            start=selection.start,
            end=selection.end,
            spec=selection.spec,
            after=shown[-1].place,
            cursor=cursor + len(shown),
        ).written()
    return ItemPage(
        prefix=selection.prefix,
        items=shown,
        cursor=cursor,
        size=len(found),
        token=following,
    )


def _of_token(token: Token) -> Selection:
    return Selection(token.verb, token.prefix, token.start, token.end, token.spec)


def _of_arguments(request: OaiRequest) -> Selection:
    arguments = request.arguments
    for name in ("from", "until", "set"):
        if arguments.get(name) == "":
            message = f"{name} is empty"
            raise OaiProblem(Code.BAD_ARGUMENT, message)
    return Selection(
        request.verb,
        arguments["metadataPrefix"],
        arguments.get("from", ""),
        arguments.get("until", ""),
        arguments.get("set", ""),
    )


def _selected(selection: Selection, repository: Repository) -> list[Item]:
    first, last = read_range(selection.start, selection.end)
    if selection.spec and not _SPEC.fullmatch(selection.spec):
        message = "set is no setSpec"
        raise OaiProblem(Code.BAD_ARGUMENT, message)
    return [
        item
        for item in repository.items
        if (first is None or item.datestamp >= first)
        and (last is None or item.datestamp <= last)
        and (not selection.spec or item.is_in(selection.spec))
    ]
