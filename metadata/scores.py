"""The quality score that data.gouv.fr gives a dataset: nine points, each for a fact.

The score is that of the DCAT feed, the way that loses least, as the preview shows it
(`metadata.preview.quality`); but a dataset with a link that is known to be broken has
lost the point for resources that are available, as it will once the portal has tried.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from metadata.dataset import Dataset
from metadata.dcat import Facts
from metadata.iso19139 import dataset_content
from metadata.preview.from_dcat import read_dcat
from metadata.preview.making import shown
from metadata.preview.platform import platform

AVAILABLE: Final = "all_resources_available"


@dataclass(frozen=True, kw_only=True)
class Score:
    """The score of one dataset on one day."""

    dataset_id: str
    points: int
    missing: tuple[str, ...]
    """The platform's words for what is missing, in its order."""

    @property
    def most(self) -> int:
        """The points that may be had."""
        return self.points + len(self.missing)


def score(
    dataset: Dataset,
    *,
    today: date,
    facts: Facts | None = None,
    broken: Collection[str] = (),
) -> Score:
    """Return the score of a dataset as it would be harvested on that day.

    Parameters
    ----------
    facts
        What is known of its files; without it, who made the data is all.
    broken
        Addresses that are known to be broken.
    """
    known = platform()
    told = facts or Facts(producer=dataset.description.producer)
    page = shown(read_dcat(dataset_content(dataset), told, known), known, today)
    dead = any(resource.url in broken for resource in page.resources)
    missing = tuple(
        criterion.name
        for criterion in page.quality
        if not criterion.met or (dead and criterion.name == AVAILABLE)
    )
    return Score(
        dataset_id=dataset.id,
        points=len(page.quality) - len(missing),
        missing=missing,
    )
