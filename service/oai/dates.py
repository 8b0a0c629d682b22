"""Datestamps: UTC, whole seconds, or whole days where a harvester asks by days.

References
----------
OAI-PMH 2.0, clauses 2.7.1 and 3.3.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from service.oai.problems import Code, OaiProblem

GRANULARITY: Final = "YYYY-MM-DDThh:mm:ssZ"
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Earliest datestamp of a catalogue that holds nothing."""
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SECOND: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_SHOWN: Final = 40


def whole_second(moment: datetime) -> datetime:
    """Return a moment without its fraction of a second, in UTC."""
    return moment.astimezone(UTC).replace(microsecond=0)


def written(moment: datetime) -> str:
    """Return a moment as the protocol writes it."""
    return f"{whole_second(moment):%Y-%m-%dT%H:%M:%SZ}"


def read_range(start: str, end: str) -> tuple[datetime | None, datetime | None]:
    """Read `from` and `until`, both inclusive; `None` where one is not given.

    Raises
    ------
    OaiProblem
        badArgument: no date, two granularities, or the end before the start.
    """
    if start and end and len(start) != len(end):
        raise _bad("from and until are not of the same granularity")
    first = _moment("from", start) if start else None
    last = _moment("until", end) if end else None
    if last is not None and _DAY.fullmatch(end):
        last += timedelta(days=1) - timedelta(seconds=1)
    if first is not None and last is not None and first > last:
        raise _bad("from is later than until")
    return first, last


def _moment(name: str, value: str) -> datetime:
    if not (_DAY.fullmatch(value) or _SECOND.fullmatch(value)):
        raise _bad(f"{name}: “{value[:_SHOWN]}” is no {GRANULARITY} and no YYYY-MM-DD")
    try:
        found = datetime.fromisoformat(value)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        _ = found + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise _bad(f"{name}: there is no day “{value[:_SHOWN]}”") from error
    return found


def _bad(reason: str) -> OaiProblem:
    return OaiProblem(Code.BAD_ARGUMENT, reason)
