"""The server in front of each kind of silo, for clients that others wrote."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import geopandas
import httpx
import numpy
import pandas
import psycopg2
import pyogrio
import pytest
import shapely
from psycopg2.extras import execute_values

ROWS = 2_345
MANY = 25_000
NAMES = (
    "Épinay-sur-Seine",
    "L'Île-Saint-Denis",
    'Le « Bourget » & <"co">',
    "back\\slash\\n 100 %",
    "été 🌳🏳️‍🌈 n\u0303",
    "Œuvre + plus ; fin",
)
CONFIGURATION = """\
organisation:
  name: Service des essais
  siren: "229300082"
  email: sig@essais.example
  identifier_base: https://data.example/id
  licence: etalab-2.0
service: {{url: "{url}", title: Données d'essai}}
silos: {{sig: "{silo}"}}
store: ./state.sqlite
"""
DESCRIPTION = """\
id: arbres
identifier: https://data.example/id/arbres
record_identifier: fr-229300082-jdd-00000000-0000-4000-8000-000000000001
service_identifier: fr-229300082-srv-00000000-0000-4000-8000-000000000001
status: published
access: open
title: Arbres d'alignement
abstract: Ce que contiennent les arbres, mesuré et décrit, d'une phrase assez longue.
lineage: Levé sur place.
producer: Service des essais
themes: [au]
topics: [boundaries]
keywords: [essai]
collections:
  - id: arbres
    source: {{silo: sig, container: {container}, table: arbres}}
  - id: parcs
    source: {{silo: sig, container: {container}, table: parcs}}
  - id: semis
    source: {{silo: sig, container: {container}, table: semis}}
"""
PROGRAM = """
import sys
from pathlib import Path
from service.server import serve
serve(Path(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), workers=1)
"""


COLUMNS = {
    "arbres": "numero, nom, hauteur, plante",
    "parcs": "nom",
    "semis": "numero",
}


@dataclass(frozen=True)
class Site:
    """The service as a process of its own, and what its silo holds."""

    url: str
    log: Path
    trees: geopandas.GeoDataFrame
    """As the silo itself tells it, in Lambert-93, in the order of `numero`."""
    parks: geopandas.GeoDataFrame
    points: geopandas.GeoDataFrame
    """Many of them, in the order of `numero`."""

    @contextmanager
    def requests(self) -> Iterator[list[str]]:
        """Collect what was asked for meanwhile, as paths with status, in order."""
        found: list[str] = []
        before = self.log.stat().st_size
        yield found
        with self.log.open("rb") as log:
            log.seek(before)
            lines = log.read().decode().splitlines()
        found += [line.split(" GET ")[1] for line in lines if " GET " in line]

    def assert_trees(
        self,
        found: geopandas.GeoDataFrame,
        chosen: str = "",
        tolerance: float = 0.0,
    ) -> None:
        """Compare trees: numbers, texts and dates exactly, coordinates within a bound.

        Parameters
        ----------
        chosen
            Which of the trees they ought to be; all without it.
        tolerance
            In units of the CRS that was found.
        """
        held = self.trees.query(chosen, engine="python") if chosen else self.trees
        assert len(held) > 0
        assert found["numero"].tolist() == held["numero"].tolist()
        for name in ("nom", "plante"):
            mine, theirs = found[name].astype(object), held[name].astype(object)
            assert mine.isna().tolist() == theirs.isna().tolist()
            length = 10 if name == "plante" else None
            pairs = zip(mine.dropna(), theirs.dropna(), strict=True)
            assert all(str(a)[:length] == str(b)[:length] for a, b in pairs)
        assert found["hauteur"].tolist() == held["hauteur"].tolist()
        mine = shapely.get_coordinates(found.geometry.array)
        theirs = shapely.get_coordinates(held.to_crs(found.crs).geometry.array)
        assert abs(mine - theirs).max() <= tolerance


def made_trees() -> geopandas.GeoDataFrame:
    """Return trees with awkward names, without some values."""
    numbers = range(1, ROWS + 1)
    return geopandas.GeoDataFrame(
        {
            "numero": list(numbers),
            "nom": [None if i % 50 == 0 else f"{NAMES[i % 6]} {i}" for i in numbers],
            "hauteur": [i / 7 for i in numbers],
            "plante": [date(2015, 1, 1) + timedelta(days=i) for i in numbers],
        },
        geometry=[
            shapely.Point(650_000 + i * 37 % 9_000, 6_860_000 + i * 53 % 9_000)
            for i in numbers
        ],
        crs=2154,
    )


def made_parks() -> geopandas.GeoDataFrame:
    """Return polygons with a hole."""
    shapes = []
    for i in range(40):
        west, south = 650_000 + i % 8 * 1_000, 6_860_000 + i // 8 * 1_000
        hole = shapely.box(west + 300, south + 300, west + 500, south + 500)
        shapes.append(shapely.box(west, south, west + 900, south + 900) - hole)
    names = [f"Parc n° {i} — {NAMES[i % 6]}" for i in range(40)]
    return geopandas.GeoDataFrame({"nom": names}, geometry=shapes, crs=2154)


def made_points() -> geopandas.GeoDataFrame:
    """Return many points."""
    numbers = numpy.arange(1, MANY + 1)
    places = shapely.points(
        640_000 + numbers * 37 % 29_989, 6_850_000 + numbers * 53 % 29_983
    )
    return geopandas.GeoDataFrame({"numero": numbers}, geometry=places, crs=2154)


def fill_geopackage(folder: Path) -> tuple[str, str]:
    (folder / "silo").mkdir()
    path = folder / "silo" / "base.gpkg"
    columns = {"numero": "int", "nom": "str", "hauteur": "float", "plante": "date"}
    schema = {"geometry": "Point", "properties": columns}
    made_trees().to_file(path, layer="arbres", engine="fiona", schema=schema)
    pyogrio.write_dataframe(made_parks(), path, layer="parcs", driver="GPKG")
    pyogrio.write_dataframe(made_points(), path, layer="semis", driver="GPKG")
    return "./silo", "base.gpkg"


def fill_postgis(address: str) -> tuple[str, str]:
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE TABLE arbres (numero integer PRIMARY KEY, nom text,
                hauteur double precision, plante date, geom geometry(Point, 2154));
            CREATE TABLE parcs (cle serial PRIMARY KEY, nom text,
                geom geometry(Polygon, 2154));
            CREATE TABLE semis (numero integer PRIMARY KEY, geom geometry(Point, 2154));
            """
        )
        trees = made_trees().astype({"nom": object})
        trees["nom"] = trees["nom"].where(trees["nom"].notna(), None)
        rows = trees.itertuples(index=False)
        execute_values(
            cursor,
            "INSERT INTO arbres VALUES %s",
            [(*row[:4], row[4].wkb) for row in rows],
            "(%s, %s, %s, %s, ST_GeomFromWKB(%s, 2154))",
        )
        execute_values(
            cursor,
            "INSERT INTO parcs (nom, geom) VALUES %s",
            [(row[0], row[1].wkb) for row in made_parks().itertuples(index=False)],
            "(%s, ST_GeomFromWKB(%s, 2154))",
        )
        points = made_points().itertuples(index=False)
        execute_values(
            cursor,
            "INSERT INTO semis VALUES %s",
            [(int(row[0]), row[1].wkb) for row in points],
            "(%s, ST_GeomFromWKB(%s, 2154))",
            page_size=5_000,
        )
    connection.close()
    return address, "public"


def held(silo: str, folder: Path, table: str) -> geopandas.GeoDataFrame:
    """Return a table as the silo itself tells it."""
    if not silo.startswith("postgresql:"):
        return pyogrio.read_dataframe(folder / "silo" / "base.gpkg", layer=table)
    connection = psycopg2.connect(silo)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS[table]}, ST_AsBinary(geom) FROM {table} ORDER BY 1"
        )
        names = [column.name for column in cursor.description or ()][:-1]
        rows = cursor.fetchall()
    connection.close()
    data = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    if "plante" in data:
        data["plante"] = pandas.to_datetime(data["plante"])
    shapes = shapely.from_wkb([bytes(row[-1]) for row in rows])
    return geopandas.GeoDataFrame(data, geometry=shapes, crs=2154)


@contextmanager
def process(configuration: Path, port: int, log: Path) -> Iterator[None]:
    """Run the service; GDAL holds the interpreter's lock, so not in a thread."""
    command = [sys.executable, "-c", PROGRAM, str(configuration), str(port)]
    with log.open("wb") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield
        finally:
            started.terminate()
            try:
                started.wait(20)
            finally:
                started.kill()
                started.wait()


def answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def wait_until(what: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            pytest.fail("the service did not start in time")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module", params=["geopackage", "postgis"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The server in front of each kind of silo; for reading only."""
    folder = tmp_path_factory.mktemp("clients")
    if request.param == "postgis":
        silo, container = fill_postgis(request.getfixturevalue("module_postgis"))
    else:
        silo, container = fill_geopackage(folder)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "datasets").mkdir()
    description = DESCRIPTION.format(container=container)
    (folder / "datasets" / "arbres.yml").write_text(description, encoding="utf-8")
    configuration = folder / "passerelle.yml"
    text = CONFIGURATION.format(url=url, silo=silo)
    configuration.write_text(text, encoding="utf-8")
    log = folder / "log"
    with process(configuration, port, log):
        wait_until(lambda: answers(url))
        tables = [held(silo, folder, name) for name in COLUMNS]
        yield Site(url, log, *tables)
