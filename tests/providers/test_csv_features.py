"""Features as CSV: the lines of the file, and the values of GeoJSON and `COPY`."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from metadata.crs import CRS84, epsg
from metadata.dataset import published_columns
from metadata.file_formats import FileFormat
from metadata.measured import FieldType, GeometryType
from providers.csv_lines import cell, columns_asked, line
from providers.exports.content import FileContent
from providers.exports.writing import write_files
from providers.one_feature import query_of_one
from providers.query import Encoding, Query, columns_by_name

CSV = Encoding.CSV
Rows = Callable[..., list[list[str | None]]]
Row = dict[str, str | None]
ODD_TEXTS = (
    None,
    "",
    "plain",
    " ",
    "\t",
    " blanks around ",
    "a,b",
    'a "b" c',
    '"',
    '""',
    ",",
    "a\nb",
    "a\rb",
    "\r\n",
    "ends\n",
    "\\.",
    "\\N",
    "NULL",
    "=1+1",
    "+1",
    "-1",
    "@a",
    "\x1e",
    "a\x1eb\x1e",
    "\x01\x0b\x1d\x1f\x7f",
    '"geometry":[NaN,0],"properties":',
    "[NaN,NaN]",
    "émoji 🏛️, ﬁn, \u2028, \x85, \xa0",
    "%s %% {} \\1 $1",
    "'",
    ";",
)


@pytest.fixture
def read(csv_rows: Rows) -> Callable[..., list[Row]]:
    """Return the rows of a page by the names of its columns."""

    def rows(loaded: Any, query: Query) -> list[Row]:
        query = replace(query, encoding=CSV)
        head = columns_asked(loaded.collection, query).head
        page = loaded.source.page(query)
        names, *found = csv_rows(head + page.sequence)
        assert len(found) == page.count
        return [dict(zip(map(str, names), row, strict=True)) for row in found]

    return rows


def plain(source: Any, query: Query) -> list[dict[str, Any]]:
    return [
        json.loads(text, parse_float=Decimal) for text in source.page(query).features
    ]


def written(loaded: Any, folder: Path) -> bytes:
    """Return the CSV file of a collection."""
    collection = loaded.collection
    content = FileContent(
        name=collection.id,
        title="Essai",
        about="",
        columns=published_columns(collection),
        geometry=collection.geometry,
        identity=None,
        in_database=loaded.is_postgis,
    )
    folder.mkdir(exist_ok=True)
    made = write_files(content, loaded.source.rows(), folder, [FileFormat.CSV])
    return made.paths[FileFormat.CSV].read_bytes()


def assert_same_rows(found: list[Row], others: list[Row]) -> None:
    """Hold rows against others: texts exactly, numbers and WKT by what they mean."""
    assert len(found) == len(others)
    for row, other in zip(found, others, strict=True):
        assert list(row) == list(other)
        for name, text in row.items():
            assert alike(name, text, other[name]), (name, text, other[name])


def alike(name: str, text: str | None, other: str | None) -> bool:
    if text is None or other is None or text == other:
        return text == other
    if name.strip("_") == "WKT":
        one, two = shapely.from_wkt([text, other])
        return bool(one.has_z == two.has_z) and same_place(one, two)
    return float(text) == float(other)


def same_place(one: Any, two: Any) -> bool:
    places = [shapely.get_coordinates(e, include_z=True) for e in (one, two)]
    return one.geom_type == two.geom_type and np.allclose(
        *places, rtol=0, atol=1.1e-9, equal_nan=True
    )


class TestOrdinary:
    def test_a_page_of_everything_is_the_file(
        self, rich: Any, csv_rows: Rows, tmp_path: Path
    ) -> None:
        file = written(rich, tmp_path)
        page = rich.source.page(Query(encoding=CSV))
        head = columns_asked(rich.collection, Query(encoding=CSV)).head
        if not rich.is_postgis:
            assert head + page.sequence == file
        names, *rows = csv_rows(head + page.sequence)
        names_there, *others = csv_rows(file)
        assert names == names_there
        assert "secret" not in names
        assert "insee" in names
        assert_same_rows(
            [dict(zip(map(str, names), row, strict=True)) for row in rows],
            [dict(zip(map(str, names), row, strict=True)) for row in others],
        )

    @pytest.mark.parametrize(
        "crs", [CRS84, epsg(4326), epsg(2154), epsg(3035), epsg(3857)]
    )
    def test_every_value_and_place_is_that_of_geojson(
        self, rich: Any, read: Any, crs: Any
    ) -> None:
        found, expected = read(rich, Query(crs=crs)), plain(rich.source, Query(crs=crs))
        assert len(found) == len(expected) > 100
        for row, one in zip(found, expected, strict=True):
            assert list(row) == [*one["properties"], "WKT"]
            for name, said in one["properties"].items():
                text = row[name]
                if said is None:
                    assert text is None, name
                elif isinstance(said, bool):
                    assert text == str(said).lower()
                elif isinstance(said, int | Decimal):
                    assert Decimal(text or "") == said
                elif isinstance(said, str):
                    assert text == said
            there = one["geometry"] and shapely.geometry.shape(
                json.loads(json.dumps(one["geometry"], default=float))
            )
            assert (row["WKT"] is None) == (there is None)
            if there is not None:
                assert same_place(shapely.from_wkt(row["WKT"]), there)

    def test_pages_and_streams_are_the_same_text(self, rich: Any) -> None:
        query = Query(encoding=CSV, limit=70)
        page, stream = rich.source.page(query), rich.source.stream(query)
        assert b"".join(stream) == page.sequence
        assert (stream.count, page.count) == (70, 70)
        assert stream.size == len(page.sequence)
        assert stream.next_cursor == page.next_cursor is not None

    def test_a_token_leads_on(self, rich: Any, csv_rows: Rows) -> None:
        first = rich.source.page(Query(limit=90, encoding=CSV))
        rest = Query(limit=90, cursor=first.next_cursor, encoding=CSV)
        second = rich.source.page(rest)
        whole = rich.source.page(Query(encoding=CSV)).sequence
        assert first.sequence + second.sequence == whole
        assert not second.has_more

    def test_properties_come_in_the_order_asked_for(self, rich: Any, read: Any) -> None:
        by_name = columns_by_name(rich.collection)
        asked = tuple(by_name[name] for name in ("insee", "population", "id"))
        for row in read(rich, Query(properties=asked, geometry=False)):
            assert list(row) == ["insee", "population", "id"]
        for row in read(rich, Query(properties=asked)):
            assert list(row) == ["insee", "population", "id", "WKT"]

    def test_one_feature_is_found_by_its_key(self, rich: Any, read: Any) -> None:
        query = query_of_one(rich.collection, "7", CRS84, CSV)
        assert query is not None
        (found,) = read(rich, query)
        assert found == read(rich, Query())[6]

    def test_without_rows_there_is_nothing(self, rich: Any) -> None:
        query = query_of_one(rich.collection, "999999", CRS84, CSV)
        assert query is not None
        page = rich.source.page(query)
        assert (page.sequence, page.count, page.has_more) == (b"", 0, False)

    def test_those_without_a_key_and_those_with_several_are_there(
        self, keyless: Any, composite: Any, read: Any
    ) -> None:
        for loaded in (keyless, composite):
            for row, one in zip(
                read(loaded, Query()), plain(loaded.source, Query()), strict=True
            ):
                texts = {k: v for k, v in row.items() if k in one["properties"]}
                assert texts == {
                    k: None if v is None else str(v)
                    for k, v in one["properties"].items()
                }


class TestTexts:
    def test_every_text_comes_back_and_nothing_is_told_from_empty(
        self, load: Any, table_of: Any, read: Any
    ) -> None:
        loaded = load(table_of(["name"], list(enumerate(ODD_TEXTS, 1))))
        found = read(loaded, Query())
        assert [row["name"] for row in found] == list(ODD_TEXTS)

    @pytest.mark.parametrize("limit", [1, 3, 7])
    def test_pages_end_where_rows_do(
        self, load: Any, table_of: Any, csv_rows: Rows, limit: int
    ) -> None:
        loaded = load(table_of(["name"], list(enumerate(ODD_TEXTS, 1))))
        found, cursor = [], ""
        while True:
            query = Query(limit=limit, cursor=cursor, encoding=CSV)
            page, stream = loaded.source.page(query), loaded.source.stream(query)
            assert b"".join(stream) == page.sequence
            rows = csv_rows(page.sequence)
            assert len(rows) == page.count == stream.count <= limit
            found += [row[1] for row in rows]
            if not page.has_more:
                break
            cursor = page.next_cursor
        assert found == list(ODD_TEXTS)

    def test_a_page_is_the_file_byte_for_byte(
        self, load: Any, table_of: Any, tmp_path: Path
    ) -> None:
        chance = random.Random(7)  # noqa: S311  (a seed, not a secret)
        letters = '",\r\n \t\x1e\\.;=é🏛a1'
        texts = ["".join(chance.choices(letters, k=5)) for _ in range(500)]
        loaded = load(table_of(["name"], list(enumerate([*ODD_TEXTS, *texts], 1))))
        query = Query(encoding=CSV)
        head = columns_asked(loaded.collection, query).head
        page = loaded.source.page(query)
        assert head + page.sequence == written(loaded, tmp_path)

    def test_it_is_what_copy_writes_but_for_blanks_at_the_ends(
        self, load: Any, table_of: Any
    ) -> None:
        texts = [t for t in ODD_TEXTS if t is None or t.strip() == t]
        loaded = load(table_of(["name"], list(enumerate(texts, 1))))
        if not loaded.is_postgis:
            pytest.skip("a GeoPackage has no COPY")
        page = loaded.source.page(Query(encoding=CSV))
        with psycopg2.connect(loaded.location) as connection:
            table = loaded.collection.survey.source.table
            statement = f"COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT CSV"
            assert copied(connection, statement) == page.sequence

    @given(
        cells=st.lists(st.none() | st.text(st.characters(codec="utf-8")), min_size=2)
    )
    def test_any_cells_come_back(self, csv_rows: Rows, cells: list[str | None]) -> None:
        written_line = line(map(cell, cells))
        assert csv_rows(written_line) == [cells]
        reader = csv.reader(io.StringIO(written_line.decode(), newline=""), strict=True)
        assert list(reader) == [[text or "" for text in cells]]

    NAMES = ("nom d'usage", 'guillemets "', "a,b", " été ", "=1", "%s", "a\nb", "wkt")

    @pytest.mark.parametrize("name", NAMES)
    def test_every_name_is_a_head(self, load_named: Any, read: Any, name: str) -> None:
        for row in read(load_named(name), Query()):
            assert list(row)[:2] == ["id", name]
            assert row[name] is not None


def copied(connection: Any, statement: str) -> bytes:
    """Return what `COPY` sends, its lines ended as RFC 4180 has it."""
    target = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, target)
    lines = target.getvalue()
    parts = lines.split(b'"')  # line breaks within quotation marks stay
    parts[::2] = [part.replace(b"\n", b"\r\n") for part in parts[::2]]
    return b'"'.join(parts)


SHAPES = {
    "none": None,
    "point": shapely.Point(2.25, 48.5),
    "empty point": shapely.Point(),
    "empty polygon": shapely.Polygon(),
    "line": shapely.LineString([(2.0, 48.0), (2.5, 48.5)]),
    "no number": shapely.LineString([(2.0, 48.0), (math.inf, 49.0)]),
    "many": shapely.MultiPoint([(2.0, 48.0), (3.0, 49.0)]),
    "mixed": shapely.GeometryCollection(
        [shapely.Point(2.0, 48.0), shapely.box(2.0, 48.0, 3.0, 49.0)]
    ),
    "nested": shapely.GeometryCollection(
        [shapely.GeometryCollection([shapely.Point(2.0, 48.0)])]
    ),
}


class TestGeometries:
    @pytest.mark.parametrize("crs", [CRS84, epsg(4326), epsg(2154)])
    def test_wkt_is_in_the_crs_and_axis_order_asked_for(
        self, load_shapes: Any, read: Any, crs: Any
    ) -> None:
        loaded = load_shapes(SHAPES)
        found = {row["sort"]: row["WKT"] for row in read(loaded, Query(crs=crs))}
        assert found["none"] is None
        assert found["no number"] is None
        assert found["empty point"] in {"POINT EMPTY", None}  # as in GeoJSON
        for one in plain(loaded.source, Query(crs=crs)):
            sort = one["properties"]["sort"]
            if one["geometry"] is None or "empty" in sort:
                continue
            there = shapely.geometry.shape(
                json.loads(json.dumps(one["geometry"], default=float))
            )
            assert same_place(shapely.from_wkt(found[sort]), there), sort
        assert shapely.from_wkt(found["nested"]).geoms[0].geom_type == "Point"

    def test_the_file_says_the_same(
        self, load_shapes: Any, read: Any, csv_rows: Rows, tmp_path: Path
    ) -> None:
        loaded = load_shapes(SHAPES)
        names, *rows = csv_rows(written(loaded, tmp_path))
        others = [dict(zip(map(str, names), row, strict=True)) for row in rows]
        assert_same_rows(read(loaded, Query()), others)

    @pytest.mark.parametrize(
        ("crs", "names"),
        [
            (CRS84, ("longitude", "latitude")),
            (epsg(4326), ("longitude", "latitude")),
            (epsg(2154), ("x", "y")),
            (epsg(3035), ("x", "y")),
        ],
    )
    def test_points_have_their_place_besides_east_first(
        self,
        load: Any,
        table_of_shapes: Any,
        read: Any,
        crs: Any,
        names: tuple[str, str],
    ) -> None:
        shapes = {
            "a": shapely.Point(652_000.25, 6_862_000.5),
            "none": None,
            "empty": shapely.Point(),
        }
        table = table_of_shapes(shapes, 2154)
        loaded = load(replace(table, geometry=GeometryType.POINT))
        for row, sort in zip(read(loaded, Query(crs=crs)), shapes, strict=True):
            assert list(row)[-3:] == [*names, "WKT"]
            place = [row[name] for name in names]
            if shapes[sort] is None or sort == "empty":
                assert place == [None, None]
                continue
            shape = shapely.from_wkt(row["WKT"])
            east, north = (shape.y, shape.x) if crs.swapped else (shape.x, shape.y)
            assert [float(str(text)) for text in place] == [east, north]
            if names[0] == "longitude":
                assert 2 < east < 3

    def test_a_column_of_that_name_keeps_it(
        self, load: Any, table_of_shapes: Any, read: Any
    ) -> None:
        table = table_of_shapes({"a": shapely.Point(652_000, 6_862_000)}, 2154)
        columns = (
            replace(table.columns[0], name="id"),
            replace(table.columns[1], name="Longitude"),
        )
        loaded = load(
            replace(table, columns=columns, geometry=GeometryType.POINT, name="named")
        )
        (row,) = read(loaded, Query())
        assert list(row) == ["id", "Longitude", "WKT"]
        (there,) = read(loaded, Query(crs=epsg(2154)))
        wkt = replace(columns[0], name="wkt"), replace(columns[1], name="_WKT")
        loaded = load(replace(table, columns=wkt, key=("wkt",), name="spoken"))
        (spoken,) = read(loaded, Query())
        assert list(spoken) == ["wkt", "_WKT", "__WKT"]
        assert list(there) == ["id", "Longitude", "x", "y", "WKT"]


class TestTypes:
    @pytest.mark.parametrize(
        ("kind", "native", "values"),
        [
            (FieldType.NUMBER, "double precision", [1.0, 0.1, -2.5, 1e-7, 1e300, None]),
            (FieldType.BOOLEAN, "boolean", [True, False, None]),
            (FieldType.INTEGER, "bigint", [0, -1, 2**62, None]),
        ],
    )
    def test_numbers_and_truths_are_those_of_the_file(
        self,
        load: Any,
        table_of: Any,
        read: Any,
        csv_rows: Rows,
        tmp_path: Path,
        kind: Any,
        native: str,
        values: list[Any],
    ) -> None:
        table = table_of(["v"], list(enumerate(values, 1)))
        words = {"double precision": "REAL", "boolean": "BOOLEAN", "bigint": "INTEGER"}
        column = replace(
            table.columns[1], type=kind, postgresql=native, geopackage=words[native]
        )
        loaded = load(replace(table, columns=(table.columns[0], column)))
        names, *rows = csv_rows(written(loaded, tmp_path))
        others = [dict(zip(map(str, names), row, strict=True)) for row in rows]
        found = read(loaded, Query())
        assert found == others
        for row, value in zip(found, values, strict=True):
            text = row["v"]
            if value is None or isinstance(value, bool):
                assert text == (None if value is None else str(value).lower())
            else:
                assert float(str(text)) == value

    def test_a_whole_number_has_no_decimals(
        self, load: Any, table_of: Any, read: Any
    ) -> None:
        table = table_of(["v"], [(1, 12.0)])
        column = replace(
            table.columns[1],
            type=FieldType.NUMBER,
            postgresql="double precision",
            geopackage="REAL",
        )
        loaded = load(replace(table, columns=(table.columns[0], column)))
        assert [row["v"] for row in read(loaded, Query())] == ["12"]
