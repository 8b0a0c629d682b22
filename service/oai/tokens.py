"""Resumption tokens: all that is needed to go on, nothing kept on our side.

A list is ordered by datestamp, then name. A token names the last item given, so a
list goes on right behind it, however much came, changed or left meanwhile: what
changes moves to the end, where it is met (again). No item that was to be listed is
ever passed over, and a token never expires.

References
----------
OAI-PMH 2.0, clauses 3.5 and 3.5.1.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from service.oai.problems import Code, OaiProblem
from service.oai.protocol import Verb

_LONGEST: Final = 2000
"""Characters of a token; ours have a few hundred."""
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    RecursionError,
    binascii.Error,
)
"""What reading a text that is no token may end in: JSON nests, and has Infinity."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """Where a list goes on."""

    verb: Verb
    prefix: str
    start: str
    """`from` as it was asked for; may be empty."""
    end: str
    spec: str
    """`set` as it was asked for; may be empty."""
    after: tuple[datetime, str]
    """Place of the last item given."""
    cursor: int
    """Items given so far."""

    def written(self) -> str:
        """Return it as a harvester sends it back."""
        moment, name = self.after
        fields = asdict(self) | {"after": [moment.isoformat(), name]}
        content = json.dumps(fields, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")


def read_token(text: str, verb: Verb) -> Token:
    """Read a token.

    Raises
    ------
    OaiProblem
        badResumptionToken: it is none of ours, or of another verb.
    """
    try:
        token = _read(text)
    except _UNREADABLE as error:
        raise _bad("it is none of ours") from error
    if token.verb is not verb:
        raise _bad(f"it is one of {token.verb}")
    return token


def _read(text: str) -> Token:
    if len(text) > _LONGEST:
        message = "too long"
        raise ValueError(message)
    padded = text + "=" * (-len(text) % 4)
    content = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
    fields = json.loads(content)
    moment, name = fields["after"]
    token = Token(
        verb=Verb(fields["verb"]),
        prefix=_text(fields["prefix"]),
        start=_text(fields["start"]),
        end=_text(fields["end"]),
        spec=_text(fields["spec"]),
        after=(datetime.fromisoformat(moment), _text(name)),
        cursor=int(fields["cursor"]),
    )
    if token.cursor < 0 or token.after[0].tzinfo is None:
        message = "out of range"
        raise ValueError(message)
    return token


def _text(value: object) -> str:
    if not isinstance(value, str):
        message = "no text"
        raise TypeError(message)
    return value


def _bad(reason: str) -> OaiProblem:
    return OaiProblem(Code.BAD_RESUMPTION_TOKEN, f"resumptionToken: {reason}")
