"""The real server: several processes, reloaded together, stopped gracefully."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(
    configuration: Path, workers: int
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    command = [sys.executable, "-m", "gateway", "--config", str(configuration)]
    command += ["serve", f"--port={port}", f"--workers={workers}"]
    log = configuration.parent / "log"
    with log.open("wb") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield started, f"http://127.0.0.1:{port}"
        finally:
            started.kill()
            started.wait()


def answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def counted(base: str) -> int:
    """Return how many requests for `/collections` any worker says that all had."""
    name = 'passerelle_http_requests_total{route="/collections",'
    lines = httpx.get(f"{base}/metrics").text.splitlines()
    return sum(int(line.split()[-1]) for line in lines if line.startswith(name))


@pytest.mark.parametrize("workers", [1, 2])
def test_the_server_starts_reloads_and_ends_gracefully(
    on_geopackage: Any, wait_for: Any, workers: int
) -> None:
    on_geopackage.describe("places")
    with process(on_geopackage.configuration, workers) as (started, base):
        wait_for(lambda: answers(base), 60)
        on_geopackage.describe("zones")
        end = time.monotonic() + 30
        agreed = asked = 0
        while agreed < 20 and time.monotonic() < end:
            found = httpx.get(f"{base}/collections").json()["collections"]
            asked += 1
            agreed = agreed + 1 if len(found) == 2 else 0
        assert agreed == 20
        wait_for(lambda: counted(base) == asked)
        assert [counted(base) for _ in range(10)] == [asked] * 10
        started.send_signal(signal.SIGTERM)
        assert started.wait(40) == 0 or started.returncode == -signal.SIGTERM
    log = (on_geopackage.folder / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "/collections HTTP/1.1 200" in log
    assert "ouvre-toi" not in log


def test_a_configuration_that_cannot_be_read_ends_the_server(
    on_geopackage: Any, wait_for: Any
) -> None:
    on_geopackage.configuration.write_text("silos: [", encoding="utf-8")
    with process(on_geopackage.configuration, 1) as (started, _):
        assert started.wait(60) != 0


def loaded(pid: int) -> str:
    """Return what a process has in its memory, by the names of the files."""
    return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in listed.split()]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux tells that")
@pytest.mark.parametrize("silo", ["on_geopackage", "on_postgis"])
def test_no_process_keeps_what_it_does_not_need(
    silo: str, request: pytest.FixtureRequest, wait_for: Any
) -> None:
    deployment = request.getfixturevalue(silo)
    deployment.describe("places")
    with process(deployment.configuration, 2) as (started, base):
        wait_for(lambda: answers(base), 60)
        for _ in range(10):
            assert httpx.get(f"{base}/collections/places/items").status_code == 200
        workers = [pid for pid in children(started.pid) if "lxml" in loaded(pid)]
        assert len(workers) == 2
        assert not {"lxml", "fiona", "sqlalchemy"} & set(loaded(started.pid).split("/"))
        needs_files = ["fiona" in loaded(pid) for pid in workers]
        assert needs_files == [silo == "on_geopackage"] * 2
