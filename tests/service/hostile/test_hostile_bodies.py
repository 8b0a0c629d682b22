"""Whatever is posted or sent as a request: cut off in time, read without harm."""

from __future__ import annotations

import base64
import json
import socket
import time
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.postgis
Worker = Any
MEBIBYTE = b"x" * 2**20
ITEMS = "/collections/places/items"
SLEEP = 30
"""Seconds that an injected statement would sleep."""
FORM = "Content-Type: application/x-www-form-urlencoded"
CQL2 = "Content-Type: application/cql2+json"
LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
SEARCHED = (
    '<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" '
    'xmlns:ogc="http://www.opengis.net/ogc" service="CSW" version="2.0.2" '
    'resultType="results"><csw:Query typeNames="csw:Record"><csw:Constraint '
    'version="1.1.0">{}</csw:Constraint></csw:Query></csw:GetRecords>'
)
XML = {
    "billion laughs": f'<!DOCTYPE a [<!ENTITY e0 "lol">{LAUGHS}]><a>&e11;</a>',
    "laughs in a filter": f'<!DOCTYPE a [<!ENTITY e0 "lol">{LAUGHS}]>'
    + SEARCHED.format("<ogc:Filter>&e11;</ogc:Filter>"),
    "quadratic": f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]><a>{"&x;" * 40_000}</a>',
    "a file": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "a parameter entity": '<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>'
    "<a/>",
    "a foreign DTD": '<!DOCTYPE a SYSTEM "http://127.0.0.1:{port}/metrics"><a/>',
    "included": '<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include parse="text" '
    'href="file:///etc/passwd"/></a>',
    "deep": "<a>" * 60_000,
    "deep filter": SEARCHED.format(
        f"<ogc:Filter>{'<ogc:Not>' * 250}{'</ogc:Not>' * 250}</ogc:Filter>"
    ),
    "deep CQL": SEARCHED.format(f"<csw:CqlText>{'NOT (' * 3000}</csw:CqlText>"),
    "wide": SEARCHED.format(
        f"<ogc:Filter><ogc:Or>{'<ogc:And/>' * 20_000}</ogc:Or></ogc:Filter>"
    ),
    "20,000 attributes": "<a " + " ".join(f'a{n}=""' for n in range(20_000)) + "/>",
    "10,000 namespaces": "<a "
    + " ".join(f'xmlns:a{n}="u:{n}"' for n in range(10_000))
    + "/>",
    "an instruction": '<?xml-stylesheet href="file:///etc/passwd"?><a/>',
    "another encoding": '<?xml version="1.0" encoding="utf-7"?><a/>',
    "no characters": "<a>\x00\x01</a>",
}


@pytest.mark.parametrize("attack", XML)
def test_no_document_does_any_harm(worker: Worker, attack: str) -> None:
    body = XML[attack].replace("{port}", str(worker.port)).encode()
    with worker.unharmed():
        answer = worker.ask("/csw", method="POST", body=body)
    assert answer.status in {400, 413, 501}
    assert len(answer.content) < 5000


DOCUMENT = """<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"
  xmlns:ogc="http://www.opengis.net/ogc" service="{service}" version="{version}"
  resultType="{resultType}" outputSchema="{outputSchema}" outputFormat="{outputFormat}"
  startPosition="{startPosition}" maxRecords="{maxRecords}" requestId="{requestId}">
  <csw:Query typeNames="{typeNames}"><csw:ElementSetName>{set}</csw:ElementSetName>
  <csw:Constraint version="{constraint}"><ogc:Filter><ogc:PropertyIsEqualTo
  matchCase="{matchCase}"><ogc:PropertyName>{property}</ogc:PropertyName>
  <ogc:Literal>{literal}</ogc:Literal></ogc:PropertyIsEqualTo></ogc:Filter>
  </csw:Constraint><ogc:SortBy><ogc:SortProperty><ogc:PropertyName>{sort}</ogc:PropertyName>
  <ogc:SortOrder>{order}</ogc:SortOrder></ogc:SortProperty></ogc:SortBy></csw:Query>
  </csw:GetRecords>"""
USUAL = {
    "service": "CSW", "version": "2.0.2", "resultType": "results",
    "outputSchema": "http://www.isotc211.org/2005/gmd",
    "outputFormat": "application/xml", "startPosition": "1", "maxRecords": "10",
    "requestId": "r", "typeNames": "csw:Record", "set": "full", "constraint": "1.1.0",
    "matchCase": "true", "property": "Title", "literal": "x", "sort": "Title",
    "order": "ASC",
}  # fmt: skip
WRITTEN = (
    "' OR '1'='1",
    "x'; DROP TABLE applied; --",
    "1; SELECT pg_sleep(30)",
    "../../etc/passwd",
    "%s {0.__class__}",
    "9" * 5000,
    "-1",
    "1e999",
    "٤٢",
    "\u202e]]>",
    "a:" * 5000,
)


@pytest.mark.parametrize("place", USUAL)
def test_nothing_in_a_document_is_ever_more_than_a_value(
    worker: Worker, place: str
) -> None:
    before, began = worker.tables(), time.monotonic()
    usual = DOCUMENT.format(**USUAL).encode()
    assert worker.ask("/csw", method="POST", body=usual).status == 200
    with worker.unharmed(len(WRITTEN)):
        for value in WRITTEN:
            written = escape(value, {'"': "&quot;"})
            body = DOCUMENT.format(**{**USUAL, place: written}).encode()
            answer = worker.ask("/csw", method="POST", body=body)
            assert answer.status in {200, 400}
            assert b"fr-229300082-jdd-" not in answer.content
    assert time.monotonic() - began < SLEEP  # nobody slept in the database
    assert worker.tables() == before


def nested(before: str, middle: str, after: str, depth: int = 20_000) -> str:
    return before * depth + middle + after * depth


PLAIN = '{"op":"=","args":[{"property":"nom"},"a"]}'
CQL2_JSON = {
    "never closed": nested('{"op":"not","args":[', "", ""),
    "closed": nested('{"op":"not","args":[', PLAIN, "]}"),
    "just too deep": nested('{"op":"not","args":[', PLAIN, "]}", 400),
    "lists": "[" * 1_000_000,
    "wide": f'{{"op":"or","args":[{",".join([PLAIN] * 20_000)}]}}',
    "a long number": '{"op":"=","args":[{"property":"id"},' + "9" * 900_000 + "]}",
    "a long text": PLAIN.replace('"a"', f'"{"a" * 900_000}"'),
    "a long list": '{"op":"in","args":[{"property":"id"},['
    + ",".join(map(str, range(150_000)))
    + "]]}",
    "patterns": PLAIN.replace('"="', '"like"').replace('"a"', f'"{"%a" * 100_000}"'),
    "SQL": PLAIN.replace('"nom"', '"nom\\" = \\"nom\\" OR 1=1 --"'),
}


@pytest.mark.parametrize("attack", CQL2_JSON)
def test_no_filter_in_json_does_any_harm(worker: Worker, attack: str) -> None:
    with worker.unharmed():
        body = CQL2_JSON[attack].encode()
        answer = worker.ask(ITEMS, CQL2, method="POST", body=body)
    assert answer.status in {200, 400, 413}
    assert b'"Feature"' not in answer.content


CQL2_TEXT = {
    "parentheses": nested("(", "nom='a'", ")"),
    "negations": "NOT " * 10_000 + "nom='a'",
    "alternatives": " OR ".join(["nom='a'"] * 5000),
    "a long text": f"nom='{'a' * 60_000}'",
    "calls": nested("CASEI(", "nom", ")", 5000) + "='a'",
}


@pytest.mark.parametrize("attack", CQL2_TEXT)
@pytest.mark.parametrize("posted", [False, True])
def test_no_filter_in_words_does_any_harm(
    worker: Worker, attack: str, posted: bool
) -> None:
    query = urlencode({"filter": CQL2_TEXT[attack]})
    with worker.unharmed():
        if posted:
            answer = worker.ask(ITEMS, FORM, method="POST", body=query.encode())
        else:
            answer = worker.ask(f"{ITEMS}?{query}")
    assert answer.status in {200, 400, 413, 431}
    assert b'"Feature"' not in answer.content


@pytest.mark.parametrize("framing", ["Content-Length: 104857600", "chunked"])
@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("path", ["/csw", "/oai", ITEMS, "/dcat/catalog.ttl"])
def test_a_body_of_100_megabytes_is_cut_off(
    worker: Worker, path: str, method: str, framing: str
) -> None:
    pieces, line = [MEBIBYTE] * 100, framing
    if framing == "chunked":
        line = "Transfer-Encoding: chunked"
        pieces = [b"100000\r\n" + MEBIBYTE + b"\r\n"] * 100
    kind = "application/json" if path == ITEMS else FORM.partition(": ")[2]
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Content-Type: {kind}\r\n{line}\r\n\r\n"
    )
    with worker.unharmed():
        answer = worker.send(head.encode(), pieces)
    refusals = {0, 405, 413} if method == "POST" else {0, 200, 413}
    assert answer.status in refusals


BEGUN = b"GET / HTTP/1.1\r\nHost: x\r\n"
HEADS = {
    "a header": (BEGUN + b"X: ", MEBIBYTE),
    "headers": (BEGUN, b"a: b\r\n" * 150_000),
    "an address": (b"GET /csw?service=CSW&constraint=", MEBIBYTE),
    "a method": (b"", MEBIBYTE),
    "a name": (BEGUN, MEBIBYTE),
}


@pytest.mark.parametrize("attack", HEADS)
def test_a_head_of_100_megabytes_is_cut_off(worker: Worker, attack: str) -> None:
    begun, piece = HEADS[attack]
    with worker.unharmed():
        answer = worker.send(begun, [piece] * 100)
    assert answer.status in {0, 400, 431}


@pytest.mark.parametrize(
    "head",
    [
        b"POST /csw HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n<a",
        b"POST /oai HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nve",
        b"POST /csw HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /csw HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_a_client_that_leaves_in_the_midst_is_no_error_of_ours(
    worker: Worker, head: bytes
) -> None:
    with worker.unharmed():
        with socket.create_connection(("127.0.0.1", worker.port)) as client:
            client.sendall(head)
        time.sleep(0.1)


def token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


TOKEN = {
    "verb": "ListRecords", "prefix": "oai_dc", "start": "", "end": "", "spec": "",
    "after": ["2026-01-01T00:00:00+00:00", "a"], "cursor": 1,
}  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
FUZZ = settings(max_examples=60, deadline=None, derandomize=True)


@FUZZ
@given(field=st.sampled_from(sorted(TOKEN)), value=ANYTHING)
def test_any_forged_token_is_read_or_refused(
    worker: Worker, field: str, value: object
) -> None:
    forged = token(json.dumps({**TOKEN, field: value}))
    answer = worker.ask(f"/oai?verb=ListRecords&resumptionToken={forged}")
    assert answer.status == 200


@pytest.mark.parametrize(
    "text", ["[" * 1480, '{"a":' * 290, json.dumps({**TOKEN, "cursor": float("inf")})]
)
def test_a_forged_token_that_json_cannot_hold_is_refused(
    worker: Worker, text: str
) -> None:
    with worker.unharmed():
        answer = worker.ask(f"/oai?verb=ListRecords&resumptionToken={token(text)}")
    assert answer.status == 200
    assert b"badResumptionToken" in answer.content


OPERATORS = [
    "And",
    "Or",
    "Not",
    "PropertyIsEqualTo",
    "PropertyIsLike",
    "BBOX",
    "Within",
]
LEAVES = ["PropertyName", "Literal", "gml:Envelope", "gml:Point", "Function", "x"]
FILTERS = st.recursive(
    st.tuples(st.sampled_from(LEAVES), st.text("aT1 -é<&", max_size=12)).map(
        lambda leaf: element(leaf[0], quoted(leaf[1]))
    ),
    lambda inner: st.tuples(
        st.sampled_from(OPERATORS), st.lists(inner, max_size=3)
    ).map(lambda node: element(node[0], "".join(node[1]))),
    max_leaves=12,
)


def quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def element(name: str, content: str) -> str:
    full = name if ":" in name else f"ogc:{name}"
    return f'<{full} xmlns:gml="http://www.opengis.net/gml">{content}</{full}>'


@FUZZ
@given(operators=FILTERS)
def test_any_filter_is_answered_or_refused(worker: Worker, operators: str) -> None:
    body = SEARCHED.format(element("Filter", operators)).encode()
    answer = worker.ask("/csw", method="POST", body=body)
    assert answer.status in {200, 400}
