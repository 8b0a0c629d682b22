"""The forms of ISO 8601 that INSPIRE records admit, and no others."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadata.checks.iso8601 import is_date, is_date_time


@pytest.mark.parametrize(
    "text",
    ["2024", "2024-02", "2024-02-29", "20240229", "2024-366", "2024366", "2024-W09-4"],
)
def test_dates(text):
    assert is_date(text)
    assert not is_date_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-29T23:59Z",
        "2024-02-29T23:59:58",
        "2024-02-29T23:59:58.123456789Z",
        "2024-02-29T23:59:58,5+02:00",
        "20240229T235958Z",
        "2024-02-29T23:59:58-05",
    ],
)
def test_dates_with_a_time(text):
    assert is_date_time(text)
    assert not is_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "hier",
        "2023-02-29",
        "2024-13",
        "2023-366",
        "2024-000",
        "9999-999",
        "0000",
        "29/02/2024",
        "2024-2-9",
        "2024-02-29 23:59:58",
        "2024-02-29T23",
        "2024-02-29T24:30:00Z",
        "2024-02-29T23:59:58+99:00",
        "2024-02-29\n",
        "٢٠٢٤-٠٢-٢٩",
        "2024-02-29T23:59:58Z ",
    ],
)
def test_neither(text):
    assert not is_date(text)
    assert not is_date_time(text)


@given(st.dates())
def test_every_day_is_a_date(day: date):
    assert is_date(day.isoformat())
    assert is_date(day.strftime("%G-W%V-%u")) or day.year < 1000


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_is_a_date_with_a_time(moment: datetime):
    assert is_date_time(moment.isoformat())
    assert is_date_time(moment.isoformat().replace("+00:00", "Z"))


@given(st.text(max_size=25))
def test_no_text_makes_it_raise(text: str):
    assert is_date(text) in {True, False}
    assert is_date_time(text) in {True, False}
