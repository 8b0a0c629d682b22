"""The demonstration, from one end to the other, on both silos."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import yaml

from gateway.demo.pack import read_pack, write_postgis
from gateway.demo.work import Workplace, free_port, write_configuration

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("communes", "population", "territoires")
pytestmark = pytest.mark.pycsw


def command(pycsw: Path, *arguments: str) -> list[str]:
    """The command line that `./run demo` ends in."""
    return [sys.executable, "-m", "gateway.demo", "--pycsw", str(pycsw), *arguments]


def environment(language: str = "en") -> dict[str, str]:
    return {**os.environ, "PASSERELLE_LANGUAGE": language, "COLUMNS": "200"}


def demonstrate(
    pycsw: Path, *arguments: str, language: str = "en"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(pycsw, "--once", *arguments),
        check=False,
        cwd="/",
        env=environment(language),
        capture_output=True,
        text=True,
        timeout=240,
    )


def state_folders() -> set[Path]:
    return set((ROOT / ".state").glob("demo-*"))


def test_the_demonstration_agrees_in_french(pycsw_environment: Path) -> None:
    before = state_folders()
    done = demonstrate(pycsw_environment, language="fr")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in NAMES:
        row = rf"{name} +{name} +\d+ +fr-\S+-jdd-\S+ +relue, identique"
        assert re.search(row, done.stdout)
    for step in ("survey", "check", "approve", "records", "serve", "publish"):
        assert f"$ passerelle {step}" in done.stdout
    assert state_folders() <= before


def test_an_unreachable_database_is_told(pycsw_environment: Path) -> None:
    silo = f"postgresql://reader:s3cret@127.0.0.1:{free_port(0)}/sig"
    done = demonstrate(pycsw_environment, "--silo", silo)
    assert done.returncode == 1
    assert "127.0.0.1" in done.stdout + done.stderr
    assert "s3cret" not in done.stdout + done.stderr


@contextmanager
def staying(pycsw: Path, silo: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run it without --once until it stays up; yield what it printed."""
    process = subprocess.Popen(
        command(pycsw, "--silo", silo),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    printed = ""
    try:
        while "files:" not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        yield process, printed
    finally:
        process.stdout.close()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.postgis
def test_on_a_database_it_stays_up_until_it_is_told_to_stop(
    pycsw_environment: Path, postgis: str
) -> None:
    write_postgis(read_pack(), postgis)
    with staying(pycsw_environment, postgis) as (process, printed):
        assert printed.count("read back, equal") == len(NAMES)
        assert postgis not in printed
        addresses = re.findall(r"^  [^:\n]*: (http\S+)$", printed, re.MULTILINE)
        assert len(addresses) == 3
        for address in addresses:
            assert requests.get(address, timeout=30).ok
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 130
        with pytest.raises(requests.ConnectionError):
            requests.get(addresses[0], timeout=5)


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port


def test_the_configuration_of_a_database_holds_no_secret(tmp_path: Path) -> None:
    place = Workplace(
        folder=tmp_path,
        silo="postgresql://reader:s3cret@127.0.0.1/sig",
        port=8080,
        catalogue="http://127.0.0.1:8001/",
    )
    write_configuration(place)
    text = place.configuration.read_text("utf-8")
    assert "s3cret" not in text
    assert yaml.safe_load(text)["silos"] == {"sig": "${DEMO_SILO}"}
    assert place.environment["DEMO_SILO"] == place.silo
