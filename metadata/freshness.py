"""Whether data change as often as they are said to.

Nothing is guessed. The last change of a collection is known from the silo (the commit
of the newest row, what a GeoPackage notes), or from the digest of its file made ahead,
which says since when the content is the same and when the rows were last read; else
the dataset's from the date of revision that a person states. Where one collection's
is not known, nothing is said of the whole: it may have changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from types import MappingProxyType
from typing import Final

from metadata.checks.rules import flaw, rule_set
from metadata.codelists import FREQUENCIES
from metadata.dataset import Collection, Dataset
from metadata.finding import Finding
from metadata.iso19139_parts import frequency
from metadata.links.link import WATCHING_RULES
from metadata.stated import Frequency


@dataclass(frozen=True, kw_only=True)
class Unchanged:
    """For how long the content of a collection is known to be the same."""

    since: datetime
    until: datetime
    """When it was last read."""


NOTHING_KNOWN: Final[Mapping[str, Unchanged]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class LastChange:
    """The last change of a dataset, as far as it is known."""

    day: date
    until: date
    """The day up to which there was no other."""
    source: str
    """``measured`` (by the silo), ``content`` (of the files), or ``stated``."""


def check_freshness(
    dataset: Dataset,
    *,
    today: date,
    unchanged: Mapping[str, Unchanged] = NOTHING_KNOWN,
) -> Iterator[Finding]:
    """Yield one finding where data are older than the stated frequency allows.

    None for a frequency that promises nothing, and none where the last change is not
    known.

    Parameters
    ----------
    today
        The day on which the tables were measured.
    unchanged
        Collection identifier → for how long its content is known to be the same.
    """
    stated = frequency(dataset)
    days = allowed_days(stated)
    last = last_change(dataset, today=today, unchanged=unchanged)
    if days is None or last is None:
        return
    age = (last.until - last.day).days
    if age > days:
        found = flaw(
            last.source,
            "frequency",
            frequency=FREQUENCIES[stated].label,
            last=last.day.isoformat(),
            days=str(age),
        )
        rule = rule_set(WATCHING_RULES).rules["dataset.stale"]
        yield rule.finding(found, subject=dataset.id)


@cache
def allowed_days(stated: Frequency) -> int | None:
    """Return the age in days that a frequency allows, margin included; `None`: any."""
    limits = rule_set(WATCHING_RULES).limits
    days = limits.get(f"{stated.value}_days")
    if days is None:
        return None
    return int(days + max(limits["margin_days"], days * limits["margin_share"]))


def last_change(
    dataset: Dataset,
    *,
    today: date,
    unchanged: Mapping[str, Unchanged] = NOTHING_KNOWN,
) -> LastChange | None:
    """Return the last change of a dataset, the newest of what is known of it."""
    parts = [_of_collection(c, today, unchanged) for c in dataset.collections]
    known = [part for part in parts if part is not None]
    stated = dataset.description.dates.revised
    if known and len(known) == len(parts):
        newest = max(known, key=lambda part: part.day)
        until = min(part.until for part in known)
        if stated is None or stated <= newest.day:
            return LastChange(day=newest.day, until=until, source=newest.source)
    if stated is None:
        return None
    return LastChange(day=stated, until=today, source="stated")


def _of_collection(
    collection: Collection, today: date, unchanged: Mapping[str, Unchanged]
) -> LastChange | None:
    """Return the last change of a collection, the newest of what is known of it.

    A silo may not see rows that were taken away; the content of the files shows it.
    """
    measured, content = collection.survey.changed_at, unchanged.get(collection.id)
    found = []
    if measured is not None:
        day = measured.astimezone(UTC).date()
        found.append(LastChange(day=day, until=today, source="measured"))
    if content is not None:
        since, until = (
            m.astimezone(UTC).date() for m in (content.since, content.until)
        )
        found.append(LastChange(day=since, until=until, source="content"))
    return max(found, key=lambda part: (part.day, part.until), default=None)
