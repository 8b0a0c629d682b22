"""Records of one run are judged together: identifiers of their own, true couplings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from metadata.checks import check_records
from metadata.dataset import Dataset
from metadata.iso19139 import encode_dataset_record, encode_service_record
from metadata.record import Record

TODAY = date(2026, 6, 1)


@pytest.fixture
def two(make_dataset) -> list[Dataset]:
    return [
        make_dataset("communes", record_identifier="r1", service_identifier="s1"),
        make_dataset("cantons", record_identifier="r2", service_identifier="s2"),
    ]


def records_of(datasets: list[Dataset]) -> list[Record]:
    encoders = (encode_dataset_record, encode_service_record)
    return [encode(d, date_stamp=TODAY) for d in datasets for encode in encoders]


def restate(dataset: Dataset, **stated) -> Dataset:
    return replace(dataset, description=replace(dataset.description, **stated))


def told(records) -> list[tuple[str, str]]:
    return [(f.code, f.subject) for f in check_records(records)]


def test_records_that_fit_together_have_no_finding(two):
    assert told(records_of(two)) == []


def test_a_record_identifier_is_never_shared(two):
    first, second = two
    shared = [first, restate(second, record_identifier="r1")]

    assert told(records_of(shared)) == [("records.file-identifier", "cantons")]


def test_a_service_has_another_record_identifier_than_its_data(two):
    first, second = two
    shared = [restate(first, service_identifier="r1"), second]

    assert told(records_of(shared)) == [("records.file-identifier", "communes")]


def test_a_record_without_identifier_is_told_so(two):
    first, second = two
    bare = [restate(first, record_identifier=""), second]

    assert ("records.file-identifier", "communes") in told(records_of(bare))


def test_a_resource_identifier_is_never_shared(two):
    first, second = two
    identifier = first.description.identifier
    shared = [first, restate(second, identifier=identifier)]

    findings = list(check_records(records_of(shared)))

    assert [(f.code, f.subject) for f in findings] == [
        ("records.resource-identifier", "cantons")
    ]
    assert identifier in findings[0].reason.fr
    assert "datasets/cantons.yml" in findings[0].hint.fr


def test_a_service_on_data_that_are_not_published_is_told_so(two):
    _, service, *others = records_of(two)

    assert told([service, *others]) == [("records.coupling", "communes")]


def test_a_service_on_other_peoples_data_is_no_concern_of_ours(two):
    elsewhere = rewritten(
        records_of(two)[1], b"https://geo.example.org/records/", b"https://x.test/"
    )

    assert told([elsewhere]) == []


def test_a_service_names_the_data_that_it_points_at(two):
    communes, service, *others = records_of(two)
    wrong = rewritten(service, b'uuidref="https://data', b'uuidref="https://donnees')

    assert told([communes, wrong, *others]) == [("records.coupling", "communes")]


def test_a_service_may_name_its_data_by_their_record(two):
    communes, service, *others = records_of(two)
    identifier = communes_identifier(service)
    named = rewritten(service, identifier, b'uuidref="r1"')

    assert told([communes, named, *others]) == []


@pytest.mark.parametrize("content", [b"", b"<a", b"<a/>"])
def test_what_cannot_be_read_is_left_to_the_judge_of_one_record(two, content):
    broken = replace(records_of(two)[0], content=content)

    assert [code for code, _ in told([broken])] in ([], ["records.file-identifier"])


def rewritten(record: Record, old: bytes, new: bytes) -> Record:
    if old not in record.content:
        pytest.fail(f"the record has no {old!r}")
    return replace(record, content=record.content.replace(old, new))


def communes_identifier(service: Record) -> bytes:
    return b'uuidref="' + service.content.split(b'uuidref="')[1].split(b'"')[0] + b'"'
