"""What a search of records compares: words, boxes and periods, wherever it is asked.

References
----------
OGC API Records Part 1 (20-004r1), clause 8.4 (query parameters).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from metadata.measured import Bounds
from providers.folding import folded

FIRST_DAY: Final = "0000-01-01"
LAST_DAY: Final = "9999-12-31"
OPEN: Final = frozenset({"", ".."})
"""How an interval says that it has no beginning, or no end."""
_DAY: Final = len("2024-02-29")
Box = tuple[float, float, float, float]
"""West, south, east, north, in degrees."""


def read_phrases(given: str) -> tuple[str, ...]:
    """Return what stands between commas, as `searched_text` writes it."""
    phrases = map(_plain, given.split(","))
    return tuple(phrase for phrase in phrases if phrase)


def searched_text(words: Iterable[str]) -> str:
    """Return texts without case and accents, one blank between two words."""
    return " | ".join(map(_plain, words))


def meets(box: Box | None, area: Sequence[Bounds]) -> bool:
    """Tell whether a box meets one of several; what has none meets each."""
    if box is None:
        return True
    west, south, east, north = box
    return any(
        west <= b.xmax and east >= b.xmin and south <= b.ymax and north >= b.ymin
        for b in area
    )


def day_of(moment: str, otherwise: str) -> str:
    """Return the day of a moment; another one where the interval is open there."""
    return otherwise if moment in OPEN else moment[:_DAY]


def _plain(text: str) -> str:
    return " ".join(folded(text, case=True, accents=True).split())
