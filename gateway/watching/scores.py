"""Keeps the quality score of what a watch publishes, of datasets that changed only.

To score a thousand takes seconds, and a round is about one of them. What changes
without the dataset (links that break, files that are made) counts from the next day
on, or as soon as everything is looked at again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from gateway.scoring import keep_scores
from metadata.dataset import Dataset
from providers.store import Store


class ScoreBook:
    """Knows what was scored, and as what."""

    def __init__(self) -> None:
        self._scored: dict[str, tuple[Dataset, date]] = {}

    def forget(self) -> None:
        """Have everything scored at the next round."""
        self._scored = {}

    def keep(
        self,
        datasets: Iterable[Dataset],
        store: Store,
        *,
        held: Collection[str],
        today: date,
    ) -> None:
        """Score what is new or changed; what left is not scored any more.

        Parameters
        ----------
        datasets
            All that may go out.
        held
            Those of which nothing is known just now: theirs stay as they are.

        Raises
        ------
        metadata.errors.StoreError
            The store fails; the next round scores the same again.
        """
        due = {dataset.id: (dataset, today) for dataset in datasets}
        fresh = {n: key for n, key in due.items() if self._scored.get(n) != key}
        left = self._scored.keys() - due.keys() - set(held)
        if self._scored and not (fresh or left):
            return
        unchanged = due.keys() - fresh.keys()
        keep_scores(
            store,
            [dataset for dataset, _ in fresh.values()],
            held={*held, *unchanged},
            today=today,
        )
        self._scored = {n: k for n, k in self._scored.items() if n in held} | due
