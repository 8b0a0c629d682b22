"""What a dataset lacks is said once, and nothing that forbids publishing is lost."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from metadata.checks import check_dataset, check_record, rule_set, without_repeats
from metadata.checks.rules import HOUSE_RULES, INSPIRE_RULES
from metadata.dataset import Dataset
from metadata.finding import Finding, Severity
from metadata.iso19139 import encode_dataset_record, encode_service_record
from metadata.stated import Access, Contact, Frequency

TODAY = date(2026, 6, 1)
COVERING = [rule for rule in rule_set(HOUSE_RULES).rules.values() if rule.covers]


def judged(dataset: Dataset) -> tuple[list[Finding], list[Finding]]:
    own = list(check_dataset(dataset, today=TODAY))
    encoders = (encode_dataset_record, encode_service_record)
    records = [encode(dataset, date_stamp=TODAY) for encode in encoders]
    return own, [flaw for record in records for flaw in check_record(record)]


@pytest.mark.parametrize(
    ("stated", "once"),
    [
        ({"title": ""}, "dataset.title.missing"),
        ({"abstract": ""}, "dataset.abstract.missing"),
        ({"lineage": ""}, "dataset.lineage.missing"),
        ({"themes": ()}, "dataset.themes.missing"),
        ({"topics": ()}, "dataset.topics.missing"),
        ({"themes": ("x",)}, "dataset.themes.unknown"),
        ({"topics": ("x",)}, "dataset.topics.unknown"),
        ({"licence": "lov2"}, "dataset.licence.named"),
        ({"licence": "x"}, "dataset.licence.unknown"),
        ({"licence": "CC BY-NC"}, "dataset.licence.closed"),
        ({"language": "fra"}, "dataset.language.unknown"),
        (
            {"contacts": (Contact(organisation="X", email=""),)},
            "dataset.email.invalid",
        ),
    ],
)
def test_one_fact_is_one_finding(
    make_dataset, stated: dict[str, Any], once: str
) -> None:
    own, of_records = judged(make_dataset(frequency=Frequency.DAILY, **stated))
    assert of_records
    assert [f.code for f in (*own, *without_repeats(own, of_records))] == [once]


def test_another_fact_is_still_said(make_dataset) -> None:
    broken = make_dataset(title="", access=Access.RESTRICTED, access_limitation="")
    own, of_records = judged(broken)
    left = {f.code for f in without_repeats(own, of_records)}
    assert left
    assert "inspire.common.C.8" not in left


def test_without_a_finding_of_the_dataset_all_are_said(make_dataset) -> None:
    _, of_records = judged(make_dataset(title=""))
    assert list(without_repeats([], of_records)) == of_records


@pytest.mark.parametrize("rule", COVERING, ids=lambda rule: rule.code)
def test_only_an_error_covers_errors(rule) -> None:
    inspire = rule_set(INSPIRE_RULES).rules
    assert rule.severity is Severity.ERROR
    assert rule.covers <= inspire.keys()
