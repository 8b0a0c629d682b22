"""Whether the catalogue lost more than outlets may show.

Harvesters take a shorter catalogue for the truth: data.gouv.fr archives what it does
not see for seven days. The store's tombstones tell what was lost and when, in every
worker and after every restart; a record that comes back loses its tombstone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

GRACE: Final = timedelta(days=7)
"""For so long a loss counts; then it is taken as meant."""
ALWAYS: Final = 5
"""Records that may always go: a small catalogue changes in large shares."""


@dataclass(frozen=True)
class Loss:
    """How much vanished."""

    lost: int
    total: int
    """Records that there would be without the loss."""


def recent_loss(
    records: int, buried_at: Sequence[datetime], *, largest_loss: float, now: datetime
) -> Loss | None:
    """Return the loss that is too large to be shown; `None` when there is none.

    Parameters
    ----------
    records
        How many there are now.
    buried_at
        When each record that is not there any more was taken out, in order.
    largest_loss
        Share of the records that may vanish within `GRACE`, from 0 to 1.
    """
    lost = len(buried_at) - bisect_left(buried_at, now - GRACE)
    loss = Loss(lost, lost + records)
    return loss if lost > max(ALWAYS, largest_loss * loss.total) else None
