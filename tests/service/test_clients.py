"""Clients that others wrote, on the real server: GDAL (OAPIF), OWSLib, geopandas."""

from __future__ import annotations

import math
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import geopandas
import httpx
import pandas
import psycopg2
import pyogrio
import pyproj
import pytest
import shapely
from owslib.ogcapi.features import Features
from psycopg2.extras import execute_values

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
ROWS = 2_345
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
"""
PROGRAM = """
import sys
from pathlib import Path
from service.server import serve
serve(Path(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), workers=1)
"""


@dataclass(frozen=True)
class Site:
    """The service as a process of its own, and what its silo holds."""

    url: str
    log: Path
    trees: geopandas.GeoDataFrame
    """As the silo itself tells it, in Lambert-93, in the order of `numero`."""
    parks: geopandas.GeoDataFrame

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


def fill_geopackage(folder: Path) -> tuple[str, str]:
    (folder / "silo").mkdir()
    path = folder / "silo" / "base.gpkg"
    columns = {"numero": "int", "nom": "str", "hauteur": "float", "plante": "date"}
    schema = {"geometry": "Point", "properties": columns}
    made_trees().to_file(path, layer="arbres", engine="fiona", schema=schema)
    pyogrio.write_dataframe(made_parks(), path, layer="parcs", driver="GPKG")
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
    connection.close()
    return address, "public"


def held(silo: str, folder: Path, table: str) -> geopandas.GeoDataFrame:
    """Return a table as the silo itself tells it."""
    if not silo.startswith("postgresql:"):
        return pyogrio.read_dataframe(folder / "silo" / "base.gpkg", layer=table)
    connection = psycopg2.connect(silo)
    with connection, connection.cursor() as cursor:
        columns = "numero, nom, hauteur, plante" if table == "arbres" else "nom"
        cursor.execute(f"SELECT {columns}, ST_AsBinary(geom) FROM {table} ORDER BY 1")
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
        trees = held(silo, folder, "arbres")
        yield Site(url, log, trees, held(silo, folder, "parcs"))


class TestGdal:
    """GDAL's driver for OGC API Features, as QGIS scripts and ogr2ogr use it."""

    def read(self, site: Site, layer: str = "arbres", **options: Any) -> Any:
        return pyogrio.read_dataframe(f"OAPIF:{site.url}", layer=layer, **options)

    @pytest.mark.parametrize("root", ["", "/datasets/arbres"])
    def test_layers_are_the_collections(self, site: Site, root: str) -> None:
        layers = pyogrio.list_layers(f"OAPIF:{site.url}{root}").tolist()
        assert layers == [["arbres", "Point"], ["parcs", "Polygon"]]

    @pytest.mark.parametrize("page", [None, 100, 2_344, 2_345])
    def test_every_feature_comes_once_and_exactly(
        self, site: Site, page: int | None
    ) -> None:
        options = {} if page is None else {"PAGE_SIZE": page}
        with site.requests() as asked:
            found = self.read(site, **options)
        assert_same(found, site.trees)
        pages = [parse(line) for line in asked if "/items?" in line and "crs=" in line]
        assert len(pages) == math.ceil(ROWS / (page or 1_000))
        assert "cursor" not in pages[0]
        assert len({each["cursor"] for each in pages[1:]}) == len(pages) - 1
        assert all("offset" not in each for each in pages)
        assert all(line.endswith(" 200 OK") for line in asked)

    def test_polygons_keep_their_holes(self, site: Site) -> None:
        found = self.read(site, "parcs").sort_values("nom")
        held = site.parks.sort_values("nom")
        assert found["nom"].tolist() == held["nom"].tolist()
        same = shapely.equals_exact(
            shapely.normalize(found.geometry.array),
            shapely.normalize(held.geometry.array),
        )
        assert same.all()

    @pytest.mark.parametrize(
        "crs", ["EPSG:2154", "EPSG:3857", "EPSG:4326", "OGC:CRS84"]
    )
    def test_a_chosen_crs_has_its_axes_in_the_right_order(
        self, site: Site, crs: str
    ) -> None:
        found = self.read(site, CRS=crs)
        assert found.crs.equals(pyproj.CRS(crs), ignore_axis_order=True)
        tolerance = 2e-8 if found.crs.is_geographic else 2e-3
        assert_same(found, site.trees.to_crs(crs), tolerance)

    def test_the_box_is_the_servers_work(self, site: Site) -> None:
        box = (651_000.0, 6_861_000.0, 653_000.0, 6_863_000.0)
        with site.requests() as asked:
            found = self.read(site, bbox=box)
        inside = site.trees[site.trees.intersects(shapely.box(*box))]
        assert 0 < len(inside) < ROWS
        assert_same(found, inside)
        last = parse(asked[-1])
        assert [float(each) for each in last["bbox"].split(",")] == list(box)
        assert last["bbox-crs"] == f"{EPSG}2154"

    @pytest.mark.parametrize(
        ("where", "condition"),
        [
            ("numero > 2000 AND hauteur < 300.5", "numero > 2000 and hauteur < 300.5"),
            ("nom = 'L''Île-Saint-Denis 7'", 'nom == "L\'Île-Saint-Denis 7"'),
            ("nom LIKE 'Œ%'", "nom.str.startswith('Œ', na=False)"),
            ("nom LIKE 'été 🌳%'", "nom.str.startswith('été 🌳', na=False)"),
            ("nom IS NULL", "nom.isna()"),
            ("NOT (numero > 5) OR nom IS NULL", "numero <= 5 or nom.isna()"),
            ("numero BETWEEN 3 AND 8", "3 <= numero <= 8"),
            ("plante >= '2021/01/01 00:00:00'", "plante >= '2021-01-01'"),
            ("plante >= '2021-01-01'", "plante >= '2021-01-01'"),
        ],
    )
    def test_conditions_are_the_servers_work(
        self, site: Site, where: str, condition: str
    ) -> None:
        with site.requests() as asked:
            root = f"OAPIF:{site.url}/datasets/arbres"
            found = pyogrio.read_dataframe(root, layer="arbres", where=where)
        chosen = site.trees.query(condition, engine="python")
        assert 0 < len(chosen) < ROWS
        assert_same(found, chosen)
        last = parse(asked[-1])
        assert last["filter-lang"] == "cql-text"
        assert last["filter"]

    def test_the_service_root_answers_conditions_as_well(self, site: Site) -> None:
        found = self.read(site, where="nom LIKE 'Œ%' AND numero < 500")
        names = site.trees["nom"].str.startswith("Œ", na=False)
        assert_same(found, site.trees[names & (site.trees["numero"] < 500)])


class TestOwslib:
    """OWSLib, as Python scripts use it."""

    @pytest.fixture
    def client(self, site: Site) -> Features:
        return Features(f"{site.url}/")

    def test_documents_are_found_by_their_links(self, client: Features) -> None:
        assert client.feature_collections() == ["arbres", "parcs"]
        assert client.collection("arbres")["storageCrs"] == f"{EPSG}2154"
        assert "/collections/{collectionId}/items" in client.api()["paths"]
        classes = client.conformance()["conformsTo"]
        assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text" in classes

    def test_queryables_are_the_columns(self, client: Features, site: Site) -> None:
        found = client.collection_queryables("arbres")["properties"]
        columns = set(site.trees.columns)
        assert columns - {"geom"} <= set(found) <= columns | {"fid", "geometry"}

    def test_pages_follow_each_other(self, client: Features) -> None:
        found: list[int] = []
        cursor: dict[str, str] = {}
        while cursor or not found:
            page = client.collection_items("arbres", limit=1_000, **cursor)
            assert page["numberMatched"] == ROWS
            found += [each["properties"]["numero"] for each in page["features"]]
            following = [each for each in page["links"] if each["rel"] == "next"]
            cursor = (
                {"cursor": parse(following[0]["href"])["cursor"]} if following else {}
            )
        assert found == list(range(1, ROWS + 1))

    def test_a_box_is_longitude_and_latitude(
        self, client: Features, site: Site
    ) -> None:
        box = [2.33, 48.85, 2.36, 48.88]
        page = client.collection_items("arbres", bbox=box, limit=10_000)
        inside = site.trees.to_crs(4326).intersects(shapely.box(*box))
        assert 0 < inside.sum() < ROWS
        numbers = [each["properties"]["numero"] for each in page["features"]]
        assert numbers == site.trees["numero"][inside].tolist()

    def test_filters_are_cql2_text(self, client: Features, site: Site) -> None:
        page = client.collection_items(
            "arbres",
            limit=10_000,
            filter="CASEI(nom) LIKE CASEI('éPINAY%') AND plante < DATE('2016-01-01')",
            **{"filter-lang": "cql2-text"},
        )
        trees = site.trees
        chosen = trees["nom"].str.startswith("Épinay", na=False) & (
            trees["plante"].map(str).str[:10] < "2016-01-01"
        )
        assert 0 < chosen.sum() < ROWS
        numbers = [each["properties"]["numero"] for each in page["features"]]
        assert numbers == trees["numero"][chosen].tolist()

    def test_one_feature_is_found_by_its_identifier(self, client: Features) -> None:
        page = client.collection_items("arbres", limit=1, offset=4)
        feature = page["features"][0]
        found = client.collection_item("arbres", str(feature["id"]))
        assert found["properties"] == feature["properties"]
        assert found["geometry"] == feature["geometry"]

    def test_refusals_say_why(self, client: Features) -> None:
        with pytest.raises(RuntimeError, match=r'"parameter": "colour"'):
            client.collection_items("arbres", colour="green")


def test_geopandas_reads_the_download(site: Site) -> None:
    found = geopandas.read_file(
        f"{site.url}/collections/arbres/download/arbres.geojson"
    )
    assert found.crs == pyproj.CRS(4326)
    assert_same(found, site.trees.to_crs(4326), 2e-8)


def parse(line: str) -> dict[str, str]:
    """Return the parameters of an address, or of a line of the log."""
    return dict(parse_qsl(urlsplit(line.split(" ", maxsplit=1)[0]).query))


def assert_same(found: Any, held: Any, tolerance: float = 0.0) -> None:
    """Compare trees: numbers, texts and dates exactly, coordinates within a bound."""
    assert found["numero"].tolist() == held["numero"].tolist()
    for name in ("nom", "plante"):
        mine, theirs = found[name].astype(object), held[name].astype(object)
        assert mine.isna().tolist() == theirs.isna().tolist()
        length = 10 if name == "plante" else None
        pairs = zip(mine.dropna(), theirs.dropna(), strict=True)
        assert all(str(a)[:length] == str(b)[:length] for a, b in pairs)
    assert found["hauteur"].tolist() == held["hauteur"].tolist()
    mine = shapely.get_coordinates(found.geometry.array)
    theirs = shapely.get_coordinates(held.geometry.array)
    assert abs(mine - theirs).max() <= tolerance
