"""Dates and times as ISO 8601 writes them, in the forms that INSPIRE records admit.

The official tests compare with regular expressions of several thousand characters;
these functions admit the same forms (calendar, ordinal and week dates, basic and
extended, years and months alone) and ask the calendar whether the day exists. Left
out: centuries of two digits and leap seconds.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

_YEAR_OR_MONTH = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")
_ORDINAL = re.compile(r"([0-9]{4})-?([0-9]{3})")
_DATE_TIME = re.compile(
    r"(?P<date>[0-9]{4}-?[0-9]{2}-?[0-9]{2})"
    r"T[0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?|[0-9]{2}([0-9]{2}([.,][0-9]+)?)?)"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
_DAYS = 366
_FRACTION = re.compile(r"[.,][0-9]+")


def is_date(text: str) -> bool:
    """Tell whether a text is a date: ``2024-05-31``, ``2024-05``, ``2024-152``."""
    if _YEAR_OR_MONTH.fullmatch(text):
        return text[:4] != "0000"
    ordinal = _ORDINAL.fullmatch(text)
    if ordinal:
        return _is_ordinal(int(ordinal[1]), int(ordinal[2]))
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return text.isascii()


def is_date_time(text: str) -> bool:
    """Tell whether a text is a date, ``T`` and at least hours and minutes."""
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(_FRACTION.sub("", text))
    except ValueError:
        return False
    return True


def _is_ordinal(year: int, day: int) -> bool:
    if year < 1 or not 1 <= day <= _DAYS:
        return False
    return (date(year, 1, 1) + timedelta(days=day - 1)).year == year
