"""GetCapabilities: valid, complete, bilingual, and as INSPIRE's tests demand."""

from __future__ import annotations

import re
from typing import Any

import pytest

EXTENDED = "ows:OperationsMetadata/inspire_ds:ExtendedCapabilities"
DAY = re.compile(r"\d{4}-(1[0-2]|0[1-9])-(3[0-1]|0[1-9]|[1-2][0-9])")


def one(root: Any, path: str, csw: Any) -> str:
    (found,) = root.findall(path, csw.spaces)
    return (found.text or "").strip()


def test_capabilities_are_valid_without_inspire(catalogue: Any, csw: Any) -> None:
    """INSPIRE's schema is not to be had offline; its element is left out here."""
    answer = catalogue.get(request="GetCapabilities")
    root = csw.parsed(answer)
    extended = root.find(EXTENDED, csw.spaces)
    extended.getparent().remove(extended)
    from lxml import etree

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml; charset=UTF-8"
    assert csw.schema_errors(etree.tostring(root)) == []


@pytest.mark.parametrize("prefix", ["inspire_ds", "csw"])
def test_the_schema_location_names_inspire(
    catalogue: Any, csw: Any, prefix: str
) -> None:
    root = csw.parsed(catalogue.get(request="GetCapabilities"))
    location = root.get(f"{{{csw.spaces['xsi']}}}schemaLocation")
    assert csw.spaces[prefix] in location.split()
    assert "inspire_ds.xsd" in location


@pytest.mark.parametrize(
    "path",
    [
        "inspire_common:ResourceType",
        "inspire_common:SpatialDataServiceType",
        "inspire_common:MandatoryKeyword/inspire_common:KeywordValue",
        "inspire_common:Conformity/inspire_common:Specification/inspire_common:Title",
        "inspire_common:Conformity/inspire_common:Degree",
        "inspire_common:MetadataPointOfContact/inspire_common:OrganisationName",
        "inspire_common:MetadataPointOfContact/inspire_common:EmailAddress",
        "inspire_common:MetadataDate",
        "inspire_common:ResponseLanguage/inspire_common:Language",
        "inspire_common:TemporalReference/inspire_common:DateOfLastRevision",
        "inspire_common:SupportedLanguages/inspire_common:DefaultLanguage"
        "/inspire_common:Language",
    ],
)
def test_scenario_2_is_complete(catalogue: Any, csw: Any, path: str) -> None:
    root = csw.parsed(catalogue.get(request="GetCapabilities"))
    assert len(root.findall(EXTENDED, csw.spaces)) == 1
    assert one(root, f"{EXTENDED}/{path}", csw).upper() not in {"", "NONE"}


def test_inspire_values_are_those_of_its_lists(catalogue: Any, csw: Any) -> None:
    root = csw.parsed(catalogue.get(request="GetCapabilities"))
    said = {
        name: one(root, f"{EXTENDED}/inspire_common:{name}", csw)
        for name in ("ResourceType", "SpatialDataServiceType", "MetadataDate")
    }
    assert said["ResourceType"] == "service"
    assert said["SpatialDataServiceType"] == "discovery"
    assert DAY.fullmatch(said["MetadataDate"])
    degree = f"{EXTENDED}/inspire_common:Conformity/inspire_common:Degree"
    assert one(root, degree, csw) in {"conformant", "notConformant", "notEvaluated"}
    assert root.find(f"{EXTENDED}/inspire_common:MetadataUrl", csw.spaces) is None


@pytest.mark.parametrize(
    "path",
    [
        "ows:ServiceIdentification/ows:Title",
        "ows:ServiceIdentification/ows:Abstract",
        "ows:ServiceIdentification/ows:Fees",
        "ows:ServiceIdentification/ows:AccessConstraints",
        "ows:ServiceProvider/ows:ProviderName",
        "ows:ServiceProvider/ows:ServiceContact/ows:ContactInfo/ows:Address"
        "/ows:ElectronicMailAddress",
        "ows:ServiceProvider/ows:ServiceContact/ows:Role",
    ],
)
def test_other_mandatory_elements_say_something(
    catalogue: Any, csw: Any, path: str
) -> None:
    root = csw.parsed(catalogue.get(request="GetCapabilities"))
    assert one(root, path, csw).upper() not in {"", "NONE"}


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({}, "fre"),
        ({"language": "fre"}, "fre"),
        ({"language": "eng"}, "eng"),
        ({"LANGUAGE": "eng"}, "eng"),
        ({"language": "zzz"}, "fre"),
        ({"language": ""}, "fre"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_default(
    catalogue: Any, csw: Any, asked: dict[str, str], answered: str
) -> None:
    root = csw.parsed(catalogue.get(request="GetCapabilities", **asked))
    path = f"{EXTENDED}/inspire_common:ResponseLanguage/inspire_common:Language"
    assert one(root, path, csw) == answered
    title = one(root, "ows:ServiceIdentification/ows:Title", csw)
    assert (
        title
        == {
            "fre": "Catalogue : Données ouvertes",
            "eng": "Catalogue: Données ouvertes",
        }[answered]
    )


def test_supported_languages_are_iso_and_the_default_stands_once(
    catalogue: Any, csw: Any
) -> None:
    answer = catalogue.get(request="GetCapabilities")
    supported = "//inspire_common:SupportedLanguages"
    assert csw.texts(answer, f"{supported}/inspire_common:DefaultLanguage/*") == ["fre"]
    assert csw.texts(answer, f"{supported}/inspire_common:SupportedLanguage/*") == [
        "eng"
    ]


@pytest.mark.parametrize(
    ("constraint", "names"),
    [
        (
            "SupportedISOQueryables",
            "Subject Title Abstract AnyText Format Identifier Modified Type "
            "BoundingBox CRS RevisionDate AlternateTitle CreationDate PublicationDate "
            "OrganisationName HasSecurityConstraints Language ResourceIdentifier "
            "ParentIdentifier KeywordType TopicCategory ResourceLanguage "
            "GeographicDescriptionCode Denominator DistanceValue DistanceUOM "
            "TempExtent_begin TempExtent_end ServiceType ServiceTypeVersion Operation "
            "CouplingType OperatesOn OperatesOnIdentifier OperatesOnName",
        ),
        (
            "AdditionalQueryables",
            "Degree SpecificationTitle SpecificationDate SpecificationDateType "
            "AccessConstraints OtherConstraints Classification "
            "ConditionApplyingToAccessAndUse Lineage ResponsiblePartyRole",
        ),
    ],
)
def test_queryables_are_advertised(
    catalogue: Any, csw: Any, constraint: str, names: str
) -> None:
    path = f"//ows:Operation[@name='GetRecords']/ows:Constraint[@name='{constraint}']/*"
    advertised = csw.texts(catalogue.get(request="GetCapabilities"), path)
    assert set(names.split()) <= set(advertised)


def test_every_operation_has_both_methods(catalogue: Any, csw: Any) -> None:
    answer = catalogue.get(request="GetCapabilities")
    operations = csw.texts(answer, "//ows:Operation/@name")
    assert operations == [
        "GetCapabilities",
        "DescribeRecord",
        "GetDomain",
        "GetRecords",
        "GetRecordById",
    ]
    for method in ("Get", "Post"):
        links = f"//ows:{method}/@*[local-name()='href']"
        assert csw.texts(answer, links) == [catalogue.address] * 5


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"sections": ""}, ["Filter_Capabilities"]),
        (
            {"sections": "OperationsMetadata,ServiceIdentification"},
            ["ServiceIdentification", "OperationsMetadata", "Filter_Capabilities"],
        ),
        (
            {"Sections": "all"},
            [
                "ServiceIdentification",
                "ServiceProvider",
                "OperationsMetadata",
                "Filter_Capabilities",
            ],
        ),
    ],
)
def test_sections_are_those_asked_for(
    catalogue: Any, csw: Any, given: dict[str, str], found: list[str]
) -> None:
    root = csw.parsed(catalogue.get(request="GetCapabilities", **given))
    assert [child.tag.rpartition("}")[2] for child in root] == found


def test_who_has_the_capabilities_gets_little(catalogue: Any, csw: Any) -> None:
    root = csw.parsed(catalogue.get(request="GetCapabilities"))
    sequence = root.attrib["updateSequence"]
    again = catalogue.get(request="GetCapabilities", updateSequence=sequence)
    assert len(csw.parsed(again)) == 1
    older = catalogue.get(request="GetCapabilities", updateSequence="0")
    assert len(csw.parsed(older)) == 4
    newer = catalogue.get(request="GetCapabilities", updateSequence="9" * 15)
    assert csw.exception(newer) == (400, "InvalidUpdateSequence", "updateSequence")


@pytest.mark.parametrize(
    ("versions", "status"), [("2.0.2", 200), ("3.0.0,2.0.2", 200), ("3.0.0", 400)]
)
def test_versions_are_negotiated(
    catalogue: Any, csw: Any, versions: str, status: int
) -> None:
    parameters = {"service": "CSW", "request": "GetCapabilities"}
    answer = catalogue.client.get(
        "/csw", params={**parameters, "acceptversions": versions}
    )
    assert answer.status_code == status
    if status == 400:
        assert csw.exception(answer)[1] == "VersionNegotiationFailed"


def test_posted_capabilities_are_the_same(catalogue: Any, csw: Any) -> None:
    posted = catalogue.post(
        '<csw:GetCapabilities xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" '
        'service="CSW"/>'
    )
    assert posted.content == catalogue.get(request="GetCapabilities").content
