"""Searches the catalogue as OGC API Records asks: words, place, time, type, names.

Whatever is asked narrows the result. Words are looked for in titles, abstracts,
keywords and the names of organisations, whatever their case and accents; a comma
parts alternatives, words with blanks between stand together in that order.

References
----------
OGC API Records Part 1 (20-004r1), clause 8.4 (query parameters).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from metadata.crs import CRS84
from metadata.errors import QueryError
from metadata.measured import Bounds
from metadata.record import RecordKind
from metadata.record_facets import FACETS, PLACES
from providers.boxes import split_box
from providers.record_matching import (
    FIRST_DAY,
    LAST_DAY,
    OPEN,
    day_of,
    meets,
    read_phrases,
    searched_text,
)
from service.csw.entry import Entry
from service.csw.index import Index
from service.csw.queryables import SLOTS
from service.messages import text
from service.parameters import read_bbox

PARAMETERS: Final = frozenset(
    {
        "q",
        "bbox",
        "datetime",
        "type",
        "ids",
        "externalIds",
        "limit",
        "after",
        "facets",
        *FACETS,
    }
)
_SEARCHED: Final = ("Title", "Abstract", "Subject", "OrganisationName")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?", re.ASCII)
_DAY: Final = len("2024-02-29")
_SHOWN: Final = 60
Period = tuple[str, str]
"""First and last day, both inside."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is asked; empty: everything."""

    phrases: tuple[str, ...] = ()
    """Folded; one of them has to be there."""
    area: tuple[Bounds, ...] = ()
    """Boxes in longitude and latitude of which one must be met."""
    period: Period | None = None
    types: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    external_ids: frozenset[str] = frozenset()
    having: tuple[tuple[str, str], ...] = ()
    """Facets, and the value that a record must have of each."""


def read_search(given: Mapping[str, str]) -> Search:
    """Read the parameters of a search.

    Raises
    ------
    metadata.errors.QueryError
        One of them is malformed.
    """
    return Search(
        phrases=read_phrases(given.get("q", "")),
        area=split_box(read_bbox(given["bbox"], CRS84)) if "bbox" in given else (),
        period=_period(given["datetime"]) if "datetime" in given else None,
        types=_types(given),
        ids=frozenset(_parts(given, "ids")),
        external_ids=frozenset(_parts(given, "externalIds")),
        having=tuple(
            (name, given[name]) for name in FACETS if name in given and name != "type"
        ),
    )


def matching(index: Index, search: Search) -> Iterator[Entry]:
    """Yield the records found, in the order of their identifiers."""
    texts = _texts(index) if search.phrases else ()
    for place, entry in enumerate(index.entries):
        if _fits(entry, search) and (
            not search.phrases or any(p in texts[place] for p in search.phrases)
        ):
            yield entry


def _fits(entry: Entry, search: Search) -> bool:
    """Tell whether a record is what is asked for, its words aside."""
    return (
        (not search.ids or entry.identifier in search.ids)
        and (not search.types or _has(entry, "Type", search.types))
        and (
            not search.external_ids
            or _has(entry, "ResourceIdentifier", search.external_ids)
        )
        and all(v in entry.facets[PLACES[name]] for name, v in search.having)
        and (search.period is None or _is_in(entry, search.period))
        and (not search.area or meets(entry.box, search.area))
    )


def _has(entry: Entry, name: str, wanted: frozenset[str]) -> bool:
    return not wanted.isdisjoint(entry.values[SLOTS[name]])


def _is_in(entry: Entry, period: Period) -> bool:
    """Tell whether the data are of a period; those of no time are of every one."""
    begins = entry.values[SLOTS["TempExtent_begin"]]
    ends = entry.values[SLOTS["TempExtent_end"]]
    if not begins and not ends:
        return True
    first = day_of(min(begins, default=""), FIRST_DAY)
    last = day_of(max(ends, default=""), LAST_DAY)
    return first <= period[1] and last >= period[0]


@lru_cache(maxsize=2)
def _texts(index: Index) -> tuple[str, ...]:
    """Return the words of each record, folded, one blank between two."""
    return tuple(map(_text, index.entries))


def _text(entry: Entry) -> str:
    values = (value for name in _SEARCHED for value in entry.values[SLOTS[name]])
    return searched_text(values)


def _parts(given: Mapping[str, str], name: str) -> list[str]:
    parts = (part.strip() for part in given.get(name, "").split(","))
    return [part for part in parts if part]


def _types(given: Mapping[str, str]) -> frozenset[str]:
    wanted = _parts(given, "type")
    for one in wanted:
        if one not in [kind.value for kind in RecordKind]:
            known = ", ".join(RecordKind)
            raise QueryError(
                text("catalogue.type", value=one[:_SHOWN], known=known),
                parameter="type",
            )
    return frozenset(wanted)


def _period(value: str) -> Period:
    """Read a moment or an interval, to the day.

    Raises
    ------
    metadata.errors.QueryError
        It is none, or ends before it begins.
    """
    start, mark, end = value.partition("/")
    if not mark:
        end = start
    first = FIRST_DAY if mark and start in OPEN else _day(start, value)
    last = LAST_DAY if mark and end in OPEN else _day(end, value)
    if first > last:
        raise _no_period(value)
    return first, last


def _day(moment: str, value: str) -> str:
    if not _MOMENT.fullmatch(moment):
        raise _no_period(value)
    try:
        return date.fromisoformat(moment[:_DAY]).isoformat()
    except ValueError as error:
        raise _no_period(value) from error


def _no_period(value: str) -> QueryError:
    message = text("catalogue.datetime", value=value[:_SHOWN])
    return QueryError(
        message, parameter="datetime", hint=text("catalogue.datetime.hint")
    )
