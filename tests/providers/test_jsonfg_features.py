"""Features as JSON-FG: the same from both silos, and what GeoJSON says of them."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import shapely

from metadata.crs import CRS84, epsg
from metadata.dataset import Collection
from providers.one_feature import query_of_one
from providers.query import Encoding, Query, columns_by_name, order_of

JSONFG = Encoding.JSONFG
SHAPES = {
    "none": None,
    "empty point": shapely.Point(),
    "empty polygon": shapely.Polygon(),
    "empty collection": shapely.GeometryCollection(),
    "no number": shapely.LineString([(2.0, 48.0), (math.inf, 49.0)]),
    "many": shapely.MultiPoint([(2.0, 48.0), (3.0, 49.0)]),
    "mixed": shapely.GeometryCollection(
        [shapely.Point(2.0, 48.0), shapely.box(2.0, 48.0, 3.0, 49.0)]
    ),
}
NOWHERE = ("none", "empty point", "empty polygon", "empty collection", "no number")
MEMBERS = {"type", "id", "time", "place", "geometry", "properties"}


def features(source: Any, query: Query) -> list[dict[str, Any]]:
    return [json.loads(text) for text in source.page(query).features]


def coordinates(geometry: dict[str, Any]) -> list[list[float]]:
    return shapely.get_coordinates(shapely.geometry.shape(geometry)).tolist()  # type: ignore[no-any-return]


class TestOrdinary:
    def test_it_says_what_geojson_says(self, rich: Any) -> None:
        plain = features(rich.source, Query())
        found = features(rich.source, Query(encoding=JSONFG))
        assert len(found) == len(plain) > 100
        for feature, one in zip(found, plain, strict=True):
            assert set(feature) == MEMBERS
            assert feature["place"] is None
            for name in one:
                assert feature[name] == one[name], name

    @pytest.mark.parametrize("srid", [2154, 4326, 3035])
    def test_another_crs_is_in_place_in_its_own_axis_order(
        self, rich: Any, srid: int
    ) -> None:
        query = Query(crs=epsg(srid))
        plain = features(rich.source, query)
        found = features(rich.source, replace(query, encoding=JSONFG))
        for feature, one in zip(found, plain, strict=True):
            assert feature["geometry"] is None
            assert feature["place"] == one["geometry"]

    def test_time_is_the_instant_of_the_time_column_in_utc(
        self, rich: Any, rich_rows: Any
    ) -> None:
        found = features(rich.source, Query(encoding=JSONFG))
        for feature, row in zip(found, rich_rows, strict=True):
            moment = row["moment"]
            if moment is None:
                assert feature["time"] is None
                continue
            text = feature["time"]["timestamp"]
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z", text)
            assert datetime.fromisoformat(text) == moment.astimezone(UTC)

    def test_time_stays_where_its_column_is_not_asked_for(
        self, rich: Any, rich_rows: Any
    ) -> None:
        name = columns_by_name(rich.collection)["name"]
        query = Query(properties=(name,), geometry=False, encoding=JSONFG)
        found = features(rich.source, query)
        assert all(set(feature["properties"]) == {"name"} for feature in found)
        assert all(f["geometry"] is None and f["place"] is None for f in found)
        assert [f["time"] is None for f in found] == [
            row["moment"] is None for row in rich_rows
        ]

    def test_pages_and_streams_are_the_same_text(self, rich: Any) -> None:
        query = Query(encoding=JSONFG, limit=70)
        page = rich.source.page(query)
        stream = rich.source.stream(query)
        assert b"".join(stream) == page.content
        assert stream.next_cursor == page.next_cursor is not None

    def test_a_token_leads_on_in_the_other_encoding(self, rich: Any) -> None:
        order = (order_of(rich.collection, columns_by_name(rich.collection)["name"]),)
        first = rich.source.page(Query(limit=90, order=order, encoding=JSONFG))
        rest = Query(limit=90, order=order, cursor=first.next_cursor)
        whole = [f["id"] for f in features(rich.source, Query(order=order))]
        ids = [json.loads(text)["id"] for text in first.features]
        assert ids + [f["id"] for f in features(rich.source, rest)] == whole


class TestOneFeature:
    def test_it_is_found_by_its_key(self, rich: Any) -> None:
        query = query_of_one(rich.collection, "7", CRS84, JSONFG)
        assert query is not None
        (found,) = features(rich.source, query)
        assert found["id"] == 7
        assert set(found) == MEMBERS

    def test_composite_keys_are_as_in_geojson(self, composite: Any) -> None:
        for one in features(composite.source, Query()):
            query = query_of_one(composite.collection, one["id"], CRS84, JSONFG)
            assert query is not None
            (found,) = features(composite.source, query)
            assert found["id"] == one["id"]
            assert found["properties"] == one["properties"]

    @pytest.mark.parametrize("key", ["x", "1.5", "%ff", "1,2", ""])
    def test_what_can_be_no_key_finds_none(self, rich: Any, key: str) -> None:
        assert query_of_one(rich.collection, key, CRS84, JSONFG) is None

    def test_without_a_key_there_is_none(self, keyless: Any) -> None:
        assert query_of_one(keyless.collection, "1", CRS84, JSONFG) is None


class TestTimes:
    @pytest.fixture
    def timed(self, load: Any, table_of: Any) -> Any:
        """Load values of a type of time into a collection that has them as its time."""

        def loaded(native: str, values: list[Any]) -> Any:
            table = table_of(["at"], [(n, v) for n, v in enumerate(values, 1)])
            kind = "DATE" if native == "date" else "DATETIME"
            at = replace(
                table.columns[1],
                type=type(table.columns[1].type)[kind],
                postgresql=native,
                geopackage=kind,
            )
            return load(replace(table, columns=(table.columns[0], at), time="at"))

        return loaded

    def times(self, loaded: Any) -> list[Any]:
        return [f["time"] for f in features(loaded.source, Query(encoding=JSONFG))]

    def test_days_are_dates(self, timed: Any) -> None:
        loaded = timed("date", [date(2024, 2, 29), None, date(1, 1, 1)])
        assert self.times(loaded) == [
            {"date": "2024-02-29"},
            None,
            {"date": "0001-01-01"},
        ]

    @pytest.mark.parametrize(
        "native", ["timestamp with time zone", "timestamp without time zone"]
    )
    def test_moments_are_in_utc(self, timed: Any, native: str) -> None:
        moments = [
            datetime(2024, 7, 1, 10, 30, tzinfo=UTC),
            datetime(2024, 7, 1, 10, 30, 0, 120_000, tzinfo=UTC),
            None,
        ]
        assert self.times(timed(native, moments)) == [
            {"timestamp": "2024-07-01T10:30:00Z"},
            {"timestamp": "2024-07-01T10:30:00.12Z"},
            None,
        ]

    @pytest.mark.parametrize(
        ("native", "value"),
        [
            ("date", "infinity"),
            ("date", "12024-01-01"),
            ("timestamp with time zone", "infinity"),
            ("timestamp with time zone", "-infinity"),
        ],
    )
    def test_what_rfc_3339_cannot_say_is_null(
        self, timed: Any, native: str, value: str
    ) -> None:
        assert self.times(timed(native, [value])) == [None]

    def test_an_excluded_time_column_is_told_to_nobody(self, rich: Any) -> None:
        columns = replace(rich.collection.description.columns, exclude=("moment",))
        hidden = Collection(
            description=replace(rich.collection.description, columns=columns),
            survey=rich.collection.survey,
        )
        found = features(rich.silo.features(hidden), Query(encoding=JSONFG))
        assert {feature["time"] for feature in found} == {None}


class TestGeometries:
    @pytest.mark.parametrize("crs", [CRS84, epsg(4326)])
    def test_no_position_is_null_and_the_rest_is_there(
        self, load_shapes: Any, crs: Any
    ) -> None:
        source = load_shapes(SHAPES).source
        member = "geometry" if crs == CRS84 else "place"
        for feature in features(source, Query(crs=crs, encoding=JSONFG)):
            sort = feature["properties"]["sort"]
            assert (feature[member] is None) == (sort in NOWHERE), sort
            if feature[member] is not None:
                shape = SHAPES[sort]
                assert shape is not None
                found = [xy[::-1] if crs.swapped else xy for xy in
                         coordinates(feature[member])]  # fmt: skip
                assert found == shapely.get_coordinates(shape).tolist()
