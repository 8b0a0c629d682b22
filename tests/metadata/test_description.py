"""Descriptions are read strictly, every problem with its line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadata.description import (
    approved,
    description_schema,
    read_description,
    read_descriptions,
    read_yaml,
)
from metadata.description_yaml import NotYaml, read_text
from metadata.errors import DescriptionError
from metadata.finding import Finding, Severity
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
    said = "keywords: [no, 01001, 12:30, '2024', 1.10, 1e5, +33143934567, 0x1F, true]\n"
    path = write(tmp_path, GOOD + said)

    assert read_description(path).keywords == (
        *("no", "01001", "12:30", "2024", "1.10", "1e5"),
        *("+33143934567", "0x1F", "true"),
    )


def test_an_anchor_stands_for_what_it_names(tmp_path):
    path = write(tmp_path, GOOD + "abstract: &mots Les communes.\nlineage: *mots\n")

    assert read_description(path).lineage == "Les communes."


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
        ("scale: 1.5", "int_parsing", "scale", 10),
        ("abstract:", "string_type", "abstract", 10),
        ("resolution: nan", "finite_number", "resolution", 10),
        (
            "extent: {west: 1, south: 2, east: inf, north: 3}",
            "finite_number",
            "extent.east",
            10,
        ),
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


def problems(path: Path) -> tuple[Finding, ...]:
    """Read a description that cannot be read; return what is said of it."""
    with pytest.raises(DescriptionError) as caught:
        read_description(path)
    return tuple(caught.value.findings)


def test_all_problems_of_a_file_are_reported_at_once(tmp_path):
    said = GOOD.replace("- id: communes", "- id: catalogue") + (
        "titre: x\nscale: beaucoup\naccess: public\ntitle: Encore\n"
    )
    path = write(tmp_path, said, "autre")

    found = [(f.element, int(f.subject.split(":")[1])) for f in problems(path)]

    assert found == [
        ("id", 1),
        ("collections.0.id", 8),
        ("titre", 10),
        ("scale", 11),
        ("access", 12),
        ("title", 13),
    ]


@pytest.mark.parametrize(
    ("added", "line"),
    [
        ("keywords: &k [*k]\n", 10),
        ("keywords: &k\n  - *k\n", 11),
        ("keywords: [*rien]\n", 10),
        ("keywords: " + "[" * 200_000, 10),
        (
            "\n".join(
                f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 9)}]"
                for n in range(12)
            ),
            15,
        ),
        ("keywords: [" + "x, " * 400_000 + "]", 1),
        ("---\ntitle: x\n", 10),
        ("title: !!python/name:os.system x\n", 10),
        ("? [a, b]\n: c\n", 10),
        ("abstract:\n\t- x\n", 11),
        ("abstract: a\x07b\n", 10),
    ],
    ids=[
        *("inside itself", "inside its list", "of nothing", "deep", "multiplied"),
        *("large", "two documents", "tag", "key", "tab", "control character"),
    ],
)
def test_yaml_that_is_not_read_says_where_and_in_both_languages(tmp_path, added, line):
    (finding,) = problems(write(tmp_path, GOOD + added))

    assert finding.code == "description.syntax"
    assert finding.subject == f"{tmp_path.name}/communes.yml:{line}"
    assert finding.reason.fr != finding.reason.en
    assert finding.hint.fr != finding.hint.en


def test_a_file_in_another_encoding_says_where(tmp_path):
    path = tmp_path / "communes.yml"
    path.write_bytes((GOOD + "abstract: Été\n").encode("latin-1"))

    (finding,) = problems(path)

    assert finding.subject == f"{tmp_path.name}/communes.yml:10"
    assert "UTF-8" in finding.reason.fr


def test_a_value_is_shown_short_and_without_a_password(tmp_path):
    added = "scale: postgresql://sig:secret@db/sig\nresolution: " + "9a" * 500 + "\n"

    first, second = problems(write(tmp_path, GOOD + added))

    assert "secret" not in f"{first}"
    assert "db/sig" in first.reason.fr
    assert len(second.reason.fr) < 120


@dataclass(frozen=True)
class Silo:
    location: str


@dataclass(frozen=True)
class Silos:
    silos: Mapping[str, str | Silo]


def test_a_problem_is_named_by_keys_and_not_by_the_types_that_were_tried(tmp_path):
    path = write(tmp_path, "silos:\n  sig: {place: x}\n", "passerelle")

    with pytest.raises(DescriptionError) as caught:
        read_yaml(path, Silos)

    assert {f.element for f in caught.value.findings} == {
        "silos.sig",
        "silos.sig.location",
    }


def test_a_file_with_another_ending_is_not_passed_over_in_silence(tmp_path):
    write(tmp_path, GOOD)
    (tmp_path / "cantons.yaml").write_text(GOOD, encoding="utf-8")

    descriptions = read_descriptions(tmp_path)

    (finding,) = descriptions.findings
    assert finding.code == "description.ending"
    assert finding.severity is Severity.WARNING
    assert finding.subject.endswith("/cantons.yaml")
    assert [d.id for d in descriptions.found] == ["communes"]
    assert descriptions.unusable == ()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("id: communes\nstatus", "id: autre\nstatus", "description.id"),
        ("- id: communes", "- id: catalogue", "description.collection-id"),
        ("- id: communes", "- id: 'Été 2024'", "description.collection-id"),
        ("id: communes\nstatus", "id: Mes communes\nstatus", "description.id-form"),
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


def test_the_records_of_data_and_of_services_never_share_an_identifier(tmp_path):
    write(tmp_path, GOOD)
    copy = GOOD.replace("communes", "copie").replace("jdd-1", "jdd-2")
    write(tmp_path, copy.replace("srv-1", "jdd-1"), "copie")

    (finding,) = read_descriptions(tmp_path).findings

    assert (finding.code, finding.subject) == ("description.clash", "copie")
    assert finding.element == "service_identifier"


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


@given(
    text=st.text(st.sampled_from("a:-[]{}&*!|>'\"#%@`?,\n\t ~0\\\x00é🚲"), max_size=80)
    | st.text()
)
def test_any_text_is_read_or_refused_with_its_line(text):
    assert all(1 <= line <= len(text) + 2 for line in lines_of(text))


def lines_of(text: str) -> list[int]:
    """Return the lines of all keys, or the one at which a text is refused."""
    try:
        return [*read_text(text).lines.values()]
    except NotYaml as refusal:
        return [refusal.line]
