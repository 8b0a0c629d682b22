"""The sentences of survey findings: all there, in both languages, all used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from metadata.finding import Severity
from providers import survey
from providers.survey_findings import sentences, survey_finding

SOURCES = sorted(Path(survey.__file__).parent.glob("*survey*.py"))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def literals() -> Iterator[str]:
    """Every text in the modules of the survey; codes are among them."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.mark.parametrize("code", sorted(sentences()))
def test_each_finding_is_said_alike_in_both_languages(code: str) -> None:
    entry = sentences()[code]
    Severity(entry["severity"])
    for part in ("reason", "hint"):
        french, english = entry[part]["fr"], entry[part]["en"]
        assert french != english
        allowed = {"said_fr"} | {"said_en"}
        assert placeholders(french) - allowed == placeholders(english) - allowed


@pytest.mark.parametrize("code", sorted(sentences()))
def test_each_finding_can_occur(code: str) -> None:
    assert code in set(literals())


def test_a_code_without_sentences_cannot_be_reported() -> None:
    with pytest.raises(KeyError):
        survey_finding("never-heard-of", "sig")


def test_values_are_never_taken_for_placeholders() -> None:
    found = survey_finding("schema-missing", "sig", schema="{schema} {0} {}")
    assert found.reason.en.startswith("There is no schema “{schema} {0} {}”")
    assert found.code == "survey.schema-missing"


@pytest.mark.parametrize(
    "code", [code for code, entry in sentences().items() if "hint_in_file" in entry]
)
def test_a_file_is_never_mended_by_the_statements_of_a_database(code: str) -> None:
    hint = sentences()[code]["hint_in_file"]
    assert hint["fr"] != hint["en"]
    for text in hint.values():
        assert "QGIS" in text
        assert not {"SELECT", "CREATE", "ST_"} & set(text.replace("(", " ").split())
