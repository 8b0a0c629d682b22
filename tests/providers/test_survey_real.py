"""The survey and its proposals on the real contours of Seine-Saint-Denis."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extras import execute_values

from metadata.measured import Survey
from metadata.stated import Organisation
from providers.configuration import SiloConfiguration
from providers.proposals import draft
from providers.survey import survey_silo

pytestmark = pytest.mark.postgis
NOW = datetime(2026, 3, 1, tzinfo=UTC)
LAYERS = {"communes": 40, "cantons": 21, "arrondissements": 3, "departement": 1}


@pytest.fixture(scope="module")
def surveys(real_data: Path, module_postgis: str) -> dict[str, Survey]:
    connection = psycopg2.connect(module_postgis)
    with connection, connection.cursor() as cursor:
        for layer in LAYERS:
            cursor.execute(
                f"CREATE TABLE {layer} (gid serial PRIMARY KEY, code text, nom text,"
                " geom geometry(MultiPolygon, 2154))"
            )
            path = real_data / "seine-saint-denis" / f"{layer}.geojson"
            content = json.loads(path.read_text("utf-8"))
            rows = [
                (
                    feature["properties"].get("code"),
                    feature["properties"].get("nom"),
                    json.dumps(feature["geometry"]),
                )
                for feature in content.get("features", [content])
            ]
            execute_values(
                cursor,
                f"INSERT INTO {layer} (code, nom, geom) VALUES %s",
                rows,
                template="(%s, %s,"
                " ST_Multi(ST_Transform(ST_GeomFromGeoJSON(%s), 2154)))",
            )
            cursor.execute(f"CREATE INDEX ON {layer} USING gist (geom)")
    connection.close()
    silo = SiloConfiguration(name="sig", location=module_postgis)
    found = survey_silo(silo, now=NOW)
    assert found.findings == ()
    return {survey.source.table: survey for survey in found.surveys}


@pytest.mark.parametrize(("layer", "count"), LAYERS.items())
def test_each_layer_is_counted_and_located(
    surveys: dict[str, Survey], layer: str, count: int
) -> None:
    survey = surveys[layer]
    assert survey.feature_count == count
    extent = survey.extent
    assert extent is not None
    # The box around a box in Lambert-93 is a little larger than the layer itself.
    assert 2.27 < extent.west < 2.289
    assert 2.602 < extent.east < 2.61
    assert 48.79 < extent.south < 48.808
    assert 49.011 < extent.north < 49.02


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_is_proposed_as_an_administrative_unit(
    surveys: dict[str, Survey], layer: str
) -> None:
    organisation = Organisation(
        name="Département de la Seine-Saint-Denis",
        siren="229300082",
        email="sig@example.org",
        identifier_base="https://data.example.org/id",
    )
    drafted = draft(surveys[layer], organisation, taken=())
    assert drafted.id == layer
    assert drafted.proposed.themes == ("au",)
    assert drafted.proposed.topics == ("boundaries",)
    assert drafted.proposed.title == layer.capitalize()
    assert f"« {layer} »" in drafted.proposed.abstract
