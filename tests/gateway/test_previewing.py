"""`passerelle preview` on a real GeoPackage: a draft as it will be, or why not."""

from __future__ import annotations

import json
from pathlib import Path

import fiona
import pytest
from click.testing import CliRunner

from gateway.cli import command_line
from gateway.desk import UnknownDataset
from metadata.finding import Language

CONFIGURATION = """\
organisation:
  name: Département de la Seine-Saint-Denis
  siren: "229300082"
  email: sig@example.org
  url: https://www.example.org/
  identifier_base: https://data.example.org/id
  licence: etalab-2.0
service: {url: "http://127.0.0.1:8080"}
silos:
  sig: ./silo
"""
STATED = """
status: draft
title: Arbres d'alignement
abstract: >-
  Arbres du département, relevés un à un sur place, avec leur essence, leur hauteur et
  la date de leur plantation.
lineage: Relevé de terrain.
producer: Département de la Seine-Saint-Denis
themes: [ef]
topics: [environment]
keywords: [arbre, or]
frequency: annually
period: {start: 2019-01-01}
contacts:
  - organisation: Département de la Seine-Saint-Denis
    email: sig@example.org
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One layer, and its draft with the words of a person."""
    (tmp_path / "silo").mkdir()
    schema = {"geometry": "Point", "properties": {"nom": "str"}}
    path = tmp_path / "silo" / "sig.gpkg"
    options = {"driver": "GPKG", "layer": "arbres", "crs": "EPSG:2154"}
    with fiona.open(path, "w", schema=schema, **options) as target:
        geometry = {"type": "Point", "coordinates": (655000.0, 6867000.0)}
        target.write({"geometry": geometry, "properties": {"nom": "Tilleul"}})
    configuration = tmp_path / "passerelle.yml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_CONFIG", str(configuration))
    (tmp_path / "datasets").mkdir()
    identifiers = (
        "id: arbres\nidentifier: https://data.example.org/id/arbres\n"
        "record_identifier: fr-229300082-jdd-00000000-0000-4000-8000-000000000001\n"
        "service_identifier: fr-229300082-srv-00000000-0000-4000-8000-000000000001\n"
    )
    source = "{silo: sig, container: sig.gpkg, table: arbres}"
    collections = f"collections:\n  - id: arbres\n    source: {source}\n"
    (tmp_path / "datasets" / "arbres.yml").write_text(
        identifiers + STATED.lstrip() + collections, encoding="utf-8"
    )
    return tmp_path


def run(*arguments: str, language: Language = Language.ENGLISH) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "160"}).invoke(
        command_line(language), ("preview", *arguments), standalone_mode=False
    )
    if result.exception is not None:
        raise result.exception
    return result.return_value or 0, result.output


def test_a_draft_is_shown_as_it_will_be(desk: Path) -> None:
    code, said = run("arbres")
    assert code == 0
    for words in (
        "Harvested through the DCAT feed",
        "Arbres d'alignement",
        "Licence Ouverte / Open Licence version 2.0",
        "9 of 9",
        "ogcapi-features",
        "The keyword “or” is too short",
    ):
        assert words in said


def test_it_is_said_in_french_too(desk: Path) -> None:
    _, said = run("arbres", language=Language.FRENCH)
    for words in ("Moissonné par le flux DCAT", "9 sur 9", "Mots-clés", "API"):
        assert words in said


def test_programs_get_both_ways_and_both_languages(desk: Path) -> None:
    code, said = run("arbres", "--format", "json")
    assert code == 0
    found = json.loads(said)
    assert found["dataset"] == "arbres"
    assert set(found["views"]) == {"dcat", "iso"}
    assert found["views"]["dcat"]["quality"]["score"] == 9
    assert found["views"]["dcat"]["licence"] == "lov2"
    assert found["google"]["seen"]["name"] == "Arbres d'alignement"
    (lost,) = [
        each
        for each in found["views"]["iso"]["losses"]
        if each["code"] == "portal.resource.kind"
    ]
    assert set(lost["reason"]) == {"fr", "en"}


def test_an_error_of_the_checks_is_the_exit_code(desk: Path) -> None:
    path = desk / "datasets" / "arbres.yml"
    text = path.read_text("utf-8").replace("lineage: Relevé de terrain.\n", "")
    path.write_text(text, encoding="utf-8")
    code, said = run("arbres", language=Language.FRENCH)
    assert code == 1
    assert "généalogie" in said.lower()


def test_a_dataset_that_nobody_described_is_told(desk: Path) -> None:
    with pytest.raises(UnknownDataset) as raised:
        run("arbre")
    assert "arbre" in raised.value.text.fr
    assert "datasets" in raised.value.remedy.fr


def test_a_dataset_whose_table_is_gone_is_told(desk: Path) -> None:
    (desk / "silo" / "sig.gpkg").unlink()
    with pytest.raises(UnknownDataset) as raised:
        run("arbres")
    assert raised.value.remedy.fr
