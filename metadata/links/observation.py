"""What was found at an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

_PASSWORD: Final = re.compile(rb"<input\b[^>]{0,500}?\btype\s*=\s*[\"']?password", re.I)
_PAGE: Final = re.compile(
    rb"\s*(<\?xml[^>]{0,200}\?>\s*)?(<!--.{0,2000}?-->\s*)*<(!doctype\s+html|html)\b",
    re.I | re.S,
)
_MARKS: Final = (b"\xef\xbb\xbf",)


class Outcome(StrEnum):
    """How far one came."""

    ANSWERED = "answered"
    """A server answered, whatever its status."""
    NO_NAME = "no name"
    """No server has that name, or nobody can say."""
    NO_CONNECTION = "no connection"
    TIMEOUT = "timeout"
    BROKEN_OFF = "broken off"
    """The answer ended too early, or is no HTTP."""
    CERTIFICATE = "certificate"
    """Of the server, refused; `Observation.detail` says why."""
    TLS = "tls"
    """No common language; the certificate was not seen."""
    REDIRECTS = "redirects"
    """Too many, in a circle, or to nowhere."""
    PRIVATE = "private"
    """The address is in a network that is not public: nothing was sent there."""
    NOT_WEB = "not web"
    """Neither http nor https: nothing was sent there."""
    OTHER_PORT = "other port"
    """Redirected to a port that nobody stated: nothing was sent there."""
    UNASKED = "unasked"
    """There was no time left, or the server wants to be left alone."""


UNCONNECTED: Final = frozenset(
    {Outcome.NO_NAME, Outcome.NO_CONNECTION, Outcome.TIMEOUT}
)
"""What a broken network of ours looks like too."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What was found at an address, redirects followed."""

    outcome: Outcome
    final: str
    """The address at which it ended."""
    status: int = 0
    """HTTP; 0 without an answer."""
    detail: str = ""
    """Why a certificate was refused, or the address that is not public."""
    moved: str = ""
    """Where permanent redirects lead, the first ones of the way; may be empty."""
    redirects: int = 0
    media_type: str = ""
    """Small letters, without parameters; empty: not said."""
    length: int | None = None
    """Bytes of the whole; `None`: not said, or compressed on the way."""
    modified: datetime | None = None
    is_page: bool = False
    """Whether what was read of it is HTML, whatever it is called."""
    asks_password: bool = False
    """Whether what was read of it has a field for a password."""

    @property
    def is_answered_well(self) -> bool:
        """Whether the status is a success (RFC 9110, 15.3)."""
        return self.outcome is Outcome.ANSWERED and 200 <= self.status < 300  # noqa: PLR2004


def begins_like_page(beginning: bytes) -> bool:
    """Tell whether some bytes begin as HTML does."""
    for mark in _MARKS:
        beginning = beginning.removeprefix(mark)
    return _PAGE.match(beginning) is not None


def has_password_field(beginning: bytes) -> bool:
    """Tell whether there is a field for a password in the HTML read."""
    return _PASSWORD.search(beginning) is not None
