"""A watch as a process: told to stop, told to read again, and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from providers.store_model import EntryState

pytestmark = pytest.mark.pycsw
NAMES = ("communes", "écoles", "routes", "forêts", "mairies", "lacs")


@dataclass
class Process:
    """`passerelle watch`, and the lines that it wrote."""

    popen: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def read(self) -> None:
        assert self.popen.stderr is not None
        for line in self.popen.stderr:
            self.lines.append(line.rstrip())

    def has_said(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def end(self, number: signal.Signals) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(60)


@contextmanager
def running(file: Path) -> Iterator[Process]:
    command = [sys.executable, "-m", "gateway", "--config", str(file), "watch"]
    environment = {**os.environ, "PASSERELLE_LANGUAGE": "en"}
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True
    ) as popen:
        process = Process(popen)
        thread = threading.Thread(target=process.read)
        thread.start()
        try:
            yield process
        finally:
            popen.kill()
            thread.join()


@pytest.fixture
def slow(place, faulty_catalogue, acts):
    """Six datasets, and a catalogue that takes its time for each record."""

    def wait(handler, body: bytes) -> None:
        time.sleep(0.4)
        acts.forward(handler, body)

    faulty_catalogue.always("Transaction", wait)
    place.silos["fichiers"] = "./silo"
    place.outlets["geo"] = faulty_catalogue.url
    for name in NAMES:
        place.layer(name)
    place.write("watch: {quiet: 1, every: 1}\n")
    place.approve_all()
    return place


def states(place) -> list[EntryState]:
    with place.store() as store:
        return [entry.state for entry in store.entries("geo")]


def test_told_to_stop_it_finishes_the_record_on_its_way(
    slow, faulty_catalogue, wait
) -> None:
    with running(slow.file) as process:
        wait(lambda: faulty_catalogue.count("Transaction") == 2, "a second record")
        assert process.end(signal.SIGTERM) == 0
    found = states(slow)
    assert set(found) == {EntryState.DONE}
    assert 2 <= len(found) < len(NAMES)
    assert faulty_catalogue.count("Transaction") == len(found)
    assert process.has_said("told to stop: ended")
    assert not [line for line in process.lines if "Traceback" in line]


def test_killed_it_leaves_nothing_that_the_next_one_does_not_mend(
    slow, faulty_catalogue, wait
) -> None:
    with running(slow.file) as process:
        wait(lambda: faulty_catalogue.count("Transaction") == 3, "a third record")
        assert process.end(signal.SIGKILL) == -signal.SIGKILL
    assert EntryState.INTENT in states(slow)
    faulty_catalogue.faults.clear()
    with running(slow.file) as process:
        wait(lambda: process.has_said("sent and read back"), "the rest")
        process.popen.send_signal(signal.SIGHUP)
        wait(lambda: process.has_said("compared again (SIGHUP)"), "the signal")
        assert process.end(signal.SIGTERM) == 0
    assert states(slow) == [EntryState.DONE] * len(NAMES)
    slow.run("publish", "--dry-run")


def test_what_cannot_be_used_at_the_start_is_said_and_ends_it(slow) -> None:
    slow.write('watch: {at: ["6h30"]}\n')
    with running(slow.file) as process:
        assert process.popen.wait(60) == 1
    assert process.has_said("watch.at: “6h30” is no time of day.")
