"""Killed at any instant and run again, each record is in the catalogue once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from metadata.record import Record
from providers.configuration import OutletConfiguration
from providers.store import open_store
from providers.store_model import EntryState

RECORDS = 40
KILLS = 6
PUBLISHER = """
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from gateway.outlets.geonetwork.outlet import GeoNetworkOutlet
from gateway.publication.ledger import Ledger
from gateway.publication.publish import Order, publish_to_outlet
from metadata.record import Record, RecordKind
from providers.configuration import OutletConfiguration, Secret
from providers.store import open_store

folder, address, url = sys.argv[1:]
outlet = OutletConfiguration(
    name="geonetwork", type="geonetwork", url=url, user="passerelle", group="12",
    password=Secret(sys.stdin.readline().strip()),
)
records = tuple(
    Record(
        identifier=file.stem,
        dataset_id=file.stem,
        kind=RecordKind.DATASET,
        content=file.read_bytes(),
    )
    for file in sorted(Path(folder).glob("*.xml"))
)
store = open_store(address)
now = datetime.now(UTC)
print("begun", flush=True)
with store.publishing(), closing(GeoNetworkOutlet(outlet)) as opened:
    store.keep_revisions(records, now=now)
    order = Order(wanted=records, allow_deletes=1000)
    ledger = Ledger(store, "geonetwork", now=now)
    result = publish_to_outlet(opened, ledger, order, None)
print(result.problem or {str(o): n for o, n in result.counts.items() if n})
sys.exit(result.exit_code)
"""


def start(
    folder: Path, store: str, settings: OutletConfiguration
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISHER, str(folder), store, settings.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(settings.password.value + "\n")
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


@pytest.mark.timeout(300)
def test_killed_at_random_instants_each_record_is_there_once(
    tmp_path: Path,
    catalogue: Any,
    settings: OutletConfiguration,
    make_record: Callable[..., Record],
) -> None:
    seed = random.randrange(2**32)  # noqa: S311  (no secret)
    chance = random.Random(seed)  # noqa: S311
    folder = tmp_path / "records"
    folder.mkdir()
    store = f"sqlite:///{tmp_path}/registre.sqlite"
    names = [f"jeu{number:03}" for number in range(RECORDS)]
    first = {name: make_record(name) for name in names}
    second = {
        name: make_record(name, title=f"Changé {name}") if n % 3 == 0 else each
        for n, (name, each) in enumerate(first.items())
        if n % 10 != 1
    }
    killed = 0
    for wanted in (first, second):
        for old in folder.glob("*.xml"):
            old.unlink()
        for each in wanted.values():
            (folder / f"{each.identifier}.xml").write_bytes(each.content)
        for _ in range(KILLS // 2):
            process = start(folder, store, settings)
            killed += kill_after(process, chance.uniform(0, 0.4))
        with start(folder, store, settings) as process:
            said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, (seed, said)
        expected = {each.identifier for each in wanted.values()}
        assert set(catalogue.records) == expected, seed
        with start(folder, store, settings) as process:
            said, _ = process.communicate(timeout=120)
        assert said.strip() == f"{{'kept': {len(wanted)}}}", seed
    assert catalogue.inserts == RECORDS, seed
    assert killed >= KILLS // 2, (seed, "most runs ended before they were killed")
    opened = open_store(store)
    assert {e.state for e in opened.entries("geonetwork")} == {EntryState.DONE}
    opened.close()
