"""Publishes a thousand datasets to three catalogues: build, first time, no-op, change.

    .venv/bin/python bench/catalogue.py [--datasets 1000] [--changed 10]

The silo is GeoPackages of a hundred layers each, the catalogues are three real
pycsw 2.6.2 (`.venv-pycsw`), and each step is the command that a person types, in a
process of its own. At the end nine tenths of the tables vanish, then their
descriptions too. Exit status 1 when building the records takes 60 s or more, a publish
that changes nothing 30 s or more, when a change sends anything but what changed, or
when what vanished is deleted anywhere. The rate of each outlet is its default: it is
part of what is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import fiona

from gateway.demo.pycsw_target import pycsw_python, running_pycsw

ROOT = Path(__file__).resolve().parent.parent
OUTLETS = ("nord", "sud", "est")
LAYERS = 100
"""Layers in one file."""
BUILD_LIMIT, NOTHING_LIMIT = 60.0, 30.0
"""Seconds for building every record, and for a publish that changes nothing."""
CONFIGURATION = """\
organisation:
  name: Banc d'essai
  siren: "229300082"
  email: sig@essais.example
  identifier_base: https://data.essais.example/id
  licence: etalab-2.0
service: {url: "https://geo.essais.example"}
silos: {sig: ./silo}
store: ./state.sqlite
"""
STATED = """\
title: "Jeu {number} : relevés de l'été"
abstract: Ce que le banc d'essai publie, pour mesurer combien de temps il y met.
lineage: Fait à la machine, point par point.
themes: [au]
topics: [boundaries]
frequency: annually
dates: {{revised: 2026-01-15}}
"""
Counted = dict[str, dict[str, int]]
"""Outlet → outcome → records."""


def main() -> int:
    """Run every step and print what it took; return the exit status."""
    options = _options()
    python = pycsw_python(ROOT)
    if python is None:
        sys.exit("there is no .venv-pycsw: ./run test makes it")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        make_silo(folder / "silo", options.datasets)
        targets = {
            outlet: stack.enter_context(running_pycsw(python, folder / outlet)).url
            for outlet in OUTLETS
        }
        configure(folder, targets)
        return measure(Steps(folder), folder, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--datasets", type=int, default=1000)
    parser.add_argument("--changed", type=int, default=10)
    return parser.parse_args()


def make_silo(folder: Path, datasets: int) -> None:
    """Make layers of one point, a hundred in a file."""
    folder.mkdir(parents=True)
    schema = {"geometry": "Point", "properties": {"nom": "str", "mesure": "float"}}
    point = {"type": "Point", "coordinates": (655000.0, 6867000.0)}
    feature = {"geometry": point, "properties": {"nom": "Épinay", "mesure": 1.5}}
    for number in range(datasets):
        file = folder / f"silo{number // LAYERS:03}.gpkg"
        layer = f"jeu{number:05}"
        with fiona.open(
            file, "w", driver="GPKG", layer=layer, crs="EPSG:2154", schema=schema
        ) as target:
            target.write(feature)


def configure(folder: Path, targets: Mapping[str, str]) -> None:
    """Write `passerelle.yml`."""
    lines = [f"  {name}: {{url: {url!r}}}" for name, url in targets.items()]
    text = "\n".join([f"{CONFIGURATION}outlets:", *lines, ""])
    (folder / "passerelle.yml").write_text(text, encoding="utf-8")


class Steps:
    """Runs commands, each timed."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "PASSERELLE_CONFIG": str(folder / "passerelle.yml"),
            "PASSERELLE_LANGUAGE": "en",
        }

    def run(self, *arguments: str, status: int = 0) -> tuple[float, str]:
        """Run `passerelle` with some arguments; return seconds and its output.

        Parameters
        ----------
        status
            The exit status that it must have.
        """
        command = [sys.executable, "-m", "gateway", *arguments]
        begun = time.perf_counter()
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - begun
        print(f"{' '.join(arguments)[:48]:50} {seconds:8.1f} s", flush=True)
        if done.returncode != status:
            print(done.stdout[-3000:])
            sys.exit(f"passerelle {arguments[0]} exited with {done.returncode}")
        return seconds, done.stdout

    def publish(self, *, status: int = 0) -> tuple[float, Counted]:
        """Publish; return seconds, and the outcomes of each outlet."""
        seconds, said = self.run("publish", "--format", "json", status=status)
        found: dict[str, Any] = json.loads(said)
        counts: Counted = {
            outlet["outlet"]: {o: n for o, n in outlet["outcomes"].items() if n}
            for outlet in found["outlets"]
        }
        print(f"    {counts}")
        return seconds, counts


def measure(steps: Steps, folder: Path, options: argparse.Namespace) -> int:
    """Run every step in turn; return 1 when one of them is not as it must be."""
    steps.run("survey")
    state(folder, range(options.datasets))
    steps.run("approve", "--all")
    build, _ = steps.run("records", "--out", str(folder / "records"))
    everything = _each(done=options.datasets)
    nothing = _each(kept=options.datasets)
    _, first = steps.publish()
    seconds, second = steps.publish()
    state(folder, range(options.changed), title="Un autre titre")
    _, third = steps.publish()
    some = _each(done=options.changed, kept=options.datasets - options.changed)
    lost = lose(folder, options.datasets)
    _, gone = steps.publish(status=1)
    forget(folder, options.datasets)
    _, refused = steps.publish(status=1)
    held = _each(refused=lost, kept=options.datasets - lost)
    verdicts = {
        f"the records are built in {build:.1f} s (< {BUILD_LIMIT:.0f})": (
            build < BUILD_LIMIT
        ),
        f"nothing to send takes {seconds:.1f} s (< {NOTHING_LIMIT:.0f})": (
            seconds < NOTHING_LIMIT
        ),
        "everything is sent once": first == everything and second == nothing,
        f"changing {options.changed} sends {options.changed} to each": third == some,
        f"{lost} tables that vanish are refused": gone == held,
        f"{lost} descriptions that vanish are refused": refused == held,
    }
    for said, holds in verdicts.items():
        print(f"{'yes' if holds else 'NO':4}{said}")
    return 0 if all(verdicts.values()) else 1


def lost_numbers(datasets: int) -> range:
    """Return the numbers of the datasets that get lost: nine tenths, whole files."""
    return range(max(datasets // 10 // LAYERS, 1) * LAYERS, datasets)


def lose(folder: Path, datasets: int) -> int:
    """Let nine tenths of the tables vanish; return how many."""
    numbers = lost_numbers(datasets)
    for file in sorted({number // LAYERS for number in numbers}):
        (folder / "silo" / f"silo{file:03}.gpkg").unlink()
    return len(numbers)


def forget(folder: Path, datasets: int) -> None:
    """Let their descriptions vanish too."""
    for number in lost_numbers(datasets):
        (folder / "datasets" / f"jeu{number:05}.yml").unlink()


def _each(**outcomes: int) -> Counted:
    return dict.fromkeys(OUTLETS, outcomes)


def state(folder: Path, numbers: range, title: str = "") -> None:
    """State what only a person knows of some datasets, or another title of them."""
    for number in numbers:
        file = folder / "datasets" / f"jeu{number:05}.yml"
        text = file.read_text(encoding="utf-8")
        if title:
            text = text.replace('"Jeu ', f'"{title} ')
        else:
            text += STATED.format(number=number)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
