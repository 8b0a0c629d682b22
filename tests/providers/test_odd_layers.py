"""Odd geometries, numbers and keys: the same answers from both kinds of silo."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
import shapely

from metadata.crs import CRS84, epsg
from metadata.measured import Bounds, FieldType
from providers.cql2 import read_filter
from providers.query import Query

NAN, INFINITE = float("nan"), float("inf")
GEOMETRIES: dict[str, shapely.Geometry | None] = {
    "point": shapely.Point(650000, 6860000),
    "nothing": None,
    "no numbers": shapely.Point(NAN, 6860000),
    "infinite": shapely.Point(INFINITE, 6860000),
    "no number within": shapely.LineString(
        [(650000, 6860000), (NAN, NAN), (650010, 6860000)]
    ),
    "empty": shapely.from_wkt("POLYGON EMPTY"),
    "nested": shapely.from_wkt(
        "GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(650000 6860000)),"
        " POINT(650001 6860000))"
    ),
    "flat": shapely.from_wkt(
        "GEOMETRYCOLLECTION(POINT(650000 6860000), LINESTRING(0 6860000, 10 6860000))"
    ),
    "bow tie": shapely.from_wkt(
        "POLYGON((650000 6860000, 650010 6860010, 650010 6860000, 650000 6860010,"
        " 650000 6860000))"
    ),
    "part empty": shapely.from_wkt("MULTIPOINT(EMPTY, (650000 6860000))"),
    "several": shapely.from_wkt("MULTIPOINT((650000 6860000), (650010 6860000))"),
}
KINDS: dict[str, str | None] = {
    "point": "Point", "nothing": None, "no numbers": None, "infinite": None,
    "no number within": None, "empty": "Polygon", "nested": "GeometryCollection",
    "flat": "GeometryCollection", "bow tie": "Polygon",
    "part empty": "MultiPoint", "several": "MultiPoint",
}  # fmt: skip


def strict(text: str) -> Any:
    def refuse(word: str) -> None:
        pytest.fail(f"{word} is no JSON: {text[:300]}")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def shapes(load: Any, table_of_shapes: Any) -> Any:
    return load(table_of_shapes(GEOMETRIES, 2154))


def read(loaded: Any, query: Query) -> dict[str, Any]:
    page = loaded.source.page(query)
    features = [strict(text) for text in page.features]
    streamed = strict("[" + b"".join(loaded.source.stream(query)).decode() + "]")
    assert streamed == features
    return {f["properties"]["sort"]: f["geometry"] for f in features}


@pytest.mark.parametrize("crs", [CRS84, epsg(2154), epsg(3857)], ids=str)
def test_geometries_are_what_geojson_can_say(shapes: Any, crs: Any) -> None:
    found = read(shapes, Query(crs=crs))
    kinds = {name: shape and shape["type"] for name, shape in found.items()}
    assert kinds == KINDS
    assert len(found["part empty"]["coordinates"]) == 1
    assert [g["type"] for g in found["nested"]["geometries"]] == ["Point"] * 2


def test_boxes_pass_over_what_is_there_and_has_no_place(shapes: Any) -> None:
    box = Bounds(2.0, 48.0, 3.0, 49.0, 4326)
    found = read(shapes, Query(area=(box,)))
    # PostGIS's box operators hold NaN to lie anywhere; the geometry stays null
    assert found.keys() - {"no numbers"} == {
        "nothing", "point", "nested", "flat", "bow tie", "part empty", "several",
    } | ({"no number within"} & found.keys())  # fmt: skip
    everywhere = read(shapes, Query(area=(Bounds(-180, -90, 180, 90, 4326),)))
    assert "nothing" in everywhere, "Part 1, /req/core/fc-bbox-response, C"
    assert "empty" not in everywhere


@pytest.mark.parametrize(
    "function", ["S_INTERSECTS", "S_WITHIN", "S_TOUCHES", "S_DISJOINT", "S_CROSSES"]
)
def test_spatial_functions_survive_what_has_no_place(
    shapes: Any, function: str
) -> None:
    text = f"{function}(geom, POLYGON((2 48, 3 48, 3 49, 2 49, 2 48)))"
    condition = read_filter(text, shapes.collection)
    read(shapes, Query(conditions=(condition,)))


def test_positions_beyond_a_reference_system_keep_nothing_in(
    load: Any, table_of_shapes: Any
) -> None:
    places = {
        "metres": shapely.Point(650000, 6860000),
        "swapped": shapely.Point(48, 2),
        "right": shapely.Point(2, 48),
        "beyond": shapely.Point(2, 95),
    }
    loaded = load(table_of_shapes(places, 4326))
    there = read(loaded, Query(crs=epsg(2154)))
    assert there["metres"] is None
    assert there["beyond"] is None
    assert there["right"]["coordinates"][0] == pytest.approx(625_422, abs=2_000)
    for corners in ((1, 47, 3, 49), (-180, -90, 180, 90)):
        found = read(loaded, Query(area=(Bounds(*corners, 4326),)))
        assert "right" in found
    mercator = Bounds(0, 5_000_000, 1_000_000, 7_000_000, 3857)
    assert read(loaded, Query(area=(mercator,))).keys() == {"right"}


@pytest.mark.parametrize(
    ("kind", "postgresql", "geopackage", "values"),
    [
        (FieldType.INTEGER, "bigint", "INTEGER",
         [2**53 + 1, 2**63 - 1, -(2**63), 0, -7]),
        (FieldType.NUMBER, "double precision", "DOUBLE", [0.1, 1e300, -2.5]),
        (FieldType.DATE, "date", "DATE", [date(2024, 2, 29), date(1, 1, 1)]),
        (FieldType.DATETIME, "timestamp with time zone", "DATETIME",
         [datetime(2024, 3, 31, 1, 30, 0, 1, tzinfo=UTC),
          datetime(2024, 1, 1, tzinfo=UTC)]),
        (FieldType.STRING, "text", "TEXT",
         ["a/b", "%2F", "", "é", "É", ".", " ", "a,b", "\n", "🏛"]),
    ],
    ids=str,
)  # fmt: skip
def test_every_identifier_answered_is_found(
    load: Any, table_of_keys: Any, kind: Any, postgresql: str, geopackage: str,
    values: list[Any],
) -> None:  # fmt: skip
    from urllib.parse import quote

    loaded = load(table_of_keys(kind, postgresql, geopackage, values))
    features = [strict(text) for text in loaded.source.page(Query()).features]
    assert len({str(feature["id"]) for feature in features}) == len(values)
    for feature in features:
        text = loaded.source.feature(quote(str(feature["id"]), safe=""))
        assert text is not None, feature["id"]
        assert strict(text) == feature
    paged, cursor = [], ""
    while len(paged) <= len(features):
        page = loaded.source.page(Query(limit=1, cursor=cursor))
        paged += [strict(each) for each in page.features]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert paged == features


def test_numbers_that_json_lacks_are_null(load: Any, table_of_keys: Any) -> None:
    values = [1.5, INFINITE, -INFINITE]
    types = (FieldType.NUMBER, "double precision", "DOUBLE")
    table = table_of_keys(*types, values, key=False)
    page = load(table).source.page(Query())
    found = [strict(text)["properties"]["id"] for text in page.features]
    assert sorted(map(str, found)) == ["1.5", "None", "None"]
    assert all(value is None or math.isfinite(value) for value in found)
