"""Conformance to OGC API – Features, on real data: `./run cite`.

Two suites ask a running service: the OGC's own (Java, by Maven), and one of ours,
written from the abstract test suites of the standards. Without a `--url` the
service is started on the communes, cantons and population of Seine-Saint-Denis.

Exit status: 0 = no failure in what was run, and what was not run is said; 1 = a
failure; 3 = the OGC's own suite was demanded (`--official`) and could not be had.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import core
import crs
import features
from implementation import Implementation
from instance import ROOT, serving
from official import Unavailable, class_path, run_suite
from outcomes import Outcome, Report, as_json, failures, table

OURS = "abstract test suites"
THEIRS = "OGC suite"
PASSES, FAILS, LACKING = 0, 1, 3


def own_suite(url: str) -> list[Outcome]:
    """Do our tests of a landing page."""
    report, tested = Report(), Implementation(url)
    for part in (core, features, crs):
        with report.test("Asked to the end", part.__name__):
            part.check(tested, report)
    return report.outcomes


def main(arguments: list[str]) -> int:
    """Run what is asked for; return the exit status."""
    asked = _parser().parse_args(arguments)
    above = ROOT / ".state"
    above.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cite-", dir=above) as name:
        folder = Path(name)
        service = (
            nullcontext(asked.url)
            if asked.url
            else serving(folder / "service", asked.database)
        )
        with service as url:
            return _run(asked, url, folder)


def _run(asked: argparse.Namespace, url: str, folder: Path) -> int:
    found: dict[str, list[Outcome]] = {}
    lacking = ""
    if not asked.official:
        found[OURS] = own_suite(url)
        print(table(OURS, found[OURS]), flush=True)
    if not asked.own:
        try:
            found[THEIRS] = run_suite(url, class_path(folder), folder)
            print("", table(THEIRS, found[THEIRS]), sep="\n", flush=True)
        except Unavailable as unavailable:
            lacking = str(unavailable)
            print(f"\nThe OGC's own suite was not run. {lacking}", file=sys.stderr)
    if asked.json:
        said = {name: as_json(outcomes) for name, outcomes in found.items()}
        asked.json.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    if any(failures(outcomes) for outcomes in found.values()):
        return FAILS
    return LACKING if lacking and asked.official else PASSES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run cite", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--own", action="store_true", help="our tests only")
    which.add_argument("--official", action="store_true", help="the OGC's only")
    parser.add_argument("--url", default="", help="landing page of a running service")
    parser.add_argument(
        "--database", default="", help="an empty PostGIS database; else GeoPackages"
    )
    parser.add_argument("--json", type=Path, help="write every outcome to a file")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
