"""Dates and instants as clients write them.

References
----------
RFC 3339, clause 5.6; OGC API Features Part 1, clause 7.15.4.
"""

from __future__ import annotations

import re
from datetime import date, datetime

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})",
    re.ASCII | re.IGNORECASE,
)


def is_instant(text: str) -> bool:
    """Tell whether a text means to be an instant rather than a day.

    A day may end in a bare ``T``: GDAL's OAPIF driver writes it so.
    """
    return "T" in text[:-1].upper()


def read_written_day(text: str) -> date:
    """Read a full date that may end in a bare ``T``.

    Raises
    ------
    ValueError
        It is none.
    """
    return read_date(text[:-1] if text[-1:] in {"T", "t"} else text)


def read_date(text: str) -> date:
    """Read a full date.

    Raises
    ------
    ValueError
        It is none (RFC 3339, ``full-date``).
    """
    if not _DATE.fullmatch(text):
        message = f"“{text}” is no date (YYYY-MM-DD)"
        raise ValueError(message)
    return date.fromisoformat(text)


def read_instant(text: str) -> datetime:
    """Read a date and time with its zone.

    Raises
    ------
    ValueError
        It is none (RFC 3339, ``date-time``, at most microseconds).
    """
    if not _INSTANT.fullmatch(text):
        message = f"“{text}” is no date and time (YYYY-MM-DDThh:mm:ssZ)"
        raise ValueError(message)
    return datetime.fromisoformat(text.upper())
