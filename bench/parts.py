"""What the workloads leave out: the whole dataset, the page asked again, paging."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import requests
from servers import memory_of, script, session

FEATURE = (
    """'{"type":"Feature","id":'||gid||',"geometry":'||"""
    "ST_AsGeoJSON(ST_Transform(geom,4326),9)||',\"properties\":'||json_build_object("
    "'gid',gid,'rue',rue,'numero',numero,'code_postal',code_postal,'commune',commune,"
    "'insee',insee,'maj',maj,'score',score)||'}'"
)


def whole_dataset(process: subprocess.Popen[bytes], url: str) -> list[str]:
    """Fetch a million points in one answer; say how long, how much, what memory."""
    for pid in session(process.pid):
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = memory_of(process.pid, "VmRSS")
    started, size, features, tail = time.perf_counter(), 0, 0, b""
    address = f"{url}/collections/adresses/download/adresses.geojson"
    plain = {"Accept-Encoding": "identity"}
    with requests.get(address, timeout=600, stream=True, headers=plain) as answer:
        answer.raise_for_status()
        first = 0.0
        for chunk in answer.iter_content(1 << 20):
            first = first or time.perf_counter() - started
            size += len(chunk)
            features += (tail + chunk).count(b'"Feature"') - tail.count(b'"Feature"')
            tail = (tail + chunk)[-8:]
    seconds = time.perf_counter() - started
    peaks = memory_of(process.pid, "VmHWM")
    copied = _copy()
    return [
        f"{features} points in one answer: {size / 2**20:.0f} MiB in {seconds:.1f} s,"
        f" {seconds / copied:.2f} × COPY of the same text in order ({copied:.1f} s)",
        f"first bytes after {first * 1000:.0f} ms; resident MiB per process:"
        f" {before} before, {peaks} at the peak",
    ]


def _copy() -> float:
    """Return the seconds that COPY takes for the same text in the order of the key."""
    rows = f"(SELECT {FEATURE} FROM adresses ORDER BY gid)"  # noqa: S608  (ours)
    text = f"\\copy {rows} to '/dev/null'"
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        script("pg.sh", "psql", "-q", "-c", text, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def asked_again(url: str) -> list[str]:
    """Ask for the same page again and again, of a service that remembers pages."""
    found = []
    for limit in (10, 100, 1000):
        address = f"{url}/collections/adresses/items?limit={limit}"
        size = len(requests.get(address, timeout=60).content)
        found.append(f"the same page of {size / 1024:.0f} KiB: {_rate(address):.0f}/s")
        tag = requests.get(address, timeout=60).headers["etag"]
        confirmed = _rate(address, "-H", f"If-None-Match: {tag}")
        found.append(f"its copy confirmed (304): {confirmed:.0f}/s")
    return found


def next_pages(url: str) -> list[str]:
    """Compare the first page with one deep in the collection, reached by `next`."""
    first = f"{url}/collections/adresses/items?limit=100"
    deep = _follow(f"{url}/collections/adresses/items?limit=10000", 90)
    deep = re.sub(r"limit=\d+", "limit=100", deep)
    rates = [(_rate(first), _rate(deep)) for _ in range(5)]
    ratio = statistics.median(b / a for a, b in rates)
    return [f"a page after 900,000 features by `next`: {ratio:.2f} × the first page"]


def _follow(url: str, pages: int) -> str:
    for _ in range(pages):
        document: dict[str, Any] = json.loads(requests.get(url, timeout=60).content)
        url = next(x["href"] for x in document["links"] if x["rel"] == "next")
    return url


def _rate(url: str, *options: str) -> float:
    """Return requests per second at eight connections."""
    command = ["wrk", "-t2", "-c8", "-d2s", *options, url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    return float(found[1]) if found else 0.0
