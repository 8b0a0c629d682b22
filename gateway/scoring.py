"""Keeps the quality score of what is published, day by day."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from metadata.dataset import Dataset
from metadata.dcat import Facts
from metadata.links import is_broken
from metadata.scores import Score, score
from providers.made_files import by_collection, facts_of
from providers.store import Store


def keep_scores(
    store: Store, datasets: Iterable[Dataset], *, held: Collection[str], today: date
) -> tuple[Score, ...]:
    """Score datasets and keep what is another than before; return all scores.

    Parameters
    ----------
    datasets
        All that may go out: others have no score any more.
    held
        Those of which nothing is known just now: theirs stay as they are.
    """
    files = by_collection(store.files())
    broken = {link.url for link in store.links().values() if is_broken(link)}
    scores = tuple(
        score(
            dataset,
            today=today,
            facts=Facts(
                producer=dataset.description.producer, files=facts_of(dataset, files)
            ),
            broken=broken,
        )
        for dataset in datasets
    )
    store.keep_scores(scores, day=today, held=held)
    return scores
