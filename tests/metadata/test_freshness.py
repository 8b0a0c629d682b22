"""Data are called stale only where their last change is known to be too old."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metadata.finding import Severity
from metadata.freshness import Unchanged, allowed_days, check_freshness, last_change
from metadata.stated import Dates, Frequency

TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
NO_DATES = Dates()


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def same(since: int, until: int = 0) -> Unchanged:
    return Unchanged(since=ago(since), until=ago(until))


@pytest.fixture
def dataset_of(make_dataset, make_collection):
    """Make a dataset by frequency, with collections changed so many days ago."""

    def make(frequency: Frequency, *days: int | None, dates: Dates = NO_DATES, **more):
        tables = tuple(
            make_collection(f"t{n}", changed_at=None if d is None else ago(d))
            for n, d in enumerate(days)
        )
        return make_dataset(
            collections=tables, frequency=frequency, dates=dates, **more
        )

    return make


def cases(dataset, **more) -> list[str]:
    found = check_freshness(dataset, today=TODAY, **more)
    return [
        finding.reason.en.partition(";")[2].split(":")[0].strip() for finding in found
    ]


MEASURED = "last change measured in the silo"
PROMISES = {
    Frequency.CONTINUAL: 3,
    Frequency.DAILY: 3,
    Frequency.WEEKLY: 9,
    Frequency.FORTNIGHTLY: 17,
    Frequency.MONTHLY: 38,
    Frequency.QUARTERLY: 115,
    Frequency.BIANNUALLY: 230,
    Frequency.ANNUALLY: 457,
}


@pytest.mark.parametrize(("frequency", "days"), PROMISES.items())
def test_the_margin_is_kept_to_the_day(frequency, days, dataset_of) -> None:
    assert allowed_days(frequency) == days
    assert cases(dataset_of(frequency, days)) == []
    assert cases(dataset_of(frequency, days + 1)) == [MEASURED]


@pytest.mark.parametrize("frequency", [f for f in Frequency if f not in PROMISES])
def test_what_promises_nothing_is_never_stale(frequency, dataset_of) -> None:
    assert cases(dataset_of(frequency, 20_000)) == []


def test_the_finding_says_since_when_and_what_to_do(dataset_of) -> None:
    (finding,) = check_freshness(dataset_of(Frequency.WEEKLY, 31), today=TODAY)
    assert (finding.code, finding.severity) == ("dataset.stale", Severity.WARNING)
    assert finding.subject == "communes"
    assert "Hebdomadaire" in finding.reason.fr
    assert "2026-05-01" in finding.reason.fr
    assert "31 jours" in finding.reason.fr
    assert "“frequency”" in finding.hint.en


def test_the_frequency_of_the_organisation_stands_in(dataset_of, make_dataset) -> None:
    stated = dataset_of(Frequency.UNKNOWN, 31)
    house = replace(stated.organisation, frequency=Frequency.WEEKLY)
    assert cases(replace(stated, organisation=house)) == [MEASURED]


def test_the_newest_collection_counts(dataset_of) -> None:
    assert cases(dataset_of(Frequency.WEEKLY, 400, 1)) == []


def test_nothing_is_said_where_one_table_tells_nothing(dataset_of) -> None:
    dataset = dataset_of(Frequency.WEEKLY, 400, None)
    assert last_change(dataset, today=TODAY) is None
    assert cases(dataset) == []


def test_what_was_found_at_the_first_survey_is_no_change(dataset_of) -> None:
    assert cases(dataset_of(Frequency.WEEKLY, None)) == []


def test_the_same_content_since_long_is_stale(dataset_of) -> None:
    found = cases(dataset_of(Frequency.WEEKLY, None), unchanged={"t0": same(60)})
    assert found == [
        "the content has been the same since 2026-04-02 at least, for 60 days."
    ]


def test_content_that_was_not_read_lately_proves_nothing_since(dataset_of) -> None:
    dataset = dataset_of(Frequency.WEEKLY, None)
    assert cases(dataset, unchanged={"t0": same(60, until=55)}) == []


def test_rows_that_were_deleted_are_a_change(dataset_of) -> None:
    dataset = dataset_of(Frequency.WEEKLY, 60)
    assert cases(dataset) == [MEASURED]
    assert cases(dataset, unchanged={"t0": same(2)}) == []


def test_a_change_that_left_the_content_as_it_was_counts_too(dataset_of) -> None:
    assert cases(dataset_of(Frequency.WEEKLY, 2), unchanged={"t0": same(60)}) == []


def test_a_stated_revision_counts_where_it_is_newer_or_all_there_is(
    dataset_of,
) -> None:
    old = Dates(revised=TODAY - timedelta(days=30))
    new = Dates(revised=TODAY - timedelta(days=3))
    stated = "you date the last revision 2026-05-02, 30 days ago."
    assert cases(dataset_of(Frequency.WEEKLY, None, dates=old)) == [stated]
    assert cases(dataset_of(Frequency.WEEKLY, 60, dates=new)) == []
    assert cases(dataset_of(Frequency.WEEKLY, 60, dates=old)) == [stated]
    assert cases(dataset_of(Frequency.WEEKLY, 3, dates=old)) == []


def test_a_change_in_the_future_is_not_stale(dataset_of) -> None:
    assert cases(dataset_of(Frequency.DAILY, -400)) == []


@given(data=st.data())
@settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_dataset_is_judged(datasets, data) -> None:
    dataset = data.draw(datasets)
    known = {c.id: same(data.draw(st.integers(0, 999))) for c in dataset.collections}
    assert len(list(check_freshness(dataset, today=TODAY, unchanged=known))) <= 1
