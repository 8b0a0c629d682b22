"""Keeps the quality score of what a watch publishes, of datasets that changed only.

To score a thousand takes seconds, and a round is about one of them. What changes
without the dataset (links that break, files that are made) counts from the next day
on, or as soon as everything is looked at again.
"""

from __future__ import annotations

from datetime import date

from gateway.publication.readiness import Ready
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

    def keep(self, ready: Ready, store: Store, *, today: date) -> None:
        """Score what is new or changed; what left is not scored any more.

        Raises
        ------
        metadata.errors.StoreError
            The store fails; the next round scores the same again.
        """
        due = {dataset.id: (dataset, today) for dataset in ready.datasets}
        fresh = {n: key for n, key in due.items() if self._scored.get(n) != key}
        left = self._scored.keys() - due.keys() - ready.held
        if not (fresh or left or not self._scored):
            return
        datasets = [dataset for dataset, _ in fresh.values()]
        held = ready.held.union(due.keys() - fresh.keys())
        keep_scores(store, datasets, held=held, today=today)
        held_before = {n: k for n, k in self._scored.items() if n in ready.held}
        self._scored = {**held_before, **due}
