"""Measures our service beside stock pygeoapi, on one database in one run.

    ./run bench [--rounds N] [--only PATTERNS] [--no-wrk] [--keep]

The measuring itself is the side-by-side benchmark in ``../shared/bench`` (or
where ``PASSERELLE_BENCH`` says); here is our side of it, and the stream of a
million points with the memory that our workers need for it. Everything stands
on loopback and below one scratch folder. Read the ratios, not the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import yaml

ROOT = Path(__file__).resolve().parent.parent
BENCH = Path(os.environ.get("PASSERELLE_BENCH", ROOT.parent / "shared" / "bench"))
SCRATCH = Path(os.environ.get("WORK", "/var/tmp/passerelle-bench"))  # noqa: S108  (the system user postgres must reach it)
PORT = 8010
URL = f"http://127.0.0.1:{PORT}"
DSN = f"postgresql://bench@127.0.0.1:{os.environ.get('BENCH_PGPORT', '55432')}/bench"
WORKERS = 2
ROWS = 1_000_000
TABLES = ("adresses", "communes", "parcelles")
RIVAL = ("pygeoapi==0.21.*", "gunicorn", "psycopg2-binary", "sqlalchemy", "geoalchemy2")
STATED = """
producer: Banc d'essai
lineage: Tiré au sort par un générateur à graine fixe, pour mesurer.
abstract: Données synthétiques du banc d'essai ; aucune géométrie n'est réelle.
themes: [ad]
topics: [location]
"""


def main() -> int:
    """Prepare, start, measure, judge, stop; return the exit code."""
    options = _options()
    if not (BENCH / "bench.py").is_file():
        print(f"There is no benchmark at {BENCH}; name it by PASSERELLE_BENCH.")
        return 1
    missing = [name for name in ("wrk", "pgbench", "psql") if not shutil.which(name)]
    if missing:
        print(f"Not installed: {', '.join(missing)}.")
        return 1
    SCRATCH.mkdir(parents=True, exist_ok=True)
    SCRATCH.chmod(0o755)
    with _database(keep=options.keep):
        _load()
        with _rival(), _ours() as process:
            measured = ["run", "--servers", "postgres,pygeoapi"]
            passed_on = ["--rounds", str(options.rounds), "--only", options.only]
            passed_on += ["--no-wrk"] if options.no_wrk else []
            _bench(*measured, "--add", f"ours={URL}", "--out", "run", *passed_on)
            stream = _stream(process)
    _bench("show", "run", "--ratio-to", "pygeoapi")
    print(stream)
    return _judge(json.loads((SCRATCH / "results" / "run.json").read_text("utf-8")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds")
    parser.add_argument("--only", default="", help="workloads: regular expressions, |")
    parser.add_argument("--no-wrk", action="store_true", help="sequential part only")
    parser.add_argument("--keep", action="store_true", help="leave PostgreSQL running")
    return parser.parse_args()


def _environment() -> Mapping[str, str]:
    """Return what the benchmark's own scripts run with."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = {"PGBIN": str(binaries[-1].parent)} if binaries else {}
    ours = {"WORK": str(SCRATCH), "BENCH_WORKERS": str(WORKERS)}
    return {**os.environ, **found, **ours, "PYTHONUNBUFFERED": "1"}


def _script(name: str, *arguments: str, **options: Any) -> str:
    """Run one script of the benchmark; return what it printed when captured."""
    done = subprocess.run(
        [str(BENCH / name), *arguments],
        env=_environment(),
        check=True,
        text=True,
        **options,
    )
    return done.stdout or ""


def _bench(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, str(BENCH / "bench.py"), *arguments],
        env=_environment(),
        check=True,
    )


@contextmanager
def _database(*, keep: bool) -> Iterator[None]:
    """Start the private cluster, made at the first time."""
    if not (SCRATCH / "pg" / "data" / "PG_VERSION").exists():
        _script("pg.sh", "init")
    running = (SCRATCH / "pg" / "data" / "postmaster.pid").exists()
    if not running:
        _script("pg.sh", "start")
    try:
        yield
    finally:
        if not running and not keep:
            _script("pg.sh", "stop")


def _load() -> None:
    """Fill the tables, unless they are full."""
    if _count("SELECT count(to_regclass(t)) FROM unnest(ARRAY{}) t") < len(TABLES) or (
        _count("SELECT count(*) FROM adresses") != ROWS
    ):
        _script("gendata.py", "load")


def _count(statement: str) -> int:
    asked = statement.format([*TABLES])
    return int(_script("pg.sh", "psql", "-tAc", asked, stdout=subprocess.PIPE))


@contextmanager
def _rival() -> Iterator[None]:
    """Start stock pygeoapi, in an environment of its own."""
    environment = SCRATCH / "v-pygeoapi"
    python = environment / "bin" / "python"
    if not (environment / "ready").exists():
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *RIVAL], check=True)
        (environment / "ready").touch()
    _script("peers.py", "setup")
    _script("peers.py", "start", "pygeoapi")
    try:
        yield
    finally:
        _script("peers.py", "stop", "pygeoapi")


@contextmanager
def _ours() -> Iterator[subprocess.Popen[bytes]]:
    """Survey, approve and serve the three tables as anybody would."""
    folder = SCRATCH / "ours"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _configure(folder / "passerelle.yml")
    command = [
        sys.executable,
        "-m",
        "gateway",
        "--config",
        str(folder / "passerelle.yml"),
    ]
    subprocess.run([*command, "survey"], check=True)
    for table in TABLES:
        with (folder / "datasets" / f"{table}.yml").open("a", encoding="utf-8") as file:
            file.write(f"{STATED.strip()}\ntitle: Banc d'essai, {table}\n")
    subprocess.run([*command, "approve", *TABLES], check=True)
    serve = ["serve", "--port", str(PORT), "--workers", str(WORKERS)]
    with (SCRATCH / "logs" / "ours.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *serve], stdout=log, stderr=log, start_new_session=True
        )
    # the benchmark finds our processes by the session's number
    (SCRATCH / "run" / "ours.pid").write_text(str(process.pid))
    try:
        _wait(process)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _configure(path: Path) -> None:
    said = {
        "organisation": {
            "name": "Banc d'essai",
            "siren": "000000000",
            "email": "banc@passerelle.example",
            "identifier_base": "https://passerelle.example/id",
            "licence": "etalab-2.0",
        },
        "service": {"url": URL},
        "silos": {"bench": {"location": DSN, "schemas": ["public"]}},
    }
    path.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")


def _wait(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if requests.get(f"{URL}/health", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    sys.exit(f"our service did not answer; see {SCRATCH / 'logs' / 'ours.log'}")


def _stream(process: subprocess.Popen[bytes]) -> str:
    """Fetch every point in one answer; say how long, how much, and what memory."""
    workers = _session(process.pid)
    before = [_memory(pid, "VmRSS") for pid in workers]
    for pid in workers:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    url = f"{URL}/collections/adresses/download/adresses.geojson"
    started, size, features, tail = time.perf_counter(), 0, 0, b""
    with requests.get(url, timeout=600, stream=True) as answer:
        answer.raise_for_status()
        first = 0.0
        for chunk in answer.iter_content(1 << 20):
            first = first or time.perf_counter() - started
            size += len(chunk)
            features += (tail + chunk).count(b'"Feature"') - tail.count(b'"Feature"')
            tail = (tail + chunk)[-8:]
    seconds = time.perf_counter() - started
    peaks = [_memory(pid, "VmHWM") for pid in workers]
    grown = max(peak - old for peak, old in zip(peaks, before, strict=True))
    return (
        f"\n{features} points in one stream: {size / 2**20:.0f} MiB in {seconds:.1f} s,"
        f" first bytes after {first:.2f} s; resident MiB per process "
        f"{before} before, {peaks} at the peak (+{grown})\n"
    )


def _session(leader: int) -> list[int]:
    """Return every process of a session."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader:
                found.append(int(folder.name))
    return sorted(found)


def _memory(pid: int, field: str) -> int:
    """Return a figure of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next((line for line in lines if line.startswith(f"{field}:")), ": 0")
    return round(int(line.split()[1]) / 1024)


def _judge(results: Mapping[str, Any]) -> int:
    """Say where we are behind stock pygeoapi; 1 if anywhere."""
    behind = [
        line
        for workload, servers in results["workloads"].items()
        for line in _behind(workload, servers["ours"], servers["pygeoapi"])
    ]
    print("\n".join(behind) or "Ahead of stock pygeoapi on every line.")
    return 1 if behind else 0


def _behind(
    workload: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[str]:
    if ours["skip"]:
        yield f"{workload}: our answer is wrong ({ours['skip']})"
        return
    if theirs["skip"]:
        return
    our_ms, their_ms = (statistics.median(v["seq_ms"]) for v in (ours, theirs))
    if our_ms >= their_ms:
        yield f"{workload}: {our_ms:.1f} ms, pygeoapi {their_ms:.1f} ms"
    if ours["wrk"] and theirs["wrk"]:
        our_rps, their_rps = (
            statistics.median(one["rps"] for one in v["wrk"]) for v in (ours, theirs)
        )
        if our_rps <= their_rps:
            yield f"{workload}: {our_rps:.1f}/s, pygeoapi {their_rps:.1f}/s"


if __name__ == "__main__":
    sys.exit(main())
