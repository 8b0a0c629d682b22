"""Boxes meet exactly what PostGIS says, whatever the CRS of box and storage."""

from __future__ import annotations

import json
import random
import sqlite3
from typing import Any

import numpy as np
import psycopg2
import pytest
import shapely
from pyproj import Transformer

from metadata.crs import CRS84, Crs, epsg
from metadata.errors import QueryError
from metadata.measured import Bounds
from providers.boxes import read_box, split_box
from providers.query import Query
from providers.windows import window

BOXES = {
    "in degrees": Bounds(5.0, 43.5, 5.3, 43.9, 4326),
    "the published example": Bounds(7.2, 44.0, 7.5, 44.4, 4326),
    "wide": Bounds(-5.0, 41.0, 10.0, 52.0, 4326),
    "a sliver": Bounds(7.3, 44.0, 7.3001, 44.5, 4326),
    "of no width": Bounds(7.3, 44.0, 7.3, 44.5, 4326),
    "the world": Bounds(-180, -90, 180, 90, 4326),
    "in storage": Bounds(1_040_000.5, 6_370_000.5, 1_080_000, 6_400_000, 2154),
    "in Web Mercator": Bounds(800_000, 5_450_000, 830_000, 5_500_000, 3857),
    "in LAEA Europe": Bounds(4_090_000, 2_300_000, 4_120_000, 2_340_000, 3035),
    "elsewhere": Bounds(100.0, 10.0, 101.0, 11.0, 4326),
    "around the antipode": Bounds(-178.0, -48.0, -176.0, -46.0, 4326),
}


def found(loaded: Any, *boxes: Bounds) -> list[int]:
    page = loaded.source.page(Query(area=boxes, geometry=False))
    return [json.loads(text)["id"] for text in page.features]


def truth(loaded: Any, box: Bounds, table: str) -> list[int]:
    """Ask PostGIS itself; for a file, GEOS after the same transformation."""
    if loaded.is_postgis:
        test = (
            "ST_Intersects(ST_Transform(geom, %s), ST_MakeEnvelope(%s, %s, %s, %s, %s))"
        )
        test = f"geom IS NULL OR {test}"
        statement = f"SELECT id FROM {table} WHERE {test} ORDER BY id"
        corners = (box.srid, box.xmin, box.ymin, box.xmax, box.ymax, box.srid)
        connection = psycopg2.connect(loaded.location)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, corners)
            rows = [row[0] for row in cursor.fetchall()]
        connection.close()
        return rows
    names, shapes = stored(loaded)
    transform = Transformer.from_crs(2154, box.srid, always_xy=True).transform
    moved = shapely.transform(shapes, lambda xy: np.column_stack(transform(*xy.T)))
    corners = (box.xmin, box.ymin, box.xmax, box.ymax)
    meets = shapely.intersects(moved, shapely.box(*corners))
    return [int(n) for n in names[meets | shapely.is_missing(shapes)]]


def stored(loaded: Any) -> tuple[Any, Any]:
    """Read keys and geometries of a GeoPackage without the service."""
    connection = sqlite3.connect(loaded.location)
    table = loaded.collection.survey.source.table
    rows = connection.execute(
        f"SELECT id, substr(geom, 9) FROM {table} ORDER BY id"
    ).fetchall()
    connection.close()
    keys = np.array([row[0] for row in rows])
    return keys, shapely.from_wkb(np.array([row[1] for row in rows], dtype=object))


@pytest.mark.parametrize("name", [n for n in BOXES if n != "of no width"])
def test_points_far_from_the_central_meridian(points: Any, name: str) -> None:
    assert found(points, BOXES[name]) == truth(points, BOXES[name], "points")


@pytest.mark.parametrize("name", [n for n in BOXES if n != "of no width"])
def test_geometries_of_every_kind(rich: Any, name: str) -> None:
    assert found(rich, BOXES[name]) == truth(rich, BOXES[name], "rich")


def test_the_example_is_not_an_empty_one(points: Any) -> None:
    assert len(found(points, BOXES["the published example"])) > 500


@pytest.mark.parametrize("seed", range(15))
def test_random_boxes_of_every_size(points: Any, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (a seed, not a secret)
    x, y = chance.uniform(6.9, 8.1), chance.uniform(43.9, 44.7)
    size = 10 ** chance.uniform(-3, 1)
    box = Bounds(x, y, x + size, y + size * chance.uniform(0.1, 2), 4326)
    assert found(points, box) == truth(points, box, "points")


def test_a_box_of_no_width_is_a_line(points: Any) -> None:
    point = json.loads(points.source.feature("17", epsg(2154)))["geometry"][
        "coordinates"
    ]
    assert found(points, BOXES["of no width"]) == []
    stored = Bounds(
        point[0] - 0.001, point[1] - 0.001, point[0] + 0.001, point[1] + 0.001, 2154
    )
    assert found(points, stored) == [17]


def test_two_boxes_are_a_union(points: Any) -> None:
    one, other = BOXES["a sliver"], BOXES["the published example"]
    assert found(points, one, other) == sorted(
        {*found(points, one), *found(points, other)}
    )


def test_a_missing_geometry_meets_every_box(rich: Any, rich_rows: Any) -> None:
    without = [row["id"] for row in rich_rows if row["geom"] is None]
    assert without
    assert found(rich, BOXES["elsewhere"]) == without
    assert found(rich, BOXES["the world"]) == [row["id"] for row in rich_rows]


def test_a_table_without_geometry_is_not_restricted(keyless: Any) -> None:
    page = keyless.source.page(Query(area=(BOXES["elsewhere"],)))
    assert len(page.features) == 25


class TestReading:
    def test_the_axis_order_follows_the_crs(self) -> None:
        assert read_box([48, 2, 49, 3], epsg(4326), parameter="bbox") == Bounds(
            2, 48, 3, 49, 4326
        )
        assert read_box([2, 48, 3, 49], CRS84, parameter="bbox") == Bounds(
            2, 48, 3, 49, 4326
        )

    def test_six_numbers_have_heights_that_do_not_count(self) -> None:
        assert read_box([2, 48, 0, 3, 49, 100], CRS84, parameter="bbox") == Bounds(
            2, 48, 3, 49, 4326
        )

    def test_west_of_east_crosses_the_antimeridian(self) -> None:
        box = read_box([170, -20, -170, -10], CRS84, parameter="bbox")
        assert split_box(box) == (
            Bounds(170, -20, 180, -10, 4326),
            Bounds(-180, -20, -170, -10, 4326),
        )

    @pytest.mark.parametrize(
        ("numbers", "crs"),
        [
            ([1, 2, 3], CRS84),
            ([1, 2, 3, 4, 5], CRS84),
            ([1, 5, 3, 4], CRS84),
            ([1, 2, 3, float("nan")], CRS84),
            ([1, 2, 3, float("inf")], CRS84),
            ([1, -91, 3, 4], CRS84),
            ([1, 2, 9, 3, 4, 5], CRS84),
            ([10, 2, 3, 4], epsg(2154)),
        ],
    )
    def test_what_is_no_box_is_refused(self, numbers: list[float], crs: Crs) -> None:
        with pytest.raises(QueryError):
            read_box(numbers, crs, parameter="bbox")


class TestWindows:
    @pytest.mark.parametrize("storage", [2154, 3857, 3035, 4258, 27572, 32631])
    @pytest.mark.parametrize("seed", range(8))
    def test_inside_means_inside_and_outside_outside(
        self, storage: int, seed: int
    ) -> None:
        chance = random.Random(seed)  # noqa: S311  (a seed, not a secret)
        x, y = chance.uniform(-4, 7), chance.uniform(42, 50)
        size = 10 ** chance.uniform(-3, 0.5)
        box = Bounds(x, y, x + size, y + size, 4326)
        found = window(box, storage, points=True)
        assert found.outer is not None
        east = np.random.default_rng(seed).uniform(box.xmin, box.xmax, 2000)
        north = np.random.default_rng(seed + 1).uniform(box.ymin, box.ymax, 2000)
        there = Transformer.from_crs(4326, storage, always_xy=True).transform(
            east, north
        )
        outer = found.outer
        assert ((there[0] >= outer.xmin) & (there[0] <= outer.xmax)).all()
        assert ((there[1] >= outer.ymin) & (there[1] <= outer.ymax)).all()
        inner = found.inner
        if inner is not None:
            xs = np.random.default_rng(seed).uniform(inner.xmin, inner.xmax, 2000)
            ys = np.random.default_rng(seed + 1).uniform(inner.ymin, inner.ymax, 2000)
            back = Transformer.from_crs(storage, 4326, always_xy=True).transform(xs, ys)
            assert ((back[0] >= box.xmin) & (back[0] <= box.xmax)).all()
            assert ((back[1] >= box.ymin) & (back[1] <= box.ymax)).all()
