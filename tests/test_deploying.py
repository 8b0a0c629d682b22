"""What is deployed names what there is: units for systemd, and compose's services."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest

from gateway.cli import command_line
from metadata.description_yaml import read_text
from metadata.finding import Language

ROOT = Path(__file__).resolve().parent.parent
UNITS = sorted((ROOT / "deploy").glob("*.*"))
COMMANDS = set(
    command_line(Language.ENGLISH).list_commands(
        click.Context(command_line(Language.ENGLISH))
    )
)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    found: dict[str, Any] = read_text(text.replace("<<: *confined", "")).value
    return found["services"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_each_unit(unit: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    for other in UNITS:  # the command is not installed here
        text = other.read_text("utf-8")
        there = text.replace("/opt/passerelle/bin/passerelle", "/bin/true")
        (tmp_path / other.name).write_text(there, encoding="utf-8")
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    started = re.findall(
        r"^ExecStart=\S+/passerelle (\w+)", unit.read_text("utf-8"), re.M
    )
    assert started or unit.suffix == ".timer"
    assert set(started) <= COMMANDS


def test_a_timer_starts_a_unit_that_exists() -> None:
    timers = [unit for unit in UNITS if unit.suffix == ".timer"]
    assert timers
    for timer in timers:
        assert timer.with_suffix(".service") in UNITS


def test_compose_starts_what_exists(services: dict[str, Any]) -> None:
    assert services["watch"]["command"] == ["watch"]
    assert services["watch"]["command"][0] in COMMANDS
    module = services["load"]["entrypoint"][2]
    assert find_spec(module) is not None


def test_the_watch_of_compose_shares_state_and_descriptions(
    services: dict[str, Any],
) -> None:
    assert services["watch"]["volumes"] == services["service"]["volumes"]


@pytest.mark.parametrize("name", ["service", "watch"])
def test_temporary_files_are_no_memory(services: dict[str, Any], name: str) -> None:
    folder = services[name]["environment"]["TMPDIR"]
    assert f"temporary:{folder}" in services[name]["volumes"]
    unit = "passerelle" if name == "service" else "passerelle-watch"
    text = (ROOT / "deploy" / f"{unit}.service").read_text("utf-8")
    assert "Environment=TMPDIR=/var/tmp\n" in text
    assert "PrivateTmp=yes\n" in text


def pinned(lock: str) -> dict[str, str]:
    """Return the version of each package of a lock."""
    text = (ROOT / "locks" / f"{lock}.txt").read_text("utf-8")
    return dict(re.findall(r"(?m)^([\w.-]+)==(\S+)", text))


def test_the_image_is_made_of_a_lock_that_is_there_and_brings_the_remote_places() -> (
    None
):
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    (lock,) = re.findall(r"(?m)^ARG LOCK=(\w+)$", dockerfile)
    assert 'locks/$LOCK.txt"' in dockerfile
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    remote = project["optional-dependencies"]["remote"]
    wanted = {re.split("[<>=]", each)[0] for each in remote}
    assert wanted == {"fsspec", "s3fs", "paramiko", "webdav4"}
    assert wanted <= pinned(lock).keys()


def test_files_elsewhere_change_nothing_else_that_is_installed() -> None:
    """But for dateutil, of which s3fs takes version 2."""
    plain, remote = pinned("runtime"), pinned("remote")
    differing = {name for name in plain if plain[name] != remote.get(name)}
    assert differing <= {"python-dateutil"}
