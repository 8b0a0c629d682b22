"""The box of features that are written as GML, read off their text.

The element ``gml:boundedBy`` of a collection is where many programs look for the
reference system, and it has to hold every feature of the document.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

_POSITIONS: Final = re.compile(
    rb'<gml:pos(?:List)?( srsDimension="3")?>([^<]*)</gml:pos'
)


class GmlBounds:
    """Grows with each batch of features; coordinates in the order that they have."""

    def __init__(self) -> None:
        self._lower: NDArray[np.float64] | None = None
        self._upper: NDArray[np.float64] | None = None

    def add(self, features: bytes) -> None:
        """Take in features. Texts have no tags, so that only geometries are read."""
        found = _POSITIONS.findall(features)
        for deep, width in ((b"", 2), (b' srsDimension="3"', 3)):
            numbers = b" ".join(text for dimension, text in found if dimension == deep)
            if numbers:
                places = np.fromstring(numbers, sep=" ").reshape(-1, width)[:, :2]
                self._grow(places.min(axis=0), places.max(axis=0))

    def envelope(self, srs: str) -> str:
        """Return the box as ``gml:boundedBy``; empty when nothing has a position."""
        if self._lower is None or self._upper is None:
            return ""
        corners = (self._lower.tolist(), self._upper.tolist())
        lower, upper = (" ".join(map(repr, corner)) for corner in corners)
        return (
            f'<gml:boundedBy><gml:Envelope srsName="{srs}">'
            f"<gml:lowerCorner>{lower}</gml:lowerCorner>"
            f"<gml:upperCorner>{upper}</gml:upperCorner>"
            "</gml:Envelope></gml:boundedBy>\n"
        )

    def _grow(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> None:
        if self._lower is not None and self._upper is not None:
            lower = np.minimum(lower, self._lower)
            upper = np.maximum(upper, self._upper)
        self._lower, self._upper = lower, upper
