"""The pygeoapi plugin for records: ``name: providers.catalogue.CatalogueProvider``.

It gives a stock pygeoapi the catalogue last applied by ``publish``, as record
collections (``type: record``) have it. It is configured by

``data``
    Address of the store: ``sqlite:////path/state.sqlite`` or ``postgresql://…``.

and follows each publication without a restart.

References
----------
OGC API Records Part 1 (20-004r1), clause 8.4 (query parameters).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from pygeoapi.provider.base import BaseProvider, ProviderItemNotFoundError

from metadata.crs import CRS84
from metadata.errors import QueryError
from metadata.iso19139 import read_iso19139
from metadata.ogcrecord import Document, ogc_record
from metadata.record_facets import FACETS, PLACES, facet_values
from providers.boxes import read_box, split_box
from providers.errors import told_to_pygeoapi
from providers.pygeoapi_plugin import Answer, Definition
from providers.record_matching import (
    FIRST_DAY,
    LAST_DAY,
    Box,
    day_of,
    meets,
    read_phrases,
    searched_text,
)
from providers.store import Store, open_store

_SORTABLE = ("type", "title", "updated", "resourceUpdated")
_SPOKEN = ("keywords", "themes", "organization")
"""Facets whose values are looked through for words, beside title and abstract."""
Test = Callable[[Document], bool]
"""Tells whether a record is one of those asked for."""


class CatalogueProvider(BaseProvider):
    """A pygeoapi provider of records. See the module for its configuration."""

    def __init__(self, provider_def: Definition) -> None:
        super().__init__({"id_field": "id", "title_field": "title", **provider_def})
        with told_to_pygeoapi():
            store = _store(str(provider_def["data"]))
            self._records = _read(store, store.generation())
        self.get_fields()

    def get_fields(self) -> dict[str, dict[str, str]]:
        """Return what can be searched for: the facets, and what can be sorted by."""
        if not self._fields:
            self._fields = {name: {"type": "string"} for name in (*FACETS, *_SORTABLE)}
        fields: dict[str, dict[str, str]] = self._fields
        return fields

    def query(  # noqa: PLR0913, PLR0917  (pygeoapi's signature)
        self,
        offset: int = 0,
        limit: int = 10,
        resulttype: str = "results",
        bbox: Sequence[float] = (),
        datetime_: str | None = None,
        properties: Sequence[tuple[str, str]] = (),
        sortby: Sequence[Mapping[str, str]] = (),
        select_properties: Sequence[str] = (),
        skip_geometry: bool = False,
        q: str | None = None,
        filterq: object | None = None,
        **kwargs: object,
    ) -> Answer:
        """Return one page of records as a FeatureCollection.

        `bbox` is west, south, east, north in degrees. Records without an extent are
        found by every one, those without a period by every `datetime_`.
        """
        with told_to_pygeoapi():
            if filterq is not None:
                message = "Records are not filtered by CQL."
                raise QueryError(message, parameter="filter")
            tests = [*_tests(bbox, datetime_, q), *map(_having, properties)]
            found = [r for r in self._records if all(test(r) for test in tests)]
            for term in reversed(sortby):
                found = _sorted(found, term)
        shown = [] if resulttype == "hits" else found[offset : offset + limit]
        return {
            "type": "FeatureCollection",
            "features": [_cut(r, select_properties, skip_geometry) for r in shown],
            "numberMatched": len(found),
            "numberReturned": len(shown),
        }

    def get(self, identifier: str, **kwargs: object) -> Answer:
        """Return one record by its fileIdentifier.

        Raises
        ------
        pygeoapi.provider.base.ProviderItemNotFoundError
            There is none.
        """
        found = (record for record in self._records if record["id"] == identifier)
        record = next(found, None)
        if record is None:
            message = f"There is no record {identifier!r}."
            raise ProviderItemNotFoundError(message)
        return dict(record)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}> {len(self._records)} records"


@lru_cache(maxsize=16)
def _store(address: str) -> Store:
    return open_store(address)


@lru_cache(maxsize=2)
def _read(store: Store, generation: int) -> tuple[Document, ...]:  # noqa: ARG001  (what it is the records of)
    """Return the records of one generation of a store, by identifier."""
    records = (
        ogc_record(read_iso19139(revision.content), revision.date_stamp)
        for revision in store.applied()
    )
    return tuple(sorted(records, key=lambda record: str(record["id"])))


def _tests(
    bbox: Sequence[float], datetime_: str | None, q: str | None
) -> Iterator[Test]:
    """Yield what a place, a time and words demand."""
    if bbox:
        area = split_box(read_box(bbox, CRS84, parameter="bbox"))
        yield lambda record: meets(_box(record), area)
    if datetime_:
        start, mark, end = datetime_.partition("/")
        first = day_of(start, FIRST_DAY)
        last = day_of(end if mark else start, LAST_DAY)
        yield lambda record: _is_in(record, first, last)
    if q:
        wanted = read_phrases(q)
        yield lambda record: not wanted or any(p in _said(record) for p in wanted)


def _having(property_: tuple[str, str]) -> Test:
    """Return what an equality demands; of a list, one value has to be the one."""
    name, value = property_
    if name in PLACES:
        return lambda record: value in facet_values(record["properties"])[PLACES[name]]
    if name not in _SORTABLE:
        message = f"“{name}” is nothing that a record is searched by."
        raise QueryError(message, parameter=name)
    return lambda record: str(record["properties"].get(name)) == value


def _box(record: Document) -> Box | None:
    """Return a record's extent; `None` without one."""
    if record["geometry"] is None:
        return None
    (west, south), _, (east, north), *_ = record["geometry"]["coordinates"][0]
    return west, south, east, north


def _is_in(record: Document, first: str, last: str) -> bool:
    """Tell whether a record is of a period, to the day."""
    begins, ends = record["time"]["interval"] if record["time"] else ("..", "..")
    return day_of(begins, FIRST_DAY) <= last and day_of(ends, LAST_DAY) >= first


def _said(record: Document) -> str:
    """Return the words of a record, folded, one blank between two."""
    about = record["properties"]
    values = facet_values(about)
    words = (
        about.get("title", ""),
        about.get("description", ""),
        *(word for name in _SPOKEN for word in values[PLACES[name]]),
    )
    return searched_text(words)


def _sorted(found: list[Document], term: Mapping[str, str]) -> list[Document]:
    """Return records in the order of a property; those without it come last."""
    name, falling = term["property"], term["order"] == "-"
    if name not in _SORTABLE:
        message = f"“{name}” is nothing that records are sorted by."
        raise QueryError(message, parameter="sortby")
    having = [record for record in found if name in record["properties"]]
    ordered = sorted(having, key=lambda r: str(r["properties"][name]), reverse=falling)
    return ordered + [r for r in found if name not in r["properties"]]


def _cut(record: Document, names: Sequence[str], skip_geometry: bool) -> Document:
    """Return a record with the properties that are wanted, and no others."""
    about = record["properties"]
    kept = {n: v for n, v in about.items() if n in names} if names else about
    geometry = None if skip_geometry else record["geometry"]
    return {**record, "properties": kept, "geometry": geometry}
