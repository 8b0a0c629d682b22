"""GetRecords and GetRecordById: what is given, how it is counted, and its order."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.record import fingerprint
from metadata.schemas import schema_errors as iso_errors

CSW = "http://www.opengis.net/cat/csw/2.0.2"
GMD = "http://www.isotc211.org/2005/gmd"
SEARCH = {"request": "GetRecords", "typeNames": "csw:Record", "resultType": "results"}
DOCUMENT = """<?xml version="1.0"?>
<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" service="CSW"
  version="2.0.2" {attributes}>
  <csw:Query typeNames="csw:Record">{query}</csw:Query>
</csw:GetRecords>"""
BRIEF = "<csw:ElementSetName>brief</csw:ElementSetName>"


@pytest.mark.parametrize("schema", [CSW, GMD])
@pytest.mark.parametrize("element_set", ["brief", "summary", "full"])
def test_every_view_in_every_schema_is_valid_and_counted(
    catalogue: Any, csw: Any, schema: str, element_set: str
) -> None:
    answer = catalogue.get(
        **SEARCH, outputSchema=schema, elementSetName=element_set, maxRecords="66"
    )
    assert answer.status_code == 200
    assert csw.schema_errors(answer.content) == []
    assert csw.numbers(answer) == (66, 66, 0)
    (results,) = csw.parsed(answer).iterfind("csw:SearchResults", csw.spaces)
    assert len(results) == 66
    assert results.get("elementSet") == element_set
    assert results.get("recordSchema") == schema


@pytest.mark.parametrize(
    ("element_set", "name"),
    [("brief", "BriefRecord"), ("summary", "SummaryRecord"), ("full", "Record")],
)
def test_the_element_of_a_view_is_its_own(
    catalogue: Any, csw: Any, element_set: str, name: str
) -> None:
    answer = catalogue.get(**SEARCH, elementSetName=element_set)
    (results,) = csw.parsed(answer).iterfind("csw:SearchResults", csw.spaces)
    assert {child.tag for child in results} == {f"{{{CSW}}}{name}"}


def test_a_full_record_is_what_was_published(catalogue: Any, csw: Any) -> None:
    """Whole, valid by itself, and nothing in it changed."""
    answer = catalogue.get(
        request="GetRecordById",
        id="fr-229300082-jdd-00007",
        outputSchema=GMD,
        elementSetName="full",
    )
    assert csw.schema_errors(answer.content) == []
    from lxml import etree

    (found,) = csw.parsed(answer)
    content = etree.tostring(found)
    assert fingerprint(content) == csw.record(7).fingerprint
    assert iso_errors(content) == ()


def test_views_grow(catalogue: Any) -> None:
    sizes = [
        len(
            catalogue.get(
                **SEARCH, outputSchema=schema, elementSetName=element_set
            ).content
        )
        for schema in (CSW, GMD)
        for element_set in ("brief", "summary", "full")
    ]
    assert sizes[:3] == sorted(sizes[:3])
    assert sizes[3:] == sorted(sizes[3:])


@pytest.mark.parametrize(
    ("start", "maximum", "counted"),
    [
        (1, 10, (66, 10, 11)),
        (3, 5, (66, 5, 8)),
        (57, 10, (66, 10, 0)),
        (58, 10, (66, 9, 0)),
        (66, 1, (66, 1, 0)),
        (67, 10, (66, 0, 0)),
        (1, 0, (66, 0, 1)),
        (0, 10, (66, 10, 11)),
        (1, 100000, (66, 66, 0)),
    ],
)
def test_pages_are_counted(
    catalogue: Any, csw: Any, start: int, maximum: int, counted: tuple[int, int, int]
) -> None:
    page = {"startPosition": str(start), "maxRecords": str(maximum)}
    answer = catalogue.get(**SEARCH, **page)
    assert csw.numbers(answer) == counted
    attributes = f'resultType="results" startPosition="{start}" maxRecords="{maximum}"'
    posted = catalogue.post(DOCUMENT.format(attributes=attributes, query=BRIEF))
    assert csw.numbers(posted) == counted


def test_hits_are_counted_and_none_is_given(catalogue: Any, csw: Any) -> None:
    """`hits` is the default: nobody asked for results."""
    default = catalogue.get(request="GetRecords", typeNames="csw:Record")
    assert csw.numbers(default) == (66, 0, 1)
    posted = catalogue.post(DOCUMENT.format(attributes="", query=BRIEF))
    assert csw.numbers(posted) == (66, 0, 1)
    assert csw.schema_errors(posted.content) == []


def test_nothing_found_is_an_answer_with_every_counter(
    catalogue: Any, csw: Any
) -> None:
    constraint = {"constraintLanguage": "CQL_TEXT", "constraint": "Language = 'zzz'"}
    answer = catalogue.get(**SEARCH, **constraint)
    assert csw.numbers(answer) == (0, 0, 0)
    assert csw.schema_errors(answer.content) == []


def test_validate_echoes_the_request(catalogue: Any, csw: Any) -> None:
    posted = catalogue.post(
        DOCUMENT.format(attributes='resultType="validate"', query=BRIEF)
    )
    asked = catalogue.get(**{**SEARCH, "resultType": "validate"})
    for answer in (posted, asked):
        assert answer.status_code == 200
        assert csw.parsed(answer).tag == f"{{{CSW}}}Acknowledgement"
        assert csw.schema_errors(answer.content) == []
    assert csw.parsed(posted).find("*/csw:GetRecords", csw.spaces) is not None


def test_only_the_elements_asked_for_are_given(catalogue: Any, csw: Any) -> None:
    names = ("dc:identifier", "dc:type", "ows:BoundingBox")
    answers = [
        catalogue.get(**SEARCH, elementName=",".join(names)),
        catalogue.post(
            DOCUMENT.format(
                attributes='resultType="results"',
                query="".join(f"<csw:ElementName>{n}</csw:ElementName>" for n in names),
            )
        ),
    ]
    for answer in answers:
        assert csw.schema_errors(answer.content) == []
        given = csw.texts(answer, "//csw:Record/*[not(self::ows:BoundingBox)]")
        assert len(given) == 20
        assert len(csw.texts(answer, "//csw:Record/ows:BoundingBox")) == 10


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("dc:identifier:D", lambda n: -n),
        ("apiso:Title:A", lambda n: (["communes", "arbres", "ailleurs"][n % 3], n)),
        ("Denominator:D", lambda n: (-(n % 4), n)),
        ("RevisionDate:D,Identifier:D", lambda n: (-(n % 100), -n)),
        ("dct:modified", lambda n: (n % 50, n)),
    ],
)
def test_sorted_as_asked_and_by_identifier_at_last(
    catalogue: Any, csw: Any, sort: str, key: Any
) -> None:
    answer = catalogue.get(
        **SEARCH,
        elementSetName="brief",
        maxRecords="60",
        sortBy=sort,
        constraintLanguage="CQL_TEXT",
        constraint="type = 'dataset'",
    )
    expected = [f"fr-229300082-jdd-{n:05d}" for n in sorted(range(60), key=key)]
    assert csw.texts(answer, "//dc:identifier") == expected


def test_records_that_say_nothing_come_last(catalogue: Any, csw: Any) -> None:
    for order in "AD":
        answer = catalogue.get(**SEARCH, maxRecords="66", sortBy=f"Denominator:{order}")
        types = csw.texts(answer, "//dc:type")
        assert types == ["dataset"] * 60 + ["service"] * 6


def test_records_are_found_by_identifier(catalogue: Any, csw: Any) -> None:
    wanted = ["fr-229300082-jdd-00003", "fr-229300082-srv-00001"]
    answer = catalogue.get(request="GetRecordById", id=",".join([*wanted, "unknown"]))
    assert csw.texts(answer, "//csw:SummaryRecord/dc:identifier") == wanted
    posted = catalogue.post(
        f'<csw:GetRecordById xmlns:csw="{CSW}" service="CSW" version="2.0.2" '
        f'outputSchema="{GMD}">'
        + "".join(f"<csw:Id>{name}</csw:Id>" for name in wanted)
        + "<csw:ElementSetName>full</csw:ElementSetName></csw:GetRecordById>"
    )
    path = "//gmd:fileIdentifier/gco:CharacterString"
    assert csw.texts(posted, path) == wanted
    for one in (answer, posted):
        assert csw.schema_errors(one.content) == []


def test_an_unknown_identifier_gives_an_empty_answer(catalogue: Any, csw: Any) -> None:
    answer = catalogue.get(request="GetRecordById", id="urn:uuid:nobody")
    assert answer.status_code == 200
    assert len(csw.parsed(answer)) == 0
    assert csw.schema_errors(answer.content) == []


def test_inspire_gets_only_iso_records_of_its_levels(catalogue: Any, csw: Any) -> None:
    """The validator's test at-12, as it asks."""
    answer = catalogue.get(
        **SEARCH,
        outputFormat="application/xml",
        outputSchema=GMD,
        elementSetName="full",
        maxRecords="10",
    )
    (results,) = csw.parsed(answer).iterfind("csw:SearchResults", csw.spaces)
    assert {child.tag for child in results} == {f"{{{GMD}}}MD_Metadata"}
    path = "//gmd:hierarchyLevel/gmd:MD_ScopeCode/@codeListValue"
    assert set(csw.texts(answer, path)) <= {"dataset", "series", "service"}


def test_schemas_of_records_are_described(catalogue: Any, csw: Any) -> None:
    both = catalogue.get(request="DescribeRecord")
    one = catalogue.get(request="DescribeRecord", typeName="gmd:MD_Metadata")
    path = "csw:SchemaComponent/@targetNamespace"
    assert csw.texts(both, path) == [CSW, GMD]
    assert csw.texts(one, path) == [GMD]
    assert csw.schema_errors(both.content) == []


def test_domains_of_properties_and_parameters_are_given(
    catalogue: Any, csw: Any
) -> None:
    answer = catalogue.get(request="GetDomain", PropertyName="apiso:type,Denominator")
    values = csw.texts(answer, "//csw:Value")
    assert values == ["dataset", "service", "5000", "10000", "15000", "20000"]
    parameter = catalogue.get(
        request="GetDomain", ParameterName="GetRecords.resultType"
    )
    assert csw.texts(parameter, "//csw:Value") == ["hits", "results", "validate"]
    for one in (answer, parameter):
        assert csw.schema_errors(one.content) == []
