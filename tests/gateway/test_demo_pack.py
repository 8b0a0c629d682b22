"""The demonstration's data: complete, honest, and the same in both silos."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import fiona
import psycopg2
import pytest
import shapely
import shapely.geometry

from gateway.demo.pack import DemoTable, read_pack, write_geopackages, write_postgis

ROOT = Path(__file__).resolve().parents[2]
BOX = shapely.box(2.25, 48.80, 2.65, 49.05)
"""Seine-Saint-Denis, degrees."""


@pytest.fixture(scope="module")
def tables() -> dict[str, DemoTable]:
    return {table.name: table for table in read_pack()}


def column(table: DemoTable, name: str) -> list[object]:
    index = [part.name for part in table.columns].index(name)
    return [values[index] for values, _ in table.rows]


def is_siren(text: str) -> bool:
    """Nine digits, the last of which checks the others (Luhn)."""
    digits = [int(digit) * (1 + n % 2) for n, digit in enumerate(reversed(text))]
    return bool(re.fullmatch(r"\d{9}", text)) and not sum(map(sum_of, digits)) % 10


def sum_of(number: int) -> int:
    return number // 10 + number % 10


def test_the_communes_are_those_of_2026(tables: dict[str, DemoTable]) -> None:
    communes = tables["communes"]
    codes = column(communes, "code_insee")
    assert len(set(codes)) == len(communes.rows) == 39
    assert "93059" not in codes  # joined 93066 in 2025
    assert [s for s in column(communes, "siren") if not is_siren(str(s))] == []


def test_populations_add_up(tables: dict[str, DemoTable]) -> None:
    """The département's totals as INSEE published them."""
    population = tables["population"]
    totals: dict[str, int] = {}
    for when, count in zip(
        column(population, "date_reference"),
        column(population, "population_municipale"),
        strict=True,
    ):
        assert isinstance(count, int)
        totals[str(when)] = totals.get(str(when), 0) + count
    assert totals == {
        "2019-01-01": 1_644_903,
        "2020-01-01": 1_655_422,
        "2022-01-01": 1_681_725,
        "2023-01-01": 1_704_316,
    }
    for name in ("communes", "territoires"):
        assert sum(map(int, column(tables[name], "population_municipale"))) == 1_704_316  # type: ignore[call-overload]


def test_every_commune_lies_in_the_schema_of_its_territory(
    tables: dict[str, DemoTable],
) -> None:
    territories = tables["territoires"]
    shapes = dict(
        zip(column(territories, "nom"), [s for _, s in territories.rows], strict=True)
    )
    communes = tables["communes"]
    for name, (_, point) in zip(
        column(communes, "territoire"), communes.rows, strict=True
    ):
        assert shapes[name] is not None
        assert shapes[name].contains(point)


def test_what_is_schematic_or_approximate_says_so(tables: dict[str, DemoTable]) -> None:
    assert "schématiques" in tables["territoires"].comment
    assert "schéma" in tables["territoires"].title
    assert "et non le contour" in tables["communes"].comment
    assert set(column(tables["communes"], "position")) == {
        "hôtel de ville",
        "point intérieur",
    }


def test_geopackages_hold_the_pack(
    tables: dict[str, DemoTable], tmp_path: Path
) -> None:
    paths = write_geopackages(tables.values(), tmp_path)
    assert {path.name for path in paths} == {"administratif.gpkg", "population.gpkg"}
    for table in tables.values():
        path = tmp_path / f"{table.container}.gpkg"
        with fiona.open(path, layer=table.name) as layer:
            assert len(layer) == len(table.rows)
            assert layer.crs.to_epsg() == table.crs
            for found, (_, meant) in zip(layer, table.rows, strict=True):
                geometry = found.geometry
                shape = shapely.geometry.shape(geometry) if geometry else None
                assert shape == meant
    with closing(sqlite3.connect(tmp_path / "administratif.gpkg")) as file:
        comments = dict(
            file.execute("SELECT table_name, description FROM gpkg_contents")
        )
        columns = file.execute("SELECT count(*) FROM gpkg_data_columns").fetchone()
    assert comments["communes"] == tables["communes"].comment
    assert columns == (9 + 4,)


def test_written_twice_it_is_the_same(
    tables: dict[str, DemoTable], tmp_path: Path
) -> None:
    for _ in range(2):
        write_geopackages(tables.values(), tmp_path)
    with fiona.open(tmp_path / "administratif.gpkg", layer="communes") as layer:
        assert len(layer) == 39


@pytest.mark.postgis
def test_a_database_holds_the_pack(tables: dict[str, DemoTable], postgis: str) -> None:
    for _ in range(2):
        write_postgis(tables.values(), postgis)
    with (
        closing(psycopg2.connect(postgis)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT count(*), count(geom), ST_AsText(ST_Extent(ST_Transform(geom,"
            " 4326))), obj_description('public.communes'::regclass) FROM communes"
        )
        count, placed, extent, comment = cursor.fetchone()
        cursor.execute("SELECT count(*), count(geom) FROM population")
        assert cursor.fetchone() == (159, 156)
    assert (count, placed) == (39, 39)
    assert BOX.contains(shapely.from_wkt(extent))
    assert tables["communes"].comment in comment


def test_the_generator_is_what_the_papers_say() -> None:
    paper = (ROOT / "pygeoapi-config" / "demo" / "README.md").read_text("utf-8")
    assert "tests/data/make_demo.py" in paper
    assert (ROOT / "tests" / "data" / "make_demo.py").is_file()
