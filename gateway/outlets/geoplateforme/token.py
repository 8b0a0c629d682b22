"""A token of OAuth2 for the API Entrepôt, renewed before it expires (RFC 6749).

The Géoplateforme's Keycloak gives tokens to a client with its secret
(``client_credentials``), or to a person through a client (``password``).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from gateway.outlets.http import SHOWN, Answer, HttpClient, LoginRefused, quoted, shown
from gateway.outlets.pacing import Pacing
from metadata.errors import OutletUnreachable
from metadata.finding import Text
from providers.configuration import OutletConfiguration

EARLY = 60.0
"""Seconds before its end at which a token is renewed; half of its life if less."""
LIFE = 300.0
"""Seconds that a token holds which does not say how long."""
_OK = 200
_REFUSALS = frozenset({400, 401, 403})


class Tokens:
    """The newest token of one login."""

    def __init__(
        self, configuration: OutletConfiguration, client: HttpClient, pacing: Pacing
    ) -> None:
        self._url = configuration.token_url
        self._grant = _grant(configuration)
        self._client = client
        self._clock = pacing.clock
        self._token = ""
        self._until = 0.0

    def bearer(self) -> str:
        """Return what stands in the header ``Authorization``.

        Raises
        ------
        gateway.outlets.http.LoginRefused
            No token is given for this login.
        metadata.errors.OutletUnreachable
            There is no answer, or one that makes no sense.
        """
        if not self._token or self._clock() >= self._until:
            self._renew()
        return f"Bearer {self._token}"

    def forget(self) -> None:
        """Ask for a new token next time: this one is not taken."""
        self._token = ""

    def _renew(self) -> None:
        began = self._clock()
        answer = self._client.ask(
            self._url,
            body=self._grant,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            readable=_REFUSALS,
        )
        found = _object(answer)
        if answer.status in _REFUSALS:
            raise _refused(self._url, answer.status, found)
        token = found.get("access_token")
        if answer.status != _OK or not isinstance(token, str) or not token:
            raise _senseless(self._url, answer)
        life = _seconds(found.get("expires_in"))
        self._token = token
        self._until = began + max(life - EARLY, life / 2)


def _grant(configuration: OutletConfiguration) -> bytes:
    """Return the request for a token; it holds the secrets."""
    what = {"client_id": configuration.client}
    if configuration.key:
        what["client_secret"] = configuration.key.value
    if configuration.user:
        what |= {
            "grant_type": "password",
            "username": configuration.user,
            "password": configuration.password.value,
        }
    else:
        what["grant_type"] = "client_credentials"
    return urlencode(what).encode("ascii")


def _seconds(given: object) -> float:
    if isinstance(given, (int, float)) and not isinstance(given, bool) and given > 0:
        return float(given)
    return LIFE


def _object(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _refused(url: str, status: int, found: dict[str, Any]) -> LoginRefused:
    where = shown(url)
    said = quoted(
        str(found.get("error_description") or found.get("error") or ""), SHOWN
    )
    return LoginRefused(
        Text(
            f"{where} ne donne pas de jeton (HTTP {status}) : {said or '∅'}",
            f"{where} gives no token (HTTP {status}): {said or '∅'}",
        ),
        hint=Text(
            "Vérifiez « client » et « key », ou « user » et « password ».",
            "Check “client” and “key”, or “user” and “password”.",
        ),
    )


def _senseless(url: str, answer: Answer) -> OutletUnreachable:
    """Say that there was no token in an answer, without quoting it: there may be."""
    where = shown(url)
    return OutletUnreachable(
        Text(
            f"{where} ne répond pas par un jeton (HTTP {answer.status}).",
            f"{where} does not answer with a token (HTTP {answer.status}).",
        ),
        hint=Text("Vérifiez « token_url ».", "Check its “token_url”."),
    )
