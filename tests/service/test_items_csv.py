"""Items as CSV over HTTP, on both silos, and what reads it back."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import numpy as np
import pandas
import pyogrio
import pytest
import shapely

from service.csv_form import CONTENT_TYPE
from service.spool import HELD

ITEMS = "/collections/places/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
Serve = Callable[..., AbstractContextManager[httpx.Client]]
Rows = Callable[..., list[list[str | None]]]


def get(service: httpx.Client, address: str = ITEMS, **parameters: Any) -> Any:
    answer = service.get(address, params={"f": "csv", **parameters})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == CONTENT_TYPE
    return answer


def local(address: str) -> str:
    split = urlsplit(address)
    return split.path.removeprefix("/geo") + f"?{split.query}"


def links(answer: httpx.Response) -> dict[tuple[str, str], str]:
    """Return the links of an answer's header by relation and type."""
    return {
        (rel, kind): href
        for href, rel, kind in re.findall(
            r'<([^>]*)>; rel="([^"]+)"; type="([^"]+)"', answer.headers["link"]
        )
    }


class TestPages:
    @pytest.mark.parametrize("limit", [5, 30, 1001])
    @pytest.mark.parametrize("crs", ["", f"{EPSG}2154", f"{EPSG}4326"])
    def test_a_page_says_what_geojson_says(
        self, service: httpx.Client, csv_rows: Rows, limit: int, crs: str
    ) -> None:
        asked: Any = {"limit": limit, **({"crs": crs} if crs else {})}
        answer = get(service, **asked)
        plain = service.get(ITEMS, params=asked)
        names, *rows = csv_rows(answer.content)
        features = plain.json()["features"]
        place = ["x", "y"] if "2154" in crs else ["longitude", "latitude"]
        assert names == [*features[0]["properties"], *place, "WKT"]
        assert answer.headers["ogc-numbermatched"] == "30"
        assert answer.headers["ogc-numberreturned"] == str(len(rows))
        assert answer.headers["content-crs"] == plain.headers["content-crs"]
        for row, one in zip(rows, features, strict=True):
            assert row[:-3] == [str(v) for v in one["properties"].values()]
            spot = one["geometry"]["coordinates"]
            shape = shapely.from_wkt(row[-1])
            assert [shape.x, shape.y] == pytest.approx(spot, abs=1e-9)
            east_north = spot[::-1] if "4326" in crs else spot
            found = [float(str(text)) for text in row[-3:-1]]
            assert found == pytest.approx(east_north, abs=1e-9)

    def test_polygons_have_wkt_alone(
        self, service: httpx.Client, csv_rows: Rows
    ) -> None:
        path = "/collections/zones/items"
        names, *rows = csv_rows(get(service, path).content)
        assert names[-2:] == ["nom", "WKT"]
        for row, one in zip(rows, service.get(path).json()["features"], strict=True):
            there = shapely.geometry.shape(one["geometry"])
            shape = shapely.from_wkt(row[-1])
            assert np.allclose(
                *(shapely.get_coordinates(e) for e in (shape, there)), rtol=0, atol=1e-9
            )

    def test_a_large_page_is_the_same_page(self, service: httpx.Client) -> None:
        small, large = get(service, limit=1000), get(service, limit=1001)
        assert small.content == large.content
        for name in ("ogc-numbermatched", "ogc-numberreturned"):
            assert small.headers[name] == large.headers[name]

    @pytest.mark.parametrize("limit", [1, 7, 30])
    def test_next_links_lead_through_everything_once(
        self, service: httpx.Client, csv_rows: Rows, limit: int
    ) -> None:
        found: list[int] = []
        address: str | None = f"{ITEMS}?f=csv&limit={limit}&sortby=-limit"
        while address:
            answer = service.get(local(address))
            names, *rows = csv_rows(answer.content)
            found += [int(str(row[names.index("limit")])) for row in rows]
            address = links(answer).get(("next", "text/csv"))
        assert found == list(range(30, 0, -1))

    @pytest.mark.parametrize("limit", [5, 1001])
    def test_what_is_asked_narrows_it(
        self, service: httpx.Client, csv_rows: Rows, limit: int
    ) -> None:
        asked: Any = {
            "filter": '"limit" > 8 AND "limit" < 20',
            "bbox": "650000,6860000,651500,6870000",
            "bbox-crs": f"{EPSG}2154",
            "properties": "limit,nom",
            "sortby": "-limit",
            "limit": limit,
            "offset": 2,
        }
        names, *rows = csv_rows(get(service, **asked).content)
        assert names == ["limit", "nom", "longitude", "latitude", "WKT"]
        plain = service.get(ITEMS, params=asked).json()["features"]
        expected = [[str(v) for v in f["properties"].values()] for f in plain]
        assert [row[:2] for row in rows] == expected
        assert rows[0][0] == "13"

    def test_a_deep_page_links_back(self, service: httpx.Client) -> None:
        answer = get(service, offset=10, limit=5)
        back = service.get(local(links(answer)["prev", "text/csv"]))
        assert back.content == get(service, offset=5, limit=5).content

    def test_geometries_can_be_left_out(
        self, service: httpx.Client, csv_rows: Rows
    ) -> None:
        names, *rows = csv_rows(
            get(service, skipGeometry="true", properties="nom").content
        )
        assert names == ["nom"]
        assert rows[0] == ['Lieu 1 <&">']

    @pytest.mark.parametrize(
        "accept", ["text/csv", "text/csv; charset=utf-8; header=present"]
    )
    def test_accept_asks_for_it_too(self, service: httpx.Client, accept: str) -> None:
        answer = service.get(ITEMS, params={"limit": 2}, headers={"accept": accept})
        assert answer.headers["content-type"] == CONTENT_TYPE
        following = service.get(local(links(answer)["next", "text/csv"]))
        assert following.headers["content-type"] == CONTENT_TYPE

    def test_a_browser_still_gets_a_page(self, service: httpx.Client) -> None:
        accept = "text/html,application/xhtml+xml,*/*;q=0.8"
        answer = service.get(ITEMS, headers={"accept": accept})
        assert answer.headers["content-type"].startswith("text/html")

    def test_it_links_to_every_other_form(self, service: httpx.Client) -> None:
        for path in (ITEMS, f"{ITEMS}/3"):
            found = links(get(service, path, crs=f"{EPSG}2154"))
            kinds = {kind.split(";")[0] for rel, kind in found if rel == "alternate"}
            assert kinds == {
                "text/html",
                "application/geo+json",
                "application/vnd.ogc.fg+json",
                "application/gml+xml",
            }
            assert ("self", "text/csv") in found
            for (rel, kind), address in found.items():
                if rel in {"alternate", "self"}:
                    answer = service.get(local(address))
                    assert answer.headers["content-type"].startswith(kind)
            for form in ("json", "jsonfg"):
                other = service.get(path, params={"f": form}).json()["links"]
                mine = [e["href"] for e in other if e["type"] == "text/csv"]
                kinds = {service.get(local(e)).headers["content-type"] for e in mine}
                assert kinds == {CONTENT_TYPE}

    def test_hits_are_counted_and_none_is_sent(
        self, service: httpx.Client, csv_rows: Rows
    ) -> None:
        answer = get(service, resulttype="hits", filter='"limit" > 20')
        assert answer.headers["ogc-numbermatched"] == "10"
        assert answer.headers["ogc-numberreturned"] == "0"
        assert len(csv_rows(answer.content)) == 1

    @pytest.mark.parametrize("limit", [5, 1001])
    def test_nothing_found_is_the_heads_alone(
        self, service: httpx.Client, csv_rows: Rows, limit: int
    ) -> None:
        answer = get(service, filter='"limit" > 99', limit=limit)
        assert answer.headers["ogc-numbermatched"] == "0"
        (names,) = csv_rows(answer.content)
        assert names[-1] == "WKT"

    def test_a_posted_filter_is_answered_in_it(
        self, service: httpx.Client, csv_rows: Rows
    ) -> None:
        answer = service.post(
            f"{ITEMS}?f=csv&limit=4",
            content=json.dumps({"op": ">", "args": [{"property": "limit"}, 20]}),
            headers={"content-type": "application/query-cql-json"},
        )
        assert answer.headers["content-type"] == CONTENT_TYPE
        assert answer.headers["ogc-numbermatched"] == "10"
        assert len(csv_rows(answer.content)) == 1 + 4
        assert 'method="POST"' in answer.headers["link"]

    @pytest.mark.parametrize(
        "asked", [{"filter": "nope = 1"}, {"limit": "0"}, {"crs": "x"}, {"a": "b"}]
    )
    def test_what_is_wrong_is_told_as_everywhere(
        self, service: httpx.Client, asked: dict[str, str]
    ) -> None:
        answer = service.get(ITEMS, params={"f": "csv", **asked})
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"

    def test_it_is_kept_under_the_name_of_the_collection(
        self, service: httpx.Client
    ) -> None:
        said = get(service).headers["content-disposition"]
        assert said == "attachment; filename*=UTF-8''places.csv"


class TestOneItem:
    @pytest.mark.parametrize("crs", ["", f"{EPSG}2154"])
    def test_it_is_the_one_of_the_page(
        self, service: httpx.Client, csv_rows: Rows, crs: str
    ) -> None:
        asked = {"crs": crs} if crs else {}
        names, *rows = csv_rows(get(service, limit=3, **asked).content)
        for number, row in enumerate(rows, 1):
            answer = get(service, f"{ITEMS}/{number}", **asked)
            assert csv_rows(answer.content) == [names, row]
            assert links(answer)["self", "text/csv"]

    @pytest.mark.parametrize("key", ["0", "abc", "1,2", "%FF", "a/b"])
    def test_what_is_not_there_is_404(self, service: httpx.Client, key: str) -> None:
        answer = service.get(f"{ITEMS}/{key}", params={"f": "csv"})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


class TestOffered:
    def test_pages_for_people_link_to_it(self, service: httpx.Client) -> None:
        for path in (ITEMS, f"{ITEMS}/1"):
            page = service.get(path, headers={"accept": "text/html"}).text
            assert 'href="?f=csv" rel="alternate" type="text/csv"' in page

    def test_the_collection_links_to_it(self, service: httpx.Client) -> None:
        found = service.get("/collections/places").json()["links"]
        (href,) = [
            e["href"] for e in found if (e["rel"], e["type"]) == ("items", "text/csv")
        ]
        assert service.get(local(href)).headers["content-type"] == CONTENT_TYPE

    def test_the_api_definition_names_it(self, service: httpx.Client) -> None:
        paths = service.get("/api").json()["paths"]
        for end in ("/items", "/items/{featureId}"):
            contents = [
                item["get"]["responses"]["200"]["content"]
                for path, item in paths.items()
                if path.endswith(end) and "catalogue" not in path
            ]
            assert contents
            assert all("text/csv" in each for each in contents)

    def test_what_it_conforms_to_stays(self, service: httpx.Client) -> None:
        classes = service.get("/conformance").json()["conformsTo"]
        assert not any("csv" in each for each in classes)


class TestReaders:
    @pytest.mark.parametrize("limit", [1000, 1001])
    def test_pandas_reads_it(self, service: httpx.Client, limit: int) -> None:
        found = pandas.read_csv(io.BytesIO(get(service, limit=limit).content))
        plain = service.get(ITEMS, params={"limit": limit}).json()["features"]
        assert found["nom"].tolist() == [f["properties"]["nom"] for f in plain]
        assert found["limit"].tolist() == [f["properties"]["limit"] for f in plain]
        places = found[["longitude", "latitude"]].to_numpy()
        expected = [f["geometry"]["coordinates"] for f in plain]
        assert np.allclose(places, expected, rtol=0, atol=1e-9)

    def test_pages_are_followed_by_what_reads_link_headers(
        self, service: httpx.Client
    ) -> None:
        address: str | None = f"{ITEMS}?f=csv&limit=7"
        pages = []
        while address:
            answer = service.get(local(address))
            pages.append(pandas.read_csv(io.BytesIO(answer.content)))
            address = answer.links.get("next", {}).get("url")
        assert pandas.concat(pages)["limit"].tolist() == list(range(1, 31))

    @pytest.mark.parametrize("collection", ["places", "zones"])
    def test_gdal_finds_the_geometry(
        self, service: httpx.Client, tmp_path: Path, collection: str
    ) -> None:
        path = f"/collections/{collection}/items"
        target = tmp_path / f"{collection}.csv"
        target.write_bytes(get(service, path).content)
        found = pyogrio.read_dataframe(target)
        plain = service.get(path).json()["features"]
        assert found["nom"].tolist() == [f["properties"]["nom"] for f in plain]
        for shape, one in zip(found.geometry, plain, strict=True):
            there = shapely.geometry.shape(one["geometry"])
            assert np.allclose(
                *(shapely.get_coordinates(e) for e in (shape, there)), rtol=0, atol=1e-9
            )


@pytest.mark.postgis
def test_a_page_larger_than_what_is_held_in_memory_is_whole(
    on_postgis: Any, serve: Serve, csv_rows: Rows
) -> None:
    on_postgis.execute(
        """CREATE TABLE many AS SELECT i AS id, repeat(md5(i::text), 20) AS label,
           ST_SetSRID(ST_MakePoint(650000 + i, 6860000), 2154)
           ::geometry(Point, 2154) AS geom FROM generate_series(1, 9000) AS i;
           ALTER TABLE many ADD PRIMARY KEY (id)"""
    )
    on_postgis.describe("beaucoup", "many")
    with serve(on_postgis) as client:
        path = "/collections/many/items"
        asked: Any = {"f": "csv", "limit": 8000}
        first = client.get(path, params=asked)
        assert len(first.content) > 4 * HELD
        second = client.get(local(links(first)["next", "text/csv"]))
        assert ("next", "text/csv") not in links(second)
        rows = [row for e in (first, second) for row in csv_rows(e.content)[1:]]
        assert [int(str(row[0])) for row in rows] == list(range(1, 9001))
        for answer, number in ((first, "8000"), (second, "1000")):
            assert answer.headers["ogc-numberreturned"] == number
            assert answer.headers["ogc-numbermatched"] == "9000"
        held = {"if-none-match": first.headers["etag"]}
        assert client.get(path, params=asked, headers=held).status_code == 304


@pytest.mark.postgis
def test_the_page_is_the_file_but_for_how_wkt_is_spaced(
    on_postgis: Any, serve: Serve, make_files: Callable[..., None], csv_rows: Rows
) -> None:
    on_postgis.execute(
        """CREATE TABLE "Été" AS SELECT i AS id, i * 0.1 AS "a, ""b",
           CASE i % 3 WHEN 0 THEN '' WHEN 1 THEN NULL ELSE E'é, "\\r\\n' END AS texte,
           i::double precision AS reel, i % 2 = 0 AS pair, ARRAY[i, NULL] AS liste,
           jsonb_build_object('a', i) AS objet, decode('00ff', 'hex') AS octets,
           ST_SetSRID(ST_MakePoint(650000 + i, 6860000), 2154)
           ::geometry(Point, 2154) AS geom FROM generate_series(1, 40) AS i;
           ALTER TABLE "Été" ADD PRIMARY KEY (id);
           INSERT INTO "Été" (id, geom) VALUES (41, NULL),
           (42, 'SRID=2154;POINT EMPTY')"""
    )
    on_postgis.describe("saison", "ete=Été")
    make_files(on_postgis)
    with serve(on_postgis) as client:
        page = get(client, "/collections/ete/items", limit=1000).content
        file = client.get("/collections/ete/download/ete.csv")
        assert file.status_code == 200
        assert page.replace(b"POINT(", b"POINT (") == file.content
        assert len(csv_rows(page)) == 43


@pytest.mark.parametrize("key", ["é t", 'a"b', "x/y", "=1"])
@pytest.mark.postgis
def test_odd_keys_are_found(
    on_postgis: Any, serve: Serve, csv_rows: Rows, key: str
) -> None:
    on_postgis.execute("CREATE TABLE mots (mot text PRIMARY KEY)")
    quoted = key.replace("'", "''")
    on_postgis.execute(f"INSERT INTO mots VALUES ('{quoted}')")
    on_postgis.describe("mots", "mots")
    with serve(on_postgis) as client:
        answer = get(client, f"/collections/mots/items/{quote(key, safe='')}")
        assert csv_rows(answer.content) == [["mot"], [key]]


@pytest.mark.parametrize("form", ["json", "jsonfg", "gml", "csv"])
@pytest.mark.parametrize("limit", [100, 1001])
@pytest.mark.postgis
def test_a_collation_that_takes_different_letters_for_the_same_is_no_matter(
    on_postgis: Any, serve: Serve, form: str, limit: int
) -> None:
    on_postgis.execute(
        """CREATE COLLATION egal (provider = icu, locale = 'und-u-ks-level1',
           deterministic = false);
           CREATE TABLE mots (id integer, mot text COLLATE egal,
           PRIMARY KEY (id, mot));
           INSERT INTO mots VALUES (1, 'Été'), (2, 'ete "a", b'), (3, '')"""
    )
    on_postgis.execute("CREATE TABLE cles (mot text COLLATE egal PRIMARY KEY)")
    on_postgis.execute("INSERT INTO cles VALUES ('Été'), ('a b')")
    on_postgis.describe("mots", "mots", "cles")
    with serve(on_postgis) as client:
        asked: Any = {"f": form, "limit": limit}
        for name in ("mots", "cles"):
            answer = client.get(f"/collections/{name}/items", params=asked)
            assert answer.status_code == 200, answer.text
            assert "Été" in answer.text
