"""Layers as they are found in real GeoPackages, through the whole service.

Values are held against what SQLite itself holds, geometries against GEOS.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fiona
import httpx
import numpy as np
import pytest
import shapely
import yaml
from fiona.crs import CRS
from lxml import etree
from pyproj import Transformer

from providers.xml_text import plain_text

FILE = "Données d'été.gpkg"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
TEXTS = ("a", '<b> & "c"', "l'été\n", "100 % / ?#", "", "\u00e9\u0301𝒳", None)
PLACES = [(650000 + n * 1000, 6860000) for n in range(len(TEXTS))]
LAMBERT, MERCATOR, CC49 = 2154, 3857, 3949
LAYERS: dict[str, tuple[str, int, dict[str, str], list[Any]]] = {
    "Voirie Départementale": ("Point", LAMBERT, {"Nom de l'été": "str"}, []),
    "order": ("Point", LAMBERT, {"limit": "str", "bbox": "int", "f": "str"}, []),
    'Table "à" part/%s': ("Point", LAMBERT, {'a "b"': "str", "select": "int"}, []),
    "grands": ("Point", LAMBERT, {"n": "int64", "x": "float"}, [
        (2**53 + 1, 0.1), (-(2**63), 1e308), (2**63 - 1, -0.0), (None, None)]),
    "temps": ("Point", LAMBERT, {"jour": "date", "instant": "datetime"}, [
        ("2024-02-29", "2024-02-29T23:59:59Z"), ("0001-01-01", None), (None, None)]),
    "mercator": ("Point", MERCATOR, {"nom": "str"}, []),
    "zone 49": ("Point", CC49, {"nom": "str"}, []),
    "relief": ("3D Point", LAMBERT, {"nom": "str"}, []),
    "vide": ("Polygon", LAMBERT, {"nom": "str"}, []),
    "large": ("Point", LAMBERT, {f"c{n}": "int" for n in range(250)}, []),
}  # fmt: skip
EMPTY = {"vide"}
every_layer = pytest.mark.parametrize("name", LAYERS)


def row(columns: dict[str, str], number: int) -> tuple[Any, ...]:
    return tuple(
        TEXTS[number] if kind == "str" else number - 3 for kind in columns.values()
    )


def fill(path: Path) -> None:
    for name, (kind, srid, columns, given) in LAYERS.items():
        crs, schema = CRS.from_epsg(srid), {"geometry": kind, "properties": columns}
        rows = given or [row(columns, number) for number in range(len(TEXTS))]
        with fiona.open(
            path, "w", driver="GPKG", layer=name, crs=crs, schema=schema
        ) as layer:
            for number, values in enumerate([] if name in EMPTY else rows):
                layer.write(
                    {
                        "geometry": place(kind, srid, number),
                        "properties": dict(zip(columns, values, strict=True)),
                    }
                )


def place(kind: str, srid: int, number: int) -> dict[str, Any] | None:
    """Return a position; the second row of each layer has none."""
    if number == 1:
        return None
    moved = Transformer.from_crs(LAMBERT, srid, always_xy=True)
    position = moved.transform(*PLACES[number])
    return {
        "type": "Point",
        "coordinates": (*position, 12.5) if kind.startswith("3D") else position,
    }


@dataclass(frozen=True)
class Odd:
    """The service on all odd layers, and the file beneath it."""

    client: httpx.Client
    path: Path

    def rows(self, name: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            table = '"' + name.replace('"', '""') + '"'
            found = connection.execute(f"SELECT * FROM {table} ORDER BY fid")
            return [dict(each) for each in found]

    def get(self, name: str, path: str = "/items", **parameters: str) -> Any:
        answer = self.client.get(
            f"/collections/{identifier(name)}{path}", params=parameters
        )
        assert answer.status_code == 200, answer.text
        return strict(answer.text)


def identifier(name: str) -> str:
    return f"c{list(LAYERS).index(name)}"


def strict(text: str) -> Any:
    def refuse(word: str) -> None:
        pytest.fail(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def odd(
    tmp_path_factory: pytest.TempPathFactory,
    serve: Callable[..., AbstractContextManager[httpx.Client]],
    new_deployment: Callable[[Path, str, str], Any],
) -> Iterator[Odd]:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "silo").mkdir()
    path = folder / "silo" / FILE
    fill(path)
    deployment = new_deployment(folder, "./silo", FILE)
    deployment.describe("curieux")
    target = deployment.folder / "datasets" / "curieux.yml"
    document = yaml.safe_load(target.read_text("utf-8"))
    document["collections"] = [
        {
            "id": identifier(name),
            "source": {"silo": "sig", "container": FILE, "table": name},
        }
        for name in LAYERS
    ]
    target.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    with serve(deployment) as client:
        yield Odd(client, path)


@every_layer
def test_values_are_those_of_the_file(odd: Odd, name: str) -> None:
    features = odd.get(name)["features"]
    rows = odd.rows(name)
    assert [feature["id"] for feature in features] == [each["fid"] for each in rows]
    for feature, each in zip(features, rows, strict=True):
        for column, value in feature["properties"].items():
            assert same(value, each[column]), (column, value, each[column])
        assert feature["properties"].keys() >= LAYERS[name][2].keys()


def same(told: Any, stored: Any) -> bool:
    """Tell whether a value is the stored one; of instants SQLite holds more digits."""
    if isinstance(stored, str) and "T" in stored and stored.endswith("Z"):
        return bool(told[:19] == stored[:19] and told.endswith("Z"))
    return bool(told == stored) and isinstance(told, type(stored))


@every_layer
def test_geometries_are_those_of_the_file(odd: Odd, name: str) -> None:
    srid = LAYERS[name][1]
    moved = Transformer.from_crs(srid, 4326, always_xy=True)
    for feature, each in zip(odd.get(name)["features"], odd.rows(name), strict=True):
        if each["geom"] is None:
            assert feature["geometry"] is None
            continue
        stored = shapely.from_wkb(each["geom"][8:])  # points have no envelope
        expected = moved.transform(stored.x, stored.y)
        found = feature["geometry"]["coordinates"]
        assert np.allclose(found[:2], expected, rtol=0, atol=1e-7)
        if stored.has_z:
            assert found[2:] == [12.5]


@every_layer
def test_pages_streams_files_and_single_features_agree(odd: Odd, name: str) -> None:
    everything = odd.get(name)["features"]
    assert odd.get(name, limit="10000")["features"] == everything
    whole = odd.get(name, f"/download/{identifier(name)}.geojson")
    assert whole["features"] == everything
    paged, page = [], odd.get(name, limit="2")
    while True:
        paged += page["features"]
        following = [e["href"] for e in page["links"] if e["rel"] == "next"]
        if not following:
            break
        query = urlsplit(following[0]).query
        page = strict(
            odd.client.get(f"/collections/{identifier(name)}/items?{query}").text
        )
    assert paged == everything
    for feature in everything:
        one = odd.get(name, f"/items/{feature['id']}")
        assert {key: one[key] for key in feature} == feature


@every_layer
def test_csv_says_the_same_and_is_the_file(
    odd: Odd, name: str, csv_rows: Callable[..., list[list[str | None]]]
) -> None:
    path = f"/collections/{identifier(name)}"
    answer = odd.client.get(f"{path}/items", params={"f": "csv", "limit": "1000"})
    assert answer.status_code == 200, answer.text
    file = odd.client.get(f"{path}/download/{identifier(name)}.csv")
    assert file.status_code in {200, 503}
    if file.status_code == 200:
        assert file.content == answer.content
    names, *rows = csv_rows(answer.content)
    for row, one in zip(rows, odd.get(name)["features"], strict=True):
        texts = dict(zip(names, row, strict=True))
        for column, value in one["properties"].items():
            text = texts[column]
            if isinstance(value, str) or value is None:
                assert text == value
            else:
                assert float(str(text)) == float(value)
        assert (texts["WKT"] is None) == (one["geometry"] is None)
        if one["geometry"] is not None:
            shape = shapely.from_wkt(texts["WKT"])
            place = shapely.get_coordinates(shape, include_z=shape.has_z)[0]
            assert place.tolist() == one["geometry"]["coordinates"]
            assert [texts["longitude"], texts["latitude"]] != [None, None]


@every_layer
def test_other_forms_say_the_same(
    odd: Odd, name: str, assert_valid: Callable[[httpx.Client, bytes], None]
) -> None:
    plain = odd.get(name)["features"]
    for feature, one in zip(odd.get(name, f="jsonfg")["features"], plain, strict=True):
        assert {key: feature[key] for key in one} == one
    path = f"/collections/{identifier(name)}/items"
    answer = odd.client.get(path, params={"f": "gml"})
    assert_valid(odd.client, answer.content)
    root = etree.fromstring(answer.content)
    members = [e for e in root if etree.QName(e).localname == "featureMember"]
    for member, one in zip(members, plain, strict=True):
        texts = {
            plain_text(etree.QName(e).localname): plain_text(e.text or "")
            for e in member[0]
            if not len(e)
        }
        for column, value in one["properties"].items():
            if isinstance(value, str | int):
                assert texts[column].lower() == str(value).lower()
            elif value is None:
                assert column not in texts
        assert sum(len(e) > 0 for e in member[0]) == (one["geometry"] is not None)


@every_layer
def test_every_queryable_filters_and_sorts(odd: Odd, name: str) -> None:
    everything = odd.get(name)["features"]
    for column in list(odd.get(name, "/queryables")["properties"])[:12]:
        if column in {"geometry", "jour", "instant", "n", "x"}:
            continue
        found = odd.get(name, sortby=f"-{column}")["features"]
        values = [feature["properties"][column] for feature in found]
        there = [value for value in values if value is not None]
        assert there == sorted(there, reverse=True)
        for value in there[:3]:
            test = {"op": "=", "args": [{"property": column}, value]}
            asked = {"filter": json.dumps(test), "filter-lang": "cql2-json"}
            assert odd.get(name, **asked)["features"] == [
                f for f in everything if f["properties"][column] == value
            ]


@every_layer
def test_schemas_and_boxes_say_what_there_is(odd: Odd, name: str) -> None:
    schema = odd.get(name, "/schema")["properties"]
    everything = odd.get(name)["features"]
    for feature in everything:
        assert feature["properties"].keys() <= schema.keys()
    placed = [f for f in everything if f["geometry"]]
    unplaced = [f for f in everything if not f["geometry"]]
    assert odd.get(name, bbox="100,10,101,11")["features"] == unplaced
    assert odd.get(name, bbox="-180,-90,180,90")["features"] == everything
    for feature in placed[:2]:
        x, y = feature["geometry"]["coordinates"][:2]
        box = f"{x - 1e-6},{y - 1e-6},{x + 1e-6},{y + 1e-6}"
        found = odd.get(name, bbox=box)["features"]
        assert [f for f in found if f["geometry"]] == [feature]


def test_a_column_named_like_a_parameter_is_reached_by_a_filter(odd: Odd) -> None:
    found = odd.get("order", filter="\"limit\" = 'a' AND bbox = -3", limit="1")
    assert [f["properties"]["limit"] for f in found["features"]] == ["a"]
    path = f"/collections/{identifier('order')}/items"
    assert odd.client.get(path, params={"bbox": "-3"}).status_code == 400
