"""Random questions over HTTP against the same questions in SQL, written apart."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg2
import pytest

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
ROWS = 3_000
TABLE = f"""
CREATE TABLE mixed AS
SELECT i AS id,
       CASE WHEN i % 7 = 0 THEN NULL
            ELSE (ARRAY['Épinay', 'Saint-Denis', 'saint-ouen', 'L''Île',
                        '100 %'])[1 + i % 5]
       END AS nom,
       CASE WHEN i % 11 = 0 THEN NULL ELSE (i * 7919) % 1000 END AS population,
       CASE WHEN i % 13 = 0 THEN NULL
            ELSE ((i * 104729) % 10007) / 7.0::float8 END AS taux,
       CASE WHEN i % 5 = 0 THEN NULL
            ELSE date '2024-01-01' + (i * 31) % 300 END AS jour,
       CASE WHEN i % 17 = 0 THEN NULL
            WHEN i % 3 = 0
            THEN ST_Buffer(ST_SetSRID(ST_MakePoint(x, y), 2154), 4000, 4)
            ELSE ST_SetSRID(ST_MakePoint(x, y), 2154)
       END::geometry(Geometry, 2154) AS geom
FROM (SELECT i, 150000.0 + (i * 7919 % 3001) * 350 AS x,
             6150000.0 + (i * 104729 % 2999) * 300 AS y
      FROM generate_series(1, {ROWS}) AS i) AS place;
ALTER TABLE mixed ADD PRIMARY KEY (id);
CREATE INDEX ON mixed USING gist (geom);
ANALYZE mixed;
"""
Service = tuple[httpx.Client, str]


@pytest.fixture
def mixed(
    on_postgis: Any, serve: Callable[..., AbstractContextManager[httpx.Client]]
) -> Iterator[Service]:
    """A service on three thousand rows, and the database beneath it."""
    on_postgis.execute(TABLE)
    on_postgis.describe("melange", "mixed")
    with serve(on_postgis) as client:
        yield client, on_postgis.silo


def random_box(chance: random.Random) -> tuple[dict[str, str], str]:
    """Return a box as parameters, and as a condition."""
    size = 10 ** chance.uniform(-1, 0.8)
    west, south = chance.uniform(-4, 7), chance.uniform(42.5, 49.5)
    corners = [west, south, west + size, south + size]
    kind = chance.choice(["crs84", "4326", "2154", "3857"])
    if kind in {"crs84", "4326"}:
        text = corners if kind == "crs84" else [corners[i] for i in (1, 0, 3, 2)]
        crs = {} if kind == "crs84" else {"bbox-crs": f"{EPSG}4326"}
        envelope = "ST_MakeEnvelope({}, {}, {}, {}, 4326)".format(*corners)
        test = f"(geom IS NULL OR ST_Intersects(ST_Transform(geom, 4326), {envelope}))"
    else:
        if kind == "2154":
            x, y, span = chance.uniform(2e5, 1e6), chance.uniform(6.2e6, 7e6), 2e5
        else:
            x, y, span = chance.uniform(-4e5, 7e5), chance.uniform(5.3e6, 6.2e6), 3e5
        text = [x, y, x + size * span / 6, y + size * span / 6]
        crs = {"bbox-crs": f"{EPSG}{kind}"}
        envelope = "ST_MakeEnvelope({}, {}, {}, {}, {})".format(*text, kind)
        test = f"ST_Intersects(ST_Transform(geom, {kind}), {envelope})"
        test = f"(geom IS NULL OR {test})"
    return {"bbox": ",".join(map(repr, text)), **crs}, test


FILTERS = [
    ("population > 500", "population > 500"),
    ("nom LIKE 'Saint%'", "nom LIKE 'Saint%'"),
    ("CASEI(nom) LIKE 'saint%'", "nom ILIKE 'saint%'"),
    ("nom IS NULL OR taux < 100.5", "(nom IS NULL OR taux < 100.5)"),
    ("NOT (population IN (1, 7, 9) OR nom = 'L''Île')",
     "NOT (population IN (1, 7, 9) OR nom = 'L''Île')"),
    ("jour BETWEEN DATE('2024-02-01') AND DATE('2024-06-30')",
     "jour BETWEEN '2024-02-01' AND '2024-06-30'"),
    ("population % 10 = 3 AND taux * 2 > population",
     "population % 10 = 3 AND taux * 2 > population"),
    ("T_AFTER(jour, DATE('2024-05-01'))", "jour > '2024-05-01'"),
]  # fmt: skip


def question(chance: random.Random) -> tuple[dict[str, str], str, int]:
    """Return parameters, the statement that answers them, and the page's CRS."""
    parameters: dict[str, str] = {"limit": str(chance.choice([7, 50, 400, 2000]))}
    tests = ["true"]
    if chance.random() < 0.7:
        box, test = random_box(chance)
        parameters |= box
        tests.append(test)
    if chance.random() < 0.7:
        parameters["filter"], test = chance.choice(FILTERS)
        tests.append(test)
    if chance.random() < 0.3:
        parameters["nom"] = "Saint-Denis"
        tests.append("nom = 'Saint-Denis'")
    if chance.random() < 0.3:
        parameters["datetime"] = "2024-03-01/.."
        tests.append("(jour >= '2024-03-01' OR jour IS NULL)")
    order = []
    names = ["nom", "population", "taux", "jour"]
    for name in chance.sample(names, chance.randrange(3)):
        sign, word = chance.choice([("", "ASC"), ("+", "ASC"), ("-", "DESC")])
        collation = ' COLLATE "C"' if name == "nom" else ""
        order.append((f"{sign}{name}", f"{name}{collation} {word} NULLS LAST"))
    if order:
        parameters["sortby"] = ",".join(term for term, _ in order)
    srid = chance.choice([0, 4326, 2154, 3857, 3035, 4258])
    if srid:
        parameters["crs"] = f"{EPSG}{srid}"
    by = ", ".join([*(word for _, word in order), "id"])
    shape = f"ST_Transform(geom, {srid or 4326})"
    if srid in {4326, 4258, 3035}:
        shape = f"ST_FlipCoordinates({shape})"
    statement = (
        f"SELECT id, "
        f"CASE WHEN ST_GeometryType(geom) = 'ST_Point' THEN ST_X({shape}) END, "
        f"CASE WHEN ST_GeometryType(geom) = 'ST_Point' THEN ST_Y({shape}) END "
        f"FROM mixed WHERE {' AND '.join(tests)} ORDER BY {by}"
    )
    return parameters, statement, srid or 4326


def answered(client: httpx.Client, parameters: dict[str, str]) -> list[dict[str, Any]]:
    """Follow the next links to the end."""
    found: list[dict[str, Any]] = []
    answer = client.get("/collections/mixed/items", params=parameters)
    while True:
        assert answer.status_code == 200, answer.text
        document = answer.json()
        found += document["features"]
        links = document["links"]
        following = [each["href"] for each in links if each["rel"] == "next"]
        if not following:
            return found
        split = urlsplit(following[0])
        answer = client.get(f"/collections/mixed/items?{split.query}")


@pytest.mark.postgis
def test_every_answer_is_what_the_database_says(mixed: Service) -> None:
    client, address = mixed
    connection = psycopg2.connect(address)
    empty = 0
    for seed in range(60):
        parameters, statement, srid = question(random.Random(seed))  # noqa: S311  (a seed, not a secret)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall()
        found = answered(client, parameters)
        assert [f["id"] for f in found] == [row[0] for row in rows], parameters
        tolerance = 1e-7 if srid in {4326, 4258} else 1e-3
        for feature, (_, x, y) in zip(found, rows, strict=True):
            if x is not None:
                assert feature["geometry"]["coordinates"] == pytest.approx(
                    (x, y), abs=tolerance, rel=0
                ), parameters
        empty += not rows
    connection.close()
    assert empty < 30


@pytest.mark.postgis
def test_the_number_matched_is_the_whole_of_it(mixed: Service) -> None:
    client, address = mixed
    connection = psycopg2.connect(address)
    for seed in range(100, 130):
        parameters, statement, _ = question(random.Random(seed))  # noqa: S311  (a seed, not a secret)
        with connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({statement}) AS found")
            number = cursor.fetchone()[0]
        page = client.get("/collections/mixed/items", params=parameters).json()
        assert page["numberMatched"] == number, parameters
        hits = client.get(
            "/collections/mixed/items", params={**parameters, "resulttype": "hits"}
        ).json()
        assert hits["numberMatched"] == number
    connection.close()
