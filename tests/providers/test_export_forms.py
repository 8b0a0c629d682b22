"""GeoJSON, FlatGeobuf, GeoParquet and Shapefile, read back by those who read them."""

from __future__ import annotations

import csv
import json
import sqlite3
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import psycopg2
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from pyproj import CRS

from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.file_formats import ALL_FORMATS, FileFormat
from metadata.measured import Field, FieldType, GeometryColumn, GeometryType
from metadata.stated import CollectionDescription
from providers.configuration import SiloConfiguration
from providers.exports.content import Batch, FileContent
from providers.exports.shapefile_fields import short_names
from providers.exports.shapefile_zip import TOLD, write_shapefile
from providers.exports.spool import Spool
from providers.exports.writing import write_files
from providers.features import open_features
from providers.query import Query, key_columns
from providers.survey import survey_structure
from providers.table_rows import TableRow

Paths = dict[FileFormat, Path]


def content_of(collection: Collection) -> FileContent:
    columns = published_columns(collection)
    return FileContent(
        name=collection.id,
        title="Éléments d'essai",
        about="Une phrase.",
        columns=columns,
        geometry=collection.geometry,
        identity=None,
        in_database=collection.survey.kind != "layer",
        key=tuple(columns.index(column) for column in key_columns(collection)),
    )


def write(loaded: Any, folder: Path) -> Paths:
    written = write_files(content_of(loaded.collection), loaded.source.rows(), folder)
    assert not (folder / "rows.arrow").exists()
    return dict(written.paths)


def of_rows(
    columns: dict[str, tuple[FieldType, str]],
    rows: list[tuple[Any, ...]],
    shapes: list[Any],
    kind: GeometryType = GeometryType.GEOMETRY,
) -> tuple[FileContent, Batch]:
    """Return rows that no silo has to hold."""
    content = FileContent(
        name="essai",
        title="Essai",
        about="",
        columns=tuple(
            PublishedColumn(
                name=name,
                field=Field(name=name, type=type_, native_type=native),
                description="",
            )
            for name, (type_, native) in columns.items()
        ),
        geometry=GeometryColumn(name="geom", type=kind, srid=2154),
        identity=None,
        in_database=True,
    )
    wkb = [None if s is None else shapely.to_wkb(s, flavor="iso") for s in shapes]
    table = [TableRow(w, row) for w, row in zip(wkb, rows, strict=True)]
    return content, Batch(table)


class Once:
    """Rows that are read once."""

    state = ""

    def __init__(self, batch: Batch) -> None:
        self._left = [list(batch.rows)]

    def batch(self) -> list[TableRow]:
        return self._left.pop() if self._left else []

    def close(self) -> None: ...


def written(folder: Path, *given: Any, **more: Any) -> Paths:
    content, batch = of_rows(*given, **more)
    return dict(write_files(content, Once(batch), folder).paths)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(rich: Any, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """The files of `rich`."""
    return write(rich, tmp_path_factory.mktemp("forms"))


# GeoJSON


def test_geojson_holds_the_features_that_the_items_show(
    rich: Any, composite: Any, keyless: Any, tmp_path: Path
) -> None:
    for loaded in (rich, composite, keyless):
        equals_items(loaded, tmp_path)


def equals_items(loaded: Any, tmp_path: Path) -> None:
    found = json.loads(write(loaded, tmp_path)[FileFormat.GEOJSON].read_bytes())
    stream = loaded.source.stream(Query())
    wanted = json.loads(b"[" + b"".join(stream) + b"]")
    stream.close()
    assert found["type"] == "FeatureCollection"
    assert len(found["features"]) == len(wanted)
    for one, other in zip(found["features"], wanted, strict=True):
        assert same_place(one.pop("geometry"), other.pop("geometry"))
        moment, said = one["properties"].pop("moment", None), other["properties"]
        assert (moment is None) == (said.get("moment") is None)
        said.pop("moment", None)
        assert one == other


def same_place(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    shapes = [
        shapely.normalize(shapely.from_geojson(json.dumps(g))) for g in (one, other)
    ]
    return bool(shapely.equals_exact(*shapes, tolerance=1e-7))


def test_outer_rings_of_geojson_run_counterclockwise(tmp_path: Path) -> None:
    clockwise = shapely.box(650_000, 6_860_000, 650_100, 6_860_100, ccw=False)
    paths = written(tmp_path, {}, [()], [clockwise])
    features = json.loads(paths[FileFormat.GEOJSON].read_bytes())["features"]
    ring = shapely.LinearRing(features[0]["geometry"]["coordinates"][0])
    assert ring.is_ccw


# GeoParquet


def test_geopandas_reads_the_rows_of_the_silo_from_parquet(
    made: Paths, rich_rows: tuple[dict[str, Any], ...]
) -> None:
    found = geopandas.read_parquet(made[FileFormat.PARQUET])
    assert found.crs == CRS.from_epsg(2154)
    for row, wanted in zip(
        pq.read_table(made[FileFormat.PARQUET]).to_pylist(), rich_rows, strict=True
    ):
        for name, value in wanted.items():
            if name == "geom":
                continue
            assert row[name] == value, (wanted["id"], name)
    for shape, wanted in zip(found.geometry, rich_rows, strict=True):
        if wanted["geom"] is None:
            assert shape is None
        else:
            assert shapely.equals_exact(shape, wanted["geom"], 1e-9)


def test_parquet_says_what_geoparquet_1_1_asks_for(made: Paths) -> None:
    file = pq.ParquetFile(made[FileFormat.PARQUET])
    geo = json.loads(file.schema_arrow.metadata[b"geo"])
    found = geopandas.read_parquet(made[FileFormat.PARQUET])
    (name,) = geo["columns"]
    column = geo["columns"][name]
    assert (geo["version"], geo["primary_column"], name) == (
        "1.1.0", "geometry", "geometry",
    )  # fmt: skip
    assert column["encoding"] == "WKB"
    assert column["bbox"] == pytest.approx(found.total_bounds)
    assert column["crs"] == CRS.from_epsg(2154).to_json_dict()
    types = set(found.geometry.dropna().geom_type)
    assert {each.removesuffix(" Z") for each in column["geometry_types"]} == types
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert file.schema.column(file.schema_arrow.names.index(name)).physical_type == (
        "BYTE_ARRAY"
    )


def test_parquet_is_read_by_place(made: Paths) -> None:
    box = (300_000, 6_300_000, 800_000, 6_800_000)
    whole = geopandas.read_parquet(made[FileFormat.PARQUET])
    found = geopandas.read_parquet(made[FileFormat.PARQUET], bbox=box)
    boxes = whole.geometry.bounds
    meets = (boxes.minx <= box[2]) & (boxes.maxx >= box[0])
    meets &= (boxes.miny <= box[3]) & (boxes.maxy >= box[1])
    assert sorted(found["id"]) == sorted(whole["id"][meets])
    assert 5 < len(found) < len(whole)


def test_columns_named_like_those_that_are_added_keep_their_names(
    tmp_path: Path,
) -> None:
    columns = {
        "geometry": (FieldType.STRING, "text"),
        "bbox": (FieldType.STRING, "text"),
        "Select": (FieldType.STRING, "text"),
        'dit "été"': (FieldType.STRING, "text"),
    }
    row = ("a", "b", "c", "d")
    paths = written(tmp_path, columns, [row], [shapely.Point(1, 2)])
    read = geopandas.read_parquet(paths[FileFormat.PARQUET])
    assert [read[name][0] for name in columns] == list(row)
    assert read.geometry[0] == shapely.Point(1, 2)
    fgb = pyogrio.read_info(paths[FileFormat.FLATGEOBUF])
    assert list(fgb["fields"]) == list(columns)


# FlatGeobuf


def test_flatgeobuf_holds_the_rows_of_the_silo(
    made: Paths, rich_rows: tuple[dict[str, Any], ...]
) -> None:
    path = made[FileFormat.FLATGEOBUF]
    assert pyogrio.read_info(path)["crs"] == "EPSG:2154"
    found = pyogrio.read_dataframe(path).set_index("id")
    assert len(found) == len(rich_rows)
    for row in rich_rows:
        here = found.loc[row["id"]]
        for name in ("name", "ratio", "flag", "rank", "limit", "insee"):
            given = here[name]
            assert pandas.isna(given) if row[name] is None else given == row[name]
        if row["geom"] is None or row["geom"].is_empty:
            assert here.geometry is None or here.geometry.is_empty
        else:
            flat = shapely.force_2d(shapely.normalize(row["geom"]))
            here = shapely.force_2d(shapely.normalize(here.geometry))
            assert shapely.equals_exact(here, flat, 1e-9)


def test_flatgeobuf_is_found_by_place_through_its_index(made: Paths) -> None:
    path = made[FileFormat.FLATGEOBUF]
    whole = pyogrio.read_dataframe(path)
    for box in ((300_000, 6_300_000, 800_000, 6_800_000), (0, 0, 1, 1)):
        found = pyogrio.read_dataframe(path, bbox=box)
        wanted = whole[whole.geometry.intersects(shapely.box(*box))]
        assert sorted(found["id"]) == sorted(wanted["id"])


@pytest.mark.parametrize("number", [1, 16, 17, 300, 5000])
def test_every_node_of_the_index_holds_what_is_below_it(
    number: int, tmp_path: Path
) -> None:
    places = np.random.default_rng(number).uniform(0, 1e6, (number, 2))
    shapes = [*shapely.points(places), None]
    rows = [(n,) for n in range(number + 1)]
    columns = {"n": (FieldType.INTEGER, "integer")}
    paths = written(tmp_path, columns, rows, shapes, kind=GeometryType.POINT)
    leaves, largest = leaves_of(paths[FileFormat.FLATGEOBUF].read_bytes(), number + 1)
    assert largest <= 16
    assert len(leaves) == number + 1
    boxes = sorted(tuple(box) for box, _ in leaves if np.isfinite(box).all())
    assert boxes == sorted((x, y, x, y) for x, y in places.tolist())
    some = places[0]
    near = (some[0] - 10, some[1] - 10, some[0] + 10, some[1] + 10)
    found = pyogrio.read_dataframe(paths[FileFormat.FLATGEOBUF], bbox=near)
    assert 0 in found["n"].tolist()
    whole = pyogrio.read_dataframe(paths[FileFormat.FLATGEOBUF])
    assert sorted(whole["n"]) == list(range(number + 1))


def leaves_of(raw: bytes, number: int) -> tuple[list[Any], int]:
    """Walk down a packed R-tree; return its leaves, and most children of a node."""
    levels = [number]
    while levels[-1] > 1 or len(levels) == 1:
        levels.append(-(-levels[-1] // 16))
    starts, total = [], 0
    for size in reversed(levels):
        starts.append(total)
        total += size
    start = 12 + struct.unpack_from("<I", raw, 8)[0]
    nodes = [struct.unpack_from("<4dQ", raw, start + 40 * n) for n in range(total)]
    features = start + 40 * total
    found, most, waiting = [], 0, [(0, 0)]
    while waiting:
        level, node = waiting.pop()
        *box, offset = nodes[node]
        if level == len(levels) - 1:
            size = struct.unpack_from("<I", raw, features + offset)[0]
            assert features + offset + 4 + size <= len(raw)
            found.append((box, offset))
            continue
        end = starts[level + 1] + levels[-level - 2]
        children = range(offset, min(offset + 16, end))
        most = max(most, len(children))
        for child in children:
            below = nodes[child]
            assert below[0] >= box[0] or np.isinf(below[0])
            assert below[3] <= box[3] or np.isinf(below[3])
            waiting.append((level + 1, child))
    return found, most


def test_one_part_and_several_are_one_type_with_heights_in_flatgeobuf(
    tmp_path: Path,
) -> None:
    one = shapely.from_wkt("LINESTRING Z (0 0 1, 1 1 2)")
    many = shapely.from_wkt("MULTILINESTRING Z ((5 5 1, 6 6 2))")
    path = written(tmp_path, {}, [(), ()], [one, many])[FileFormat.FLATGEOBUF]
    info, found = pyogrio.read_info(path), pyogrio.read_dataframe(path)
    assert info["geometry_type"] in {"MultiLineString Z", "2.5D MultiLineString"}
    assert sorted(c[2] for g in found.geometry for c in g.geoms[0].coords) == [
        1,
        1,
        2,
        2,
    ]


# Shapefile


def read_shapefile(path: Path, layer: str | None = None) -> Any:
    return pyogrio.read_dataframe(f"/vsizip/{path}", layer=layer)


def told(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return archive.read(TOLD).decode("utf-8")


def test_a_shapefile_holds_the_rows_of_each_kind(
    load_shapes: Callable[..., Any], tmp_path: Path
) -> None:
    shapes = {
        "a": shapely.Point(2.4, 48.9),
        "b": shapely.LineString([(2, 48), (3, 49)]),
        "c": shapely.MultiPolygon(
            [shapely.box(2, 48, 3, 49), shapely.box(4, 48, 5, 49)]
        ),
        "d": shapely.GeometryCollection(
            [shapely.Point(2, 48), shapely.box(2, 48, 3, 49)]
        ),
        "e": None,
        "f": shapely.Polygon(),
        "g": shapely.MultiPoint([(2, 48), (3, 49)]),
    }
    path = write(load_shapes(shapes), tmp_path)[FileFormat.SHAPEFILE]
    found = {
        kind: sorted(read_shapefile(path, f"shapes_{kind}")["sort"])
        for kind in ("point", "multipoint", "line", "polygon", "table")
    }
    assert found == {
        "point": ["a"],
        "multipoint": ["d", "g"],
        "line": ["b"],
        "polygon": ["c", "d"],
        "table": ["e", "f"],
    }
    polygons = read_shapefile(path, "shapes_polygon").set_index("sort").geometry
    assert polygons.crs.to_epsg() == 4326
    assert shapely.equals(polygons["c"], shapes["c"])
    assert shapely.equals(polygons["d"], shapely.box(2, 48, 3, 49))
    assert "shapes_polygon" in told(path)


def test_values_of_a_shapefile_are_those_of_the_silo(
    made: Paths, rich_rows: tuple[dict[str, Any], ...]
) -> None:
    path = made[FileFormat.SHAPEFILE]
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert all(archive.read(n) == b"UTF-8" for n in names if n.endswith(".cpg"))
    layers = [n.removesuffix(".dbf") for n in names if n.endswith(".dbf")]
    frames = [
        pyogrio.read_dataframe(f"/vsizip/{path}/{layer}.dbf", read_geometry=False)
        for layer in layers
    ]
    found = pandas.concat(frames).drop_duplicates("id").set_index("id")
    assert sorted(found.index) == sorted(row["id"] for row in rich_rows)
    for row in rich_rows:
        here = found.loc[row["id"]]
        assert (here["name"] if pandas.notna(here["name"]) else "") == (
            (row["name"] or "").rstrip()
        )
        assert (
            pandas.isna(here["ratio"])
            if row["ratio"] is None
            else (here["ratio"] == row["ratio"])
        )
        if row["population"] is not None:
            assert int(here["population"]) == row["population"]
        if row["day"] is not None:
            assert str(here["day"])[:10] == row["day"].isoformat()
        if row["moment"] is not None:
            assert datetime.fromisoformat(here["moment"]) == row["moment"]


def test_numbers_keep_all_their_digits_in_a_shapefile(tmp_path: Path) -> None:
    columns = {
        "grand": (FieldType.INTEGER, "bigint"),
        "réel": (FieldType.NUMBER, "double precision"),
        "exact": (FieldType.NUMBER, "numeric(30,10)"),
    }
    values = [
        (2**63 - 1, 1.7976931348623157e308, Decimal("12345678901234567890.0123456789")),
        (-(2**63), -2.2250738585072014e-308, Decimal("0E-10")),
        (None, None, None),
    ]
    points = [shapely.Point(n, n) for n in range(3)]
    paths = written(tmp_path, columns, values, points, kind=GeometryType.POINT)
    found = read_shapefile(paths[FileFormat.SHAPEFILE])
    assert [int(v) for v in found["grand"][:2]] == [values[0][0], values[1][0]]
    assert found["reel"][:2].tolist() == [values[0][1], values[1][1]]
    assert [Decimal(v) for v in found["exact"][:2]] == [values[0][2], values[1][2]]
    assert found.iloc[2].drop("geometry").isna().all()
    table = pq.read_table(paths[FileFormat.PARQUET])
    assert table["exact"].to_pylist() == [v[2] for v in values]
    assert table["grand"].to_pylist() == [v[0] for v in values]


def test_what_a_shapefile_shortens_or_leaves_out_is_told_in_both_languages(
    tmp_path: Path,
) -> None:
    columns = {
        "observation_générale": (FieldType.STRING, "text"),
        "observation_gestionnaire": (FieldType.STRING, "text"),
        "photo": (FieldType.BINARY, "bytea"),
    }
    row = ("é" * 200, "court", b"\xff\xd8")
    paths = written(
        tmp_path, columns, [row], [shapely.Point(1, 2)], kind=GeometryType.POINT
    )
    path = paths[FileFormat.SHAPEFILE]
    found, said = read_shapefile(path), told(path)
    assert list(found.columns) == ["observatio", "observat_2", "geometry"]
    assert found["observatio"][0] == "é" * 127
    assert "coupés à 254 octets" in said
    assert "cut at 254 bytes" in said
    assert said.count("observation_générale (400)") == 2
    assert "observat_2 ; observation_gestionnaire" in said
    assert "absentes (binaires, ou au-delà de 255) : photo." in said
    assert "left out (binary, or beyond 255): photo." in said


def test_a_layer_that_grows_beyond_a_shapefile_goes_on_in_another(
    tmp_path: Path,
) -> None:
    columns = {"n": (FieldType.INTEGER, "integer"), "nom": (FieldType.STRING, "text")}
    rows = [(n, "x" * 200) for n in range(1000)]
    points = [shapely.Point(n, n) for n in range(1000)]
    content, batch = of_rows(columns, rows, points, GeometryType.POINT)
    spool = Spool(tmp_path / "spool", content)
    spool.write(batch)
    spool.close()
    limit = 170 * 1024
    write_shapefile(spool, tmp_path / "essai.shp.zip", limit)
    with zipfile.ZipFile(tmp_path / "essai.shp.zip") as archive:
        layers = [n for n in archive.namelist() if n.endswith(".shp")]
        assert all(entry.file_size <= limit for entry in archive.infolist())
    assert layers == ["essai.shp", "essai_2.shp", "essai_3.shp"]
    found = [
        read_shapefile(tmp_path / "essai.shp.zip", name.removesuffix(".shp"))
        for name in layers
    ]
    whole = pandas.concat(found)
    assert whole["n"].tolist() == list(range(1000))
    assert [p.x for p in whole.geometry] == list(range(1000))


def test_a_table_of_more_fields_than_a_shapefile_has_says_which_are_missing(
    tmp_path: Path,
) -> None:
    columns = {f"c{n}": (FieldType.INTEGER, "integer") for n in range(260)}
    paths = written(
        tmp_path, columns, [tuple(range(260))], [shapely.Point(1, 2)],
        kind=GeometryType.POINT,
    )  # fmt: skip
    path = paths[FileFormat.SHAPEFILE]
    assert len(read_shapefile(path).columns) == 256
    assert "c255, c256, c257, c258, c259." in told(path)


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["Œuvre d'art", "nom"], ["OEuvre_d_a", "nom"]),
        (["élément_a_long", "Element_a_b"], ["element_a_", "Element__2"]),
        (["2024", "_x", "été"], ["f_2024", "f__x", "ete"]),
        (["日本", "中国"], ["f___", "f____2"]),
    ],
)
def test_names_are_ten_letters_of_ascii_and_differ(
    names: list[str], short: list[str]
) -> None:
    assert list(short_names(names)) == short


# What no form loses, and what there is of a table without geometry


def test_without_geometry_there_is_no_flatgeobuf_and_no_shapefile(
    keyless: Any, tmp_path: Path
) -> None:
    paths = write(keyless, tmp_path)
    assert set(paths) == {*ALL_FORMATS} - {FileFormat.FLATGEOBUF, FileFormat.SHAPEFILE}
    found = pandas.read_parquet(paths[FileFormat.PARQUET])
    assert sorted(found["name"]) == sorted(f"row {n % 7}" for n in range(25))
    assert b"geo" not in pq.read_schema(paths[FileFormat.PARQUET]).metadata


def test_an_empty_collection_is_empty_in_every_form(
    load_shapes: Callable[..., Any], tmp_path: Path
) -> None:
    paths = write(load_shapes({}), tmp_path)
    assert set(paths) == {*ALL_FORMATS}
    assert json.loads(paths[FileFormat.GEOJSON].read_bytes())["features"] == []
    assert len(geopandas.read_parquet(paths[FileFormat.PARQUET])) == 0
    assert len(pyogrio.read_dataframe(paths[FileFormat.FLATGEOBUF])) == 0
    assert len(read_shapefile(paths[FileFormat.SHAPEFILE])) == 0


def test_geometries_that_are_nowhere_only_are_kept(tmp_path: Path) -> None:
    paths = written(
        tmp_path, {"n": (FieldType.INTEGER, "integer")}, [(1,), (2,)], [None, None]
    )
    assert pyogrio.read_dataframe(paths[FileFormat.FLATGEOBUF])["n"].tolist() == [1, 2]
    assert read_shapefile(paths[FileFormat.SHAPEFILE])["n"].tolist() == [1, 2]
    assert geopandas.read_parquet(paths[FileFormat.PARQUET]).geometry.isna().all()


SPECIAL = """
CREATE TABLE special (id bigint PRIMARY KEY, "prix d'été" numeric(20, 4), sans numeric,
  court real, quand timestamptz, local timestamp, jour date, heure time, uuid uuid,
  tags jsonb, noms text[], octets bytea, geom geometry(GeometryZ, 2154));
INSERT INTO special VALUES
  (9007199254740993, 1234567890123456.7891, 1e20, 'NaN',
   '2026-01-02 03:04:05.678901+02',
   '2026-01-02 03:04:05', '2026-01-02', '12:00', '6f1c2b1e-0000-4000-8000-000000000001',
   '{"a": "é"}', '{x,y}', '\\x00ff',
   'SRID=2154;CIRCULARSTRING Z (650000 6860000 1, 650001 6860001 2, 650002 6860000 3)'),
  (2, NULL, 'NaN', 1.5, 'infinity', '-infinity', 'infinity', NULL, NULL, 'null', '{}',
   '', NULL),
  (3, NULL, NULL, 'Infinity', '0044-03-15 12:00:00+00 BC', NULL, '0044-03-15 BC', NULL,
   NULL, NULL, NULL, NULL, 'SRID=2154;POINT Z EMPTY');
"""


@pytest.fixture
def special(postgis: str) -> Iterator[Any]:
    """A table of values that some form has no word for."""
    with closing(psycopg2.connect(postgis)) as database, database:
        database.cursor().execute(SPECIAL)
    silo = SiloConfiguration(name="s", location=postgis)
    surveys = survey_structure(silo, now=datetime.now(UTC)).surveys
    (survey,) = [s for s in surveys if s.source.table == "special"]
    description = CollectionDescription(id="special", source=survey.source)
    collection = Collection(description=description, survey=survey)
    opened = open_features(silo)
    yield collection, opened.features(collection)
    opened.close()


@pytest.mark.postgis
def test_odd_values_are_kept_or_are_nothing(special: Any, tmp_path: Path) -> None:
    collection, source = special
    paths = write_files(content_of(collection), source.rows(), tmp_path).paths
    rows = {r["id"]: r for r in pq.read_table(paths[FileFormat.PARQUET]).to_pylist()}
    first, second, third = rows[9007199254740993], rows[2], rows[3]
    assert first["prix d'été"] == Decimal("1234567890123456.7891")
    assert Decimal(first["sans"]) == Decimal("1e20")
    assert first["court"] is None
    assert first["quand"] == datetime(2026, 1, 2, 1, 4, 5, 678901, tzinfo=UTC)
    assert first["local"] == datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001
    assert (first["jour"], first["heure"]) == (date(2026, 1, 2), "12:00:00")
    assert json.loads(first["tags"]) == {"a": "é"}
    assert json.loads(first["noms"]) == ["x", "y"]
    assert first["octets"] == b"\x00\xff"
    line = shapely.from_wkb(first["geometry"])
    assert (line.geom_type, line.coords[0]) == (
        "LineString",
        (650000.0, 6860000.0, 1.0),
    )
    for name in ("sans", "quand", "local", "jour", "geometry"):
        assert second[name] is None
    assert (second["court"], second["octets"]) == (1.5, b"")
    assert (third["court"], third["quand"], third["jour"]) == (None, None, None)
    days = {2: "infinity", 3: "0044-03-15 BC"}
    with closing(sqlite3.connect(paths[FileFormat.GEOPACKAGE])) as package:
        kept = dict(package.execute("SELECT id, jour FROM special WHERE id < 9"))
    assert kept == days
    with paths[FileFormat.CSV].open(encoding="utf-8-sig", newline="") as file:
        kept = {int(r["id"]): r["jour"] for r in csv.DictReader(file) if r["id"] < "9"}
    assert kept == days
    shapes = read_shapefile(paths[FileFormat.SHAPEFILE]).set_index("id")
    assert shapes.loc[[2, 3], "jour"].isna().all()
    fgb = pyogrio.read_dataframe(paths[FileFormat.FLATGEOBUF]).set_index("id")
    assert sorted(fgb.index) == sorted(rows)
    assert fgb.loc[9007199254740993, "prix d'été"] == "1234567890123456.7891"
    assert fgb.loc[9007199254740993].geometry.coords[0][2] == 1.0
    features = json.loads(paths[FileFormat.GEOJSON].read_bytes())["features"]
    assert features[-1]["id"] == 9007199254740993
    assert [f["geometry"] is None for f in features] == [True, False, False]


def test_forms_are_written_that_are_asked_for_and_no_others(
    rich: Any, tmp_path: Path
) -> None:
    wanted = {FileFormat.PARQUET}
    content = replace(content_of(rich.collection), name="x")
    paths = write_files(content, rich.source.rows(), tmp_path, wanted).paths
    assert set(paths) == wanted
    assert [path.name for path in tmp_path.iterdir()] == ["x.parquet"]


def test_a_process_that_only_serves_loads_neither_arrow_nor_pandas() -> None:
    said = (
        "import sys, service.app, gateway.cli;"
        "print([m for m in ('pyarrow', 'pyogrio', 'pandas') if m in sys.modules])"
    )
    command = [sys.executable, "-c", said]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"
