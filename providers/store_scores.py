"""The quality scores of datasets over time: on one connection.

A row is kept for a day only when the score is another than before, and one without
points for the day on which a dataset was no more published.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, func, select

from metadata.scores import Score
from providers import store_tables as tables
from providers.store_database import alone, upsert

_CHUNK: Final = 500


@dataclass(frozen=True, kw_only=True)
class KeptScore:
    """The score of a dataset from one day on."""

    dataset_id: str
    day: date
    points: int | None
    """`None`: it is not published any more."""
    missing: tuple[str, ...]
    """The platform's words for what is missing, in its order."""


@dataclass(frozen=True, kw_only=True)
class TrendDay:
    """All published datasets together, from one day on."""

    day: date
    datasets: int
    points: int
    """Of all of them."""

    @property
    def mean(self) -> float | None:
        """Points of a dataset on average; `None` without any."""
        return self.points / self.datasets if self.datasets else None


def keep_scores(
    connection: Connection,
    scores: Iterable[Score],
    day: date,
    held: Collection[str],
) -> None:
    """Keep the scores of one day, those that are another than the day before.

    Parameters
    ----------
    held
        Datasets of which nothing is known just now: theirs stay as they are. Others
        that are not among the scores are not published any more.
    """
    alone(connection, tables.score)
    before = _last(connection, until=day)
    fresh = {
        score.dataset_id: KeptScore(
            dataset_id=score.dataset_id,
            day=day,
            points=score.points,
            missing=score.missing,
        )
        for score in scores
    }
    gone = before.keys() - fresh.keys() - set(held)
    ended = (KeptScore(dataset_id=i, day=day, points=None, missing=()) for i in gone)
    fresh |= {score.dataset_id: score for score in ended}
    changed = [s for s in fresh.values() if _differs(s, before.get(s.dataset_id))]
    upsert(connection, tables.score, [_row(score) for score in changed])
    left = {score.dataset_id for score in changed}.union(held)
    _forget_day(connection, day, left)


def read_scores(connection: Connection, dataset_id: str) -> tuple[KeptScore, ...]:
    """Return the scores of a dataset, the oldest first."""
    columns = tables.score.c
    query = (
        select(tables.score)
        .where(columns.dataset_id == dataset_id)
        .order_by(columns.day)
    )
    return tuple(map(_kept, connection.execute(query)))


def read_every_score(connection: Connection) -> tuple[KeptScore, ...]:
    """Return every score kept, by day, then by dataset."""
    columns = tables.score.c
    query = select(tables.score).order_by(columns.day, columns.dataset_id)
    return tuple(map(_kept, connection.execute(query)))


def read_last_scores(connection: Connection) -> Mapping[str, KeptScore]:
    """Return the last score of each dataset that is still published."""
    found = _last(connection)
    return {
        name: found[name] for name in sorted(found) if found[name].points is not None
    }


def read_trend(connection: Connection) -> tuple[TrendDay, ...]:
    """Return all datasets together for each day on which a score changed."""
    return tuple(trend(read_every_score(connection)))


def trend(scores: Iterable[KeptScore]) -> Iterator[TrendDay]:
    """Yield all datasets together for each day; the scores in the order of days."""
    points: dict[str, int] = {}
    total, today = 0, None
    for score in scores:
        if today is not None and score.day != today:
            yield TrendDay(day=today, datasets=len(points), points=total)
        today = score.day
        total -= points.pop(score.dataset_id, 0)
        if score.points is not None:
            points[score.dataset_id] = score.points
            total += score.points
    if today is not None:
        yield TrendDay(day=today, datasets=len(points), points=total)


def _last(connection: Connection, until: date | None = None) -> dict[str, KeptScore]:
    """Return the last score of each dataset, or the last before a day."""
    columns = tables.score.c
    newest = select(columns.dataset_id, func.max(columns.day).label("day"))
    if until is not None:
        newest = newest.where(columns.day < until)
    last = newest.group_by(columns.dataset_id).subquery()
    same = and_(columns.dataset_id == last.c.dataset_id, columns.day == last.c.day)
    rows = connection.execute(select(tables.score).join(last, same))
    return {score.dataset_id: score for score in map(_kept, rows)}


def _differs(score: KeptScore, before: KeptScore | None) -> bool:
    if before is None:
        return score.points is not None
    return (score.points, score.missing) != (before.points, before.missing)


def _forget_day(connection: Connection, day: date, left: Collection[str]) -> None:
    """Drop what an earlier look of the same day found and is not so any more."""
    columns = tables.score.c
    of_day = connection.scalars(select(columns.dataset_id).where(columns.day == day))
    doomed = sorted(set(of_day) - set(left))
    for start in range(0, len(doomed), _CHUNK):
        some = columns.dataset_id.in_(doomed[start : start + _CHUNK])
        connection.execute(delete(tables.score).where(some, columns.day == day))


def _row(score: KeptScore) -> dict[str, Any]:
    return {
        "dataset_id": score.dataset_id,
        "day": score.day,
        "points": score.points,
        "missing": " ".join(score.missing),
    }


def _kept(row: Row[Any]) -> KeptScore:
    return KeptScore(
        dataset_id=row.dataset_id,
        day=row.day,
        points=row.points,
        missing=tuple(row.missing.split()),
    )
