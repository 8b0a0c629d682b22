"""Measures our service beside its peers, on one database in one run.

    ./run bench [--rounds N] [--peers NAMES] [--only PATTERNS] [--keep]

The measuring itself is the side-by-side benchmark in ``../shared/bench`` (or
where ``PASSERELLE_BENCH`` says); here is our side of it, what our service has
to reach, and what the workloads leave out. Read the ratios, not the figures.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys

import bars
import parts
import servers

PORT = 8010
URL = f"http://127.0.0.1:{PORT}"
REMEMBERING = 64 * 2**20


def main() -> int:
    """Prepare, start, measure, judge, stop; return the exit code."""
    options = _options()
    if not (servers.BENCH / "bench.py").is_file():
        print(f"There is no benchmark at {servers.BENCH}; name it by PASSERELLE_BENCH.")
        return 1
    missing = [name for name in ("wrk", "pgbench", "psql") if not shutil.which(name)]
    if missing:
        print(f"Not installed: {', '.join(missing)}.")
        return 1
    names = servers.available(options.peers.split(","))
    with servers.database(keep=options.keep), servers.peers(names):
        said = _workloads(options, names)
        if options.parts:
            said += _parts()
    results = (servers.SCRATCH / "results" / "run.json").read_text("utf-8")
    lines, missed = bars.verdicts(json.loads(results))
    report = "\n".join([*lines, "", *(f"- {line}" for line in said), ""])
    (servers.SCRATCH / "results" / "bars.md").write_text(report, encoding="utf-8")
    print(f"\n{report}")
    print("\n".join(missed) or "Every bar is met.")
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds")
    parser.add_argument("--peers", default="pygeoapi,tipg,mapserver,qgis")
    parser.add_argument("--only", default="", help="workloads: regular expressions, |")
    parser.add_argument("--no-wrk", action="store_true", help="sequential part only")
    parser.add_argument("--no-parts", dest="parts", action="store_false")
    parser.add_argument("--keep", action="store_true", help="leave PostgreSQL running")
    return parser.parse_args()


def _workloads(options: argparse.Namespace, names: list[str]) -> list[str]:
    """Run the workloads, our service without its memory of pages."""
    with servers.ours("ours", PORT) as process:
        measured = ["run", "--servers", ",".join(["postgres", *names])]
        passed_on = ["--rounds", str(options.rounds), "--only", options.only]
        passed_on += ["--no-wrk"] if options.no_wrk else []
        ours = ["--add", f"ours={URL}", "--out", "run"]
        servers.bench("bench.py", *measured, *ours, *passed_on)
        servers.bench("bench.py", "show", "run", "--ratio-to", "pygeoapi")
        if not options.parts:
            return []
        return [*parts.next_pages(URL), *parts.whole_dataset(process, URL)]


def _parts() -> list[str]:
    """Measure a service that remembers pages, and one of a thousand collections."""
    with servers.ours("ours-remembering", PORT, memory=REMEMBERING):
        said = parts.asked_again(URL)
    with servers.ours("ours-cat", PORT, schema="cat"):
        add = ["--start", "", "--add", f"ours-cat={URL}"]
        servers.bench("catalogue.py", *add, "--out", "catalogue")
    return said


if __name__ == "__main__":
    sys.exit(main())
