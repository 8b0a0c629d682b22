"""One request to one address, with an end to everything.

A deadline holds for the whole exchange, not for each read: a server that sends a
byte now and then gains no time. Of a body no more is read than its beginning.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection, HTTPException, IncompleteRead
from types import MappingProxyType
from typing import Any, Final

from metadata.links import Outcome

BEGINNING: Final = 64 * 1024
"""Bytes of a body that are read."""
_BUFFER: Final = 128 * 1024
"""Bytes that the system takes in before we read them."""
_REASONS: Final = MappingProxyType(
    {
        9: "early",
        10: "expired",
        18: "self_signed",
        19: "self_signed",
        20: "issuer",
        21: "issuer",
        62: "name",
        64: "name",
    }
)
"""Codes of X.509 verification (OpenSSL, ``X509_V_ERR_*``) → what is told."""


@dataclass(frozen=True)
class Trouble:
    """Why there is no answer."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server answered: its status, what it says of the body, its beginning."""

    status: int
    headers: Message = field(repr=False)
    beginning: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request."""

    method: str
    scheme: str
    host: str
    """As it is looked up; of an IPv6 address without brackets."""
    port: int
    target: str
    """Path and query, percent-encoded."""
    headers: Mapping[str, str]


class Deadline:
    """A moment after which nothing is waited for any more."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, most: float = 3600.0) -> float:
        """Return the seconds left, `most` at the most.

        Raises
        ------
        TimeoutError
            None are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, most)

    @property
    def is_over(self) -> bool:
        """Whether nothing is waited for any more."""
        return time.monotonic() >= self._end

    def within(self, seconds: float) -> Deadline:
        """Return a deadline that comes sooner, or at the same time."""
        left = self._end - time.monotonic()
        return Deadline(min(left, seconds))


def exchange(
    ask: Ask,
    addresses: tuple[str, ...],
    *,
    deadline: Deadline,
    connecting: float,
    context: ssl.SSLContext,
) -> Reply | Trouble:
    """Send a request to one of these addresses, and read its answer.

    Parameters
    ----------
    addresses
        Of the host, checked; the first that takes a connection is used.
    connecting
        Seconds that one address may take to answer a connection.
    """
    try:
        plain = _connected(addresses, ask.port, deadline, connecting)
    except OSError as error:
        return _trouble(error, Outcome.NO_CONNECTION)
    try:
        with plain, _secured(plain, ask, deadline, context) as wire:
            return _spoken(wire, ask, deadline)
    except (HTTPException, OSError, ValueError) as error:
        return _trouble(error, Outcome.BROKEN_OFF)


def _trouble(error: Exception, otherwise: Outcome) -> Trouble:
    """Name what went wrong, the most precise first."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = _REASONS.get(error.verify_code, "other")
        return Trouble(Outcome.CERTIFICATE, reason)
    if isinstance(error, TimeoutError):
        return Trouble(Outcome.TIMEOUT)
    ended = isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
    if isinstance(error, ssl.SSLError) and not ended:
        return Trouble(Outcome.TLS)
    return Trouble(otherwise)


def _connected(
    addresses: tuple[str, ...], port: int, deadline: Deadline, connecting: float
) -> socket.socket:
    """Connect to the first address that answers.

    Raises
    ------
    OSError
        None does; the error of the last.
    """
    last: OSError = TimeoutError()
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        wire = socket.socket(family, socket.SOCK_STREAM)
        try:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            wire.settimeout(deadline.left(connecting))
            wire.connect((address, port))
        except OSError as error:
            wire.close()
            last = error
        else:
            return wire
    raise last


def _secured(
    plain: socket.socket, ask: Ask, deadline: Deadline, context: ssl.SSLContext
) -> socket.socket:
    """Return the connection with TLS around it where the scheme is https."""
    plain.settimeout(deadline.left())
    if ask.scheme == "http":
        return plain
    return context.wrap_socket(plain, server_hostname=ask.host)


def _spoken(wire: socket.socket, ask: Ask, deadline: Deadline) -> Reply:
    """Send the request and read the answer.

    Raises
    ------
    http.client.HTTPException, OSError, ValueError
        The answer makes no sense, or ends before its end.
    """
    timed = _Timed(wire, deadline)
    connection = HTTPConnection(ask.host, ask.port)
    connection.sock = timed
    connection.putrequest(
        ask.method, ask.target, skip_host=True, skip_accept_encoding=True
    )
    for name, value in ask.headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    with connection.getresponse() as response:
        if timed.is_at_end:  # `http.client` takes the end for that of the header
            raise IncompleteRead(b"")
        beginning = response.read(BEGINNING)
        if len(beginning) < BEGINNING and response.length:
            raise IncompleteRead(beginning, response.length)
        return Reply(
            status=response.status, headers=response.headers, beginning=beginning
        )


class _Timed:
    """As much of a socket as `http.client` uses, each read within the deadline."""

    def __init__(self, wire: socket.socket, deadline: Deadline) -> None:
        self._wire = wire
        self._deadline = deadline
        self._reading: _Reading | None = None

    @property
    def is_at_end(self) -> bool:
        """Whether the other side has sent all that it will."""
        return self._reading is not None and self._reading.is_at_end

    def sendall(self, data: Any) -> None:
        self._wire.settimeout(self._deadline.left())
        self._wire.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        self._reading = _Reading(self._wire, self._deadline)
        return io.BufferedReader(self._reading, 8192)

    def close(self) -> None:
        """Leave it open: who opened it closes it."""


class _Reading(io.RawIOBase):
    """The bytes that arrive, as long as there is time."""

    def __init__(self, wire: socket.socket, deadline: Deadline) -> None:
        self._wire = wire
        self._deadline = deadline
        self.is_at_end = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wire.settimeout(self._deadline.left())
        length = self._wire.recv_into(buffer)
        self.is_at_end = length == 0
        return length
