"""Features as GML 3.2: the same from both silos, and what GeoJSON says of them."""

from __future__ import annotations

import json
import math
import random
import sqlite3
import struct
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg2
import pytest
import shapely
from lxml import etree

from metadata.crs import CRS84, epsg
from metadata.measured import FieldType
from providers.gml import Numbering
from providers.one_feature import query_of_one
from providers.query import Encoding, Query, columns_by_name
from providers.xml_text import plain_text, xml_identifier, xml_name, xml_text

GML = Encoding.GML
APP, SF = "urn:app", "http://www.opengis.net/ogcapi-features-1/1.0/sf"
SPACES = {"app": APP, "sf": SF, "gml": "http://www.opengis.net/gml/3.2"}
_G = "{http://www.opengis.net/gml/3.2}"
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def parsed(content: bytes) -> etree._Element:
    """Return features as one document."""
    spaces = "".join(f' xmlns:{p}="{uri}"' for p, uri in SPACES.items())
    text = b"<all" + spaces.encode() + b">" + content + b"</all>"
    return etree.fromstring(text, PARSER)


def features(source: Any, query: Query) -> list[etree._Element]:
    page = source.page(replace(query, encoding=GML))
    return [member[0] for member in parsed(page.sequence.replace(b"\x1e", b"\n"))]


def plain(source: Any, query: Query) -> list[dict[str, Any]]:
    return [json.loads(text) for text in source.page(query).features]


def value(feature: etree._Element, name: str) -> str | None:
    found = feature.find(f"{{{APP}}}{xml_name(name)}")
    return None if found is None else found.text or ""


def identifiers(feature: etree._Element) -> list[str]:
    return [each.get(f"{_G}id", "") for each in feature.iter() if each.get(f"{_G}id")]


def shape_of(feature: etree._Element) -> shapely.Geometry | None:
    found = feature.find(f"{{{APP}}}geometry")
    return None if found is None else read_shape(found[0])


def read_shape(place: etree._Element) -> shapely.Geometry:
    """Read a geometry of level 0, as any reader of GML would."""
    kind = place.tag.removeprefix(_G)
    if kind == "Point":
        return shapely.Point(positions(place.find(f"{_G}pos"))[0])
    if kind == "LineString":
        return shapely.LineString(positions(place.find(f"{_G}posList")))
    if kind == "Polygon":
        rings = [positions(each) for each in place.iter(f"{_G}posList")]
        assert next(each.tag for each in place) == f"{_G}exterior"
        return shapely.Polygon(rings[0], rings[1:])
    parts = [read_shape(member[0]) for member in place]
    return {
        "MultiPoint": shapely.MultiPoint,
        "MultiCurve": shapely.MultiLineString,
        "MultiSurface": shapely.MultiPolygon,
        "MultiGeometry": shapely.GeometryCollection,
    }[kind](parts)


def positions(element: etree._Element | None) -> list[list[float]]:
    assert element is not None
    width = int(element.get("srsDimension", "2"))
    numbers = [float(number) for number in (element.text or "").split()]
    return [numbers[i : i + width] for i in range(0, len(numbers), width)]


def assert_same_shape(found: Any, expected: Any, digits: float = 1e-7) -> None:
    assert (found is None) == (expected is None)
    if found is None:
        return
    assert found.geom_type == expected.geom_type
    assert found.has_z == expected.has_z
    one, other = (shapely.get_coordinates(e, include_z=True) for e in (found, expected))
    assert np.allclose(one, other, rtol=0, atol=digits, equal_nan=True)


class TestOrdinary:
    def test_every_value_is_that_of_geojson(self, rich: Any) -> None:
        found, expected = features(rich.source, Query()), plain(rich.source, Query())
        assert len(found) == len(expected) > 100
        for feature, one in zip(found, expected, strict=True):
            assert feature.tag == f"{{{APP}}}rich"
            assert feature.get(f"{_G}id") == f"rich.{one['id']}"
            for name, said in one["properties"].items():
                text = value(feature, name)
                assert (text is None) == (said is None), name
                if isinstance(said, bool):
                    assert text == str(said).lower()
                elif isinstance(said, int):
                    assert int(text or "") == said
                elif isinstance(said, float):
                    assert float(text or "") == said
                elif isinstance(said, str):
                    assert plain_text(text or "") == said
            names = [each.tag.removeprefix(f"{{{APP}}}") for each in feature]
            assert "secret" not in names
            order = ["geometry", *(xml_name(n) for n in one["properties"])]
            assert names == [name for name in order if name in names]

    @pytest.mark.parametrize(
        ("crs", "digits"),
        [(CRS84, 1e-7), (epsg(4326), 1e-7), (epsg(2154), 1e-3), (epsg(3035), 1e-3)],
    )
    def test_every_place_is_that_of_geojson_and_says_its_crs(
        self, rich: Any, crs: Any, digits: float
    ) -> None:
        query = Query(crs=crs)
        pairs = zip(
            features(rich.source, query), plain(rich.source, query), strict=True
        )
        for feature, one in pairs:
            place = one["geometry"] and shapely.geometry.shape(one["geometry"])
            assert_same_shape(shape_of(feature), place, digits)
            assert {e.get("srsName") for e in feature.iter()} <= {crs.uri, None}
            for own in feature.findall(f"{{{APP}}}geometry/*"):
                assert own.get("srsName") == crs.uri

    def test_pages_and_streams_are_the_same_text(self, rich: Any) -> None:
        query = Query(encoding=GML, limit=70)
        page = rich.source.page(query)
        stream = rich.source.stream(query)
        assert b"".join(stream) == page.sequence.replace(b"\x1e", b"\n")
        assert stream.next_cursor == page.next_cursor is not None

    def test_properties_asked_for_come_in_the_order_of_the_schema(
        self, rich: Any
    ) -> None:
        by_name = columns_by_name(rich.collection)
        asked = (by_name["insee"], by_name["population"], by_name["id"])
        query = Query(properties=asked, geometry=False)
        for feature in features(rich.source, query):
            names = [each.tag.removeprefix(f"{{{APP}}}") for each in feature]
            assert names in (["id", "population", "insee"], ["id", "insee"])

    def test_one_feature_is_found_by_its_key(self, rich: Any) -> None:
        query = query_of_one(rich.collection, "7", CRS84, GML)
        assert query is not None
        (found,) = features(rich.source, query)
        assert found.get(f"{_G}id") == "rich.7"


class TestTexts:
    TEXTS = (
        "plain",
        "",
        " blanks \t within\n and around ",
        "a\rb\r\nc",
        "<b>&amp; \"quoted\" 'too' ]]> <!-- -->",
        "\x01\x0b\x1e\x1f control",
        "\ufffe and \uffff",
        "_x0041_ is no A, _x005F_ no mark, _x00e9_ is small, _x1_, x_x0041_y",
        "\x1e_x001E_\x1e",
        '"geometry":[NaN,0],"properties":',
        "NaN Infinity",
        "émoji 🏛️, ﬁn, \u2028, \x85, \xa0",
        "\\1 \\g<1> $1 %s %% {}",
    )

    def test_every_text_comes_back(self, load: Any, table_of: Any) -> None:
        rows = [(n, text) for n, text in enumerate(self.TEXTS, 1)]
        loaded = load(table_of(["name"], rows))
        found = features(loaded.source, Query())
        assert [plain_text(value(f, "name") or "") for f in found] == list(self.TEXTS)
        # texts are not confounded: the mark of a control is not its own text
        assert value(found[5], "name") == "_x0001__x000B__x001E__x001F_ control"

    def test_any_mixture_of_them_comes_back(self, load: Any, table_of: Any) -> None:
        chance = random.Random(7)  # noqa: S311  (a seed, not a secret)
        letters = "_x0041F\x01\x1e\x7f\ufffe<>&\r\n\"' é🏛"
        texts = ["".join(chance.choices(letters, k=12)) for _ in range(300)]
        loaded = load(table_of(["name"], list(enumerate(texts, 1))))
        found = features(loaded.source, Query())
        assert [value(f, "name") for f in found] == [as_read(text) for text in texts]

    def test_no_value_is_left_out_and_an_empty_one_is_not(
        self, load: Any, table_of: Any
    ) -> None:
        loaded = load(table_of(["name"], [(1, None), (2, "")]))
        found = features(loaded.source, Query())
        assert [value(feature, "name") for feature in found] == [None, ""]

    NAMES = (
        "nom d'usage",
        'guillemets "',
        "été",
        "2024",
        "a:b",
        "a<b>&c",
        "xml",
        "XMLns",
        "_x0041_",
        "_xmas",
        "a_x0041_",
        "geometry",
        "-moins",
        "%d %s",
        "emoji 🏛",
        "back\\slash",
    )

    @pytest.mark.parametrize("name", NAMES)
    def test_every_name_is_valid_and_comes_back(
        self, load_named: Any, name: str
    ) -> None:
        (feature, _) = features(load_named(name).source, Query())
        tags = [etree.QName(each).localname for each in feature]
        assert [plain_text(tag) for tag in tags] == ["id", name]
        assert value(feature, name) == "a"

    def test_a_column_called_geometry_keeps_its_name(
        self, load: Any, table_of: Any, table_of_shapes: Any
    ) -> None:
        table = table_of_shapes({"a": shapely.Point(700_000, 6_600_000)}, 2154)
        column = replace(table.columns[1], name="geometry")
        loaded = load(replace(table, columns=(table.columns[0], column)))
        (feature,) = features(loaded.source, Query())
        assert value(feature, "geometry") == "a"
        assert feature.find(f"{{{APP}}}geometry_/gml:Point", SPACES) is not None


def as_read(text: str) -> str | None:
    """Return what a parser makes of a text as it is written."""
    return etree.fromstring(f"<e>{xml_text(text)}</e>".encode()).text or ""


class TestIdentifiers:
    def test_composite_keys_are_told_from_one_another(self, composite: Any) -> None:
        found = features(composite.source, Query())
        own = [feature.get(f"{_G}id") for feature in found]
        ids = [one["id"] for one in plain(composite.source, Query())]
        assert own == [f"composite.{xml_identifier(each)}" for each in ids]
        assert len({*own}) == len(own)

    @pytest.mark.parametrize(
        "texts", [["a", "a.g", "_", "_5F", "é", "é%", "a b", "-", "a:b", "A"]]
    )
    def test_any_text_makes_one(
        self, load: Any, table_of_keys: Any, texts: list[str]
    ) -> None:
        loaded = load(table_of_keys(FieldType.STRING, "text", "TEXT", texts))
        found = features(loaded.source, Query())
        own = {str(f.get(f"{_G}id")): value(f, "id") for f in found}
        assert own == {f"keys.{xml_identifier(text)}": text for text in texts}

    def test_those_without_a_key_are_numbered(self, keyless: Any) -> None:
        number = Numbering(keyless.collection, 0)
        stream = keyless.source.stream(Query(encoding=GML))
        text = b"".join(number(batch) for batch in stream)
        found = [m[0].get(f"{_G}id") for m in parsed(text)]
        assert found == [f"keyless._n{n}" for n in range(1, 26)]

    def test_no_two_are_the_same_in_one_document(
        self, load: Any, table_of_shapes: Any
    ) -> None:
        loaded = load(table_of_shapes(SHAPES, 2154))
        page = loaded.source.page(Query(encoding=GML, crs=epsg(2154)))
        root = parsed(page.sequence.replace(b"\x1e", b""))
        own = identifiers(root)
        assert len({*own}) == len(own) > len(SHAPES)
        assert all(len(own) for own in identifiers(root))
        for each in root.iter(*(f"{_G}{name}" for name in OBJECTS)):
            assert each.get(f"{_G}id"), each.tag


OBJECTS = (
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiCurve",
    "MultiSurface",
    "MultiGeometry",
)
_SQUARE = shapely.box(700_000, 6_600_000, 700_100, 6_600_100)
_HOLE = shapely.Polygon(
    _SQUARE.exterior.coords,
    [shapely.box(700_010, 6_600_010, 700_020, 6_600_020).exterior.coords],
)
_LINE = shapely.LineString([(700_000, 6_600_000), (700_000.1234, 6_600_001)])
SHAPES = {
    "none": None,
    "empty point": shapely.Point(),
    "empty polygon": shapely.Polygon(),
    "empty collection": shapely.GeometryCollection(),
    "infinite": shapely.LineString([(700_000, 0), (math.inf, 0)]),
    "point": shapely.Point(700_000.5, 6_600_000.25),
    "line": _LINE,
    "hole": _HOLE,
    "points": shapely.MultiPoint([(700_000, 6_600_000), (700_001, 6_600_000)]),
    "lines": shapely.MultiLineString([_LINE, _LINE.reverse()]),
    "polygons": shapely.MultiPolygon([_HOLE, shapely.box(0, 6e6, 1000, 6_001_000)]),
    "mixed": shapely.GeometryCollection(
        [shapely.Point(700_000, 6_600_000), shapely.MultiPolygon([_SQUARE]), _LINE]
    ),
    "nested": shapely.GeometryCollection(
        [shapely.GeometryCollection([shapely.Point(700_000, 6_600_000), _LINE])]
    ),
    "partly empty": shapely.GeometryCollection([shapely.Point(), _LINE]),
    "lines partly empty": shapely.from_wkt(
        "MULTILINESTRING(EMPTY, (700000 6600000, 700010 6600000))"
    ),
}  # fmt: skip
NOWHERE = ("none", "empty point", "empty polygon", "empty collection", "infinite")


class TestGeometries:
    @pytest.fixture(params=[CRS84, epsg(2154), epsg(4326)], ids=lambda c: c.uri[-8:])
    def placed(
        self, request: pytest.FixtureRequest, load: Any, table_of_shapes: Any
    ) -> tuple[Any, Query]:
        return load(table_of_shapes(SHAPES, 2154)).source, Query(crs=request.param)

    def test_those_without_a_position_are_left_out(self, placed: Any) -> None:
        found = {value(f, "sort"): shape_of(f) for f in features(*placed)}
        assert {name for name, shape in found.items() if shape is None} == {*NOWHERE}

    def test_every_kind_is_as_it_was(self, placed: Any) -> None:
        source, query = placed
        digits = 1e-3 if query.crs.srid == 2154 else 1e-7
        pairs = zip(features(source, query), plain(source, query), strict=True)
        for feature, one in pairs:
            sort = one["properties"]["sort"]
            if sort in NOWHERE:
                continue
            expected = shapely.geometry.shape(without_empty_parts(one["geometry"]))
            assert_same_shape(shape_of(feature), expected, digits)

    @pytest.mark.parametrize("sort", ["hole", "polygons", "mixed", "point"])
    def test_heights_stay_and_say_so(
        self, load: Any, table_of_shapes: Any, sort: str
    ) -> None:
        deep = shapely.force_3d(SHAPES[sort], 35.5)
        loaded = load(table_of_shapes({sort: SHAPES[sort]}, 2154))
        deepen(loaded.location, deep)
        (feature,) = features(loaded.source, Query(crs=epsg(2154)))
        found = shape_of(feature)
        assert_same_shape(found, deep, 1e-3)
        assert {e.get("srsDimension") for e in feature.iter()} == {"3", None}


def without_empty_parts(geometry: dict[str, Any]) -> dict[str, Any]:
    """Return a geometry of GeoJSON as GML has it."""
    if "geometries" in geometry:
        parts = [p for p in geometry["geometries"] if p.get("coordinates") != []]
        return {**geometry, "geometries": parts}
    return {**geometry, "coordinates": [c for c in geometry["coordinates"] if c != []]}


def deepen(location: str, shape: shapely.Geometry) -> None:
    """Put a shape with heights into the place of the flat one."""
    wkb = shapely.to_wkb(shape, flavor="iso")
    if location.startswith("postgresql"):
        connection = psycopg2.connect(location)
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE shapes ALTER geom TYPE geometry(GeometryZ, 2154)"
                " USING ST_GeomFromWKB(%s, 2154)",
                (wkb,),
            )
        connection.close()
        return
    with sqlite3.connect(location) as file:
        head = b"GP" + struct.pack("<BBi", 0, 1, 2154)
        file.execute("UPDATE shapes SET geom = ?", (head + wkb,))
    file.close()


class TestValues:
    @pytest.mark.parametrize(
        ("kind", "postgresql", "geopackage", "given", "said"),
        [
            (FieldType.NUMBER, "double precision", "DOUBLE", math.nan, None),
            (FieldType.NUMBER, "double precision", "DOUBLE", math.inf, None),
            (FieldType.NUMBER, "numeric", "DOUBLE", 1.5, "1.5"),
            (FieldType.DATE, "date", "DATE", "infinity", None),
            (FieldType.DATE, "date", "DATE", "2024-02-29", "2024-02-29"),
            (FieldType.DATETIME, "timestamptz", "DATETIME", "-infinity", None),
            (FieldType.TIME, "time", "TEXT", "12:30:00", "12:30:00"),
            (FieldType.BINARY, "bytea", "BLOB", b"\x00\xff" * 60, "AP8A/wD/" * 20),
        ],
    )
    def test_each_type_is_said_or_left_out(
        self,
        load: Any,
        table_of: Any,
        kind: FieldType,
        postgresql: str,
        geopackage: str,
        given: Any,
        said: str | None,
    ) -> None:
        table = table_of(["v"], [(1, given)])
        column = replace(
            table.columns[1], type=kind, postgresql=postgresql, geopackage=geopackage
        )
        loaded = load(replace(table, columns=(table.columns[0], column)))
        (feature,) = features(loaded.source, Query())
        assert value(feature, "v") == said

    def test_moments_are_as_in_geojson(self, rich: Any, rich_rows: Any) -> None:
        found = features(rich.source, Query())
        for feature, row in zip(found, rich_rows, strict=True):
            text, moment = value(feature, "moment"), row["moment"]
            assert (text is None) == (moment is None)
            if moment is not None:
                assert datetime.fromisoformat(text or "") == moment.astimezone(UTC)
