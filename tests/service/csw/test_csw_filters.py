"""Filters in both languages find the same records, and the right ones."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

ALL = list(range(60))
SHAPE_COMMUNES = [n for n in ALL if n % 3 == 0]
SHAPE_ARBRES = [n for n in ALL if n % 3 == 1]
SHAPE_AILLEURS = [n for n in ALL if n % 3 == 2]
FILTER = (
    '<ogc:Filter xmlns:ogc="http://www.opengis.net/ogc" {}>{{}}</ogc:Filter>'.format(
        'xmlns:gml="http://www.opengis.net/gml"'
    )
)
GET_RECORDS = """<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"
  xmlns:ogc="http://www.opengis.net/ogc" service="CSW" version="2.0.2"
  resultType="results" maxRecords="100"><csw:Query typeNames="csw:Record">
  <csw:ElementSetName>brief</csw:ElementSetName>
  <csw:Constraint version="1.1.0">{}</csw:Constraint></csw:Query></csw:GetRecords>"""


def jdd(numbers: list[int]) -> list[str]:
    return [f"fr-229300082-jdd-{n:05d}" for n in numbers]


def srv(numbers: list[int]) -> list[str]:
    return [f"fr-229300082-srv-{n:05d}" for n in numbers]


def compare(operator: str, name: str, value: str, more: str = "") -> str:
    return (
        f"<ogc:{operator} {more}><ogc:PropertyName>{name}</ogc:PropertyName>"
        f"<ogc:Literal>{value}</ogc:Literal></ogc:{operator}>"
    )


def like(name: str, value: str, more: str = "") -> str:
    signs = 'wildCard="*" singleChar="?" escapeChar="!"'
    return compare("PropertyIsLike", name, value, f"{signs} {more}")


def box(corners: str, name: str = "ows:BoundingBox") -> str:
    return f"<ogc:BBOX><ogc:PropertyName>{name}</ogc:PropertyName>{corners}</ogc:BBOX>"


def envelope(lower: str, upper: str, srs: str = "") -> str:
    attribute = f'srsName="{srs}"' if srs else ""
    return (
        f"<gml:Envelope {attribute}><gml:lowerCorner>{lower}</gml:lowerCorner>"
        f"<gml:upperCorner>{upper}</gml:upperCorner></gml:Envelope>"
    )


def posted(catalogue: Any, csw: Any, operators: str) -> list[str]:
    """Find by an XML filter, posted; and make sure that GET finds the same."""
    answer = catalogue.post(GET_RECORDS.format(FILTER.format(operators)))
    assert answer.status_code == 200, answer.text
    found = csw.texts(answer, "//dc:identifier")
    asked = catalogue.get(
        request="GetRecords",
        typeNames="csw:Record",
        resultType="results",
        elementSetName="brief",
        maxRecords="100",
        constraintLanguage="FILTER",
        constraint=FILTER.format(operators),
    )
    assert csw.texts(asked, "//dc:identifier") == found
    return found


CASES = {
    "type": (
        "apiso:type = 'service'",
        compare("PropertyIsEqualTo", "apiso:Type", "service"),
        srv(list(range(6))),
    ),
    "other-case-of-the-name": (
        "SUBJECT = 'lot 3'",
        compare("PropertyIsEqualTo", "dc:subject", "lot 3"),
        jdd([n for n in ALL if n % 7 == 3]) + srv([3]),
    ),
    "theme-by-its-address": (
        "Subject = 'http://inspire.ec.europa.eu/theme/au'",
        compare("PropertyIsEqualTo", "Subject", "http://inspire.ec.europa.eu/theme/au"),
        jdd(ALL) + srv(list(range(6))),
    ),
    "without-case": (
        "subject ILIKE 'LOT 3'",
        compare("PropertyIsEqualTo", "Subject", "LOT 3", 'matchCase="false"'),
        jdd([n for n in ALL if n % 7 == 3]) + srv([3]),
    ),
    "not-equal": (
        "Denominator <> 5000 AND Denominator <> 10000",
        "<ogc:And>"
        + compare("PropertyIsNotEqualTo", "Denominator", "5000")
        + compare("PropertyIsNotEqualTo", "Denominator", "10000")
        + "</ogc:And>",
        jdd([n for n in ALL if n % 4 > 1]),
    ),
    "numbers-by-size": (
        "Denominator > 5000 AND Denominator <= 15000",
        "<ogc:And>"
        + compare("PropertyIsGreaterThan", "apiso:Denominator", "5000")
        + compare("PropertyIsLessThanOrEqualTo", "apiso:Denominator", "15000.0")
        + "</ogc:And>",
        jdd([n for n in ALL if n % 4 in {1, 2}]),
    ),
    "between": (
        "Denominator BETWEEN 9999 AND 15000",
        "<ogc:PropertyIsBetween><ogc:PropertyName>Denominator</ogc:PropertyName>"
        "<ogc:LowerBoundary><ogc:Literal>9999</ogc:Literal></ogc:LowerBoundary>"
        "<ogc:UpperBoundary><ogc:Literal>15000</ogc:Literal></ogc:UpperBoundary>"
        "</ogc:PropertyIsBetween>",
        jdd([n for n in ALL if n % 4 in {1, 2}]),
    ),
    "dates": (
        "RevisionDate >= '2026-02-01'",
        compare("PropertyIsGreaterThanOrEqualTo", "apiso:RevisionDate", "2026-02-01"),
        jdd([n for n in ALL if n >= 31]),
    ),
    "changed-after-a-day": (
        "dct:modified > 2026-04-18",
        compare("PropertyIsGreaterThan", "dct:modified", "2026-04-18"),
        jdd([49]),
    ),
    "changed-since-a-moment-of-that-day": (
        "Modified > '2026-04-18T23:59:59Z'",
        compare("PropertyIsGreaterThan", "apiso:Modified", "2026-04-18T23:59:59Z"),
        jdd([48, 49]),
    ),
    "pattern": (
        "Title LIKE 'Arbres n° 0000_%'",
        like("dc:title", "Arbres n° 0000?*"),
        jdd([1, 4, 7]),
    ),
    "pattern-of-the-end": (
        "Title LIKE '%5 <&> « é »'",
        like("dc:title", "*5 &lt;&amp;> « é »"),
        jdd([n for n in ALL if n % 10 == 5]) + srv([5]),
    ),
    "pattern-that-overlaps-itself": (
        "Type LIKE 'data%aset'",
        like("dc:type", "data*aset"),
        [],
    ),
    "escaped-wildcard": (
        r"Title LIKE '\%%'",
        like("dc:title", "!**"),
        [],
    ),
    "any-text-anywhere-without-case-and-accents": (
        "AnyText LIKE '%RELEVES a la main%'",
        like("csw:AnyText", "*RELEVES a la main*"),
        jdd(ALL) + srv(list(range(6))),
    ),
    "any-text-without-wildcards": (
        "csw:AnyText LIKE 'numéro 17 du'",
        like("AnyText", "numero 17 du"),
        jdd([17]),
    ),
    "any-text-with-one-character": (
        "AnyText LIKE 'num_ro 17 d_'",
        like("AnyText", "num?ro 17 d?"),
        jdd([17]),
    ),
    "null": (
        "Denominator IS NULL",
        "<ogc:PropertyIsNull><ogc:PropertyName>Denominator</ogc:PropertyName>"
        "</ogc:PropertyIsNull>",
        srv(list(range(6))),
    ),
    "not-null": (
        "OperatesOn IS NOT NULL",
        "<ogc:Not><ogc:PropertyIsNull><ogc:PropertyName>OperatesOn</ogc:PropertyName>"
        "</ogc:PropertyIsNull></ogc:Not>",
        srv(list(range(6))),
    ),
    "or-in-and-with-not": (
        "(Subject = 'lot 1' OR Subject = 'lot 2') AND NOT Title LIKE 'Arbres%'",
        "<ogc:And><ogc:Or>"
        + compare("PropertyIsEqualTo", "Subject", "lot 1")
        + compare("PropertyIsEqualTo", "Subject", "lot 2")
        + "</ogc:Or><ogc:Not>"
        + like("Title", "Arbres*")
        + "</ogc:Not></ogc:And>",
        jdd([n for n in ALL if n % 7 in {1, 2} and n % 3 != 1]) + srv([1, 2]),
    ),
    "literal-first": (
        "Denominator > 10000",
        "<ogc:PropertyIsLessThan><ogc:Literal>10000</ogc:Literal>"
        "<ogc:PropertyName>Denominator</ogc:PropertyName></ogc:PropertyIsLessThan>",
        jdd([n for n in ALL if n % 4 > 1]),
    ),
    "box-longitude-first-without-crs": (
        "BBOX(BoundingBox, -1.55, 43.35, -1.45, 43.45)",
        box(envelope("-1.55 43.35", "-1.45 43.45")),
        jdd(SHAPE_AILLEURS) + srv([2, 5]),
    ),
    "box-latitude-first-by-urn": (
        "BBOX(ows:BoundingBox, 43.35, -1.55, 43.45, -1.45, "
        "'urn:ogc:def:crs:EPSG::4326')",
        box(envelope("43.35 -1.55", "43.45 -1.45", "urn:ogc:def:crs:EPSG::4326")),
        jdd(SHAPE_AILLEURS) + srv([2, 5]),
    ),
    "box-of-owslib": (
        "BBOX(BoundingBox, 43.35, -1.55, 43.45, -1.45, "
        "'urn:x-ogc:def:crs:EPSG:6.11:4326')",
        box(envelope("43.35 -1.55", "43.45 -1.45", "urn:x-ogc:def:crs:EPSG:6.11:4326")),
        jdd(SHAPE_AILLEURS) + srv([2, 5]),
    ),
    "box-longitude-first-by-short-name": (
        "BBOX(BoundingBox, -1.55, 43.35, -1.45, 43.45, 'EPSG:4326')",
        box(envelope("-1.55 43.35", "-1.45 43.45", "EPSG:4326")),
        jdd(SHAPE_AILLEURS) + srv([2, 5]),
    ),
    "box-in-lambert-93": (
        "BBOX(BoundingBox, 666000, 6871000, 667000, 6872000, "
        "'http://www.opengis.net/def/crs/EPSG/0/2154')",
        box(
            envelope(
                "666000 6871000",
                "667000 6872000",
                "http://www.opengis.net/def/crs/EPSG/0/2154",
            )
        ),
        jdd([n for n in ALL if n % 3 < 2]) + srv([0, 1, 3, 4]),
    ),
    "within": (
        "WITHIN(BoundingBox, "
        "POLYGON((2.4 48.85, 2.6 48.85, 2.6 49, 2.4 49, 2.4 48.85)))",
        "<ogc:Within><ogc:PropertyName>apiso:BoundingBox</ogc:PropertyName>"
        "<gml:Polygon><gml:exterior><gml:LinearRing>"
        "<gml:posList>2.4 48.85 2.6 48.85 2.6 49 2.4 49 2.4 48.85</gml:posList>"
        "</gml:LinearRing></gml:exterior></gml:Polygon></ogc:Within>",
        jdd(SHAPE_ARBRES) + srv([1, 4]),
    ),
    "contains-a-point": (
        "CONTAINS(BoundingBox, POINT(2.3 48.81))",
        "<ogc:Contains><ogc:PropertyName>BoundingBox</ogc:PropertyName>"
        '<gml:Point srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>48.81 2.3</gml:pos>'
        "</gml:Point></ogc:Contains>",
        jdd(SHAPE_COMMUNES) + srv([0, 3]),
    ),
    "disjoint": (
        "DISJOINT(BoundingBox, ENVELOPE(-2, -1, 44, 43))",
        "<ogc:Disjoint><ogc:PropertyName>BoundingBox</ogc:PropertyName>"
        + envelope("-2 43", "-1 44")
        + "</ogc:Disjoint>",
        jdd([n for n in ALL if n % 3 < 2]) + srv([0, 1, 3, 4]),
    ),
    "crossed-by-a-line": (
        "INTERSECTS(BoundingBox, LINESTRING(-2 43.4, -1 43.4))",
        "<ogc:Intersects><ogc:PropertyName>BoundingBox</ogc:PropertyName>"
        "<gml:LineString><gml:posList>-2 43.4 -1 43.4</gml:posList></gml:LineString>"
        "</ogc:Intersects>",
        jdd(SHAPE_AILLEURS) + srv([2, 5]),
    ),
    "language": (
        "language = 'eng'",
        compare("PropertyIsEqualTo", "apiso:Language", "eng"),
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_both_languages_find_the_same(catalogue: Any, csw: Any, case: str) -> None:
    cql, operators, expected = CASES[case]
    assert catalogue.identifiers(cql) == expected
    assert posted(catalogue, csw, operators) == expected


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("Identifier IN ('fr-229300082-jdd-00002', 'nobody')", jdd([2])),
        ("\"apiso:Title\" LIKE 'Arbres n° 00001%'", jdd([1])),
        ("dc:title = 'l''arbre'", []),
        ("/csw:Record/dc:identifier = 'fr-229300082-jdd-00002'", jdd([2])),
        ("NOT NOT Type = 'service'", srv(list(range(6)))),
        ("Type != 'dataset' AND Title LIKE '%Arbres%'", srv([1, 4])),
        ("HasSecurityConstraints = FALSE AND Type = 'service'", srv(list(range(6)))),
    ],
)
def test_cql_beyond_filter(
    catalogue: Any, constraint: str, expected: list[str]
) -> None:
    assert catalogue.identifiers(constraint) == expected


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("ResourceIdentifier = 'https://data.example.org/id/jeu-00004'", jdd([4])),
        ("Degree = 'true'", jdd(SHAPE_COMMUNES)),
        ("Degree = 'false'", jdd(SHAPE_ARBRES)),
        ("SpecificationTitle LIKE '%1089/2010%'", jdd(ALL)),
        ("SpecificationTitle LIKE '%976/2009%'", srv(list(range(6)))),
        ("SpecificationDate = '2010-12-08'", jdd(ALL)),
        ("SpecificationDateType = 'publication' AND Type = 'dataset'", jdd(ALL)),
        ("AccessConstraints = 'otherRestrictions' AND Type = 'dataset'", jdd(ALL)),
        ("OtherConstraints LIKE '%noLimitations' AND Type = 'dataset'", jdd(ALL)),
        ("ConditionApplyingToAccessAndUse LIKE '%cadastrale.' "
         "AND Type = 'dataset'", jdd(ALL)),
        ("Classification = 'restricted'", []),
        ("Lineage LIKE 'Levé sur place%'", jdd(ALL)),
        ("ResponsiblePartyRole = 'pointOfContact' AND Type = 'dataset'", jdd(ALL)),
        ("TopicCategory = 'boundaries'", jdd(ALL)),
        ("KeywordType = 'theme' AND Type = 'dataset'", jdd(ALL)),
        ("TempExtent_begin <= '2019-06-01' AND TempExtent_end > '2020'", jdd(ALL)),
        ("CreationDate = '2020-01-01' AND Type = 'dataset'", jdd(ALL)),
        ("ServiceType = 'download'", srv(list(range(6)))),
        ("ServiceTypeVersion LIKE 'OGC API%'", srv(list(range(6)))),
        ("Operation = 'GetLandingPage'", srv(list(range(6)))),
        ("CouplingType = 'tight'", srv(list(range(6)))),
        ("OperatesOn = 'https://data.example.org/id/jeu-00003'", srv([3])),
        ("OrganisationName LIKE '%Seine-Saint-Denis' AND Type = 'dataset'", jdd(ALL)),
        ("CRS = 'http://www.opengis.net/def/crs/EPSG/0/2154'", jdd(ALL)),
        ("ResourceLanguage = 'fre'", jdd(ALL)),
    ],
)  # fmt: skip
def test_every_kind_of_queryable_finds(
    catalogue: Any, constraint: str, expected: list[str]
) -> None:
    assert catalogue.identifiers(constraint) == expected


def test_every_advertised_queryable_can_be_asked(catalogue: Any, csw: Any) -> None:
    answer = catalogue.get(request="GetCapabilities")
    names = csw.texts(answer, "//ows:Operation[@name='GetRecords']/ows:Constraint/*")
    assert len(names) > 45
    for name in names:
        for written in (name, f"apiso:{name.lower()}", f"dc:{name.upper()}"):
            catalogue.identifiers(f"{written} IS NULL")


def test_identifiers_of_features_are_identifiers_of_records(
    catalogue: Any, csw: Any
) -> None:
    operators = "".join(
        f'<ogc:FeatureId fid="fr-229300082-jdd-{n:05d}"/>' for n in (1, 5)
    )
    assert posted(catalogue, csw, operators) == jdd([1, 5])


def test_cql_may_be_posted(catalogue: Any, csw: Any) -> None:
    cql = "<csw:CqlText>Type = 'service'</csw:CqlText>"
    answer = catalogue.post(GET_RECORDS.format(cql))
    assert csw.texts(answer, "//dc:identifier") == srv(list(range(6)))


def test_keywords_may_be_posted_as_a_form(catalogue: Any, csw: Any) -> None:
    form = (
        "service=CSW&version=2.0.2&request=GetRecords&typeNames=csw:Record"
        "&resultType=results&constraintLanguage=CQL_TEXT&constraint="
        + quote("Type = 'service'")
    )
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = catalogue.client.post("/csw", content=form, headers=kind)
    assert csw.texts(answer, "//dc:identifier") == srv(list(range(6)))


def test_spatial_operators_agree_with_geometry(catalogue: Any, csw: Any) -> None:
    """Against shapely itself, over boxes that touch, overlap, hold each other."""
    import shapely

    shapes = [
        shapely.box(2.28, 48.8, 2.61, 49.02),
        shapely.box(2.5, 48.9, 2.55, 48.95),
        shapely.box(-1.6, 43.3, -1.4, 43.5),
    ]
    operands = [
        shapely.box(2.0, 48.0, 2.28, 49.0),
        shapely.box(2.4, 48.85, 2.7, 49.1),
        shapely.box(2.28, 48.8, 2.61, 49.02),
        shapely.box(2.51, 48.91, 2.52, 48.92),
    ]
    for operand in operands:
        west, south, east, north = operand.bounds
        for name in (
            "intersects",
            "equals",
            "disjoint",
            "touches",
            "within",
            "overlaps",
            "crosses",
            "contains",
        ):
            constraint = (
                f"Type = 'dataset' AND {name.upper()}"
                f"(BoundingBox, ENVELOPE({west}, {east}, {south}, {north}))"
            )
            expected = [n for n in ALL if getattr(shapes[n % 3], name)(operand)]
            assert catalogue.identifiers(constraint) == jdd(expected), constraint
