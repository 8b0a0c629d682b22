"""Durations, as one end of an interval.

References
----------
ISO 8601-1:2019, clauses 5.5.2.4 and 5.5.4 (an interval is also a start and a
duration, or a duration and an end); RFC 3339, appendix A. OGC API Features Part 1
asks for neither, its conformance tests do.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

_DURATION = re.compile(
    r"P(?=.)((?P<years>\d{1,4})Y)?((?P<months>\d{1,5})M)?"
    r"((?P<weeks>\d{1,6})W)?((?P<days>\d{1,7})D)?"
    r"(?P<clock>T(?=.)((?P<hours>\d{1,8})H)?((?P<minutes>\d{1,9})M)?"
    r"((?P<seconds>\d{1,9})S)?)?",
    re.ASCII,
)
_MONTHS = 12


def is_duration(text: str) -> bool:
    """Tell whether a text means to be a duration."""
    return text.startswith("P")


def moved(moment: date, duration: str, sign: int) -> date:
    """Return a day or an instant, a duration later (`sign` 1) or earlier (-1).

    Years and months keep the day of the month, or take the last there is. A
    day that is moved by hours becomes an instant, counted from midnight UTC.

    Raises
    ------
    ValueError
        The text is no duration, or what it leads to is no date.
    """
    parts = _DURATION.fullmatch(duration)
    if parts is None:
        message = f"“{duration}” is no duration (P2D, PT12H)"
        raise ValueError(message)
    if parts["clock"] and not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), UTC)
    size = {
        name: int(text or 0)
        for name, text in parts.groupdict().items()
        if name != "clock"
    }
    months = size.pop("years") * _MONTHS + size.pop("months")
    whole = _months_later(moment, sign * months)
    try:
        return whole + sign * timedelta(**size)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _months_later(moment: date, months: int) -> date:
    if not months:
        return moment
    year, month = divmod(moment.year * _MONTHS + moment.month - 1 + months, _MONTHS)
    if not date.min.year <= year <= date.max.year:
        message = f"year {year} is out of range"
        raise ValueError(message)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
