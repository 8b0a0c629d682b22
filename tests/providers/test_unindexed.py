"""Which columns of a table lack an index, and whether the advised one serves."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg2
import pytest

from metadata.measured import Survey
from providers.configuration import SiloConfiguration
from providers.survey import survey_silo, survey_structure

pytestmark = pytest.mark.postgis
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = """
CREATE SCHEMA "Été";
CREATE TYPE teinte AS ENUM ('rouge', 'vert');
CREATE TABLE "Été"."d""or" (
    id integer PRIMARY KEY, "l'âge" integer, nom text, code varchar(5),
    ref char(3), jour date, heure time, moment timestamptz, mesure numeric, ident uuid,
    teinte teinte, vrai boolean, suite jsonb, liste text[], octets bytea);
CREATE TABLE served (
    code text PRIMARY KEY, sorted text, equal text, folded text, partly integer,
    second integer, hashed integer, ranged integer, pattern text);
CREATE INDEX ON served (sorted COLLATE "C");
CREATE INDEX ON served (equal);
CREATE INDEX ON served (lower(folded));
CREATE INDEX ON served (partly) WHERE partly > 0;
CREATE INDEX ON served (sorted, second);
CREATE INDEX ON served USING hash (hashed);
CREATE INDEX ON served USING brin (ranged);
CREATE INDEX ON served (pattern text_pattern_ops);
CREATE TABLE parted (id integer, size integer, name text) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE INDEX ON parted (size);
CREATE VIEW seen AS SELECT * FROM served;
CREATE MATERIALIZED VIEW kept AS SELECT code, partly FROM served;
CREATE UNIQUE INDEX ON kept (code COLLATE "C");
"""


@pytest.fixture(scope="module")
def filled(module_postgis: str) -> str:
    execute(module_postgis, TABLES)
    return module_postgis


def execute(address: str, statement: str) -> None:
    connection = psycopg2.connect(address)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def survey_of(address: str, table: str, *, measured: bool = True) -> Survey:
    silo = SiloConfiguration(name="sig", location=address)
    found = survey_silo(silo, now=NOW) if measured else survey_structure(silo, now=NOW)
    (survey,) = (s for s in found.surveys if s.source.table == table)
    return survey


@pytest.mark.parametrize("measured", [True, False])
def test_columns_that_could_have_an_index_and_have_none_are_told(
    filled: str, measured: bool
) -> None:
    survey = survey_of(filled, 'd"or', measured=measured)
    wanted = ("l'âge", "nom", "code", "ref", "jour", "heure", "moment", "mesure")
    assert survey.unindexed == survey.unsorted == (*wanted, "ident")


def test_an_index_counts_for_what_it_is_good_for(filled: str) -> None:
    survey = survey_of(filled, "served")
    assert survey.unindexed == ("folded", "partly", "second", "ranged")
    assert set(survey.unsorted) == {
        *("code", "equal", "folded", "partly", "second", "hashed", "ranged", "pattern")
    }


@pytest.mark.parametrize(
    ("table", "unindexed", "unsorted"),
    [
        ("parted", ("id", "name"), ("id", "name")),
        ("seen", (), ()),
        ("kept", ("partly",), ("partly",)),
    ],
)
def test_partitions_and_materialised_views_can_have_indexes_and_views_cannot(
    filled: str, table: str, unindexed: tuple[str, ...], unsorted: tuple[str, ...]
) -> None:
    survey = survey_of(filled, table)
    assert (survey.unindexed, survey.unsorted) == (unindexed, unsorted)
