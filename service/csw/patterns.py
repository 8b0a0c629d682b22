"""Patterns of LIKE, matched in time that grows with text and pattern only.

A pattern is cut at its wildcards for any text, and each piece is looked for from
where the one before it ended. Nothing is tried twice, whatever a client writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from service.csw.tree import Pattern, Wildcard
from service.csw.values import folded_bytes

_CHARACTER: Final = rb"(?:[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]+)"
"""One character of UTF-8."""


def read_pattern(text: str, *, any_text: str, one: str, escape: str) -> Pattern:
    """Read a pattern; a character after `escape` stands for itself.

    Parameters
    ----------
    any_text, one, escape
        One character each; empty where there is none.
    """
    parts: list[str | Wildcard] = []
    literal = ""
    characters = iter(text)
    for character in characters:
        if escape and character == escape:
            literal += next(characters, "")
        elif character in {any_text, one} - {""}:
            if literal:
                parts.append(literal)
            literal = ""
            wildcard = Wildcard.ANY if character == any_text else Wildcard.ONE
            if not (wildcard is Wildcard.ANY and parts[-1:] == [Wildcard.ANY]):
                parts.append(wildcard)
        else:
            literal += character
    return tuple([*parts, literal] if literal else parts)


def whole_matcher(pattern: Pattern, *, match_case: bool) -> Callable[[str], bool]:
    """Return a test whether a whole value matches."""
    flags = re.DOTALL | (re.NOFLAG if match_case else re.IGNORECASE)
    pieces = [
        (re.compile("".join(map(_piece, piece)), flags), sum(map(_length, piece)))
        for piece in _pieces(pattern)
    ]
    (first, _), *middle = pieces
    if not middle:
        return lambda value: first.fullmatch(value) is not None
    last, length = middle.pop()

    def matches(value: str) -> bool:
        end = len(value) - length
        found = first.match(value)
        for expression, _ in middle:
            found = found and expression.search(value, found.end(), max(end, 0))
        return (
            found is not None
            and found.end() <= end
            and last.match(value, end) is not None
        )

    return matches


def inner_matcher(pattern: Pattern) -> Callable[[bytes], bool]:
    """Return a test whether a folded text holds a match anywhere."""
    parts = [folded_bytes(part) for part in pattern if isinstance(part, str)]
    pieces = [
        re.compile(b"".join(map(_folded_piece, piece)), re.DOTALL)
        for piece in _pieces(pattern)
        if piece
    ]

    def matches(text: bytes) -> bool:
        if not all(part in text for part in parts):
            return False
        if len(parts) == len(pattern) == 1:
            return True
        end = 0
        for expression in pieces:
            found = expression.search(text, end)
            if found is None:
                return False
            end = found.end()
        return True

    return matches


def _pieces(pattern: Pattern) -> Iterator[Pattern]:
    """Yield what stands between the wildcards for any text; at least one piece."""
    piece: list[str | Wildcard] = []
    for part in pattern:
        if part is Wildcard.ANY:
            yield tuple(piece)
            piece = []
        else:
            piece.append(part)
    yield tuple(piece)


def _piece(part: str | Wildcard) -> str:
    return re.escape(part) if isinstance(part, str) else "."


def _length(part: str | Wildcard) -> int:
    return len(part) if isinstance(part, str) else 1


def _folded_piece(part: str | Wildcard) -> bytes:
    return re.escape(folded_bytes(part)) if isinstance(part, str) else _CHARACTER
