"""Pages of features: the same answers from both silos, whole and in order."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metadata.errors import CursorError
from providers.query import Order, Query, columns_by_name, order_of

SORTED = ("id", "name", "population", "ratio", "rank", "flag", "day", "moment", "insee")


def features(source: Any, query: Query) -> list[dict[str, Any]]:
    return [json.loads(text) for text in source.page(query).features]


def ids(source: Any, query: Query) -> list[Any]:
    return [feature["id"] for feature in features(source, query)]


def pages(source: Any, query: Query) -> list[Any]:
    """Return the ids of all pages, following cursors."""
    found, cursor = [], ""
    for _ in range(1000):
        page = source.page(Query(limit=query.limit, order=query.order, cursor=cursor))
        found += [json.loads(text)["id"] for text in page.features]
        if page.next_cursor is None:
            assert not page.has_more
            return found
        assert len(page.features) == query.limit
        cursor = page.next_cursor
    pytest.fail("the pages never end")


def expected(rows: Any, order: tuple[Order, ...]) -> list[int]:
    """Sort in Python: missing values last, texts by code point, then the id."""
    found = sorted(rows, key=lambda row: row["id"])
    for each in reversed(order):
        name = each.column.name
        present = [row for row in found if row[name] is not None]
        missing = [row for row in found if row[name] is None]
        if each.descending:  # equals keep the order that they had
            present.reverse()
            present = sorted(present, key=lambda row: row[name])[::-1]
        else:
            present = sorted(present, key=lambda row: row[name])
        found = present + missing
    return [row["id"] for row in found]


class TestValues:
    def test_properties_come_back_exactly(self, rich: Any, rich_rows: Any) -> None:
        found = features(rich.source, Query())
        assert len(found) == len(rich_rows)
        for feature, row in zip(found, rich_rows, strict=True):
            properties = feature["properties"]
            assert feature["type"] == "Feature"
            assert feature["id"] == row["id"] == properties["id"]
            for name in (
                "name",
                "population",
                "ratio",
                "rank",
                "flag",
                "limit",
                "insee",
            ):
                assert properties[name] == row[name], name
            day = row["day"]
            assert properties["day"] == (day.isoformat() if day else None)

    def test_an_excluded_column_appears_nowhere(self, rich: Any) -> None:
        assert "secret" not in "".join(rich.source.page(Query()).features)

    def test_a_renamed_column_keeps_only_its_outside_name(self, rich: Any) -> None:
        names = features(rich.source, Query(limit=1))[0]["properties"].keys()
        assert "insee" in names
        assert "code" not in names

    def test_only_the_properties_asked_for_go_out(self, rich: Any) -> None:
        columns = columns_by_name(rich.collection)
        query = Query(properties=(columns["insee"], columns["rank"]), limit=3)
        for feature in features(rich.source, query):
            assert list(feature["properties"]) == ["insee", "rank"]

    def test_geometries_can_be_left_out(self, rich: Any) -> None:
        found = features(rich.source, Query(geometry=False))
        assert all(feature["geometry"] is None for feature in found)

    def test_two_hundred_columns_are_not_too_many(self, wide: Any) -> None:
        found = features(wide.source, Query())
        assert [len(feature["properties"]) for feature in found] == [201, 201]
        assert found[1]["properties"]["c199"] == 201

    def test_numbers_that_json_has_not_are_null(self, rich: Any) -> None:
        infinite = "'Infinity', 'NaN'" if rich.is_postgis else "9e999, -9e999"
        one, other = infinite.split(", ")
        execute(
            rich, f"INSERT INTO rich (id, ratio) VALUES (9001, {one}), (9002, {other})"
        )
        try:
            for key in ("9001", "9002"):
                feature = json.loads(rich.source.feature(key))
                assert feature["properties"]["ratio"] is None
        finally:
            execute(rich, "DELETE FROM rich WHERE id > 9000")


class TestOrder:
    def test_without_sort_the_key_orders(self, rich: Any, rich_rows: Any) -> None:
        assert ids(rich.source, Query()) == [row["id"] for row in rich_rows]

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        keys=st.lists(
            st.tuples(st.sampled_from(SORTED), st.booleans()),
            max_size=3,
            unique_by=lambda pair: pair[0],
        ),
        limit=st.integers(1, 60),
    )
    def test_the_pages_together_are_the_query(
        self, rich: Any, rich_rows: Any, keys: list[tuple[str, bool]], limit: int
    ) -> None:
        columns = columns_by_name(rich.collection)
        order = tuple(
            order_of(rich.collection, columns[name], descending=descending)
            for name, descending in keys
        )
        whole = ids(rich.source, Query(order=order))
        assert whole == expected(rich_rows, order)
        assert pages(rich.source, Query(order=order, limit=limit)) == whole

    def test_pages_of_a_composite_key(self, composite: Any) -> None:
        whole = ids(composite.source, Query())
        assert len(whole) == len(set(whole)) == 12
        assert pages(composite.source, Query(limit=5)) == whole

    def test_a_full_last_page_is_the_last(self, rich: Any, rich_rows: Any) -> None:
        page = rich.source.page(Query(limit=len(rich_rows)))
        assert page.next_cursor is None
        assert not page.has_more

    def test_without_a_key_offsets_lead_on(self, keyless: Any) -> None:
        found = []
        for offset in range(0, 30, 10):
            page = keyless.source.page(Query(limit=10, offset=offset))
            assert page.next_cursor is None
            assert page.has_more == (offset + 10 < 25)
            found += page.features
        assert found == list(keyless.source.page(Query()).features)

    @pytest.mark.parametrize("offset", [1, 50, 159, 160, 1000])
    def test_an_offset_passes_over_features(
        self, rich: Any, rich_rows: Any, offset: int
    ) -> None:
        wanted = [row["id"] for row in rich_rows][offset : offset + 10]
        assert ids(rich.source, Query(limit=10, offset=offset)) == wanted


class TestCursors:
    def test_rows_inserted_meanwhile_neither_shift_nor_repeat(self, rich: Any) -> None:
        first = rich.source.page(Query(limit=10))
        execute(rich, "INSERT INTO rich (id, name) VALUES (-1, 'avant')")
        try:
            second = rich.source.page(Query(limit=10, cursor=first.next_cursor))
        finally:
            execute(rich, "DELETE FROM rich WHERE id < 0")
        assert [json.loads(text)["id"] for text in second.features] == list(
            range(11, 21)
        )

    def test_the_page_may_change_its_size(self, rich: Any) -> None:
        first = rich.source.page(Query(limit=3))
        assert ids(rich.source, Query(limit=5, cursor=first.next_cursor)) == [
            4,
            5,
            6,
            7,
            8,
        ]

    @pytest.mark.parametrize(
        "change", ["order", "geometry", "properties", "crs", "area"]
    )
    def test_another_question_is_refused(self, rich: Any, change: str) -> None:
        from metadata.crs import epsg
        from metadata.measured import Bounds

        token = rich.source.page(Query(limit=3)).next_cursor
        column = columns_by_name(rich.collection)["rank"]
        changed: dict[str, Any] = {
            "order": {"order": (Order(column=column),)},
            "geometry": {"geometry": False},
            "properties": {"properties": (column,)},
            "crs": {"crs": epsg(2154)},
            "area": {"area": (Bounds(0, 0, 1, 1, 4326),)},
        }[change]
        with pytest.raises(CursorError):
            rich.source.page(Query(limit=3, cursor=token, **changed))

    @pytest.mark.parametrize(
        "token",
        [
            "x",
            "####",
            "W10",
            "WzEsMiwzXQ",
            "e30",
            "A" * 20_000,
            "é",
            "WzEsImFiYyIsWyIxIl1d",
        ],
    )
    def test_a_token_that_is_not_ours_is_refused(self, rich: Any, token: str) -> None:
        with pytest.raises(CursorError):
            rich.source.page(Query(limit=3, cursor=token))

    @settings(
        max_examples=100,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(data=st.data())
    def test_a_token_with_any_byte_changed_never_fails_otherwise(
        self, rich: Any, data: Any
    ) -> None:
        column = columns_by_name(rich.collection)["moment"]
        order = (order_of(rich.collection, column),)
        token = rich.source.page(Query(limit=3, order=order)).next_cursor
        place = data.draw(st.integers(0, len(token) - 1))
        other = data.draw(st.sampled_from("ABCxyz0189-_"))
        forged = token[:place] + other + token[place + 1 :]
        with suppress(CursorError):
            rich.source.page(Query(limit=3, order=order, cursor=forged))
        assert rich.silo.in_use == 0


class TestOneFeature:
    def test_the_key_finds_it(self, rich: Any) -> None:
        assert json.loads(rich.source.feature("7"))["id"] == 7

    @pytest.mark.parametrize(
        "key",
        [
            "abc",
            "",
            "7.0",
            "1e1",
            "99999999999999999999",
            "%00",
            "%FF",
            "7,7",
            "-",
            "9" * 5000,
            "٣",
        ],
    )
    def test_what_cannot_be_a_key_finds_nothing(self, rich: Any, key: str) -> None:
        assert rich.source.feature(key) is None

    def test_each_composite_key_finds_its_own(self, composite: Any) -> None:
        for text in composite.source.page(Query()).features:
            feature = json.loads(text)
            assert composite.source.feature(feature["id"]) == text
            assert feature["properties"]["name"].endswith(
                str(feature["properties"]["id"])
            )

    @pytest.mark.parametrize("key", ["a", "a,b", "a,1,2", "a,x", ",1", "a,"])
    def test_a_composite_key_needs_all_its_parts(
        self, composite: Any, key: str
    ) -> None:
        assert composite.source.feature(key) is None

    def test_without_a_key_there_is_none(self, keyless: Any) -> None:
        assert keyless.source.feature("1") is None


def execute(loaded: Any, statement: str) -> None:
    """Change the rows behind the service's back."""
    if loaded.is_postgis:
        connection = psycopg2.connect(loaded.location)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
    else:
        connection = sqlite3.connect(loaded.location)
        connection.execute(statement)
        connection.commit()
    connection.close()
