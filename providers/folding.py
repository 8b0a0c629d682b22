"""Texts without case and without accents, by one table for every silo.

Databases fold case by their locale, and each differently. Here the letters are
listed, so that both silos and the filter's own texts agree: simple lower case
of Latin, Greek, Cyrillic and Armenian letters, and combining marks removed
after canonical decomposition.

References
----------
OGC 21-065r2 (CQL2), clause 8.2 (CASEI) and 8.3 (ACCENTI).
"""

from __future__ import annotations

import unicodedata
from itertools import chain

_LETTERS = chain(range(0xC0, 0x590), range(0x1E00, 0x2000))
_MARKS = range(0x300, 0x370)


def _lower_pairs() -> dict[str, str]:
    """Return capital → small letter beyond ASCII, one character to one."""
    pairs = {chr(code): chr(code).lower() for code in _LETTERS}
    return {
        capital: small
        for capital, small in pairs.items()
        if capital != small and len(small) == 1
    }


LOWER = _lower_pairs()
"""Capital letters beyond ASCII and their small letters."""
CAPITALS = "".join(LOWER)
SMALL = "".join(LOWER.values())
MARKS = f"[{chr(_MARKS.start)}-{chr(_MARKS.stop - 1)}]"
"""A regular expression of the combining marks that accents are made of."""

_LOWER_TABLE = str.maketrans(
    {**LOWER, **{chr(code): chr(code).lower() for code in range(0x41, 0x5B)}}
)
_MARK_TABLE = dict.fromkeys(_MARKS)


def folded(text: str, *, case: bool, accents: bool) -> str:
    """Return a text without its accents, its case, or both."""
    if accents:
        text = unicodedata.normalize("NFD", text).translate(_MARK_TABLE)
    return text.translate(_LOWER_TABLE) if case else text
