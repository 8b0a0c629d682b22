"""How the records found are spread over the values of their properties.

References
----------
OGC API Records Part 2: Facets (25-013, draft), requirements classes *simple facets*
and *advanced facets*. Of a member that says whether there are further buckets, the
draft says in one place that it is a truth and in another that it is a number: it is
a truth here, as in its examples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from metadata.errors import QueryError
from metadata.record_facets import FACETS, PLACES
from service.csw.entry import Entry
from service.links import Document
from service.messages import text

BUCKETS: Final = 10
"""Values that are counted of each facet unless more are asked for."""
MOST_BUCKETS: Final = 1000
_DIGITS: Final = 9
Bucket = tuple[str, int]
"""A value, and how many of the records found have it."""
_ORDERS: Final[Mapping[str, Callable[[list[Bucket]], list[Bucket]]]] = MappingProxyType(
    {
        "count_desc": lambda found: sorted(found, key=lambda b: (-b[1], b[0])),
        "count_asc": lambda found: sorted(found, key=lambda b: (b[1], b[0])),
        "value_asc": sorted,
        "value_desc": lambda found: sorted(found, reverse=True),
    }
)
"""What puts buckets in order, the usual one first."""


@dataclass(frozen=True)
class Facet:
    """One facet that is asked for."""

    name: str
    buckets: int = BUCKETS
    """At most."""
    order: str = next(iter(_ORDERS))


EVERY: Final = tuple(map(Facet, FACETS))
"""What is told where nothing else is asked for."""


def read_facets(given: str | None) -> tuple[Facet, ...]:
    """Read the parameter ``facets``: ``keywords:20:value_asc,organization``.

    Raises
    ------
    metadata.errors.QueryError
        A facet is not known or stands twice, or its number or order is none.
    """
    if given is None:
        return EVERY
    facets = tuple(map(_read, given.split(",")))
    if len({facet.name for facet in facets}) < len(facets):
        raise _refused("catalogue.facet-twice", given)
    return facets


def _read(part: str) -> Facet:
    name, count, order, *rest = (*part.split(":"), "", "")
    if name not in FACETS or any(rest):
        raise _refused("catalogue.facet", name if name not in FACETS else part)
    if order and order not in _ORDERS:
        raise _refused("catalogue.facet-order", order)
    known = Facet(name)
    return Facet(name, _count(count) or known.buckets, order or known.order)


def _count(text_given: str) -> int:
    """Return how many buckets are asked for; 0 where that is not said."""
    if not text_given:
        return 0
    digits = text_given.isascii() and text_given.isdecimal()
    if not digits or len(text_given) > _DIGITS or not int(text_given):
        raise _refused("catalogue.facet-count", text_given)
    return min(int(text_given), MOST_BUCKETS)


def _refused(key: str, value: str) -> QueryError:
    known = {"facets": ", ".join(FACETS), "orders": ", ".join(_ORDERS)}
    hint = text("catalogue.facet.hint", **known)
    return QueryError(text(key, value=value[:80]), parameter="facets", hint=hint)


def counted(found: Sequence[Entry], facets: Iterable[Facet]) -> Document:
    """Return how the records found are spread over the values of each facet."""
    return dict(_counted(found, facets))


def _counted(
    found: Sequence[Entry], facets: Iterable[Facet]
) -> Iterator[tuple[str, Document]]:
    for facet in facets:
        place = PLACES[facet.name]
        numbers = Counter(value for entry in found for value in entry.facets[place])
        ordered = _ORDERS[facet.order](list(numbers.items()))
        yield (
            facet.name,
            {
                "type": "term",
                "property": FACETS[facet.name],
                "buckets": [
                    {"value": value, "count": number}
                    for value, number in ordered[: facet.buckets]
                ],
                "more": len(ordered) > facet.buckets,
            },
        )


def facets_document(identifier: str, title: str) -> Document:
    """Return what can be counted, whatever is found."""
    return {
        "id": identifier,
        "title": title,
        "facets": {
            name: {"type": "term", "property": path, "sortedBy": "count"}
            for name, path in FACETS.items()
        },
        "defaultBucketCount": BUCKETS,
    }
