"""Whose key a request holds, and what it opens.

A key comes in the header ``X-Passerelle-Key``, from loopback too: being of this
machine opens details (`service.health`), never an edit.

References
----------
RFC 9110, clauses 11.6.1 (``WWW-Authenticate``), 15.5.2 (401) and 15.5.4 (403).
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Final

from starlette.requests import Request

from providers.configuration import ServiceConfiguration
from providers.configuration_keys import ApiKey
from service.messages import text
from service.problems import HttpProblem

KEY_HEADER: Final = "X-Passerelle-Key"
CHALLENGE: Final = f'ApiKey realm="passerelle", header="{KEY_HEADER}"'
"""What tells a client where a key goes."""


def key_of(service: ServiceConfiguration, request: Request) -> ApiKey | None:
    """Return the key that a request holds; `None` when it holds none of ours.

    Every key is compared, each in constant time, so that how long it takes tells
    nothing about any of them.
    """
    given = request.headers.get(KEY_HEADER, "").encode()
    found = None
    for key in service.every_key:
        if hmac.compare_digest(given, key.key.encode()):
            found = key
    return found


def holds_scope(service: ServiceConfiguration, request: Request, scope: str) -> bool:
    """Tell whether a request holds a key that opens a scope."""
    key = key_of(service, request)
    return key is not None and key.opens(scope)


def require_scope(
    service: ServiceConfiguration, request: Request, scope: str
) -> ApiKey:
    """Return the key of a request that opens a scope.

    Raises
    ------
    HttpProblem
        401: it holds no key of ours. 403: the key does not open it.
    """
    key = key_of(service, request)
    if key is None:
        raise HttpProblem(
            HTTPStatus.UNAUTHORIZED,
            "Unauthorized",
            text("key.none"),
            hint=text("key.none-hint", header=KEY_HEADER),
            headers={"WWW-Authenticate": CHALLENGE},
        )
    if not key.opens(scope):
        raise HttpProblem(
            HTTPStatus.FORBIDDEN,
            "Forbidden",
            text("key.scope", name=key.name, scope=scope),
            hint=text("key.scope-hint", scope=scope),
        )
    return key
