"""What a survey finds in files: GeoPackage above all, and other formats."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import fiona
import geopandas
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from metadata.errors import SourceUnreachable
from metadata.finding import Severity
from metadata.measured import (
    FieldType,
    GeometryType,
    RelationKind,
    Source,
    Survey,
)
from providers.configuration import SiloConfiguration
from providers.survey import Surveyed, survey_silo, survey_structure
from providers.vector_survey_blobs import HEAD, MalformedBlob, read_box, read_head

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def period(survey: Survey) -> tuple[str, str]:
    """Return the first and the last day over all date columns."""
    days = survey.periods
    return min(day.start for day in days), max(day.end for day in days)


def surveyed(location: Path, **values: tuple[str, ...]) -> Surveyed:
    silo = SiloConfiguration(name="files", location=str(location), **values)
    return survey_silo(silo, now=NOW)


def the_only(found: Surveyed) -> Survey:
    (survey,) = found.surveys
    return survey


def codes(found: Surveyed) -> set[str]:
    return {finding.code.removeprefix("survey.") for finding in found.findings}


def execute(path: Path, *statements: str) -> None:
    connection = writer(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def writer(path: Path) -> sqlite3.Connection:
    """Open a file for writing, with the functions that the R-tree's triggers ask."""
    connection = sqlite3.connect(path)
    connection.create_function("ST_IsEmpty", 1, lambda blob: blob is None)
    for place, name in enumerate(("MinX", "MinY", "MaxX", "MaxY")):
        connection.create_function(
            f"ST_{name}", 1, lambda blob, place=place: read_head(blob).box[place]
        )
    return connection


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A GeoPackage as fiona writes it, with the types that the format has."""
    path = tmp_path / "places.gpkg"
    schema = {
        "geometry": "Point",
        "properties": {
            "name": "str:40",
            "count": "int32",
            "big": "int64",
            "height": "float",
            "open": "bool",
            "since": "date",
            "seen": "datetime",
            "raw": "bytes",
        },
    }
    rows = [
        (Point(652000.123456789, 6862000.5), "2001-02-03", "2020-01-01T10:00:00+00:00"),
        (Point(653000, 6863000.25), "2024-02-29", None),
        (None, None, None),
    ]
    with fiona.open(
        path, "w", driver="GPKG", crs="EPSG:2154", schema=schema, layer="lieux d'été"
    ) as target:
        for geometry, since, seen in rows:
            properties = dict.fromkeys(schema["properties"])
            properties.update({"name": "é", "since": since, "seen": seen})
            target.write({"geometry": geometry, "properties": properties})
    return path


def test_a_geopackage_is_measured_exactly(places: Path) -> None:
    found = surveyed(places)
    survey = the_only(found)
    assert survey.source == Source(
        silo="files", container="places.gpkg", table="lieux d'été"
    )
    assert survey.kind is RelationKind.LAYER
    assert survey.feature_count == 3
    assert survey.key == ("fid",)
    bounds = survey.native_extent
    assert bounds is not None
    assert (bounds.xmin, bounds.ymin) == (652000.123456789, 6862000.5)
    assert (bounds.xmax, bounds.ymax, bounds.srid) == (653000, 6863000.25, 2154)
    assert survey.extent is not None
    assert 2.34 < survey.extent.west < survey.extent.east < 2.37
    assert period(survey) == ("2001-02-03", "2024-02-29")
    assert survey.temporal_field == "since"
    assert survey.size == places.stat().st_size
    assert survey.changed_at is not None
    assert codes(found) == {"geometry-missing"}


def test_the_types_of_a_geopackage(places: Path) -> None:
    fields = {f.name: f.type for f in the_only(surveyed(places)).fields}
    assert fields == {
        "fid": FieldType.INTEGER,
        "name": FieldType.STRING,
        "count": FieldType.INTEGER,
        "big": FieldType.INTEGER,
        "height": FieldType.NUMBER,
        "open": FieldType.BOOLEAN,
        "since": FieldType.DATE,
        "seen": FieldType.DATETIME,
        "raw": FieldType.BINARY,
    }


def test_a_stale_extent_in_gpkg_contents_is_not_believed(places: Path) -> None:
    before = the_only(surveyed(places))
    execute(places, "UPDATE gpkg_contents SET min_x = 0, max_x = 9e9, min_y = -5")
    assert the_only(surveyed(places)).native_extent == before.native_extent


def test_comments_of_the_layer_and_of_its_columns(places: Path) -> None:
    execute(
        places,
        "UPDATE gpkg_contents SET identifier = 'Lieux', description = 'Relevés.'",
        "CREATE TABLE gpkg_data_columns (table_name TEXT, column_name TEXT, name TEXT,"
        " title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT)",
        "INSERT INTO gpkg_data_columns VALUES"
        " ('lieux d''été', 'name', NULL, 'Nom', '', NULL, NULL),"
        " ('lieux d''été', 'raw', NULL, NULL, 'Données', 'application/json', NULL)",
    )
    survey = the_only(surveyed(places))
    assert survey.comment == "Lieux\nRelevés."
    comments = {f.name: (f.comment, f.type) for f in survey.fields if f.comment}
    assert comments == {
        "name": ("Nom", FieldType.STRING),
        "raw": ("Données", FieldType.JSON),
    }


def test_attribute_tables_and_keys(places: Path) -> None:
    execute(
        places,
        "CREATE TABLE budget (year INTEGER NOT NULL, code TEXT NOT NULL, sum REAL,"
        " PRIMARY KEY (code, year))",
        "CREATE TABLE notes (ref TEXT NOT NULL UNIQUE, other TEXT UNIQUE)",
        "CREATE VIEW looking AS SELECT ref FROM notes",
        "CREATE TABLE hidden (id INTEGER PRIMARY KEY)",
        *(
            "INSERT INTO gpkg_contents (table_name, data_type) VALUES"
            f" ('{name}', 'attributes')"
            for name in ("budget", "notes", "looking", "vanished", "layer_styles")
        ),
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY)",
    )
    found = surveyed(places)
    keys = {s.source.table: s.key for s in found.surveys}
    assert keys == {
        "budget": ("code", "year"),
        "notes": ("ref",),
        "looking": (),
        "lieux d'été": ("fid",),
    }
    assert [f.subject for f in found.findings if f.code == "survey.no-key"] == [
        "files:places.gpkg.looking"
    ]
    assert {s.size for s in found.surveys} == {None}


def test_a_stale_spatial_index_is_an_error(places: Path) -> None:
    execute(places, 'DELETE FROM "rtree_lieux d\'été_geom" WHERE id = 1')
    (finding,) = [
        f for f in surveyed(places).findings if f.code == "survey.index-stale"
    ]
    assert finding.severity is Severity.ERROR
    assert "(1 entries)" in finding.reason.en


def test_without_spatial_index(tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    frame = geopandas.GeoDataFrame({"a": [1]}, geometry=[Point(2, 48)], crs=4326)
    frame.to_file(path, layer="p", SPATIAL_INDEX="NO")
    found = surveyed(path)
    assert codes(found) == {"no-spatial-index"}
    assert "CREATE INDEX" not in found.findings[0].hint.en  # that is PostGIS's
    assert "QGIS" in found.findings[0].hint.en
    column = the_only(found).geometry
    assert column is not None
    assert not column.indexed


@pytest.mark.parametrize(
    ("shapes", "kind", "dimension"),
    [
        ([Point(2, 48), None], GeometryType.POINT, 2),
        ([Point(2, 48, 7)], GeometryType.POINT, 3),
        ([box(2, 48, 3, 49)], GeometryType.POLYGON, 2),
        ([MultiPolygon([box(2, 48, 3, 49)])], GeometryType.MULTI_POLYGON, 2),
        ([LineString([(2, 48), (3, 49)]), Point(1, 1)], GeometryType.GEOMETRY, 2),
    ],
)
def test_geometry_types_are_those_inside(
    tmp_path: Path,
    shapes: list[shapely.Geometry | None],
    kind: GeometryType,
    dimension: int,
) -> None:
    path = tmp_path / "shapes.gpkg"
    frame = geopandas.GeoDataFrame(geometry=shapes, crs=4326)
    frame.to_file(path, layer="shapes")
    column = the_only(surveyed(path)).geometry
    assert column is not None
    assert (column.type, column.dimension) == (kind, dimension)


def test_blobs_without_envelope_are_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "bare.gpkg"
    shapes = [box(2, 48, 3, 49), LineString([(1, 47), (2, 50)])]
    frame = geopandas.GeoDataFrame(geometry=shapes, crs=4326)
    frame.to_file(path, layer="bare", SPATIAL_INDEX="NO")
    connection = sqlite3.connect(path)
    with connection:
        for number, shape in enumerate([*shapes, Polygon()], start=1):
            head = struct.pack("<2sBBi", b"GP", 0, 1, 4326)
            connection.execute(
                "REPLACE INTO bare (fid, geom) VALUES (?, ?)",
                (number, head + shapely.to_wkb(shape)),
            )
        connection.execute("INSERT INTO bare VALUES (9, ?)", (head + b"\x01\x03",))
        connection.execute("INSERT INTO bare VALUES (10, 'no geometry')")
        broken = head + shapely.to_wkb(shapes[0])[:-9]
        connection.execute("INSERT INTO bare VALUES (11, ?)", (broken,))
    connection.close()
    found = surveyed(path)
    bounds = the_only(found).native_extent
    assert bounds is not None
    assert (bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax) == (1, 47, 3, 50)
    (finding,) = [f for f in found.findings if f.code == "survey.geometry-broken"]
    assert finding.reason.en.startswith("3 geometries")
    (finding,) = [f for f in found.findings if f.code == "survey.geometry-missing"]
    assert finding.reason.en.startswith("1 of 6")


def test_invalid_geometries(tmp_path: Path) -> None:
    path = tmp_path / "bow.gpkg"
    bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    frame = geopandas.GeoDataFrame(geometry=[bow, box(0, 0, 1, 1)], crs=4326)
    frame.to_file(path, layer="bow")
    (finding,) = surveyed(path).findings
    assert finding.code == "survey.geometry-invalid"
    assert finding.reason.en.startswith("1 invalid geometries among 2")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE gpkg_geometry_columns SET srs_id = 0", "srid-unknown"),
        ("UPDATE gpkg_geometry_columns SET srs_id = -1", "srid-unknown"),
        (
            "UPDATE gpkg_spatial_ref_sys SET organization = 'NONE',"
            " organization_coordsys_id = 100000, definition = 'undefined'"
            " WHERE srs_id = 2154",
            "crs-not-epsg",
        ),
    ],
)
def test_a_layer_of_unknown_crs(places: Path, change: str, code: str) -> None:
    execute(places, change)
    found = surveyed(places)
    assert code in codes(found)
    assert the_only(found).extent is None
    bounds = the_only(found).native_extent
    assert bounds is not None
    assert bounds.srid == 0


def test_a_crs_under_another_number_is_known_by_its_definition(places: Path) -> None:
    execute(
        places,
        "UPDATE gpkg_spatial_ref_sys SET organization = 'NONE',"
        " organization_coordsys_id = 100000 WHERE srs_id = 2154",
    )
    column = the_only(surveyed(places)).geometry
    assert column is not None
    assert column.srid == 2154


def test_dates_that_are_none_do_not_count(places: Path) -> None:
    execute(
        places,
        "UPDATE \"lieux d'été\" SET since = '2023-02-30' WHERE fid = 1",
        'UPDATE "lieux d\'été" SET since = 20240101 WHERE fid = 3',
    )
    found = surveyed(places)
    assert period(the_only(found)) == ("2020-01-01", "2024-02-29")
    (finding,) = [f for f in found.findings if f.code == "survey.dates-unusable"]
    assert finding.reason.en.startswith("2 dates of “since”")


def _not_a_database(path: Path) -> None:
    path.write_bytes(b"this is no database at all, " * 100)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut_short(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])


def _plain_sqlite(path: Path) -> None:
    path.unlink()
    execute(path, "CREATE TABLE t (id INTEGER PRIMARY KEY)")


@pytest.mark.parametrize("spoil", [_not_a_database, _empty, _cut_short, _plain_sqlite])
def test_a_broken_file_stops_nobody(
    places: Path, spoil: Callable[[Path], None]
) -> None:
    shutil.copy(places, places.with_name("broken.gpkg"))
    spoil(places.with_name("broken.gpkg"))
    found = surveyed(places.parent)
    assert [s.source.container for s in found.surveys] == ["places.gpkg"]
    wrong = [f for f in found.findings if f.severity is Severity.ERROR]
    assert {f.subject.split(".")[0] for f in wrong} == {"files:broken"}
    assert all(f.reason.fr != f.reason.en and f.hint.fr for f in wrong)


def test_tables_asked_for_in_a_broken_file_are_not_taken_for_gone(
    places: Path,
) -> None:
    _not_a_database(places)
    wanted = Source(silo="files", container="places.gpkg", table="lieux d'été")
    silo = SiloConfiguration(name="files", location=str(places))
    found = survey_silo(silo, now=NOW, sources={wanted})
    assert [(f.subject, f.severity) for f in found.findings] == [
        (str(wanted), Severity.ERROR)
    ]


def test_a_file_that_another_program_locks(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.vector_survey_sqlite.BUSY_TIMEOUT", 0.1)
    other = sqlite3.connect(places, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    found = surveyed(places)
    other.execute("ROLLBACK")
    other.close()
    (finding,) = found.findings
    assert "another program" in finding.reason.en
    assert "un autre programme" in finding.reason.fr


def test_a_survey_changes_no_file(places: Path) -> None:
    before = {p.name: p.read_bytes() for p in places.parent.iterdir()}
    surveyed(places.parent)
    assert {p.name: p.read_bytes() for p in places.parent.iterdir()} == before


def test_a_geopackage_in_wal_mode(places: Path) -> None:
    other = writer(places)
    other.execute("PRAGMA journal_mode = wal")
    other.execute("UPDATE \"lieux d'été\" SET since = '1999-01-01' WHERE fid = 1")
    other.commit()
    start, _ = period(the_only(surveyed(places)))
    other.close()
    assert start == "1999-01-01"


@pytest.mark.parametrize(
    ("name", "driver"),
    [
        ("p.geojson", "GeoJSON"),
        ("p.shp", "ESRI Shapefile"),
        ("p.fgb", "FlatGeobuf"),
        ("p.tab", "MapInfo File"),
    ],
)
def test_other_formats_are_described_and_to_be_converted(
    tmp_path: Path, name: str, driver: str
) -> None:
    frame = geopandas.GeoDataFrame(
        {"name": ["é", "b"], "n": [1, 2]},
        geometry=[LineString([(2, 48), (2.5, 48.5)]), LineString([(3, 49), (3, 50)])],
        crs=4326,
    )
    frame.to_file(tmp_path / name, driver=driver)
    found = surveyed(tmp_path)
    survey = the_only(found)
    assert survey.source == Source(silo="files", container=name, table="p")
    assert survey.feature_count == 2
    assert [f.name for f in survey.fields] == ["name", "n"]
    bounds = survey.native_extent
    assert bounds is not None
    assert (bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax) == (2, 48, 3, 50)
    assert bounds.srid == 4326
    assert survey.geometry is not None
    assert survey.geometry.type is GeometryType.LINE_STRING
    assert codes(found) == {"convert"}
    structure = survey_structure(
        SiloConfiguration(name="files", location=str(tmp_path)), now=NOW
    )
    assert the_only(structure).fields == survey.fields


def test_the_command_that_converts_a_file_can_be_pasted(tmp_path: Path) -> None:
    name = "élu d'hier & demain.csv"
    (tmp_path / name).write_text("nom;n\né;1\n", encoding="utf-8")

    [finding] = [f for f in surveyed(tmp_path).findings if f.code == "survey.convert"]

    for said in (finding.hint.fr, finding.hint.en):
        command = said[said.index("ogr2ogr") :]
        words = shlex.split(command)
        assert words[-2:] == [name.replace(".csv", ".gpkg"), name]


def test_a_shapefile_header_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "p.shp"
    frame = geopandas.GeoDataFrame(geometry=[LineString([(2, 48), (3, 49)])], crs=4326)
    frame.to_file(path)
    content = bytearray(path.read_bytes())
    struct.pack_into("<4d", content, 36, -170, -80, 170, 80)
    path.write_bytes(content)
    bounds = the_only(surveyed(path)).native_extent
    assert bounds is not None
    assert (bounds.xmin, bounds.ymax) == (2, 49)


def test_an_esri_projection_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "p.shp"
    frame = geopandas.GeoDataFrame(geometry=[Point(652000, 6862000)], crs=2154)
    frame.to_file(path)
    column = the_only(surveyed(path)).geometry
    assert column is not None
    assert column.srid == 2154


def test_a_shapefile_without_projection(tmp_path: Path) -> None:
    path = tmp_path / "p.shp"
    frame = geopandas.GeoDataFrame(geometry=[Point(652000, 6862000)], crs=2154)
    frame.to_file(path)
    path.with_suffix(".prj").unlink()
    found = surveyed(path)
    assert "srid-unknown" in codes(found)
    assert the_only(found).extent is None


def test_a_csv_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "pop.csv").write_text("code;nom\n01001;Été\n93001;b\n", "utf-8")
    survey = the_only(surveyed(tmp_path))
    assert [(f.name, f.type) for f in survey.fields] == [
        ("code", FieldType.STRING),
        ("nom", FieldType.STRING),
    ]
    assert (survey.feature_count, survey.geometries) == (2, ())


def test_geojson_of_every_kind_of_geometry(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [1, 2, 3]}
    shapes = [
        {"type": "GeometryCollection", "geometries": [point]},
        {"type": "MultiPolygon", "coordinates": [[[[0, 0], [5, 0], [5, 5], [0, 0]]]]},
        {"type": "MultiPoint", "coordinates": [[-1, -2]]},
        None,
    ]
    features = [{"type": "Feature", "properties": {}, "geometry": s} for s in shapes]
    document = {"type": "FeatureCollection", "features": features}
    (tmp_path / "all.geojson").write_text(json.dumps(document))
    found = surveyed(tmp_path)
    bounds = the_only(found).native_extent
    assert bounds is not None
    assert (bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax) == (-1, -2, 5, 5)
    assert codes(found) == {"convert", "geometry-missing", "geometry-mixed"}


def test_a_geojson_that_is_none(tmp_path: Path, places: Path) -> None:
    (tmp_path / "broken.geojson").write_text('{"type": "FeatureCollection", "feat')
    found = surveyed(tmp_path)
    assert [s.source.container for s in found.surveys] == ["places.gpkg"]
    assert "file-unreadable" in codes(found)


def test_folders_are_read_to_the_bottom_and_hidden_ones_not(places: Path) -> None:
    root = places.parent
    for folder in ("a/b", ".versions", "a/.cache"):
        (root / folder).mkdir(parents=True)
        shutil.copy(places, root / folder / "Copie n°1.gpkg")
    (root / "lisez-moi.txt").write_text("rien")
    containers = [s.source.container for s in surveyed(root).surveys]
    assert containers == ["a/b/Copie n°1.gpkg", "places.gpkg"]


@pytest.mark.parametrize(
    ("pattern", "containers"),
    [
        ("a/*", ["places.gpkg"]),
        ("places.gpkg.*", ["a/copy.gpkg"]),
        ("places.gpkg", ["a/copy.gpkg"]),
        ("lieux*", []),
        ("nothing", ["a/copy.gpkg", "places.gpkg"]),
    ],
)
def test_exclusions(places: Path, pattern: str, containers: list[str]) -> None:
    (places.parent / "a").mkdir()
    shutil.copy(places, places.parent / "a" / "copy.gpkg")
    found = surveyed(places.parent, exclude=(pattern,))
    assert [s.source.container for s in found.surveys] == containers


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    assert codes(surveyed(tmp_path)) == {"empty"}


@pytest.mark.parametrize("work", [survey_silo, survey_structure])
@pytest.mark.parametrize("name", ["absent", "absent.gpkg", "notes.txt"])
def test_a_silo_that_is_none(
    tmp_path: Path, work: Callable[..., Surveyed], name: str
) -> None:
    (tmp_path / "notes.txt").write_text("rien")
    silo = SiloConfiguration(name="files", location=str(tmp_path / name))
    with pytest.raises(SourceUnreachable) as caught:
        work(silo, now=NOW)
    assert name in caught.value.message
    assert caught.value.hint


def test_progress_and_the_structure_alone(places: Path) -> None:
    told: list[tuple[int, int]] = []
    silo = SiloConfiguration(name="files", location=str(places))
    full = survey_silo(silo, now=NOW, progress=lambda *pair: told.append(pair))
    structure = the_only(survey_structure(silo, now=NOW))
    assert told == [(0, 1), (1, 1)]
    assert structure.fields == the_only(full).fields
    assert structure.key == the_only(full).key
    assert structure.feature_count is None


def test_real_communes_in_two_formats(real_data: Path, tmp_path: Path) -> None:
    origin = real_data / "seine-saint-denis" / "communes.geojson"
    frame = geopandas.read_file(origin)
    frame.to_file(tmp_path / "communes.gpkg", layer="communes")
    shutil.copy(origin, tmp_path)
    geojson, geopackage = surveyed(tmp_path).surveys
    assert geojson.feature_count == geopackage.feature_count == 40
    assert geojson.extent == geopackage.extent
    west, south, east, north = frame.total_bounds
    assert geojson.native_extent is not None
    assert geojson.native_extent.xmin == west
    assert geojson.native_extent.ymax == north
    assert (geojson.native_extent.xmax, geojson.native_extent.ymin) == (east, south)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=120))
def test_any_bytes_are_a_geometry_or_malformed(blob: bytes) -> None:
    for candidate in (blob, b"GP\x00\x03" + blob, b"GP\x00\x01" + blob):
        try:
            head = read_head(candidate[:HEAD])
            if not head.is_empty and head.box is None:
                read_box(candidate, head.body)
        except MalformedBlob:
            continue


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.floats(-1e7, 1e7, allow_nan=False), st.floats(-1e7, 1e7, allow_nan=False)
        ),
        min_size=2,
        max_size=6,
    ),
    st.booleans(),
)
def test_the_box_of_a_blob_is_that_of_its_coordinates(
    positions: list[tuple[float, float]], with_envelope: bool
) -> None:
    line = LineString(positions)
    xmin, ymin, xmax, ymax = line.bounds
    envelope = struct.pack("<4d", xmin, xmax, ymin, ymax) if with_envelope else b""
    flags = 0b11 if with_envelope else 0b1
    blob = (
        struct.pack("<2sBBi", b"GP", 0, flags, 4326) + envelope + shapely.to_wkb(line)
    )
    head = read_head(blob[:HEAD])
    assert head.shape.type_name == "LINESTRING"
    found = head.box if with_envelope else read_box(blob, head.body)
    assert found == line.bounds
