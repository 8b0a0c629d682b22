"""HTTP with patience and limits: every request ends, and is repeated only if safe.

`HttpClient.ask` is for questions, which may be repeated; `HttpClient.tell` is for
orders, which are sent once: when it is not known whether one was carried out,
`OutcomeUnclear` says so, and the caller looks before it tells again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from types import MappingProxyType
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from gateway.outlets.pacing import LONGEST_PAUSE, Pacing, Turns
from metadata.errors import OutletRefused, OutletUnreachable
from metadata.finding import Text
from providers.configuration import Secret

logger = logging.getLogger(__name__)

ATTEMPTS = 4
"""How often a question is asked."""
LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of one answer."""
PATIENCE = 10
"""An answer may take this many time-outs altogether, however it dribbles."""
SHOWN = 200
"""Characters of an answer that are quoted in a message."""
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_UNHEARD = _AGAIN - {500}
"""Of these a proxy may be the author; of 500 it is the one who was told."""
_TURNED_AWAY = frozenset({425, 429, 503})
"""Said before anything is done about a request (RFC 6585, 8470, 9110)."""
_GONE = frozenset({404, 410})
_LOGIN = frozenset({401, 403, 407})
_BROKEN = (requests.RequestException, HTTPError, TimeoutError)
"""What sending (requests) and reading (urllib3) may meet with."""


class OutcomeUnclear(OutletUnreachable):
    """An order was sent, and whether it was carried out is not known.

    Parameters
    ----------
    unheard
        Whether the server said that it has not looked at it at all.
    """

    def __init__(
        self, message: str | Text, *, hint: str | Text = "", unheard: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.unheard = unheard


class LoginRefused(OutletRefused):
    """User, password or rights: nothing else that we send will do either."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server answered."""

    status: int
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def beginning(self) -> str:
        """Return its first words, for a message."""
        return quoted(self.content[: 4 * SHOWN].decode("utf-8", "replace"), SHOWN)


class HttpClient:
    """One server, with one login.

    Parameters
    ----------
    timeout
        Seconds without a sign of life after which a request is given up.
    pacing
        How its requests are spaced, those after a pause that it asked for too.
    """

    def __init__(
        self,
        *,
        user: str = "",
        password: Secret = Secret(""),  # noqa: B008  (frozen)
        headers: Mapping[str, Secret] = MappingProxyType({}),
        content_type: str = "application/xml",
        timeout: float = 30.0,
        pacing: Pacing = Pacing(),  # noqa: B008  (frozen)
    ) -> None:
        self._timeout = timeout
        self._pacing = pacing
        self._turns = Turns(pacing)
        self._content_type = content_type
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"Passerelle/{version('passerelle')}"
        for name, value in headers.items():
            self._session.headers[name] = value.value.encode()
        if user:
            # as bytes: requests would encode text as Latin-1
            self._session.auth = HTTPBasicAuth(user.encode(), password.value.encode())

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    def cookie(self, name: str) -> str:
        """Return the newest cookie of that name that the server set; `""`: none."""
        found = [each.value for each in self._session.cookies if each.name == name]
        return (found[-1] or "") if found else ""

    def forget_cookies(self) -> None:
        """Begin a new session."""
        self._session.cookies.clear()

    def ask(
        self,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] = MappingProxyType({}),
        readable: Collection[int] = (),
    ) -> Answer:
        """Ask a question (GET, or POST when there is a body), again where it helps.

        Parameters
        ----------
        headers
            Sent with this request; they go before those of the session.
        readable
            Statuses that mean something to the caller, of those that else raise.

        Raises
        ------
        metadata.errors.OutletRefused
            The login is refused.
        metadata.errors.OutletUnreachable
            No answer, nothing at that address, or an error of the server.
        """
        for attempt in range(ATTEMPTS):
            answer, error = self._attempt(url, query, body, headers)
            if answer is not None and answer.status not in _AGAIN:
                return _accepted(url, answer, readable)
            pause = self._pacing.pause(attempt, answer.headers if answer else {})
            if pause is None or attempt + 1 == ATTEMPTS:
                break
            logger.info("%s: asked again in %.1f s", shown(url), pause)
            self._wait(pause, answer)
        raise error or _server_error(url, answer)

    def tell(
        self,
        url: str,
        body: bytes,
        *,
        method: str = "POST",
        headers: Mapping[str, str] = MappingProxyType({}),
        readable: Collection[int] = (),
    ) -> Answer:
        """Send an order, once.

        When the server asks for a pause, it is made before this returns: whoever
        looks and tells again comes at the right time.

        Raises
        ------
        OutcomeUnclear
            It may have been carried out or not.
        metadata.errors.OutletError
            It was not: the login is refused, or there is nothing at that address.
        """
        answer, error = self._attempt(url, None, body, headers, method)
        if answer is not None and answer.status not in _UNHEARD:
            return _accepted(url, answer, readable)
        if answer is not None and "Retry-After" in answer.headers:
            self._wait(self._pacing.pause(0, answer.headers) or 0.0, answer)
        problem = error or _server_error(url, answer)
        unheard = answer is not None and answer.status in _TURNED_AWAY
        raise OutcomeUnclear(
            problem.text, hint=problem.remedy, unheard=unheard
        ) from error

    def _wait(self, seconds: float, answer: Answer | None) -> None:
        """Wait between two attempts; who was turned away comes back at the rate."""
        self._pacing.sleep(seconds)
        if answer is not None and answer.status in _TURNED_AWAY:
            self._turns.restart()

    def _attempt(
        self,
        url: str,
        query: Mapping[str, str] | None,
        body: bytes,
        headers: Mapping[str, str],
        method: str = "",
    ) -> tuple[Answer | None, OutletUnreachable | None]:
        """Return an answer of any status, or why there is none."""
        self._turns.take()
        try:
            return self._exchange(url, query, body, headers, method), None
        except _BROKEN as error:
            return None, _no_answer(url, error)

    def _exchange(
        self,
        url: str,
        query: Mapping[str, str] | None,
        body: bytes,
        headers: Mapping[str, str],
        method: str,
    ) -> Answer:
        """Send one request and read all of its answer, within the limits."""
        started = time.monotonic()
        with self._session.request(
            method or ("POST" if body else "GET"),
            url,
            params=query,
            data=body or None,
            headers={
                **({"Content-Type": self._content_type} if body else {}),
                **headers,
            },
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            content = bytearray()
            # read1: what has arrived, so that the clock is looked at in between
            while chunk := response.raw.read1(65536, decode_content=True):
                content += chunk
                if time.monotonic() - started > PATIENCE * self._timeout:
                    raise TimeoutError
                if len(content) > LONGEST_ANSWER:
                    raise HTTPError(f"more than {LONGEST_ANSWER} bytes")
            return Answer(
                status=response.status_code,
                content=bytes(content),
                headers=response.headers,
            )


def quoted(text: str, length: int) -> str:
    """Return the first words of a stranger, without what a terminal would obey."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(plain.split())[:length]


def shown(url: str) -> str:
    """Return an address as it may be shown: without user, password and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _accepted(url: str, answer: Answer, readable: Collection[int] = ()) -> Answer:
    """Return an answer that its reader can make sense of.

    Raises
    ------
    LoginRefused, metadata.errors.OutletUnreachable
        The login is refused; the address is not the right one.
    """
    where = shown(url)
    if answer.status in readable:
        return answer
    if answer.status in _LOGIN:
        raise LoginRefused(
            Text(
                f"{where} : accès refusé (HTTP {answer.status}).",
                f"{where}: access refused (HTTP {answer.status}).",
            ),
            hint=Text(
                "Vérifiez « user » et « password », ou « key », de la sortie, "
                "et ses droits.",
                "Check the outlet's “user” and “password”, or its “key”, "
                "and its rights.",
            ),
        )
    redirected = answer.headers.get("Location", "")
    if answer.status in _GONE or 300 <= answer.status < 400:  # noqa: PLR2004
        target = f" → {shown(redirected)}" if redirected else ""
        raise OutletUnreachable(
            Text(
                f"{where} : rien à cette adresse (HTTP {answer.status}{target}).",
                f"{where}: nothing at this address (HTTP {answer.status}{target}).",
            ),
            hint=Text("Corrigez « url ».", "Correct its “url”."),
        )
    return answer


def _server_error(url: str, answer: Answer | None) -> OutletUnreachable:
    """Say which error a server answered."""
    where = shown(url)
    found = f"HTTP {answer.status}: {answer.beginning}" if answer else ""
    later = answer.headers.get("Retry-After", "") if answer else ""
    return OutletUnreachable(
        Text(
            f"{where} : le serveur répond par une erreur ({found}).",
            f"{where}: the server answers with an error ({found}).",
        ),
        hint=Text(
            f"Recommencez plus tard{f' (Retry-After : {later})' if later else ''}.",
            f"Try again later{f' (Retry-After: {later})' if later else ''}.",
        ),
    )


def _no_answer(url: str, error: Exception) -> OutletUnreachable:
    """Say why there was no answer."""
    where = shown(url)
    why = _why(error)
    return OutletUnreachable(
        Text(f"{where} : {why.fr}.", f"{where}: {why.en}."),
        hint=Text(
            "Vérifiez « url », le réseau et que le catalogue fonctionne.",
            "Check its “url”, the network, and that the catalogue runs.",
        ),
    )


def _why(error: Exception) -> Text:
    """Name what went wrong, the most precise first."""
    if isinstance(error, (requests.Timeout, ReadTimeoutError, TimeoutError)):
        return Text("pas de réponse dans le délai", "no answer in time")
    if isinstance(error, requests.exceptions.SSLError):
        return Text("certificat refusé", "certificate refused")
    if isinstance(error, ProtocolError):
        return Text("réponse interrompue", "the answer broke off")
    if isinstance(error, requests.ConnectionError):
        return Text("connexion impossible ou rompue", "no connection, or it broke")
    name = type(error).__name__
    return Text(f"échange impossible ({name})", f"no exchange possible ({name})")


__all__ = [
    "ATTEMPTS",
    "LONGEST_PAUSE",
    "SHOWN",
    "Answer",
    "HttpClient",
    "LoginRefused",
    "OutcomeUnclear",
    "Pacing",
    "quoted",
    "shown",
]
