"""What the INSPIRE validator looks for, asked with its own paths.

Written from the expressions of its test suites, apart from our own checks, so
that the encoder and the checks cannot be wrong together.
"""

from __future__ import annotations

import re
from datetime import date

import pytest
from lxml import etree

from metadata.codelists import LICENCES, THEMES
from metadata.iso19139 import encode_dataset_record, encode_service_record
from metadata.xml import NAMESPACES

TODAY = date(2026, 5, 4)
DATA = ["points", "polygons-hvd", "restricted", "table"]
SERVICES = ["points", "polygons-hvd", "table"]
REGISTER = "http://inspire.ec.europa.eu/metadata-codelist"
FRENCH_1089 = (
    "Règlement (UE) N o 1089/2010 de la Commission du 23 novembre 2010 portant "
    "modalités d'application de la directive 2007/2/CE du Parlement européen et du "
    "Conseil en ce qui concerne l'interopérabilité des séries et des services de "
    "données géographiques"
)
ENGLISH_1089 = (
    "Commission Regulation (EU) No 1089/2010 of 23 November 2010 implementing "
    "Directive 2007/2/EC of the European Parliament and of the Council as regards "
    "interoperability of spatial data sets and services"
)


def ask(root, path):
    return root.xpath(path, namespaces=dict(NAMESPACES))


@pytest.fixture(params=[*DATA, *(f"service of {name}" for name in SERVICES)])
def any_record(request, samples):
    """Every record of a dataset that states all it must."""
    if request.param.startswith("service of "):
        sample = samples[request.param.removeprefix("service of ")]
        return etree.fromstring(encode_service_record(sample, date_stamp=TODAY).content)
    return etree.fromstring(
        encode_dataset_record(samples[request.param], date_stamp=TODAY).content
    )


@pytest.fixture(params=DATA)
def data_record(request, samples):
    sample = samples[request.param]
    return etree.fromstring(encode_dataset_record(sample, date_stamp=TODAY).content)


@pytest.fixture(params=SERVICES)
def service_record(request, samples):
    sample = samples[request.param]
    return etree.fromstring(encode_service_record(sample, date_stamp=TODAY).content)


def test_c5_language_is_bibliographic_and_its_list_the_one_of_the_loc(any_record):
    (language,) = ask(any_record, "gmd:language/gmd:LanguageCode")
    assert language.get("codeListValue") in {"fre", "eng"}
    assert language.get("codeList") == "http://www.loc.gov/standards/iso639-2/"


def test_c6_the_record_has_a_point_of_contact_with_a_mail_address(any_record):
    (party,) = ask(any_record, "gmd:contact/gmd:CI_ResponsibleParty")
    assert ask(party, "gmd:role/*/@codeListValue") == ["pointOfContact"]
    assert ask(party, "string(gmd:organisationName/gco:CharacterString)")
    mail = ask(party, ".//gmd:electronicMailAddress/gco:CharacterString/text()")
    assert mail == ["sig@example.org"]


def test_c7_and_c11_to_c13_dates_are_whole_days_of_distinct_types(any_record):
    stamps = ask(any_record, "gmd:dateStamp/gco:Date/text()")
    path = "gmd:identificationInfo/*/gmd:citation/gmd:CI_Citation/gmd:date/gmd:CI_Date"
    dates = ask(any_record, f"{path}/gmd:date/gco:Date/text()")
    types = ask(any_record, f"{path}/gmd:dateType/*/@codeListValue")
    assert len(stamps) == 1
    assert dates
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in [*stamps, *dates])
    assert len(set(types)) == len(types) == len(dates)
    assert set(types) <= {"publication", "revision", "creation"}


def test_c8_and_c9_title_and_abstract_stand_once(any_record):
    path = "gmd:identificationInfo/*"
    assert len(ask(any_record, f"{path}/gmd:citation/*/gmd:title/*/text()")) == 1
    assert len(ask(any_record, f"{path}/gmd:abstract/*/text()")) == 1


def test_c14_positions_of_time_are_moments_or_indeterminate(any_record):
    for position in ask(any_record, "//gml:beginPosition | //gml:endPosition"):
        vague = position.get("indeterminatePosition")
        assert vague in {"unknown", "now"} if vague else position.text


def test_c15_and_c16_each_vocabulary_is_cited_fully_and_once(any_record):
    cited = ask(any_record, "//gmd:thesaurusName/gmd:CI_Citation")
    titles = [ask(item, "string(gmd:title/*)") for item in cited]
    assert all(titles)
    assert len(set(titles)) == len(titles)
    for item in cited:
        assert ask(item, "count(gmd:date/gmd:CI_Date/gmd:date/gco:Date)") == 1
        assert ask(item, ".//gmd:CI_DateTypeCode/@codeListValue") == ["publication"]


def test_c17_limitations_on_public_access_are_said_in_one_block(any_record):
    path = (
        "gmd:identificationInfo/*/gmd:resourceConstraints/gmd:MD_LegalConstraints"
        "[count(gmd:accessConstraints/*[@codeListValue='otherRestrictions']) = 1]"
        f"[gmd:otherConstraints/gmx:Anchor[starts-with(@xlink:href, '{REGISTER}"
        "/LimitationsOnPublicAccess/')]]"
    )
    assert len(ask(any_record, path)) == 1


def test_c18_the_conditions_of_use_are_an_anchor_and_at_most_one_text(any_record):
    path = (
        "gmd:identificationInfo/*/gmd:resourceConstraints/gmd:MD_LegalConstraints"
        "[count(gmd:useConstraints/*[@codeListValue='otherRestrictions']) = 1]"
    )
    (block,) = ask(any_record, path)
    texts = ask(block, "gmd:otherConstraints/gco:CharacterString/text()")
    (href,) = ask(block, "gmd:otherConstraints/gmx:Anchor/@xlink:href")
    said = {found.uri: [found.text] for found in LICENCES.values()}
    unknown = f"{REGISTER}/ConditionsApplyingToAccessAndUse/conditionsUnknown"
    assert texts == {**said, unknown: []}[href]


def test_c19_the_box_has_at_least_two_decimals_and_is_in_order(data_record):
    (box,) = ask(
        data_record,
        "gmd:identificationInfo/gmd:MD_DataIdentification/gmd:extent/gmd:EX_Extent"
        "/gmd:geographicElement/gmd:EX_GeographicBoundingBox",
    )
    texts = ask(box, "*/gco:Decimal/text()")
    assert len(texts) == 4
    assert all(re.match(r"-?\d+\.\d{2,}", text) for text in texts)
    west, east, south, north = map(float, texts)
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90


def test_c20_to_c22_conformity_is_cited_and_graded(any_record):
    path = (
        "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:report/gmd:DQ_DomainConsistency"
        "/gmd:result/gmd:DQ_ConformanceResult"
    )
    (result,) = ask(any_record, path)
    (level,) = ask(any_record, "gmd:hierarchyLevel/*/@codeListValue")
    number = "976/2009" if level == "service" else "1089/2010"
    assert number in ask(result, "string(gmd:specification/*/gmd:title/*)")
    assert ask(result, "count(gmd:specification//gco:Date)") == 1
    (grade,) = ask(result, "gmd:pass")
    unknown = grade.get(f"{{{NAMESPACES['gco']}}}nilReason") == "unknown"
    assert unknown != bool(ask(grade, "gco:Boolean/text()"))


def test_ds_1_1_1_2_and_1_9_there_is_one_of_each(data_record):
    assert ask(data_record, "gmd:hierarchyLevel/*/@codeListValue")[0] in {
        "dataset",
        "series",
    }
    assert ask(data_record, "count(gmd:identificationInfo)") == 1
    assert ask(data_record, "count(//gmd:MD_DataIdentification)") == 1
    assert ask(data_record, "count(gmd:dataQualityInfo/gmd:DQ_DataQuality)") == 1


def test_ds_1_3_the_identifier_is_an_http_uri_in_plain_text(data_record):
    (code,) = ask(
        data_record,
        "gmd:identificationInfo/*/gmd:citation/*/gmd:identifier/*/gmd:code"
        "/gco:CharacterString/text()",
    )
    assert code.startswith("https://data.example.org/id/")


def test_ds_1_4_each_theme_is_a_text_and_an_anchor(data_record):
    (block,) = ask(
        data_record,
        "gmd:identificationInfo/*/gmd:descriptiveKeywords/gmd:MD_Keywords"
        "[gmd:thesaurusName/*/gmd:title/gco:CharacterString"
        "='GEMET - INSPIRE themes, version 1.0']",
    )
    texts = ask(block, "gmd:keyword/gco:CharacterString/text()")
    anchors = ask(block, "gmd:keyword/gmx:Anchor")
    labels = {theme.uri: {theme.fr, theme.en} for theme in THEMES.values()}
    assert texts
    assert [anchor.text for anchor in anchors] == texts
    for anchor in anchors:
        assert anchor.text in labels[anchor.get(f"{{{NAMESPACES['xlink']}}}href")]


def test_ds_1_5_scale_and_distance_are_apart(samples):
    record = encode_dataset_record(samples["polygons-hvd"], date_stamp=TODAY)
    found = ask(etree.fromstring(record.content), "//gmd:MD_Resolution")
    assert [ask(item, "string(.//gco:Integer)") for item in found] == ["25000", ""]
    assert [ask(item, "string(.//gco:Distance)") for item in found] == ["", "10.5"]


def test_ds_1_8_every_address_passes_the_validators_expression(data_record):
    regex = r"(http://|https://|ftp://)([a-z0-9]{1})((\.[a-z0-9-])|([a-z0-9-]))*\."
    urls = ask(data_record, "gmd:distributionInfo//gmd:onLine//gmd:URL/text()")
    assert urls
    assert all(re.match(regex + r"([a-z0-9-]{1,4})(/?)", url) for url in urls)


def test_ds_1_10_the_regulation_has_the_title_of_the_list(data_record):
    (title,) = ask(data_record, "//gmd:specification//gmd:title/*/text()")
    (language,) = ask(data_record, "gmd:language/*/@codeListValue")
    assert title == {"fre": FRENCH_1089, "eng": ENGLISH_1089}[language]


def test_ds_1_11_lineage_stands_once(data_record):
    assert len(ask(data_record, "//gmd:LI_Lineage/gmd:statement/*/text()")) == 1


DEFAULTS = [
    str(number)
    for number in (
        *range(3038, 3052),
        *(3034, 3035, 4258, 4936, 4937, 5013, 5014, 5015, 5621, 5715, 5730, 5861),
        *(7409, 9389, 9390),
    )
]


def assert_crs_passes(code):
    (anchor,) = ask(code, "gmx:Anchor")
    href = anchor.get(f"{{{NAMESPACES['xlink']}}}href")
    defaults = {f"http://www.opengis.net/def/crs/EPSG/0/{n}" for n in DEFAULTS}
    if any(number in anchor.text for number in DEFAULTS):
        assert href in defaults
    assert not ask(code, "../gmd:codeSpace")


def test_isdss_2_1_to_2_3_every_record_names_its_crs(data_record):
    codes = ask(data_record, "gmd:referenceSystemInfo/*/*/gmd:RS_Identifier/gmd:code")
    assert codes
    for code in codes:
        assert_crs_passes(code)


@pytest.mark.parametrize("srid", [4258, 3035, 2154, 4326, 3857, 23035, 30340, 32631])
def test_isdss_2_2_a_long_code_is_not_taken_for_a_default_one(
    srid, make_dataset, make_collection
):
    plain = make_collection()
    geometry = plain.survey.geometries[0]
    changed = make_collection(
        geometries=(type(geometry)(name="g", type=geometry.type, srid=srid),)
    )
    record = encode_dataset_record(
        make_dataset(collections=(changed,)), date_stamp=TODAY
    )
    (code,) = ask(etree.fromstring(record.content), "//gmd:RS_Identifier/gmd:code")
    assert_crs_passes(code)
    href = ask(code, "string(gmx:Anchor/@xlink:href)")
    assert href == f"http://www.opengis.net/def/crs/EPSG/0/{srid}"


def test_isdss_2_4_the_kind_of_representation_is_said(data_record):
    path = "//gmd:MD_SpatialRepresentationTypeCode/@codeListValue"
    assert set(ask(data_record, path)) <= {"vector", "textTable"}
    assert ask(data_record, path)


def test_isdss_2_6_there_is_one_format_with_a_version_or_a_reason(data_record):
    (found,) = ask(data_record, "//gmd:distributionFormat/gmd:MD_Format")
    assert ask(found, "string(gmd:name/gco:CharacterString)")
    (version,) = ask(found, "gmd:version")
    reason = version.get(f"{{{NAMESPACES['gco']}}}nilReason")
    assert reason == "inapplicable" or ask(version, "string(gco:CharacterString)")


def test_sds_3_1_to_3_8_and_ns_4_1(service_record):
    assert ask(service_record, "gmd:hierarchyLevel/*/@codeListValue") == ["service"]
    assert ask(service_record, "gmd:hierarchyLevelName/*/text()") == ["service"]
    assert ask(service_record, "count(//srv:SV_ServiceIdentification)") == 1
    anchors = ask(service_record, "//gmd:keyword/gmx:Anchor/@xlink:href")
    assert f"{REGISTER}/SpatialDataServiceCategory/infoFeatureAccessService" in anchors
    assert ask(service_record, "//srv:serviceType/gco:LocalName/text()") == ["download"]
    (operated,) = ask(service_record, "//srv:operatesOn")
    href = operated.get(f"{{{NAMESPACES['xlink']}}}href")
    assert re.fullmatch(r"https://geo\.example\.org/records/\w+\.xml", href)
    assert ask(service_record, "gmd:distributionInfo//gmd:URL/text()")
    scope = "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:scope/gmd:DQ_Scope"
    assert ask(service_record, f"{scope}/gmd:level/*/@codeListValue") == ["service"]
    other = f"{scope}/gmd:levelDescription/gmd:MD_ScopeDescription/gmd:other/*/text()"
    assert ask(service_record, other) == ["service"]


def test_a_service_is_coupled_with_the_identifier_in_the_record_of_its_data(samples):
    data = encode_dataset_record(samples["points"], date_stamp=TODAY)
    service = encode_service_record(samples["points"], date_stamp=TODAY)
    (code,) = ask(
        etree.fromstring(data.content), "//gmd:identifier/*/gmd:code/*/text()"
    )
    (uuidref,) = ask(etree.fromstring(service.content), "//srv:operatesOn/@uuidref")
    assert uuidref == code


def test_a_restricted_dataset_names_its_article_in_the_guides_own_words(samples):
    record = encode_dataset_record(samples["restricted"], date_stamp=TODAY)
    anchor, _ = ask(
        etree.fromstring(record.content), "//gmd:otherConstraints/gmx:Anchor"
    )
    assert anchor.get(f"{{{NAMESPACES['xlink']}}}href") == (
        f"{REGISTER}/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1h"
    )
    assert anchor.text == (
        "L124-4-I-2 du code de l'environnement "
        "(Directive 2007/2/CE (INSPIRE), Article 13.1.h)"
    )


def test_high_value_is_said_the_european_and_the_national_way(samples):
    record = encode_dataset_record(samples["polygons-hvd"], date_stamp=TODAY)
    root = etree.fromstring(record.content)
    category = "http://data.europa.eu/bna/c_ac64a52d"
    anchors = ask(root, f"//gmd:keyword[gmx:Anchor/@xlink:href='{category}']/..")
    vocabularies = [
        ask(block, "string(gmd:thesaurusName/*/gmd:title/*)") for block in anchors
    ]
    free = ask(root, "//gmd:MD_Keywords[not(gmd:thesaurusName)]/gmd:keyword/*/text()")
    assert vocabularies == ["High-value dataset categories", ""]
    assert {"hvd", "Géospatiales"} <= set(free)
    assert ask(
        root,
        "//gmx:Anchor[@xlink:href='http://data.europa.eu/eli/reg_impl/2023/138/oj']",
    )
