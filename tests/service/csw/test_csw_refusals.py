"""What cannot be answered is an exception report: quick, small, and the right one."""

from __future__ import annotations

import resource
import threading
import time
from typing import Any

import httpx
import pytest

CSW = "http://www.opengis.net/cat/csw/2.0.2"
GET = {"service": "CSW", "version": "2.0.2"}
SEARCH = {**GET, "request": "GetRecords", "typeNames": "csw:Record"}
CQL = {**SEARCH, "constraintLanguage": "CQL_TEXT"}
MISSING, INVALID = "MissingParameterValue", "InvalidParameterValue"
DOCUMENT = """<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"
  xmlns:ogc="http://www.opengis.net/ogc" xmlns:gml="http://www.opengis.net/gml"
  service="CSW" version="2.0.2" resultType="results"><csw:Query typeNames="csw:Record">
  <csw:ElementSetName>brief</csw:ElementSetName>
  <csw:Constraint version="1.1.0"><ogc:Filter>{}</ogc:Filter></csw:Constraint>
  </csw:Query></csw:GetRecords>"""
QUICK = 1.0
"""Seconds, on a machine that others use too."""


@pytest.mark.parametrize(
    ("given", "code", "locator"),
    [
        ({}, MISSING, "service"),
        ({"service": "WFS"}, INVALID, "service"),
        ({"service": "CSW"}, MISSING, "request"),
        ({"service": "CSW", "request": "GetRecords"}, MISSING, "version"),
        ({**GET, "request": "Transaction"}, "OperationNotSupported", "request"),
        ({**GET, "request": "Nonsense"}, "OperationNotSupported", "request"),
        ({**GET, "version": "3.0.0", "request": "GetRecords"}, INVALID, "version"),
        ({**GET, "request": "GetRecords"}, MISSING, "typeNames"),
        ({**SEARCH, "typeNames": "csw:BriefRecord"}, INVALID, "typeNames"),
        ({**SEARCH, "typeNames": "csw:SummaryRecord"}, INVALID, "typeNames"),
        ({**SEARCH, "typeNames": "x:cord"}, INVALID, "typeNames"),
        ({**SEARCH, "outputFormat": "application/xhtml+xml"}, INVALID, "outputFormat"),
        ({**SEARCH, "outputSchema": "http://nobody"}, INVALID, "outputSchema"),
        ({**SEARCH, "elementSetName": "everything"}, INVALID, "ElementSetName"),
        ({**SEARCH, "resultType": "some"}, INVALID, "resultType"),
        ({**SEARCH, "startPosition": "-1"}, INVALID, "startPosition"),
        ({**SEARCH, "startPosition": "1e3"}, INVALID, "startPosition"),
        ({**SEARCH, "maxRecords": "ten"}, INVALID, "maxRecords"),
        ({**SEARCH, "maxRecords": "9" * 4000}, INVALID, "maxRecords"),
        ({**SEARCH, "sortBy": "Nonsense:A"}, INVALID, "PropertyName"),
        ({**SEARCH, "sortBy": "AnyText:A"}, INVALID, "SortBy"),
        ({**SEARCH, "sortBy": ",".join(["Title:A"] * 9)}, INVALID, "sortBy"),
        ({**SEARCH, "constraint": "Title = 'x'"}, MISSING, "constraintLanguage"),
        (
            {**SEARCH, "constraint": "x", "constraintLanguage": "SQL"},
            INVALID,
            "constraintLanguage",
        ),
        (
            {**CQL, "constraint": "Title = 'x'", "constraint_language_version": "9"},
            INVALID,
            "constraint_language_version",
        ),
        (
            {**SEARCH, "constraint": "<a", "constraintLanguage": "FILTER"},
            "NoApplicableCode",
            "constraint",
        ),
        ({**GET, "request": "GetRecordById"}, MISSING, "id"),
        ({**GET, "request": "GetRecordById", "id": "a," * 600}, INVALID, "id"),
        ({**GET, "request": "GetDomain"}, MISSING, "PropertyName"),
        (
            {**GET, "request": "GetDomain", "ParameterName": "x"},
            INVALID,
            "ParameterName",
        ),
        (
            {**GET, "request": "DescribeRecord", "schemaLanguage": "RELAX"},
            INVALID,
            "schemaLanguage",
        ),
    ],
    ids=str,
)
def test_keywords_that_make_no_request(
    catalogue: Any, csw: Any, given: dict[str, str], code: str, locator: str
) -> None:
    answer = catalogue.client.get("/csw", params=given)
    status = 501 if code == "OperationNotSupported" else 400
    assert csw.exception(answer) == (status, code, locator)
    assert answer.headers["content-type"] == "application/xml; charset=UTF-8"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "constraint",
    [
        "Title",
        "Title =",
        "= 'x'",
        "Title = x",
        "Title == 'x'",
        "Title = 'x' AND",
        "(Title = 'x'",
        "Title = 'x')",
        "Title = 'x' Title = 'y'",
        "Title = 'x",
        "Title LIKE",
        "Title BETWEEN 'a' OR 'b'",
        "Title IN ()",
        "Title IS 'x'",
        "AND = 'x'",
        "Nonsense = 'x'",
        "BoundingBox = 'x'",
        "AnyText < 'x'",
        "Modified = 'yesterday'",
        "Denominator = 'many'",
        "BBOX(BoundingBox, 1, 2, 3)",
        "BBOX(BoundingBox, 1, 2, x, 4)",
        "BBOX(BoundingBox, 3, 2, 1, 4)",
        "BBOX(BoundingBox, 1, 2, 3, nan)",
        "BBOX(BoundingBox, 1, 2, 3, 1e999)",
        "BBOX(Title, 1, 2, 3, 4)",
        "BBOX(BoundingBox, 1, 2, 3, 4, 'EPSG:999999')",
        "WITHIN(BoundingBox, CIRCLE(1 2, 3))",
        "WITHIN(BoundingBox, POLYGON((0 0, 1 1, 0 1, 1 0, 0 0)))",
        "WITHIN(BoundingBox, POINT EMPTY)",
        "WITHIN(BoundingBox, POINT(",
        "Title = 'x'; DROP TABLE revision",
        "1 = 1",
        "Title = 'x' OR 1=1 --",
        "Title = 'x' UNION SELECT content FROM revision",
        "\x00",
        "Title\ud7ff = 'x'",
    ],
    ids=repr,
)
def test_cql_that_makes_no_sense(catalogue: Any, csw: Any, constraint: str) -> None:
    parameters = {**CQL, "resultType": "results", "constraint": constraint}
    answer = catalogue.client.get("/csw", params=parameters)
    status, code, _ = csw.exception(answer)
    assert (status, code) == (400, INVALID)


@pytest.mark.parametrize(
    "operators",
    [
        "<ogc:And/>",
        "<ogc:Nonsense/>",
        "<And xmlns=''/>",
        "<ogc:PropertyIsEqualTo><ogc:Literal>a</ogc:Literal></ogc:PropertyIsEqualTo>",
        "<ogc:PropertyIsEqualTo><ogc:PropertyName>Title</ogc:PropertyName>"
        "<ogc:Function name='f'/></ogc:PropertyIsEqualTo>",
        "<ogc:PropertyIsEqualTo><ogc:Add/><ogc:Literal>1</ogc:Literal>"
        "</ogc:PropertyIsEqualTo>",
        "<ogc:PropertyIsLike><ogc:PropertyName>Title</ogc:PropertyName>"
        "<ogc:Literal>a</ogc:Literal></ogc:PropertyIsLike>",
        "<ogc:BBOX><ogc:PropertyName>dct:spatial</ogc:PropertyName><gml:Envelope>"
        "<gml:lowerCorner>1 2</gml:lowerCorner><gml:upperCorner>3 4</gml:upperCorner>"
        "</gml:Envelope></ogc:BBOX>",
        "<ogc:BBOX><ogc:PropertyName>BoundingBox</ogc:PropertyName><gml:Envelope>"
        "<gml:lowerCorner>1</gml:lowerCorner></gml:Envelope></ogc:BBOX>",
        "<ogc:BBOX><gml:Envelope srsName='urn:x'><gml:lowerCorner>1 2"
        "</gml:lowerCorner><gml:upperCorner>3 4</gml:upperCorner></gml:Envelope>"
        "</ogc:BBOX>",
        "<ogc:DWithin><ogc:PropertyName>BoundingBox</ogc:PropertyName>"
        "<gml:Point><gml:pos>1 2</gml:pos></gml:Point></ogc:DWithin>",
        "<ogc:Within><ogc:PropertyName>BoundingBox</ogc:PropertyName>"
        "<gml:Curve/></ogc:Within>",
        "<ogc:Within><ogc:PropertyName>BoundingBox</ogc:PropertyName>"
        "<gml:Polygon/></ogc:Within>",
        "<ogc:PropertyIsBetween><ogc:PropertyName>Title</ogc:PropertyName>"
        "<ogc:LowerBoundary/><ogc:UpperBoundary/></ogc:PropertyIsBetween>",
    ],
)
def test_filters_that_make_no_sense(catalogue: Any, csw: Any, operators: str) -> None:
    answer = catalogue.post(DOCUMENT.format(operators))
    status, code, _ = csw.exception(answer)
    assert (status, code) == (400, INVALID)


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ("<a/>", 501, "OperationNotSupported"),
        ("not XML", 400, "NoApplicableCode"),
        ("<csw:GetRecords", 400, "NoApplicableCode"),
        ("<GetRecords service='CSW' version='2.0.2'/>", 501, "OperationNotSupported"),
        (f"<GetRecords xmlns='{CSW}'/>", 400, MISSING),
        (f"<GetRecords xmlns='{CSW}' service='CSW'/>", 400, MISSING),
        (f"<GetRecords xmlns='{CSW}' service='CSW' version='2.0.2'/>", 400, MISSING),
        (
            f"<Transaction xmlns='{CSW}' service='CSW' version='2.0.2'/>",
            501,
            "OperationNotSupported",
        ),
        (
            f"<GetRecords xmlns='{CSW}' service='CSW' version='2.0.2'>"
            "<ResponseHandler>ftp://a</ResponseHandler><Query typeNames='Record'/>"
            "</GetRecords>",
            400,
            INVALID,
        ),
    ],
)
def test_documents_that_make_no_request(
    catalogue: Any, csw: Any, document: str, status: int, code: str
) -> None:
    assert csw.exception(catalogue.post(document))[:2] == (status, code)


def test_other_methods_are_refused(catalogue: Any) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        assert catalogue.client.request(method, "/csw").status_code == 405


def test_reports_are_in_the_language_asked_for(catalogue: Any, csw: Any) -> None:
    said = {
        language: csw.texts(
            catalogue.client.get("/csw", params={"language": language}),
            "//ows:ExceptionText",
        )
        for language in ("fre", "eng", "zzz")
    }
    assert said["fre"] == ["Le paramètre « service » manque."]
    assert said["eng"] == ["The parameter “service” is missing."]
    assert said["zzz"] == said["fre"]


def bomb(levels: int) -> str:
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels)
    )
    return f'<!DOCTYPE a [<!ENTITY e0 "lol">{entities}]>' + DOCUMENT.format(
        f"<ogc:Literal>&e{levels - 1};</ogc:Literal>"
    )


HOSTILE = {
    "billion-laughs": bomb(12),
    "laughs-in-an-attribute": '<!DOCTYPE a [<!ENTITY e0 "lol">'
    + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    + f']><csw:GetRecords xmlns:csw="{CSW}" service="&e11;" version="2.0.2"/>',
    "external-entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    + DOCUMENT.format("<ogc:Literal>&x;</ogc:Literal>"),
    "parameter-entity": '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x">%x;]>'
    + DOCUMENT.format(""),
    "external-dtd": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">'
    + DOCUMENT.format(""),
    "quadratic-blow-up": f'<!DOCTYPE a [<!ENTITY x "{"x" * 50000}">]>'
    + DOCUMENT.format("&x;" * 5000),
    "deep": DOCUMENT.format("<ogc:Not>" * 200 + "</ogc:Not>" * 200),
    "deeper-than-the-parser": DOCUMENT.format("<ogc:Not>" * 20000),
    "wide": DOCUMENT.format(
        "<ogc:And>" + "<ogc:PropertyIsNull><ogc:PropertyName>Title</ogc:PropertyName>"
        "</ogc:PropertyIsNull>" * 1000 + "</ogc:And>"
    ),
    "long-literal": DOCUMENT.format(
        "<ogc:PropertyIsEqualTo><ogc:PropertyName>Title</ogc:PropertyName>"
        f"<ogc:Literal>{'x' * 100000}</ogc:Literal></ogc:PropertyIsEqualTo>"
    ),
    "long-geometry": DOCUMENT.format(
        "<ogc:Intersects><ogc:PropertyName>BoundingBox</ogc:PropertyName>"
        f"<gml:LineString><gml:posList>{'1 2 ' * 20000}</gml:posList>"
        "</gml:LineString></ogc:Intersects>"
    ),
    "many-attributes": f'<csw:GetRecords xmlns:csw="{CSW}" '
    + " ".join(f'a{n}="x"' for n in range(10000))
    + "/>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_refused_quickly(
    catalogue: Any, csw: Any, name: str
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    answer = catalogue.post(HOSTILE[name])
    took = time.perf_counter() - begun
    status, _, _ = csw.exception(answer)
    assert status == 400
    assert took < QUICK
    assert b"root:" not in answer.content
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-7"])
def test_entities_are_refused_in_every_encoding(
    catalogue: Any, csw: Any, encoding: str
) -> None:
    document = (
        f'<?xml version="1.0" encoding="{encoding}"?>' + HOSTILE["billion-laughs"]
    )
    answer = catalogue.post(document.encode(encoding))
    assert csw.exception(answer)[0] == 400


@pytest.mark.parametrize(
    "constraint",
    [
        "(" * 7000,
        "NOT " * 3000 + "Title = 'x'",
        "(" * 100 + "Title = 'x'" + ")" * 100,
        " AND ".join(["Title = 'x'"] * 1000),
        " OR ".join(["AnyText LIKE 'x'"] * 20),
        "Title IN (" + ",".join(["'x'"] * 1000) + ")",
        "Title = '" + "x" * 5000 + "'",
        "Title LIKE '" + "%a" * 400 + "%b'",
        "AnyText LIKE '" + "%a_" * 300 + "%zzz'",
        "Abstract LIKE '" + "_" * 900 + "'",
        "Title = '" + "''" * 6000 + "'",
        "1" * 15000,
        "a:" * 7000,
    ],
    ids=lambda text: text[:24],
)
def test_hostile_cql_is_answered_quickly(catalogue: Any, constraint: str) -> None:
    begun = time.perf_counter()
    answer = catalogue.client.get(
        "/csw", params={**CQL, "resultType": "results", "constraint": constraint}
    )
    assert time.perf_counter() - begun < QUICK
    assert answer.status_code in {200, 400}
    assert len(answer.content) < 10_000


def test_a_body_of_100_megabytes_is_cut_off(catalogue: Any, csw: Any) -> None:
    sent = 0

    def endless() -> Any:
        nonlocal sent
        for _ in range(1600):
            sent += 65536
            yield b"x" * 65536

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        answer = catalogue.client.post("/csw", content=endless())
    except httpx.TransportError:
        pass  # the connection was closed before all was sent
    else:
        assert csw.exception(answer) == (413, "NoApplicableCode", "")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    assert catalogue.get(request="GetCapabilities").status_code == 200


def test_a_body_that_says_how_long_it_is_gets_413(catalogue: Any, csw: Any) -> None:
    answer = catalogue.post("<a>" + "x" * 300_000 + "</a>")
    assert csw.exception(answer) == (413, "NoApplicableCode", "")


INJECTED = (
    "' OR '1'='1",
    '"; DROP TABLE applied; --',
    "1; SELECT pg_sleep(10)",
    "%27%20UNION%20SELECT%201",
    "\\",
    "<script>alert(1)</script>",
    "\u202e\u0000",
    "${jndi:ldap://x}",
    "../../../etc/passwd",
)
PARAMETERS = [
    "service",
    "version",
    "request",
    "typeNames",
    "resultType",
    "outputFormat",
    "outputSchema",
    "elementSetName",
    "elementName",
    "startPosition",
    "maxRecords",
    "constraintLanguage",
    "constraint",
    "sortBy",
    "requestId",
    "language",
    "namespace",
    "id",
    "PropertyName",
    "ParameterName",
    "sections",
    "updateSequence",
    "acceptVersions",
    "typeName",
    "schemaLanguage",
    "hopCount",
    "responseHandler",
]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_nothing_written_into_a_parameter_is_ever_more_than_a_value(
    catalogue: Any, csw: Any, parameter: str
) -> None:
    operations = ("GetCapabilities", "GetRecords", "GetRecordById", "GetDomain")
    for value in INJECTED:
        for operation in operations:
            given = {
                **CQL,
                "request": operation,
                "id": "fr-229300082-jdd-00001",
                "PropertyName": "Type",
                parameter: value,
            }
            answer = catalogue.client.get("/csw", params=given)
            assert answer.status_code in {200, 400, 501}, (value, answer.text)
            assert b"Traceback" not in answer.content
            csw.parsed(answer)
            if answer.status_code != 200:
                csw.exception(answer)
    assert len(catalogue.store.applied()) == 66


def test_many_at_once_get_their_own_answers(catalogue: Any, csw: Any) -> None:
    wrong: list[str] = []

    def ask(number: int) -> None:
        wanted = f"fr-229300082-jdd-{number:05d}"
        for _ in range(5):
            found = catalogue.identifiers(f"Identifier = '{wanted}'")
            if found != [wanted]:
                wrong.append(wanted)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
