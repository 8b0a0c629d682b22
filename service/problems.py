"""Answers to requests that fail: RFC 7807 problem documents with OGC's `code`.

The one table from errors to HTTP statuses stands here. What an answer says is
meant for the client: a silo that fails is never described to strangers (see
`service.health` for the details).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType

from starlette.responses import Response

from metadata.crs import UnknownCrs
from metadata.errors import (
    PasserelleError,
    QueryError,
    SilosBusy,
    SourceError,
    StoreError,
)
from metadata.finding import Language, Text
from service.messages import text
from service.spool import SpoolError

PROBLEM_JSON = "application/problem+json"
_SILENCE = Text("", "")
_NOTHING: Mapping[str, str] = MappingProxyType({})


class HttpProblem(PasserelleError):
    """A request that HTTP itself has a status for.

    Parameters
    ----------
    status
        The HTTP status.
    code
        OGC's exception code.
    headers
        Sent along with the answer.
    parameter
        What of the request is at fault; may be empty.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: Text,
        *,
        hint: Text | str = "",
        headers: Mapping[str, str] = _NOTHING,
        parameter: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.parameter = parameter
        self.status = status
        self.code = code
        self.headers = headers


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem document."""

    status: HTTPStatus
    code: str
    detail: Text
    """What was found, in both languages."""
    hint: Text = _SILENCE
    """The remedy; may be empty."""
    parameter: str = ""
    """The request parameter, or member of a feature, at fault; may be empty."""
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    def document(self, language: Language) -> dict[str, object]:
        """Return the members of the document in one language."""
        members: dict[str, object] = {
            "type": "about:blank",
            "title": text(f"status.{self.status.value}").said_in(language),
            "status": self.status.value,
            "detail": self.detail.said_in(language),
            "code": self.code,
        }
        if self.hint.said_in(language):
            members["hint"] = self.hint.said_in(language)
        if self.parameter:
            members["parameter"] = self.parameter
        return members


def not_found(message: Text) -> HttpProblem:
    """Return the error of something that does not exist (any more)."""
    return HttpProblem(HTTPStatus.NOT_FOUND, "NotFound", message)


def problem_of(error: Exception) -> Problem:
    """Return the problem that an error is to a client."""
    if isinstance(error, HttpProblem):
        return Problem(
            status=error.status,
            code=error.code,
            detail=error.text,
            hint=error.remedy,
            parameter=error.parameter,
            headers=error.headers,
        )
    if isinstance(error, QueryError | UnknownCrs):
        return Problem(
            status=HTTPStatus.BAD_REQUEST,
            code="InvalidParameterValue",
            detail=error.text,
            hint=error.remedy,
            parameter=getattr(error, "parameter", ""),
        )
    return _failure(error)


def _failure(error: Exception) -> Problem:
    """Return the problem of something that failed on our side, without details."""
    if isinstance(error, SilosBusy):
        return _unavailable("Busy", text("problem.busy"), "2")
    if isinstance(error, SpoolError):
        return _unavailable("NoRoom", text("problem.room"), "10", text("problem.less"))
    if isinstance(error, SourceError | StoreError):
        return _unavailable("Unavailable", text("problem.unavailable"), "10")
    return Problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="NoApplicableCode",
        detail=text("problem.internal"),
    )


def _unavailable(
    code: str, detail: Text, seconds: str, hint: Text = _SILENCE
) -> Problem:
    return Problem(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code=code,
        detail=detail,
        hint=hint,
        headers={"Retry-After": seconds},
    )


def problem_response(problem: Problem, language: Language) -> Response:
    """Return the answer that holds a problem document."""
    content = json.dumps(problem.document(language), ensure_ascii=False)
    headers = {"Content-Language": str(language), "Cache-Control": "no-store"}
    return Response(
        content.encode(),
        status_code=problem.status.value,
        media_type=PROBLEM_JSON,
        headers={**headers, **problem.headers},
    )
