"""Parts of a record's content, each a pure function of the dataset.

See `metadata.iso19139_content` for what is decided where the standards leave a
choice.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from metadata.codelists import ACCESS_LIMITATIONS, LICENCES
from metadata.content import Box, Format, Label, LegalConstraints, Party
from metadata.crs import UnknownCrs, crs_name, epsg
from metadata.dataset import Dataset
from metadata.distributions import web_address
from metadata.finding import Language, Text
from metadata.iso19139_terms import NO_CRS
from metadata.measured import Extent, TemporalExtent
from metadata.stated import (
    Access,
    Contact,
    Frequency,
    Organisation,
    Role,
    StatedExtent,
)

_STEP: Final = Decimal("0.0001")
_SHORT_CODES: Final = 10_000
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
_WITHOUT_CRS: Final = Text(
    fr="Sans objet : table sans géométrie", en="Not applicable: table without geometry"
)
_NOT_DISTRIBUTED: Final = Text(fr="Non diffusé", en="Not distributed")


def organisation_party(organisation: Organisation) -> Party:
    """Return the organisation as the point of contact of a record."""
    return Party(
        organisation=organisation.name,
        email=organisation.email,
        role=Role.POINT_OF_CONTACT,
        phone=organisation.phone,
        url=web_address(organisation.url),
    )


def contacts(dataset: Dataset) -> tuple[Party, ...]:
    """Return the contacts of the data: the stated ones, else the organisation."""
    stated = tuple(map(_party, dataset.description.contacts))
    return stated or (organisation_party(dataset.organisation),)


def _party(contact: Contact) -> Party:
    return Party(
        organisation=contact.organisation,
        email=contact.email,
        role=contact.role,
        position=contact.name,
        phone=contact.phone,
        url=web_address(contact.url),
    )


def constraints(dataset: Dataset, language: Language) -> tuple[LegalConstraints, ...]:
    """Return limitations on public access, then conditions for access and use.

    Each is left out when nobody stated it: the Article 13 letter of data that
    are not open, or the licence.

    References
    ----------
    INSPIRE Metadata TG 2.0, requirements C.17 and C.18.
    """
    return (*_public_access(dataset, language), *_use(dataset, language))


def _public_access(
    dataset: Dataset, language: Language
) -> tuple[LegalConstraints, ...]:
    is_open = dataset.description.access is Access.OPEN
    letter = "none" if is_open else dataset.description.access_limitation
    found = ACCESS_LIMITATIONS.get(letter)
    if found is None or (found.code == "none" and not is_open):
        return ()
    label = Label(found.label_in(language), found.uri)
    return (LegalConstraints(others=(label,), on_access=True),)


def _use(dataset: Dataset, language: Language) -> tuple[LegalConstraints, ...]:
    """Say the licence as an Anchor, and by the exact title portals look for.

    Only one plain text may stand here: the validator's test of C.18 breaks off
    at a second one.
    """
    licence = LICENCES.get(dataset.licence)
    if licence is None:
        return ()
    anchor = Label(licence.label_in(language), licence.uri)
    said = (anchor, Label(licence.text)) if licence.text else (anchor,)
    return (LegalConstraints(others=said, on_use=True),)


def frequency(dataset: Dataset) -> Frequency:
    """Return how often the data are updated: stated, else the organisation's."""
    stated = dataset.description.frequency
    default = dataset.organisation.frequency
    return default if stated is Frequency.UNKNOWN and default else stated


def bounding_box(dataset: Dataset) -> Box | None:
    """Return the extent, rounded outwards to four decimals.

    `None` without any, and for one with a side that is no number.
    """
    extent = dataset.extent or dataset.description.extent
    if extent is None or not _is_finite(extent):
        return None
    return Box(
        west=_rounded(extent.west, ROUND_FLOOR),
        south=_rounded(extent.south, ROUND_FLOOR),
        east=_rounded(extent.east, ROUND_CEILING),
        north=_rounded(extent.north, ROUND_CEILING),
    )


def _is_finite(extent: Extent | StatedExtent) -> bool:
    sides = (extent.west, extent.south, extent.east, extent.north)
    return all(map(math.isfinite, sides))


def _rounded(degrees: float, rounding: str) -> Decimal:
    """Round the shortest decimal form, so that 2.3333 stays what it is."""
    return Decimal(repr(float(degrees))).quantize(_STEP, rounding) + 0


def period(extent: TemporalExtent | None) -> TemporalExtent | None:
    """Return a temporal extent whose ends are ISO 8601; `None` without any.

    An end that is neither a day nor a moment (``infinity``) counts as not known.
    """
    if extent is None:
        return None
    start, end = _moment(extent.start), _moment(extent.end)
    return TemporalExtent(start=start, end=end) if start or end else None


def _moment(text: str) -> str:
    """Return a text that is a day or a moment of the calendar, else an empty one."""
    if not _MOMENT.fullmatch(text):
        return ""
    try:
        datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return ""
    return text


def representations(dataset: Dataset) -> tuple[str, ...]:
    """Return the kinds of data there are: ``vector``, ``textTable`` or both."""
    geometries = [collection.geometry for collection in dataset.collections]
    vector = ("vector",) if any(geometries) else ()
    return vector if all(geometries) and vector else (*vector, "textTable")


def resolution(metres: float | None) -> Decimal | None:
    """Return a ground distance in metres, exactly as stated; `None` unless above 0."""
    if metres is None or not math.isfinite(metres) or metres <= 0:
        return None
    return Decimal(repr(float(metres)))


def reference_systems(dataset: Dataset, language: Language) -> tuple[Label, ...]:
    """Return the CRS of the data as Anchors to their http URI, without codeSpace.

    References
    ----------
    INSPIRE Metadata TG 2.0, requirements 2.1 to 2.3.
    """
    if not any(collection.geometry for collection in dataset.collections):
        return (Label(_WITHOUT_CRS.said_in(language), NO_CRS),)
    found = (_reference_system(srid) for srid in _srids(dataset))
    return tuple(label for label in found if label)


def _srids(dataset: Dataset) -> tuple[int, ...]:
    """Return EPSG codes as measured, or as stated where the silo knows of none."""
    found = (
        collection.geometry.srid or collection.description.crs
        for collection in dataset.collections
        if collection.geometry
    )
    return tuple(dict.fromkeys(srid for srid in found if srid))


def _reference_system(srid: int) -> Label | None:
    """Name a CRS by its number, or a long number by its name.

    The validator looks for the numbers of INSPIRE's default systems *inside* the
    text and would find 3035 in 23035.
    """
    try:
        uri = epsg(srid).uri
        return Label(f"EPSG:{srid}" if srid < _SHORT_CODES else crs_name(srid), uri)
    except UnknownCrs:
        return None


def data_format(dataset: Dataset, language: Language) -> Format:
    """Return the one format of the record.

    Exactly one: with several, data.gouv.fr gives each resource the same one, at
    random. It is the format of the files, which the service's answers share.
    """
    if dataset.description.access is Access.OPEN:
        return Format(name=Label("GeoJSON"), version="RFC 7946")
    return Format(name=Label(_NOT_DISTRIBUTED.said_in(language)))
