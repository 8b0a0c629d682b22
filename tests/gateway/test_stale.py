"""`passerelle check` says what does not change as often as it is said to."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fiona
import pytest
from click.testing import CliRunner

from gateway.cli import command_line
from metadata.file_formats import FileFormat
from metadata.finding import Language
from metadata.freshness import Unchanged
from providers.made_files import by_collection, unchanged
from providers.store_files import MadeFile

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CONFIGURATION = """\
organisation:
  name: Département de la Seine-Saint-Denis
  siren: "229300082"
  email: sig@example.org
  identifier_base: https://data.example.org/id
service: {url: "http://127.0.0.1:8080"}
silos: {sig: ./silo}
"""
DESCRIPTION = """\
id: arbres
identifier: https://data.example.org/id/arbres
record_identifier: fr-229300082-jdd-00000000-0000-4000-8000-000000000001
service_identifier: fr-229300082-srv-00000000-0000-4000-8000-000000000001
status: published
title: Arbres d'alignement
frequency: FREQUENCY
collections:
  - id: arbres
    source: {silo: sig, container: sig.gpkg, table: arbres}
"""


@pytest.fixture
def silo(tmp_path: Path) -> Path:
    (tmp_path / "silo").mkdir()
    (tmp_path / "datasets").mkdir()
    path = tmp_path / "silo" / "sig.gpkg"
    schema = {"geometry": "Point", "properties": {"nom": "str"}}
    options = {"driver": "GPKG", "layer": "arbres", "crs": "EPSG:2154"}
    with fiona.open(path, "w", schema=schema, **options) as target:
        geometry = {"type": "Point", "coordinates": (655000.0, 6867000.0)}
        target.write({"geometry": geometry, "properties": {"nom": "Tilleul"}})
    (tmp_path / "passerelle.yml").write_text(CONFIGURATION, encoding="utf-8")
    return path


def stale(silo: Path, frequency: str, days: int) -> list[str]:
    """Let the GeoPackage have changed some days ago; return what `check` says."""
    moment = datetime.now(UTC) - timedelta(days=days)
    connection = sqlite3.connect(silo)
    words = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    connection.execute("UPDATE gpkg_contents SET last_change = ?", (words,))
    connection.commit()
    connection.close()
    folder = silo.parent.parent
    described = DESCRIPTION.replace("FREQUENCY", frequency)
    (folder / "datasets" / "arbres.yml").write_text(described, encoding="utf-8")
    words = ("--config", str(folder / "passerelle.yml"), "check", "--format", "json")
    result = CliRunner().invoke(
        command_line(Language.ENGLISH), words, standalone_mode=False
    )
    if result.exception is not None:
        raise result.exception
    findings = json.loads(result.output)
    return [f["reason"]["en"] for f in findings if f["code"] == "dataset.stale"]


def test_a_layer_that_did_not_change_for_long_is_stale(silo) -> None:
    (said,) = stale(silo, "weekly", 40)
    assert said.endswith("40 days ago.")


@pytest.mark.parametrize(("frequency", "days"), [("weekly", 3), ("irregular", 900)])
def test_one_that_keeps_its_promise_or_makes_none_is_not(frequency, days, silo) -> None:
    assert stale(silo, frequency, days) == []


def made(form: FileFormat, changed: int, checked: int) -> MadeFile:
    return MadeFile(
        collection_id="arbres",
        format=form,
        form="",
        state="",
        mark="",
        fingerprint="",
        sha256="",
        length=1,
        changed_at=NOW - timedelta(days=changed),
        checked_at=NOW - timedelta(days=checked),
        path="",
    )


@pytest.mark.parametrize(
    ("files", "days"),
    [
        # a form that is made since lately does not make the rows newer
        ([(FileFormat.GEOPACKAGE, 90, 1), (FileFormat.CSV, 3, 0)], (90, 1)),
        # what a CSV does not hold may have changed
        ([(FileFormat.GEOPACKAGE, 3, 0), (FileFormat.CSV, 90, 0)], (3, 0)),
        ([(FileFormat.CSV, 90, 2)], (90, 2)),
    ],
)
def test_the_file_that_loses_nothing_tells_since_when_rows_are_the_same(
    files, days
) -> None:
    known = unchanged(by_collection(made(*each) for each in files))
    since, until = (NOW - timedelta(days=d) for d in days)
    assert known == {"arbres": Unchanged(since=since, until=until)}
