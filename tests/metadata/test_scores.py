"""The score is that of the preview, less what is known to be broken."""

from __future__ import annotations

from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metadata.preview import Channel, preview
from metadata.scores import AVAILABLE, score
from metadata.stated import Frequency

TODAY = date(2026, 6, 1)


@given(data=st.data())
@settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_it_is_that_of_the_preview(datasets, data) -> None:
    dataset = data.draw(datasets)
    shown = preview(dataset, today=TODAY).views[Channel.DCAT].shown
    found = score(dataset, today=TODAY)
    assert (found.points, found.most) == (shown.score, 9)
    assert found.missing == tuple(c.name for c in shown.quality if not c.met)


def test_a_broken_link_costs_the_point_for_resources_that_are_there(
    make_dataset,
) -> None:
    dataset = make_dataset()
    file = "https://geo.example.org/collections/communes/download/communes.gpkg"
    before = score(dataset, today=TODAY)
    after = score(dataset, today=TODAY, broken={file})
    assert after.points == before.points - 1
    assert set(after.missing) - set(before.missing) == {AVAILABLE}


def test_a_broken_link_of_others_costs_nothing(make_dataset) -> None:
    dataset = make_dataset()
    elsewhere = {"https://elsewhere.example/"}
    assert score(dataset, today=TODAY, broken=elsewhere) == score(dataset, today=TODAY)


def test_a_promise_not_kept_costs_points_as_time_passes(make_dataset) -> None:
    dataset = make_dataset(frequency=Frequency.MONTHLY)
    fresh = score(dataset, today=date(2026, 1, 20))
    late = score(dataset, today=date(2026, 12, 20))
    assert set(late.missing) - set(fresh.missing) == {"update_fulfilled_in_time"}
