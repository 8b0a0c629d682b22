"""Entity tags: whether a client's copy is still the answer.

An answer made of features is told from the state of its collection, so a copy
can be confirmed without reading a row. Any other answer, and one where no state
is certain, is told by its own bytes. All tags are strong: equal ones mean equal
bytes, in every process of the service.

References
----------
RFC 9110, clauses 8.8.3 (``ETag``), 13.1.2 (``If-None-Match``), 15.4.5 (304).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import version

_VERSION = version("passerelle")
_VERSIONED = "."
"""Stands before the version of a feature in a tag."""
_ENCODINGS = ("-gzip", "-br", "-zstd")
"""What a tag ends in when the bytes were compressed on their way."""


def digest(*parts: object) -> str:
    """Return what tells one question from all others, of this version of ours."""
    text = repr((_VERSION, parts))
    return hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"), digest_size=12
    ).hexdigest()


def state_tag(question: str, state: str) -> str:
    """Return the tag of an answer to a question in a state; empty without either."""
    return f'"{digest(question, state)}"' if question and state else ""


def version_tag(question: str, version: str) -> str:
    """Return the tag of an answer to a question about one version of a feature.

    The version can be told from it (`versions_in`), whatever the question was.
    """
    return f'"{question}{_VERSIONED}{version}"'


def versions_in(if_match: Iterable[str]) -> Iterable[str]:
    """Yield the versions of a feature that a client holds, in whatever form.

    A weak tag is passed over: none of ours is, and none matches (RFC 9110, 13.1.1).

    Parameters
    ----------
    if_match
        The values of the header, as sent.
    """
    for value in if_match:
        for each in (piece.strip() for piece in value.split(",")):
            if each.startswith('"'):
                yield _plain(each).rpartition(_VERSIONED)[2]


def content_tag(content: bytes) -> str:
    """Return the tag of bytes."""
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def encoded_tag(tag: str, encoding: str) -> str:
    """Return the tag of the same answer after a content coding."""
    return f'{tag[:-1]}-{encoding}"'


def held_tag(tag: str, if_none_match: Iterable[str]) -> str:
    """Return the tag under which a client holds the answer of a tag.

    It may hold it in another coding; empty when it does not hold it.

    Parameters
    ----------
    if_none_match
        The values of the header, as sent.
    """
    if not tag:
        return ""
    for value in if_none_match:
        for each in (piece.strip() for piece in value.split(",")):
            if each == "*":
                return tag
            if _plain(each) == _plain(tag):
                return each.removeprefix("W/")
    return ""


def _plain(tag: str) -> str:
    """Return a tag without weakness, quotes and coding."""
    bare = tag.removeprefix("W/").strip('"')
    for encoding in _ENCODINGS:
        bare = bare.removesuffix(encoding)
    return bare
