"""Rather no answer than one that makes harvesters delete.

A catalogue without records, and one that lost too much (`service.losses`), is
answered with 503 and the reason. What `publish` itself refuses never comes so far.
This holds where somebody let it through, or where what was published went another
way.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Final

from service.csw.index import Index
from service.csw.problems import OTHER, CswProblem
from service.losses import GRACE, recent_loss
from service.messages import text

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
    loss = recent_loss(len(index), index.buried_at, largest_loss=largest_loss, now=now)
    if loss is not None:
        raise _unavailable(
            "csw.shrunk", lost=loss.lost, total=loss.total, days=GRACE.days
        )


def _unavailable(key: str, **values: object) -> CswProblem:
    return CswProblem(
        OTHER,
        text(key, **values),
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        retry_after=_RETRY,
    )
