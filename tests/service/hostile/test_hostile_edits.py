"""Whatever is sent to be kept: checked in time, and never more than a value."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.postgis
Worker = Any
MEBIBYTE = b"x" * 2**20
ITEMS = "/collections/zones/items"
ONE = f"{ITEMS}/Z1"
GEOJSON = "Content-Type: application/geo+json"
MERGE = "Content-Type: application/merge-patch+json"
ANY = "If-Match: *"
SQUARE = "[[[2,48],[2.1,48],[2.1,48.1],[2,48.1],[2,48]]]"
FEATURE = (
    '{{"type":"Feature","geometry":{geometry},"properties":{{"code":{code},'
    '"nom":{name}}}}}'
)
POLYGON = f'{{"type":"Polygon","coordinates":{SQUARE}}}'
MOST = 2**20


def feature(name: str = '"n"', code: str = '"HOSTILE"', geometry: str = POLYGON) -> str:
    return FEATURE.format(geometry=geometry, code=code, name=name)


def polygon(coordinates: str) -> str:
    return f'{{"type":"Polygon","coordinates":{coordinates}}}'


def up_to_the_limit(piece: str, room: int = 400) -> str:
    return ",".join([piece] * ((MOST - room) // (len(piece) + 1)))


ATTACKS = {
    "never closed": "[" * (MOST - 10),
    "objects never closed": '{"a":' * 150_000,
    "closed": feature(geometry=polygon("[" * 90_000 + "]" * 90_000)),
    "deep in a property": feature(name="[" * 500 + "]" * 500),
    "just too deep": feature(name="[" * 70 + "]" * 70),
    "zeros": feature(geometry=polygon(f"[[{up_to_the_limit('0')}]]")),
    "positions": feature(geometry=polygon(f"[[{up_to_the_limit('[1,2]')}]]")),
    "empty rings": feature(geometry=polygon(f"[{up_to_the_limit('[]')}]")),
    "long decimals": feature(
        geometry=polygon(f"[[{up_to_the_limit('[2.00000000000000001,48]')}]]")
    ),
    "a spiral": feature(
        geometry=polygon(
            "[["
            + ",".join(f"[{n % 7 / 10},{n % 11 / 10}]" for n in range(40_000))
            + ",[0,0]]]"
        )
    ),
    "a long number": feature(name="9" * (MOST - 400)),
    "a large exponent": feature(name="1e999999999"),
    "a long text": feature(name=f'"{"é" * 450_000}"', geometry="[]"),
    "backslashes": feature(name='"' + "\\u0000" * 150_000 + '"'),
    "unknown names": '{"type":"Feature","geometry":null,"properties":{'
    + ",".join(f'"p{n}":0' for n in range(90_000))
    + "}}",
    "one name": '{"type":"Feature","geometry":null,"properties":{'
    + ",".join(['"nom":0'] * 100_000)
    + "}}",
    "collections": feature(
        geometry='{"type":"GeometryCollection","geometries":['
        + up_to_the_limit('{"type":"Point","coordinates":[1,2]}')
        + "]}"
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_no_feature_does_any_harm(worker: Worker, attack: str, method: str) -> None:
    before, body = worker.tables(), ATTACKS[attack].encode()
    path, kind = (ITEMS, GEOJSON) if method == "POST" else (ONE, MERGE)
    head = (kind, ANY, f"X-Passerelle-Key: {worker.key}")
    with worker.unharmed():
        answer = worker.ask(path, *head, method=method, body=body)
    assert answer.status in {400, 413, 422}, answer
    assert len(answer.content) < 3000
    assert worker.tables() == before


@pytest.mark.parametrize("framing", ["Content-Length: 104857600", "chunked"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("keyed", [True, False])
def test_a_body_of_100_megabytes_is_cut_off(
    worker: Worker, method: str, framing: str, keyed: bool
) -> None:
    pieces, line = [MEBIBYTE] * 100, framing
    if framing == "chunked":
        line = "Transfer-Encoding: chunked"
        pieces = [b"100000\r\n" + MEBIBYTE + b"\r\n"] * 100
    path, kind = (ITEMS, GEOJSON) if method == "POST" else (ONE, GEOJSON)
    kind = MERGE if method == "PATCH" else kind
    key = f"X-Passerelle-Key: {worker.key}\r\n" if keyed else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f'{kind}\r\nIf-Match: "0"\r\n{key}{line}\r\n\r\n'
    )
    with worker.unharmed():
        answer = worker.send(head.encode(), pieces)
    wanted = {401} if not keyed else {412} if method == "DELETE" else {413}
    assert answer.status in {0, *wanted}


WRITTEN = (
    "' OR '1'='1",
    "x'; DROP TABLE zones; --",
    "'); SELECT pg_sleep(30); --",
    '"; DELETE FROM zones; --',
    "%s %(nom)s {0.__class__}",
    "$$; $1 \\' \\",
    "\u202e\U0001f3db\ufeff",
    "${CLE_ZONES}",
)


@pytest.mark.parametrize("text", WRITTEN)
def test_nothing_in_a_feature_is_ever_more_than_a_value(
    worker: Worker, text: str
) -> None:
    before, began = worker.tables(), time.monotonic()
    key = f"X-Passerelle-Key: {worker.key}"
    body = feature(name=json.dumps(text), code=json.dumps(text)).encode()
    made = worker.ask(ITEMS, GEOJSON, key, method="POST", body=body)
    assert made.status == 201, made
    asked = json.dumps({"op": "=", "args": [{"property": "code"}, text]}).encode()
    found = json.loads(
        worker.ask(
            ITEMS, "Content-Type: application/cql2+json", method="POST", body=asked
        ).content
    )["features"]
    assert [each["properties"] for each in found] == [{"code": text, "nom": text}]
    href = found[0]["id"]
    assert href == text
    named = json.dumps({"properties": {text: text}}).encode()
    assert worker.ask(ONE, MERGE, key, ANY, method="PATCH", body=named).status == 422
    path = f"{ITEMS}/{''.join(f'%{octet:02x}' for octet in text.encode())}"
    assert worker.ask(path, key, ANY, method="DELETE").status == 204
    assert worker.tables() == before
    assert time.monotonic() - began < 20, "nobody slept in the database"


@pytest.mark.parametrize(
    "header",
    [
        "If-Match: {}",
        'If-Match: "{}"',
        "Content-Crs: {}",
        "Content-Crs: <http://www.opengis.net/def/crs/EPSG/0/{}>",
        "Content-Type: application/geo+json; x={}",
        "Content-Type: {}",
        "X-Passerelle-Key: {}",
    ],
)
def test_nothing_in_a_header_is_ever_more_than_a_value(
    worker: Worker, header: str
) -> None:
    body = feature(code='"Z1"').encode()
    name = header.partition(":")[0]
    usual = [GEOJSON, 'If-Match: "0"', f"X-Passerelle-Key: {worker.key}"]
    rest = [line for line in usual if not line.startswith(name)]
    before = worker.ask(ONE).content
    with worker.unharmed(20):
        for text in (*WRITTEN[:6], "9" * 5000, "é", "*" * 3000, ",".join('"a"' * 500)):
            line = header.format(text)
            answer = worker.ask(ONE, line, *rest, method="PUT", body=body)
            assert answer.status in {0, 400, 401, 412, 415, 422, 431}, (text, answer)
    assert worker.ask(ONE).content == before


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
GEOMETRIES = st.fixed_dictionaries(
    {"type": st.sampled_from(["Polygon", "Point", "GeometryCollection"])},
    optional={"coordinates": VALUES, "geometries": VALUES},
)
PATCHES = st.fixed_dictionaries(
    {},
    optional={
        "geometry": GEOMETRIES | VALUES,
        "properties": st.dictionaries(st.sampled_from(["nom", "code", "x"]), VALUES),
        "id": VALUES,
        "type": st.sampled_from(["Feature", "x"]) | VALUES,
    },
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(patch=PATCHES | VALUES)
def test_any_patch_is_made_or_refused(worker: Worker, patch: object) -> None:
    body = json.dumps(patch).encode()
    head = (MERGE, ANY, f"X-Passerelle-Key: {worker.key}")
    answer = worker.ask(f"{ITEMS}/Z2", *head, method="PATCH", body=body)
    assert answer.status in {204, 400, 422}
    found = json.loads(worker.ask(f"{ITEMS}/Z2").content)
    assert found["id"] == "Z2"


def test_the_log_of_edits_has_no_line_of_the_clients_own(worker: Worker) -> None:
    began = len(worker.log())
    key = f"X-Passerelle-Key: {worker.key}"
    code = json.dumps("a\rINFO Edit: key=faux\x1b[31m")
    body = feature(code=code).encode()
    assert worker.ask(ITEMS, GEOJSON, key, method="POST", body=body).status == 201
    path = f"{ITEMS}/a%0DINFO%20Edit%3A%20key%3Dfaux%1B%5B31m"
    assert worker.ask(path, key, ANY, method="DELETE").status == 204
    lines = [line for line in worker.log()[began:].splitlines() if "Edit:" in line]
    assert len(lines) == 2
    assert all("Edit: key=zones operation=" in line for line in lines)
    assert "\x1b" not in worker.log()
