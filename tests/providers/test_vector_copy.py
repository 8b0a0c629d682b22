"""Files other than GeoPackage are queried through a copy that follows them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import fiona
import pytest

from metadata.dataset import Collection
from metadata.errors import SourceUnreachable
from metadata.stated import CollectionDescription
from providers.configuration import SiloConfiguration
from providers.features import open_features
from providers.query import Query
from providers.survey import survey_silo
from providers.vector_copy import geopackage_copy

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ["Épinay", "L'Île-Saint-Denis", "a < b & c", "🚲"]
FORMATS = {
    "lieux.geojson": "GeoJSON",
    "lieux.fgb": "FlatGeobuf",
    "lieux.shp": "ESRI Shapefile",
}


@pytest.fixture(autouse=True)
def copies(tmp_path, monkeypatch) -> Path:
    """Keep copies below the test's own folder."""
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def write(path: Path, driver: str, names: list[str]) -> None:
    schema = {"geometry": "Point", "properties": {"nom": "str", "fid": "int"}}
    with fiona.open(
        path, "w", driver=driver, crs="EPSG:4326", schema=schema, encoding="UTF-8"
    ) as target:
        for number, name in enumerate(names):
            geometry = {"type": "Point", "coordinates": (2.3 + number / 100, 48.9)}
            properties = {"nom": name, "fid": number}
            target.write({"geometry": geometry, "properties": properties})


def names_in(silo: SiloConfiguration) -> list[str]:
    """Survey a silo of one layer, and read all of its features."""
    (survey,) = survey_silo(silo, now=NOW).surveys
    description = CollectionDescription(id="lieux", source=survey.source)
    opened = open_features(silo)
    try:
        source = opened.features(Collection(description=description, survey=survey))
        features = [json.loads(f) for f in source.page(Query(limit=100)).features]
    finally:
        opened.close()
    assert all(f["geometry"]["coordinates"][1] == 48.9 for f in features)
    assert all(set(f["properties"]) == {"nom", "fid"} for f in features)
    return [f["properties"]["nom"] for f in features]


@pytest.mark.parametrize(("name", "driver"), FORMATS.items(), ids=FORMATS.values())
def test_features_of_other_formats_are_read(tmp_path, name, driver):
    (tmp_path / "silo").mkdir()
    write(tmp_path / "silo" / name, driver, NAMES)
    silo = SiloConfiguration(name="sig", location=str(tmp_path / "silo"))

    assert sorted(names_in(silo)) == sorted(NAMES)


def test_a_file_that_changes_is_copied_anew_and_its_old_copy_goes(tmp_path, copies):
    path = tmp_path / "lieux.geojson"
    write(path, "GeoJSON", NAMES)
    silo = SiloConfiguration(name="sig", location=str(path))
    assert len(names_in(silo)) == 4

    path.unlink()
    write(path, "GeoJSON", [*NAMES, "Bondy"])

    assert "Bondy" in names_in(silo)
    assert len(list(copies.rglob("*.gpkg"))) == 1


def test_a_file_that_is_the_same_is_not_copied_twice(tmp_path):
    path = tmp_path / "lieux.geojson"
    write(path, "GeoJSON", NAMES)

    first = geopackage_copy(path)
    made = first.stat().st_mtime_ns

    assert geopackage_copy(path) == first
    assert first.stat().st_mtime_ns == made


def test_a_file_that_is_gone_is_said_so(tmp_path):
    path = tmp_path / "silo" / "lieux.geojson"
    path.parent.mkdir()
    write(path, "GeoJSON", NAMES)
    silo = SiloConfiguration(name="sig", location=str(path.parent))
    (survey,) = survey_silo(silo, now=NOW).surveys
    description = CollectionDescription(id="lieux", source=survey.source)
    opened = open_features(silo)
    source = opened.features(Collection(description=description, survey=survey))
    path.unlink()

    with pytest.raises(SourceUnreachable):
        source.page(Query(limit=1))
    opened.close()
