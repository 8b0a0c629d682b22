"""The main job on real data: from tables in PostGIS to a catalogue that agrees.

Survey, approve, check, records, publish and read back, as a person would run
them, on the communes, cantons and arrondissements of Seine-Saint-Denis and all
communes of France, against a real pycsw.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import psycopg2
import pytest
from lxml import etree
from psycopg2.extras import execute_values

from gateway.demo.pycsw_target import running_pycsw

pytestmark = [pytest.mark.postgis, pytest.mark.pycsw]
TABLES = {
    "communes": ("seine-saint-denis/communes.geojson", "Communes du département."),
    "cantons": ("seine-saint-denis/cantons.geojson", "Cantons du département."),
    "arrondissements": (
        "seine-saint-denis/arrondissements.geojson",
        "Arrondissements du département.",
    ),
    "communes_france": (
        "france/communes-2018.geojson.gz",
        "Communes de France en 2018.",
    ),
}
COUNTS = {
    "communes": 40,
    "cantons": 21,
    "arrondissements": 3,
    "communes_france": 35357,
}
GMD = {"gmd": "http://www.isotc211.org/2005/gmd"}


def load(address: str, table: str, path: Path, comment: str) -> None:
    """Load a GeoJSON file into a Lambert-93 table."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        features = json.load(file)["features"]
    rows = [
        (f["properties"]["code"], f["properties"]["nom"], json.dumps(f["geometry"]))
        for f in features
    ]
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE {table} (code text PRIMARY KEY, nom text NOT NULL,"
            " geom geometry(MultiPolygon, 2154))"
        )
        execute_values(
            cursor,
            f"INSERT INTO {table} VALUES %s",
            rows,
            template="(%s, %s, ST_Multi(ST_Transform("
            "ST_SetSRID(ST_GeomFromGeoJSON(%s), 4326), 2154)))",
        )
        cursor.execute(f"COMMENT ON TABLE {table} IS %s", (comment,))
        cursor.execute(f"CREATE INDEX ON {table} USING gist (geom)")
    connection.close()


@pytest.fixture(scope="module")
def silo(module_postgis, real_data) -> str:
    for table, (file, comment) in TABLES.items():
        load(module_postgis, table, real_data / file, comment)
    return module_postgis


class Desk:
    """A folder with a configuration, and the command line run in it."""

    def __init__(self, folder: Path, silo: str, catalogue: str) -> None:
        self.folder = folder
        self.configuration = folder / "passerelle.yml"
        self.configuration.write_text(
            dedent(f"""\
            organisation:
              name: Département de la Seine-Saint-Denis
              siren: "229300082"
              email: sig@example.org
              identifier_base: https://data.example.org/id
              licence: etalab-2.0
            service: {{url: "http://127.0.0.1:8080"}}
            silos: {{sig: "{silo}"}}
            outlets: {{catalogue: {{url: "{catalogue}"}}}}
            """),
            encoding="utf-8",
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gateway", "--config", self.configuration]
        return subprocess.run(
            [*command, *arguments],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={
                "PASSERELLE_LANGUAGE": "en",
                "PATH": "/usr/bin:/bin",
                "COLUMNS": "200",
            },
        )

    def done(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def plan(self, *arguments: str) -> dict[str, int]:
        """Count what a publish would do, by operation; `keep` left out."""
        answer = json.loads(self.run("publish", *arguments, "--format", "json").stdout)
        counts: dict[str, int] = {}
        for change in answer["outlets"][0]["records"]:
            if change["action"] != "keep":
                counts[change["action"]] = counts.get(change["action"], 0) + 1
        return counts


@pytest.fixture(scope="module")
def desk(tmp_path_factory, silo, pycsw_environment) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("catalogue")
    with running_pycsw(pycsw_environment, folder) as catalogue:
        desk = Desk(tmp_path_factory.mktemp("desk"), silo, catalogue.url)
        desk.done("survey")
        desk.done("approve", "--all")
        yield desk


def execute(address: str, statement: str) -> None:
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def test_every_approved_table_passes_every_check(desk):
    findings = json.loads(desk.done("check", "--format", "json"))

    assert not [f for f in findings if f["severity"] == "error"]


def test_every_dataset_has_its_two_records(desk, tmp_path):
    desk.done("records", "--out", str(tmp_path))

    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"{p}{t}.xml" for t in TABLES for p in ("", "service-")}
    for path in tmp_path.iterdir():
        assert etree.parse(path).find("gmd:fileIdentifier/*", GMD).text


def test_what_was_published_is_planned_sent_and_then_left_alone(desk):
    assert desk.plan("--dry-run") == {"create": 4}

    desk.done("publish")

    assert desk.plan("--dry-run") == {}
    assert desk.plan() == {}


def test_a_changed_table_comment_sends_exactly_one_update(desk, silo):
    desk.done("publish")
    execute(silo, "COMMENT ON TABLE cantons IS 'Cantons du département, en 2018.'")

    assert desk.plan("--dry-run") == {"update": 1}
    assert desk.plan() == {"update": 1}
    assert desk.plan() == {}


def test_a_changed_description_sends_exactly_one_update(desk):
    desk.done("publish")
    file = desk.folder / "datasets" / "cantons.yml"
    text = file.read_text(encoding="utf-8")
    changed = text.replace("title: Cantons", "title: Les cantons")
    assert changed != text
    file.write_text(changed, encoding="utf-8")

    assert desk.plan() == {"update": 1}
    assert desk.plan() == {}


def states(desk: Desk) -> dict[str, str]:
    told = json.loads(desk.done("status", "--format", "json"))
    return {dataset["dataset"]: dataset["state"] for dataset in told["datasets"]}


def test_the_status_says_what_changed_since_it_was_published(desk, silo):
    desk.done("publish")
    assert states(desk) == dict.fromkeys(TABLES, "published")

    file = desk.folder / "datasets" / "communes.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "frequency: annually\n", encoding="utf-8")
    execute(silo, "COMMENT ON TABLE cantons IS 'Cantons du département, 2019.'")
    assert states(desk) == {**dict.fromkeys(TABLES, "published"), "communes": "changed"}

    desk.done("check")  # measures: what a table says now is known from then on
    assert states(desk)["cantons"] == "changed"

    desk.done("publish")
    assert states(desk) == dict.fromkeys(TABLES, "published")


def test_the_status_says_what_is_to_be_taken_back(desk):
    desk.done("publish")
    file = desk.folder / "datasets" / "cantons.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("status: published", "status: withdrawn"), "utf-8")
    try:
        assert states(desk)["cantons"] == "changed"
    finally:
        file.write_text(text, encoding="utf-8")


def test_a_dropped_table_plans_the_delete_of_its_record_only(desk, silo):
    desk.done("publish")
    execute(silo, "ALTER TABLE arrondissements RENAME TO parti")
    try:
        assert desk.plan("--dry-run") == {"delete": 1}
    finally:
        execute(silo, "ALTER TABLE parti RENAME TO arrondissements")
