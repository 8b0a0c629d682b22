"""The clients there are: OWSLib, QGIS's search, data.gouv.fr, GeoNetwork, pycsw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree
from owslib import fes
from owslib.catalogue.csw2 import CatalogueServiceWeb
from owslib.ows import ExceptionReport

from metadata.record import fingerprint

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:owslib.iso")
"""What OWSLib says of itself when it reads ISO records."""
CSW = "http://www.opengis.net/cat/csw/2.0.2"
GMD = "http://www.isotc211.org/2005/gmd"
COUNT = 1000
DATA_GOUV = """<csw:GetRecords xmlns:apiso="http://www.opengis.net/cat/csw/apiso/1.0"
  xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"
  xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:ogc="http://www.opengis.net/ogc"
  service="CSW" version="2.0.2" resultType="results" startPosition="{start}"
  maxRecords="25" outputFormat="application/xml" outputSchema="{schema}">
  <csw:Query typeNames="gmd:MD_Metadata">
    <csw:ElementSetName>full</csw:ElementSetName>
    <csw:Constraint version="1.1.0"><ogc:Filter><ogc:Or>
      {types}
    </ogc:Or></ogc:Filter></csw:Constraint>
    <ogc:SortBy><ogc:SortProperty>
      <ogc:PropertyName>apiso:identifier</ogc:PropertyName>
      <ogc:SortOrder>ASC</ogc:SortOrder>
    </ogc:SortProperty></ogc:SortBy>
  </csw:Query>
</csw:GetRecords>"""
TYPE = """<ogc:PropertyIsEqualTo><ogc:PropertyName>apiso:type</ogc:PropertyName>
  <ogc:Literal>{}</ogc:Literal></ogc:PropertyIsEqualTo>"""
TYPES = "".join(
    map(TYPE.format, ("dataset", "nonGeographicDataset", "series", "service"))
)
GEONETWORK = """<?xml version="1.0" encoding="UTF-8"?>
<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"
  xmlns:gmd="http://www.isotc211.org/2005/gmd" service="CSW" version="2.0.2"
  resultType="{kind}" startPosition="{start}" maxRecords="20"
  outputSchema="http://www.isotc211.org/2005/gmd">
  <csw:Query typeNames="gmd:MD_Metadata">
    <csw:ElementSetName>full</csw:ElementSetName>
    <csw:Constraint version="1.1.0">
      <Filter xmlns="http://www.opengis.net/ogc"/>
    </csw:Constraint>
  </csw:Query>
</csw:GetRecords>"""


@pytest.fixture(scope="module")
def thousand(csw: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A thousand datasets."""
    records = [csw.record(n) for n in range(COUNT)]
    with csw.serving(tmp_path_factory.mktemp("thousand") / "d", records) as served:
        yield served


@pytest.fixture
def client(catalogue: Any) -> CatalogueServiceWeb:
    return CatalogueServiceWeb(catalogue.address, timeout=30)


def jdd(numbers: Any) -> list[str]:
    return [f"fr-229300082-jdd-{n:05d}" for n in numbers]


def test_owslib_reads_the_capabilities(client: CatalogueServiceWeb) -> None:
    assert client.identification.title == "Catalogue : Données ouvertes"
    assert client.provider.contact.email == "sig@example.org"
    assert [operation.name for operation in client.operations] == [
        "GetCapabilities",
        "DescribeRecord",
        "GetDomain",
        "GetRecords",
        "GetRecordById",
    ]
    assert (
        "Language" in client.get_operation_by_name("GetRecords").constraints[0].values
    )
    assert client.filters.spatial_operators[0] == "BBOX"


def test_owslib_describes_and_asks_for_domains(client: CatalogueServiceWeb) -> None:
    client.describerecord("gmd:MD_Metadata")
    assert b"gmd.xsd" in client.response
    client.getdomain("apiso:Type", dtype="property")
    assert client.results["values"] == ["dataset", "service"]
    client.getdomain("GetRecords.ElementSetName")
    assert client.results["values"] == ["brief", "summary", "full"]


CONSTRAINTS = {
    "equal": (
        [fes.PropertyIsEqualTo("apiso:Subject", "lot 3")],
        lambda n: n % 7 == 3,
    ),
    "not-equal": (
        [fes.PropertyIsNotEqualTo("dc:type", "service")],
        lambda n: True,
    ),
    "like": (
        [fes.PropertyIsLike("dc:title", "Arbres%")],
        lambda n: n % 3 == 1,
    ),
    "between": (
        [fes.PropertyIsBetween("apiso:Denominator", 5000, 10000)],
        lambda n: n % 4 < 2,
    ),
    "less": (
        [fes.PropertyIsLessThan("apiso:Denominator", "10000")],
        lambda n: n % 4 < 1,
    ),
    "greater": (
        [fes.PropertyIsGreaterThanOrEqualTo("apiso:Denominator", "15000")],
        lambda n: n % 4 > 1,
    ),
    "or": (
        [
            fes.PropertyIsEqualTo("Subject", "lot 1"),
            fes.PropertyIsEqualTo("Subject", "lot 2"),
        ],
        lambda n: n % 7 in {1, 2},
    ),
    "and": (
        [
            [
                fes.PropertyIsEqualTo("Subject", "lot 1"),
                fes.PropertyIsLike("dc:title", "Arbres%"),
            ]
        ],
        lambda n: n % 7 == 1 and n % 3 == 1,
    ),
    "not": (
        [fes.Not([fes.PropertyIsLike("dc:title", "Arbres%")])],
        lambda n: n % 3 != 1,
    ),
    "box": ([fes.BBox([-1.6, 43.3, -1.4, 43.5])], lambda n: n % 3 == 2),
    "box-by-urn": (
        [fes.BBox([43.3, -1.6, 43.5, -1.4], crs="urn:ogc:def:crs:EPSG::4326")],
        lambda n: n % 3 == 2,
    ),
    "everything-together": (
        [
            [
                fes.Or(
                    [
                        fes.PropertyIsEqualTo("Subject", "lot 1"),
                        fes.PropertyIsEqualTo("Subject", "lot 2"),
                    ]
                ),
                fes.Not([fes.PropertyIsLike("dc:title", "Arbres%")]),
                fes.BBox([2.2, 48.7, 2.7, 49.1]),
            ]
        ],
        lambda n: n % 7 in {1, 2} and n % 3 == 0,
    ),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_owslib_finds_by_its_constraints(
    client: CatalogueServiceWeb, name: str
) -> None:
    constraints, wanted = CONSTRAINTS[name]
    client.getrecords2(constraints=constraints, maxrecords=100, esn="brief")
    found = [record for record in client.records if "-jdd-" in record]
    assert found == jdd(filter(wanted, range(60)))


def test_owslib_finds_by_cql_and_sorts(client: CatalogueServiceWeb) -> None:
    order = fes.SortBy([fes.SortProperty("apiso:Identifier", "DESC")])
    client.getrecords2(
        cql="apiso:Type = 'dataset' and csw:AnyText like '%arbres%'",
        sortby=order,
        maxrecords=100,
    )
    assert list(client.records) == jdd(reversed(range(1, 60, 3)))


def test_owslib_reads_what_a_record_says(client: CatalogueServiceWeb) -> None:
    client.getrecordbyid(["fr-229300082-jdd-00007"])
    record = client.records["fr-229300082-jdd-00007"]
    assert record.title == "Arbres n° 00007 <&> « é »"
    assert record.type == "dataset"
    assert "lot 0" in record.subjects
    assert record.abstract.startswith("Contours numéro 7")
    assert [float(v) for v in (record.bbox.minx, record.bbox.miny)] == [2.5, 48.9]
    assert record.modified == "2026-03-08"
    assert record.rights
    assert record.references
    client.getrecordbyid(["fr-229300082-jdd-00007"], outputschema=GMD)
    iso = client.records["fr-229300082-jdd-00007"]
    assert iso.identification.title == record.title


def test_owslib_raises_what_we_report(client: CatalogueServiceWeb) -> None:
    with pytest.raises(ExceptionReport, match="Nonsense"):
        client.getrecords2(constraints=[fes.PropertyIsEqualTo("Nonsense", "x")])


@pytest.mark.parametrize("schema", [CSW, GMD])
def test_owslib_pages_through_a_thousand(thousand: Any, schema: str) -> None:
    client = CatalogueServiceWeb(thousand.address, timeout=30)
    seen: list[str] = []
    start = 1
    while start:
        client.getrecords2(
            startposition=start, maxrecords=37, esn="full", outputschema=schema
        )
        assert client.results["matches"] == COUNT
        assert client.results["returned"] == len(client.records)
        seen += client.records
        start = client.results["nextrecord"]
    assert seen == jdd(range(COUNT))


def test_qgis_searches_as_it_does(client: CatalogueServiceWeb) -> None:
    """MetaSearch: a box latitude first, and words without wildcards."""
    box = fes.BBox([48.7, 2.2, 49.1, 2.7], crs="urn:ogc:def:crs:EPSG::4326")
    words = fes.PropertyIsLike("csw:AnyText", "numéro 12 du")
    client.getrecords2(
        constraints=[[box, words]], maxrecords=10, startposition=0, esn="full"
    )
    assert list(client.records) == jdd([12])


def harvest_like_data_gouv(served: Any, csw: Any, schema: str) -> list[Any]:
    """As data.gouv.fr harvests: every counter read, stopped as it stops."""
    records: list[Any] = []
    start = 1
    while True:
        answer = served.post(
            DATA_GOUV.format(start=start, schema=schema, types=TYPES),
            **{"user-agent": "uData/0.1 csw-iso-19139"},
        )
        assert answer.status_code == 200
        root = csw.parsed(answer)
        assert root.find("ows:Exception", csw.spaces) is None
        (results,) = root.iterfind("csw:SearchResults", csw.spaces)
        matched, returned, following = csw.numbers(answer)
        records += results
        if following in {0, start} or following > matched or returned == 0:
            return records
        start = following


def test_data_gouv_harvests_every_record_whole(catalogue: Any, csw: Any) -> None:
    records = harvest_like_data_gouv(catalogue, csw, GMD)
    published = {
        record.record_identifier: record.fingerprint
        for record in catalogue.store.applied()
    }
    path = "string(gmd:fileIdentifier/gco:CharacterString)"
    harvested = {
        record.xpath(path, namespaces=csw.spaces): fingerprint(etree.tostring(record))
        for record in records
    }
    assert len(records) == 66
    assert harvested == published


@pytest.mark.parametrize(
    "schema", ["http://www.w3.org/ns/dcat#", "http://data.europa.eu/930/"]
)
def test_data_gouv_harvests_dcat_record_by_record(
    catalogue: Any, csw: Any, schema: str
) -> None:
    """Each child of the results is one RDF document, of one dataset or service."""
    records = harvest_like_data_gouv(catalogue, csw, schema)
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    identifiers = set()
    for record in records:
        alone = etree.fromstring(etree.tostring(record))
        assert alone.tag == f"{rdf}RDF"
        (resource,) = alone
        assert etree.QName(resource).namespace == "http://www.w3.org/ns/dcat#"
        identifiers.add(resource.get(f"{rdf}about"))
    assert len(identifiers) == len(records) == 66
    assert "https://data.example.org/id/jeu-00007" in identifiers


def test_dcat_is_the_feed_s_own(catalogue: Any, csw: Any) -> None:
    """What the DCAT feed says of a dataset and what CSW says of it are one."""
    answer = catalogue.get(
        request="GetRecordById",
        id="fr-229300082-jdd-00007",
        outputSchema="http://www.w3.org/ns/dcat#",
    )
    ((resource,),) = csw.parsed(answer)
    feed = catalogue.client.get("/dcat/catalog.rdf", params={"limit": "100"})
    about = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
    (same,) = [
        node
        for node in csw.parsed(feed).iter(resource.tag)
        if node.get(about) == resource.get(about) and len(node)
    ]
    assert squeezed(resource) == squeezed(same)


def squeezed(element: etree._Element) -> bytes:
    """Return an element in canonical form, without layout."""
    copy = etree.fromstring(
        etree.tostring(element), etree.XMLParser(remove_blank_text=True)
    )
    return etree.tostring(copy, method="c14n", exclusive=True)


def test_an_answer_read_as_text_needs_no_guessing(catalogue: Any) -> None:
    """data.gouv.fr reads text; without a charset its library guesses one."""
    import requests

    document = DATA_GOUV.format(start=1, schema=GMD, types=TYPES).encode()
    answer = requests.post(catalogue.address, document, timeout=30)
    assert answer.encoding == "UTF-8"
    assert "Département de la Seine-Saint-Denis" in answer.text


def test_data_gouv_harvests_a_thousand_twice_alike(thousand: Any, csw: Any) -> None:
    passes = [harvest_like_data_gouv(thousand, csw, GMD) for _ in range(2)]
    first, second = ([etree.tostring(r) for r in records] for records in passes)
    assert len(first) == COUNT
    assert first == second


def test_geonetwork_harvests_page_by_page(thousand: Any, csw: Any) -> None:
    """With an empty filter; twenty at a time; then each record by identifier."""
    hits = thousand.post(GEONETWORK.format(kind="hits", start=1))
    assert csw.numbers(hits)[0] == COUNT
    seen: list[str] = []
    start = 1
    while start and start <= COUNT:
        answer = thousand.post(GEONETWORK.format(kind="results", start=start))
        path = "//gmd:MD_Metadata/gmd:fileIdentifier/gco:CharacterString"
        page = csw.texts(answer, path)
        _, returned, following = csw.numbers(answer)
        assert len(page) == returned <= 20
        seen += page
        start = following
    assert seen == jdd(range(COUNT))
    one = thousand.get(
        request="GetRecordById",
        outputSchema=GMD,
        elementSetName="full",
        id=seen[500],
    )
    assert len(csw.parsed(one)) == 1


def test_pycsw_harvests_as_it_does(catalogue: Any) -> None:
    """pycsw asks by OWSLib: hits first, then brief pages, then each record."""
    client = CatalogueServiceWeb(catalogue.address, timeout=30)
    client.getrecords2(typenames="csw:Record", resulttype="hits")
    matches = client.results["matches"]
    assert matches == 66
    identifiers: list[str] = []
    for start in range(1, matches, 10):
        client.getrecords2(
            typenames="csw:Record", startposition=start, maxrecords=10, esn="brief"
        )
        identifiers += client.records
    assert len(set(identifiers)) == matches
    for start in range(0, matches, 10):
        client.getrecordbyid(identifiers[start : start + 10], outputschema=GMD)
        assert list(client.records) == identifiers[start : start + 10]
