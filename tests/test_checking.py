"""`docs/checking.md` explains every finding there is, in the words that are printed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from metadata.checks.rules import HOUSE_RULES, INSPIRE_RULES, Rule, rule_set
from providers.survey_findings import sentences

ROOT = Path(__file__).resolve().parent.parent
PAPER = ROOT / "docs" / "checking.md"
ROOMS = ("metadata", "providers", "service", "gateway")
BEGIN, END = "<!-- begin {} -->\n", "<!-- end {} -->\n"
FILLED = {"subject": "ID", "element": "the field"}


def shown(words: str) -> str:
    """Return a message with what was found left open."""
    text = re.sub(r"\{(\w*)[^}]*\}", lambda m: FILLED.get(m[1], "…"), words)
    return " ".join(text.replace("<", "&lt;").split())


def line(code: str, severity: str, reasons: list[str], hints: list[str]) -> str:
    """Return one finding: code, weight, what it may say, and the remedies."""
    found = " *or* ".join(dict.fromkeys(map(shown, reasons)))
    remedy = " *or* ".join(dict.fromkeys(filter(None, map(shown, hints))))
    return f"- `{code}` ({severity}): {found} → {remedy}\n"


def of_rule(rule: Rule) -> str:
    reasons = [words.en for words in rule.reasons.values()]
    hints = [words.en for words in rule.hints.values()]
    return line(rule.code, rule.severity, reasons, hints)


def of_rules(name: str) -> str:
    return "".join(map(of_rule, rule_set(name).rules.values()))


def of_survey() -> str:
    return "".join(
        line(
            f"survey.{code}",
            entry["severity"],
            [entry["reason"]["en"]],
            [entry[k]["en"] for k in ("hint", "hint_in_file") if k in entry],
        )
        for code, entry in sentences().items()
    )


@pytest.mark.parametrize(
    ("part", "made"),
    [
        ("house", lambda: of_rules(HOUSE_RULES)),
        ("survey", of_survey),
        ("inspire", lambda: of_rules(INSPIRE_RULES)),
    ],
)
def test_the_paper_has_every_rule_as_it_is_printed(part, made, bless) -> None:
    text = PAPER.read_text(encoding="utf-8")
    begin, end = BEGIN.format(part), END.format(part)
    before, _, rest = text.partition(begin)
    there, _, after = rest.partition(end)
    if bless:
        PAPER.write_text(f"{before}{begin}{made()}{end}{after}", encoding="utf-8")
        return
    assert there == made(), "./run test tests/test_checking.py --bless writes it anew"


def codes_in_code() -> Iterator[str]:
    """Yield the codes of the findings that no rule set holds."""
    for path in (p for room in ROOMS for p in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                given = [k.value for k in node.keywords if k.arg == "code"]
                if node.func.id == "problem":
                    given += node.args[:1]
                if node.func.id in {"Finding", "problem"}:
                    yield from (
                        each.value
                        for each in given
                        if isinstance(each, ast.Constant) and "." in str(each.value)
                    )


def test_every_other_finding_has_its_line_too() -> None:
    codes = set(codes_in_code())
    assert "dataset.table-missing" in codes
    text = PAPER.read_text(encoding="utf-8")
    missing = {code for code in codes if f"`{code}`" not in text}
    assert missing == set()
