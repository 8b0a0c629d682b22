"""Rule sets are data: each rule has its function and its words, in both languages."""

from __future__ import annotations

import string
import time
from dataclasses import replace
from datetime import date

import pytest

from metadata.checks import (
    check_dataset,
    check_record,
    check_records,
    duplicates,
    inspire,
    model,
    rule_set,
    sets,
)
from metadata.checks.rules import (
    HOUSE_RULES,
    INSPIRE_RULES,
    Rule,
    RulesUnreadable,
    flaw,
    read_rules,
)
from metadata.finding import Severity, Text
from metadata.iso19139 import encode_dataset_record, encode_service_record

TODAY = date(2026, 6, 1)
EVERY_RULE = [
    rule
    for name in (INSPIRE_RULES, HOUSE_RULES)
    for part in (rule_set(name).rules, rule_set(name).manual)
    for rule in part.values()
]
SMALL = """
name = "small"
version = "1"
source = "a test"
document = "Paper"

[rules."inspire.common.C.20"]
severity = "warning"
clause = "2"
reasons.absent = { fr = "Rien.", en = "Nothing." }
hint = { fr = "Faites.", en = "Do." }
"""


def names(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


def test_each_inspire_rule_has_a_function_and_each_function_a_rule():
    assert set(rule_set(INSPIRE_RULES).rules) == set(inspire.REQUIREMENTS)


def test_each_rule_of_the_house_has_a_function_and_each_function_a_rule():
    functions = {
        *model.REQUIREMENTS,
        *sets.REQUIREMENTS,
        *duplicates.REQUIREMENTS,
    }

    assert set(rule_set(HOUSE_RULES).rules) == functions


def test_what_only_a_person_can_judge_has_no_function():
    manual = rule_set(INSPIRE_RULES).manual

    assert set(manual) == {"inspire.sds.3.3"}
    assert not set(manual) & set(inspire.REQUIREMENTS)


def test_every_inspire_rule_names_its_clause_and_its_page():
    for rule in rule_set(INSPIRE_RULES).rules.values():
        number = rule.code.rpartition(".")[2]
        document, _, page = rule.reference.partition(": ")
        assert document.startswith("INSPIRE Metadata TG 2.0.1, md ")
        assert document.endswith(number)
        assert page.startswith("http://inspire.ec.europa.eu/id/ats/metadata/2.0/")


def test_as_many_tests_as_the_official_suites_have():
    rules = rule_set(INSPIRE_RULES)

    assert len(list(rules.concerning("dataset"))) == 39
    assert len(list(rules.concerning("series"))) == 39
    assert len(list(rules.concerning("service"))) + len(rules.manual) == 29


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.code)
def test_a_rule_speaks_both_languages_of_the_same_things(rule: Rule):
    for words in (*rule.reasons.values(), *rule.hints.values()):
        assert words.fr.strip() != ""
        assert words.en.strip() != ""
        assert words.fr != words.en
        assert names(words.fr) == names(words.en)


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.code)
def test_a_remedy_is_meant_for_a_reason_that_exists(rule: Rule):
    assert set(rule.hints) - {""} <= set(rule.reasons)


def test_another_version_can_be_put_beside(make_dataset):
    record = encode_dataset_record(make_dataset(), date_stamp=TODAY)
    bare = replace(record, content=record.content.replace(b"DQ_Domain", b"DQ_Other"))

    (finding,) = check_record(bare, rules=read_rules(SMALL))

    assert finding.severity is Severity.WARNING
    assert finding.reason == Text("Rien.", "Nothing.")
    assert finding.hint == Text("Faites.", "Do.")
    assert finding.reference == "Paper, 2"


def test_a_rule_that_no_function_judges_is_refused(make_dataset):
    record = encode_dataset_record(make_dataset(), date_stamp=TODAY)
    rules = read_rules(SMALL.replace("C.20", "C.99"))

    with pytest.raises(RulesUnreadable, match=r"inspire\.common\.C\.99"):
        list(check_record(record, rules=rules))


@pytest.mark.parametrize(
    "content",
    [
        "name = ",
        'name = "x"',
        SMALL.replace("warning", "fatal"),
        SMALL.replace('en = "Do."', 'es = "Haga."'),
        SMALL.replace('clause = "2"', ""),
    ],
    ids=["no TOML", "no rules", "unknown severity", "one language", "no clause"],
)
def test_a_rule_set_that_cannot_be_used_is_refused(content):
    with pytest.raises(RulesUnreadable):
        read_rules(content)


def test_a_rule_set_that_is_not_there_is_refused():
    with pytest.raises(RulesUnreadable, match="inspire-1999"):
        rule_set("inspire-1999")


def test_what_was_found_is_shown_on_one_printable_short_line():
    rule = next(iter(read_rules(SMALL).rules.values()))
    echo = replace(rule, reasons={"x": Text("« {found} »", "“{found}”")})

    finding = echo.finding(
        flaw("x", "e", found="a\n\tb\x00{c}" + "d" * 500), subject="s"
    )

    assert finding.reason.en.startswith("“a b\ufffd{c}ddd")
    assert finding.reason.en.endswith("d…”")
    assert len(finding.reason.en) < 210


def test_a_hundred_datasets_are_judged_in_a_moment(make_dataset):
    made = [make_dataset() for _ in range(100)]
    encoders = (encode_dataset_record, encode_service_record)
    records = [encode(d, date_stamp=TODAY) for d in made for encode in encoders]
    list(check_record(records[0]))
    started = time.perf_counter()

    for dataset in made:
        list(check_dataset(dataset, today=TODAY))
    for record in records:
        list(check_record(record))
    list(check_records(records))

    assert time.perf_counter() - started < 10
