"""Positions that are no numbers, which GeoJSON cannot say.

A coordinate may be NaN or infinite in a silo, and PostGIS writes it as such: no
JSON at all. The whole geometry is then left out, since half of one is another
one. Ordinary pages are only looked through, at some ten gigabytes a second.

References
----------
RFC 8259, clause 6 (no NaN, no Infinity); RFC 7946, clause 3.2 (null geometry).
"""

from __future__ import annotations

import re

import numpy as np

from providers.feature_source import SEPARATOR

_GEOMETRY, _PROPERTIES = b'"geometry":', b',"properties":'
_PAIRS = tuple(np.frombuffer(pair, "<u2")[0] for pair in (b"aN", b"nf"))
"""Two letters of “NaN” and of “Infinity” that seldom stand together elsewhere."""
_LARGE = 16 * 1024
"""Bytes from which looking for pairs of letters first is the faster way."""
_NO_NUMBER = re.compile(rb"[\[,](?:NaN|-?Infinity)[,\]]")


def numbers_only(features: bytes) -> bytes:
    """Return features with null for every geometry with a position that is none.

    Parameters
    ----------
    features
        GeoJSON Features with `SEPARATOR` between.
    """
    large = len(features) > _LARGE
    if (large and not _may_hold(features)) or not _holds(features):
        return features
    return SEPARATOR.join(map(_repaired, features.split(SEPARATOR)))


def _holds(text: bytes) -> bool:
    return b"NaN" in text or b"Infinity" in text


def _may_hold(text: bytes) -> bool:
    """Tell whether two letters of one of the words stand side by side."""
    for start in (0, 1) if text else ():
        pairs = np.frombuffer(text, "<u2", max(0, len(text) - start) // 2, start)
        if any(bool((pairs == pair).any()) for pair in _PAIRS):
            return True
    return False


def _repaired(feature: bytes) -> bytes:
    """Return one feature; within a JSON text both marks would have a backslash."""
    head, mark, rest = feature.partition(_GEOMETRY)
    geometry, second, tail = rest.partition(_PROPERTIES)
    if not _NO_NUMBER.search(geometry):
        return feature
    return b"".join((head, mark, b"null", second, tail))
