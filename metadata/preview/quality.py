"""The quality score of data.gouv.fr: nine points, each for one thing that is there.

A link counts as available until the platform has tried it and failed; whether it
answers is for a link check to say, not for a preview.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from metadata.measured import Extent, TemporalExtent
from metadata.preview.platform import Platform, PlatformFrequency
from metadata.preview.shown import Criterion, ShownResource

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the score depends on."""

    licence: str
    description: str
    frequency: PlatformFrequency | None
    modified: str
    spatial: Extent | None
    temporal: TemporalExtent | None
    resources: Sequence[ShownResource]
    today: date


def criteria(judged: Judged, known: Platform) -> tuple[Criterion, ...]:
    """Return the nine criteria, met or not, in the order of the platform.

    A licence that the platform does not know counts as one that is there: “not
    specified” is a licence to it; and it counts before the licence of restricted
    data is taken away.
    """
    found = judged.resources
    closed = known.rules.lists["closed_formats"]
    due = expected(judged)
    has_frequency = _has_frequency(judged.frequency)
    return tuple(
        Criterion(name=name, met=met)
        for name, met in (
            ("license", bool(judged.licence)),
            ("temporal_coverage", judged.temporal is not None),
            ("spatial", judged.spatial is not None),
            ("update_frequency", has_frequency),
            (
                "update_fulfilled_in_time",
                has_frequency and (due is None or judged.today <= due),
            ),
            (
                "dataset_description_quality",
                len(judged.description) > known.limit("description_characters"),
            ),
            (
                "has_open_format",
                any(r.format and r.format.lower() not in closed for r in found),
            ),
            ("all_resources_available", bool(found)),
            ("resources_documentation", any(r.description for r in found)),
        )
    )


def expected(judged: Judged) -> date | None:
    """Return the day before which the platform expects an update.

    It counts from the revision of the data, else from the newest of its resources,
    else from the harvest.
    """
    frequency = judged.frequency
    if frequency is None or frequency.days is None:
        return None
    days = [each.modified or judged.today.isoformat() for each in judged.resources]
    last = judged.modified or max(days, default=judged.today.isoformat())
    return date.fromisoformat(last) + timedelta(days=frequency.days)


def _has_frequency(frequency: PlatformFrequency | None) -> bool:
    return frequency is not None and frequency.name != UNKNOWN
