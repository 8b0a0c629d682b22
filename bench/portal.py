"""Lets the real udata harvest a thousand datasets, and lets some of them vanish.

    .venv/bin/python bench/portal.py [--datasets 1000] [--outlets csw,dcat]

The silo is GeoPackages of a hundred layers each; they are surveyed, approved,
published and served by the commands that a person types. udata (`.venv-udata`) then
harvests them five times, from CSW (ISO 19139) and from the DCAT feed, each into an
empty portal: at first, unchanged, after one was withdrawn, after nine tenths of the
tables vanished and their descriptions with them (`publish` refuses), and after somebody
let that through (`--allow-deletes`: our outlets refuse).

Exit status 1 when a dataset is missing, a pass changes anything but what changed, or
what vanished by mistake is archived.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from catalogue import LAYERS, ROOT, Steps, forget, lose, make_silo, state

HARVESTER = ROOT / "tests" / "portal" / "harvester.py"
LICENCES = ROOT / "tests" / "portal" / "licences.json"
UDATA = ROOT / ".venv-udata" / "bin" / "python"
OUTLETS: Mapping[str, Mapping[str, str]] = {
    "csw": {"backend": "csw-iso-19139", "path": "/csw"},
    "dcat": {"backend": "dcat", "path": "/dcat/catalog.rdf"},
}
PATIENCE = 4 * 3600
"""Seconds for every pass over one outlet."""
START = 600
"""Seconds for the service to start, or to follow what was published."""
IDENTIFIERS = "https://data.example.org/id"
CONFIGURATION = f"""\
organisation:
  name: Banc d'essai
  siren: "229300082"
  email: sig@example.org
  identifier_base: {IDENTIFIERS}
  licence: etalab-2.0
service: {{{{url: "{{address}}"}}}}
silos: {{{{sig: ./silo}}}}
store: ./state.sqlite
"""
WITHDRAWN = "jeu00000"
Verdicts = dict[str, bool]


def main() -> int:
    """Run every step and print what came of it; return the exit status."""
    options = _options()
    if not UDATA.is_file():
        sys.exit("there is no .venv-udata: ./run test makes it")
    address = f"http://127.0.0.1:{_free_port()}"
    verdicts: Verdicts = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "site"
        deploy(folder, address, options.datasets)
        for outlet in options.outlets.split(","):
            copy = Path(name) / outlet
            shutil.copytree(folder, copy)
            site = Site(copy, address, OUTLETS[outlet]["path"], options.datasets)
            verdicts |= judge(outlet, harvest(site, outlet), options.datasets)
    for said, holds in verdicts.items():
        print(f"{'yes' if holds else 'NO':4}{said}")
    return 0 if all(verdicts.values()) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--datasets", type=int, default=1000)
    parser.add_argument("--outlets", default=",".join(OUTLETS))
    options = parser.parse_args()
    if options.datasets < 2 * LAYERS:
        parser.error(f"--datasets: at least {2 * LAYERS}")
    return options


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def deploy(folder: Path, address: str, datasets: int) -> None:
    """Describe, approve and publish every table of a silo.

    The files are made beforehand: those that the service makes one after another
    appear in the feed one after another, and are a change each.
    """
    make_silo(folder / "silo", datasets)
    text = CONFIGURATION.format(address=address)
    (folder / "passerelle.yml").write_text(text, encoding="utf-8")
    steps = Steps(folder)
    steps.run("survey")
    state(folder, range(datasets))
    steps.run("approve", "--all")
    steps.run("files")
    steps.run("publish", "--format", "json")


@dataclass(frozen=True)
class Site:
    """A deployment that is served, and the mishaps that befall it."""

    folder: Path
    address: str
    path: str
    """Where it is harvested."""
    datasets: int

    @contextmanager
    def served(self) -> Iterator[None]:
        """Run the service as long as the context lasts."""
        port = self.address.rpartition(":")[2]
        command = [sys.executable, "-m", "gateway", "serve", "--no-access-log"]
        with (
            (self.folder / "served.log").open("wb") as log,
            subprocess.Popen(
                [*command, "--port", port],
                cwd=ROOT,
                env=Steps(self.folder).environment,
                stdout=log,
                stderr=log,
            ) as process,
        ):
            try:
                self.wait_for(HTTPStatus.OK)
                yield
            finally:
                process.terminate()

    def wait_for(self, status: int) -> None:
        """Wait until what is harvested is answered so."""
        self._wait(lambda: self._status() == status)

    def withdraw(self) -> None:
        """Withdraw one dataset, and wait until the service knows."""
        Steps(self.folder).run("withdraw", WITHDRAWN)
        record = f"{self.address}/records/{WITHDRAWN}.xml"
        self._wait(lambda: _asked(record) in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE})

    def lose(self) -> None:
        """Let tables, then descriptions vanish; `publish` must refuse both times."""
        lose(self.folder, self.datasets)
        Steps(self.folder).run("publish", "--format", "json", status=1)
        forget(self.folder, self.datasets)
        Steps(self.folder).run("publish", "--format", "json", status=1)

    def force(self) -> None:
        """Let the loss through all the same, and wait until the outlets refuse."""
        allowed = str(2 * self.datasets)
        Steps(self.folder).run("publish", "--allow-deletes", allowed)
        self.wait_for(HTTPStatus.SERVICE_UNAVAILABLE)

    def _status(self) -> int:
        query = "?service=CSW&version=2.0.2&request=GetRecords&typeNames=csw:Record"
        return _asked(self.address + self.path + query * (self.path == "/csw"))

    def _wait(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + START
        while not holds():
            if time.monotonic() > end:
                sys.exit(f"the service did not follow in {START} s")
            time.sleep(0.5)


def _asked(address: str) -> int:
    """Return the status of an answer; 0 when there is none."""
    try:
        return requests.get(address, timeout=60).status_code
    except (requests.ConnectionError, requests.Timeout):
        return 0


@contextmanager
def answering(acts: Mapping[str, Callable[[], None]]) -> Iterator[str]:
    """Do what an address stands for when it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            acts[self.path]()
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def harvest(site: Site, outlet: str) -> dict[str, Any]:
    """Let udata harvest one outlet five times; return what it says."""
    acts = {"/withdraw": site.withdraw, "/lose": site.lose, "/force": site.force}
    with site.served(), answering(acts) as control:
        source = {
            "backend": OUTLETS[outlet]["backend"],
            "url": site.address + site.path,
            "passes": 2,
            "asking": [control + path for path in acts],
        }
        order = {
            "folder": str(site.folder / "udata"),
            "licences": json.loads(LICENCES.read_text(encoding="utf-8")),
            "sources": {outlet: source},
        }
        (site.folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
        subprocess.run(
            [UDATA, HARVESTER, "order.json", "answer.json"],
            cwd=site.folder,
            check=True,
            timeout=PATIENCE,
        )
    answer = json.loads((site.folder / "answer.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = answer[outlet]
    for number, job in enumerate(found["jobs"], 1):
        print(f"{outlet} pass {number}: {job['status']:8} {job['seconds']:8.1f} s")
    for number, change in enumerate(found["changes"], 2):
        fields = Counter(field for each in change.values() for field in each)
        print(f"{outlet} pass {number}: {len(change)} changed {dict(fields)}")
    return found


def judge(outlet: str, found: Mapping[str, Any], datasets: int) -> Verdicts:
    """Hold what udata did against what it was to do."""
    names = {f"{IDENTIFIERS}/jeu{number:05}" for number in range(datasets)}
    withdrawn = f"{IDENTIFIERS}/{WITHDRAWN}"
    archived = [i for i, each in found["datasets"].items() if each["archived"]]
    unchanged, after_withdrawal, after_loss, after_force = found["changes"]
    jobs = [job["status"] for job in found["jobs"]]
    services = {f"{name}/service" for name in names}
    return {
        f"{outlet}: every one of {datasets} is there, without a complaint": (
            set(found["datasets"]) == names
            and (outlet != "csw" or set(found["services"]) == services)
            and jobs[:4] == ["done"] * 4
        ),
        f"{outlet}: a second pass changes nothing": not unchanged,
        f"{outlet}: one that is withdrawn is archived, and no other touched": (
            {i for i in after_withdrawal if not i.endswith("/service")} == {withdrawn}
            and len(after_withdrawal) <= len((withdrawn, f"{withdrawn}/service"))
        ),
        f"{outlet}: what publish refuses is never seen": not after_loss,
        f"{outlet}: a catalogue that shrank is refused, and nothing is archived": (
            jobs[4] == "failed" and not after_force and archived == [withdrawn]
        ),
    }


if __name__ == "__main__":
    sys.exit(main())
