"""The command line on a real GeoPackage: what it says, and how it exits."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from dataclasses import replace
from pathlib import Path

import fiona
import pytest
from click.testing import CliRunner

from gateway.cli import command_line, main
from metadata.finding import Language
from metadata.judging import check_one
from metadata.measured import Source
from providers.configuration import read_configuration
from providers.store import open_store
from providers.survey_findings import survey_finding
from providers.surveyed import Surveyed

CONFIGURATION = """\
organisation:
  name: Département de la Seine-Saint-Denis
  siren: "229300082"
  email: sig@example.org
  identifier_base: https://data.example.org/id
  licence: etalab-2.0
service: {url: "http://127.0.0.1:8080"}
silos:
  sig: ./silo
"""
LAYERS = ("communes", "écoles", "routes")


@pytest.fixture
def desk(tmp_path, monkeypatch, write_layers) -> Path:
    """A configuration over one GeoPackage of three layers."""
    write_layers(tmp_path / "silo" / "sig.gpkg", *LAYERS)
    configuration = tmp_path / "passerelle.yml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_CONFIG", str(configuration))
    return tmp_path


def run(*arguments: str, language: Language = Language.ENGLISH) -> tuple[int, str]:
    """Run one command in this process; return its exit code and what it printed."""
    result = CliRunner().invoke(
        command_line(language), arguments, standalone_mode=False
    )
    if result.exception is not None:
        raise result.exception
    return result.return_value or 0, result.output


def descriptions(desk: Path) -> dict[str, str]:
    folder = desk / "datasets"
    return {p.stem: p.read_text(encoding="utf-8") for p in folder.glob("*.yml")}


def test_a_survey_drafts_each_table_once(desk):
    code, said = run("survey")
    first = descriptions(desk)
    again = run("survey")

    assert (code, again[0]) == (0, 0)
    assert set(first) == {"communes", "ecoles", "routes"}
    assert "3 new drafts" in said
    assert descriptions(desk) == first


def test_a_survey_drafts_nothing_while_a_description_cannot_be_read(desk):
    (desk / "datasets").mkdir()
    (desk / "datasets" / "communes.yml").write_text("id: [", encoding="utf-8")

    with pytest.raises(SystemExit) as left:
        main(["survey"])

    assert left.value.code == 1
    assert set(descriptions(desk)) == {"communes"}


def test_drafts_go_nowhere_until_they_are_approved(desk):
    run("survey")

    assert run("records", "--out", str(desk / "out"))[0] == 0
    assert not list((desk / "out").iterdir())

    assert run("approve", "communes")[0] == 0
    run("records", "--out", str(desk / "out"))
    names = {path.name for path in (desk / "out").iterdir()}
    assert names == {"communes.xml", "service-communes.xml"}


def test_approval_is_refused_while_a_check_has_an_error(desk):
    run("survey")
    file = desk / "datasets" / "communes.yml"
    wrong = file.read_text(encoding="utf-8") + "licence: faites-en-ce-que-vous-voulez\n"
    file.write_text(wrong, encoding="utf-8")

    code, said = run("approve", "--all")

    assert code == 1
    assert "communes: refused" in said
    assert "status: draft" in descriptions(desk)["communes"]
    assert "status: published" in descriptions(desk)["routes"]


def test_approval_is_refused_for_a_table_that_cannot_be_measured(desk):
    run("survey")
    with sqlite3.connect(desk / "silo" / "sig.gpkg") as file:
        file.execute("UPDATE gpkg_geometry_columns SET srs_id = 0")
        file.execute("UPDATE gpkg_contents SET srs_id = 0")

    code, said = run("approve", "communes")

    assert code == 1
    assert "communes: refused" in said
    assert "status: draft" in descriptions(desk)["communes"]


@pytest.mark.parametrize(
    ("language", "word"), [(Language.FRENCH, "erreur :"), (Language.ENGLISH, "error:")]
)
def test_findings_are_told_in_both_languages(desk, language, word):
    run("survey")
    file = desk / "datasets" / "communes.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "themes: [zz]\n", encoding="utf-8")

    code, said = run("check", language=language)

    assert code == 1
    assert f"{word} communes" in said


def test_findings_are_told_to_programs_as_json(desk):
    run("survey")

    code, said = run("check", "--format", "json")
    findings = json.loads(said)

    assert code == 0
    assert {"severity", "code", "subject", "element", "reason", "hint"} <= set(
        findings[0]
    )
    assert set(findings[0]["reason"]) == {"fr", "en"}


def test_a_name_that_nobody_carries_is_named(desk):
    run("survey")

    assert run("approve", "nulle-part")[0] == 1
    assert "published" not in "".join(descriptions(desk).values())


def test_a_withdrawn_dataset_has_no_record_any_more(desk):
    run("survey")
    run("approve", "--all")

    assert run("withdraw", "routes", "--purge")[0] == 0

    run("records", "--out", str(desk / "out"))
    assert not (desk / "out" / "routes.xml").exists()
    assert (desk / "out" / "communes.xml").exists()


def test_a_withdrawal_that_did_not_reach_an_outlet_does_not_claim_it_did(desk):
    text = CONFIGURATION + 'outlets: {geo: {url: "http://127.0.0.1:9/"}}\n'
    (desk / "passerelle.yml").write_text(text, encoding="utf-8")
    run("survey")
    run("approve", "--all")

    code, said = run("withdraw", "routes")

    assert code == 2
    assert "routes is withdrawn." not in said
    assert "passerelle publish" in said
    assert "status: withdrawn" in descriptions(desk)["routes"]


def test_records_left_from_before_are_named(desk):
    run("survey")
    run("approve", "--all")
    run("records", "--out", str(desk / "out"))
    (desk / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    run("withdraw", "routes")

    said = " ".join(run("records", "--out", str(desk / "out"))[1].split())

    assert "routes.xml, service-routes.xml" in said
    assert "notes" not in said
    assert (desk / "out" / "routes.xml").exists()


@pytest.mark.parametrize("name", ["../other/routes", "nowhere", "rou*", ""])
def test_only_a_dataset_of_ours_is_withdrawn(desk, name, capsys, monkeypatch):
    monkeypatch.setenv("PASSERELLE_LANGUAGE", "en")
    run("survey")
    (desk / "other").mkdir()
    other = desk / "other" / "routes.yml"
    text = (desk / "datasets" / "routes.yml").read_text("utf-8")
    other.write_text(text, encoding="utf-8")

    with pytest.raises(SystemExit) as left:
        main(["withdraw", name])

    assert left.value.code == 1
    assert other.read_text("utf-8") == text
    assert "passerelle status" in capsys.readouterr().err


def test_a_silo_that_is_away_does_not_keep_the_others_from_being_drafted(desk):
    text = CONFIGURATION.replace(
        "  sig: ./silo", "  away: postgresql://u@127.0.0.1:1/x\n  sig: ./silo"
    )
    (desk / "passerelle.yml").write_text(text, encoding="utf-8")

    code, said = run("survey")

    assert code == 2
    assert "127.0.0.1:1" in said
    assert set(descriptions(desk)) == {"communes", "ecoles", "routes"}


def test_a_survey_tells_programs_all_that_it_found(desk):
    code, said = run("survey", "--format", "json")

    answer = json.loads(said)
    assert code == 0
    assert answer["measured"] == {"sig": 3}
    assert {Path(path).stem for path in answer["drafts"]} == set(descriptions(desk))
    assert isinstance(answer["findings"], list)


def measured(desk: Path) -> set[str]:
    """Return the tables whose measures the store holds."""
    store = open_store(read_configuration(desk / "passerelle.yml").store)
    try:
        return {survey.source.table for survey in store.surveys()}
    finally:
        store.close()


def lose_routes(desk: Path) -> Path:
    """Survey, then take the layer `routes` and its description away."""
    run("survey")
    file = desk / "silo" / "sig.gpkg"
    fiona.remove(str(file), layer="routes", driver="GPKG")
    (desk / "datasets" / "routes.yml").unlink()
    return file


def test_a_survey_forgets_a_table_that_is_no_more_and_says_it(desk):
    lose_routes(desk)
    assert measured(desk) == set(LAYERS)

    code, said = run("survey", "--format", "json")

    assert code == 0
    assert json.loads(said)["forgotten"] == ["sig:sig.gpkg.routes"]
    assert measured(desk) == {"communes", "écoles"}
    assert "forgotten" not in run("survey")[1]


def test_a_survey_names_what_it_forgets(desk):
    lose_routes(desk)
    assert "Measures forgotten" in run("survey")[1]


@pytest.mark.parametrize("status", ["draft", "published", "withdrawn"])
def test_what_is_described_is_not_forgotten(desk, status):
    run("survey")
    text = (desk / "datasets" / "routes.yml").read_text(encoding="utf-8")
    lose_routes(desk)
    said = text.replace("status: draft", f"status: {status}")
    (desk / "datasets" / "routes.yml").write_text(said, encoding="utf-8")

    assert json.loads(run("survey", "--format", "json")[1])["forgotten"] == []
    assert measured(desk) == set(LAYERS)


def away(file: Path) -> None:
    file.parent.rename(file.parent.with_name("elsewhere"))


def emptied(file: Path) -> None:
    file.rename(file.parent.with_name("elsewhere"))


def unreadable(file: Path) -> None:
    file.write_bytes(b"SQLite format 3\0" + b"rien" * 400)


@pytest.mark.parametrize("spoil", [away, emptied, unreadable])
def test_a_silo_that_is_away_or_seen_in_part_forgets_nothing(desk, spoil, capsys):
    file = lose_routes(desk)
    spoil(file)

    said = run("survey", "--format", "json")[1].splitlines()[-1]

    assert json.loads(said)["forgotten"] == []
    assert measured(desk) == set(LAYERS)


def test_another_silo_forgets_nothing(desk):
    lose_routes(desk)
    (desk / "other").mkdir()
    text = CONFIGURATION.replace("  sig: ./silo", "  sig: ./silo\n  other: ./other")
    (desk / "passerelle.yml").write_text(text, encoding="utf-8")

    run("survey", "--silo", "other")

    assert measured(desk) == set(LAYERS)


@pytest.mark.parametrize(
    "subject", ["sig", "sig:sig.gpkg", "sig:sig.gpkg.routes", "sig:autre.gpkg"]
)
def test_a_finding_about_what_was_not_seen_disproves_nothing(subject):
    gone = Source(silo="sig", container="sig.gpkg", table="routes")
    told = (survey_finding("empty", subject),)
    assert Surveyed((), ()).disproves(gone)
    assert Surveyed((), told).disproves(gone) == ("autre" in subject)


def test_a_port_that_is_taken_is_named_with_a_remedy(desk, capsys, monkeypatch):
    monkeypatch.setenv("PASSERELLE_LANGUAGE", "en")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as left:
            main(["serve", "--port", str(port)])

    assert left.value.code == 1
    printed = capsys.readouterr().err
    assert f"127.0.0.1:{port}" in printed
    assert "--port" in printed


def test_a_finding_is_read_in_eighty_columns(desk, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    run("survey")

    code, said = run("check")

    assert code in {0, 1}
    lines = said.splitlines()
    assert max(map(len, lines)) <= 80
    heads = [line for line in lines if not line.startswith(" ")]
    assert all(": " in head for head in heads[:-1])  # what wraps is indented
    assert not [line for line in lines if "  " in line.strip()]
    assert "/gmd:MD_Metadata" not in said
    assert "http://inspire" not in said


def test_without_outlets_publishing_offers_the_records_for_harvest(desk):
    run("survey")
    run("approve", "--all")

    code, said = run("publish", "--format", "json")

    assert code == 0
    assert json.loads(said)["snapshot"]["records"] == 6


def test_an_error_in_a_draft_does_not_trouble_publishing(desk):
    run("survey")
    run("approve", "communes")
    with sqlite3.connect(desk / "silo" / "sig.gpkg") as file:
        file.execute("DROP TABLE routes")
        file.execute("DELETE FROM gpkg_contents WHERE table_name = 'routes'")

    assert run("check")[0] == 1
    assert run("publish")[0] == 0


def test_an_internal_dataset_is_approved_and_has_no_record(desk):
    run("survey")
    file = desk / "datasets" / "routes.yml"
    text = file.read_text(encoding="utf-8") + "access: internal\n"
    file.write_text(text, encoding="utf-8")

    assert run("approve", "routes")[0] == 0
    assert run("records", "--out", str(desk / "out"))[0] == 0
    assert not list((desk / "out").iterdir())


def test_an_excluded_column_that_is_not_there_holds_the_dataset(desk):
    run("survey")
    run("approve", "routes")
    run("publish")
    file = desk / "datasets" / "routes.yml"
    text = file.read_text(encoding="utf-8")
    source = "      table: routes\n"
    assert source in text
    hidden = source + "    columns:\n      exclude: [salaire]\n"
    file.write_text(text.replace(source, hidden), encoding="utf-8")

    code, said = run("publish", "--format", "json")

    assert code == 1
    assert json.loads(said)["snapshot"]["records"] == 2


def test_the_status_says_what_stands_where(desk):
    text = CONFIGURATION + 'outlets: {geo: {url: "http://127.0.0.1:9/"}}\n'
    (desk / "passerelle.yml").write_text(text, encoding="utf-8")
    run("survey")
    run("approve", "routes")

    found = json.loads(run("status", "--format", "json")[1])

    states = {row["dataset"]: row["state"] for row in found["datasets"]}
    assert states == {"communes": "draft", "ecoles": "draft", "routes": "absent"}


def test_an_outlet_that_does_not_answer_exits_2(desk):
    text = CONFIGURATION + 'outlets: {geo: {url: "http://127.0.0.1:9/"}}\n'
    (desk / "passerelle.yml").write_text(text, encoding="utf-8")
    run("survey")
    run("approve", "--all")

    assert run("publish")[0] == 2
    assert run("publish", "--dry-run")[0] == 2


@pytest.mark.parametrize(
    ("silo", "code", "said"),
    [
        ("postgresql://u:very-secret@127.0.0.1:1/x", 2, "127.0.0.1:1"),
        ("./nowhere", 2, "nowhere"),
        ("mysql://x/y", 1, "silos.sig"),
        ("postgresql://u:${NOT_SET}@127.0.0.1/x", 1, "NOT_SET"),
    ],
    ids=["database", "file", "kind", "secret"],
)
def test_a_silo_that_cannot_be_read_is_named_with_a_remedy(
    desk, capsys, silo, code, said
):
    text = CONFIGURATION.replace("./silo", silo)
    (desk / "passerelle.yml").write_text(text, encoding="utf-8")

    with pytest.raises(SystemExit) as left:
        main(["survey"])

    printed = capsys.readouterr()
    assert left.value.code == code
    assert said in printed.err
    assert "very-secret" not in printed.err + printed.out
    assert "Traceback" not in printed.err


def test_every_problem_of_a_configuration_is_told_with_its_remedy(desk, capsys):
    text = CONFIGURATION.replace("email", "mail").replace("url:", "adress:")
    (desk / "passerelle.yml").write_text(text, encoding="utf-8")

    with pytest.raises(SystemExit) as left:
        main(["check"])

    printed = capsys.readouterr().err
    assert left.value.code == 1
    assert "organisation.mail" in printed
    assert "service.adress" in printed
    assert "→" in printed


def test_a_missing_configuration_says_how_to_name_one(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PASSERELLE_LANGUAGE", "en")
    with pytest.raises(SystemExit) as left:
        main(["--config", str(tmp_path / "nothing.yml"), "check"])

    assert left.value.code == 1
    assert "--config" in capsys.readouterr().err


@pytest.mark.parametrize("language", list(Language))
def test_every_command_explains_itself(language):
    group = command_line(language)
    for name, command in group.commands.items():
        assert command.help, name


@pytest.mark.parametrize("language", list(Language))
def test_commands_are_listed_in_the_order_of_the_work_and_whole(language):
    group = command_line(language)
    _, said = run("--help", language=language)

    names = list(group.commands)
    assert names.index("survey") < names.index("check") < names.index("approve")
    assert names.index("approve") < names.index("serve") < names.index("publish")
    listed = " ".join(said.split())
    for name, command in group.commands.items():
        assert f"{name} {' '.join(command.help.split())}" in listed


def test_a_dataset_whose_table_has_no_reference_system_is_counted(desk):
    schema = {"geometry": "Point", "properties": {"nom": "str"}}
    with fiona.open(
        desk / "silo" / "loose.shp", "w", driver="ESRI Shapefile", schema=schema
    ) as target:
        geometry = {"type": "Point", "coordinates": (655000.0, 6867000.0)}
        target.write({"geometry": geometry, "properties": {"nom": "Épinay"}})
    run("survey")

    code, said = run("check")

    assert code == 1
    assert "4 datasets, 1 error," in said


def approve_all(desk: Path) -> None:
    """Survey, approve all layers, and publish; one of them is to be looked at."""
    run("survey")
    for file in (desk / "datasets").iterdir():
        text = file.read_text(encoding="utf-8")
        file.write_text(f"{text}{STATED}", encoding="utf-8")
    assert run("approve", "--all")[0] == 0
    run("publish")


STATED = """\
lineage: Levé sur place, à la main.
abstract: Ce que contient la couche, dit en une phrase qui est assez longue.
themes: [au]
topics: [boundaries]
frequency: annually
"""


def test_a_publish_that_changes_nothing_judges_nothing_again(desk, monkeypatch):
    approve_all(desk)
    file = desk / "datasets" / "routes.yml"
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace("lineage: Levé", "licence: rien\nlineage: Levé"))
    first = run("publish", "--format", "json")
    assert first[0] == 1

    checked = []

    def counting(dataset, *, today):
        checked.append(dataset.id)
        return check_one(dataset, today=today)

    monkeypatch.setattr("gateway.publication.kept_checks.check_one", counting)
    assert run("publish", "--format", "json") == first
    assert checked == []
    file.write_text(good, encoding="utf-8")
    assert run("publish", "--format", "json")[0] == 0
    assert checked == ["routes"]


def test_a_misspelt_table_takes_nothing_out_of_the_catalogue(desk):
    approve_all(desk)
    file = desk / "datasets" / "routes.yml"
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace("table: routes", "table: ruotes"), encoding="utf-8")

    code, said = run("publish")

    assert code == 1
    assert "ruotes" in said
    assert "−0" in said
    file.write_text(good, encoding="utf-8")
    assert run("publish")[0] == 0
    fiona.remove(str(desk / "silo" / "sig.gpkg"), layer="routes", driver="GPKG")
    assert "−2" in run("publish")[1]


def test_a_judgement_of_other_records_is_not_gone_by(desk, monkeypatch):
    approve_all(desk)
    store = open_store(read_configuration(desk / "passerelle.yml").store)
    kept = store.judgements()
    wrong = [
        replace(each, content=re.sub('"[0-9a-f]{64}"', f'"{"0" * 64}"', each.content))
        for each in kept.values()
    ]
    assert wrong != list(kept.values())
    store.keep_judgements(wrong, datasets=None)

    run("publish")

    assert store.judgements() == kept
    store.close()
