"""Who is measured: PostgreSQL, our service, and the peers that can be had here.

Everything stands on loopback and below one scratch folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import yaml

ROOT = Path(__file__).resolve().parent.parent
BENCH = Path(os.environ.get("PASSERELLE_BENCH", ROOT.parent / "shared" / "bench"))
SCRATCH = Path(os.environ.get("WORK", "/var/tmp/passerelle-bench"))  # noqa: S108  (the system user postgres must reach it)
DSN = f"postgresql://bench@127.0.0.1:{os.environ.get('BENCH_PGPORT', '55432')}/bench"
WORKERS = 2
ROWS = 1_000_000
TABLES = ("adresses", "communes", "parcelles")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "pygeoapi": (
        "pygeoapi==0.21.*",
        "gunicorn",
        "psycopg2-binary",
        "sqlalchemy",
        "geoalchemy2",
    ),
    "tipg": ("tipg==1.6.*", "uvicorn[standard]"),
}
"""Python packages of a peer, in an environment of its own."""
_PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "mapserver": ("/usr/lib/cgi-bin/mapserv", "nginx", "spawn-fcgi"),
    "qgis": ("/usr/lib/cgi-bin/qgis_mapserv.fcgi", "nginx", "spawn-fcgi"),
}
"""Debian's programs that a peer needs."""
_STATED = """
producer: Banc d'essai
lineage: Tiré au sort par un générateur à graine fixe, pour mesurer.
abstract: Données synthétiques du banc d'essai ; aucune géométrie n'est réelle.
themes: [ad]
topics: [location]
"""


def script(name: str, *arguments: str, **options: Any) -> str:
    """Run one script of the side-by-side benchmark; return what it printed."""
    done = subprocess.run(
        [str(BENCH / name), *arguments],
        env=environment(),
        check=True,
        text=True,
        **options,
    )
    return done.stdout or ""


def bench(name: str, *arguments: str) -> None:
    """Run one part of the side-by-side benchmark with our own interpreter."""
    command = [sys.executable, str(BENCH / name), *arguments]
    subprocess.run(command, env=environment(), check=True)


def environment() -> Mapping[str, str]:
    """Return what the benchmark's own scripts run with."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = {"PGBIN": str(binaries[-1].parent)} if binaries else {}
    ours = {"WORK": str(SCRATCH), "BENCH_WORKERS": str(WORKERS)}
    return {**os.environ, **found, **ours, "PYTHONUNBUFFERED": "1"}


@contextmanager
def database(*, keep: bool) -> Iterator[None]:
    """Start the private cluster, made at the first time, with its tables."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    SCRATCH.chmod(0o755)
    if not (SCRATCH / "pg" / "data" / "PG_VERSION").exists():
        script("pg.sh", "init")
    running = (SCRATCH / "pg" / "data" / "postmaster.pid").exists()
    if not running:
        script("pg.sh", "start")
    try:
        _load()
        yield
    finally:
        if not running and not keep:
            script("pg.sh", "stop")


def _load() -> None:
    """Fill the tables, unless they are full."""
    names = ",".join(TABLES)
    listed = f"unnest('{{{names}}}'::text[])"
    there = f"SELECT count(to_regclass(t)) FROM {listed} AS t"  # noqa: S608  (ours)
    if sql(there) < len(TABLES) or sql("SELECT count(*) FROM adresses") != ROWS:
        script("gendata.py", "load")
    if sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'cat'") != 1000:  # noqa: PLR2004  (as many as it makes)
        script("gendata.py", "small")


def sql(statement: str) -> int:
    """Return the one number that a statement answers with."""
    return int(script("pg.sh", "psql", "-tAc", statement, stdout=subprocess.PIPE))


def available(names: Sequence[str]) -> list[str]:
    """Return the peers that can be run here; say which cannot, and why."""
    found = []
    for name in names:
        missing = [p for p in _PROGRAMS.get(name, ()) if not shutil.which(p)]
        if missing:
            print(f"Without {name}: {', '.join(missing)} not installed.")
        else:
            found.append(name)
    return found


@contextmanager
def peers(names: Sequence[str]) -> Iterator[None]:
    """Start peers, made at the first time."""
    for name in names:
        if name in _NEEDS:
            _install(name)
    script("peers.py", "setup")
    if "qgis" in names:
        offscreen = {**environment(), "QT_QPA_PLATFORM": "offscreen"}
        project = SCRATCH / "conf" / "make_qgis_project.py"
        command = ["/usr/bin/python3", str(project)]
        subprocess.run(command, env=offscreen, check=True, stdout=subprocess.DEVNULL)
    script("peers.py", "start", *names)
    try:
        yield
    finally:
        script("peers.py", "stop", *names, "nginx")


def _install(name: str) -> None:
    place = SCRATCH / f"v-{name}"
    python = place / "bin" / "python"
    if (place / "ready").exists():
        return
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", *_NEEDS[name]]
    subprocess.run(pip, check=True)
    (place / "ready").touch()


@contextmanager
def ours(
    name: str, port: int, *, schema: str = "public", memory: int = 0
) -> Iterator[subprocess.Popen[bytes]]:
    """Survey, approve and serve the tables of a schema as anybody would.

    Parameters
    ----------
    memory
        Bytes for pages asked for lately; 0 keeps none.
    """
    folder = SCRATCH / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / "passerelle.yml"
    said = _configuration(f"http://127.0.0.1:{port}", schema, memory)
    path.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    command = [sys.executable, "-m", "gateway", "--config", str(path)]
    _describe(command, folder / "datasets")
    serve = ["serve", "--port", str(port), "--workers", str(WORKERS), "--no-access-log"]
    with (SCRATCH / "logs" / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *serve], stdout=log, stderr=log, start_new_session=True
        )
    # the benchmark finds our processes by the session's number
    (SCRATCH / "run" / f"{name}.pid").write_text(str(process.pid))
    try:
        _wait(process, f"http://127.0.0.1:{port}/health", name)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _describe(command: Sequence[str], datasets: Path) -> None:
    """Measure the tables, complete their drafts, and approve them."""
    subprocess.run([*command, "survey"], check=True, stdout=subprocess.DEVNULL)
    for draft in datasets.glob("*.yml"):
        with draft.open("a", encoding="utf-8") as file:
            file.write(f"{_STATED.strip()}\ntitle: Banc d'essai, {draft.stem}\n")
    approve = [*command, "approve", "--all"]
    subprocess.run(approve, check=True, stdout=subprocess.DEVNULL)


def _configuration(url: str, schema: str, memory: int) -> dict[str, Any]:
    return {
        "organisation": {
            "name": "Banc d'essai",
            "siren": "000000000",
            "email": "banc@passerelle.example",
            "identifier_base": "https://passerelle.example/id",
            "licence": "etalab-2.0",
        },
        "service": {"url": url, "memory": memory},
        "silos": {"bench": {"location": DSN, "schemas": [schema]}},
        # making them would take a core from whoever is measured meanwhile, and the
        # whole collection would come from a file instead of from the silo
        "files": {"formats": []},
    }


def _wait(process: subprocess.Popen[bytes], url: str, name: str) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    sys.exit(f"our service did not answer; see {SCRATCH / 'logs' / name}.log")


def memory_of(leader: int, field: str) -> list[int]:
    """Return a figure of every process of a session, MiB, by process number."""
    return [_memory(pid, field) for pid in session(leader)]


def session(leader: int) -> list[int]:
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
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next((line for line in lines if line.startswith(f"{field}:")), ": 0")
    return round(int(line.split()[1]) / 1024)
