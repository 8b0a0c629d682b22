"""Each requirement of the official suites holds on a good record, fails on a bad one.

The good records are written by hand from the guidelines; each bad one differs from
a good one by a single change.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from metadata.checks import check_record, rule_set
from metadata.checks.rules import INSPIRE_RULES
from metadata.dataset import Dataset
from metadata.iso19139 import encode_dataset_record, encode_service_record
from metadata.record import Record, RecordKind
from metadata.stated import Access
from metadata.xml import NAMESPACES, parse, qualified

FOLDER = Path(__file__).parent / "checks_records"
SCHEMA = "inspire.common.C.1"
Change = Callable[[etree._Element], None]


def good(kind: RecordKind) -> bytes:
    name = "service" if kind is RecordKind.SERVICE else "dataset"
    return (FOLDER / f"{name}.xml").read_bytes()


def judge(content: bytes, kind: RecordKind) -> list:
    record = Record(
        identifier="x", dataset_id="cours-d-eau", kind=kind, content=content
    )
    return list(check_record(record))


def changed(kind: RecordKind, change: Change) -> bytes:
    root = parse(good(kind))
    change(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def found(root: etree._Element, path: str) -> list[etree._Element]:
    elements = root.xpath(path, namespaces=dict(NAMESPACES))
    if not elements:
        pytest.fail(f"the good record has no {path}")
    return elements


def remove(path: str) -> Change:
    def change(root: etree._Element) -> None:
        for element in found(root, path):
            element.getparent().remove(element)

    return change


def say(path: str, text: str) -> Change:
    def change(root: etree._Element) -> None:
        for element in found(root, path):
            element.text = text

    return change


def mark(path: str, name: str, value: str) -> Change:
    def change(root: etree._Element) -> None:
        for element in found(root, path):
            element.set(qualified(name) if ":" in name else name, value)

    return change


def repeat(path: str) -> Change:
    def change(root: etree._Element) -> None:
        for element in found(root, path)[:1]:
            element.addnext(deepcopy(element))

    return change


def strip(path: str) -> Change:
    """Take everything out of an element, attributes too."""

    def change(root: etree._Element) -> None:
        for element in found(root, path):
            element.clear()

    return change


def graft(path: str, fragment: str) -> Change:
    """Put a fragment at the end of an element."""
    bound = " ".join(f'xmlns:{p}="{uri}"' for p, uri in NAMESPACES.items())

    def change(root: etree._Element) -> None:
        for element in found(root, path):
            element.extend(list(etree.fromstring(f"<x {bound}>{fragment}</x>")))

    return change


def both(*changes: Change) -> Change:
    def change(root: etree._Element) -> None:
        for one in changes:
            one(root)

    return change


@dataclass(frozen=True)
class Case:
    """One way to spoil a good record."""

    code: str
    case: str
    change: Change
    also: tuple[str, ...] = ()
    """Other requirements that the same change cannot but hurt."""
    kind: RecordKind = RecordKind.DATASET

    def __str__(self) -> str:
        return f"{self.code.removeprefix('inspire.')}-{self.case}-{self.kind.value}"


S = RecordKind.SERVICE
CONTACT = "gmd:contact[1]/gmd:CI_ResponsibleParty"
DATA = "gmd:identificationInfo/gmd:MD_DataIdentification"
SERVICE = "gmd:identificationInfo/srv:SV_ServiceIdentification"
CITATION = f"{DATA}/gmd:citation/gmd:CI_Citation"
PARTY = f"{DATA}/gmd:pointOfContact/gmd:CI_ResponsibleParty"
DATE = f"{CITATION}/gmd:date[2]/gmd:CI_Date"
KEYWORDS = f"{DATA}/gmd:descriptiveKeywords[1]/gmd:MD_Keywords"
THESAURUS = f"{KEYWORDS}/gmd:thesaurusName/gmd:CI_Citation"
LIMITS = f"{DATA}/gmd:resourceConstraints[1]/gmd:MD_LegalConstraints"
LICENCE = f"{DATA}/gmd:resourceConstraints[2]/gmd:MD_LegalConstraints"
BOX = f"{DATA}/gmd:extent/gmd:EX_Extent/gmd:geographicElement"
QUALITY = "gmd:dataQualityInfo/gmd:DQ_DataQuality"
RESULT = f"{QUALITY}/gmd:report/gmd:DQ_DomainConsistency//gmd:DQ_ConformanceResult"
TOPOLOGY = f"{QUALITY}/gmd:report/gmd:DQ_TopologicalConsistency/gmd:result"
MEASURED = f"{TOPOLOGY}/gmd:DQ_QuantitativeResult"
TOLD = f"{TOPOLOGY}/gmd:DQ_ConformanceResult"
SYSTEM = "gmd:referenceSystemInfo/gmd:MD_ReferenceSystem//gmd:RS_Identifier"
FORMAT = "gmd:distributionInfo//gmd:MD_Format"
URL = "gmd:distributionInfo//gmd:linkage/gmd:URL"
LEVEL = "gmd:hierarchyLevel/gmd:MD_ScopeCode"
REGISTER = "inspire.ec.europa.eu/metadata-codelist"
TEXT = "gco:CharacterString"
CODE = "codeListValue"
FRENCH = (
    "Règlement (UE) N o 1089/2010 de la Commission du 23 novembre 2010 portant "
    "modalités d'application de la directive 2007/2/CE du Parlement européen et du "
    "Conseil en ce qui concerne l'interopérabilité des séries et des services de "
    "données géographiques"
)


def c(number: int) -> str:
    return f"inspire.common.C.{number}"


CASES = [
    Case(c(1), "invalid", graft(DATA, "<gmd:toto/>")),
    Case(c(5), "absent", remove("gmd:language")),
    Case(c(5), "several", repeat("gmd:language")),
    Case(c(5), "code_list", mark("gmd:language/*", "codeList", "http://x.test/")),
    Case(c(5), "code", mark("gmd:language/*", CODE, "fra")),
    Case(c(5), "code", mark("gmd:language/*", CODE, "fr"), kind=S),
    Case(c(6), "absent", remove("gmd:contact")),
    Case(c(6), "no_point_of_contact", mark(f"{CONTACT}/gmd:role/*", CODE, "owner")),
    Case(c(6), "name", say(f"{CONTACT}/gmd:organisationName/{TEXT}", "  ")),
    Case(c(6), "email", say(f"{CONTACT}//gmd:electronicMailAddress/{TEXT}", "")),
    Case(c(6), "email", remove(f"{CONTACT}/gmd:contactInfo")),
    Case(c(6), "role", mark("gmd:contact[2]//gmd:CI_RoleCode", CODE, "boss")),
    Case(c(6), "role", remove("gmd:contact[2]//gmd:role")),
    Case(c(7), "not_one", remove("gmd:dateStamp")),
    Case(c(7), "not_one", repeat("gmd:dateStamp/gco:Date")),
    Case(c(7), "format", say("gmd:dateStamp/gco:Date", "1er juin 2025")),
    Case(c(7), "format", say("gmd:dateStamp/gco:DateTime", "2025-06-01"), kind=S),
    Case(c(8), "absent", remove(f"{CITATION}/gmd:title")),
    Case(c(8), "several", repeat(f"{CITATION}/gmd:title")),
    Case(c(8), "empty", say(f"{CITATION}/gmd:title/{TEXT}", "")),
    Case(c(8), "empty", say(f"{SERVICE}//gmd:citation//gmd:title/*", ""), kind=S),
    Case(c(9), "absent", remove(f"{DATA}/gmd:abstract")),
    Case(c(9), "several", repeat(f"{DATA}/gmd:abstract")),
    Case(c(9), "empty", say(f"{DATA}/gmd:abstract/{TEXT}", "\n")),
    Case(c(10), "absent", remove(f"{DATA}/gmd:pointOfContact")),
    Case(c(10), "name", remove(f"{PARTY}/gmd:organisationName")),
    Case(c(10), "email", say(f"{PARTY}//gmd:electronicMailAddress/*", "")),
    Case(c(10), "role", mark(f"{PARTY}/gmd:role/*", CODE, "Owner")),
    Case(c(11), "absent", remove(f"{CITATION}/gmd:date")),
    Case(c(11), "absent", strip(f"{DATE}/gmd:date")),
    Case(c(11), "format", say(f"{DATE}/gmd:date/gco:Date", "2024-02-30")),
    Case(c(11), "type", mark(f"{DATE}/gmd:dateType/*", CODE, "expiry")),
    Case(
        c(12), "several", mark(f"{CITATION}/gmd:date//gmd:dateType/*", CODE, "creation")
    ),
    Case(
        c(13), "several", mark(f"{CITATION}/gmd:date//gmd:dateType/*", CODE, "revision")
    ),
    Case(c(14), "absent", strip("//gmd:EX_TemporalExtent[gmd:extent/*]/gmd:extent")),
    Case(c(14), "format", say("//gml:beginPosition", "février 2019")),
    Case(c(14), "format", say("//gml:timePosition", "hier")),
    Case(
        c(14), "position", mark("//gml:endPosition", "indeterminatePosition", "later")
    ),
    Case(
        c(14), "position", mark("//gml:timePosition", "indeterminatePosition", "after")
    ),
    Case(c(15), "title", say(f"{THESAURUS}/gmd:title/*", ""), (("inspire.ds.1.4"),)),
    Case(c(15), "date", remove(f"{THESAURUS}/gmd:date")),
    Case(c(15), "date_type", mark(f"{THESAURUS}//gmd:dateType/*", CODE, "expiry")),
    Case(c(16), "repeated", repeat(f"{DATA}/gmd:descriptiveKeywords")),
    Case(c(17), "absent", remove(f"{LIMITS}/gmd:accessConstraints")),
    Case(c(17), "absent", mark(f"{LIMITS}//gmx:Anchor", "xlink:href", "http://x.test")),
    Case(
        c(17),
        "https",
        mark(
            f"{LIMITS}//gmx:Anchor",
            "xlink:href",
            f"https://{REGISTER}/LimitationsOnPublicAccess/noLimitations",
        ),
    ),
    Case(c(17), "several", repeat(f"{DATA}/gmd:resourceConstraints")),
    Case(c(18), "absent", remove(f"{DATA}/gmd:resourceConstraints[2]")),
    Case(c(18), "absent", say(f"{LICENCE}/gmd:otherConstraints/*", "")),
    Case(c(18), "absent", mark(f"{LICENCE}/gmd:useConstraints/*", CODE, "license")),
    Case(
        c(18),
        "https",
        mark(
            f"{LICENCE}//gmx:Anchor",
            "xlink:href",
            f"https://{REGISTER}/ConditionsApplyingToAccessAndUse/noConditionsApply",
        ),
    ),
    Case(
        c(18),
        "several",
        both(
            repeat(f"{DATA}/gmd:resourceConstraints[2]"),
            repeat(f"{DATA}/gmd:resourceConstraints[1]"),
        ),
        (c(17),),
    ),
    Case(c(19), "absent", remove(BOX)),
    Case(c(19), "decimals", say(f"{BOX}//gmd:westBoundLongitude/*", "2.3")),
    Case(c(19), "decimals", remove(f"{BOX}//gmd:eastBoundLongitude")),
    Case(c(19), "range", say(f"{BOX}//gmd:eastBoundLongitude/*", "652381.20")),
    Case(c(19), "upside_down", say(f"{BOX}//gmd:southBoundLatitude/*", "51.00")),
    Case(
        c(20),
        "absent",
        remove(f"{QUALITY}/gmd:report[1]"),
        (c(21), c(22), "inspire.ds.1.10"),
    ),
    Case(
        c(21),
        "absent",
        say(f"{RESULT}//gmd:title/*", "Autre règlement"),
        ("inspire.ds.1.10",),
    ),
    Case(c(21), "absent", say(f"{RESULT}//gmd:title/*", "Règlement 1089/2010"), kind=S),
    Case(c(21), "date", strip(f"{RESULT}//gmd:CI_Date/gmd:date")),
    Case(c(21), "date_type", mark(f"{RESULT}//gmd:CI_DateTypeCode", CODE, "expiry")),
    Case(c(22), "absent", remove(f"{RESULT}/gmd:pass")),
    Case(c(22), "degree", say(f"{RESULT}/gmd:pass/gco:Boolean", "peut-être")),
    Case(
        c(22), "degree", mark(f"{RESULT}/gmd:pass", "gco:nilReason", "missing"), kind=S
    ),
    Case("inspire.ds.1.1", "level", mark(LEVEL, CODE, "feature")),
    Case(
        "inspire.ds.1.2",
        "not_one",
        repeat(DATA),
        (c(8), c(9), c(12), c(13), c(16), c(17), c(18), "inspire.ds.1.3"),
    ),
    Case("inspire.ds.1.3", "absent", remove(f"{CITATION}/gmd:identifier")),
    Case("inspire.ds.1.3", "empty", say(f"{CITATION}/gmd:identifier//{TEXT}", "")),
    Case("inspire.ds.1.3", "repeated", repeat(f"{CITATION}/gmd:identifier")),
    Case("inspire.ds.1.4", "absent", say(f"{THESAURUS}/gmd:title/*", "GEMET")),
    Case("inspire.ds.1.4", "absent", remove(f"{DATA}/gmd:descriptiveKeywords")),
    Case("inspire.ds.1.4", "unknown", say(f"{KEYWORDS}/gmd:keyword/*", "Eau")),
    Case(
        "inspire.ds.1.5",
        "empty",
        strip(f"{DATA}/gmd:spatialResolution/gmd:MD_Resolution"),
    ),
    Case("inspire.ds.1.5", "scale", say("//gmd:denominator/gco:Integer", "1:5000")),
    Case("inspire.ds.1.5", "distance", say("//gco:Distance", "0")),
    Case("inspire.ds.1.5", "distance", say("//gco:Distance", "NaN")),
    Case(
        "inspire.ds.1.5",
        "mixed",
        graft("//gmd:MD_Resolution[gmd:equivalentScale]", "<gmd:distance/>"),
    ),
    Case("inspire.ds.1.6", "absent", remove(f"{DATA}/gmd:language")),
    Case("inspire.ds.1.6", "code", mark(f"{DATA}/gmd:language/*", CODE, "fra")),
    Case(
        "inspire.ds.1.6", "code_list", mark(f"{DATA}/gmd:language/*", "codeList", "#x")
    ),
    Case("inspire.ds.1.7", "absent", remove(f"{DATA}/gmd:topicCategory")),
    Case("inspire.ds.1.7", "unknown", say(f"{DATA}/gmd:topicCategory/*", "water")),
    Case("inspire.ds.1.8", "absent", say(URL, "")),
    Case("inspire.ds.1.8", "address", say(URL, "http://localhost:5000/")),
    Case("inspire.ds.1.8", "address", say(URL, "https://GEO.EXAMPLE.ORG/")),
    Case(
        "inspire.ds.1.9",
        "not_one",
        repeat("gmd:dataQualityInfo"),
        ("inspire.ds.1.11",),
    ),
    Case(
        "inspire.ds.1.9", "level", mark(f"{QUALITY}/gmd:scope//gmd:level/*", CODE, "x")
    ),
    Case(
        "inspire.ds.1.10",
        "absent",
        say(f"{RESULT}//gmd:title/*", "Autre règlement"),
        (c(21),),
    ),
    Case(
        "inspire.ds.1.10",
        "title",
        say(f"{RESULT}//gmd:title/*", FRENCH.replace("N o", "n°")),
    ),
    Case("inspire.ds.1.11", "not_one", remove(f"{QUALITY}/gmd:lineage")),
    Case("inspire.ds.1.11", "empty", say(f"{QUALITY}//gmd:statement/*", "")),
    *(
        case
        for code, twin in (("2.1", "2.3"), ("2.3", "2.1"))
        for case in (
            Case(
                f"inspire.isdss.{code}",
                "absent",
                remove("gmd:referenceSystemInfo"),
                (f"inspire.isdss.{twin}",),
            ),
            Case(
                f"inspire.isdss.{code}",
                "code",
                say(f"{SYSTEM}/gmd:code/*", ""),
                (f"inspire.isdss.{twin}",),
            ),
            Case(
                f"inspire.isdss.{code}",
                "code_space",
                graft(f"gmd:referenceSystemInfo[1]{SYSTEM[23:]}", "<gmd:codeSpace/>"),
                (f"inspire.isdss.{twin}",),
            ),
        )
    ),
    Case(
        "inspire.isdss.2.2",
        "name",
        say(f"gmd:referenceSystemInfo[2]{SYSTEM[23:]}/gmd:code/*", "EPSG:4258"),
    ),
    Case(
        "inspire.isdss.2.4", "absent", remove(f"{DATA}/gmd:spatialRepresentationType")
    ),
    Case(
        "inspire.isdss.2.4",
        "unknown",
        mark(f"{DATA}/gmd:spatialRepresentationType/*", CODE, "raster"),
    ),
    Case(
        "inspire.isdss.2.5",
        "unknown",
        mark(f"{DATA}/gmd:characterSet/*", CODE, "UTF-8"),
    ),
    Case("inspire.isdss.2.6", "absent", remove("//gmd:distributionFormat")),
    Case("inspire.isdss.2.6", "name", say(f"{FORMAT}/gmd:name/*", "")),
    Case(
        "inspire.isdss.2.6",
        "version",
        mark(f"{FORMAT}/gmd:version", "gco:nilReason", "missing"),
    ),
    Case("inspire.isdss.2.7", "unit", remove(f"{MEASURED}/gmd:valueUnit")),
    Case("inspire.isdss.2.7", "value", strip(f"{MEASURED}/gmd:value")),
    Case("inspire.isdss.2.7", "type", strip(f"{MEASURED}/gmd:value/gco:Record")),
    Case("inspire.isdss.2.8", "title", say(f"{TOLD}//gmd:title/*", "Autre")),
    Case("inspire.isdss.2.8", "date", strip(f"{TOLD}//gmd:CI_Date/gmd:date")),
    Case(
        "inspire.isdss.2.8",
        "date_type",
        mark(f"{TOLD}//gmd:CI_DateTypeCode", CODE, "creation"),
    ),
    Case("inspire.isdss.2.8", "degree", say(f"{TOLD}/gmd:pass/*", "true")),
    Case("inspire.isdss.2.8", "explanation", say(f"{TOLD}/gmd:explanation/*", "")),
    Case(
        "inspire.sds.3.1",
        "level",
        mark(LEVEL, CODE, "software"),
        (c(8), c(9), c(10)),
        S,
    ),
    Case("inspire.sds.3.1", "not_one", repeat("gmd:hierarchyLevel"), kind=S),
    Case("inspire.sds.3.1", "name", remove("gmd:hierarchyLevelName"), kind=S),
    Case(
        "inspire.sds.3.2",
        "not_one",
        repeat(SERVICE),
        (c(8), c(9), c(16), c(17), c(18), "inspire.sds.3.5", "inspire.ns.4.1"),
        S,
    ),
    Case(
        "inspire.sds.3.4",
        "absent",
        remove(f"{SERVICE}/gmd:descriptiveKeywords"),
        kind=S,
    ),
    Case(
        "inspire.sds.3.4",
        "anchor",
        mark(
            f"{SERVICE}//gmd:keyword/gmx:Anchor",
            "xlink:href",
            f"https://{REGISTER}/SpatialDataServiceCategory/infoFeatureAccessService",
        ),
        kind=S,
    ),
    *(
        case
        for code, twin in (
            ("inspire.sds.3.5", "inspire.ns.4.1"),
            ("inspire.ns.4.1", "inspire.sds.3.5"),
        )
        for case in (
            Case(code, "not_one", strip(f"{SERVICE}/srv:serviceType"), (twin,), S),
            Case(code, "unknown", say("//srv:serviceType/*", "WFS"), (twin,), S),
        )
    ),
    Case("inspire.ns.4.1", "unknown", say("//srv:serviceType/*", "invoke"), kind=S),
    Case(
        "inspire.sds.3.6", "absent", mark("//srv:operatesOn", "xlink:href", ""), kind=S
    ),
    Case(
        "inspire.sds.3.6", "inner", mark("//srv:operatesOn", "xlink:href", "#x"), kind=S
    ),
    Case(
        "inspire.sds.3.6",
        "address",
        mark("//srv:operatesOn", "xlink:href", "urn:uuid:x"),
        kind=S,
    ),
    Case("inspire.sds.3.7", "absent", say(URL, ""), kind=S),
    Case("inspire.sds.3.8", "not_one", repeat("gmd:dataQualityInfo"), kind=S),
    Case(
        "inspire.sds.3.8",
        "level",
        mark(f"{QUALITY}/gmd:scope//gmd:level/*", CODE, "dataset"),
        kind=S,
    ),
    Case(
        "inspire.sds.3.8",
        "words",
        remove(f"{QUALITY}/gmd:scope//gmd:levelDescription"),
        kind=S,
    ),
]


@pytest.mark.parametrize("kind", [RecordKind.DATASET, RecordKind.SERVICE])
def test_a_good_record_has_no_finding(kind):
    assert judge(good(kind), kind) == []


def test_a_good_series_has_no_finding():
    as_series = both(
        mark(LEVEL, CODE, "series"),
        mark(f"{QUALITY}/gmd:scope//gmd:level/*", CODE, "series"),
    )
    content = changed(RecordKind.SERIES, as_series)

    assert judge(content, RecordKind.SERIES) == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_bad_record_fails_exactly_what_it_should(case):
    findings = judge(changed(case.kind, case.change), case.kind)

    codes = {finding.code for finding in findings}
    assert codes - {SCHEMA} == {case.code, *case.also} - {SCHEMA}
    assert case.code in codes
    said = [f.reason.en for f in findings if f.code == case.code]
    words = rule_set(INSPIRE_RULES).rules[case.code].reasons[case.case].en
    assert any(text.startswith(words.partition("{")[0]) for text in said)


def test_every_way_of_failing_is_tried():
    rules = rule_set(INSPIRE_RULES).rules.values()
    ways = {(rule.code, case) for rule in rules for case in rule.reasons}

    tried = {(case.code, case.case) for case in CASES}

    elsewhere = {(SCHEMA, "malformed"), ("inspire.common.C.2", "other")}
    assert tried | elsewhere == ways


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (RecordKind.DATASET, say(f"{RESULT}//gmd:title/*", f"\n {FRENCH.upper()}  ")),
        (RecordKind.DATASET, say(f"{KEYWORDS}/gmd:keyword/*", "hy")),
        (
            RecordKind.DATASET,
            mark(
                "gmd:language/*", "codeList", "https://id.loc.gov/vocabulary/iso639-2"
            ),
        ),
        (RecordKind.DATASET, remove(f"{DATA}/gmd:spatialResolution")),
        (RecordKind.DATASET, remove("gmd:distributionInfo//gmd:transferOptions")),
        (RecordKind.DATASET, say(URL, "http://127.0.0.1:5000/")),
        (RecordKind.DATASET, say(URL, "ftp://geo.example.org/a b")),
        (RecordKind.DATASET, say(f"{BOX}//gmd:westBoundLongitude/*", "-180.00")),
        (
            RecordKind.DATASET,
            mark("//gml:endPosition", "indeterminatePosition", "after"),
        ),
        (RecordKind.DATASET, remove(f"{DATA}//gmd:temporalElement")),
        (RecordKind.DATASET, mark(f"{PARTY}/gmd:role/*", CODE, "author")),
        (RecordKind.DATASET, mark(f"{THESAURUS}//gmd:dateType/*", CODE, "revision")),
        (RecordKind.DATASET, mark(f"{DATA}/gmd:language/*", CODE, "roh")),
        (RecordKind.SERVICE, say("//srv:serviceType/*", "discovery")),
        (RecordKind.SERVICE, remove("//srv:operatesOn")),
    ],
    ids=[
        "title of the regulation in French, whatever the case",
        "theme by its code",
        "the other address of the language codes",
        "no resolution",
        "no address",
        "a host of digits",
        "an ftp address",
        "a box at the end of the world",
        "a period that ends after a day",
        "no temporal extent",
        "any ISO role for the resource",
        "a vocabulary dated by its revision",
        "data in Romansh",
        "a discovery service",
        "a service without coupling",
    ],
)
def test_what_the_suite_admits_is_admitted(kind, change):
    codes = {finding.code for finding in judge(changed(kind, change), kind)}

    assert codes - {SCHEMA} == set()


@pytest.mark.parametrize(
    "anchor",
    [
        f"http://{REGISTER}/ConditionsApplyingToAccessAndUse/noConditionsApply",
        f"http://{REGISTER}/ConditionsApplyingToAccessAndUse/conditionsUnknown",
    ],
)
def test_conditions_may_be_none_or_unknown(anchor):
    change = mark(f"{LICENCE}//gmx:Anchor", "xlink:href", anchor)

    assert judge(changed(RecordKind.DATASET, change), RecordKind.DATASET) == []


def test_what_is_not_xml_is_one_finding():
    (finding,) = judge(b"<gmd:MD_Metadata", RecordKind.DATASET)

    assert (finding.code, finding.element) == (SCHEMA, "/")
    assert finding.subject == "cours-d-eau"


def test_another_document_is_judged_as_a_whole_only():
    content = b'<csw:Record xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"/>'

    codes = [finding.code for finding in judge(content, RecordKind.DATASET)]

    assert codes == [SCHEMA, "inspire.common.C.2"]


def test_a_finding_says_where_what_and_by_which_clause():
    change = mark("gmd:contact[2]//gmd:CI_RoleCode", CODE, "chef\n de <service>")
    findings = judge(changed(RecordKind.DATASET, change), RecordKind.DATASET)

    (finding,) = [f for f in findings if f.code == "inspire.common.C.6"]
    assert finding.element == (
        "/gmd:MD_Metadata/gmd:contact[2]/gmd:CI_ResponsibleParty"
        "/gmd:role/gmd:CI_RoleCode"
    )
    assert "« chef de <service> »" in finding.reason.fr
    assert "“chef de <service>”" in finding.reason.en
    assert "C.6" in finding.reference
    assert finding.reference.endswith("/common/md-point-of-contact")


def test_a_remedy_names_the_file_and_the_field():
    content = changed(RecordKind.DATASET, remove(f"{DATA}/gmd:abstract"))

    (finding,) = [
        f for f in judge(content, RecordKind.DATASET) if f.code == "inspire.common.C.9"
    ]

    assert "datasets/cours-d-eau.yml" in finding.hint.fr
    assert "“abstract”" in finding.hint.en


def test_the_encoders_records_pass(make_dataset):
    for encode in (encode_dataset_record, encode_service_record):
        record = encode(make_dataset(), date_stamp=date(2025, 6, 1))

        assert list(check_record(record)) == []


@settings(deadline=None, max_examples=150)
@given(
    data=st.data(),
    kind=st.sampled_from([RecordKind.DATASET, RecordKind.SERVICE]),
)
def test_no_content_makes_the_judge_raise(data, kind):
    root = parse(good(kind))
    for _ in range(data.draw(st.integers(1, 6), label="changes")):
        elements = list(root.iter())
        element = elements[data.draw(st.integers(0, len(elements) - 1))]
        spoil(data, element)

    content = etree.tostring(root, encoding="UTF-8")

    for finding in judge(content, kind):
        assert all([finding.reason.fr, finding.reason.en, finding.hint.fr])


def spoil(data: st.DataObject, element: etree._Element) -> None:
    """Change one element at random: drop it, double it, empty it, or scribble on it."""
    parent = element.getparent()
    deed = data.draw(st.sampled_from(["drop", "double", "clear", "text", "attribute"]))
    if deed == "drop" and parent is not None:
        parent.remove(element)
    elif deed == "double" and parent is not None:
        parent.append(deepcopy(element))
    elif deed == "clear":
        element.clear()
    elif deed == "text":
        element.text = data.draw(SCRIBBLES)
    else:
        for name in element.attrib:
            element.set(name, data.draw(SCRIBBLES))


SCRIBBLES = st.one_of(
    st.sampled_from(["", " ", "{found}", "0000-00-00", "2024-366", "1e400", "#", "["]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12),
)


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_the_records_of_any_dataset_that_could_be_published_pass(data, datasets):
    dataset = publishable(data.draw(datasets))
    encoders = [encode_dataset_record]
    if dataset.description.access is Access.OPEN:
        encoders.append(encode_service_record)

    for encode in encoders:
        record = encode(dataset, date_stamp=date(2025, 6, 1))

        assert list(check_record(record)) == []


def publishable(dataset: Dataset) -> Dataset:
    """Leave out what a person is asked to mend before: place, SRID, reason."""
    assume(dataset.extent or dataset.description.extent)
    assume(all(c.geometry.srid for c in dataset.collections if c.geometry))
    letter = dataset.description.access_limitation or "a"
    mended = replace(dataset.description, access_limitation=letter)
    return replace(dataset, description=mended)
