"""Parts of a file, and conditions on what a client holds.

One range of bytes is answered; several at once are answered with the whole, as any
server may (RFC 9110, clause 14.2).

References
----------
RFC 9110, clauses 13.1 (conditions), 13.2.2 (their order), 14.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers

from service.messages import text
from service.problems import HttpProblem
from service.validators import held_tag

_RANGE: Final = re.compile(
    r"bytes=\s*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))\s*", re.ASCII
)


@dataclass(frozen=True)
class Part:
    """Some bytes of a file."""

    first: int
    length: int
    is_all: bool

    @property
    def status(self) -> HTTPStatus:
        """What an answer with them has."""
        return HTTPStatus.OK if self.is_all else HTTPStatus.PARTIAL_CONTENT

    def headers(self, total: int) -> dict[str, str]:
        """Return what an answer with them says."""
        said = {"Content-Length": str(self.length)}
        if not self.is_all:
            last = self.first + self.length - 1
            said["Content-Range"] = f"bytes {self.first}-{last}/{total}"
        return said


def refused(asked: Headers, held: Mapping[str, str]) -> None:
    """Refuse what was asked of another version of the file.

    Raises
    ------
    HttpProblem
        412.
    """
    wanted = asked.getlist("if-match")
    if wanted:
        is_it = any(held["ETag"] in v or v.strip() == "*" for v in wanted)
    else:
        before = _moment(asked.get("if-unmodified-since", ""))
        is_it = before is None or _changed(held) <= before
    if not is_it:
        raise HttpProblem(
            HTTPStatus.PRECONDITION_FAILED,
            "PreconditionFailed",
            text("problem.precondition"),
        )


def is_unchanged(asked: Headers, held: Mapping[str, str]) -> bool:
    """Tell whether the client's copy is still the file."""
    tags = asked.getlist("if-none-match")
    if tags:
        return bool(held_tag(held["ETag"], tags))
    since = _moment(asked.get("if-modified-since", ""))
    return since is not None and _changed(held) <= since


def wanted_part(asked: Headers, held: Mapping[str, str], total: int) -> Part:
    """Return what of a file is asked for; all of it where that is not clear.

    Raises
    ------
    HttpProblem
        416: there is nothing at that place.
    """
    whole = Part(0, total, is_all=True)
    match = _RANGE.fullmatch(asked.get("range", ""))
    if match is None or not _still_it(asked.get("if-range", ""), held):
        return whole
    first, last, suffix = match.groups()
    if suffix is not None:
        begin, end = max(total - int(suffix), 0), total
    else:
        begin, end = int(first), min(int(last), total - 1) + 1 if last else total
        if last and int(last) < begin:
            return whole  # no range at all (clause 14.1.1)
    if begin >= end:
        raise HttpProblem(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "RangeNotSatisfiable",
            text("problem.range", total=total),
            headers={"Content-Range": f"bytes */{total}", "Accept-Ranges": "bytes"},
        )
    return Part(begin, end - begin, is_all=False)


def _still_it(condition: str, held: Mapping[str, str]) -> bool:
    """Tell whether a part goes with those that the client has (clause 13.1.5)."""
    if not condition:
        return True
    return condition.strip() in {held["ETag"], held["Last-Modified"]}


def _changed(held: Mapping[str, str]) -> datetime:
    return parsedate_to_datetime(held["Last-Modified"])


def _moment(value: str) -> datetime | None:
    """Read a date of HTTP; one that is none says nothing."""
    try:
        found = parsedate_to_datetime(value) if value else None
    except (ValueError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
