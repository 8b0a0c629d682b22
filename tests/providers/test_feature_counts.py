"""Counts are kept only while they surely hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest

from providers.cql2 import read_filter
from providers.query import Query


@pytest.fixture
def other(rich: Any) -> Iterator[psycopg2.extensions.connection]:
    """A session of somebody else."""
    if not rich.is_postgis:
        pytest.skip("files have no sessions")
    connection = psycopg2.connect(rich.location)
    yield connection
    connection.close()


def change(connection: psycopg2.extensions.connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_row_counts_as_soon_as_it_is_visible(rich: Any, other: Any) -> None:
    whole, low = Query(), Query(conditions=(read_filter("id < 0", rich.collection),))
    for _ in range(3):
        assert (rich.source.count(whole), rich.source.count(low)) == (160, 0)
    change(other, "INSERT INTO rich (id) VALUES (-1)")
    assert (rich.source.count(whole), rich.source.count(low)) == (160, 0)
    other.commit()
    assert (rich.source.count(whole), rich.source.count(low)) == (161, 1)
    change(other, "DELETE FROM rich WHERE id < 0")
    assert rich.source.count(whole) == 161
    other.commit()
    assert (rich.source.count(whole), rich.source.count(low)) == (160, 0)


def test_truncating_and_rolling_back_are_seen(rich: Any, other: Any) -> None:
    assert rich.source.count(Query()) == 160
    change(other, "DELETE FROM rich WHERE id > 100")
    other.rollback()
    assert rich.source.count(Query()) == 160
    change(other, "SAVEPOINT a; DELETE FROM rich WHERE id = 160; RELEASE a")
    assert rich.source.count(Query()) == 160
    other.commit()
    assert rich.source.count(Query()) == 159
    change(other, "INSERT INTO rich (id) VALUES (160)")
    other.commit()
    assert rich.source.count(Query()) == 160


def test_a_kept_count_reads_no_row(rich: Any, other: Any) -> None:
    rich.source.count(Query())
    change(other, "LOCK TABLE rich IN ACCESS EXCLUSIVE MODE")
    assert rich.source.count(Query()) == 160
    other.rollback()


def test_views_are_counted_anew(rich: Any, other: Any) -> None:
    from dataclasses import replace

    change(other, "CREATE VIEW moving AS SELECT * FROM rich WHERE random() >= 0")
    other.commit()
    survey = rich.collection.survey
    view = replace(survey, source=replace(survey.source, table="moving"))
    source = rich.silo.features(replace(rich.collection, survey=view))
    assert source.count(Query()) == source.count(Query()) == 160
    assert source._counts._numbers == {}
