"""Killed at any instant and run again, each record is over there exactly once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from owslib.csw import CatalogueServiceWeb
from owslib.fes import PropertyIsLike

from gateway.demo.pycsw_target import PycswTarget, running_pycsw
from gateway.outlets.csw.outlet import CswOutlet
from gateway.outlets.outlet import Change
from gateway.publication.ledger import Ledger
from gateway.publication.publish import Order, publish_to_outlet
from metadata.record import Record
from providers.store import Store, open_store
from providers.store_model import EntryState, Operation

pytestmark = pytest.mark.pycsw
RECORDS = 366
KILLS = 10
PUBLISHER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from gateway.publication.publish import publish_records
from metadata.record import Record, RecordKind
from metadata.stated import Organisation
from providers.configuration import *
from providers.store import open_store

folder, address, urls = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
outlets = {
    name: OutletConfiguration(name=name, url=url, batch=10, rate=1000.0)
    for name, url in zip(("geo", "sud", "est"), urls)
}
records = [
    Record(
        identifier=file.stem,
        dataset_id=file.stem.rpartition("-")[2],
        kind=RecordKind.DATASET,
        content=file.read_bytes(),
    )
    for file in sorted(folder.glob("*.xml"))
]
organisation = Organisation(
    name="D", siren="229300082", email="a@example.org", identifier_base="https://x"
)
configuration = Configuration(
    path=folder / "passerelle.yml",
    organisation=organisation,
    service=ServiceConfiguration(url="https://x"),
    silos=MappingProxyType({}),
    outlets=MappingProxyType(outlets),
    store=address,
)
print("begun", flush=True)
result = publish_records(
    records,
    configuration=configuration,
    store=open_store(address),
    allow_deletes=1000,
    now=datetime.now(UTC),
)
for outlet in result.outlets:
    print({str(a): n for a, n in outlet.plan.counts.items() if n})
    print({str(o): n for o, n in outlet.counts.items() if n})
sys.exit(result.exit_code)
"""


@dataclass(frozen=True)
class Publisher:
    """Publishes a folder of records in a process of its own."""

    folder: Path
    store: str
    urls: tuple[str, ...]

    def start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", PUBLISHER),
                *(str(self.folder), self.store, *self.urls),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process

    def kill_after(self, seconds: float) -> bool:
        """Kill it then, unless it has ended by itself; tell whether it was killed."""
        with self.start() as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            process.send_signal(signal.SIGKILL)
            process.wait()
            return process.returncode == -signal.SIGKILL

    def finish(self) -> tuple[int, str]:
        with self.start() as process:
            out, err = process.communicate(timeout=300)
            return process.returncode, out + err

    def finish_when_free(self) -> tuple[int, str]:
        """Run it to its end; PostgreSQL sees the end of a session a moment later."""
        deadline = time.monotonic() + 10
        code, said = self.finish()
        while "LockHeld" in said and time.monotonic() < deadline:
            time.sleep(0.2)
            code, said = self.finish()
        return code, said

    def write(self, records: Sequence[Record]) -> None:
        for old in self.folder.glob("*.xml"):
            old.unlink()
        for record in records:
            (self.folder / f"{record.identifier}.xml").write_bytes(record.content)


def identifiers_there(target: PycswTarget, mark: str) -> Counter[str]:
    """List what the catalogue has, by a client that is not ours."""
    client = CatalogueServiceWeb(target.url, skip_caps=True, timeout=60)
    ours = PropertyIsLike("apiso:Identifier", f"%{mark}%", wildCard="%")
    found: Counter[str] = Counter()
    start = 0
    while True:
        client.getrecords2([ours], esn="brief", maxrecords=100, startposition=start)
        found.update(client.records.keys())
        start = client.results["nextrecord"]
        if not start:
            assert client.results["matches"] == found.total()
            return found


def assert_settled(
    target: PycswTarget,
    store: str,
    records: Sequence[Record],
    mark: str,
    outlet: str = "geo",
) -> None:
    """Each record is there once, as meant, and the ledger says so."""
    assert identifiers_there(target, mark) == {r.identifier: 1 for r in records}
    opened = open_store(store)
    entries = {
        e.record_identifier: e
        for e in opened.entries(outlet)
        if e.published_fingerprint
    }
    opened.close()
    assert entries.keys() == {r.identifier for r in records}
    assert {e.state for e in entries.values()} == {EntryState.DONE}
    for record in records:
        assert entries[record.identifier].published_fingerprint == record.fingerprint


@pytest.mark.timeout(900)
def test_killed_at_ten_random_instants_each_record_is_there_once(
    pycsw_environment: Path, tmp_path: Path, make_record, mark: str
) -> None:
    seed = random.randrange(2**32)  # noqa: S311  (no secret)
    chance = random.Random(seed)  # noqa: S311
    folder = tmp_path / "records"
    folder.mkdir()
    names = [f"jeu{number:03}" for number in range(RECORDS)]
    first = [make_record(name) for name in names]
    # a third is new, a third changed, and a tenth gone in the second round
    second = [
        make_record(name, title=f"Changé {name}") if n % 3 == 0 else record
        for n, (name, record) in enumerate(zip(names, first, strict=True))
        if n % 10 != 1
    ]
    store = f"sqlite:///{tmp_path}/registre.sqlite"
    with running_pycsw(pycsw_environment, tmp_path / "pycsw") as target:
        publisher = Publisher(folder, store, (target.url,))
        killed = 0
        for records in (first, second):
            publisher.write(records)
            for _ in range(KILLS // 2):
                killed += publisher.kill_after(chance.uniform(0, 4))
            code, said = publisher.finish()
            assert code == 0, (seed, said)
            assert_settled(target, store, records, mark)
            code, said = publisher.finish()
            assert code == 0, (seed, said)
            assert f"{{'keep': {len(records)}}}" in said, (seed, said)
    assert killed >= KILLS // 2, (seed, "most runs ended before they were killed")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)]
)
def test_killed_while_several_are_told_each_has_each_record_once(
    kind: str,
    request: pytest.FixtureRequest,
    pycsw_environment: Path,
    catalogue: PycswTarget,
    tmp_path: Path,
    make_record,
    mark: str,
) -> None:
    seed = random.randrange(2**32)  # noqa: S311  (no secret)
    chance = random.Random(seed)  # noqa: S311
    folder = tmp_path / "records"
    folder.mkdir()
    names = [f"jeu{number:03}" for number in range(50)]
    first = [make_record(name) for name in names]
    second = [make_record(name, title=f"Changé {name}") for name in names[8:]]
    is_file = kind == "sqlite"
    store = f"sqlite:///{tmp_path}/registre.sqlite"
    store = store if is_file else request.getfixturevalue("postgis")
    with running_pycsw(pycsw_environment, tmp_path / "sud") as sud:
        publisher = Publisher(folder, store, (catalogue.url, sud.url))
        killed = 0
        for kills, records in ((2, first), (1, second)):
            publisher.write(records)
            for _ in range(kills):
                killed += publisher.kill_after(chance.uniform(0.2, 1.5))
            code, said = publisher.finish_when_free()
            assert code == 0, (seed, said)
            assert_settled(catalogue, store, records, mark)
            assert_settled(sud, store, records, mark, "sud")
    assert killed, (seed, "every run ended before it was killed")


class Killed(BaseException):
    """Stands for a process that ends here: nothing of ours may catch it."""


class MortalOutlet(CswOutlet):
    """The real outlet, in a process that dies around one of its transactions."""

    before: int = -1
    after: int = -1

    def apply(self, operation: Operation, changes: Sequence[Change]) -> None:
        if self.before == 0:
            raise Killed
        super().apply(operation, changes)
        if self.after == 0:
            raise Killed
        self.before -= 1
        self.after -= 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("transaction", range(4))
def test_killed_around_any_transaction_the_next_run_settles_it(
    when: str,
    transaction: int,
    configure,
    catalogue: PycswTarget,
    store: Store,
    make_record,
    mark: str,
    now,
) -> None:
    outlet_configuration = configure(geo=catalogue.url, batch=2).outlets["geo"]
    before = [make_record(name) for name in "abcd"]
    healthy = CswOutlet(outlet_configuration)
    publish_to_outlet(
        healthy, Ledger(store, "geo", now=now), Order(wanted=tuple(before)), None
    )
    wanted = (
        make_record("a"),
        make_record("b", title="Changé"),
        make_record("c", title="Changé"),
        *(make_record(name) for name in "efg"),
    )
    mortal = MortalOutlet(outlet_configuration)
    setattr(mortal, when, transaction)
    with pytest.raises(Killed):
        publish_to_outlet(
            mortal, Ledger(store, "geo", now=now), Order(wanted=wanted), None
        )
    open_entries = [e for e in store.entries("geo") if e.state is EntryState.INTENT]
    assert open_entries

    order = Order(wanted=wanted)
    result = publish_to_outlet(healthy, Ledger(store, "geo", now=now), order, None)

    assert result.exit_code == 0
    assert identifiers_there(catalogue, mark) == {r.identifier: 1 for r in wanted}
    again = publish_to_outlet(healthy, Ledger(store, "geo", now=now), order, None)
    assert {str(a): n for a, n in again.plan.counts.items() if n} == {"keep": 6}
    assert {e.state for e in store.entries("geo")} == {EntryState.DONE}


def test_a_delete_that_never_arrived_is_sent_by_the_next_run(
    configure, catalogue: PycswTarget, store: Store, make_record, mark: str, now
) -> None:
    outlet = CswOutlet(configure(geo=catalogue.url).outlets["geo"])
    records = tuple(make_record(name) for name in "ab")
    publish_to_outlet(
        outlet, Ledger(store, "geo", now=now), Order(wanted=records), None
    )
    gone = next(e for e in store.entries("geo") if e.dataset_id == "b")
    intent = replace(
        gone,
        operation=Operation.DELETE,
        state=EntryState.INTENT,
        fingerprint="",
        settled_at=None,
    )
    store.keep_entries([intent])
    order = Order(wanted=records[:1])
    result = publish_to_outlet(outlet, Ledger(store, "geo", now=now), order, None)
    assert result.exit_code == 0
    assert identifiers_there(catalogue, mark) == {records[0].identifier: 1}


def test_a_publisher_that_was_killed_holds_no_lock(
    pycsw_environment: Path, catalogue: PycswTarget, tmp_path: Path, make_record
) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    store = f"sqlite:///{tmp_path}/other.sqlite"
    publisher = Publisher(folder, store, (catalogue.url,))
    publisher.write([make_record(f"jeu{n:03}") for n in range(40)])
    publisher.kill_after(0.6)
    begun = time.monotonic()
    code, said = publisher.finish()
    assert code == 0, said
    assert time.monotonic() - begun < 60
