"""A session with the API of GeoNetwork 4: login, XSRF token, questions, orders.

Spring guards every order against forgery: the cookie ``XSRF-TOKEN`` comes with the
first answer and must be sent back both as a cookie and as ``X-XSRF-TOKEN``. Without it,
or with that of another session, an order is a bare 403 before anything is done about
it; so after a 401 or 403 the session is begun anew, once, and the order sent again.

References: core-geonetwork 4.x, ``config-security-core.xml``, ``MeApi``; its manual,
“The GeoNetwork API”.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from gateway.outlets.geonetwork.answers import senseless
from gateway.outlets.geonetwork.several import REFUSALS, query_for
from gateway.outlets.http import Answer, HttpClient, LoginRefused, shown
from metadata.errors import OutletUnreachable
from metadata.finding import Text

TURNED_AWAY = frozenset({401, 403})
"""Said before anything is done: no login, no token, or no right to do just this."""
_JSON = "application/json"
_XML = "application/xml"
_NO_CONTENT = 204
_OK = 200


class GeoNetworkSession:
    """One login at one catalogue.

    Parameters
    ----------
    url
        Address of the catalogue (``…/geonetwork``), of one of its portals or of its
        API (``…/srv/api``).
    """

    def __init__(self, url: str, client: HttpClient) -> None:
        self.root = api_root(url)
        self._client = client

    def login(self) -> dict[str, Any]:
        """Begin a new session; return what the catalogue says of the account.

        Raises
        ------
        gateway.outlets.http.LoginRefused
            It does not know us: GeoNetwork answers 204 or 401.
        metadata.errors.OutletUnreachable
            It does not answer, or not as GeoNetwork does.
        """
        self._client.forget_cookies()
        url = f"{self.root}/me"
        answer = self._client.ask(url, headers={"Accept": _JSON})
        if answer.status == _NO_CONTENT:
            raise _anonymous(url)
        me = _object(answer)
        if me is None or "profile" not in me:
            raise senseless(url, answer)
        if not self._client.cookie("XSRF-TOKEN"):
            raise _no_token(url)
        return me

    def record(self, identifier: str) -> Answer:
        """Ask for one record as XML; 401, 403 and 404 are answers too."""
        query = {
            "addSchemaLocation": "false",
            "increasePopularity": "false",
            "withInfo": "false",
            "approved": "true",
        }
        return self._client.ask(
            f"{self.root}/records/{quote(identifier, safe='')}/formatters/xml",
            query=query,
            headers={"Accept": _XML},
            readable={*TURNED_AWAY, 404},
        )

    def records(self, identifiers: Collection[str]) -> Answer:
        """Ask its CSW for several records; its refusals are answers too.

        Raises
        ------
        metadata.errors.OutletUnreachable
            It does not answer, or by an error of the server.
        """
        return self._client.ask(
            f"{self.root.removesuffix('api')}eng/csw",
            query=query_for(identifiers),
            headers={"Accept": _XML},
            readable=REFUSALS,
        )

    def order(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        body: bytes = b"",
        readable: Collection[int],
    ) -> Answer:
        """Send an order once; again in a new session when this one does not count.

        Raises
        ------
        gateway.outlets.http.OutcomeUnclear
            It may have been carried out or not.
        gateway.outlets.http.LoginRefused
            The catalogue does not know us any more.
        """
        url = f"{self.root}{path}?{urlencode(query)}"
        every = {*readable, *TURNED_AWAY}
        answer = self._tell(method, url, body, every)
        if answer.status in TURNED_AWAY:
            self.login()
            answer = self._tell(method, url, body, every)
        return answer

    def _tell(
        self, method: str, url: str, body: bytes, readable: Collection[int]
    ) -> Answer:
        headers = {"Accept": _JSON, "X-XSRF-TOKEN": self._client.cookie("XSRF-TOKEN")}
        return self._client.tell(
            url, body, method=method, headers=headers, readable=readable
        )


def api_root(url: str) -> str:
    """Return the address of the API, from whichever address a person gives."""
    plain = url.rstrip("/")
    if plain.endswith("/api"):
        return plain
    return re.sub(r"/srv(/.*)?$", "", plain) + "/srv/api"


def _object(answer: Answer) -> dict[str, Any] | None:
    if answer.status != _OK:
        return None
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _anonymous(url: str) -> LoginRefused:
    where = shown(url)
    return LoginRefused(
        Text(f"{where} ne nous reconnaît pas.", f"{where} does not know us."),
        hint=Text(
            "Donnez « user » et « password » d'un compte du catalogue.",
            "Give “user” and “password” of an account of the catalogue.",
        ),
    )


def _no_token(url: str) -> OutletUnreachable:
    where = shown(url)
    return OutletUnreachable(
        Text(
            f"{where} ne donne pas de cookie XSRF-TOKEN.",
            f"{where} gives no cookie XSRF-TOKEN.",
        ),
        hint=Text(
            "Un mandataire devant le catalogue retire sans doute ses cookies.",
            "A proxy before the catalogue probably takes its cookies away.",
        ),
    )
