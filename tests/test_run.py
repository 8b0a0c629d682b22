"""What stands around the code: run, the locks, the images, the CI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = (
    "run",
    ".ci/run",
    "pygeoapi-config/compose/catalogue.sh",
    "pygeoapi-config/compose/reader.sh",
)
LOCKS = ("runtime", "development", "pycsw", "udata", "ckan", "uv")
NEEDED = ("sh", "dirname", "cat", "cksum", "tr", "id", "grep", "mkdir", "rm", "env")
"""What a machine has that has hardly anything."""
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "deb.debian" + ".org",
    "crates" + ".io",
    "golang" + ".org",
    "maven" + ".org",
)


def told(
    *command: str, cwd: Path = ROOT, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command that may fail, and hand back all that it said."""
    return subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def tracked() -> list[Path]:
    """Every file of the project; those that git ignores are none of it."""
    everything = ("--cached", "--others", "--exclude-standard")
    done = told("git", "ls-files", "-z", *everything)
    if done.returncode:
        pytest.skip("this is not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name]


def locked(name: str) -> dict[str, str]:
    """Return the version of each package of a lock."""
    text = (ROOT / "locks" / f"{name}.txt").read_text("utf-8")
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {canonicalize_name(package): version for package, version in found}


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_a_script_is_executable(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


@pytest.mark.parametrize("shell", ["sh", "dash", "busybox sh", "bash --posix"])
def test_run_is_posix(shell: str) -> None:
    name, *arguments = shell.split()
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    subprocess.run([name, *arguments, "-n", str(ROOT / "run")], check=True)


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_shellcheck_finds_nothing(script: str) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    done = told("shellcheck", script)
    assert done.stdout == ""


def test_run_says_what_it_can_do_from_any_folder() -> None:
    done = told(str(ROOT / "run"), "help", cwd=Path("/"))
    assert done.returncode == 0
    assert "demo" in done.stdout


def test_run_refuses_what_it_does_not_know() -> None:
    done = told(str(ROOT / "run"), "demmo")
    assert done.returncode == 2
    assert "usage:" in done.stderr


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout, spaces in its path, on a machine without Python."""
    checkout = tmp_path / "a checkout"
    tools = checkout / "tools"
    tools.mkdir(parents=True)
    for name in NEEDED:
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    for name in ("run", "pyproject.toml"):
        shutil.copy(ROOT / name, checkout)
    shutil.copytree(ROOT / "locks", checkout / "locks")
    return checkout


def bare_run(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = {"PATH": str(checkout / "tools")}
    command = (str(checkout / "run"), "serve")
    return told(*command, cwd=Path("/"), environment=path | environment)


@pytest.mark.parametrize(
    ("language", "said"), [("en_GB.UTF-8", "Install it"), ("fr_FR.UTF-8", "Installez")]
)
def test_without_python_the_remedy_is_named(
    bare: Path, language: str, said: str
) -> None:
    done = bare_run(bare, LANG=language)
    assert done.returncode == 1
    assert said in done.stderr
    assert not (bare / ".venv").exists()


def test_a_python_that_is_too_old_is_told(bare: Path) -> None:
    old = bare / "tools" / "python3"
    old.write_text("#!/bin/sh\ntest $# -eq 1 && echo Python 3.9.2 && exit 0\nexit 1\n")
    old.chmod(0o755)
    done = bare_run(bare)
    assert done.returncode == 1
    assert "Python 3.9.2" in done.stderr
    assert "3.11" in done.stderr


def test_a_python_without_venv_is_told(bare: Path) -> None:
    """As Debian has it before python3-venv is installed."""
    python = bare / "tools" / "python3"
    python.write_text(
        '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    python.chmod(0o755)
    done = bare_run(bare)
    assert done.returncode == 1
    assert re.search(r"apt-get install python3\.\d+-venv", done.stderr)


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_version_and_hashes(name: str) -> None:
    text = (ROOT / "locks" / f"{name}.txt").read_text("utf-8")
    entries = re.sub(r"\\\n", " ", text).splitlines()
    packages = [line for line in entries if line and not line.startswith("#")]
    assert packages
    bad = [
        p for p in packages if not re.match(r"\S+==\S+.*--hash=sha256:[0-9a-f]{64}", p)
    ]
    assert bad == []


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    runtime = [*project["project"]["dependencies"], *groups["build"]]
    for name, wanted in (
        ("runtime", runtime),
        ("development", [*runtime, *groups["test"], *groups["lint"]]),
    ):
        versions = locked(name)
        for requirement in map(Requirement, wanted):
            version = versions[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), requirement


def test_the_development_lock_adds_to_the_runtime_lock() -> None:
    development = locked("development")
    assert locked("runtime").items() <= development.items()


def test_pycsw_has_the_sqlalchemy_that_it_needs() -> None:
    versions = locked("pycsw")
    assert versions["pycsw"] == "2.6.2"
    assert versions["sqlalchemy"].startswith("1.")


def test_udata_comes_with_what_stands_for_its_database() -> None:
    versions = locked("udata")
    assert versions["udata"].startswith("17.")
    assert "mongomock" in versions


def test_ckan_needs_nothing_that_is_built_there() -> None:
    versions = locked("ckan")
    assert versions["ckan"].startswith("2.11.")
    assert "psycopg2" not in versions
    assert "psycopg2-binary" in versions


def test_no_file_names_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        if path.is_file()
        for host in REGISTRIES
        if host.encode() in path.read_bytes()
    ]
    assert found == []


def test_the_licence_is_the_whole_eupl() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2\n")
    articles = [int(number) for number in re.findall(r"(?m)^(\d+)\. ?[A-Z]", text)]
    assert articles == list(range(1, 16))
    assert "LiLiQ-R+" in text
    assert text.rstrip().endswith("require the production of a new EUPL version.")


def compose() -> dict[str, dict[str, object]]:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    services: dict[str, dict[str, object]] = yaml.safe_load(text)["services"]
    return services


@pytest.mark.parametrize("name", ["service", "catalogue"])
def test_a_container_of_ours_is_confined(name: str) -> None:
    service = compose()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    ports = service["ports"]
    assert isinstance(ports, list)
    assert all(str(port).startswith("127.0.0.1:") for port in ports)


def test_the_images_run_as_nobody_in_particular_and_say_how_they_are() -> None:
    stages = re.split(r"(?m)^FROM ", (ROOT / "Dockerfile").read_text("utf-8"))
    by_name = {stage.split()[2]: stage for stage in stages[1:] if " AS " in stage}
    assert "\nUSER passerelle\n" in by_name["run"]
    for name in ("service", "catalogue"):
        assert by_name[name].startswith("run AS ")
        assert "HEALTHCHECK" in by_name[name]
        assert "USER root" not in by_name[name]
    assert "/health" in by_name["service"]


def test_what_the_images_copy_is_not_ignored() -> None:
    kept = set(re.findall(r"(?m)^!(\S+)", (ROOT / ".dockerignore").read_text("utf-8")))
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    copied = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", dockerfile)
    paths = [path for line in copied for path in line.split() if path != "."]
    assert paths
    assert {path.split("/")[0] for path in paths} <= kept
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = wheel["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(packages) <= kept


def test_docker_takes_the_compose_file() -> None:
    if shutil.which("docker") is None:
        pytest.skip("docker is not installed")
    if told("docker", "compose", "version").returncode:
        pytest.skip("docker has no compose here")
    file = str(ROOT / "docker-compose.yml")
    done = told("docker", "compose", "--file", file, "config", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")


def test_pre_commit_uses_local_hooks_only() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert {entry["repo"] for entry in yaml.safe_load(text)["repos"]} == {"local"}
