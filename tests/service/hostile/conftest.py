"""One real process of the service, seen and held to its bounds from outside.

It serves a real PostGIS, and its store is in PostgreSQL too. "Quickly" is the time
that the process computes, which does not depend on what else the machine does.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest

QUICK = 1.0
"""Seconds of computing."""
MEMORY = 40 * 1024
"""KiB that one attack may take at most, at its peak."""
PASSWORD = "mot-de-passe-du-silo"
EDITING = "cle-de-qui-modifie-les-zones"
KEYS = """\
  keys: [{name: zones, key: "${CLE_ZONES}", scopes: ["edit:zones"]}]
silos:
"""
NEVER = (
    b"Traceback",
    b'File "',
    b"psycopg",
    b"SQLSTATE",
    b"ouvre-toi",
    PASSWORD.encode(),
    EDITING.encode(),
    b"root:",
    b"postgresql://",
)
"""What no answer holds: traces, and what is secret."""
TABLES = """
SELECT relname, (xpath('/row/n/text()', query_to_xml(format(
    'SELECT count(*) AS n FROM %I.%I', nspname, relname), false, true, '')))[1]
    ::text::int
FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1
"""
PLACES = (
    "/csw?service=CSW&request=GetCapabilities",
    "/csw?service=CSW&version=2.0.2&request=GetRecords&typeNames=csw:Record"
    "&resultType=results",
    "/oai?verb=ListRecords&metadataPrefix=oai_dc",
    "/dcat/catalog.ttl",
    "/collections/catalogue/items",
    "/collections/catalogue/items?q=jeu",
    "/records/",
    "/records/lieux.xml",
    "/sitemap.xml",
    "/datasets/lieux/preview",
    "/metrics",
    "/collections/places/download/places.gpkg",
    "/collections/places/items",
)
"""An address of each part of the service."""


@dataclass(frozen=True)
class Answer:
    """What came back; status 0: the connection was closed without a word."""

    status: int
    content: bytes


@dataclass(frozen=True)
class Worker:
    """The process, seen from outside."""

    port: int
    pid: int
    folder: Path
    database: str
    key: str = EDITING
    """Opens the collection `zones` for editing."""
    places: tuple[str, ...] = PLACES

    def ask(
        self,
        target: str,
        *headers: str,
        method: str = "GET",
        body: bytes = b"",
        host: str = "127.0.0.1",
    ) -> Answer:
        """Ask as no client would; nothing is encoded or checked."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close"]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, *headers, "", ""])
        return self.send(head.encode("utf-8", "surrogateescape"), [body])

    def send(self, head: bytes, pieces: Iterable[bytes] = ()) -> Answer:
        """Send bytes until they are gone or nobody listens; read what comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as client:
            with suppress(ConnectionError):
                client.sendall(head)
                for piece in pieces:
                    client.sendall(piece)
            try:
                with closing(HTTPResponse(client)) as answer:
                    answer.begin()
                    return _checked(Answer(answer.status, answer.read()))
            except (ConnectionError, HTTPException):
                return Answer(0, b"")

    def tables(self) -> list[tuple[str, int]]:
        """Return the tables of silo and store, and how many rows each has."""
        with (
            closing(psycopg2.connect(self.database)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(TABLES)
            return list(cursor.fetchall())

    def computed(self) -> float:
        """Return the seconds that it computed so far."""
        fields = self._told("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def memory(self, name: str) -> int:
        """Return KiB of its memory: `VmRSS` now, `VmHWM` at its peak."""
        lines = dict(line.split(":", 1) for line in self._told("status").splitlines())
        return int(lines[name].split()[0])

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def _told(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text(encoding="utf-8")

    @contextmanager
    def unharmed(self, requests: int = 1) -> Iterator[None]:
        """Hold it to its bounds: what it computes, holds and writes into its log."""
        self.forget_peak()
        computed, held, log = self.computed(), self.memory("VmRSS"), len(self.log())
        yield
        assert self.computed() - computed < QUICK * max(1, requests / 20)
        assert self.memory("VmHWM") - held < MEMORY
        assert "Traceback" not in self.log()[log:]
        assert self.ask("/health").status == 200


def _checked(answer: Answer) -> Answer:
    """Require of an answer what holds of each: no failure of ours, nothing told."""
    # 501: OWS Common's status of an operation that there is not
    assert answer.status < 500 or answer.status == 501, answer.content
    for word in NEVER:
        assert word not in answer.content
    return answer


@pytest.fixture(scope="session")
def worker(
    session_postgis: str,
    tmp_path_factory: pytest.TempPathFactory,
    new_deployment: Any,
    filled: Any,
    make_files: Any,
    publish: Any,
) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("hostile")
    filled(session_postgis)
    parts = urlsplit(session_postgis)
    login = f"{parts.username}:{PASSWORD}@{parts.hostname}:{parts.port}"
    address = urlunsplit(parts._replace(netloc=login))
    deployment = new_deployment(folder, address, "public")
    written = deployment.configuration.read_text(encoding="utf-8")
    deployment.configuration.write_text(
        written.replace("./state.sqlite", address), encoding="utf-8"
    )
    deployment.describe("lieux", "places")
    deployment.describe("zonage", "zones")
    open_for_editing(deployment)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CLE_ZONES", EDITING)
        make_files(deployment)
        publish(deployment)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gateway", "--config", deployment.configuration]
    command += ["serve", "--workers", "1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        environment = {**os.environ, "CLE_ZONES": EDITING}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            made = Worker(port, process.pid, folder, address)
            _wait(made, process)
            yield made
        finally:
            process.kill()
            process.wait()


def open_for_editing(deployment: Any) -> None:
    """Open the collection `zones`, for one key."""
    path = deployment.configuration
    written = path.read_text("utf-8").replace("silos:\n", KEYS)
    path.write_text(written, encoding="utf-8")
    described = deployment.folder / "datasets" / "zonage.yml"
    more = described.read_text("utf-8") + "    editable: true\n"
    described.write_text(more, encoding="utf-8")


def _wait(worker: Worker, process: subprocess.Popen[bytes]) -> None:
    """Wait until it answers, and has answered once with each of its parts."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, worker.log()
        with suppress(OSError):
            if all(worker.ask(each).status == 200 for each in PLACES):
                return
        time.sleep(0.05)
    pytest.fail(worker.log())
