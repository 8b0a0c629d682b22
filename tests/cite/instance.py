"""Our service on real data, as a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import geopandas
import httpx
import psycopg2
import pyogrio
import yaml

from gateway.demo.pack import read_pack, write_geopackages, write_postgis

ROOT = Path(__file__).resolve().parent.parent.parent
REAL = ROOT.parent / "shared" / "data" / "seine-saint-denis"
LAYERS = ("communes", "cantons")
PATIENCE = 90.0
"""Seconds that the service may take to start."""


def make_instance(folder: Path, port: int, database: str = "") -> Path:
    """Fill a silo, describe it; return the configuration.

    The contours of communes and cantons where the real data are beside the
    checkout, else the points and schematic territories of the demonstration; and
    always its population with dates.

    Parameters
    ----------
    database
        An empty PostGIS database; GeoPackages without it.
    """
    (folder / "datasets").mkdir(parents=True)
    tables = {each.name: each for each in read_pack()}
    contours = REAL.is_dir()
    pack = [tables["population"]] if contours else list(tables.values())
    if database:
        write_postgis(pack, database)
        places = {each.name: "public" for each in pack}
    else:
        write_geopackages(pack, folder / "silo")
        places = {each.name: f"{each.container}.gpkg" for each in pack}
    if contours:
        places |= _write_contours(folder, database)
    for number, (name, container) in enumerate(places.items()):
        _describe(folder, number, name, container)
    return _configure(folder, port, database)


def _write_contours(folder: Path, database: str) -> Mapping[str, str]:
    """Write the contours in Lambert-93; return where they are."""
    for name in LAYERS:
        layer = geopandas.read_file(REAL / f"{name}.geojson").to_crs(2154)
        if database:
            _write_table(name, layer, database)
        else:
            pyogrio.write_dataframe(
                layer, folder / "silo" / "limites.gpkg", layer=name, driver="GPKG"
            )
    return dict.fromkeys(LAYERS, "public" if database else "limites.gpkg")


def _write_table(name: str, layer: geopandas.GeoDataFrame, database: str) -> None:
    with closing(psycopg2.connect(database)) as connection, connection:
        cursor = connection.cursor()
        cursor.execute(
            f"CREATE TABLE {name} (code text PRIMARY KEY, nom text,"
            " geom geometry(MultiPolygon, 2154))"
        )
        cursor.executemany(
            f"INSERT INTO {name} VALUES (%s, %s, ST_Multi(ST_GeomFromWKB(%s, 2154)))",
            [
                (row.code, row.nom, row.geometry.wkb)
                for row in layer.itertuples(index=False)
            ],
        )
        cursor.execute(f"CREATE INDEX ON {name} USING gist (geom)")


def _describe(folder: Path, number: int, name: str, container: str) -> None:
    said = {
        "id": name,
        "identifier": f"https://passerelle.example/id/{name}",
        "record_identifier": f"fr-000000000-jdd-00000000-0000-4000-8000-{number:012d}",
        "service_identifier": f"fr-000000000-srv-00000000-0000-4000-8000-{number:012d}",
        "status": "published",
        "access": "open",
        "title": f"Seine-Saint-Denis : {name}",
        "abstract": f"Des données réelles ({name}) pour les essais de conformité.",
        "lineage": "Voir la description des données.",
        "producer": "Essais de conformité",
        "themes": ["au"],
        "topics": ["boundaries"],
        "keywords": ["essai"],
        "collections": [
            {
                "id": name,
                "source": {"silo": "sig", "container": container, "table": name},
            }
        ],
    }
    text = yaml.safe_dump(said, allow_unicode=True, sort_keys=False)
    (folder / "datasets" / f"{name}.yml").write_text(text, encoding="utf-8")


def _configure(folder: Path, port: int, database: str) -> Path:
    said = {
        "organisation": {
            "name": "Essais de conformité",
            "siren": "000000000",
            "email": "essais@passerelle.example",
            "identifier_base": "https://passerelle.example/id",
            "licence": "etalab-2.0",
        },
        "service": {"url": f"http://127.0.0.1:{port}", "title": "Conformité"},
        "silos": {"sig": database or "./silo"},
        "store": "./state.sqlite",
    }
    path = folder / "passerelle.yml"
    text = yaml.safe_dump(said, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def serving(folder: Path, database: str = "") -> Iterator[str]:
    """Run the service on real data in a folder; yield its landing page."""
    port = _free_port()
    configuration = make_instance(folder, port, database)
    url = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "gateway", "--config", str(configuration)]
    command += ["serve", "--port", str(port), "--workers", "1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        try:
            _wait_for(url, process, folder / "log")
            yield url
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until every collection is served."""
    wanted = len(list((log.parent / "datasets").glob("*.yml")))
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            answer = httpx.get(f"{url}collections", timeout=5)
            if answer.is_success and len(answer.json()["collections"]) == wanted:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"the service did not start:\n{log.read_text()[-3_000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
