"""Stated and measured are joined; a table gone is not a table that fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from metadata.dataset import published_columns
from metadata.describing import describe_all
from metadata.finding import Finding, Severity, Text
from metadata.measured import Extent, Field, FieldType, Period, TemporalExtent
from metadata.stated import Access, Columns, Status

NOBODY = Text("", "")


def joined(datasets, *, without=(), failing=(), once_measured=None):
    descriptions = [d.description for d in datasets]
    surveys = [
        c.survey
        for d in datasets
        for c in d.collections
        if c.id not in {*without, *failing}
    ]
    findings = [
        Finding(
            severity=Severity.ERROR,
            code="survey.failed",
            subject=str(c.survey.source),
            element="",
            reason=NOBODY,
            hint=NOBODY,
        )
        for d in datasets
        for c in d.collections
        if c.id in failing
    ]
    return describe_all(
        descriptions,
        surveys,
        findings,
        organisation=datasets[0].organisation,
        service_url=datasets[0].service_url,
        once_measured=once_measured,
    )


@pytest.fixture
def two(make_dataset, make_collection):
    """One dataset of one table, and one of two tables."""
    pair = (make_collection("routes"), make_collection("carrefours"))
    return [make_dataset("communes"), make_dataset("voirie", collections=pair)]


def test_datasets_whose_tables_are_all_found_are_joined(two):
    described = joined(two)

    assert list(described.datasets) == two
    assert not described.findings


def test_a_dataset_none_of_whose_tables_exists_is_gone(two):
    described = joined(two, without=["routes", "carrefours"])

    assert described.gone == ("voirie",)
    assert {f.code for f in described.findings} == {"dataset.table-missing"}


def test_a_dataset_whose_tables_nobody_ever_saw_is_held(two):
    first, second = (c.survey.source for c in two[1].collections)
    gone = ["routes", "carrefours"]

    assert joined(two, without=gone, once_measured={first, second}).gone == ("voirie",)
    described = joined(two, without=gone, once_measured={first})

    assert (described.gone, described.held) == ((), ("voirie",))
    assert {f.code for f in described.findings} == {"dataset.table-missing"}


def test_a_dataset_that_lost_one_table_of_two_is_held(two):
    described = joined(two, without=["routes"])

    assert (described.gone, described.held) == ((), ("voirie",))
    assert [d.id for d in described.datasets] == ["communes"]


def test_a_table_that_fails_is_not_gone(two):
    described = joined(two, failing=["communes"])

    assert (described.gone, described.held) == ((), ("communes",))


def test_the_default_licence_holds_only_for_what_the_organisation_made(make_dataset):
    ours = make_dataset()
    theirs = make_dataset(producer="IGN")
    stated = make_dataset(producer="IGN", licence="odbl-1.0")

    assert [d.licence for d in (ours, theirs, stated)] == ["etalab-2.0", "", "odbl-1.0"]


def test_an_excluded_column_is_neither_published_nor_a_key(make_collection):
    columns = Columns(exclude=("id",), rename={"nom": "name"})
    collection = make_collection(columns=columns)

    assert [c.name for c in published_columns(collection)] == ["name"]
    assert collection.key == ()


def test_a_column_is_described_by_a_person_else_by_its_comment(make_collection):
    fields = tuple(
        Field(name=n, type=FieldType.STRING, native_type="text", comment=f"#{n}")
        for n in ("a", "b")
    )
    collection = make_collection(
        fields=fields, columns=Columns(describe={"a": "Un mot."})
    )

    assert [c.description for c in published_columns(collection)] == ["Un mot.", "#b"]


def test_extent_and_period_are_unions_over_collections(make_dataset, make_collection):
    boxes = [Extent(2.0, 48.0, 3.0, 49.0), Extent(1.0, 48.5, 2.5, 50.0)]
    times = [("2001-01-01", "2003-01-01"), ("2002-01-01", "2009-12-31")]
    dataset = make_dataset(
        collections=tuple(
            make_collection(
                f"t{number}",
                extent=box,
                periods=(Period(field="vu", start=start, end=end),),
            )
            for number, (box, (start, end)) in enumerate(zip(boxes, times, strict=True))
        )
    )

    assert dataset.extent == Extent(1.0, 48.0, 3.0, 50.0)
    assert dataset.temporal == TemporalExtent(start="2001-01-01", end="2009-12-31")


def test_an_excluded_date_says_nothing_of_the_period(make_dataset, make_collection):
    periods = (
        Period(field="construit", start="1950-01-01", end="2020-12-31"),
        Period(field="naissance", start="1931-05-02", end="2008-01-01"),
    )
    columns = Columns(exclude=("naissance",))
    collection = make_collection(periods=periods, columns=columns)

    assert make_dataset(collections=(collection,)).temporal == TemporalExtent(
        start="1950-01-01", end="2020-12-31"
    )


@pytest.mark.parametrize(
    ("stated", "record", "data"),
    [
        ({}, True, True),
        ({"status": Status.DRAFT}, False, False),
        ({"status": Status.WITHDRAWN}, False, False),
        ({"access": Access.RESTRICTED}, True, False),
        ({"access": Access.INTERNAL}, False, False),
        ({"publish_from": date(2026, 6, 1)}, False, False),
        ({"publish_from": date(2026, 5, 1)}, True, True),
    ],
    ids=["open", "draft", "withdrawn", "restricted", "internal", "later", "due"],
)
def test_only_what_was_approved_goes_out(make_dataset, stated, record, data):
    dataset = replace(
        make_dataset(), description=replace(make_dataset().description, **stated)
    )
    today = date(2026, 5, 1)

    assert (dataset.has_record(today), dataset.serves_data(today)) == (record, data)


@pytest.mark.parametrize(
    ("comment", "abstract"),
    [
        ("Communes\nLes communes au 1er janvier.", "Les communes au 1er janvier."),
        ("Communes.\n\nLes communes.", "Les communes."),
        ("Communes", "Communes"),
        ("Communes\n", "Communes"),
        ("Communes et cantons\nTous.", "Communes et cantons\nTous."),
        ("", ""),
    ],
)
def test_an_abstract_from_a_comment_does_not_say_the_title_again(
    make_dataset, make_collection, comment, abstract
):
    table = make_collection("communes")
    table = replace(table, survey=replace(table.survey, comment=comment))
    dataset = make_dataset("communes", collections=(table,))
    said = replace(dataset.description, title="Communes", abstract="")

    assert replace(dataset, description=said).abstract == abstract
