"""By which properties found records are counted, and what a record has of each.

References
----------
OGC API Records Part 2: Facets (25-013, draft), requirements class *simple facets*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

FACETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "type": "type",
        "themes": "themes.concepts.title",
        "keywords": "keywords",
        "organization": "contacts.organization",
        "formats": "formats.name",
        "license": "license",
        "accessRights": "accessRights",
    }
)
"""Facet → where its values stand in the properties of a record as GeoJSON."""
PLACES: Final[Mapping[str, int]] = MappingProxyType(
    {name: place for place, name in enumerate(FACETS)}
)
"""Facet → its place in `Values`."""
Values = tuple[tuple[str, ...], ...]
"""What a record has of each facet, each value once; empty where it has none."""


def facet_values(properties: Mapping[str, Any]) -> Values:
    """Return what a record has of each facet.

    Parameters
    ----------
    properties
        As `metadata.ogcrecord.ogc_record` makes them.
    """
    return tuple(
        tuple(dict.fromkeys(_values(properties, path.split("."))))
        for path in FACETS.values()
    )


def _values(found: Any, path: list[str]) -> Iterator[str]:
    """Yield every text at the end of a path, through lists and objects."""
    if isinstance(found, list):
        for each in found:
            yield from _values(each, path)
    elif isinstance(found, str):
        if not path:
            yield found
    elif path and path[0] in found:
        yield from _values(found[path[0]], path[1:])
