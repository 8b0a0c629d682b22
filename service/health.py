"""`/health`: alive for everybody; what is wrong for those who hold the key.

Details go to loopback or to a request with a key for them (`service.keys`).
Behind a proxy every request comes from the proxy: only the key counts there,
as soon as a request says that it was forwarded, or asks for another host than this
one. Nor is a script of another site, in the browser of somebody on this machine,
taken for them: its requests bear an ``Origin``, or the name that it had resolved anew.
"""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version
from ipaddress import ip_address

from starlette.requests import Request

from metadata.finding import Finding, Language
from providers.configuration import ServiceConfiguration
from providers.configuration_keys import DETAILS
from service.keys import key_of
from service.links import Document
from service.messages import text
from service.problems import HttpProblem
from service.snapshot import Snapshot

_ELSEWHERE = ("forwarded", "x-forwarded-for", "x-real-ip", "origin")
"""Headers of requests that did not begin with a person or program of this machine."""


def health_document(
    snapshot: Snapshot, request: Request, language: Language
) -> Document:
    """Return how the worker is, with details for those who may see them."""
    document: Document = {
        "status": "degraded" if snapshot.broken else "ok",
        "generation": snapshot.generation,
    }
    if may_see_details(snapshot.configuration.service, request):
        document |= _details(snapshot, language)
    return document


def may_see_details(service: ServiceConfiguration, request: Request) -> bool:
    """Tell whether a request comes from loopback itself or holds a key for them."""
    key = key_of(service, request)
    if key is not None and key.opens(DETAILS):
        return True
    if any(name in request.headers for name in _ELSEWHERE):
        return False
    host = request.url.hostname or ""
    asks_this_machine = host == "localhost" or _is_loopback(host)
    from_here = request.client is not None and _is_loopback(request.client.host)
    return asks_this_machine and from_here


def require_insider(snapshot: Snapshot, request: Request) -> None:
    """Refuse whoever may not see details.

    Raises
    ------
    HttpProblem
        403.
    """
    if not may_see_details(snapshot.configuration.service, request):
        raise HttpProblem(
            HTTPStatus.FORBIDDEN,
            "Forbidden",
            text("preview.forbidden"),
            hint=text("preview.forbidden-hint"),
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _details(snapshot: Snapshot, language: Language) -> Document:
    return {
        "version": version("passerelle"),
        "builtAt": snapshot.built_at.isoformat(timespec="seconds"),
        "datasets": len(snapshot.datasets),
        "collections": len(snapshot.collections),
        "broken": {
            name: _finding(finding, language)
            for name, finding in snapshot.broken.items()
        },
        "silos": {
            name: "unreachable" if snapshot.is_unreachable(name) else "ok"
            for name in snapshot.silos
        },
        "findings": [_finding(finding, language) for finding in snapshot.findings],
        "libraries": {
            name: version(name) for name in ("pygeoapi", "starlette", "pyproj", "lxml")
        },
    }


def _finding(finding: Finding, language: Language) -> Document:
    return {
        "severity": str(finding.severity),
        "code": finding.code,
        "subject": finding.subject,
        "reason": finding.reason.said_in(language),
        "hint": finding.hint.said_in(language),
    }
