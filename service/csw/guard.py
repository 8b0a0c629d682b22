"""Rather no answer than one that makes harvesters delete.

A harvester takes an empty or a shorter catalogue for the truth: data.gouv.fr
archives what it does not see for seven days. So a catalogue without records, and
one that lost more than a share of its records within those days, is answered
with 503 and the reason. The store's tombstones tell, in every worker and after
every restart; a record that comes back loses its tombstone.

What `publish` itself refuses never comes so far. This holds where somebody let
it through, or where what was published went another way.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from service.csw.index import Index
from service.csw.problems import OTHER, CswProblem
from service.messages import text

GRACE: Final = timedelta(days=7)
"""For so long a loss counts; then it is taken as meant."""
ALWAYS: Final = 5
"""Records that may always go: a small catalogue changes in large shares."""
_RETRY: Final = 3600


def require_whole(index: Index, *, largest_loss: float, now: datetime) -> None:
    """Refuse to serve a catalogue that lost too much.

    Parameters
    ----------
    largest_loss
        Share of the records, from 0 to 1; with 1 only an empty one is refused.

    Raises
    ------
    service.csw.problems.CswProblem
        503, with the figures.
    """
    if not index.entries:
        raise _unavailable("csw.empty")
    buried = index.buried_at
    lost = len(buried) - bisect_left(buried, now - GRACE)
    total = lost + len(index.entries)
    if lost > max(ALWAYS, largest_loss * total):
        raise _unavailable("csw.shrunk", lost=lost, total=total, days=GRACE.days)


def _unavailable(key: str, **values: object) -> CswProblem:
    return CswProblem(
        OTHER,
        text(key, **values),
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        retry_after=_RETRY,
    )
