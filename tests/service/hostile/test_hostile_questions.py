"""Whatever is asked: each value stays a value, each header and path harms nobody."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.postgis
Worker = Any
SLEEP = 30
"""Seconds that an injected statement would sleep."""
FILE = "/collections/places/download/places.gpkg"
ITEMS = "/collections/places/items"
RECORDS = "/collections/catalogue/items"
RECORD = "fr-229300082-jdd-"
"""What each identifier of a record of ours begins with."""
FORM = "Content-Type: application/x-www-form-urlencoded"
INJECTED = (
    "' OR '1'='1",
    '"; DROP TABLE applied; --',
    "1; SELECT pg_sleep(30)",
    "1) OR (SELECT pg_sleep(30)) IS NULL --",
    "x' UNION SELECT usename, passwd FROM pg_shadow --",
    "\\",
    "%s %(a)s {0} {a.__class__}",
    "${jndi:ldap://x} {{7*7}}",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "\x00\ufffe\u202e",
    "9" * 5000,
    "-9223372036854775809",
    "1e999",
    "NaN",
    "٤٢",
    "2026-02-30",
    "[" * 1400,
    ",".join("a" * 10000),
)
SEARCH = {
    "service": "CSW",
    "version": "2.0.2",
    "typeNames": "csw:Record",
    "resultType": "results",
    "constraintLanguage": "CQL_TEXT",
    "id": f"{RECORD}x",
    "PropertyName": "Type",
}
CSW_NAMES = [
    "service",
    "version",
    "request",
    "typeNames",
    "typeName",
    "namespace",
    "resultType",
    "outputFormat",
    "outputSchema",
    "elementSetName",
    "elementName",
    "startPosition",
    "maxRecords",
    "constraint",
    "constraintLanguage",
    "constraint_language_version",
    "sortBy",
    "requestId",
    "distributedSearch",
    "hopCount",
    "responseHandler",
    "language",
    "id",
    "PropertyName",
    "ParameterName",
    "sections",
    "updateSequence",
    "acceptVersions",
    "acceptFormats",
    "schemaLanguage",
]
LISTS = {"verb": "ListRecords", "metadataPrefix": "oai_dc"}
ONE = {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "x"}
QUESTIONS: dict[str, tuple[str, dict[str, str], list[str]]] = {
    **{
        f"csw {name}": ("/csw", {**SEARCH, "request": name}, CSW_NAMES)
        for name in ("GetCapabilities", "GetRecords", "GetRecordById", "GetDomain")
    },
    "oai list": (
        "/oai",
        LISTS,
        ["verb", "metadataPrefix", "from", "until", "set", "resumptionToken", "x"],
    ),
    "oai record": ("/oai", ONE, ["verb", "metadataPrefix", "identifier"]),
    "dcat": ("/dcat/catalog.ttl", {}, ["after", "limit", "x"]),
    "dcat by accept": ("/dcat/catalog", {}, ["after", "limit", "f"]),
    "records": (
        RECORDS,
        {},
        [
            "q",
            "bbox",
            "datetime",
            "type",
            "ids",
            "externalIds",
            "limit",
            "after",
            "f",
            "lang",
            "x",
        ],
    ),
    "items": (
        ITEMS,
        {},
        [
            "bbox",
            "bbox-crs",
            "datetime",
            "limit",
            "offset",
            "cursor",
            "sortby",
            "filter",
            "filter-lang",
            "filter-crs",
            "crs",
            "properties",
            "nom",
            "id",
            "f",
            "lang",
            "x",
        ],
    ),
    "folder": ("/records/", {}, ["lang", "f"]),
    "record": ("/records/lieux.xml", {}, ["f", "lang"]),
    "preview": ("/datasets/lieux/preview", {}, ["f", "lang", "x"]),
    "metrics": ("/metrics", {}, ["f", "name[]"]),
    "file": (FILE, {}, ["f", "lang"]),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_nothing_in_a_parameter_is_ever_more_than_a_value(
    worker: Worker, name: str
) -> None:
    path, usual, parameters = QUESTIONS[name]
    asked = [(each, value) for each in parameters for value in INJECTED]
    before, began = worker.tables(), time.monotonic()
    with worker.unharmed(len(asked)):
        for number, (parameter, value) in enumerate(asked):
            in_any_case = parameter.upper() if path == "/csw" and number % 2 else None
            given = {k: v for k, v in usual.items() if k != parameter}
            query = urlencode({**given, in_any_case or parameter: value})
            worker.ask(f"{path}?{query}")
            if path in {"/csw", "/oai"} and number % 3 == 0:
                worker.ask(path, FORM, method="POST", body=query.encode())
    assert time.monotonic() - began < SLEEP  # nobody slept in the database
    assert worker.tables() == before


@pytest.mark.parametrize(
    "target",
    [
        "/csw?service=CSW&version=2.0.2&request=GetRecordById&id={}",
        "/csw?service=CSW&version=2.0.2&request=GetRecords&typeNames=csw:Record"
        "&resultType=results&constraintLanguage=CQL_TEXT&constraint=Title%20=%20%27{}%27",
        "/oai?verb=GetRecord&metadataPrefix=iso19139&identifier={}",
        "/oai?verb=ListRecords&metadataPrefix=iso19139&set={}",
        f"{RECORDS}?ids={{}}",
        f"{RECORDS}?externalIds={{}}",
        f"{RECORDS}?q={{}}",
        f"{RECORDS}/{{}}",
        "/records/{}.xml",
        f"{ITEMS}?nom={{}}",
        f"{ITEMS}?filter=nom%20=%20%27{{}}%27",
        f"{ITEMS}/{{}}",
    ],
)
@pytest.mark.parametrize(
    "value", ["' OR '1'='1", "x' OR 1=1 --", "x%' OR nom LIKE '%", "*", "%"]
)
def test_what_would_always_be_true_in_sql_finds_nothing(
    worker: Worker, target: str, value: str
) -> None:
    text = value.replace("'", "''") if "%27{}" in target else value
    answer = worker.ask(target.format(quote(text, safe="")))
    assert RECORD.encode() not in answer.content
    assert b'"Feature"' not in answer.content


def many(form: str, count: int = 10_000) -> str:
    return ",".join(form.format(number) for number in range(count))


HEADERS = {
    "10,000 tags": [f"If-None-Match: {many(chr(34) + '{:04d}' + chr(34))}"],
    "10,000 lines of tags": [f'If-None-Match: "{n}"' for n in range(10_000)],
    "tags of 64 digits": [f"If-None-Match: {many(chr(34) + '{:064d}' + chr(34))}"],
    "a tag of endings": [f'If-None-Match: "{"-gzip" * 10_000}"'],
    "10,000 types": [f"Accept: {many('a/b{};q=0.{}'.replace('{}', '{0}'))}"],
    "semicolons": [f"Accept: text/html{';' * 60_000}"],
    "no number": ["Accept: a/b;q=nan, text/html;q=inf, application/json;q=-1e999"],
    "10,000 languages": [f"Accept-Language: {many('aa-{0};q=0.{0}')}"],
    "10,000 codings": [f"Accept-Encoding: {many('x{0};q=0.{0}')}"],
    "8 bits": ["Accept: é\udcff", "X-Passerelle-Key: é\udcff", "Range: é\udcff"],
    "a year that is none": [
        "If-Modified-Since: Mon, 01 Jan 99999999999 00:00:00 GMT",
        "If-Unmodified-Since: Mon, 01 Jan 99999999999 00:00:00 GMT",
    ],
    "a zone that is none": [
        "If-Modified-Since: Mon, 01 Jan 2020 00:00:00 +99999999999",
        "If-Range: Mon, 01 Jan 0001 00:00:00 +2359",
    ],
    "many ranges": [f"Range: bytes={many('{0}-')}"],
    "overlapping ranges": [f"Range: bytes={','.join(['0-'] * 10_000)}"],
    "a huge range": [f"Range: bytes=0-{'9' * 5000}"],
    "a huge end": [f"Range: bytes=-{'9' * 18}"],
    "a range of nothing": ["Range: bytes=-"],
    "another unit": [f"Range: {'x' * 5000}=0-1"],
    "another host": ["X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"],
    "not from here": ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: gopher"],
    "a long type": [f"Content-Type: {'a/' * 30_000}"],
}


@pytest.mark.parametrize("attack", HEADERS)
def test_no_header_does_any_harm(worker: Worker, attack: str) -> None:
    with worker.unharmed(len(worker.places)):
        for target in worker.places:
            answer = worker.ask(target, *HEADERS[attack])
            assert answer.status in {0, 200, 206, 304, 400, 403, 406, 412, 416, 431}
            assert b"evil.example" not in answer.content


@pytest.mark.parametrize(
    "host", ["[evil", "evil:x", "evil.example", "evil" * 15_000, "evil\udcff"]
)
def test_a_host_that_is_none_or_another_is_repeated_nowhere(
    worker: Worker, host: str
) -> None:
    with worker.unharmed(len(worker.places)):
        for target in (*worker.places, "/nothing", "/records", "/datasets"):
            assert b"evil" not in worker.ask(target, host=host).content


@pytest.mark.parametrize(
    "path",
    [
        "/records/../../../../etc/passwd",
        "/records/..%2f..%2f..%2f..%2fetc%2fpasswd.xml",
        "/records/%2e%2e/%2e%2e/passerelle.yml",
        "/collections/places/download/..%2f..%2fpasserelle.yml",
        "/collections/places/download/places.gpkg%00.csv",
        "/collections/places/download/places.gpkg/../../passerelle.yml",
        "/collections/..%2f..%2fpasserelle.yml/download/x.gpkg",
        "/collections/places/download/zones.gpkg",
        "/collections/places/download/places.",
        "/static/../../../../etc/passwd",
        "/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/static/%00",
        "/datasets/..%2f..%2fpasserelle/preview",
        "/datasets/%00/preview",
        f"/datasets/{'a' * 60_000}/preview",
        f"/records/{'%2e%2e%2f' * 5000}.xml",
        f"{RECORDS}/%ff%fe%00",
        f"{ITEMS}/{'9' * 5000}",
    ],
    ids=lambda path: path[:60],
)
def test_no_path_leads_out(worker: Worker, path: str) -> None:
    with worker.unharmed():
        assert worker.ask(path).status in {400, 403, 404}


ASKED = st.sampled_from(sorted(QUESTIONS)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.dictionaries(
            st.sampled_from(QUESTIONS[name][2]) | st.text(max_size=8),
            st.text(max_size=40) | st.sampled_from(INJECTED[:13]),
            max_size=4,
        ),
    )
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(asked=ASKED)
def test_any_question_is_answered_or_refused(
    worker: Worker, asked: tuple[str, dict[str, str]]
) -> None:
    name, more = asked
    path, usual, _ = QUESTIONS[name]
    query = urlencode({**usual, **more}, errors="surrogatepass")
    worker.ask(f"{path}?{query}")
