"""What is wrong with a CSW request, as an OWS exception report.

OWS Common 1.0 leaves the HTTP status open; those that OWS Common 1.2 gives to
the same codes are used, so that neither caches nor monitors take an error for
an answer. Clients that look at the document only see the same report.

References
----------
OGC 05-008 (OWS Common 1.0), clause 8; OGC 06-121r9, table 28; CSW 2.0.2,
clause 10.3.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from metadata.finding import Language, Text
from metadata.xml import MalformedXml
from service.csw.names import SENT_AS, add, element, qualified, serialised
from service.messages import text
from service.problems import HttpProblem, Problem

MISSING: Final = "MissingParameterValue"
INVALID: Final = "InvalidParameterValue"
UNSUPPORTED: Final = "OperationNotSupported"
NEGOTIATION: Final = "VersionNegotiationFailed"
SEQUENCE: Final = "InvalidUpdateSequence"
OTHER: Final = "NoApplicableCode"
_STATUS: Final = {UNSUPPORTED: HTTPStatus.NOT_IMPLEMENTED}
_REPORT_VERSION: Final = "1.2.0"
"""What the schema of CSW 2.0.2 and its conformance suite expect."""
_OWS_XSD: Final = "http://schemas.opengis.net/ows/1.0.0/owsExceptionReport.xsd"


class CswProblem(HttpProblem):
    """A CSW request that cannot be answered.

    Parameters
    ----------
    code
        Exception code of OWS Common.
    locator
        The parameter or element at fault; may be empty.
    status
        HTTP status, where the code does not say it.
    """

    def __init__(
        self,
        code: str,
        message: Text,
        *,
        locator: str = "",
        status: HTTPStatus | None = None,
        retry_after: int = 0,
    ) -> None:
        headers = {"Retry-After": str(retry_after)} if retry_after else {}
        chosen = status or _STATUS.get(code, HTTPStatus.BAD_REQUEST)
        super().__init__(chosen, code, message, headers=headers)
        self.locator = locator


def invalid(locator: str, key: str, **values: object) -> CswProblem:
    """Return the problem of a value that cannot be."""
    return CswProblem(INVALID, text(key, **values), locator=locator)


def missing(locator: str) -> CswProblem:
    """Return the problem of a parameter that must be there."""
    return CswProblem(MISSING, text("csw.missing", name=locator), locator=locator)


def not_xml(locator: str, error: MalformedXml) -> CswProblem:
    """Return the problem of a document that cannot be parsed."""
    return CswProblem(OTHER, text("csw.xml", found=error.message), locator=locator)


def report_response(
    problem: Problem, language: Language, *, locator: str = ""
) -> Response:
    """Return the answer that holds an exception report."""
    root = element("ows:ExceptionReport")
    root.set("version", _REPORT_VERSION)
    root.set("language", language)
    root.set(qualified("xsi:schemaLocation"), f"http://www.opengis.net/ows {_OWS_XSD}")
    where = {"locator": locator} if locator else {}
    exception = add(root, "ows:Exception", exceptionCode=problem.code, **where)
    for message in (problem.detail, problem.hint):
        if message.said_in(language):
            add(exception, "ows:ExceptionText", message.said_in(language))
    return Response(
        serialised(root),
        status_code=problem.status.value,
        media_type=SENT_AS,
        headers={
            "Content-Language": language,
            "Cache-Control": "no-store",
            **problem.headers,
        },
    )
