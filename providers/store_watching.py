"""What the store keeps of what is watched: links, scores, how things stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from metadata.links import Link, LinkHistory, Observation
from metadata.scores import Score
from providers.store_database import Database
from providers.store_judgements import (
    KeptJudgement,
    keep_judgements,
    read_judgements,
)
from providers.store_links import read_links, record_links
from providers.store_model import Operation
from providers.store_scores import (
    KeptScore,
    TrendDay,
    keep_scores,
    read_last_scores,
    read_scores,
    read_trend,
)
from providers.store_standing import Standing, read_delivered, read_standing


class WatchedStore:
    """The part of `providers.store.Store` that is about links, scores and overviews."""

    _database: Database

    def links(self) -> Mapping[str, LinkHistory]:
        """Return what is remembered of every link, by address."""
        with self._database.reading() as connection:
            return read_links(connection)

    def record_links(
        self, seen: Iterable[tuple[Link, Observation]], *, now: datetime
    ) -> Mapping[str, LinkHistory]:
        """Add observations to what is remembered; return all of it, by address."""
        with self._database.writing() as connection:
            return record_links(connection, seen, now)

    def keep_scores(
        self, scores: Iterable[Score], *, day: date, held: Collection[str] = ()
    ) -> None:
        """Keep the scores of all published datasets on one day, where they are new.

        Parameters
        ----------
        held
            Datasets that could not be looked at: their scores stay as they are.
        """
        with self._database.writing() as connection:
            keep_scores(connection, scores, day, held)

    def scores(self, dataset_id: str) -> tuple[KeptScore, ...]:
        """Return the scores of a dataset over time, the oldest first."""
        with self._database.reading() as connection:
            return read_scores(connection, dataset_id)

    def last_scores(self) -> Mapping[str, KeptScore]:
        """Return the last score of each dataset that is still published, by its id."""
        with self._database.reading() as connection:
            return read_last_scores(connection)

    def score_trend(self) -> tuple[TrendDay, ...]:
        """Return all published datasets together, for each day of a change."""
        with self._database.reading() as connection:
            return read_trend(connection)

    def judgements(self) -> Mapping[str, KeptJudgement]:
        """Return the last judgement of each dataset, by its id."""
        with self._database.reading() as connection:
            return read_judgements(connection)

    def keep_judgements(
        self, fresh: Iterable[KeptJudgement], *, datasets: Collection[str] | None
    ) -> None:
        """Keep judgements; drop those of datasets that may not go out any more.

        Parameters
        ----------
        datasets
            All that may go out; `None`: nobody knows, and none is dropped.
        """
        with self._database.writing() as connection:
            keep_judgements(connection, fresh, datasets)

    def standing(self) -> Standing:
        """Return how everything stands, without any record's content."""
        with self._database.reading() as connection:
            return read_standing(connection)

    def delivered(self, since: datetime) -> Mapping[tuple[str, Operation], int]:
        """Return how many orders were carried out since, by outlet and operation.

        `providers.store_sendings.OURSELVES` stands for our own catalogue.
        """
        with self._database.reading() as connection:
            return read_delivered(connection, since)
