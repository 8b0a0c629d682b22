"""Descriptions are read strictly, every problem with its line."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from metadata.description import (
    approved,
    description_schema,
    read_description,
    read_descriptions,
)
from metadata.errors import DescriptionError
from metadata.stated import Proposal, Status

GOOD = """\
id: communes
status: draft
title: Communes
identifier: https://data.example.org/id/communes
record_identifier: fr-229300082-jdd-1
service_identifier: fr-229300082-srv-1
collections:
  - id: communes
    source: {silo: sig, container: public, table: communes}
"""


def write(folder: Path, text: str, name: str = "communes") -> Path:
    path = folder / f"{name}.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_words_that_look_like_something_else_stay_words(tmp_path):
    path = write(tmp_path, GOOD + "keywords: [no, 01001, 12:30, '2024']\n")

    assert read_description(path).keywords == ("no", "01001", "12:30", "2024")


def test_dates_and_nested_parts_are_typed(tmp_path):
    path = write(tmp_path, GOOD + "dates: {created: 2018-01-31}\nscale: 25000\n")

    description = read_description(path)

    assert description.dates.created == date(2018, 1, 31)
    assert description.scale == 25000
    assert description.collections[0].source.table == "communes"


@pytest.mark.parametrize(
    ("added", "code", "element", "line"),
    [
        ("titre: x", "unexpected_keyword_argument", "titre", 10),
        ("access: public", "enum", "access", 10),
        ("themes: au", "tuple_type", "themes", 10),
        ("publish_from: 2026-13-45", "date_from_datetime_parsing", "publish_from", 10),
        ("dates:\n  created: 2018", "date_from_datetime_inexact", "dates.created", 11),
        ("scale: 1.5", "int_from_float", "scale", 10),
        ("title: Encore", "repeated", "title", 10),
        ("contacts:\n  - {organisation: x}", "missing", "contacts.0.email", 11),
        ("lineage: [", "syntax", "", 11),
    ],
)
def test_a_problem_names_its_field_and_its_line(tmp_path, added, code, element, line):
    path = write(tmp_path, GOOD + added + "\n")

    with pytest.raises(DescriptionError) as caught:
        read_description(path)

    (finding,) = caught.value.findings
    assert finding.code == f"description.{code}"
    assert finding.element == element
    assert finding.subject.endswith(f"communes.yml:{line}")
    assert finding.reason.fr
    assert finding.hint.en


def test_all_problems_of_a_file_are_reported_at_once(tmp_path):
    path = write(tmp_path, GOOD + "titre: x\nscale: beaucoup\naccess: public\n")

    with pytest.raises(DescriptionError) as caught:
        read_description(path)

    assert {f.element for f in caught.value.findings} == {"titre", "scale", "access"}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("id: communes\nstatus", "id: autre\nstatus", "description.id"),
        ("- id: communes", "- id: catalogue", "description.collection-id"),
        ("- id: communes", "- id: 'Été 2024'", "description.collection-id"),
    ],
)
def test_an_identifier_that_cannot_be_is_refused(tmp_path, old, new, code):
    path = write(tmp_path, GOOD.replace(old, new))

    with pytest.raises(DescriptionError) as caught:
        read_description(path)

    assert code in {f.code for f in caught.value.findings}


def test_one_bad_file_does_not_hide_the_good_ones(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, "id: [", "casse")

    descriptions = read_descriptions(tmp_path)

    assert [d.id for d in descriptions.found] == ["communes"]
    assert [f.code for f in descriptions.findings] == ["description.syntax"]


def test_two_files_never_share_an_identifier(tmp_path):
    write(tmp_path, GOOD)
    copy = GOOD.replace("id: communes\nstatus", "id: copie\nstatus")
    write(tmp_path, copy, "copie")

    descriptions = read_descriptions(tmp_path)

    assert [d.id for d in descriptions.found] == ["communes"]
    assert [f.code for f in descriptions.findings] == ["description.clash"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"- a\n- b\n", b"null", b"12"])
def test_a_file_that_is_no_description_is_a_finding(tmp_path, content):
    (tmp_path / "x.yml").write_bytes(content)

    assert read_descriptions(tmp_path).findings


def test_proposals_fill_only_what_nobody_stated(tmp_path):
    path = write(
        tmp_path, GOOD + "proposed: {title: Proposé, themes: [au], lineage: Extrait.}\n"
    )

    description = approved(read_description(path))

    assert description.status is Status.PUBLISHED
    assert description.title == "Communes"
    assert description.themes == ("au",)
    assert description.lineage == "Extrait."
    assert description.proposed == Proposal()


def test_the_published_schema_is_that_of_the_code(bless):
    published = (
        Path(__file__).parents[2] / "pygeoapi-config" / "description.schema.json"
    )
    current = json.dumps(description_schema(), ensure_ascii=False, indent=1) + "\n"
    if bless:
        published.write_text(current, encoding="utf-8")

    assert published.read_text(encoding="utf-8") == current


def test_the_schema_names_every_key():
    schema = description_schema()

    assert {"title", "licence", "collections"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
