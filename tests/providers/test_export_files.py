"""Collections as files, read back by GDAL and by Python: they equal the silo."""

from __future__ import annotations

import csv
import io
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas
import pyogrio
import pytest
import shapely
from pyproj import Transformer

from metadata.dataset import published_columns
from metadata.errors import SourceError
from metadata.file_formats import FileFormat
from metadata.measured import GeometryType
from providers.csv_lines import cell
from providers.exports.content import FileContent
from providers.exports.names import unused
from providers.exports.writing import Written, date_file, sha256_of, write_files

MOMENT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


def content_of(collection: Any, **changes: Any) -> FileContent:
    key = [c.name for c in published_columns(collection)]
    is_single = len(collection.key) == 1
    place = key.index(collection.key[0]) if is_single else None
    if (
        place is not None
        and published_columns(collection)[place].field.type != "integer"
    ):
        place = None
    content = FileContent(
        name=collection.id,
        title="Éléments d'essai",
        about="Une phrase.",
        columns=published_columns(collection),
        geometry=collection.geometry,
        identity=place,
        in_database=collection.survey.kind != "layer",
    )
    return replace(content, **changes)


def write(loaded: Any, folder: Path, **changes: Any) -> Written:
    content = content_of(loaded.collection, **changes)
    written = write_files(content, loaded.source.rows(), folder)
    date_file(written.paths[FileFormat.GEOPACKAGE], FileFormat.GEOPACKAGE, MOMENT)
    return written


def rows_of(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def written(rich: Any, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The files of `rich`."""
    return write(rich, tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def features(written: Written) -> Any:
    """The GeoPackage of `rich` as GDAL reads it, by feature id."""
    return pyogrio.read_dataframe(
        written.paths[FileFormat.GEOPACKAGE], fid_as_index=True, datetime_as_string=True
    )


def test_a_geopackage_holds_the_rows_of_the_silo(
    features: Any, rich_rows: tuple[dict[str, Any], ...]
) -> None:
    assert list(features.index) == [row["id"] for row in rich_rows]
    for row, (_, found) in zip(rich_rows, features.iterrows(), strict=True):
        for name, value in row.items():
            if name in {"id", "geom"}:
                continue
            assert same(found[name], value), (row["id"], name)
        if row["geom"] is None:
            assert found.geometry is None
        else:
            assert shapely.equals_exact(found.geometry, row["geom"], 1e-9)


def same(found: Any, value: Any) -> bool:
    if value is None:
        return bool(pandas.isna(found))
    if isinstance(value, datetime):
        return abs(datetime.fromisoformat(found) - value).total_seconds() < 1e-3
    if isinstance(value, date):
        return str(found)[:10] == value.isoformat()
    if isinstance(value, int) and abs(value) > 2**53:
        return abs(float(found) - value) <= 2**11  # pandas has no gaps in whole numbers
    return bool(found == value)


def test_large_whole_numbers_are_exact(
    written: Written, rich_rows: tuple[dict[str, Any], ...]
) -> None:
    wanted = {row["id"]: row["population"] for row in rich_rows}
    with sqlite3.connect(written.paths[FileFormat.GEOPACKAGE]) as database:
        assert dict(database.execute("SELECT id, population FROM rich")) == wanted
    found = rows_of(written.paths[FileFormat.CSV])
    assert {int(r["id"]): r["population"] for r in found} == {
        i: "" if v is None else str(v) for i, v in wanted.items()
    }


def test_what_is_excluded_or_renamed_is_so_in_every_file(written: Written) -> None:
    info = pyogrio.read_info(written.paths[FileFormat.GEOPACKAGE])
    header = rows_of(written.paths[FileFormat.CSV])[0]
    assert "insee" in info["fields"]
    assert "insee" in header
    assert not {"code", "secret"} & {*info["fields"], *header}
    for path in written.paths.values():
        assert b"secret" not in path.read_bytes()


def test_a_geopackage_is_valid_and_described(written: Written) -> None:
    path = written.paths[FileFormat.GEOPACKAGE]
    info = pyogrio.read_info(path, force_feature_count=True)
    assert info["crs"] == "EPSG:2154"
    assert info["features"] == 160
    assert pyogrio.list_layers(path)[:, 0].tolist() == ["rich"]
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        contents = database.execute("SELECT * FROM gpkg_contents").fetchall()
        boxes = database.execute("SELECT count(*) FROM rtree_rich_geom").fetchone()
        (filled,) = database.execute("SELECT count(geom) FROM rich").fetchone()
    ((name, kind, title, about, changed, *box, srid),) = contents
    assert (name, kind, title, srid) == ("rich", "features", "Éléments d'essai", 2154)
    assert (about, changed) == ("Une phrase.", "2026-05-04T12:30:00.000Z")
    assert box == pytest.approx(pyogrio.read_dataframe(path).total_bounds)
    assert boxes == (filled,)


def test_types_are_kept(written: Written, rich: Any) -> None:
    with sqlite3.connect(written.paths[FileFormat.GEOPACKAGE]) as database:
        found = {row[1]: row[2] for row in database.execute("PRAGMA table_info(rich)")}
    assert found == {
        "id": "INTEGER",
        "geom": "GEOMETRY",
        "name": "TEXT",
        "population": "INTEGER",
        "ratio": "DOUBLE",
        "rank": "SMALLINT",
        "flag": "BOOLEAN",
        "day": "DATE",
        "moment": "DATETIME",
        "limit": "TEXT",
        "insee": "TEXT(5)",
    }


def test_gdal_finds_by_place_through_the_index(written: Written, features: Any) -> None:
    box = (300_000, 6_300_000, 800_000, 6_800_000)
    found = pyogrio.read_dataframe(
        written.paths[FileFormat.GEOPACKAGE], bbox=box, fid_as_index=True
    )
    wanted = features[features.geometry.intersects(shapely.box(*box))]
    assert sorted(found.index) == sorted(wanted.index)
    assert len(found) > 5


def test_gdal_may_edit_the_file_and_its_index_follows(
    written: Written, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.gpkg"
    copy.write_bytes(written.paths[FileFormat.GEOPACKAGE].read_bytes())
    change = "DELETE FROM rich WHERE id > 10"
    subprocess.run(["ogrinfo", "-q", copy, "-sql", change], check=True)
    with sqlite3.connect(copy) as database:
        (boxes,) = database.execute("SELECT count(*) FROM rtree_rich_geom").fetchone()
        (left,) = database.execute("SELECT count(geom) FROM rich").fetchone()
    assert boxes == left


def test_gdal_has_nothing_to_say_against_the_file(written: Written) -> None:
    told = subprocess.run(
        ["ogrinfo", "-al", written.paths[FileFormat.GEOPACKAGE]],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stderr == ""


def test_a_csv_holds_the_rows_of_the_silo(
    written: Written, rich_rows: tuple[dict[str, Any], ...]
) -> None:
    to_degrees = Transformer.from_crs(2154, 4326, always_xy=True)
    found = rows_of(written.paths[FileFormat.CSV])
    assert len(found) == len(rich_rows)
    for row, wanted in zip(found, rich_rows, strict=True):
        assert row["name"] == (wanted["name"] or "")
        assert row["flag"] == {None: "", True: "true", False: "false"}[wanted["flag"]]
        assert row["day"] == (wanted["day"].isoformat() if wanted["day"] else "")
        assert (float(row["ratio"]) if row["ratio"] else None) == wanted["ratio"]
        if wanted["moment"]:
            assert datetime.fromisoformat(row["moment"]) == wanted["moment"]
        if wanted["geom"] is None:
            assert row["WKT"] == ""
            continue
        moved = shapely.transform(
            wanted["geom"], to_degrees.transform, interleaved=False
        )
        assert shapely.equals_exact(shapely.from_wkt(row["WKT"]), moved, 1e-7)


def test_a_csv_is_as_rfc_4180_has_it(written: Written) -> None:
    raw = written.paths[FileFormat.CSV].read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.endswith(b"\r\n")
    header = raw.split(b"\r\n", 1)[0].decode()
    assert header == "id,name,population,ratio,rank,flag,day,moment,limit,insee,WKT"


def test_gdal_finds_the_geometry_of_a_csv(written: Written) -> None:
    found = pyogrio.read_dataframe(written.paths[FileFormat.CSV])
    assert found.geometry.notna().sum() > 100


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", '""'),
        ("a,b", '"a,b"'),
        ('a "b"', '"a ""b"""'),
        ("a\nb", '"a\nb"'),
        (" a", '" a"'),
        ("=1+1", "=1+1"),
        ("Épinay", "Épinay"),
        (True, "true"),
        (2**62, "4611686018427387904"),
        (0.1, "0.1"),
        (b"\x00\xff", "AP8="),
    ],
)
def test_a_value_is_quoted_where_it_must_be(value: Any, text: str) -> None:
    assert cell(value) == text


def test_points_have_longitude_and_latitude_besides(
    points: Any, tmp_path: Path
) -> None:
    found = rows_of(write(points, tmp_path).paths[FileFormat.CSV])
    assert len(found) == 25_000
    for row in found[::1000]:
        place = shapely.from_wkt(row["WKT"])
        assert (float(row["longitude"]), float(row["latitude"])) == (place.x, place.y)


def test_the_same_rows_make_the_same_bytes(rich: Any, tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        paths = write(rich, tmp_path / name).paths
        digests.append({form: sha256_of(path) for form, path in paths.items()})
    assert digests[0] == digests[1]


def test_an_unknown_moment_makes_a_file_that_any_moment_can_be_set_in(
    rich: Any, tmp_path: Path
) -> None:
    made = write(rich, tmp_path).paths[FileFormat.GEOPACKAGE]
    before = sha256_of(made)
    date_file(made, FileFormat.GEOPACKAGE, datetime(2027, 1, 1, tzinfo=UTC))
    assert sha256_of(made) != before


def test_geometries_of_every_kind_come_back(
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
    path = write(load_shapes(shapes), tmp_path).paths[FileFormat.GEOPACKAGE]
    found = pyogrio.read_dataframe(path).set_index("sort").geometry
    assert list(found.index) == list(shapes)
    for name, shape in shapes.items():
        if shape is None:
            assert found[name] is None
        else:
            assert shapely.equals_identical(found[name], shape), name
    by_name = {r["sort"]: r["WKT"] for r in rows_of(path.with_suffix(".csv"))}
    assert by_name["a"] == "POINT (2.4 48.9)"
    assert by_name["e"] == ""


def test_a_table_without_geometry_or_key_is_a_table_of_attributes(
    keyless: Any, tmp_path: Path
) -> None:
    paths = write(keyless, tmp_path).paths
    found = pyogrio.read_dataframe(paths[FileFormat.GEOPACKAGE], read_geometry=False)
    assert sorted(found["name"]) == sorted(f"row {n % 7}" for n in range(25))
    assert len(rows_of(paths[FileFormat.CSV])) == 25


def test_composite_keys_stay_columns(composite: Any, tmp_path: Path) -> None:
    paths = write(composite, tmp_path).paths
    found = pyogrio.read_dataframe(paths[FileFormat.GEOPACKAGE], read_geometry=False)
    assert list(found.columns) == ["part", "id", "name"]
    assert len(found) == 12


def test_an_empty_collection_is_an_empty_file(
    load_shapes: Callable[..., Any], tmp_path: Path
) -> None:
    paths = write(load_shapes({}), tmp_path).paths
    info = pyogrio.read_info(paths[FileFormat.GEOPACKAGE], force_feature_count=True)
    assert (info["features"], info["crs"]) == (0, "EPSG:4326")
    assert paths[FileFormat.CSV].read_bytes() == b"id,sort,WKT\r\n"


def test_names_that_differ_by_case_only_are_told_apart() -> None:
    assert unused("nom", ["id", "Nom", "nom_2"]) == "nom_3"
    assert unused("nom", ["id"]) == "nom"


def test_rows_that_break_off_leave_no_file(rich: Any, tmp_path: Path) -> None:
    class Broken:
        state = ""
        closed = False

        def __init__(self) -> None:
            self._rows: Iterator[Any] = iter([rich.source.rows().batch()])

        def batch(self) -> Any:
            found = next(self._rows, None)
            if found is None:
                raise SourceError("The silo went away.")
            return found

        def close(self) -> None:
            self.closed = True

    rows = Broken()
    with pytest.raises(SourceError):
        write_files(content_of(rich.collection), rows, tmp_path)  # type: ignore[arg-type]
    assert rows.closed
    assert list(tmp_path.iterdir()) == []


def test_the_state_is_that_of_the_silo(rich: Any, written: Written) -> None:
    assert written.state
    assert written.rows == 160


def test_an_empty_point_has_no_place_in_a_csv(
    load: Any, table_of_shapes: Any, tmp_path: Path
) -> None:
    table = table_of_shapes({"a": shapely.Point(652_000, 6_862_000), "b": None}, 2154)
    table = replace(
        table,
        geometry=GeometryType.POINT,
        geometries=(table.geometries[0], shapely.Point()),
    )
    first, second = rows_of(write(load(table), tmp_path).paths[FileFormat.CSV])
    assert 2 < float(first["longitude"]) < 3
    assert (second["longitude"], second["latitude"]) == ("", "")
