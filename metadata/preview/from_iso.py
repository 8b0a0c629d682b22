"""What udata reads of an ISO 19139 record of ours, harvested by CSW.

It turns the record into DCAT by a stylesheet first. That keeps the parts below and
gives all files of a record the one format of the record; a link counts as a resource
by its function alone, so that an API is a file like any other.

References
----------
iso-19139-to-dcat-ap, branch 3.x-datagouv; udata, ``harvest/backends/dcat.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from metadata.codelists import FREQUENCIES
from metadata.content import (
    Box,
    DataIdentification,
    DateType,
    KeywordBlock,
    Online,
    OnlineFunction,
    Party,
    RecordContent,
)
from metadata.measured import Extent, TemporalExtent
from metadata.preview.guessing import written
from metadata.preview.making import Reading
from metadata.preview.platform import Platform
from metadata.preview.shown import ShownContact, ShownResource

_RESOURCES: Final = frozenset({OnlineFunction.DOWNLOAD, OnlineFunction.ORDER})
_INSPIRE: Final = "http://inspire.ec.europa.eu/theme"
_INSPIRE_TITLE: Final = "gemet - inspire themes, version 1.0"
_HVD_SCHEME: Final = "http://data.europa.eu/bna/asd487ae75"
_DAY: Final = len("2024-02-29")
_BLANKS: Final = re.compile(r"[ \t\r\n]+")


def read_iso(content: RecordContent, known: Platform) -> Reading:
    """Return what udata reads of the record of a dataset or series."""
    about = content.identification
    resources = tuple(_resources(content))
    return Reading(
        identifier=about.identifier,
        title=_one_line(about.title),
        description=written(about.abstract),
        licences=tuple(_addresses(content, on_access=False)) if resources else (),
        rights=tuple(_statements(content)) if resources else (),
        access=tuple(_addresses(content, on_access=True)) if resources else (),
        frequency=FREQUENCIES[about.frequency].uri if about.frequency else "",
        spatial=extent_of(about.extent),
        temporal=period_of(about.temporal),
        words=tuple(_words(content, known)),
        contacts=tuple(_contact(party, known) for party in about.contacts),
        resources=resources,
        created=day_of(content, DateType.CREATION),
        issued=day_of(content, DateType.PUBLICATION),
        modified=day_of(content, DateType.REVISION),
        landing_page=next((o.url for o in content.online if o.function is None), ""),
        lineage=content.lineage,
        resolution=_resolution(content),
    )


def extent_of(box: Box | None) -> Extent | None:
    """Return a box as an extent."""
    if box is None:
        return None
    return Extent(*map(float, (box.west, box.south, box.east, box.north)))


def period_of(period: TemporalExtent | None) -> TemporalExtent | None:
    """Return a period in whole days."""
    if period is None:
        return None
    return in_order(TemporalExtent(start=period.start[:_DAY], end=period.end[:_DAY]))


def in_order(period: TemporalExtent) -> TemporalExtent:
    """Return a period as the platform keeps it: turned round where it ends first."""
    if period.start and period.end and period.end < period.start:
        return TemporalExtent(start=period.end, end=period.start)
    return period


def day_of(content: RecordContent, kind: DateType) -> str:
    """Return the day of one kind; empty without any."""
    found = (d.day[:_DAY] for d in content.identification.dates if d.type is kind)
    return next(found, "")


def _one_line(text: str) -> str:
    """Return a text as ``normalize-space`` does: hard spaces are letters to it."""
    return _BLANKS.sub(" ", text).strip(" ")


def _addresses(content: RecordContent, *, on_access: bool) -> Iterator[str]:
    for found in content.identification.constraints:
        if found.on_access if on_access else found.on_use:
            yield from (label.href for label in found.others if label.href)


def _statements(content: RecordContent) -> Iterator[str]:
    """Yield what stands as text among the limitations and conditions."""
    yield from map(_one_line, content.identification.limitations)
    for found in content.identification.constraints:
        labels = (label for label in found.others if not label.href)
        yield from (_one_line(label.text) for label in labels)


def _words(content: RecordContent, known: Platform) -> Iterator[str]:
    for block in content.identification.keywords:
        yield from _of_block(block, known)


def _of_block(block: KeywordBlock, known: Platform) -> Iterator[str]:
    """Yield words of the texts; of the addresses only what udata knows by heart."""
    scheme = block.thesaurus.title if block.thesaurus else None
    is_inspire = scheme is not None and (
        scheme.href == _INSPIRE or scheme.text.strip().lower() == _INSPIRE_TITLE
    )
    is_hvd = scheme is not None and scheme.href == _HVD_SCHEME
    for label in block.keywords:
        if not label.href:
            yield _one_line(label.text)
            if is_inspire:
                yield "inspire"
        elif label.href.startswith(_INSPIRE):
            yield "inspire"
        elif label.href in known.categories and not is_hvd:
            yield from ("hvd", known.categories[label.href])


def _contact(party: Party, known: Platform) -> ShownContact:
    """Return a contact: no function, and a page only of a point of contact."""
    role = known.roles[party.role]
    return ShownContact(
        name=_one_line(party.organisation),
        email=party.email.strip(),
        form=party.url.strip() if role == "contact" else "",
        role=role,
    )


def _resources(content: RecordContent) -> Iterator[ShownResource]:
    encoding = content.formats[0].name.text.strip().lower() if content.formats else ""
    for online in content.online:
        if online.function in _RESOURCES:
            yield _resource(online, encoding)


def _resource(online: Online, encoding: str) -> ShownResource:
    return ShownResource(
        title=_one_line(online.name),
        url=online.url,
        format=encoding,
        description=written(online.description),
    )


def _resolution(content: RecordContent) -> str:
    about = content.identification
    if not isinstance(about, DataIdentification):
        return ""
    if about.resolution is not None:
        return f"{Decimal(about.resolution)} m"
    return f"1/{about.scale}" if about.scale else ""
