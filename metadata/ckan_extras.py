"""What CKAN has no field for, by the names that its extensions read.

All values are texts: several of them are a JSON list, as ckanext-dcat writes them.

References
----------
ckanext-dcat 2, profiles euro_dcat_ap_base, _2 and _3; DCAT-AP 3.0.1, DCAT-AP HVD 3.0.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

from metadata.codelists import ACCESS_LIMITATIONS, FREQUENCIES
from metadata.content import (
    Box,
    DataIdentification,
    DateType,
    Party,
    RecordContent,
    plain,
)
from metadata.dataset import Dataset
from metadata.dcat_rights import hvd_categories
from metadata.dcat_terms import (
    ACCESS_RIGHT,
    HVD_LEGISLATION,
    data_themes,
    themes_named,
)
from metadata.distributions import record_address
from metadata.iso19139_terms import NO_CRS
from metadata.language_tags import language_address
from metadata.stated import Access, Frequency, Role

OURS: Final = (
    "access_rights",
    "applicable_legislation",
    "conforms_to",
    "creator_email",
    "creator_name",
    "frequency",
    "guid",
    "hvd_category",
    "identifier",
    "issued",
    "language",
    "limitation_on_access",
    "metadata_record",
    "modified",
    "provenance",
    "publisher_email",
    "publisher_name",
    "publisher_url",
    "spatial",
    "spatial_resolution_in_meters",
    "temporal_end",
    "temporal_start",
    "theme",
    "uri",
)
"""Every extra that we may write; those of others are left alone."""
_DAY: Final = len("2024-02-29")
Pairs = Iterator[tuple[str, str]]


def extras(content: RecordContent, dataset: Dataset) -> Pairs:
    """Yield the extras of a dataset, none of them empty."""
    every = (
        *_names(dataset),
        *_dates(content),
        *_coverage(content),
        *_agents(content, dataset),
        *_rights(content, dataset),
        *_words(content),
    )
    return ((name, value) for name, value in sorted(every) if value)


def _names(dataset: Dataset) -> Pairs:
    """Yield what names the dataset and its ISO record, here and anywhere."""
    identifier = dataset.description.identifier
    yield "uri", identifier
    yield "identifier", identifier
    yield "guid", dataset.description.record_identifier
    yield "metadata_record", record_address(dataset)


def _dates(content: RecordContent) -> Pairs:
    days = {each.type: each.day[:_DAY] for each in content.identification.dates}
    issued = days.get(DateType.PUBLICATION) or days.get(DateType.CREATION, "")
    yield "issued", issued
    yield "modified", days.get(DateType.REVISION, "")


def _coverage(content: RecordContent) -> Pairs:
    found = content.identification
    if found.extent is not None:
        yield "spatial", _outline(found.extent)
    if found.temporal is not None:
        yield "temporal_start", found.temporal.start[:_DAY]
        yield "temporal_end", found.temporal.end[:_DAY]
    if isinstance(found, DataIdentification) and found.resolution is not None:
        yield "spatial_resolution_in_meters", format(found.resolution, "f")


def _outline(box: Box) -> str:
    """Return a box as GeoJSON; a place that is a point as one (RFC 7946, 3.1)."""
    west, south, east, north = map(float, (box.west, box.south, box.east, box.north))
    if (west, south) == (east, north):
        return json.dumps({"type": "Point", "coordinates": [west, south]})
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def _agents(content: RecordContent, dataset: Dataset) -> Pairs:
    """Yield the publisher, and who made the data where that is another one."""
    stated = content.identification.contacts
    publisher = (*_of(stated, Role.PUBLISHER), *content.contacts)[0]
    yield "publisher_name", publisher.organisation
    yield "publisher_email", publisher.email
    yield "publisher_url", publisher.url
    creator = next(iter(_of(stated, Role.AUTHOR)), None)
    producer = plain(dataset.description.producer)
    if creator is not None:
        yield "creator_name", creator.organisation
        yield "creator_email", creator.email
    elif producer != publisher.organisation:
        yield "creator_name", producer


def _of(parties: Iterable[Party], role: Role) -> tuple[Party, ...]:
    return tuple(party for party in parties if party.role is role)


def _rights(content: RecordContent, dataset: Dataset) -> Pairs:
    stated = dataset.description
    is_open = stated.access is Access.OPEN
    yield "access_rights", f"{ACCESS_RIGHT}{'PUBLIC' if is_open else 'RESTRICTED'}"
    limit = None if is_open else ACCESS_LIMITATIONS.get(stated.access_limitation)
    yield "limitation_on_access", limit.uri if limit else ""
    categories = sorted(each.uri for each in hvd_categories(content))
    yield "hvd_category", _listed(categories)
    yield "applicable_legislation", _listed([HVD_LEGISLATION] if categories else [])


def _words(content: RecordContent) -> Pairs:
    """Yield what stands for itself: themes, language, frequency, systems, lineage."""
    found = content.identification
    labels = [x.href for block in found.keywords for x in block.keywords]
    inspire = themes_named(labels)
    topics = found.topics if isinstance(found, DataIdentification) else ()
    yield "theme", _listed(t.uri for t in (*inspire, *data_themes(inspire, topics)))
    if isinstance(found, DataIdentification):
        yield "language", language_address(found.language)
    if found.frequency not in {None, Frequency.UNKNOWN}:
        yield "frequency", FREQUENCIES[str(found.frequency)].uri
    systems = [each.href for each in content.reference_systems]
    yield "conforms_to", _listed(x for x in systems if x and x != NO_CRS)
    yield "provenance", content.lineage


def _listed(values: Iterable[str]) -> str:
    """Return texts as a JSON list; empty when there is none."""
    found = list(values)
    return json.dumps(found) if found else ""
