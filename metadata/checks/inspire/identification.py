"""What the record says of the resource: words, dates, places (C.8 to C.14, C.19)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from metadata.checks.evidence import (
    Evidence,
    Path,
    Requirement,
    place,
    text,
    value,
)
from metadata.checks.inspire.general import party
from metadata.checks.iso8601 import is_date, is_date_time
from metadata.checks.rules import Flaw, flaw
from metadata.xml import qualified

_TITLE: Final = Path("gmd:citation/gmd:CI_Citation/gmd:title")
_ABSTRACT: Final = Path("gmd:abstract")
_CONTACT: Final = Path("gmd:pointOfContact/gmd:CI_ResponsibleParty")
_CITED_DATE: Final = Path("gmd:citation/gmd:CI_Citation/gmd:date/gmd:CI_Date")
_DATE: Final = Path("gmd:date/gco:Date")
_DATE_TIME: Final = Path("gmd:date/gco:DateTime")
_DATE_TYPE: Final = Path("gmd:dateType/gmd:CI_DateTypeCode")
_TIME: Final = Path(
    "*[local-name() = 'extent']/gmd:EX_Extent/gmd:temporalElement"
    "/gmd:EX_TemporalExtent/gmd:extent"
)
_INSTANT: Final = Path("*[local-name()='TimeInstant']/*[local-name()='timePosition']")
_PERIOD: Final = Path("*[local-name()='TimePeriod']")
_BEGIN: Final = Path("*[local-name()='beginPosition']")
_END: Final = Path("*[local-name()='endPosition']")
_BOX: Final = Path(
    "gmd:extent/gmd:EX_Extent/gmd:geographicElement/gmd:EX_GeographicBoundingBox"
)
_DECIMAL: Final = re.compile(r"-?[0-9]+\.[0-9]{2,}")
_SIDES: Final = (
    ("westBoundLongitude", 180.0),
    ("eastBoundLongitude", 180.0),
    ("southBoundLatitude", 90.0),
    ("northBoundLatitude", 90.0),
)


def resource_title(record: Evidence) -> Iterator[Flaw]:
    """Check C.8: the title of the resource, once, not empty."""
    yield from _one_text(record, _TITLE)


def resource_abstract(record: Evidence) -> Iterator[Flaw]:
    """Check C.9: the abstract of the resource, once, not empty."""
    yield from _one_text(record, _ABSTRACT)


def _one_text(record: Evidence, path: Path) -> Iterator[Flaw]:
    found = record.identified(path)
    if not found:
        yield flaw("absent", record.expected(path))
    elif len(found) > 1:
        yield flaw("several", place(found[0]), count=str(len(found)))
    elif not text(found[0]):
        yield flaw("empty", place(found[0]))


def responsible_organisation(record: Evidence) -> Iterator[Flaw]:
    """Check C.10: at least one party answers for the resource, each fully described."""
    contacts = record.identified(_CONTACT)
    if not contacts:
        yield flaw("absent", record.expected(_CONTACT))
    for contact in contacts:
        yield from party(record, contact)


def temporal_reference(record: Evidence) -> Iterator[Flaw]:
    """Check C.11: at least one date; each in ISO 8601 and of a known type."""
    dates = record.identified_first(_CITED_DATE)
    if not dates:
        yield flaw("absent", record.expected(_CITED_DATE))
    for cited in dates:
        yield from _cited_date(record, cited)


def _cited_date(record: Evidence, cited: etree._Element) -> Iterator[Flaw]:
    days, times = _DATE.all(cited), _DATE_TIME.all(cited)
    wrong = [d for d in days if not is_date((d.text or "").strip())]
    wrong += [t for t in times if not is_date_time((t.text or "").strip())]
    types = [value(kind) for kind in _DATE_TYPE.all(cited)]
    if not days and not times:
        yield flaw("absent", place(cited))
    elif wrong:
        yield flaw("format", place(wrong[0]), found=(wrong[0].text or ""))
    elif not any(record.accepts("date_types", kind) for kind in types):
        yield flaw("type", place(cited), found=", ".join(types))


def one_creation_date(record: Evidence) -> Iterator[Flaw]:
    """Check C.12: at most one date of creation."""
    yield from _at_most_one(record, "creation")


def one_revision_date(record: Evidence) -> Iterator[Flaw]:
    """Check C.13: at most one date of last revision."""
    yield from _at_most_one(record, "revision")


def _at_most_one(record: Evidence, wanted: str) -> Iterator[Flaw]:
    found = [
        cited
        for cited in record.identified_first(_CITED_DATE)
        if any(value(kind) == wanted for kind in _DATE_TYPE.all(cited))
    ]
    if len(found) > 1:
        yield flaw("several", place(found[1]), count=str(len(found)))


def temporal_extent(record: Evidence) -> Iterator[Flaw]:
    """Check C.14: a temporal extent, if any, is an instant or a period in ISO 8601."""
    for extent in record.identified_first(_TIME):
        instants, periods = _INSTANT.all(extent), _PERIOD.all(extent)
        if instants:
            yield from _position(record, instants, "instant_positions")
        elif periods:
            yield from _position(record, _BEGIN.all(periods[0]), "period_positions")
            yield from _position(record, _END.all(periods[0]), "period_positions")
        else:
            yield flaw("absent", place(extent))


def _position(
    record: Evidence, positions: list[etree._Element], among: str
) -> Iterator[Flaw]:
    for position in positions:
        unsure = value(position, "indeterminatePosition")
        said = (position.text or "").strip()
        if unsure and not record.accepts(among, unsure):
            yield flaw("position", place(position), found=unsure)
        elif not unsure and not (is_date(said) or is_date_time(said)):
            yield flaw("format", place(position), found=said)


def bounding_box(record: Evidence) -> Iterator[Flaw]:
    """Check C.19: a box in degrees, two decimals at least, south not above north.

    The suite looks for ``gmd:extent``, which services do not have (theirs is
    ``srv:extent``), so a service is judged only if it has one all the same.
    """
    boxes = record.identified(_BOX)
    if not boxes and record.levels & {"dataset", "series"}:
        yield flaw("absent", record.expected(_BOX))
    for box in boxes:
        yield from _box(box)


def _box(box: etree._Element) -> Iterator[Flaw]:
    degrees = {}
    for side, most in _SIDES:
        said = _side(box, side)
        if not _DECIMAL.fullmatch(said):
            yield flaw("decimals", place(box), side=side, found=said)
            return
        degrees[side] = float(said)
        if abs(degrees[side]) > most:
            yield flaw("range", place(box), side=side, found=said)
            return
    if degrees["southBoundLatitude"] > degrees["northBoundLatitude"]:
        yield flaw("upside_down", place(box))


def _side(box: etree._Element, side: str) -> str:
    path = f"{qualified('gmd:' + side)}/{qualified('gco:Decimal')}"
    return (box.findtext(path) or "").strip()


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "inspire.common.C.8": resource_title,
        "inspire.common.C.9": resource_abstract,
        "inspire.common.C.10": responsible_organisation,
        "inspire.common.C.11": temporal_reference,
        "inspire.common.C.12": one_creation_date,
        "inspire.common.C.13": one_revision_date,
        "inspire.common.C.14": temporal_extent,
        "inspire.common.C.19": bounding_box,
    }
)
