"""An overview for programs: JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from metadata.finding import Finding, Language, Severity, Text
from metadata.links.findings import without_login
from metadata.overview import (
    OWN,
    DatasetOverview,
    Gains,
    KnownLink,
    Move,
    Overview,
    Place,
    Points,
)
from metadata.overview_words import Task, outlet_words, tasks

Document = dict[str, Any]
COLUMNS: Final = (
    "dataset",
    "title",
    "status",
    "state",
    "outlet",
    "record",
    "place",
    "since",
    "reason",
    "remedy",
    "score",
    "score_of",
    "score_before",
    "broken_links",
    "errors",
    "revisions",
    "changed_at",
)
"""The columns of the CSV: a line for each record at each outlet."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def overview_document(
    overview: Overview, datasets: Iterable[DatasetOverview] | None = None
) -> Document:
    """Return an overview as JSON holds it.

    Moments are ISO 8601 in UTC; an outlet that is `None` is our own catalogue.

    Parameters
    ----------
    datasets
        Those to be listed; `None`: all. The numbers are those of all.
    """
    listed = overview.datasets if datasets is None else datasets
    return {
        **summary_document(overview),
        "datasets": [dataset_row(overview, each) for each in listed],
    }


def summary_document(overview: Overview) -> Document:
    """Return the numbers of an overview."""
    return {
        "at": overview.at.isoformat(timespec="seconds"),
        "since": overview.since.isoformat(),
        "organisation": overview.organisation,
        "service": overview.service_url,
        "counts": {
            "datasets": len(overview.datasets),
            "published": overview.published,
            "states": {state.value: n for state, n in overview.counts.items()},
            "outlets": [
                {
                    "outlet": name or None,
                    "states": {state.value: n for state, n in counts.items()},
                }
                for name, counts in overview.by_outlet.items()
            ],
            "broken_links": overview.broken_links,
            "not_compared": overview.pending,
        },
        "score": {
            "mean": _rounded(overview.mean),
            "of": overview.most or None,
            "trend": [
                {
                    "day": each.day.isoformat(),
                    "datasets": each.datasets,
                    "mean": _rounded(each.mean),
                }
                for each in overview.trend
            ],
        },
        "gains": _gains(overview.gains, overview),
        "findings": [_finding(finding) for finding in overview.findings],
    }


def dataset_row(overview: Overview, dataset: DatasetOverview) -> Document:
    """Return one dataset in a list of many."""
    now = dataset.score(overview.at.date())
    before = dataset.score(overview.since)
    return {
        "dataset": dataset.id,
        "title": dataset.title,
        "status": dataset.status.value if dataset.status else None,
        "state": dataset.state.value,
        "producer": dataset.producer or None,
        "score": now.points if now else None,
        "score_of": now.most if now else None,
        "score_before": before.points if before else None,
        "missing": list(now.missing) if now else [],
        "broken_links": [without_login(link.url) for link in dataset.broken],
        "errors": len(dataset.errors),
        "warnings": sum(f.severity is Severity.WARNING for f in dataset.findings),
        "revisions": dataset.revisions,
        "changed_at": _iso(dataset.changed_at),
        "compared": dataset.compared,
        "places": [_place(place) for place in dataset.places],
    }


def dataset_document(overview: Overview, dataset: DatasetOverview) -> Document:
    """Return all that an overview knows of one dataset."""
    return {
        **dataset_row(overview, dataset),
        "scores": [_points(each) for each in dataset.scores],
        "links": [_link(link) for link in dataset.links],
        "findings": [_finding(finding) for finding in dataset.findings],
    }


def task_documents(overview: Overview) -> list[Document]:
    """Return what is to be done, and by whom."""
    return [_task(task) for task in tasks(overview)]


def overview_csv(
    overview: Overview, datasets: Iterable[DatasetOverview], language: Language
) -> Iterator[str]:
    """Yield the lines of a CSV (RFC 4180), the heads first."""
    yield _line(COLUMNS)
    for dataset in datasets:
        for place in dataset.places or (None,):
            yield _line(_cells(overview, dataset, place, language))


def _cells(
    overview: Overview,
    dataset: DatasetOverview,
    place: Place | None,
    language: Language,
) -> tuple[object, ...]:
    row = dataset_row(overview, dataset)
    where = ("", "", "", "", "", "")
    if place is not None:
        where = (
            outlet_words(place.outlet).said_in(language),
            place.kind.value,
            place.state.value,
            _iso(place.since) or "",
            place.reason.said_in(language),
            place.remedy.said_in(language),
        )
    return (
        *(row[name] for name in COLUMNS[:4]),
        *where,
        row["score"],
        row["score_of"],
        row["score_before"],
        len(dataset.broken),
        row["errors"],
        row["revisions"],
        row["changed_at"],
    )


def _line(cells: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_cell(cell) for cell in cells])
    return buffer.getvalue()


def _cell(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _gains(gains: Gains, overview: Overview) -> Document:
    delivered = overview.delivered or {}
    return {
        "since": gains.since.isoformat(),
        "mean_before": _rounded(gains.mean_before),
        "mean_now": _rounded(gains.mean_now),
        "datasets_before": gains.datasets_before,
        "datasets_now": gains.datasets_now,
        "new": list(gains.new),
        "gone": list(gains.gone),
        "revised": gains.revised,
        "better": [_move(move) for move in gains.better],
        "worse": [_move(move) for move in gains.worse],
        "delivered": {name: n for name, n in sorted(delivered.items()) if name != OWN},
    }


def _move(move: Move) -> Document:
    return {"dataset": move.id, "before": move.before, "now": move.now}


def _task(task: Task) -> Document:
    return {
        "who": _text(task.who),
        "what": _text(task.what),
        "remedy": _text(task.remedy),
        "datasets": list(task.datasets),
    }


def _place(place: Place) -> Document:
    return {
        "outlet": place.outlet or None,
        "record": place.kind.value,
        "state": place.state.value,
        "since": _iso(place.since),
        "reason": _text(place.reason),
        "remedy": _text(place.remedy),
    }


def _points(points: Points) -> Document:
    return {
        "day": points.day.isoformat(),
        "points": points.points,
        "of": points.most or None,
        "missing": list(points.missing),
    }


def _link(link: KnownLink) -> Document:
    history = link.history
    return {
        "url": without_login(link.url),
        "element": without_login(link.element),
        "own": link.own,
        "broken": link.broken,
        "state": history.code,
        "status": history.status or None,
        "checked_at": _iso(history.checked_at),
        "good_at": _iso(history.good_at),
        "broken_since": _iso(history.broken_since),
        "findings": [_finding(finding) for finding in link.findings],
    }


def _finding(finding: Finding) -> Document:
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "subject": finding.subject,
        "element": finding.element,
        "reason": _text(finding.reason),
        "hint": _text(finding.hint),
    }


def _text(text: Text) -> Document:
    return {"fr": text.fr, "en": text.en}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
