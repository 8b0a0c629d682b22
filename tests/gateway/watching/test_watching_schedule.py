"""When a watch publishes, and how long it leaves an outlet alone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.watching.schedule import LONGEST, Gathering, Pauses, next_time
from metadata.errors import ConfigurationError, DescriptionError
from providers.configuration import read_configuration
from providers.watch_configuration import WatchConfiguration

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def wait(gathering: Gathering, now: float, times=(), at: datetime = NOON):
    return gathering.wait(now, at, quiet=60, times=times)


def test_nothing_is_due_where_nothing_moved() -> None:
    assert wait(Gathering(), 0) is None


def test_it_is_due_when_it_was_quiet_for_long_enough() -> None:
    gathering = Gathering()
    gathering.note(0, NOON)
    gathering.note(50, NOON)
    assert wait(gathering, 100) == 10
    assert wait(gathering, 111) == 0
    gathering.clear()
    assert wait(gathering, 111) is None


def test_changes_that_never_end_are_published_all_the_same() -> None:
    gathering = Gathering()
    for second in range(0, 60 * LONGEST + 1, 30):
        gathering.note(second, NOON)
    assert wait(gathering, 60 * LONGEST) == 0


def test_at_times_of_day_changes_wait_for_the_next_one() -> None:
    gathering, times = Gathering(), (time(6, 30), time(18))
    gathering.note(0, NOON)
    assert wait(gathering, 0, times) == 6 * 3600
    assert wait(gathering, 9e9, times, NOON + timedelta(hours=5)) == 3600
    assert wait(gathering, 0, times, NOON + timedelta(hours=7)) == 0


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-03-01T12:00", "2026-03-02T06:30"),
        ("2026-03-01T06:30", "2026-03-02T06:30"),
        ("2026-03-28T12:00", "2026-03-29T06:30"),  # the clocks move in between
        ("2026-10-24T12:00", "2026-10-25T06:30"),
    ],
)
def test_the_next_time_of_day_is_local(after: str, expected: str) -> None:
    begin = datetime.fromisoformat(after).replace(tzinfo=PARIS)
    found = next_time([time(6, 30)], begin)
    assert found.isoformat(timespec="minutes").startswith(expected)


def test_what_fails_again_is_left_alone_twice_as_long() -> None:
    pauses = Pauses(60, 3600)
    lengths = [pauses.fail("geo", 0) for _ in range(9)]
    assert lengths == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert pauses.resting(3599) == {"geo"}
    assert pauses.due(3600) == {"geo"}
    assert pauses.wait(3500) == 100
    assert pauses.succeed("geo")
    assert not pauses.succeed("geo")
    assert pauses.wait(0) is None


def test_times_of_day_are_read_in_order(place) -> None:
    place.silos["fichiers"] = "./silo"
    place.write("watch: {at: [18:00, 6:30]}\n")
    found = read_configuration(place.file).watch
    assert found.times == (time(6, 30), time(18))


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("{at: [25:00]}", "watch.at"),
        ("{quiet: 0}", "watch.quiet"),
        ("{every: 0.1}", "watch.every"),
        ("{every: .inf}", "watch.every"),
        ("{every: .nan}", "watch.every"),
    ],
)
def test_what_would_never_rest_or_never_come_is_refused(
    place, written: str, named: str
) -> None:
    place.silos["fichiers"] = "./silo"
    place.write(f"watch: {written}\n")
    with pytest.raises((ConfigurationError, DescriptionError), match=named):
        read_configuration(place.file)


def test_without_a_word_it_looks_twice_a_minute_and_drafts() -> None:
    assert WatchConfiguration() == WatchConfiguration(
        quiet=60, every=30, at=(), drafts=True
    )
