"""How exactly coordinates go out: a tenth of a millimetre."""

from __future__ import annotations

from typing import Final

from metadata.crs import Crs
from providers.windows import is_geographic

DEGREE_DIGITS: Final = 9
"""Decimals of a coordinate in degrees."""
METRE_DIGITS: Final = 4
"""Decimals of a coordinate in metres."""


def decimals(crs: Crs) -> int:
    """Return how many decimals a coordinate has in a CRS."""
    return DEGREE_DIGITS if is_geographic(crs.srid) else METRE_DIGITS
