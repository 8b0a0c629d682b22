"""A judgement, and the text that it is kept as."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError

from metadata.finding import Finding
from metadata.links import Link

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One dataset, held against the rules and encoded in every form."""

    fingerprints: Mapping[tuple[str, str], str]
    """Form and identifier of a record → its fingerprint."""
    findings: tuple[Finding, ...]
    links: tuple[Link, ...]
    """Those of the organisation among them."""


@dataclass(frozen=True)
class _Written:
    """The same, as JSON can hold it."""

    fingerprints: tuple[tuple[str, str, str], ...]
    findings: tuple[Finding, ...]
    links: tuple[Link, ...]


_WRITTEN: TypeAdapter[_Written] = TypeAdapter(_Written)


def encoded(judgement: Judgement) -> str:
    """Return a judgement as JSON; `decoded` gives an equal one back."""
    triples = ((*key, value) for key, value in judgement.fingerprints.items())
    written = _Written(tuple(triples), judgement.findings, judgement.links)
    return json.dumps(asdict(written), default=_plain)


def decoded(content: str) -> Judgement | None:
    """Read a judgement; `None`: the text is none, and it is to be made again."""
    try:
        found = _WRITTEN.validate_python(json.loads(content))
    except (ValidationError, ValueError) as error:
        logger.warning("A kept judgement is passed over: %s", error)
        return None
    return Judgement(
        fingerprints={(form, name): value for form, name, value in found.fingerprints},
        findings=found.findings,
        links=found.links,
    )


def _plain(value: Any) -> object:
    """Write a set or a day; nothing else in a judgement is foreign to JSON.

    Raises
    ------
    TypeError
        It is something else.
    """
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, date):
        return value.isoformat()
    message = f"A judgement holds a {type(value).__name__}."
    raise TypeError(message)
