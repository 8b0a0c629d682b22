"""Streams: whole, in order, bounded, and never a quiet half."""

from __future__ import annotations

import json
import threading
import time
import tracemalloc
from typing import Any

import psycopg2
import pytest

from metadata.errors import (
    CollectionBroken,
    SilosBusy,
    SourceError,
    SourceUnreachable,
)
from providers.configuration import SiloConfiguration
from providers.features import BATCH_BYTES, Limits, open_features
from providers.pool import Pool
from providers.query import Query


def test_a_stream_is_the_whole_in_order(points: Any) -> None:
    stream = points.source.stream(Query())
    batches = list(stream)
    found = json.loads(b"[" + b"".join(batches) + b"]")
    assert [feature["id"] for feature in found] == list(range(1, 25_001))
    assert stream.count == 25_000
    assert not stream.has_more
    assert points.silo.in_use == 0


def test_batches_are_bounded_and_the_first_is_small(points: Any) -> None:
    sizes = [len(batch) for batch in points.source.stream(Query())]
    assert sizes[0] < BATCH_BYTES / 8
    assert max(sizes) < 2 * BATCH_BYTES


def test_memory_stays_flat(points: Any) -> None:
    for _ in points.source.stream(Query(limit=100)):
        pass
    tracemalloc.start()
    try:
        total = sum(len(batch) for batch in points.source.stream(Query()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total > 3_000_000
    assert peak < total


@pytest.mark.parametrize("limit", [1, 49, 50, 51, 160, 161])
def test_a_limited_stream_is_the_page(rich: Any, limit: int) -> None:
    query = Query(limit=limit)
    page, stream = rich.source.page(query), rich.source.stream(query)
    found = b"".join(stream).decode()
    assert found == ",".join(page.features)
    assert stream.count == len(page.features)
    assert stream.has_more == page.has_more
    assert stream.next_cursor == page.next_cursor


def test_an_empty_stream_is_empty(rich: Any) -> None:
    from metadata.measured import Bounds

    query = Query(area=(Bounds(100, 10, 101, 11, 4326),), unplaced=False)
    assert list(rich.source.stream(query)) == []


def test_closing_early_gives_the_connection_back(points: Any) -> None:
    for _ in range(5):  # more often than there are connections
        stream = points.source.stream(Query())
        next(stream)
        assert points.silo.in_use == 1
        stream.close()
        stream.close()
        assert points.silo.in_use == 0
        assert next(stream, None) is None
    assert len(points.source.page(Query(limit=5)).features) == 5


def test_streams_beyond_the_limit_are_refused_in_time(points: Any) -> None:
    held = [points.source.stream(Query()) for _ in range(Limits().streams)]
    started = time.monotonic()
    with pytest.raises(SilosBusy):
        points.source.stream(Query())
    assert time.monotonic() - started < 4
    for stream in held:
        stream.close()
    assert points.silo.in_use == 0


def test_a_backend_that_dies_is_an_error_and_not_an_end(points: Any) -> None:
    if not points.is_postgis:
        pytest.skip("a file has no backend")
    stream = points.source.stream(Query())
    next(stream)
    kill_backends(points.location)
    with pytest.raises(SourceUnreachable):
        list(stream)
    assert points.silo.in_use == 0
    assert len(points.source.page(Query(limit=5)).features) == 5


def test_idle_sessions_that_died_are_replaced_unnoticed(points: Any) -> None:
    if not points.is_postgis:
        pytest.skip("a file has no backend")
    points.source.page(Query(limit=1))
    kill_backends(points.location)
    assert len(points.source.page(Query(limit=5)).features) == 5


def test_a_table_that_is_gone_breaks_its_collection_alone(load: Any, rich: Any) -> None:
    from dataclasses import replace

    source = replace(rich.collection.survey.source, table="gone")
    gone = replace(
        rich.collection, survey=replace(rich.collection.survey, source=source)
    )
    broken = rich.silo.features(gone)
    for ask in (
        broken.check,
        lambda: broken.page(Query()),
        lambda: broken.stream(Query()),
    ):
        with pytest.raises(CollectionBroken):
            ask()
    rich.source.check()
    assert rich.silo.in_use == 0


def test_counting_stops_at_its_budget(points: Any) -> None:
    assert points.source.count(Query()) == 25_000
    assert points.source.count(Query(), budget_ms=10_000) == 25_000
    from metadata.measured import Bounds

    slow = Query(area=(Bounds(-179, -89, 179, 89, 4326),))
    counted = points.source.count(slow, budget_ms=1)
    assert counted in {None, 25_000}
    assert points.source.count(Query(), budget_ms=10_000) == 25_000


@pytest.mark.parametrize(
    "location",
    ["postgresql://nobody@127.0.0.1:1/none", "/nowhere/at/all.gpkg"],
)
def test_an_unreachable_silo_says_so(location: str, rich: Any) -> None:
    silo = open_features(SiloConfiguration(name="sig", location=location))
    source = silo.features(rich.collection)
    with pytest.raises(SourceUnreachable):
        source.page(Query())
    silo.close()


def test_a_file_that_is_no_geopackage_is_refused(tmp_path: Any, rich: Any) -> None:
    path = tmp_path / "essai.gpkg"
    path.write_bytes(b"nothing of the kind" * 100)
    silo = open_features(SiloConfiguration(name="sig", location=str(path)))
    with pytest.raises(SourceError):
        silo.features(rich.collection).page(Query())


def test_a_file_that_is_replaced_is_opened_anew(tmp_path: Any, rich: Any) -> None:
    if rich.is_postgis:
        pytest.skip("a database is not replaced")
    import shutil

    path = tmp_path / "essai.gpkg"
    shutil.copy(rich.location, path)
    silo = open_features(SiloConfiguration(name="sig", location=str(path)))
    source = silo.features(rich.collection)
    assert source.count(Query()) == 160
    other = tmp_path / "other.gpkg"
    shutil.copy(rich.location, other)
    import sqlite3

    with sqlite3.connect(other) as connection:
        connection.execute("DELETE FROM rich WHERE id > 10")
    connection.close()
    other.replace(path)
    assert source.count(Query()) == 10
    silo.close()


def kill_backends(location: str) -> None:
    connection = psycopg2.connect(location)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'passerelle'"
        )
    connection.close()


class Fake:
    """A connection that remembers whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


class TestPool:
    def test_connections_are_kept_and_used_again(self) -> None:
        pool = Pool(Fake, size=2, wait=0.1, recycle=60)
        with pool.lease() as first:
            connection = first.connection
        with pool.lease() as second:
            assert second.connection is connection
            assert not second.fresh

    def test_old_and_broken_ones_are_closed(self) -> None:
        now = [0.0]
        pool = Pool(Fake, size=1, wait=0.1, recycle=60, clock=lambda: now[0])
        with pool.lease() as lease:
            now[0] = 61.0
        assert lease.connection.closed
        with pool.lease() as lease:
            lease.broken = True
        assert lease.connection.closed
        assert pool.in_use == 0

    def test_waiting_has_an_end(self) -> None:
        pool = Pool(Fake, size=1, wait=0.05, recycle=60)
        with pool.lease(), pytest.raises(SilosBusy), pool.lease():
            pass

    def test_a_connection_that_cannot_be_opened_takes_no_place(self) -> None:
        def refuse() -> Fake:
            message = "no"
            raise SourceUnreachable(message)

        pool = Pool(refuse, size=1, wait=0.05, recycle=60)
        for _ in range(3):
            with pytest.raises(SourceUnreachable):
                pool.acquire()
        assert pool.in_use == 0

    def test_closing_closes_those_in_use_when_they_come_back(self) -> None:
        pool = Pool(Fake, size=2, wait=0.1, recycle=60)
        with pool.lease() as one:
            with pool.lease() as other:
                pass
            pool.close()
            assert other.connection.closed
            assert not one.connection.closed
        assert one.connection.closed

    def test_who_waits_longest_is_next(self) -> None:
        pool = Pool(Fake, size=1, wait=5, recycle=60)
        waited: list[float] = []

        def hog() -> None:
            end = time.monotonic() + 1
            while time.monotonic() < end:
                with pool.lease():
                    time.sleep(0.005)

        hogs = [threading.Thread(target=hog) for _ in range(2)]
        for thread in hogs:
            thread.start()
        for _ in range(10):
            started = time.monotonic()
            with pool.lease():
                waited.append(time.monotonic() - started)
        for thread in hogs:
            thread.join()
        assert max(waited) < 0.5

    def test_many_threads_share_it(self) -> None:
        pool = Pool(Fake, size=3, wait=5, recycle=60)
        most, lock, running = [0], threading.Lock(), [0]

        def work() -> None:
            for _ in range(20):
                with pool.lease():
                    with lock:
                        running[0] += 1
                        most[0] = max(most[0], running[0])
                    time.sleep(0.001)
                    with lock:
                        running[0] -= 1

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most[0] == 3
        assert pool.in_use == 0
