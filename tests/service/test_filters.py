"""Every conformance class about filters, asked over HTTP, on both silos.

What is expected is computed here from the thirty points of `places`: number `n`
lies at (650000 + 100 n, 6860000 + 50 n) in Lambert-93, is named ``Lieu n <&">``,
has the day 2020-01-n, and `n` in its column `limit`.
"""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
import shapely
from owslib.ogcapi.features import Features
from pyproj import Transformer

from service.conformance import CONFORMANCE_CLASSES

ITEMS = "/collections/places/items"
URL = "http://service.example/geo"
CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
LAMBERT = "http://www.opengis.net/def/crs/EPSG/0/2154"
EVERY = range(1, 31)
TO_DEGREES = Transformer.from_crs(2154, 4326, always_xy=True).transform


def place(n: int) -> shapely.Point:
    return shapely.Point(*TO_DEGREES(650000 + 100 * n, 6860000 + 50 * n))


def window(low: float, high: float) -> tuple[float, float, float, float]:
    """Return a box in degrees around the places from one number to another."""
    one, other = place(low), place(high)
    return (one.x, one.y, other.x, other.y)


BOX = window(4.5, 9.5)
POLYGON = shapely.box(*BOX).wkt
BOX_TEXT = ", ".join(map(str, BOX))
INSIDE = [n for n in EVERY if shapely.box(*BOX).intersects(place(n))]
assert INSIDE == [5, 6, 7, 8, 9]
OUTSIDE = [n for n in EVERY if n not in INSIDE]
TENS = [1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]

ASKED: dict[str, dict[str, list[int]]] = {
    "basic-cql2": {
        '"limit" = 7': [7],
        '"limit" <> 7': [n for n in EVERY if n != 7],
        '"limit" < 3 OR "limit" >= 30': [1, 2, 30],
        '"limit" <= 3 AND NOT "limit" = 2': [1, 3],
        "nom IS NULL": [],
        "nom IS NOT NULL": [*EVERY],
        "ouvert > DATE('2020-01-29')": [30],
        "true": [*EVERY],
        "false": [],
    },
    "advanced-comparison-operators": {
        "nom LIKE 'Lieu 1%'": TENS,
        "nom NOT LIKE 'Lieu 1%'": [n for n in EVERY if n not in TENS],
        "nom LIKE 'Lieu _ <&\">'": [*range(1, 10)],
        '"limit" BETWEEN 3 AND 5': [3, 4, 5],
        '"limit" NOT BETWEEN 2 AND 29': [1, 30],
        '"limit" IN (2, 4, 99)': [2, 4],
        "nom NOT IN ('Lieu 3 <&\">')": [n for n in EVERY if n != 3],
    },
    "case-insensitive-comparison": {
        "CASEI(nom) = CASEI('LIEU 3 <&\">')": [3],
        "CASEI(nom) LIKE CASEI('LIEU 2_ %')": [*range(20, 30)],
        "CASEI(nom) IN (CASEI('lieu 3 <&\">'))": [3],
    },
    "accent-insensitive-comparison": {
        "ACCENTI(nom) = ACCENTI('Liéu 3 <&\">')": [3],
        "ACCENTI(CASEI(nom)) LIKE ACCENTI(CASEI('LÏÈU 3%'))": [3, 30],
    },
    "basic-spatial-functions": {
        f"S_INTERSECTS(geometry, BBOX({BOX_TEXT}))": INSIDE,
        "S_INTERSECTS(geometry, POINT(2.3 48.8))": [],
    },
    "basic-spatial-functions-plus": {
        f"S_INTERSECTS(geometry, {POLYGON})": INSIDE,
        f"S_INTERSECTS(geometry, MULTI{POLYGON.replace('((', '(((')}))".replace(
            ")))))", "))))"
        ): INSIDE,
        f"S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(0 0), {POLYGON}))": INSIDE,
    },
    "spatial-functions": {
        f"S_INTERSECTS(geometry, {POLYGON})": INSIDE,
        f"S_WITHIN(geometry, {POLYGON})": INSIDE,
        f"S_DISJOINT(geometry, {POLYGON})": OUTSIDE,
        f"S_CONTAINS({POLYGON}, geometry)": INSIDE,
        f"S_TOUCHES(geometry, {POLYGON})": [],
        f"S_CROSSES(geometry, {POLYGON})": [],
        f"S_OVERLAPS(geometry, {POLYGON})": [],
        f"S_EQUALS(geometry, {POLYGON})": [],
        f"NOT S_WITHIN(geometry, {POLYGON})": OUTSIDE,
    },
    "temporal-functions": {
        "T_AFTER(ouvert, DATE('2020-01-28'))": [29, 30],
        "T_BEFORE(ouvert, DATE('2020-01-03'))": [1, 2],
        "T_DISJOINT(ouvert, INTERVAL('2020-01-02', '..'))": [1],
        "T_EQUALS(ouvert, DATE('2020-01-03'))": [3],
        "T_INTERSECTS(ouvert, INTERVAL('..', '2020-01-02'))": [1, 2],
        "T_DURING(ouvert, INTERVAL('2020-01-02', '2020-01-05'))": [3, 4],
        "T_CONTAINS(INTERVAL('2020-01-02', '2020-01-05'), ouvert)": [3, 4],
        "T_FINISHEDBY(INTERVAL('2019-01-01', '2020-01-05'), ouvert)": [5],
        "T_FINISHES(ouvert, INTERVAL('2019-01-01', '2020-01-05'))": [5],
        "T_MEETS(INTERVAL('2019-01-01', '2020-01-05'), ouvert)": [5],
        "T_METBY(INTERVAL('2020-01-05', '2021-01-01'), ouvert)": [5],
        "T_OVERLAPS(INTERVAL('2019-01-01', '2020-01-05'), "
        "INTERVAL(ouvert, '2021-01-01'))": [*range(1, 5)],
        "T_OVERLAPPEDBY(INTERVAL(ouvert, '2021-01-01'), "
        "INTERVAL('2019-01-01', '2020-01-05'))": [*range(1, 5)],
        "T_STARTS(ouvert, INTERVAL('2020-01-05', '2021-01-01'))": [5],
        "T_STARTEDBY(INTERVAL('2020-01-05', '2021-01-01'), ouvert)": [5],
    },
    "property-property": {
        '"limit" = "limit"': [*EVERY],
        'nom <> "nom"': [],
        "T_EQUALS(ouvert, ouvert)": [*EVERY],
        "S_INTERSECTS(geometry, geometry)": [*EVERY],
        "S_DISJOINT(geometry, geometry)": [],
        "T_AFTER(DATE('2020-01-03'), ouvert)": [1, 2],
    },
    "arithmetic": {
        '"limit" + 1 = 8': [7],
        '"limit" * 2 - 4 > 54': [30],
        '"limit" / 2 = 3.5': [7],
        '"limit" DIV 10 = 3': [30],
        '"limit" % 10 = 3': [3, 13, 23],
        '"limit" ^ 2 = 49': [7],
        '3 < "limit" - 26': [30],
    },
}
TEXTS = sorted({(name, text) for name, texts in ASKED.items() for text in texts})


def found(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    document = answer.json()
    names = [feature["properties"]["limit"] for feature in document["features"]]
    assert document["numberMatched"] == document["numberReturned"] == len(names)
    return names


def as_json(text: str) -> str:
    """Return the same filter in the other encoding, by the reference parser."""
    import cql2

    return json.dumps(cql2.parse_text(text).to_json())


@pytest.mark.parametrize(("name", "text"), TEXTS)
def test_a_filter_is_answered_as_text_as_json_and_posted(
    service: httpx.Client, name: str, text: str
) -> None:
    wanted = ASKED[name][text]
    by_json = {"filter": as_json(text), "filter-lang": "cql2-json"}
    assert found(service.get(ITEMS, params={"filter": text})) == wanted
    assert found(service.get(ITEMS, params=by_json)) == wanted
    assert found(post(service, as_json(text))) == wanted


def test_no_class_of_cql2_is_declared_without_a_filter_that_shows_it() -> None:
    declared = {c.removeprefix(CQL2) for c in CONFORMANCE_CLASSES if CQL2 in c}
    assert declared == {"cql2-text", "cql2-json", "array-functions", *ASKED}


ARRAYS = {
    "A_CONTAINS(tags, ('a'))": [1, 2],
    "A_CONTAINEDBY(tags, ('a', 'b', 'c'))": [1, 2, 4],
    "A_EQUALS(tags, ('b', 'a'))": [1],
    "A_OVERLAPS(('b', 'd'), tags)": [1, 3],
    "A_CONTAINS(codes, (2, 1))": [1],
    "A_EQUALS(codes, codes)": [1, 2],
    "tags IS NULL": [5],
}


def test_arrays_are_related_as_sets(on_postgis: Any, serve: Any) -> None:
    on_postgis.execute(
        "CREATE TABLE listed (id int PRIMARY KEY, tags text[], codes int[]);"
        "INSERT INTO listed VALUES (1, '{a,b}', '{1,2,2}'), (2, '{a}', '{}'),"
        " (3, '{d}', NULL), (4, '{}', NULL), (5, NULL, NULL)"
    )
    on_postgis.describe("listed")
    with serve(on_postgis) as client:
        path = "/collections/listed"
        columns = client.get(f"{path}/queryables").json()["properties"]
        assert columns["tags"]["items"] == {"type": "string"}
        assert columns["codes"]["items"] == {"type": "number"}
        assert (
            not {"tags", "codes"}
            & client.get(f"{path}/sortables").json()["properties"].keys()
        )
        for text, wanted in ARRAYS.items():
            for answer in (
                client.get(f"{path}/items", params={"filter": text}),
                post(client, as_json(text), path=f"{path}/items"),
            ):
                assert answer.status_code == 200, answer.text
                assert [f["id"] for f in answer.json()["features"]] == wanted, text


def test_an_array_function_of_a_plain_column_is_refused(service: httpx.Client) -> None:
    problem = refused(service.get(ITEMS, params={"filter": "A_CONTAINS(nom, ('a'))"}))
    assert "queryables" in problem["hint"]


def post(
    service: httpx.Client,
    content: str | bytes,
    kind: str = "application/query-cql-json",
    path: str = ITEMS,
    **parameters: Any,
) -> httpx.Response:
    return service.post(
        path,
        content=content,
        headers={"Content-Type": kind},
        params=parameters or None,
    )


SEVENS = json.dumps({"op": "like", "args": [{"property": "nom"}, "%7%"]})


class TestPosted:
    @pytest.mark.parametrize(
        "kind",
        [
            "application/query-cql-json",
            "application/cql2+json",
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON",
        ],
    )
    def test_json_is_read_under_every_name_that_clients_use(
        self, service: httpx.Client, kind: str
    ) -> None:
        answer = post(service, SEVENS, kind)
        assert found(answer) == [7, 17, 27]
        assert answer.headers["content-type"] == "application/geo+json"
        assert "etag" not in answer.headers

    def test_a_form_holds_any_parameters(self, service: httpx.Client) -> None:
        form = urlencode({"filter": "nom LIKE '%7%'", "sortby": "-limit"})
        kind = "application/x-www-form-urlencoded"
        assert found(post(service, form, kind)) == [27, 17, 7]

    def test_the_other_parameters_stand_in_the_address(
        self, service: httpx.Client
    ) -> None:
        more = {"filter-lang": "cql-json", "filter-crs": LAMBERT, "crs": LAMBERT}
        box = {"bbox": [650450, 6860000, 650950, 6861000]}
        inside = {"op": "s_intersects", "args": [{"property": "geometry"}, box]}
        answer = post(service, json.dumps(inside), sortby="-limit", **more)
        assert found(answer) == [9, 8, 7, 6, 5]
        assert answer.headers["content-crs"] == f"<{LAMBERT}>"

    def test_next_is_posted_with_the_same_body(self, service: httpx.Client) -> None:
        answer = post(service, SEVENS, limit=2)
        names: list[int] = []
        while True:
            document = answer.json()
            names += [f["properties"]["limit"] for f in document["features"]]
            links = {link["rel"]: link for link in document["links"]}
            assert "alternate" not in links
            assert links["self"]["method"] == "POST"
            if "next" not in links:
                break
            assert links["next"]["method"] == "POST"
            split = urlsplit(links["next"]["href"])
            address = f"{split.path.removeprefix('/geo')}?{split.query}"
            alone = service.get(address)
            assert alone.status_code == 400
            assert alone.json()["parameter"] == "cursor"
            answer = post(service, SEVENS, path=address)
        assert names == [7, 17, 27]

    def test_a_streamed_answer_is_the_same(self, service: httpx.Client) -> None:
        small, large = (post(service, SEVENS, limit=n).json() for n in (1000, 1001))
        assert small["features"] == large["features"]

    def test_hits_are_counted(self, service: httpx.Client) -> None:
        document = post(service, SEVENS, resulttype="hits").json()
        assert (document["numberMatched"], document["features"]) == (3, [])

    def test_owslib_posts_its_filters(self, service: httpx.Client) -> None:
        client = Features(str(service.base_url))
        document = client.collection_items("places", cql=json.loads(SEVENS), limit=2)
        names = [each["properties"]["limit"] for each in document["features"]]
        assert (names, document["numberMatched"]) == ([7, 17], 3)

    def test_another_filter_gets_another_answer(self, service: httpx.Client) -> None:
        assert found(post(service, SEVENS)) == [7, 17, 27]
        other = SEVENS.replace("7", "9")
        assert found(post(service, other)) == [9, 19, 29]
        assert found(service.get(ITEMS)) == [*EVERY]

    def test_the_root_of_a_dataset_takes_it_too(self, service: httpx.Client) -> None:
        assert found(post(service, SEVENS, path=f"/datasets/lieux{ITEMS}")) == [
            *(7, 17, 27)
        ]

    def test_a_detailed_geometry_fits(self, service: httpx.Client) -> None:
        ring = shapely.box(*BOX).segmentize(1e-6).exterior
        area = shapely.geometry.mapping(shapely.Polygon(ring))
        body = json.dumps({"op": "s_within", "args": [{"property": "geometry"}, area]})
        assert 300_000 < len(body) < 1_000_000
        assert found(post(service, body)) == INSIDE

    @pytest.mark.parametrize(
        ("kind", "status", "code"),
        [
            ("application/geo+json", 415, "UnsupportedMediaType"),
            ("text/plain", 415, "UnsupportedMediaType"),
            ("", 415, "UnsupportedMediaType"),
        ],
    )
    def test_another_type_is_refused_with_those_that_are_read(
        self, service: httpx.Client, kind: str, status: int, code: str
    ) -> None:
        answer = post(service, SEVENS, kind)
        assert answer.status_code == status
        problem = answer.json()
        assert problem["code"] == code
        assert "application/query-cql-json" in problem["hint"]
        assert "application/query-cql-json" in answer.headers["accept-post"]

    @pytest.mark.parametrize(
        "content",
        [b"", b"  ", b"{", b"\xff\xfe", b"[]", b"null", b'{"op":"="}', b"1"],
    )
    def test_a_body_that_is_no_filter_is_refused(
        self, service: httpx.Client, content: bytes
    ) -> None:
        answer = post(service, content)
        assert answer.status_code == 400
        problem = answer.json()
        assert problem["parameter"] == "filter"
        assert problem["detail"]

    def test_a_body_that_is_too_long_is_refused(self, service: httpx.Client) -> None:
        answer = post(service, b'"' + b"x" * 2_000_000 + b'"')
        assert answer.status_code == 413
        assert answer.json()["code"] == "ContentTooLarge"

    def test_two_filters_are_refused(self, service: httpx.Client) -> None:
        answer = post(service, SEVENS, filter="true")
        assert answer.status_code == 400
        assert answer.json()["parameter"] == "filter"

    def test_a_page_for_people_is_not_posted_for(self, service: httpx.Client) -> None:
        assert post(service, SEVENS, f="html").status_code == 400
        headers = {"Content-Type": "application/json", "Accept": "text/html"}
        refused = service.post(ITEMS, content=SEVENS, headers=headers)
        assert refused.status_code == 406

    @pytest.mark.parametrize("path", ["/collections/places", "/", f"{ITEMS}/1"])
    def test_nothing_else_is_posted_to(self, service: httpx.Client, path: str) -> None:
        assert post(service, SEVENS, path=path).status_code == 405


DEEP = 10_000
HOSTILE = {
    "100 KB": "nom = '" + "x" * 100_000 + "'",
    "NOTs": "NOT " * DEEP + "true",
    "brackets": "(" * DEEP + "true" + ")" * DEEP,
    "members": f'"limit" IN ({",".join(map(str, range(DEEP)))})',
    "NUL": "nom = 'a\0b'",
    "no WKT": "S_INTERSECTS(geometry, POLYGON((1 2, 3))",
    "a ring that is open": "S_INTERSECTS(geometry, POLYGON((0 0, 1 0, 1 1, 0 1)))",
    "a bow tie": "S_WITHIN(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))",
    "beyond 2^53": '"limit" = 9007199254740993',
    "no number": '"limit" = 1e999',
    "a lone quote": "nom = 'it's'",
    "an unknown function": 'avg("limit") > 3',
    "metres as degrees": "S_INTERSECTS(geometry, BBOX(650000,6860000,650100,6860100))",
}
HOSTILE_JSON = {
    "a deep list": "[" * DEEP + "]" * DEEP,
    "deep NOTs": '{"op":"not","args":[' * DEEP + "true" + "]}" * DEEP,
    "members": json.dumps(
        {"op": "in", "args": [{"property": "limit"}, [*range(DEEP)]]}
    ),
    "many ors": json.dumps(
        {"op": "or", "args": [{"op": "isNull", "args": [{"property": "nom"}]}] * DEEP}
    ),
    "a number of 400 digits": '{"op":"=","args":[{"property":"limit"},-1'
    + "0" * 400
    + "]}",
    "a huge number": '{"op":"=","args":[{"property":"limit"},1' + "0" * 5000 + "]}",
    "a huge coordinate": json.dumps(
        {
            "op": "s_intersects",
            "args": [
                {"property": "geometry"},
                {"type": "Point", "coordinates": [10**400, 1]},
            ],
        }
    ),
}


def refused(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 400, answer.text[:300]
    problem: dict[str, Any] = answer.json()
    assert problem["parameter"] == "filter"
    assert len(answer.content) < 2_000
    return problem


@pytest.mark.parametrize("reason", HOSTILE)
def test_a_hostile_text_is_refused_quickly(service: httpx.Client, reason: str) -> None:
    begin = time.monotonic()
    form = urlencode({"filter": HOSTILE[reason]})
    answer = post(service, form, "application/x-www-form-urlencoded")
    if reason == "NUL":
        assert answer.status_code == 400
    else:
        assert refused(answer)["detail"]
    assert time.monotonic() - begin < 1


@pytest.mark.parametrize("reason", HOSTILE_JSON)
def test_a_hostile_tree_is_refused_quickly(service: httpx.Client, reason: str) -> None:
    begin = time.monotonic()
    assert refused(post(service, HOSTILE_JSON[reason]))["detail"]
    assert time.monotonic() - begin < 1


@pytest.mark.parametrize("number", [2**53 + 1, 2**63, 10**40, 10**300, -(10**300)])
def test_a_number_beyond_all_values_is_found_in_none(
    service: httpx.Client, number: int
) -> None:
    larger = {"op": "<", "args": [{"property": "limit"}, number]}
    equal = {"op": "=", "args": [{"property": "limit"}, number]}
    assert found(post(service, json.dumps(equal))) == []
    wanted = [*EVERY] if number > 0 else []
    assert found(post(service, json.dumps(larger))) == wanted
