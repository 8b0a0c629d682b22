"""The papers name every command, option, setting and key there is."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import click
import pytest

from gateway.cli import command_line
from metadata.finding import Language
from metadata.stated import CollectionDescription, Columns, Description
from providers import configuration

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CONFIGURING = (ROOT / "docs" / "configuring.md").read_text("utf-8")
GROUP = command_line(Language.ENGLISH)
FILE = configuration._File


def section(text: str, title: str) -> str:
    """Return what stands under a heading, up to the next one of its level."""
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(GROUP)
    for name in GROUP.list_commands(context):
        command = GROUP.get_command(context, name)
        assert command is not None
        yield name, command


def options() -> Iterator[tuple[str, str]]:
    for name, command in commands():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield name, max(parameter.opts, key=len)


def settings(kind: type[Any], prefix: str = "") -> Iterator[str]:
    """Yield each setting: ``a.b``, and ``a.<name>`` where names are free."""
    hints = get_type_hints(kind)
    for part in fields(kind):
        hint = hints[part.name]
        if is_dataclass(hint) and isinstance(hint, type):
            yield from settings(hint, f"{prefix}{part.name}.")
        elif get_origin(hint) is dict:
            yield f"{prefix}{part.name}.<name>"
        else:
            yield f"{prefix}{part.name}"


def entries(kind: type[Any]) -> Iterator[tuple[str, str]]:
    """Yield the keys of what stands under a free name."""
    for name, hint in get_type_hints(kind).items():
        if get_origin(hint) is dict:
            value = get_args(hint)[1]
            for entry in (*get_args(value), value):
                if is_dataclass(entry):
                    yield from ((f"{name}.<name>", part.name) for part in fields(entry))


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_readme_has_the_command(name: str) -> None:
    assert re.search(rf"^\| `passerelle {name}\b", README, re.MULTILINE)


@pytest.mark.parametrize(("name", "option"), list(options()))
def test_readme_has_the_option_beside_its_command(name: str, option: str) -> None:
    row = re.search(rf"^\| `passerelle {name}\b.*$", README, re.MULTILINE)
    assert row is not None
    assert option in row[0]


@pytest.mark.parametrize("setting", list(settings(FILE)))
def test_readme_has_the_setting(setting: str) -> None:
    assert f"`{setting}`" in section(README, "Settings of `passerelle.yml`")


@pytest.mark.parametrize(("setting", "key"), list(entries(FILE)))
def test_readme_has_the_key_beside_its_setting(setting: str, key: str) -> None:
    row = re.search(rf"^\| `{re.escape(setting)}`.*$", README, re.MULTILINE)
    assert row is not None
    assert f"`{key}`" in row[0]


def test_readme_names_no_setting_that_does_not_exist() -> None:
    table = section(README, "Settings of `passerelle.yml`")
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    assert named == set(settings(FILE))


def test_readme_names_no_command_that_does_not_exist() -> None:
    named = set(re.findall(r"^\| `passerelle (\w+)", README, re.MULTILINE))
    assert named == {name for name, _ in commands()}


def test_readme_has_every_environment_variable() -> None:
    sources = [
        path.read_text("utf-8")
        for room in ("metadata", "providers", "service", "gateway")
        for path in (ROOT / room).rglob("*.py")
    ]
    used = set(re.findall(r"[\"'](PASSERELLE_[A-Z_]+)[\"']", "".join(sources)))
    assert used
    assert {name for name in used if f"`{name}`" not in README} == set()


def test_readme_has_every_command_of_run() -> None:
    done = subprocess.run(
        [str(ROOT / "run"), "help"], check=True, capture_output=True, text=True
    )
    offered = set(re.findall(r"^  (\w+)", done.stdout, re.MULTILINE))
    assert "demo" in offered
    assert {name for name in offered if f"./run {name}" not in README} == set()


@pytest.mark.parametrize(
    "key",
    [part.name for part in fields(Description)]
    + [part.name for part in fields(CollectionDescription)]
    + [part.name for part in fields(Columns)],
)
def test_configuring_has_the_key_of_a_description(key: str) -> None:
    assert re.search(rf"`{key}`|^ +(- )?{key}:", CONFIGURING, re.MULTILINE)


@pytest.mark.parametrize(
    "paper",
    [
        "README.md",
        *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
    ],
)
def test_a_link_leads_somewhere(paper: str) -> None:
    text = (ROOT / paper).read_text("utf-8")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    broken = [
        link for link in links if not (ROOT / paper).parent.joinpath(link).exists()
    ]
    assert broken == []


def test_the_walk_over_settings_sees_each_form() -> None:
    found = set(settings(FILE))
    assert {"organisation.name", "service.url", "silos.<name>", "store"} <= found
    assert ("silos.<name>", "schemas") in set(entries(FILE))


def test_readme_leads_to_every_paper() -> None:
    papers = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    index = section(README, "Which paper for whom")
    assert {paper for paper in papers if f"]({paper})" not in index} == set()


def test_readme_is_read_in_one_go() -> None:
    assert len(README.splitlines()) < 150


def test_contributing_names_modules_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"`((?:[a-z_0-9]+/)*[a-z_0-9]+\.py)`", text))
    assert len(named) > 15
    there = {
        path.relative_to(ROOT).as_posix()
        for room in ("metadata", "providers", "service", "gateway", "tests")
        for path in (ROOT / room).rglob("*.py")
    }
    known = there | {path.rpartition("/")[2] for path in there}
    assert named - known == set()
