"""Our plugins in an unmodified pygeoapi, run as its own Flask application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
WINDOW = "POLYGON((1 45, 5 45, 5 48, 1 48, 1 45))"


def resources(rich: Any) -> dict[str, Any]:
    """Return what a deployer of pygeoapi would write of the table."""
    provider = {
        "type": "feature",
        "name": (
            "providers.postgis.PostgisProvider"
            if rich.is_postgis
            else "providers.geopackage.GeopackageProvider"
        ),
        "data": rich.location,
        "table": "rich",
        "id_field": "id",
        "geom_field": "geom",
        "time_field": "moment",
        "storage_crs": f"{EPSG}2154",
        "crs": [CRS84, f"{EPSG}4326", f"{EPSG}2154"],
        "columns": {"exclude": ["secret"], "rename": {"code": "insee"}},
    }
    return {
        "rich": {
            "type": "collection",
            "title": "Rich",
            "description": "Rich",
            "keywords": ["test"],
            "links": [],
            "extents": {"spatial": {"bbox": [-180, -90, 180, 90], "crs": CRS84}},
            "providers": [provider],
        }
    }


@pytest.fixture(scope="module")
def stock(
    rich: Any, tmp_path_factory: pytest.TempPathFactory, stock_pygeoapi: Any
) -> Iterator[httpx.Client]:
    """Stock pygeoapi on the rich table."""
    folder = tmp_path_factory.mktemp("pygeoapi")
    with stock_pygeoapi(folder, resources(rich)) as client:
        client.base_url = client.base_url.join("/collections/rich")
        yield client


def items(stock: httpx.Client, **parameters: Any) -> dict[str, Any]:
    answer = stock.get("/items", params={"f": "json", **parameters})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids(stock: httpx.Client, **parameters: Any) -> list[int]:
    document = items(stock, **{"limit": 500, **parameters})
    assert document["numberReturned"] == len(document["features"])
    return [feature["id"] for feature in document["features"]]


def test_items_in_pages(stock: httpx.Client, rich_rows: Any) -> None:
    document = items(stock, limit=5, offset=10)
    assert [feature["id"] for feature in document["features"]] == [11, 12, 13, 14, 15]
    assert document["numberMatched"] == len(rich_rows)
    assert "secret" not in str(document)


def test_values_are_those_of_the_rows(stock: httpx.Client, rich_rows: Any) -> None:
    for feature, row in zip(
        items(stock, limit=500)["features"], rich_rows, strict=True
    ):
        for name in ("population", "ratio", "rank", "flag", "insee"):
            assert feature["properties"][name] == row[name]


@pytest.mark.parametrize(
    ("parameters", "test"),
    [
        ({"rank": "2"}, lambda row: row["rank"] == 2),
        ({"insee": "93007"}, lambda row: row["insee"] == "93007"),
        ({"filter": "rank = 2"}, lambda row: row["rank"] == 2),
        (
            {"filter": "rank IN (1,2) AND NOT flag = TRUE"},
            lambda row: row["rank"] in {1, 2} and row["flag"] is False,
        ),
        (
            {"filter": "name LIKE 'Saint%'"},
            lambda row: (row["name"] or "").startswith("Saint"),
        ),
        ({"filter": "rank IS NULL"}, lambda row: row["rank"] is None),
        (
            {"filter": "rank BETWEEN 1 AND 2"},
            lambda row: row["rank"] is not None and 1 <= row["rank"] <= 2,
        ),
        ({"filter": "rank + 1 = 3"}, lambda row: row["rank"] == 2),
        (
            {"filter": "moment AFTER 2024-01-05T00:00:00Z"},
            lambda row: (
                row["moment"] and row["moment"].isoformat() > "2024-01-05T00:00:00"
            ),
        ),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_conditions(
    stock: httpx.Client, rich_rows: Any, parameters: Any, test: Any
) -> None:
    wanted = [row["id"] for row in rich_rows if test(row)]
    assert ids(stock, **parameters) == wanted != []


def test_time(stock: httpx.Client, rich_rows: Any) -> None:
    wanted = [
        row["id"]
        for row in rich_rows
        if row["moment"] is None or row["moment"].date().isoformat() <= "2024-01-05"
    ]
    assert ids(stock, datetime="../2024-01-05") == wanted


def test_a_spatial_filter_agrees_with_a_box(stock: httpx.Client) -> None:
    boxed = ids(stock, bbox="1,45,5,48")
    filtered = ids(stock, filter=f"INTERSECTS(geom, {WINDOW})")
    assert len(set(boxed) & set(filtered)) > 5


def test_a_box_in_storage_coordinates(stock: httpx.Client, rich_rows: Any) -> None:
    import shapely

    box = shapely.box(400_000, 6_400_000, 800_000, 6_900_000)
    wanted = [r["id"] for r in rich_rows if not r["geom"] or r["geom"].intersects(box)]
    found = ids(
        stock, **{"bbox": "400000,6400000,800000,6900000", "bbox-crs": f"{EPSG}2154"}
    )
    assert found == wanted


def test_sorting_selecting_and_leaving_out(stock: httpx.Client, rich_rows: Any) -> None:
    document = items(stock, sortby="-rank,name", properties="rank", skipGeometry="true")
    ranks = [feature["properties"]["rank"] for feature in document["features"]]
    assert ranks == [3] * 10
    assert all(feature["geometry"] is None for feature in document["features"])
    assert all(
        list(feature["properties"]) == ["rank"] for feature in document["features"]
    )


def test_hits(stock: httpx.Client, rich_rows: Any) -> None:
    document = items(stock, resulttype="hits")
    assert document["numberMatched"] == len(rich_rows)
    assert document["features"] == []


def test_coordinates_follow_the_crs(stock: httpx.Client) -> None:
    def first(crs: str) -> Any:
        found = items(stock, crs=crs, limit=50)["features"]
        return next(
            f for f in found if f["geometry"] and f["geometry"]["type"] == "Point"
        )["geometry"]["coordinates"]

    longitude, latitude = first(CRS84)
    assert first(f"{EPSG}4326") == [latitude, longitude]
    assert first(f"{EPSG}2154")[0] > 100_000


def test_one_item(stock: httpx.Client) -> None:
    assert stock.get("/items/7", params={"f": "json"}).json()["id"] == 7
    assert stock.get("/items/abc", params={"f": "json"}).status_code == 404
    assert stock.get("/items/99999", params={"f": "json"}).status_code == 404


def test_queryables_are_the_published_columns(stock: httpx.Client) -> None:
    found = stock.get("/queryables", params={"f": "json"}).json()["properties"]
    assert "insee" in found
    assert found["population"]["type"] == "integer"
    assert not {"secret", "code"} & found.keys()


@pytest.mark.parametrize(
    "parameters", [{"rank": "x"}, {"filter": "secret = 'x'"}, {"q": "x"}], ids=str
)
def test_what_cannot_be_answered_is_refused(
    stock: httpx.Client, parameters: Any
) -> None:
    assert stock.get("/items", params={"f": "json", **parameters}).status_code == 400
