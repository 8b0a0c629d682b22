"""Killed at any instant and run again, each dataset is on the portal exactly once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from metadata.record import Record
from providers.store import open_store
from providers.store_model import EntryState

pytestmark = pytest.mark.ckan
RECORDS = 12
KILLS = 4
PUBLISHER = """
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from gateway.publication.ledger import Ledger
from gateway.publication.publish import Order, publish_to_outlet
from gateway.outlets.ckan.outlet import CkanOutlet
from metadata.record import Record, RecordKind
from providers.configuration import OutletConfiguration, Secret
from providers.store import open_store

folder, address, url, organisation, base = sys.argv[1:]
outlet = OutletConfiguration(
    name="portal", type="ckan", url=url, organisation=organisation,
    key=Secret(sys.stdin.readline().strip()), service_url="https://geo.example.org",
    rate=1000.0,
)
records = tuple(
    Record(
        identifier=f"{base}/{file.stem}",
        dataset_id=file.stem,
        kind=RecordKind.DATASET,
        content=file.read_bytes(),
    )
    for file in sorted(Path(folder).glob("*.json"))
)
store = open_store(address)
now = datetime.now(UTC)
print("begun", flush=True)
with store.publishing(), closing(CkanOutlet(outlet)) as opened:
    store.keep_revisions(records, now=now)
    order = Order(wanted=records, allow_deletes=1000)
    result = publish_to_outlet(opened, Ledger(store, "portal", now=now), order, None)
print(result.problem or {str(o): n for o, n in result.counts.items() if n})
sys.exit(result.exit_code)
"""


def start(folder: Path, store: str, portal: Any) -> subprocess.Popen[str]:
    arguments = [str(folder), store, portal.url, portal.organisation, portal.base]
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISHER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(portal.key + "\n")
    process.stdin.flush()
    assert process.stdout.readline() == "begun\n"
    return process


def kill_after(process: subprocess.Popen[str], seconds: float) -> bool:
    """Kill it then, unless it has ended by itself; tell whether it was killed."""
    with process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        return process.returncode == -signal.SIGKILL


@pytest.mark.timeout(600)
def test_killed_at_random_instants_each_dataset_is_there_once(
    tmp_path: Path, portal: Any, record: Callable[..., Record]
) -> None:
    seed = random.randrange(2**32)  # noqa: S311  (no secret)
    chance = random.Random(seed)  # noqa: S311
    folder = tmp_path / "records"
    folder.mkdir()
    store = f"sqlite:///{tmp_path}/registre.sqlite"
    names = [f"jeu{number:03}" for number in range(RECORDS)]
    first = {name: record(name) for name in names}
    second = {
        name: record(name, title=f"Communes changées {name}") if n % 3 == 0 else each
        for n, (name, each) in enumerate(first.items())
        if n % 10 != 1
    }
    killed = 0
    for wanted in (first, second):
        for old in folder.glob("*.json"):
            old.unlink()
        for name, each in wanted.items():
            (folder / f"{name}.json").write_bytes(each.content)
        for _ in range(KILLS // 2):
            process = start(folder, store, portal)
            killed += kill_after(process, chance.uniform(0, 1.5))
        with start(folder, store, portal) as process:
            said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, (seed, said)
        there = Counter(each["name"] for each in portal.datasets())
        assert there == {portal.named(name): 1 for name in wanted}, seed
        for name in names:
            state = portal.one(name)["state"]
            assert state == ("active" if name in wanted else "deleted"), seed
        with start(folder, store, portal) as process:
            said, _ = process.communicate(timeout=300)
        assert said.strip() == f"{{'kept': {len(wanted)}}}", seed
    assert killed >= KILLS // 2, (seed, "most runs ended before they were killed")
    opened = open_store(store)
    assert {e.state for e in opened.entries("portal")} == {EntryState.DONE}
    opened.close()
