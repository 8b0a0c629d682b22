"""Our own catalogue is dated when it changes, not when the publishing began.

Harvesters ask for what is newer than their last visit. What a publish that takes
an hour dated by its beginning would never be asked for by those who came meanwhile.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.publication.publish import publish_records


@pytest.mark.parametrize("minutes", [0, 61])
def test_a_record_is_dated_when_it_becomes_visible(
    configure, store, make_record, now, minutes
):
    record, later = make_record(), now + timedelta(minutes=minutes)
    publish_records(
        [record], configuration=configure(), store=store, now=now, clock=lambda: later
    )
    assert store.applied_at() == {record.identifier: later}


def test_so_is_one_that_leaves(configure, store, make_record, now):
    record, later = make_record(), now + timedelta(hours=1)
    settings = {"configuration": configure(), "store": store, "now": now}
    publish_records([record], clock=lambda: now, **settings)
    publish_records([], allow_deletes=1, clock=lambda: later, **settings)
    (tombstone,) = store.tombstones()
    assert tombstone.deleted_at == later


def test_without_a_clock_it_is_the_moment_given(configure, store, make_record, now):
    record = make_record()
    publish_records([record], configuration=configure(), store=store, now=now)
    assert store.applied_at() == {record.identifier: now}
