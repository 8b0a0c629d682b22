"""What a survey finds in a PostGIS database holding every oddity at once."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg2
import pytest

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

pytestmark = pytest.mark.postgis
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

TABLES = """
CREATE SCHEMA ref;
CREATE DOMAIN insee AS varchar(5) CHECK (length(VALUE) = 5);
CREATE DOMAIN insee_required AS insee NOT NULL;
CREATE DOMAIN place AS geometry(Point, 2154);
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE TABLE ref.communes (
    gid serial PRIMARY KEY,
    code insee NOT NULL UNIQUE,
    name text,
    population integer,
    area_ha numeric(10, 2),
    created date,
    updated timestamptz,
    kind colour,
    tags text[],
    extra jsonb,
    ident uuid,
    flag boolean,
    opens time,
    photo bytea,
    density float8 GENERATED ALWAYS AS (population / 2.0) STORED,
    net inet,
    geom geometry(MultiPolygon, 2154)
);
COMMENT ON TABLE ref.communes IS 'Communes du département. Limites de 2024.';
COMMENT ON COLUMN ref.communes.code IS 'Code INSEE';
CREATE INDEX ON ref.communes USING gist (geom);
INSERT INTO ref.communes (code, created, updated, geom) VALUES
    ('93001', '2001-05-06', '2020-01-01 23:30:00+00',
     ST_Multi(ST_MakeEnvelope(652000.123456789, 6862000, 653000, 6863000, 2154))),
    ('93005', '2010-01-01', '2021-12-31 10:00:00+01',
     ST_Multi(ST_MakeEnvelope(650000, 6860000, 651000, 6870000.987654321, 2154))),
    ('93006', NULL, NULL, NULL),
    ('93007', NULL, NULL, 'SRID=2154;MULTIPOLYGON EMPTY');

CREATE TABLE "order" ("select" integer PRIMARY KEY, "100%" text, "d'or" text,
    "say ""hi"" too" date, kind text, srid integer, flags integer,
    geom geometry(Point, 4326));
INSERT INTO "order" VALUES (1, 'x', 'y', '2024-02-29', 'a', 1, 1,
    'SRID=4326;POINT(2 48)'), (2, 'x', 'y', NULL, 'b', 2, 2, 'SRID=4326;POINT(3 49)');
CREATE SCHEMA "Élus & Cie";
CREATE TABLE "Élus & Cie"."Été 100%s ""β"" d'or" (id integer PRIMARY KEY);
INSERT INTO "Élus & Cie"."Été 100%s ""β"" d'or" VALUES (1);

CREATE TABLE empty_typed (id integer PRIMARY KEY, geom geometry(LineString, 2154));
CREATE TABLE empty_untyped (id integer PRIMARY KEY, geom geometry);
CREATE TABLE no_columns ();
CREATE TABLE no_key (a integer, geom geometry(Point, 2154));
INSERT INTO no_key VALUES (1, 'SRID=2154;POINT(652000 6862000)');
CREATE TABLE composite (b text, a integer, v text, PRIMARY KEY (a, b));
CREATE TABLE by_index (a integer, b integer NOT NULL, c text NOT NULL, d text,
    UNIQUE (d), UNIQUE (b, c));
CREATE UNIQUE INDEX ON by_index (a) WHERE a > 0;
CREATE UNIQUE INDEX ON by_index (lower(c));
CREATE TABLE domains (id integer PRIMARY KEY, code insee_required, at place);
INSERT INTO domains VALUES (1, '93001', 'SRID=2154;POINT(652000 6862000)');

CREATE TABLE srid_zero (id integer PRIMARY KEY, geom geometry(Point));
INSERT INTO srid_zero VALUES (1, 'POINT(1 2)');
CREATE TABLE srid_mixed (id integer PRIMARY KEY, geom geometry);
INSERT INTO srid_mixed VALUES (1, 'SRID=2154;POINT(652000 6862000)'),
    (2, 'SRID=4326;POINT(3 49)');
INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text)
    SELECT 910093, 'IGNF', 910093, srtext, proj4text FROM spatial_ref_sys
    WHERE srid = 2154;
CREATE TABLE not_epsg (id integer PRIMARY KEY, geom geometry(Point, 910093));
INSERT INTO not_epsg VALUES (1, 'SRID=910093;POINT(652000 6862000)');
CREATE TABLE types_mixed (id integer PRIMARY KEY, geom geometry(Geometry, 2154));
INSERT INTO types_mixed VALUES (1, 'SRID=2154;POINT(652000 6862000)'),
    (2, 'SRID=2154;LINESTRING(652000 6862000, 652001 6862001)');
CREATE TABLE undeclared (id integer PRIMARY KEY, geom geometry);
INSERT INTO undeclared VALUES (1, 'SRID=2154;LINESTRING Z(652000 6862000 1,
    652001 6862001 2)');
CREATE TABLE measured_m (id integer PRIMARY KEY, geom geometry);
INSERT INTO measured_m VALUES (1, 'SRID=2154;POINT M(652000 6862000 7)');
CREATE TABLE with_z (id integer PRIMARY KEY, geom geometry(PointZ, 2154));
CREATE TABLE with_m (id integer PRIMARY KEY, geom geometry(PointM, 2154));
CREATE TABLE with_zm (id integer PRIMARY KEY, geom geometry(PolygonZM, 2154));
CREATE TABLE curved (id integer PRIMARY KEY, geom geometry(CurvePolygon, 2154));
CREATE TABLE several (id integer PRIMARY KEY, centre geometry(Point, 2154),
    outline geometry, other geometry);
INSERT INTO several VALUES (1, 'SRID=2154;POINT(652000 6862000)',
    'SRID=3857;POLYGON((0 0,1 0,1 1,0 0))', 'POINT(0 0)');
CREATE TABLE geographic (id integer PRIMARY KEY, geog geography(Point, 4326),
    free geography);
INSERT INTO geographic VALUES (1, 'POINT(2.5 48.5)', 'LINESTRING(0 0, 1 1)');
CREATE TABLE invalid (id integer PRIMARY KEY, geom geometry(Polygon, 2154));
INSERT INTO invalid VALUES
    (1, 'SRID=2154;POLYGON((652000 6862000,652001 6862001,652001 6862000,
    652000 6862001,652000 6862000))'),
    (2, 'SRID=2154;POLYGON((652000 6862000,652001 6862000,652001 6862001,
    652000 6862000))');
CREATE TABLE not_finite (id integer PRIMARY KEY, geom geometry(Point, 2154));
INSERT INTO not_finite VALUES (1, ST_SetSRID(ST_MakePoint('Infinity', 6862000), 2154)),
    (2, ST_SetSRID(ST_MakePoint(652000, 6862000), 2154));
CREATE TABLE metres_as_degrees (id integer PRIMARY KEY, geom geometry(Point, 4326));
INSERT INTO metres_as_degrees VALUES (1, 'SRID=4326;POINT(652000 6862000)');
CREATE TABLE degrees_as_metres (id integer PRIMARY KEY, geom geometry(Point, 2154));
INSERT INTO degrees_as_metres VALUES (1, 'SRID=2154;POINT(2.5 48.9)');
CREATE TABLE strange_dates (id integer PRIMARY KEY, d date, t timestamp, z timestamptz);
INSERT INTO strange_dates VALUES (1, 'infinity', '-infinity', 'infinity'),
    (2, '0044-03-15 BC', '12024-01-01', NULL),
    (3, '0001-01-01', '9999-12-31 23:59:59', '2024-06-30 23:30:00+00');
CREATE TABLE open_ended (id integer PRIMARY KEY, until date);
INSERT INTO open_ended VALUES (1, 'infinity'), (2, NULL);

CREATE TABLE parts (id integer, year integer, geom geometry(Point, 2154),
    PRIMARY KEY (id, year))
    PARTITION BY LIST (year);
CREATE TABLE parts_2023 PARTITION OF parts FOR VALUES IN (2023);
CREATE TABLE parts_2024 PARTITION OF parts FOR VALUES IN (2024);
INSERT INTO parts VALUES (1, 2023, 'SRID=2154;POINT(652000 6862000)'),
    (2, 2024, 'SRID=2154;POINT(653000 6863000)');

CREATE VIEW v_communes AS SELECT gid, code, geom FROM ref.communes;
CREATE VIEW v_over_view AS SELECT * FROM v_communes WHERE gid > 0;
CREATE VIEW v_lonlat AS SELECT gid, ST_Transform(geom, 4326) AS geom FROM ref.communes;
CREATE VIEW v_broken AS SELECT id FROM srid_zero WHERE 1 / (id - 1) > 0;
CREATE TABLE at_zero (id integer PRIMARY KEY, geom geometry(Point, 2154));
INSERT INTO at_zero VALUES (1, 'SRID=2154;POINT(0 0)'),
    (2, 'SRID=2154;POINT(652000 6862000)');
CREATE MATERIALIZED VIEW m_communes AS SELECT gid, code, geom FROM ref.communes;
CREATE UNIQUE INDEX ON m_communes (gid);
CREATE MATERIALIZED VIEW m_nulls AS SELECT nullif(gid, 1) AS gid FROM ref.communes;
CREATE UNIQUE INDEX ON m_nulls (gid);
CREATE TABLE layer_styles (id integer PRIMARY KEY, styleqml xml);
CREATE TEMPORARY TABLE passing (a integer);
"""


def period(survey: Survey) -> tuple[str, str]:
    """Return the first and the last day over all date columns."""
    days = survey.periods
    return min(day.start for day in days), max(day.end for day in days)


def execute(address: str, *statements: str) -> None:
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def silo(address: str, **values: tuple[str, ...]) -> SiloConfiguration:
    return SiloConfiguration(name="sig", location=address, **values)


@pytest.fixture(scope="module")
def odd(module_postgis: str) -> str:
    execute(module_postgis, TABLES)
    return module_postgis


@pytest.fixture(scope="module")
def surveyed(odd: str) -> Surveyed:
    return survey_silo(silo(odd), now=NOW)


def of(surveyed: Surveyed, table: str) -> Survey:
    (found,) = [s for s in surveyed.surveys if s.source.table == table]
    return found


def codes(surveyed: Surveyed, table: str) -> dict[str, Severity]:
    return {
        f.code.removeprefix("survey."): f.severity
        for f in surveyed.findings
        if f.subject.endswith(f".{table}")
    }


def test_relations_are_the_data_and_nothing_else(surveyed: Surveyed) -> None:
    found = {s.source.table for s in surveyed.surveys}
    absent = {
        "spatial_ref_sys",
        "geometry_columns",
        "geography_columns",
        "parts_2023",
        "parts_2024",
        "layer_styles",
        "passing",
    }
    assert not found & absent
    assert {"communes", "order", 'Été 100%s "β" d\'or', "parts", "no_columns"} <= found
    assert [s.source for s in surveyed.surveys] == sorted(
        (s.source for s in surveyed.surveys), key=lambda s: (s.container, s.table)
    )


def test_every_type_is_named(surveyed: Surveyed) -> None:
    fields = {f.name: f for f in of(surveyed, "communes").fields}
    assert {name: field.type for name, field in fields.items()} == {
        "gid": FieldType.INTEGER,
        "code": FieldType.STRING,
        "name": FieldType.STRING,
        "population": FieldType.INTEGER,
        "area_ha": FieldType.NUMBER,
        "created": FieldType.DATE,
        "updated": FieldType.DATETIME,
        "kind": FieldType.STRING,
        "tags": FieldType.ARRAY,
        "extra": FieldType.JSON,
        "ident": FieldType.UUID,
        "flag": FieldType.BOOLEAN,
        "opens": FieldType.TIME,
        "photo": FieldType.BINARY,
        "density": FieldType.NUMBER,
        "net": FieldType.OTHER,
    }
    assert fields["area_ha"].native_type == "numeric(10,2)"
    assert fields["code"].comment == "Code INSEE"
    assert (fields["code"].nullable, fields["name"].nullable) == (False, True)


def test_exact_measures_of_a_table(surveyed: Surveyed) -> None:
    communes = of(surveyed, "communes")
    assert communes.feature_count == 4
    assert communes.key == ("gid",)
    assert communes.comment == "Communes du département. Limites de 2024."
    assert communes.surveyed_at == NOW
    box = communes.native_extent
    assert box is not None
    assert (box.xmin, box.ymin, box.xmax, box.ymax, box.srid) == (
        650000,
        6860000,
        653000,
        6870000.987654321,
        2154,
    )
    assert period(communes) == ("2001-05-06", "2021-12-31")
    assert communes.temporal_field == "created"
    assert communes.size is not None
    assert communes.size >= 8192
    assert codes(surveyed, "communes")["geometry-missing"] is Severity.INFO


def test_the_extent_on_the_globe_holds_every_vertex(
    surveyed: Surveyed, odd: str
) -> None:
    extent = of(surveyed, "communes").extent
    connection = psycopg2.connect(odd)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_Extent(ST_Transform(ST_Segmentize(geom, 10), 4326))"
            " FROM ref.communes"
        )
        ((box,),) = cursor.fetchall()
    connection.close()
    west, south, east, north = (
        float(n) for n in box[4:-1].replace(",", " ").split(" ")
    )
    assert extent is not None
    assert extent.west <= west + 1e-7
    assert extent.south <= south + 1e-7
    assert extent.east >= east - 1e-7
    assert extent.north >= north - 1e-7
    assert abs(extent.west - west) < 1e-2


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("order", ("select",)),
        ("composite", ("a", "b")),
        ("by_index", ("b", "c")),
        ("parts", ("id", "year")),
        ("m_communes", ("gid",)),
        ("m_nulls", ()),
        ("no_key", ()),
        ("v_communes", ()),
        ("no_columns", ()),
    ],
)
def test_keys(surveyed: Surveyed, table: str, key: tuple[str, ...]) -> None:
    assert of(surveyed, table).key == key


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("no_key", "no-key"),
        ("v_communes", "no-key"),
        ("m_nulls", "key-null"),
        ("empty_typed", "nothing-located"),
        ("empty_untyped", "srid-undeclared"),
        ("srid_zero", "srid-unknown"),
        ("srid_mixed", "srid-mixed"),
        ("not_epsg", "crs-not-epsg"),
        ("types_mixed", "geometry-mixed"),
        ("curved", "geometry-curved"),
        ("several", "several-geometries"),
        ("invalid", "geometry-invalid"),
        ("not_finite", "extent-not-finite"),
        ("metres_as_degrees", "extent-outside-crs"),
        ("degrees_as_metres", "extent-outside-area"),
        ("at_zero", "extent-beyond-area"),
        ("strange_dates", "dates-unusable"),
        ("no_key", "no-spatial-index"),
        ("v_broken", "unreadable"),
    ],
)
def test_what_is_wrong_is_a_finding_on_that_table(
    surveyed: Surveyed, table: str, code: str
) -> None:
    assert code in codes(surveyed, table)
    for finding in surveyed.findings:
        assert finding.reason.fr != finding.reason.en
        assert finding.hint.fr
        assert finding.hint.en


def test_a_sound_table_has_no_finding_that_weighs(surveyed: Surveyed) -> None:
    assert codes(surveyed, "composite") == {}
    assert set(codes(surveyed, "communes").values()) == {Severity.INFO}


@pytest.mark.parametrize(
    ("table", "kind", "srid", "dimension", "has_measure"),
    [
        ("communes", GeometryType.MULTI_POLYGON, 2154, 2, False),
        ("domains", GeometryType.POINT, 2154, 2, False),
        ("types_mixed", GeometryType.GEOMETRY, 2154, 2, False),
        ("undeclared", GeometryType.LINE_STRING, 2154, 3, False),
        ("measured_m", GeometryType.POINT, 2154, 2, True),
        ("with_z", GeometryType.POINT, 2154, 3, False),
        ("with_m", GeometryType.POINT, 2154, 2, True),
        ("with_zm", GeometryType.POLYGON, 2154, 4, True),
        ("curved", GeometryType.GEOMETRY, 2154, 2, False),
        ("geographic", GeometryType.POINT, 4326, 2, False),
        ("srid_zero", GeometryType.POINT, 0, 2, False),
        ("srid_mixed", GeometryType.POINT, 0, 2, False),
        ("not_epsg", GeometryType.POINT, 0, 2, False),
        ("empty_untyped", GeometryType.GEOMETRY, 0, 2, False),
        ("v_lonlat", GeometryType.MULTI_POLYGON, 4326, 2, False),
    ],
)
def test_geometry_columns_say_what_is_inside(
    surveyed: Surveyed,
    table: str,
    kind: GeometryType,
    srid: int,
    dimension: int,
    has_measure: bool,
) -> None:
    column = of(surveyed, table).geometry
    assert column is not None
    found = (column.type, column.srid, column.dimension, column.has_measure)
    assert found == (kind, srid, dimension, has_measure)


def test_several_geometry_columns_are_all_described(surveyed: Surveyed) -> None:
    columns = of(surveyed, "several").geometries
    assert [(c.name, c.type.value, c.srid) for c in columns] == [
        ("centre", "Point", 2154),
        ("outline", "Polygon", 3857),
        ("other", "Point", 0),
    ]
    # Only the first is served unless somebody says otherwise: not fatal.
    assert codes(surveyed, "several")["srid-unknown"] is Severity.WARNING
    assert codes(surveyed, "srid_zero")["srid-unknown"] is Severity.ERROR


@pytest.mark.parametrize(
    ("table", "indexed"),
    [
        ("communes", True),
        ("v_communes", True),
        ("v_over_view", True),
        ("no_key", False),
        ("m_communes", False),
    ],
)
def test_spatial_indexes_are_seen_through_views(
    surveyed: Surveyed, table: str, indexed: bool
) -> None:
    column = of(surveyed, table).geometry
    assert column is not None
    assert column.indexed is indexed


@pytest.mark.parametrize(
    ("table", "kind", "count"),
    [
        ("parts", RelationKind.TABLE, 2),
        ("v_communes", RelationKind.VIEW, 4),
        ("m_communes", RelationKind.MATERIALIZED_VIEW, 4),
        ("empty_typed", RelationKind.TABLE, 0),
        ("no_columns", RelationKind.TABLE, 0),
        ('Été 100%s "β" d\'or', RelationKind.TABLE, 1),
    ],
)
def test_kinds_and_counts(
    surveyed: Surveyed, table: str, kind: RelationKind, count: int
) -> None:
    survey = of(surveyed, table)
    assert (survey.kind, survey.feature_count) == (kind, count)


def test_a_partitioned_table_weighs_what_its_partitions_weigh(
    surveyed: Surveyed,
) -> None:
    size = of(surveyed, "parts").size
    assert size is not None
    assert size >= 2 * 8192
    assert of(surveyed, "v_communes").size is None


def test_dates_that_no_calendar_holds_do_not_count(surveyed: Surveyed) -> None:
    assert period(of(surveyed, "strange_dates")) == ("0001-01-01", "9999-12-31")
    unusable = [f for f in surveyed.findings if f.code == "survey.dates-unusable"]
    assert [f.reason.en.split(" ")[0] for f in unusable] == ["1", "1"]
    assert of(surveyed, "open_ended").periods == ()


def test_mixed_crs_still_give_an_extent_on_the_globe(surveyed: Surveyed) -> None:
    survey = of(surveyed, "srid_mixed")
    assert survey.native_extent is None
    assert survey.extent is not None
    assert survey.extent.east == pytest.approx(3.0)
    assert survey.extent.west == pytest.approx(2.345, abs=0.01)


def test_a_box_that_makes_no_sense_is_left_out(surveyed: Surveyed) -> None:
    for table in ("not_finite", "metres_as_degrees", "srid_zero", "not_epsg"):
        assert of(surveyed, table).extent is None, table
    assert of(surveyed, "not_finite").native_extent is None
    zero = of(surveyed, "srid_zero").native_extent
    assert zero is not None
    assert (zero.xmin, zero.ymin, zero.srid) == (1, 2, 0)


def test_a_view_that_fails_stops_nobody(surveyed: Surveyed) -> None:
    assert not [s for s in surveyed.surveys if s.source.table == "v_broken"]
    (finding,) = [f for f in surveyed.findings if f.code == "survey.unreadable"]
    assert finding.subject == "sig:public.v_broken"
    assert "division by zero" in finding.reason.en
    assert finding.severity is Severity.ERROR


def test_the_structure_alone_agrees_with_the_full_survey(
    odd: str, surveyed: Surveyed
) -> None:
    structure = survey_structure(silo(odd), now=NOW)
    assert {s.source for s in structure.surveys} - {
        s.source for s in surveyed.surveys
    } == {Source(silo="sig", container="public", table="v_broken")}
    assert of(structure, "communes").fields == of(surveyed, "communes").fields
    assert of(structure, "communes").geometries == of(surveyed, "communes").geometries
    assert of(structure, "communes").feature_count is None
    assert "crs-not-epsg" in codes(structure, "not_epsg")


@pytest.mark.parametrize(
    ("values", "tables"),
    [
        ({"schemas": ("ref",)}, {"communes"}),
        ({"schemas": ("ref", "Élus & Cie"), "exclude": ("Été*",)}, {"communes"}),
        ({"schemas": ("ref",), "exclude": ("ref.*",)}, set()),
    ],
)
def test_schemas_and_exclusions(
    odd: str, values: dict[str, tuple[str, ...]], tables: set[str]
) -> None:
    found = survey_structure(silo(odd, **values), now=NOW).surveys
    assert {s.source.table for s in found} == tables


def test_a_schema_that_does_not_exist_is_said(odd: str) -> None:
    (finding,) = survey_structure(silo(odd, schemas=("réf",)), now=NOW).findings[:1]
    assert (finding.code, finding.subject) == ("survey.schema-missing", "sig")


def test_only_what_is_asked_for_is_measured(odd: str) -> None:
    wanted = Source(silo="sig", container="ref", table="communes")
    nowhere = Source(silo="sig", container="ref", table="nowhere")
    told: list[tuple[int, int]] = []
    found = survey_silo(
        silo(odd, exclude=("*",)),
        now=NOW,
        sources={wanted, nowhere},
        progress=lambda done, total: told.append((done, total)),
    )
    assert [s.source for s in found.surveys] == [wanted]
    assert not [f for f in found.findings if f.severity is Severity.ERROR]
    assert told == [(0, 1), (1, 1)]


def test_progress_counts_every_table(odd: str, surveyed: Surveyed) -> None:
    told: list[tuple[int, int]] = []
    survey_silo(
        silo(odd), now=NOW, progress=lambda done, total: told.append((done, total))
    )
    total = len(surveyed.surveys) + 1
    assert told == [(done, total) for done in range(total + 1)]


def test_a_database_without_postgis_has_tables_too(
    postgis: str,
) -> None:
    execute(
        postgis,
        "DROP EXTENSION postgis CASCADE",
        "CREATE TABLE budget (id integer PRIMARY KEY, montant money, le date)",
        "INSERT INTO budget VALUES (1, 12, '2024-01-01')",
    )
    (survey,) = survey_silo(silo(postgis), now=NOW).surveys
    assert (survey.feature_count, survey.geometries) == (1, ())
    assert period(survey) == ("2024-01-01", "2024-01-01")


def test_postgis_may_live_in_any_schema(postgis: str) -> None:
    execute(
        postgis,
        "DROP EXTENSION postgis CASCADE",
        'CREATE SCHEMA "géo"',
        'CREATE EXTENSION postgis SCHEMA "géo"',
        'CREATE TABLE p (id integer PRIMARY KEY, g "géo".geometry(Point, 2154))',
        "INSERT INTO p VALUES (1, 'SRID=2154;POINT(652000 6862000)')",
    )
    (survey,) = survey_silo(silo(postgis), now=NOW).surveys
    assert survey.geometry is not None
    assert survey.geometry.srid == 2154
    assert survey.extent is not None


def test_an_empty_database_is_said(postgis: str) -> None:
    surveyed = survey_silo(silo(postgis), now=NOW)
    assert surveyed.surveys == ()
    assert [f.code for f in surveyed.findings] == ["survey.empty"]


def test_the_last_change_is_the_newest_commit_or_nothing(postgis: str) -> None:
    execute(
        postgis,
        "CREATE TABLE t (id integer PRIMARY KEY)",
        "INSERT INTO t VALUES (1)",
        "CREATE VIEW v AS SELECT * FROM t",
    )
    connection = psycopg2.connect(postgis)
    with connection.cursor() as cursor:
        cursor.execute("SHOW track_commit_timestamp")
        ((state,),) = cursor.fetchall()
    connection.close()
    table, view = survey_silo(silo(postgis), now=NOW).surveys
    assert view.changed_at is None
    if state == "off":
        assert table.changed_at is None
    else:
        assert table.changed_at is not None
        assert abs((table.changed_at - datetime.now(UTC)).total_seconds()) < 60
