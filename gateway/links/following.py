"""Follows an address to where it ends, each step looked at like the first."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Final
from urllib.parse import SplitResult, urljoin

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from gateway.links.addresses import Policy, some_of
from gateway.links.exchange import Ask, Deadline, Reply, Trouble, exchange
from metadata.distributions import web_address
from metadata.links import Observation, Outcome, is_own
from metadata.links.link import split
from metadata.links.observation import begins_like_page, has_password_field

_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PERMANENT: Final = frozenset({301, 308})
_TOTAL: Final = re.compile(r"bytes\s+\d+-\d+/(\d+)")
_COOKIE: Final = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+=[^;\s]*)")
_LONGEST_COOKIES: Final = 4096
_PARTIAL: Final = 206


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much of our and of others' time a check may take."""

    connecting: float = 5.0
    """Seconds for one address to take a connection."""
    exchange: float = 20.0
    """Seconds for one request and its answer."""
    link: float = 60.0
    """Seconds for a link with its redirects, and GET after HEAD."""
    redirects: int = 10
    hosts: int = 12
    """Servers asked at the same time, each one request at a time."""
    own: int = 4
    """Requests at the same time to our own service."""
    pause: float = 0.5
    """Seconds between two links of one server that is not ours."""
    run: float = 1800.0
    """Seconds after which the rest is left for the next check."""


@dataclass(frozen=True, kw_only=True)
class _Way:
    """How far one has come."""

    url: str
    ports: frozenset[int]
    """Ports that may be connected to: those of the web, and the stated one."""
    redirects: int = 0
    moved: str = ""
    is_permanent: bool = True
    """Whether every redirect so far was."""
    cookies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Host → what it gave us on this way; some send in circles without."""
    been: frozenset[tuple[str, tuple[str, ...]]] = frozenset()


class Follower:
    """Asks for addresses and follows redirects.

    Parameters
    ----------
    service_url
        Address of our own service: it may be private, since it is configured.
    context
        Whom to trust; the system's authorities by default, else those of `requests`.
    """

    def __init__(
        self,
        service_url: str,
        *,
        limits: Limits | None = None,
        policy: Policy | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.service_url = service_url
        self._policy = policy or Policy()
        self._context = context or _authorities()
        self._agent = f"Passerelle/{version('passerelle')} (+{service_url})"

    def follow(
        self, method: str, url: str, deadline: Deadline, *, ranged: bool = False
    ) -> Observation:
        """Return what is at the end of an address.

        Parameters
        ----------
        ranged
            Ask for no more of the body than its beginning (RFC 9110, 14.2).
        """
        start = url.partition("#")[0]
        parts = split(start)
        stated = parts.port if parts else None
        ports = frozenset({*_PORTS.values(), *([stated] if stated else [])})
        way = _Way(url=start, ports=ports)
        while True:
            answer = self._ask(method, way, deadline, ranged=ranged)
            if isinstance(answer, Trouble):
                return _troubled(way, answer)
            if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                return _observed(method, way, answer)
            if way.redirects >= self.limits.redirects:
                return _troubled(way, Trouble(Outcome.REDIRECTS))
            further = _redirected(way, answer)
            if further is None:
                return _troubled(way, Trouble(Outcome.REDIRECTS))
            way = further

    def _ask(
        self, method: str, way: _Way, deadline: Deadline, *, ranged: bool
    ) -> Reply | Trouble:
        """Ask for one address, if it may be asked for."""
        parts = split(way.url)
        if parts is None or parts.scheme not in _PORTS or not parts.hostname:
            return Trouble(Outcome.NOT_WEB)
        port = parts.port or _PORTS[parts.scheme]
        if port not in way.ports:
            return Trouble(Outcome.OTHER_PORT)
        addresses = self._addresses(way, parts.hostname, deadline)
        if isinstance(addresses, Trouble):
            return addresses
        ask = Ask(
            method=method,
            scheme=parts.scheme,
            host=parts.hostname,
            port=port,
            target=_target(parts),
            headers=self._headers(way, parts, ranged=ranged),
        )
        return exchange(
            ask,
            addresses,
            deadline=deadline.within(self.limits.exchange),
            connecting=self.limits.connecting,
            context=self._context,
        )

    def _addresses(
        self, way: _Way, host: str, deadline: Deadline
    ) -> tuple[str, ...] | Trouble:
        """Look a host up; refuse it where any address of it is not public."""
        try:
            found = self._policy.resolve(host, deadline.left(self.limits.connecting))
        except TimeoutError:
            return Trouble(Outcome.TIMEOUT)
        except OSError as error:
            known = error.errno != socket.EAI_AGAIN
            return Trouble(Outcome.NO_NAME if known else Outcome.TIMEOUT)
        if not is_own(way.url, self.service_url):
            for address in found:
                if not self._policy.is_allowed(address):
                    return Trouble(Outcome.PRIVATE, address)
        return some_of(found)

    def _headers(
        self, way: _Way, parts: SplitResult, *, ranged: bool
    ) -> dict[str, str]:
        host = parts.netloc.rpartition("@")[2]
        headers = {
            "Host": host,
            "User-Agent": self._agent,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        if ranged:
            headers["Range"] = "bytes=0-65535"
        cookies = way.cookies.get(host, ())
        return {**headers, "Cookie": "; ".join(cookies)} if cookies else headers


def _authorities() -> ssl.SSLContext:
    """Trust whom the system trusts; where it names nobody, those that browsers do."""
    paths = ssl.get_default_verify_paths()
    known = paths.cafile or paths.capath
    return ssl.create_default_context(cafile=None if known else DEFAULT_CA_BUNDLE_PATH)


def _target(parts: SplitResult) -> str:
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.path or '/'}{query}"


def _redirected(way: _Way, answer: Reply) -> _Way | None:
    """Return the next step; `None` where one has been there, or it is no address."""
    url = _target_of(way, answer)
    if url is None:
        return None
    is_permanent = way.is_permanent and answer.status in _PERMANENT
    cookies = {**way.cookies, **_given(way, answer)}
    been = (way.url, way.cookies.get(_host(way.url), ()))
    ahead = (url, cookies.get(_host(url), ()))
    if ahead in way.been | {been}:
        return None
    return replace(
        way,
        url=url,
        redirects=way.redirects + 1,
        is_permanent=is_permanent,
        moved=url if is_permanent else way.moved,
        cookies=cookies,
        been=way.been | {been},
    )


def _target_of(way: _Way, answer: Reply) -> str | None:
    """Return where an answer sends one; `None` where that is no address.

    Headers are read as Latin-1, while what servers write unencoded is mostly UTF-8.
    """
    said = str(answer.headers["Location"]).strip()
    with suppress(UnicodeError):
        said = said.encode("latin-1").decode("utf-8")
    try:
        return web_address(urljoin(way.url, said).partition("#")[0])
    except ValueError:
        return None


def _given(way: _Way, answer: Reply) -> dict[str, tuple[str, ...]]:
    """Return the cookies that the host has now given us."""
    found = answer.headers.get_all("Set-Cookie", ())
    pairs = [match[1] for text in found if (match := _COOKIE.match(str(text)))]
    if not pairs:
        return {}
    host = _host(way.url)
    named = {p.partition("=")[0]: p for p in (*way.cookies.get(host, ()), *pairs)}
    kept = tuple(named.values())
    fits = sum(map(len, kept)) <= _LONGEST_COOKIES
    return {host: kept} if fits else {}


def _host(url: str) -> str:
    parts = split(url)
    return parts.netloc.rpartition("@")[2] if parts else ""


def _troubled(way: _Way, trouble: Trouble) -> Observation:
    return Observation(
        outcome=trouble.outcome,
        detail=trouble.detail,
        final=way.url,
        redirects=way.redirects,
    )


def _observed(method: str, way: _Way, answer: Reply) -> Observation:
    headers = answer.headers
    return Observation(
        outcome=Outcome.ANSWERED,
        final=way.url,
        status=answer.status,
        moved=way.moved,
        redirects=way.redirects,
        media_type=_media_type(headers),
        length=_length(method, answer),
        modified=_modified(headers),
        is_page=begins_like_page(answer.beginning),
        asks_password=has_password_field(answer.beginning),
    )


def _media_type(headers: Message) -> str:
    said = str(headers.get("Content-Type", ""))
    return said.partition(";")[0].strip().lower()


def _length(method: str, answer: Reply) -> int | None:
    """Return the bytes of the whole, not of the part that was sent."""
    headers = answer.headers
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        return None
    if answer.status == _PARTIAL and method == "GET":
        match = _TOTAL.fullmatch(str(headers.get("Content-Range", "")).strip())
        return int(match[1]) if match else None
    said = str(headers.get("Content-Length", "")).strip()
    return int(said) if said.isascii() and said.isdecimal() else None


def _modified(headers: Message) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(headers.get("Last-Modified", "")))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
