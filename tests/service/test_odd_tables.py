"""Tables as they are found in real silos, through the whole service.

Every answer is held against what PostgreSQL says of the same table by other
functions: `to_jsonb` for values, its own order for sorting, `ST_AsBinary` for
geometries.
"""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import numpy as np
import psycopg2
import psycopg2.extensions
import pytest
import shapely
import shapely.geometry
import yaml
from lxml import etree
from psycopg2 import sql as pg

from metadata.measured import FieldType, Survey
from providers.configuration import SiloConfiguration
from providers.query import SORTABLE
from providers.survey import survey_silo
from providers.surveyed import Surveyed
from providers.xml_text import plain_text

DATA = Path(__file__).parent / "data"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
REFUSED = ("refusee",)
WITHOUT_CRS = ("geo_srid_0", "geo_srid_mele", "geo_srid_local")
TABLES = [
    "Voirie Départementale", "Schéma d'été.Table \"à\" part/%s", "homonyme",
    "autre.homonyme",
    "cle_uuid", "cle_texte", "cle_grande", "cle_numerique", "cle_reelle", "cle_bpchar",
    "cle_citext", "cle_enum", "cle_date", "cle_instant", "cle_heure_locale",
    "cle_heure", "cle_booleenne", "cle_inet", "cle_octets", "cle_arbre",
    "cle_composee", "cle_unique", "cle_vide", "sans_cle",
    "base_kinds", "vue", "vue_jointe", "vue_calculee", "vue_materialisee",
    "vue_materialisee_cle", "partitionnee", "partitionnee_sans_cle", "parente",
    "heritiere", "etrangere", "etrangere_fichier", "tout_vide", "vide_ouverte",
    "colonne_refusee", "supprimee",
    "geo_geographie", "geo_geographie_surface", "geo_geographie_ouverte",
    "geo_plusieurs", "geo_z", "geo_m", "geo_zm", "geo_courbe", "geo_courbe_multi",
    "geo_melee", "geo_multipoint", "geo_invalide", "geo_sans_nombre",
    "geo_sans_nombre_ligne", "geo_hors_domaine", "geo_hors_domaine_utm",
    "geo_srid_0", "geo_srid_mele", "geo_srid_local", "geo_cc49", "geo_mercator",
    "geo_non_declaree", "genres", "large_250", "large_1600",
]  # fmt: skip
Json = dict[str, Any]
every_table = pytest.mark.parametrize("name", TABLES)
pytestmark = pytest.mark.postgis


@dataclass(frozen=True)
class Odd:
    """The service on all odd tables, and the database beneath it."""

    client: httpx.Client
    connection: psycopg2.extensions.connection
    surveyed: Surveyed

    def survey(self, name: str) -> Survey:
        container, _, table = name.rpartition(".")
        found = [
            survey
            for survey in self.surveyed.surveys
            if survey.source.table == table
            and survey.source.container == (container or "public")
        ]
        assert len(found) == 1, f"{name} was not surveyed"
        return found[0]

    def rows(self, statement: pg.Composable) -> list[tuple[Any, ...]]:
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def get(self, name: str, path: str = "", **parameters: str) -> Json:
        answer = self.client.get(
            f"/collections/{identifier(name)}{path}", params=parameters
        )
        assert answer.status_code == 200, f"{answer.request.url}: {answer.text}"
        return strict(answer.text)

    def items(self, name: str, **parameters: str) -> list[Json]:
        """Return all features, by the next links, each page checked."""
        return [f for page in self.pages(name, **parameters) for f in page["features"]]

    def pages(self, name: str, **parameters: str) -> Iterator[Json]:
        document = self.get(name, "/items", **parameters)
        while True:
            assert document["numberReturned"] == len(document["features"])
            yield document
            following = [e["href"] for e in document["links"] if e["rel"] == "next"]
            if not following:
                return
            query = urlsplit(following[0]).query
            answer = self.client.get(f"/collections/{identifier(name)}/items?{query}")
            assert answer.status_code == 200, answer.text
            document = strict(answer.text)


def strict(text: str) -> Json:
    """Read JSON, its numbers exactly; NaN and Infinity are none."""

    def refuse(word: str) -> None:
        pytest.fail(f"{word} is no JSON")

    found: Json = json.loads(
        text, parse_float=Decimal, parse_int=Decimal, parse_constant=refuse
    )
    return found


def identifier(name: str) -> str:
    return f"c{TABLES.index(name)}"


def source_of(name: str) -> tuple[str, str]:
    container, _, table = name.rpartition(".")
    return container or "public", table


@pytest.fixture(scope="module")
def odd(
    module_postgis: str,
    tmp_path_factory: pytest.TempPathFactory,
    serve: Callable[..., AbstractContextManager[httpx.Client]],
    new_deployment: Callable[[Path, str, str], Any],
) -> Iterator[Odd]:
    reader = f"lecteur_{os.getpid()}"
    connection = psycopg2.connect(module_postgis)
    connection.autocommit = True
    fill(connection, reader)
    silo = module_postgis.replace("//postgres@", f"//{reader}@")
    configuration = SiloConfiguration(name="sig", location=silo)
    surveyed = survey_silo(configuration, now=datetime(2026, 1, 1, tzinfo=UTC))
    deployment = new_deployment(tmp_path_factory.mktemp("odd"), silo, "public")
    describe(deployment, [*TABLES, *REFUSED])
    connection.autocommit = False
    with serve(deployment) as client:
        yield Odd(client, connection, surveyed)
    connection.rollback()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {reader} CASCADE; DROP ROLE {reader}")
    connection.close()


def fill(connection: psycopg2.extensions.connection, reader: str) -> None:
    """Make the tables, and a user who may read all but some."""
    parts = connection.get_dsn_parameters()
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(f"CREATE ROLE {reader} LOGIN")
        cursor.execute("SELECT current_setting('data_directory') || '/lieux.csv'")
        ((file,),) = cursor.fetchall()
        cursor.execute(
            "COPY (SELECT i AS id, 'lieu \"' || i AS nom, i / 3.0 AS valeur"
            f" FROM generate_series(1, 12) AS i) TO '{file}' CSV HEADER"
        )
        cursor.execute(
            "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, proj4text)"
            " SELECT 990001, 'LOCAL', 990001, proj4text"
            " FROM spatial_ref_sys WHERE srid = 2154"
        )
        text = (DATA / "odd_tables.sql").read_text(encoding="utf-8")
        cursor.execute(
            text.format(
                host=parts["host"],
                port=parts["port"],
                database=parts["dbname"],
                reader=reader,
                file=file,
            )
        )
        for width in (250, 1600):
            columns = ", ".join(f"c{n} integer" for n in range(width - 1))
            cursor.execute(
                f"CREATE TABLE large_{width} (id integer PRIMARY KEY, {columns})"
            )
            cursor.execute(
                f"INSERT INTO large_{width} SELECT i, "
                + ", ".join(f"NULLIF(i * {n} % 7, 0)" for n in range(width - 1))
                + " FROM generate_series(1, 5) AS i"
            )
        for schema in ("public", "autre", '"Schéma d\'été"'):
            cursor.execute(
                f"GRANT USAGE ON SCHEMA {schema} TO {reader};"
                f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}"
            )
        cursor.execute(
            f"REVOKE SELECT ON refusee, colonne_refusee FROM {reader};"
            f"GRANT SELECT (id, v) ON colonne_refusee TO {reader}"
        )


def describe(deployment: Any, names: list[str]) -> None:
    """Write one dataset of all tables, whatever they are called."""
    deployment.describe("curieux")
    path = deployment.folder / "datasets" / "curieux.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["collections"] = [
        {
            "id": identifier(name) if name in TABLES else name,
            "source": dict(
                zip(
                    ("silo", "container", "table"),
                    ("sig", *source_of(name)),
                    strict=True,
                )
            ),
        }
        for name in names
    ]
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


# What PostgreSQL says ------------------------------------------------------------


def truth(odd: Odd, name: str) -> list[tuple[Json, bytes | None]]:
    """Return the rows of a table: properties, and WKB on CRS84 (or of no CRS)."""
    survey = odd.survey(name)
    columns = [field.name for field in survey.fields]
    shown = pg.SQL(", ").join(
        pg.SQL("to_jsonb({})::text").format(pg.Identifier("t", column))
        for column in columns
    )
    shape: pg.Composable = pg.SQL("NULL")
    if survey.geometry and name not in WITHOUT_CRS:
        shape = pg.SQL(
            "CASE WHEN ST_SRID({0}::geometry) <> 2975 OR {0}::geometry @ {1} THEN"
            " ST_AsBinary(ST_Force2D("
            "ST_Transform(ST_CurveToLine({0}::geometry), 4326))) END"
        ).format(pg.Identifier("t", survey.geometry.name), REACH)
    if survey.geometry and name == "geo_melee":
        shape = pg.SQL("NULL")
    rows = odd.rows(
        pg.SQL("SELECT {}, {} FROM {} AS t").format(
            shown, shape, pg.Identifier(*source_of(name))
        )
    )
    return [
        (
            {
                field.name: expected(value, field.type, field.native_type)
                for field, value in zip(survey.fields, row[:-1], strict=True)
            },
            bytes(row[-1]) if row[-1] is not None else None,
        )
        for row in rows
    ]


MIXED = {
    1: "Point", 2: "LineString", 3: "Polygon", 4: None, 5: "Point", 6: "Polygon",
    7: "GeometryCollection", 8: "GeometryCollection", 9: "GeometryCollection",
    10: "MultiPoint", 11: "MultiPoint", 12: "LineString", 13: "MultiLineString",
    14: "MultiPolygon", 15: "GeometryCollection", 16: "MultiPolygon",
    17: "MultiPolygon", 18: "MultiPolygon",
}  # fmt: skip


def test_mixed_geometries_are_what_geojson_can_say(odd: Odd) -> None:
    features = odd.get("geo_melee", "/items")["features"]
    found = {int(f["id"]): f["geometry"] and f["geometry"]["type"] for f in features}
    assert found == MIXED
    by_id = {int(f["id"]): f["geometry"] for f in features}
    assert [len(by_id[n]["coordinates"]) for n in (10, 11)] == [1, 2]
    assert [g["type"] for g in by_id[9]["geometries"]] == ["Point"] * 3
    assert [g["type"] for g in by_id[15]["geometries"]] == ["Point", "LineString"]


REACH = pg.SQL("ST_MakeEnvelope(-1e7, -1e7, 1e7, 1e7, 2975)")
"""Where UTM can be left from; `ST_Transform` fails beyond."""


def expected(text: str | None, kind: FieldType, native: str) -> Any:
    """Return a value of `to_jsonb` as the service says it."""
    value = None if text is None else strict(text)
    if value is None:
        return None
    if kind is FieldType.NUMBER and isinstance(value, str):
        return None  # NaN and the infinities, for which JSON has no number
    if kind is FieldType.BINARY:
        import base64

        return base64.b64encode(bytes.fromhex(str(value)[2:])).decode()
    if native.startswith("character(") or native == "insee":
        return str(value).rstrip(" ")  # its blanks are no part of the value
    return value


def frozen(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=lambda n: str(n.normalize()))


# What is asked ---------------------------------------------------------------------


def test_the_survey_reads_every_table(odd: Odd) -> None:
    found = {(s.source.container, s.source.table) for s in odd.surveyed.surveys}
    assert {source_of(name) for name in TABLES} <= found
    failed = [f for f in odd.surveyed.findings if f.code.endswith("unreadable")]
    assert failed == []


@every_table
def test_values_are_those_of_the_database(odd: Odd, name: str) -> None:
    features = odd.get(name, "/items", limit="1000")["features"]
    rows = truth(odd, name)
    said = [frozen(feature["properties"]) for feature in features]
    assert sorted(said) == sorted(frozen(row) for row, _ in rows)[:1000] or len(
        rows
    ) > len(said)
    for feature in features:
        check_feature(feature)


@every_table
def test_streams_say_the_same_as_pages(odd: Odd, name: str) -> None:
    streamed = odd.get(name, "/items", limit="10000")["features"]
    paged = odd.items(name, limit="7" if len(streamed) < 100 else "400")
    if odd.survey(name).key:
        assert streamed == paged
    else:
        assert sorted(map(frozen, streamed)) == sorted(map(frozen, paged))
    assert len(streamed) == odd.survey(name).feature_count
    whole = odd.client.get(
        f"/collections/{identifier(name)}/download/{identifier(name)}.geojson"
    )
    assert whole.status_code == 200
    assert len(strict(whole.text)["features"]) == len(streamed)


@every_table
def test_json_fg_says_what_geojson_says(odd: Odd, name: str) -> None:
    plain = odd.get(name, "/items", limit="500")
    found = odd.get(name, "/items", limit="500", f="jsonfg")
    assert found["numberReturned"] == plain["numberReturned"]
    for feature, one in zip(found["features"], plain["features"], strict=True):
        assert feature["properties"] == one["properties"]
        assert feature.get("id") == one.get("id")
        assert feature["geometry"] in (one["geometry"], None)
        if feature["geometry"] is None and one["geometry"] is not None:
            assert not has_position(one["geometry"])
        time = feature["time"]
        assert time is None or time.keys() <= {"date", "timestamp"}


@every_table
def test_gml_is_valid_and_says_what_geojson_says(
    odd: Odd, name: str, assert_valid: Callable[[httpx.Client, bytes], None]
) -> None:
    plain = odd.get(name, "/items", limit="500")
    address = f"/collections/{identifier(name)}/items"
    answer = odd.client.get(address, params={"limit": "500", "f": "gml"})
    assert answer.status_code == 200, answer.text
    assert_valid(odd.client, answer.content)
    root = etree.fromstring(answer.content, etree.XMLParser(huge_tree=True))
    members = [e for e in root if etree.QName(e).localname == "featureMember"]
    for member, one in zip(members, plain["features"], strict=True):
        texts = {
            plain_text(etree.QName(e).localname): plain_text(e.text or "")
            for e in member[0]
            if not len(e)
        }
        for column, value in one["properties"].items():
            if isinstance(value, str) and not is_beyond(value):
                assert texts[column] == value, column
            elif isinstance(value, bool):
                assert texts[column] == str(value).lower()
            elif isinstance(value, Decimal):
                assert float(texts[column]) == float(value)
            elif value is None:
                assert texts.get(column, "null") == "null"  # JSON has one too
        placed = [e for e in member[0] if len(e)]
        assert len(placed) == has_position(one["geometry"])


CsvRows = Callable[..., list[list[str | None]]]


@every_table
def test_csv_says_what_copy_says(odd: Odd, name: str, csv_rows: CsvRows) -> None:
    survey = odd.survey(name)
    names, rows = csv_of(odd, name, csv_rows, 1000)
    width = len(survey.fields)
    assert names[:width] == [field.name for field in survey.fields]
    said = sorted(nullable(row[:width]) for row in rows)
    assert said == sorted(map(nullable, copied(odd, name, csv_rows)))
    for limit in (1001, 7):
        again, others = csv_of(odd, name, csv_rows, limit)
        assert again == names
        assert len(others) == survey.feature_count
        if survey.key or limit > len(rows):
            assert sorted(map(nullable, others)) == sorted(map(nullable, rows))


@every_table
def test_csv_has_the_geometries_of_geojson(
    odd: Odd, name: str, csv_rows: CsvRows
) -> None:
    names, rows = csv_of(odd, name, csv_rows, 1000)
    added = names[len(odd.survey(name).fields) :]
    if odd.survey(name).geometry is None:
        assert not added
        return
    assert added in (["longitude", "latitude", "WKT"], ["WKT"])
    plain = odd.get(name, "/items", limit="1000")["features"]
    for row, one in zip(rows, plain, strict=False):
        *place, text = row[-len(added) :]
        assert (text is None) == (one["geometry"] is None)
        if text is None or "EMPTY" in text:
            assert {*place} <= {None}
            continue
        shape = shapely.from_wkt(text)
        there = shapely.geometry.shape(
            json.loads(json.dumps(one["geometry"], default=float))
        )
        assert shape.geom_type == there.geom_type
        found, expected = (
            shapely.get_coordinates(each, include_z=True) for each in (shape, there)
        )
        assert np.allclose(found, expected, rtol=0, atol=1e-9, equal_nan=True)
        assert [float(str(n)) for n in place] == [*found[0, :2]][: len(place)]


def csv_of(
    odd: Odd, name: str, csv_rows: CsvRows, limit: int
) -> tuple[list[str | None], list[list[str | None]]]:
    """Return heads and rows, by the next links in headers, each page checked."""
    path = f"/collections/{identifier(name)}/items"
    address: str | None = f"{path}?f=csv&limit={limit}"
    names: list[str | None] = []
    found: list[list[str | None]] = []
    while address:
        answer = odd.client.get(address)
        assert answer.status_code == 200, answer.text
        names, *rows = csv_rows(answer.content)
        assert answer.headers["ogc-numberreturned"] == str(len(rows))
        found += rows
        following = answer.links.get("next", {}).get("url")
        address = following and f"{path}?{urlsplit(following).query}"
    return names, found


def nullable(row: list[str | None]) -> list[str]:
    """Return a row whose cells can be sorted, nothing still told from empty."""
    return ["nothing" if cell is None else f"={cell}" for cell in row]


def copied(
    odd: Odd, name: str, csv_rows: Callable[..., list[list[str | None]]]
) -> list[list[str | None]]:
    """Return the rows of a table as PostgreSQL's own CSV has them.

    What CSV in general has no word for is put into the words of the file: JSON,
    ISO 8601, base64, and nothing for what is no number.
    """
    shown = [
        pg.SQL(COPIED.get(field.type, "{}::text")).format(
            pg.Identifier("t", field.name)
        )
        for field in odd.survey(name).fields
    ]
    statement = pg.SQL("COPY (SELECT {} FROM {} AS t) TO STDOUT CSV").format(
        pg.SQL(", ").join(shown), pg.Identifier(*source_of(name))
    )
    target = io.BytesIO()
    with odd.connection, odd.connection.cursor() as cursor:
        cursor.copy_expert(statement, target)
    return csv_rows(target.getvalue(), b"\n")


_NUMBER = "CASE WHEN {0}::text NOT IN ('NaN', 'Infinity', '-Infinity') THEN {0} END"
COPIED = {
    FieldType.NUMBER: _NUMBER,
    FieldType.INTEGER: "{}",
    FieldType.UUID: "{}",
    FieldType.DATE: "to_jsonb({}) #>> '{{}}'",
    FieldType.DATETIME: "to_jsonb({}) #>> '{{}}'",
    FieldType.TIME: "to_jsonb({}) #>> '{{}}'",
    FieldType.JSON: "to_json({})",
    FieldType.ARRAY: "to_json({})",
    FieldType.BINARY: "translate(encode({}, 'base64'), E'\\n', '')",
}


@every_table
def test_every_identifier_answered_is_found(odd: Odd, name: str) -> None:
    features = odd.get(name, "/items", limit="100")["features"]
    fields = {field.name: field for field in odd.survey(name).fields}
    key = odd.survey(name).key
    keyed = bool(key) and all(fields[part].type in SORTABLE for part in key)
    found = [feature["id"] for feature in features if "id" in feature]
    assert len(set(map(str, found))) == (len(features) if keyed else 0)
    for feature in features if keyed else ():
        path = quote(str(feature["id"]), safe="").replace(".", "%2E")
        one = odd.get(name, f"/items/{path}")
        assert {k: one[k] for k in feature} == feature


@every_table
def test_schema_and_queryables_say_what_there_is(odd: Odd, name: str) -> None:
    survey = odd.survey(name)
    collection = odd.get(name)
    assert collection["id"] == identifier(name)
    schema, queryables = odd.get(name, "/schema"), odd.get(name, "/queryables")
    named = {field.name for field in survey.fields}
    assert named <= schema["properties"].keys()
    features = odd.get(name, "/items", limit="100")["features"]
    for feature in features:
        assert feature["properties"].keys() == named
        for column, value in feature["properties"].items():
            check_type(schema["properties"][column], value)
    assert queryables["properties"].keys() <= schema["properties"].keys()


@every_table
def test_every_queryable_can_be_filtered_by(odd: Odd, name: str) -> None:
    everything = odd.get(name, "/items", limit="10000")["features"]
    for column in queried(odd, name):
        values = [f["properties"][column] for f in everything]
        some = {frozen(v): v for v in values if v is not None}
        for value in list(some.values())[:3]:
            if is_beyond(value):
                continue
            test = {
                "op": "=",
                "args": [{"property": column}, literal(odd, name, column, value)],
            }
            found = filtered(odd, name, test)
            assert frozen_all(found) == frozen_all(
                f for f in everything if f["properties"][column] == value
            ), (column, value)
        test = {"op": "isNull", "args": [{"property": column}]}
        field = next(f for f in odd.survey(name).fields if f.name == column)
        if field.type is not FieldType.NUMBER:  # NaN is a value in the database
            assert frozen_all(filtered(odd, name, test)) == frozen_all(
                f for f in everything if f["properties"][column] is None
            )


@every_table
def test_every_queryable_can_be_sorted_by(odd: Odd, name: str) -> None:
    survey = odd.survey(name)
    if (survey.feature_count or 0) > 100:
        pytest.skip("the same table as a smaller one")
    for column in queried(odd, name):
        if "," in column:
            continue
        field = next(f for f in survey.fields if f.name == column)
        for sign, word in (("+", "ASC"), ("-", "DESC")):
            found = odd.items(name, sortby=f"{sign}{column}", limit="3")
            assert [f["properties"][column] for f in found] == in_order(
                odd, name, field, word
            ), (column, word)


@every_table
def test_geometries_are_those_of_the_database(odd: Odd, name: str) -> None:
    rows = truth(odd, name)
    by_row = {frozen(row): wkb for row, wkb in rows}
    if len(by_row) != len(rows) or name in {"geo_melee", *WITHOUT_CRS}:
        pytest.skip("rows cannot be told apart, or are looked at elsewhere")
    for feature in odd.get(name, "/items", limit="1000")["features"]:
        wkb = by_row[frozen(feature["properties"])]
        stored = shapely.from_wkb(wkb) if wkb else None
        if stored is None or not np.isfinite(shapely.get_coordinates(stored)).all():
            assert feature["geometry"] is None, feature
            continue
        if stored.is_empty:
            assert feature["geometry"] is None or shape(feature).is_empty
            continue
        assert near(shape(feature), shapely.from_wkb(wkb)), feature


@every_table
def test_boxes_find_what_lies_in_them(odd: Odd, name: str) -> None:
    survey = odd.survey(name)
    if survey.geometry is None or name in WITHOUT_CRS:
        pytest.skip("nothing is located")
    features = odd.get(name, "/items", limit="1000")["features"]
    located = [f for f in features if is_on_earth(f)]
    everywhere = odd.get(name, "/items", limit="1000", bbox="-180,-90,180,90")
    assert len(everywhere["features"]) >= len(located)
    for feature in located[:5]:
        west, south, east, north = shape(feature).bounds
        corners = (west - 1e-6, south - 1e-6, east + 1e-6, min(north + 1e-6, 90))
        box = ",".join(
            map(repr, map(float, (*corners[:1], max(corners[1], -90), *corners[2:])))
        )
        found = odd.get(name, "/items", limit="1000", bbox=box)["features"]
        assert frozen(feature) in frozen_all(found), box
    nowhere = odd.get(name, "/items", bbox="-170,-80,-169.9,-79.9")
    (unplaced,) = odd.rows(
        pg.SQL("SELECT count(*) FROM {} WHERE {} IS NULL").format(
            pg.Identifier(*source_of(name)), pg.Identifier(survey.geometry.name)
        )
    )
    assert (len(nowhere["features"]),) == unplaced
    if not survey.geometry.srid:
        return
    crs = f"{EPSG}{survey.geometry.srid}"
    stored = odd.get(name, "/items", limit="1000", crs=crs)["features"]
    assert len(stored) == len(features)


@every_table
@pytest.mark.parametrize(
    "relation", ["s_intersects", "s_within", "s_touches", "s_disjoint", "s_equals"]
)
def test_spatial_functions_are_answered(odd: Odd, name: str, relation: str) -> None:
    if odd.survey(name).geometry is None or name in WITHOUT_CRS:
        pytest.skip("nothing is located")
    world = [[-179, -89], [179, -89], [179, 89], [-179, 89], [-179, -89]]
    area = {"type": "Polygon", "coordinates": [world]}
    test = {"op": relation, "args": [{"property": "geometry"}, area]}
    if name == "Voirie Départementale":
        pytest.skip("a column of its own is called “geometry”")
    filtered(odd, name, test)


@pytest.mark.parametrize("name", WITHOUT_CRS)
def test_what_has_no_known_crs_is_refused_with_its_reason(odd: Odd, name: str) -> None:
    said = [f for f in odd.surveyed.findings if f.subject.endswith(name)]
    assert {f.code.rpartition(".")[2] for f in said} & {
        "srid-unknown",
        "srid-mixed",
        "crs-not-epsg",
    }


def test_a_table_without_rights_harms_no_other(odd: Odd) -> None:
    answer = odd.client.get("/collections/refusee/items")
    assert answer.status_code in {404, 503}, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


# Small things ------------------------------------------------------------------------


def has_position(geometry: Json) -> bool:
    """Tell whether a geometry holds any number."""
    return any(character.isdigit() for character in str(geometry))


def queried(odd: Odd, name: str) -> list[str]:
    """Return the queryables whose values can be compared; others may be missing."""
    fields = odd.survey(name).fields
    columns = {field.name for field in fields if field.type in SORTABLE}
    offered = odd.get(name, "/queryables")["properties"]
    return [
        column
        for column, schema in offered.items()
        if column in columns and schema.get("type") != "array"
    ][:60]


def filtered(odd: Odd, name: str, test: Json) -> list[Json]:
    text = json.dumps(test, default=float)
    return odd.items(
        name, **{"filter": text, "filter-lang": "cql2-json"}, limit="10000"
    )


def literal(odd: Odd, name: str, column: str, value: Any) -> Any:
    field = next(f for f in odd.survey(name).fields if f.name == column)
    if field.type is FieldType.DATE:
        return {"date": value}
    if field.type is FieldType.DATETIME:
        moment = datetime.fromisoformat(value)
        utc = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return {"timestamp": utc.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    return value


def is_beyond(value: Any) -> bool:
    """Tell whether CQL2 has no literal for a value."""
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        return abs(value) > 2**53 or (not whole and Decimal(float(value)) != value)
    return isinstance(value, str) and (
        "infinity" in value
        or value.endswith("BC")
        or value.startswith("20001")
        or "24:00" in value
        or ("+" in value[8:] and value.count(":") > 2)
    )


def in_order(odd: Odd, name: str, field: Any, word: str) -> list[Any]:
    column = pg.Identifier("t", field.name)
    by: pg.Composable = column
    if field.type is FieldType.STRING:
        by = pg.SQL('{}::text COLLATE "C"').format(column)
    rows = odd.rows(
        pg.SQL(
            "SELECT to_jsonb({})::text FROM {} AS t ORDER BY {} {} NULLS LAST"
        ).format(column, pg.Identifier(*source_of(name)), by, pg.SQL(word))
    )
    return [expected(value, field.type, field.native_type) for (value,) in rows]


def frozen_all(features: Any) -> list[str]:
    return sorted(map(frozen, features))


def check_feature(feature: Json) -> None:
    """Hold a feature against RFC 7946."""
    assert feature["type"] == "Feature"
    if feature["geometry"] is not None:
        check_geometry(feature["geometry"])
    if "id" in feature:
        assert isinstance(feature["id"], str | Decimal)


DEPTHS = {
    "Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2,
    "MultiPolygon": 3,
}  # fmt: skip


def check_geometry(geometry: Json) -> None:
    if geometry["type"] == "GeometryCollection":
        for each in geometry["geometries"]:
            assert each["type"] != "GeometryCollection"
            check_geometry(each)
        return
    check_positions(geometry["coordinates"], DEPTHS[geometry["type"]])


def check_positions(found: Any, depth: int) -> None:
    assert isinstance(found, list)
    if depth:
        for each in found:
            check_positions(each, depth - 1)
    elif found:
        assert len(found) in {2, 3}
        assert all(math.isfinite(number) for number in found)


def check_type(schema: Json, value: Any) -> None:
    """Hold a value against what the schema says of its column."""
    kinds: dict[str, Any] = {
        "string": str,
        "number": Decimal,
        "integer": Decimal,
        "boolean": bool,
        "array": list,
        "object": dict,
    }
    said = schema.get("type", [])
    for kind in [said] if isinstance(said, str) else said[:1]:
        assert value is None or isinstance(value, kinds[kind]), (schema, value)


def shape(feature: Json) -> shapely.Geometry:
    geometry = json.loads(json.dumps(feature["geometry"], default=float))
    return shapely.force_2d(shapely.geometry.shape(geometry))


def is_on_earth(feature: Json) -> bool:
    """Tell whether a feature has a place; shapely reads no empty part of several."""
    if not feature["geometry"] or "[[], [" in json.dumps(
        feature["geometry"], default=float
    ):
        return False
    found = shape(feature)
    return not found.is_empty and abs(found.bounds[3]) <= 90


def near(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    here, there = shapely.get_coordinates(one), shapely.get_coordinates(other)
    return here.shape == there.shape and bool((abs(here - there) < 1e-7).all())
