"""From what was read of a record to the page that the portal shows of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from metadata.codelists import ACCESS_LIMITATIONS
from metadata.measured import Extent, TemporalExtent
from metadata.preview.guessing import (
    holds_address,
    is_mail,
    is_web,
    licence,
    tags,
)
from metadata.preview.platform import Platform
from metadata.preview.quality import Judged, criteria, expected
from metadata.preview.shown import Shown, ShownContact, ShownResource

AUTHORITY_FREQUENCY: Final = (
    "http://publications.europa.eu/resource/authority/frequency/"
)
_LIMITATIONS: Final = {each.uri: each.code for each in ACCESS_LIMITATIONS.values()}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What udata reads of a record, before it makes anything of it."""

    identifier: str
    title: str
    description: str
    licences: tuple[str, ...]
    """Addresses and words of licences."""
    rights: tuple[str, ...]
    """Addresses and words of what stands beside them."""
    access: tuple[str, ...]
    frequency: str
    """Address in the EU's list; empty: none."""
    spatial: Extent | None
    temporal: TemporalExtent | None
    words: tuple[str, ...]
    """Keywords, and the labels of themes."""
    contacts: tuple[ShownContact, ...]
    resources: tuple[ShownResource, ...]
    created: str
    issued: str
    modified: str
    landing_page: str
    lineage: str
    resolution: str


def shown(reading: Reading, known: Platform, today: date) -> Shown:
    """Return the page that the platform makes of what it read."""
    reason = _reason((*reading.access, *reading.rights), known)
    guessed = licence((*reading.licences, *reading.rights), known)
    modified = reading.modified if reading.modified <= today.isoformat() else ""
    resources = _distinct(reading.resources)
    code = reading.frequency.removeprefix(AUTHORITY_FREQUENCY)
    judged = Judged(
        licence=guessed,
        description=reading.description,
        frequency=known.frequencies.get(code),
        modified=modified,
        spatial=reading.spatial,
        temporal=reading.temporal,
        resources=resources,
        today=today,
    )
    return Shown(
        identifier=reading.identifier,
        title=reading.title,
        description=reading.description,
        licence="" if reason else guessed,
        access_reason=reason,
        frequency=judged.frequency.name if judged.frequency else "",
        expected=expected(judged),
        spatial=reading.spatial,
        temporal=reading.temporal,
        tags=tags(reading.words, known),
        contacts=tuple(filter(is_accepted, dict.fromkeys(reading.contacts))),
        resources=resources,
        created=reading.created,
        issued=reading.issued,
        modified=modified,
        page=reading.landing_page or reading.identifier,
        lineage=reading.lineage,
        resolution=reading.resolution,
        quality=criteria(judged, known),
    )


def is_accepted(contact: ShownContact) -> bool:
    """Tell whether the platform keeps a contact point."""
    if holds_address(contact.name):
        return False
    if contact.email and not is_mail(contact.email):
        return False
    if contact.form and not is_web(contact.form):
        return False
    reachable = contact.email or contact.form
    return bool(reachable if contact.role == "contact" else reachable or contact.name)


def _reason(stated: Iterable[str], known: Platform) -> str:
    """Return why access is restricted, by the first limitation that is known."""
    letters = (_LIMITATIONS.get(each, "") for each in stated)
    return next((known.reasons[each] for each in letters if each in known.reasons), "")


def _distinct(resources: Sequence[ShownResource]) -> tuple[ShownResource, ...]:
    """Return one resource for each address: a later one overwrites an earlier one."""
    return tuple({each.url: each for each in resources}.values())
