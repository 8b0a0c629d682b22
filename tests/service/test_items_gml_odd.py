"""What else a table may hold, as GML: valid, and what GeoJSON says of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import numpy as np
import pytest
import shapely
from lxml import etree

from service.gml_form import GML_SPACE

APP = "https://data.example/id/courbes/courbes"
PARSER = etree.XMLParser(no_network=True, resolve_entities=False, huge_tree=True)
Serve = Callable[..., AbstractContextManager[httpx.Client]]
Valid = Callable[[httpx.Client, bytes], None]
CRS = "http://www.opengis.net/def/crs/EPSG/0/2154"
WKT = {
    "none": None,
    "arc": "CIRCULARSTRING(0 0, 1 1, 2 0)",
    "arc with heights": "CIRCULARSTRING Z(0 0 5, 1 1 6, 2 0 7)",
    "compound": "COMPOUNDCURVE(CIRCULARSTRING(0 0, 1 1, 2 0), (2 0, 3 0))",
    "disc": "CURVEPOLYGON(CIRCULARSTRING(0 0, 2 2, 4 0, 2 -2, 0 0))",
    "multicurve": "MULTICURVE((0 0, 1 1), CIRCULARSTRING(4 4, 5 5, 6 4))",
    "multisurface": "MULTISURFACE(CURVEPOLYGON(CIRCULARSTRING(0 0,2 2,4 0,2 -2,0 0)),"
    "((10 10, 14 12, 11 10, 10 10)))",
    "tin": "TIN Z(((0 0 0, 0 1 0, 1 0 1, 0 0 0)), ((0 1 0, 1 1 2, 1 0 1, 0 1 0)))",
    "triangle": "TRIANGLE((0 0, 0 9, 9 0, 0 0))",
    "polyhedron": "POLYHEDRALSURFACE Z(((0 0 0,0 1 0,1 1 0,0 0 0)),"
    "((0 0 0,1 1 0,1 1 1,0 0 0)))",
    "flat": "POINT(1 2)",
    "deep": "POINT Z(1 2 3)",
    "measured": "LINESTRING M(1 2 3, 4 5 6)",
    "deep and measured": "LINESTRING ZM(1 2 3 4, 5 6 7 8)",
    "empty": "POLYGON EMPTY",
    "empty deep": "POINT Z EMPTY",
    "empty curve": "CIRCULARSTRING EMPTY",
    "empty compound": "COMPOUNDCURVE EMPTY",
    "empty disc": "CURVEPOLYGON EMPTY",
    "curves partly empty": "MULTICURVE(CIRCULARSTRING EMPTY, (0 0, 1 1))",
    "discs partly empty": "MULTISURFACE(CURVEPOLYGON EMPTY, ((0 0, 0 1, 1 0, 0 0)))",
    "collected with an empty arc": "GEOMETRYCOLLECTION(CIRCULARSTRING EMPTY,"
    "POINT(1 2))",
    "nested with empty arcs": "GEOMETRYCOLLECTION(POINT(1 2),GEOMETRYCOLLECTION("
    "MULTICURVE(CIRCULARSTRING EMPTY, (0 0, 1 1)), CURVEPOLYGON EMPTY), POINT(3 4))",
    "nothing but empty curves": "MULTICURVE(CIRCULARSTRING EMPTY)",
    "partly empty": "MULTIPOLYGON(EMPTY, ((0 0, 0 1, 1 0, 0 0)))",
    "points partly empty": "MULTIPOINT(EMPTY, (1 2))",
    "all empty": "GEOMETRYCOLLECTION(POINT EMPTY, LINESTRING EMPTY)",
    "curves nested": "GEOMETRYCOLLECTION(CIRCULARSTRING(0 0, 1 1, 2 0),"
    "GEOMETRYCOLLECTION(POINT(7 7), CURVEPOLYGON((0 0, 1 1, 1 0, 0 0))))",
    "not a number": "LINESTRING(0 0, NaN 1)",
    "large": "POINT(1e300 -1e300)",
    "fine": "POINT(0.1234567890123 -0.0000000001)",
    "crossing itself": "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))",
}
NOWHERE = {
    *("none", "empty", "empty deep", "all empty", "not a number"),
    *("empty curve", "empty compound", "empty disc", "nothing but empty curves"),
}
PARTLY = {
    "curves partly empty": "MULTILINESTRING((0 0, 1 1))",
    "discs partly empty": "MULTIPOLYGON(((0 0, 0 1, 1 0, 0 0)))",
    "collected with an empty arc": "GEOMETRYCOLLECTION(POINT(1 2))",
    "nested with empty arcs": "GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1),"
    "POINT(3 4))",
}
"""Of which PostGIS makes lines of whatever is in the memory, or fails for all rows."""


@pytest.fixture
def curves(on_postgis: Any, serve: Serve) -> Iterator[httpx.Client]:
    """The service on geometries of every kind PostGIS has, in one column."""
    rows = ", ".join(
        f"({n}, '{sort}', "
        + ("NULL" if wkt is None else f"ST_GeomFromText('{wkt}', 2154)")
        + ")"
        for n, (sort, wkt) in enumerate(WKT.items(), 1)
    )
    on_postgis.execute(
        "CREATE TABLE courbes (id integer PRIMARY KEY, sort text, geom geometry);"
        f"INSERT INTO courbes VALUES {rows}"
    )
    on_postgis.describe("courbes", "courbes")
    with serve(on_postgis) as client:
        yield client


def found(client: httpx.Client, **asked: Any) -> dict[str, etree._Element | None]:
    """Return the geometry of each feature by its sort."""
    answer = client.get("/collections/courbes/items", params={"f": "gml", **asked})
    assert answer.status_code == 200, answer.text
    root = etree.fromstring(answer.content, PARSER)
    features = root.iter(f"{{{APP}}}courbes")
    return {
        f.findtext(f"{{{APP}}}sort") or "": f.find(f"{{{APP}}}geometry")
        for f in features
    }


def positions(element: etree._Element) -> list[list[float]]:
    """Return all positions of a geometry, in order, as GML has them."""
    rows = []
    for each in element.iter(f"{{{GML_SPACE}}}pos", f"{{{GML_SPACE}}}posList"):
        width = int(each.get("srsDimension", "2"))
        numbers = [float(number) for number in (each.text or "").split()]
        rows += [numbers[i : i + width] for i in range(0, len(numbers), width)]
    return rows


@pytest.mark.postgis
@pytest.mark.parametrize("limit", [100, 2000])
def test_every_kind_of_geometry_is_that_of_geojson(
    curves: httpx.Client, assert_valid: Valid, limit: int
) -> None:
    asked: Any = {"crs": CRS, "limit": limit}
    path = "/collections/courbes/items"
    assert_valid(curves, curves.get(path, params={"f": "gml", **asked}).content)
    features = curves.get(path, params=asked).json()["features"]
    places = found(curves, **asked)
    assert places.keys() == WKT.keys()
    assert {sort for sort, place in places.items() if place is None} == NOWHERE
    for feature in features:
        place, said = places[feature["properties"]["sort"]], feature["geometry"]
        if place is None or said is None:
            continue
        shape = shapely.geometry.shape(without_empty_parts(said))
        expected = shapely.get_coordinates(shape, include_z=shape.has_z)
        mine = np.array(positions(place))
        assert mine.shape == expected.shape, feature["properties"]["sort"]
        assert np.allclose(mine, expected, rtol=0, atol=1e-3)


@pytest.mark.postgis
def test_empty_curves_are_left_out_and_break_no_page(curves: httpx.Client) -> None:
    page = curves.get("/collections/courbes/items", params={"crs": CRS, "limit": 100})
    said = {f["properties"]["sort"]: f["geometry"] for f in page.json()["features"]}
    for sort in NOWHERE:
        assert said[sort] is None or not said[sort].get("coordinates"), sort
    for sort, wkt in PARTLY.items():
        assert shapely.geometry.shape(said[sort]).equals(shapely.from_wkt(wkt)), sort
        assert said[sort]["type"] == shapely.from_wkt(wkt).geom_type
    box = {"bbox": "-10,-10,10,10", "bbox-crs": CRS}
    inside = curves.get("/collections/courbes/items", params={**box, "limit": 100})
    assert inside.status_code == 200


def without_empty_parts(geometry: dict[str, Any]) -> dict[str, Any]:
    if "geometries" in geometry:
        parts = [p for p in geometry["geometries"] if p.get("coordinates") != []]
        return {**geometry, "geometries": parts}
    return {**geometry, "coordinates": [c for c in geometry["coordinates"] if c != []]}


@pytest.mark.postgis
@pytest.mark.parametrize("crs", ["OGC/1.3/CRS84", "EPSG/0/4326", "EPSG/0/3857"])
def test_what_a_system_does_not_reach_is_left_out_and_all_else_is_there(
    curves: httpx.Client, assert_valid: Valid, crs: str
) -> None:
    asked: Any = {"crs": f"http://www.opengis.net/def/crs/{crs}", "limit": 100}
    answer = curves.get("/collections/courbes/items", params={"f": "gml", **asked})
    assert_valid(curves, answer.content)
    assert b"NaN" not in answer.content
    assert b"nf" not in b" ".join(
        text.encode()
        for e in etree.fromstring(answer.content, PARSER).iter(f"{{{GML_SPACE}}}pos")
        for text in [e.text or ""]
    )
    assert found(curves, **asked).keys() == WKT.keys()


def test_texts_of_a_file_that_are_no_unicode_do_not_break_the_page(
    on_geopackage: Any, serve: Serve, assert_valid: Valid
) -> None:
    path = on_geopackage.folder / "silo" / "base.gpkg"
    with sqlite3.connect(path) as file:
        odd = [
            b"caf\xe9", b"\xed\xa0\x80 half", b"\xff\xfe", b"nul \x00 within",
            b"\xc0\x80", b"]]>", b"\x1b[31m", b"\xef\xbf\xbe", b"<!ENTITY x 'y'>&x;",
        ]  # fmt: skip
        # functions of theirs are GDAL's
        for (name,) in file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            " AND tbl_name = 'places'"
        ).fetchall():
            file.execute(f'DROP TRIGGER "{name}"')
        for number, text in enumerate(odd, 1):
            file.execute(
                "UPDATE places SET nom = CAST(? AS TEXT) WHERE fid = ?", (text, number)
            )
    file.close()
    on_geopackage.describe("lieux", "places")
    with serve(on_geopackage) as client:
        for limit in (30, 2000):
            asked: Any = {"f": "gml", "limit": limit}
            answer = client.get("/collections/places/items", params=asked)
            assert answer.status_code == 200, answer.text
            assert_valid(client, answer.content)
            root = etree.fromstring(answer.content, PARSER)
            space = "{https://data.example/id/lieux/places}"
            names = [e.text for e in root.iter(f"{space}nom")]
            assert len(names) == 30
            assert names[5] == "]]>"
            assert names[6] == "_x001B_[31m"
            assert names[7] == "_xFFFE_"
            assert names[8] == "<!ENTITY x 'y'>&x;"
        plain = client.get("/collections/places/items", params={"limit": 30})
        assert plain.status_code == 200
