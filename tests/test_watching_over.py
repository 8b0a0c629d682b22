"""`docs/watching-over.md` has every finding about links, as heavy as it weighs."""

from __future__ import annotations

from pathlib import Path

import pytest

from metadata.checks.rules import Rule, rule_set
from metadata.links.link import WATCHING_RULES

PAPER = Path(__file__).resolve().parent.parent / "docs" / "watching-over.md"
RULES = rule_set(WATCHING_RULES).rules


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_paper_has_the_finding(rule: Rule) -> None:
    lines = PAPER.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if f"`{rule.code}`" in line]
    assert any(rule.severity.value in line for line in named)


@pytest.mark.parametrize("limit", ["failures", "failing_hours"])
def test_the_paper_says_the_limits_that_count(limit: str) -> None:
    said = {"failures": (3, "three failures"), "failing_hours": (24, "a day ago")}
    value, words = said[limit]
    assert rule_set(WATCHING_RULES).limits[limit] == value
    assert words in PAPER.read_text(encoding="utf-8")
