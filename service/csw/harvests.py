"""Harvests that are under way go on over the catalogue that they began with.

A page of CSW is named by the place of its first record. When the catalogue changes
between two pages, places shift, and a harvester would miss a record or meet one
twice. So it is remembered who was told which next place from which catalogue; the
one who comes back for it is answered from the same. A worker remembers its own
clients only: a harvester whose connections go to several workers may meet the
change between two pages, as with every other catalogue.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from service.csw.index import Index, Order
from service.csw.operations import GetRecords

PATIENCE: Final = timedelta(minutes=15)
"""How long a harvester may take from one page to the next."""
CLIENTS: Final = 128
"""Pages that are waited for."""
CATALOGUES: Final = 4
"""Former catalogues that are kept for harvests."""


@dataclass(frozen=True)
class Result:
    """What a search found in one catalogue."""

    index: Index
    order: Order


@dataclass(frozen=True)
class _Awaited:
    """A page that somebody was told of."""

    result: Result
    until: datetime


_Key = tuple[str, GetRecords]
"""Who, and the search with the place of its next page."""


class Harvests:
    """The pages that clients were told of, and what they are to be cut from."""

    def __init__(self) -> None:
        self._awaited: OrderedDict[_Key, _Awaited] = OrderedDict()
        self._lock = Lock()

    def begun(self, client: str, request: GetRecords, now: datetime) -> Result | None:
        """Return the result that a page belongs to; `None` for a new harvest."""
        with self._lock:
            awaited = self._awaited.get(_key(client, request, request.start))
        if awaited is None or awaited.until < now:
            return None
        return awaited.result

    def told(
        self,
        client: str,
        request: GetRecords,
        following: int,
        result: Result,
        now: datetime,
    ) -> None:
        """Remember which page a client was told of.

        0 is none, and 1 begins anew: it stands in answers that give no records.
        """
        if following <= 1:
            return
        with self._lock:
            key = _key(client, request, following)
            self._awaited[key] = _Awaited(result, now + PATIENCE)
            self._awaited.move_to_end(key)
            while len(self._awaited) > CLIENTS or self._catalogues() > CATALOGUES:
                self._awaited.popitem(last=False)

    def _catalogues(self) -> int:
        return len({id(each.result.index) for each in self._awaited.values()})


def _key(client: str, request: GetRecords, start: int) -> _Key:
    """Return what tells one harvest from another."""
    return client, replace(request, start=start, maximum=0, request_id="")
