"""What filters find, in both silos, against the same question asked in Python."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import shapely
from pyproj import Transformer

from metadata.crs import CRS84, epsg
from providers.cql2 import FilterLanguage, read_filter
from providers.query import Query

Row = dict[str, Any]
Test = Callable[[Row], "bool | None"]
NOON = datetime(2024, 1, 5, 12, tzinfo=UTC)


def known(name: str, test: Callable[[Any], bool]) -> Test:
    """Return a test of one column that is unknown where it has no value."""
    return lambda row: None if row[name] is None else test(row[name])


def negated(test: Test) -> Test:
    return lambda row: None if test(row) is None else not test(row)


def plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


SCALAR: dict[str, Test] = {
    "id = 7": known("id", lambda v: v == 7),
    "7 = id": known("id", lambda v: v == 7),
    "id <> 7": known("id", lambda v: v != 7),
    "population > 999.5": known("population", lambda v: v > 999.5),
    "ratio = 0.1": known("ratio", lambda v: v == 0.1),
    "ratio >= 0": known("ratio", lambda v: v >= 0),
    "name = 'Saint-Denis'": known("name", lambda v: v == "Saint-Denis"),
    "name = 'L''Île-Saint-Denis'": known("name", lambda v: v == "L'Île-Saint-Denis"),
    "name < 'T'": known("name", lambda v: v < "T"),
    "name >= 'é'": known("name", lambda v: v >= "é"),
    "name = ''": known("name", lambda v: v == ""),
    "insee = '93007'": known("insee", lambda v: v == "93007"),
    "\"limit\" = 'a'": known("limit", lambda v: v == "a"),
    "name LIKE 'Saint%'": known("name", lambda v: v.startswith("Saint")),
    "name LIKE 'saint%'": known("name", lambda v: v.startswith("saint")),
    "name LIKE '100\\_x'": known("name", lambda v: v == "100_x"),
    "name LIKE '100 \\%'": known("name", lambda v: v == "100 %"),
    "name LIKE '_pinay%'": known("name", lambda v: v[1:].startswith("pinay")),
    "name NOT LIKE '%e%'": known("name", lambda v: "e" not in v),
    "CASEI(name) LIKE CASEI('SAINT-%')": known(
        "name", lambda v: v.lower().startswith("saint-")
    ),
    "CASEI(name) = CASEI('ÉPINAY')": known("name", lambda v: v.lower() == "épinay"),
    "CASEI(name) = 'àéîõü œuvre αθηνα'": known(
        "name", lambda v: v.lower() == "àéîõü œuvre αθηνα"
    ),
    "ACCENTI(name) = ACCENTI('Zurich')": known("name", lambda v: plain(v) == "Zurich"),
    "ACCENTI(CASEI(name)) LIKE 'epinay%'": known(
        "name", lambda v: plain(v.lower()).startswith("epinay")
    ),
    "rank IN (1, 3)": known("rank", lambda v: v in {1, 3}),
    "rank NOT IN (1, 3)": known("rank", lambda v: v not in {1, 3}),
    "name IN ('', '100 %')": known("name", lambda v: v in {"", "100 %"}),
    "rank BETWEEN 1 AND 2": known("rank", lambda v: 1 <= v <= 2),
    "rank NOT BETWEEN 1 AND 2": known("rank", lambda v: not 1 <= v <= 2),
    "name IS NULL": lambda row: row["name"] is None,
    "name IS NOT NULL": lambda row: row["name"] is not None,
    "flag": known("flag", bool),
    "NOT flag": known("flag", lambda v: not v),
    "flag = true": known("flag", bool),
    "flag <> true": known("flag", lambda v: not v),
    "flag IN (false)": known("flag", lambda v: not v),
    "true": lambda row: True,
    "id = 7 OR name IS NULL": lambda row: row["id"] == 7 or row["name"] is None,
    "NOT (rank = 1 OR rank = 2)": known("rank", lambda v: v not in {1, 2}),
    "NOT (rank = 1 AND flag)": lambda row: (
        True
        if (row["rank"] is not None and row["rank"] != 1) or row["flag"] is False
        else (None if None in {row["rank"], row["flag"]} else False)
    ),
    "rank = id": lambda row: None if row["rank"] is None else row["rank"] == row["id"],
    "rank + 1 = 3": known("rank", lambda v: v == 2),
    "id / 2 = 3.5": known("id", lambda v: v == 7),
    "id DIV 2 = 3": known("id", lambda v: v // 2 == 3),
    "id % 10 = 3": known("id", lambda v: v % 10 == 3),
    "id ^ 2 = 49": known("id", lambda v: v == 7),
    "-id = -7": known("id", lambda v: v == 7),
    "id / rank > 50": lambda row: row["id"] / row["rank"] > 50 if row["rank"] else None,
    "day = DATE('2024-01-05')": known("day", lambda v: v == date(2024, 1, 5)),
    "day > '2024-01-05'": known("day", lambda v: v > date(2024, 1, 5)),
    "day <= TIMESTAMP('2024-01-05T12:00:00Z')": known(
        "day", lambda v: v <= date(2024, 1, 5)
    ),
    "moment > TIMESTAMP('2024-01-05T12:00:00Z')": known("moment", lambda v: v > NOON),
    "moment > TIMESTAMP('2024-01-05T14:00:00+02:00')": known(
        "moment", lambda v: v > NOON
    ),
    "moment = DATE('2024-01-05')": known(
        "moment", lambda v: v.date() == date(2024, 1, 5)
    ),
    "moment <> DATE('2024-01-05')": known(
        "moment", lambda v: v.date() != date(2024, 1, 5)
    ),
    "moment < DATE('2024-01-05')": known(
        "moment", lambda v: v.date() < date(2024, 1, 5)
    ),
    "moment <= DATE('2024-01-05')": known(
        "moment", lambda v: v.date() <= date(2024, 1, 5)
    ),
    "DATE('2024-01-05') < moment": known(
        "moment", lambda v: v.date() > date(2024, 1, 5)
    ),
    "day = moment": lambda row: (
        None
        if None in {row["day"], row["moment"]}
        else row["moment"].date() == row["day"]
    ),
    "T_AFTER(moment, DATE('2024-01-05'))": known(
        "moment", lambda v: v.date() > date(2024, 1, 5)
    ),
    "T_BEFORE(day, TIMESTAMP('2024-01-05T12:00:00Z'))": known(
        "day", lambda v: v < date(2024, 1, 5)
    ),
    "T_DURING(day, INTERVAL('2024-01-03','2024-01-09'))": known(
        "day", lambda v: date(2024, 1, 3) < v < date(2024, 1, 9)
    ),
    "T_INTERSECTS(moment, INTERVAL('2024-01-05T12:00:00Z','..'))": known(
        "moment", lambda v: v >= NOON
    ),
    "T_INTERSECTS(moment, INTERVAL('2024-01-03','2024-01-05'))": known(
        "moment", lambda v: date(2024, 1, 3) <= v.date() <= date(2024, 1, 5)
    ),
    "T_DISJOINT(day, INTERVAL('..','2024-01-05'))": known(
        "day", lambda v: v > date(2024, 1, 5)
    ),
    "T_EQUALS(day, DATE('2024-01-05'))": known("day", lambda v: v == date(2024, 1, 5)),
    "T_INTERSECTS(day, INTERVAL('..','..'))": known("day", lambda v: True),
}


def found(loaded: Any, text: str, **more: Any) -> list[int]:
    condition = read_filter(text, loaded.collection, **more)
    page = loaded.source.page(Query(conditions=(condition,)))
    assert loaded.source.count(Query(conditions=(condition,))) == len(page.features)
    return [json.loads(feature)["id"] for feature in page.features]


@pytest.mark.parametrize("text", SCALAR)
def test_a_filter_finds_what_it_says(rich: Any, rich_rows: Any, text: str) -> None:
    wanted = [row["id"] for row in rich_rows if SCALAR[text](row)]
    assert wanted or text in {"rank = id", "name LIKE '100\\_x'", "id / rank > 50"}
    assert found(rich, text) == wanted


@pytest.mark.parametrize("text", SCALAR)
def test_its_negation_finds_the_others_but_not_the_unknown(
    rich: Any, rich_rows: Any, text: str
) -> None:
    wanted = [row["id"] for row in rich_rows if negated(SCALAR[text])(row)]
    assert found(rich, f"NOT ({text})") == wanted


WINDOW = "POLYGON((1 45, 5 45.5, 4.5 48, 0.5 47.5, 1 45))"
SPATIAL = {
    "S_INTERSECTS": shapely.intersects,
    "S_DISJOINT": shapely.disjoint,
    "S_WITHIN": shapely.within,
    "S_CONTAINS": shapely.contains,
    "S_CROSSES": shapely.crosses,
    "S_TOUCHES": shapely.touches,
    "S_OVERLAPS": shapely.overlaps,
    "S_EQUALS": shapely.equals,
}


def moved(shape: shapely.Geometry, target: int) -> shapely.Geometry:
    """Return a stored geometry in another CRS, vertex by vertex."""
    transform = Transformer.from_crs(2154, target, always_xy=True).transform
    return shapely.transform(
        shape, lambda xy: list(zip(*transform(*xy.T), strict=True))
    )


@pytest.mark.parametrize("name", SPATIAL)
@pytest.mark.parametrize("negate", [False, True])
def test_a_spatial_function_holds_in_the_crs_of_the_filter(
    rich: Any, rich_rows: Any, name: str, negate: bool
) -> None:
    window = shapely.from_wkt(WINDOW)
    shapes = {row["id"]: row["geom"] for row in rich_rows if row["geom"] is not None}
    wanted = [
        key
        for key, shape in shapes.items()
        if bool(SPATIAL[name](moved(shape, 4326), window)) is not negate
    ]
    text = f"{name}(geom, {WINDOW})"
    assert found(rich, f"NOT {text}" if negate else text) == wanted


def test_the_operands_may_change_places(rich: Any) -> None:
    within = found(rich, f"S_WITHIN(geom, {WINDOW})")
    assert within
    assert found(rich, f"S_CONTAINS({WINDOW}, geometry)") == within


def test_a_geometry_in_storage_coordinates(rich: Any, rich_rows: Any) -> None:
    shape = shapely.box(400_000, 6_400_000, 800_000, 6_900_000)
    box = shape.wkt
    wanted = [
        r["id"] for r in rich_rows if r["geom"] and shapely.intersects(r["geom"], shape)
    ]
    assert found(rich, f"S_INTERSECTS(geom, {box})", crs=epsg(2154)) == wanted


def test_the_axis_order_follows_the_filter_crs(rich: Any) -> None:
    one = found(rich, "S_INTERSECTS(geom, BBOX(1, 45, 5, 48))", crs=CRS84)
    other = found(rich, "S_INTERSECTS(geom, BBOX(45, 1, 48, 5))", crs=epsg(4326))
    assert one == other != []


def test_a_missing_geometry_can_be_asked_for(rich: Any, rich_rows: Any) -> None:
    wanted = [row["id"] for row in rich_rows if row["geom"] is None]
    assert found(rich, "geom IS NULL") == found(rich, "geometry IS NULL") == wanted


def test_json_keeps_whole_numbers_exact(rich: Any, rich_rows: Any) -> None:
    text = json.dumps({"op": "=", "args": [{"property": "population"}, 2**53 + 1]})
    wanted = [row["id"] for row in rich_rows if row["population"] == 2**53 + 1]
    assert found(rich, text, language=FilterLanguage.JSON) == wanted != []
