"""Dates of the data and of their publication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from metadata.checks.model.judged import Judged, Requirement
from metadata.checks.rules import Flaw, flaw


def dates_not_in_future(judged: Judged) -> Iterator[Flaw]:
    """Check that what has been made, revised or published was so by today.

    Data that wait for `publish_from` may state that day as the one of publication.
    """
    dates = judged.stated.dates
    due = max(judged.today, judged.stated.publish_from or date.min)
    stated = (
        ("created", dates.created, judged.today),
        ("revised", dates.revised, judged.today),
        ("published", dates.published, due),
    )
    for name, day, latest in stated:
        if day and day > latest:
            found, until = day.isoformat(), latest.isoformat()
            yield flaw("future", f"dates.{name}", found=found, today=until)
    if not dates.revised:
        yield from _changed_in_future(judged)


def _changed_in_future(judged: Judged) -> Iterator[Flaw]:
    """Yield the tables whose last change, which the record would tell, is to come."""
    tomorrow = judged.today + timedelta(days=1)  # it may be so already in UTC
    for collection in judged.dataset.collections:
        changed = collection.survey.changed_at
        if changed and changed.date() > tomorrow:
            yield flaw(
                "changed",
                f"collections.{collection.id}.source",
                table=collection.survey.source.table,
                found=changed.date().isoformat(),
                today=judged.today.isoformat(),
            )


def dates_in_order(judged: Judged) -> Iterator[Flaw]:
    """Check that data are made before they are revised."""
    created, revised = judged.stated.dates.created, judged.stated.dates.revised
    if created and revised and created > revised:
        yield flaw(
            "order",
            "dates.created",
            created=created.isoformat(),
            revised=revised.isoformat(),
        )


def publication_day(judged: Judged) -> Iterator[Flaw]:
    """Tell what the day of publication means today."""
    day = judged.stated.publish_from
    if day:
        case = "future" if day > judged.today else "past"
        yield flaw(case, "publish_from", found=day.isoformat())


def period_in_order(judged: Judged) -> Iterator[Flaw]:
    """Check that a period starts before it ends."""
    period = judged.stated.period
    if period and period.start and period.end and period.start > period.end:
        yield flaw(
            "order",
            "period.start",
            start=period.start.isoformat(),
            end=period.end.isoformat(),
        )


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "dataset.dates.future": dates_not_in_future,
        "dataset.dates.order": dates_in_order,
        "dataset.publish-from": publication_day,
        "dataset.period.order": period_in_order,
    }
)
