"""Measures our catalogue beside pycsw 2.6.2: same records, same requests, one run.

    .venv/bin/python bench/csw.py [--records 10000] [--rounds 15] [--keep FOLDER]

Both stand on loopback, one process each, and each request has a connection of its
own. The rounds are interleaved, the medians compared. Exit status 1 when a page of
25 full records takes us 20 ms or more, or is not ten times faster than pycsw's.
pycsw must be in `.venv-pycsw`; loading it takes some 20 ms a record.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from gateway.demo.pycsw_target import PycswTarget, pycsw_python, running_pycsw
from metadata.dataset import Collection, Dataset
from metadata.iso19139 import encode_dataset_record
from metadata.measured import Extent, RelationKind, Source, Survey
from metadata.record import Record
from metadata.stated import (
    CollectionDescription,
    Dates,
    Description,
    Organisation,
    Status,
)
from providers.store import open_store

ROOT = Path(__file__).resolve().parent.parent
PAGE = 25
PAGE_LIMIT, RATIO_LIMIT = 20.0, 10.0
"""Milliseconds for a page, and how many times faster it must be."""
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GMD = "http://www.isotc211.org/2005/gmd"
ORGANISATION = Organisation(
    name="Banc d'essai",
    siren="229300082",
    email="sig@essais.example",
    identifier_base="https://data.essais.example/id",
    licence="etalab-2.0",
)
CONFIGURATION = """\
organisation:
  name: Banc d'essai
  siren: "229300082"
  email: sig@essais.example
  identifier_base: https://data.essais.example/id
  licence: etalab-2.0
service: {{url: "{url}"}}
silos: {{sig: ./silo}}
store: ./state.sqlite
"""
SEARCH = """<csw:GetRecords xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"
  xmlns:ogc="http://www.opengis.net/ogc" xmlns:gmd="{gmd}"
  xmlns:apiso="http://www.opengis.net/cat/csw/apiso/1.0" service="CSW" version="2.0.2"
  resultType="results" startPosition="{start}" maxRecords="{count}"
  outputSchema="{gmd}">
  <csw:Query typeNames="gmd:MD_Metadata">
    <csw:ElementSetName>full</csw:ElementSetName>
    <csw:Constraint version="1.1.0"><ogc:Filter>{where}</ogc:Filter></csw:Constraint>
    <ogc:SortBy><ogc:SortProperty><ogc:PropertyName>apiso:Identifier</ogc:PropertyName>
      <ogc:SortOrder>ASC</ogc:SortOrder></ogc:SortProperty></ogc:SortBy>
  </csw:Query>
</csw:GetRecords>"""
EQUAL = """<ogc:PropertyIsEqualTo><ogc:PropertyName>apiso:Type</ogc:PropertyName>
  <ogc:Literal>{}</ogc:Literal></ogc:PropertyIsEqualTo>"""
TYPES = (
    "<ogc:Or>"
    + "".join(
        map(EQUAL.format, ("dataset", "nonGeographicDataset", "series", "service"))
    )
    + "</ogc:Or>"
)
WORDS = """<ogc:PropertyIsLike wildCard="%" singleChar="_" escapeChar="!">
  <ogc:PropertyName>csw:AnyText</ogc:PropertyName>
  <ogc:Literal>%releve numero 77%</ogc:Literal></ogc:PropertyIsLike>"""
_ROOT = b"<gmd:fileIdentifier>"
PYCSW_LOAD = """
import sys
from pycsw.core import admin
from pycsw.core.config import StaticContext
admin.load_records(StaticContext(), sys.argv[1], "records", sys.argv[2])
"""


def main() -> int:
    """Fill both, measure, print, judge; return the exit code."""
    options = _options()
    python = pycsw_python(ROOT)
    if python is None:
        print("There is no pycsw: make .venv-pycsw (./run demo does).")
        return 1
    with _folder(options.keep) as folder:
        records = [_record(number) for number in range(options.records)]
        size = sum(len(record.content) for record in records) / len(records)
        print(f"{len(records)} records of {size:.0f} bytes")
        with (
            _ours(folder / "ours", records) as ours,
            _pycsw(python, folder / "pycsw", records) as target,
        ):
            return _judge(_measured(ours, target.url, options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--keep", type=Path, help="a folder to work in, and to keep")
    return parser.parse_args()


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="passerelle-csw-") as name:
        yield Path(name)


def _record(number: int) -> Record:
    name = f"jeu-{number:05d}"
    source = Source(silo="sig", container="public", table=name)
    collection = CollectionDescription(id=name, source=source)
    west, south = 2 + number % 50 / 100, 48 + number % 70 / 100
    survey = Survey(
        source=source,
        kind=RelationKind.TABLE,
        surveyed_at=NOW,
        extent=Extent(west, south, west + 0.3, south + 0.2),
    )
    description = Description(
        id=name,
        identifier=f"{ORGANISATION.identifier_base}/{name}",
        record_identifier=f"fr-229300082-jdd-{number:05d}",
        service_identifier=f"fr-229300082-srv-{number:05d}",
        collections=(collection,),
        title=f"Jeu numéro {number}",
        abstract=f"Un releve numero {number}, décrit en une phrase assez longue.",
        lineage="Tiré au sort par un générateur, pour mesurer.",
        producer=ORGANISATION.name,
        themes=("au",),
        topics=("boundaries",),
        keywords=("banc d'essai", f"lot {number % 20}"),
        dates=Dates(revised=date(2026, 1, 1) + timedelta(number % 100)),
        status=Status.PUBLISHED,
    )
    dataset = Dataset(
        description=description,
        collections=(Collection(description=collection, survey=survey),),
        organisation=ORGANISATION,
        service_url="https://geo.essais.example",
    )
    return encode_dataset_record(dataset, date_stamp=NOW.date())


@contextmanager
def _ours(folder: Path, records: list[Record]) -> Iterator[str]:
    """Publish and serve by one worker; yield the address of the catalogue."""
    for name in ("silo", "datasets"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    configuration = folder / "passerelle.yml"
    configuration.write_text(CONFIGURATION.format(url=url), encoding="utf-8")
    begun = time.perf_counter()
    store = open_store(f"sqlite:///{folder}/state.sqlite")
    store.apply_snapshot(records, now=NOW)
    store.close()
    print(f"ours   published in {time.perf_counter() - begun:.1f} s", end=", ")
    uvicorn = [sys.executable, "-m", "uvicorn", "--factory", "service.app:application"]
    process = subprocess.Popen(
        [*uvicorn, "--port", str(port), "--log-level", "error"],
        env={**os.environ, "PASSERELLE_CONFIG": str(configuration)},
        cwd=ROOT,
    )
    try:
        begun = time.perf_counter()
        _wait(f"{url}/csw", process)
        print(f"ready in {time.perf_counter() - begun:.1f} s, {_memory(process)} MiB")
        yield f"{url}/csw"
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _pycsw(python: Path, folder: Path, records: list[Record]) -> Iterator[PycswTarget]:
    """Load the same records into a pycsw; yield it."""
    with running_pycsw(python, folder, transactions=False, max_records=500) as target:
        files = folder / "records"
        files.mkdir(exist_ok=True)
        for record in records:
            (files / f"{record.dataset_id}.xml").write_bytes(record.content)
        begun = time.perf_counter()
        database = f"sqlite:///{folder / 'records.sqlite'}"
        load = [str(python), "-W", "ignore", "-c", PYCSW_LOAD, database, str(files)]
        subprocess.run(load, check=True, capture_output=True)
        print(f"pycsw  loaded in {time.perf_counter() - begun:.1f} s")
        yield target


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    """Return once the catalogue gives records."""
    query = {"service": "CSW", "version": "2.0.2", "request": "GetRecords"}
    query |= {"typeNames": "csw:Record", "resultType": "hits"}
    while process.poll() is None:
        try:
            _ask(f"{address}?{urlencode(query)}", None)
        except (OSError, ValueError):
            time.sleep(0.1)
        else:
            return
    sys.exit("The service did not start.")


def _memory(process: subprocess.Popen[bytes]) -> int:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def _ask(address: str, document: str | None) -> bytes:
    """Ask once, over a connection of its own.

    Raises
    ------
    ValueError
        The answer is an error.
    """
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    try:
        target = parts.path or "/"
        if parts.query:
            target += f"?{parts.query}"
        headers = {"Content-Type": "application/xml", "User-Agent": "bench"}
        method = "GET" if document is None else "POST"
        connection.request(method, target, document, headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status != HTTPStatus.OK or b"ExceptionReport" in content[:2000]:
        raise ValueError(content[:500])
    return content


def _workloads(count: int) -> Mapping[str, tuple[str, str | None]]:
    """Name → query string, and the document posted if any."""

    def page(start: int, where: str = TYPES) -> tuple[str, str]:
        return "", SEARCH.format(gmd=GMD, start=start, where=where, count=PAGE)

    common = {"service": "CSW", "version": "2.0.2"}
    by_id = {**common, "request": "GetRecordById", "outputSchema": GMD}
    by_id |= {"elementSetName": "full", "id": f"fr-229300082-jdd-{count // 2:05d}"}
    capabilities = {**common, "request": "GetCapabilities"}
    return {
        "25 full ISO records, first page": page(1),
        "25 full ISO records, middle": page(count // 2),
        "25 full ISO records, last page": page(count - 24),
        "words in all text": page(1, WORDS),
        "one record by identifier": (urlencode(by_id), None),
        "capabilities": (urlencode(capabilities), None),
    }


def _measured(
    ours: str, theirs: str, options: argparse.Namespace
) -> dict[str, tuple[float, float]]:
    """Return the median milliseconds of both for each workload."""
    medians = {}
    for name, (query, document) in _workloads(options.records).items():
        times: dict[str, list[float]] = {ours: [], theirs: []}
        for number in range(options.rounds + 1):
            for address, taken in times.items():
                begun = time.perf_counter()
                content = _ask(f"{address}?{query}" if query else address, document)
                if number:  # the first is for warming up
                    taken.append((time.perf_counter() - begun) * 1000)
                elif "25 full" in name and content.count(_ROOT) != PAGE:
                    sys.exit(f"{address} did not give 25 records.")
        mine, others = (statistics.median(times[address]) for address in (ours, theirs))
        medians[name] = mine, others
    return medians


def _judge(medians: Mapping[str, tuple[float, float]]) -> int:
    print(f"\n{'median ms':34}{'ours':>9}{'pycsw':>10}{'times':>8}")
    for name, (mine, theirs) in medians.items():
        print(f"{name:34}{mine:9.2f}{theirs:10.1f}{theirs / mine:8.0f}")
    behind = [
        name
        for name, (mine, theirs) in medians.items()
        if "25 full" in name and (mine >= PAGE_LIMIT or theirs / mine < RATIO_LIMIT)
    ]
    for name in behind:
        print(f"Behind: {name}")
    return 1 if behind else 0


if __name__ == "__main__":
    sys.exit(main())
