"""What goes into a record where the standards leave a choice."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from lxml import etree

from metadata.content import CitationDate, DateType, Label, OnlineFunction
from metadata.iso19139 import (
    dataset_content,
    encode_dataset_record,
    encode_service_record,
    service_content,
)
from metadata.measured import Extent, GeometryColumn, GeometryType, Period
from metadata.record import RecordKind
from metadata.schemas import schema_errors
from metadata.stated import Access, Columns, Dates, Frequency, StatedExtent

TODAY = date(2026, 5, 4)


def box_of(dataset):
    box = dataset_content(dataset).identification.extent
    return box and tuple(map(str, (box.west, box.south, box.east, box.north)))


def test_an_extent_is_rounded_outwards_to_four_decimals(make_dataset, make_collection):
    extent = Extent(-1.23456, 48.80001, 2.33331, 49.99999)
    dataset = make_dataset(collections=(make_collection(extent=extent),))
    assert box_of(dataset) == ("-1.2346", "48.8000", "2.3334", "50.0000")


def test_a_bound_of_four_decimals_stays_what_it_is(make_dataset, make_collection):
    extent = Extent(-180.0, -90.0, 2.3333, 0.0)
    dataset = make_dataset(collections=(make_collection(extent=extent),))
    assert box_of(dataset) == ("-180.0000", "-90.0000", "2.3333", "0.0000")


def test_a_bound_that_rounds_to_zero_has_no_sign(make_dataset, make_collection):
    extent = Extent(-1.0, -1.0, -0.00001, -0.00001)
    dataset = make_dataset(collections=(make_collection(extent=extent),))
    assert box_of(dataset) == ("-1.0000", "-1.0000", "0.0000", "0.0000")


def test_the_measured_extent_counts_before_the_stated_one(make_dataset):
    stated = StatedExtent(west=0, south=0, east=1, north=1)
    assert box_of(make_dataset(extent=stated))[0] == "2.2881"


def test_without_any_extent_there_is_none(make_dataset, make_collection):
    assert box_of(make_dataset(collections=(make_collection(extent=None),))) is None


def dates_of(dataset):
    found = dataset_content(dataset).identification.dates
    return {item.type: item.day for item in found}


def test_the_last_change_in_the_silo_is_the_revision(make_dataset, make_collection):
    moments = [datetime(2025, 6, day, 12, tzinfo=UTC) for day in (1, 30)]
    made = tuple(
        make_collection(f"t{i}", changed_at=when) for i, when in enumerate(moments)
    )
    dataset = make_dataset(collections=made, dates=Dates(created=date(2020, 1, 1)))
    assert dates_of(dataset) == {
        DateType.CREATION: "2020-01-01",
        DateType.REVISION: "2025-06-30",
    }


def test_a_stated_revision_counts_before_the_measured_one(
    make_dataset, make_collection
):
    changed = make_collection(changed_at=datetime(2025, 6, 1, tzinfo=UTC))
    dataset = make_dataset(
        collections=(changed,), dates=Dates(revised=date(2024, 2, 3))
    )
    assert dates_of(dataset) == {DateType.REVISION: "2024-02-03"}


def test_without_any_date_the_day_of_the_survey_stands(make_dataset):
    found = dataset_content(make_dataset(dates=Dates())).identification.dates
    assert found == (CitationDate("2026-03-02", DateType.REVISION),)


def test_the_survey_adds_no_date_where_one_is_stated(make_dataset):
    dataset = make_dataset(dates=Dates(published=date(2020, 5, 4)))
    assert dates_of(dataset) == {DateType.PUBLICATION: "2020-05-04"}


def test_without_a_licence_nothing_is_said_of_use(make_dataset):
    content = dataset_content(make_dataset(producer="Quelqu'un d'autre"))
    (access,) = content.identification.constraints
    assert access.on_access
    assert not access.on_use


def test_conditions_that_nobody_stated_are_unknown_and_no_licence(make_dataset):
    dataset = make_dataset(
        access=Access.RESTRICTED,
        access_limitation="e",
        licence="conditions-unknown",
    )
    use = dataset_content(dataset).identification.constraints[-1]
    address = "http://inspire.ec.europa.eu/metadata-codelist"
    assert use.on_use
    assert use.others == (
        Label(
            "Conditions d'accès et d'utilisation inconnues",
            f"{address}/ConditionsApplyingToAccessAndUse/conditionsUnknown",
        ),
    )


@pytest.mark.parametrize("side", [math.nan, math.inf, -math.inf])
def test_an_extent_that_is_no_box_of_numbers_is_left_out(
    make_dataset, make_collection, side
):
    wrong = make_collection(extent=Extent(side, 48.8, 2.6, 49.0))
    content = dataset_content(make_dataset(collections=(wrong,)))
    assert content.identification.extent is None


def test_an_excluded_geometry_is_told_to_nobody(make_dataset, make_collection):
    hidden = make_collection(columns=Columns(exclude=("geom",)))
    content = dataset_content(make_dataset(collections=(hidden,)))
    assert content.identification.representations == ("textTable",)
    assert content.identification.extent is None
    assert [system.text for system in content.reference_systems] == [
        "Sans objet : table sans géométrie"
    ]


def test_the_extent_of_another_geometry_column_is_not_borrowed(
    make_dataset, make_collection
):
    columns = tuple(
        GeometryColumn(name=name, type=GeometryType.POINT, srid=2154)
        for name in ("geom", "entree")
    )
    second = make_collection(geometries=columns, geometry="entree")
    stated = StatedExtent(west=2.2, south=48.7, east=2.7, north=49.1)
    dataset = make_dataset(collections=(second,), extent=stated)
    box = dataset_content(dataset).identification.extent
    assert (box.west, box.north) == (Decimal("2.2000"), Decimal("49.1000"))


@pytest.mark.parametrize("letter", ["", "none", "z"])
def test_a_restriction_without_its_article_is_not_invented(make_dataset, letter):
    dataset = make_dataset(access=Access.RESTRICTED, access_limitation=letter)
    constraints = dataset_content(dataset).identification.constraints
    assert not any(block.on_access for block in constraints)


def test_restricted_data_can_only_be_asked_for(samples):
    content = dataset_content(samples["restricted"])
    assert [(link.url, link.function) for link in content.online] == [
        ("https://geo.example.org/records/rapaces.xml", OnlineFunction.ORDER),
        ("https://www.example.org/rapaces", OnlineFunction.INFORMATION),
    ]
    assert content.formats[0].name == Label("Non diffusé")


def test_unknown_codes_are_left_out(make_dataset):
    dataset = make_dataset(
        themes=("au", "zz"),
        topics=("nowhere", "boundaries"),
        hvd=("gold",),
        spatial_scope="galactic",
        licence="mine",
    )
    found = dataset_content(dataset).identification
    assert found.topics == ("boundaries",)
    assert len(found.keywords) == 2
    assert not any(block.on_use for block in found.constraints)


def test_keywords_are_said_once_whatever_their_case(make_dataset):
    dataset = make_dataset(keywords=(" Commune ", "commune", "", "HVD", "canton"))
    (*_, free) = dataset_content(dataset).identification.keywords
    assert free.keywords == (Label("Commune"), Label("HVD"), Label("canton"))


def test_a_table_without_geometry_says_so(samples):
    content = dataset_content(samples["table"])
    assert content.identification.representations == ("textTable",)
    assert content.reference_systems == (
        Label(
            "Not applicable: table without geometry",
            "http://www.opengis.net/def/nil/OGC/0/inapplicable",
        ),
    )


def test_a_table_beside_a_layer_is_both(make_dataset, make_collection):
    made = (make_collection("a"), make_collection("b", geometries=(), extent=None))
    content = dataset_content(make_dataset(collections=made))
    assert content.identification.representations == ("vector", "textTable")
    assert [label.text for label in content.reference_systems] == ["EPSG:2154"]


def test_each_crs_is_named_once(samples):
    labels = dataset_content(samples["polygons-hvd"]).reference_systems
    assert [label.text for label in labels] == ["EPSG:2154", "EPSG:3035"]


def test_a_crs_is_the_stated_one_where_the_silo_knows_none(
    make_dataset, make_collection
):
    known = make_collection()
    unknown = replace(known.survey.geometries[0], srid=0)
    made = make_collection(geometries=(unknown,), crs=2154)
    (label,) = dataset_content(make_dataset(collections=(made,))).reference_systems
    assert label.href == "http://www.opengis.net/def/crs/EPSG/0/2154"


def test_a_crs_that_epsg_does_not_know_is_left_out(make_dataset, make_collection):
    geometry = replace(make_collection().survey.geometries[0], srid=910_001)
    made = make_collection(geometries=(geometry,))
    assert dataset_content(make_dataset(collections=(made,))).reference_systems == ()


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (("2020-01-01", "2021-01-01"), ("2020-01-01", "2021-01-01")),
        (("-infinity", "2021-01-01T00:00:00Z"), ("", "2021-01-01T00:00:00Z")),
        (("2020-01-01", "infinity"), ("2020-01-01", "")),
        (("2020-02-30", "2021-13-01T00:00:00Z"), None),
        (("2019-12-31T24:61:00", "2021-01-01"), ("", "2021-01-01")),
        (("", ""), None),
        (("soon", "later"), None),
    ],
)
def test_moments_that_are_none_count_as_unknown(
    measured, expected, make_dataset, make_collection
):
    start, end = measured
    made = make_collection(periods=(Period(field="vu", start=start, end=end),))
    found = dataset_content(make_dataset(collections=(made,))).identification.temporal
    assert (found and (found.start, found.end)) == expected


def test_ids_of_gml_are_made_of_the_records_identifier(samples):
    record = encode_dataset_record(samples["points"], date_stamp=TODAY)
    (period,) = etree.fromstring(record.content).iter(
        "{http://www.opengis.net/gml/3.2}TimePeriod"
    )
    found = period.get("{http://www.opengis.net/gml/3.2}id")
    assert found == f"period-{record.identifier}"


def test_the_organisations_frequency_serves_where_none_is_stated(make_dataset):
    usual = make_dataset().organisation
    organisation = replace(usual, frequency=Frequency.ANNUALLY)
    stated = make_dataset(organisation=organisation, frequency=Frequency.DAILY)
    unstated = make_dataset(organisation=organisation)
    assert dataset_content(stated).identification.frequency is Frequency.DAILY
    assert dataset_content(unstated).identification.frequency is Frequency.ANNUALLY


@pytest.mark.parametrize("value", [0, -1])
def test_impossible_scales_and_resolutions_are_left_out(make_dataset, value):
    dataset = make_dataset(scale=value, resolution=float(value))
    found = dataset_content(dataset).identification
    assert (found.scale, found.resolution) == (None, None)


def test_a_resolution_is_never_written_with_an_exponent(make_dataset):
    dataset = make_dataset(resolution=1e-7)
    record = encode_dataset_record(dataset, date_stamp=TODAY)
    assert dataset_content(dataset).identification.resolution == Decimal("1e-7")
    assert b">0.0000001</gco:Distance>" in record.content


def test_characters_that_xml_cannot_hold_are_seen_to_be_missing(make_dataset):
    dataset = make_dataset(title="Com\x00munes", abstract="un\r\ndeux\x0btrois")
    found = dataset_content(dataset).identification
    assert found.title == "Com\ufffdmunes"
    assert found.abstract == "un\ndeux\ufffdtrois"


def test_a_dataset_without_anything_stated_is_still_schema_valid(make_dataset):
    dataset = make_dataset(
        title="", abstract="", lineage="", producer="", themes=(), topics=()
    )
    dataset = replace(
        dataset, organisation=replace(dataset.organisation, name="", email="")
    )
    for encode in (encode_dataset_record, encode_service_record):
        assert schema_errors(encode(dataset, date_stamp=TODAY).content) == ()


def test_records_say_what_they_are_of(samples):
    series, data = samples["polygons-hvd"], samples["points"]
    assert encode_dataset_record(series, date_stamp=TODAY).kind is RecordKind.SERIES
    assert encode_dataset_record(data, date_stamp=TODAY).kind is RecordKind.DATASET
    service = encode_service_record(data, date_stamp=TODAY)
    assert service.kind is RecordKind.SERVICE
    assert service.name == "service-bornes_recharge"
    assert service.identifier == data.description.service_identifier


def test_the_service_has_an_identifier_of_its_own(samples):
    data = dataset_content(samples["points"]).identification.identifier
    service = service_content(samples["points"]).identification.identifier
    assert service == f"{data}/service"
