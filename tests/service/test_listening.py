"""Workers that share a socket have about as many connections each."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.listening import Loads, SharingLoop

SERVER = """\
import os, sys
import uvicorn

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = str(os.getpid()).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

if __name__ == "__main__":
    uvicorn.run(
        "sharing_server:app", host="127.0.0.1", port=int(sys.argv[1]),
        workers=int(sys.argv[2]), http="service.listening:SharingProtocol",
        loop="service.listening:sharing_loop", log_level="warning",
    )
"""
"""A real server of several workers, each of which answers with its number."""


@contextmanager
def serving(
    folder: Path, workers: int
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    (folder / "sharing_server.py").write_text(SERVER, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    found = os.pathsep.join([str(folder), *filter(None, sys.path)])
    shared = {"PYTHONPATH": found, "PASSERELLE_LISTENING": str(folder / "shared")}
    command = [sys.executable, "sharing_server.py", str(port), str(workers)]
    started = subprocess.Popen(command, cwd=folder, env={**os.environ, **shared})
    try:
        yield started, port
    finally:
        started.send_signal(signal.SIGCONT)
        started.terminate()
        started.wait(20)


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def who(client: http.client.HTTPConnection) -> int:
    """Return the worker that answers on a connection."""
    client.request("GET", "/")
    return int(client.getresponse().read())


def connected(clients: ExitStack, port: int, number: int) -> list[int]:
    """Open so many connections at once; return the worker of each."""
    opened = [
        http.client.HTTPConnection("127.0.0.1", port, timeout=10) for _ in range(number)
    ]
    for each in opened:
        each.connect()
        clients.callback(each.close)
    return [who(each) for each in opened]


def only_one_keeps(clients: ExitStack, port: int, number: int) -> int:
    """Open so many connections and close those of all workers but one; return it."""
    opened = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(number)]
    served = {each: who(each) for each in opened}
    kept = served[opened[0]]
    for each, worker in served.items():
        if worker != kept:
            each.close()
        else:
            clients.callback(each.close)
    time.sleep(1.1)  # the brief connections just closed are past
    return kept


def answering(port: int) -> set[int]:
    """Return the workers that answer on connections opened one after the other."""
    found = set()
    for _ in range(20):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            found.add(who(client))
        except OSError:
            continue
        finally:
            client.close()
    return found


@contextmanager
def all_serving(
    folder: Path, workers: int, wait_for: Any
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Serve as long as the context lasts, which begins when every worker answers."""
    with serving(folder, workers) as (started, port):
        wait_for(lambda: all_started(port, workers), 60)
        yield started, port


def all_started(port: int, workers: int) -> bool:
    """Tell whether all answer; then let the brief connections of asking be past."""
    started = len(answering(port)) == workers
    time.sleep(1.1 if started else 0)
    return started


@pytest.mark.parametrize("workers", [2, 3])
def test_connections_opened_at_once_are_shared_evenly(
    workers: int, tmp_path: Path, clients: ExitStack, wait_for: Any
) -> None:
    with all_serving(tmp_path, workers, wait_for) as (_, port):
        for _ in range(3):
            shares = Counter(connected(clients, port, 4 * workers)).values()
            assert max(shares) - min(shares) <= 2
            assert len(shares) == workers


def test_a_worker_that_lost_its_clients_takes_the_next_ones(
    tmp_path: Path, clients: ExitStack, wait_for: Any
) -> None:
    with all_serving(tmp_path, 2, wait_for) as (_, port):
        kept = only_one_keeps(clients, port, 8)
        assert Counter(connected(clients, port, 3))[kept] <= 1


def test_what_one_worker_left_to_another_does_not_make_it_take_the_next(
    tmp_path: Path, clients: ExitStack, wait_for: Any
) -> None:
    with all_serving(tmp_path, 2, wait_for) as (_, port):
        kept = only_one_keeps(clients, port, 24)
        for _ in range(9):
            time.sleep(0.02)
            assert connected(clients, port, 1) != [kept]


def test_a_worker_that_hangs_keeps_nobody_waiting(
    tmp_path: Path, clients: ExitStack, wait_for: Any
) -> None:
    with all_serving(tmp_path, 2, wait_for) as (_, port):
        first = connected(clients, port, 6)
        hung = first[0]
        os.kill(hung, signal.SIGSTOP)
        begun = time.monotonic()
        try:
            assert set(connected(clients, port, 12)) == set(first) - {hung}
            assert time.monotonic() - begun < 3
        finally:
            os.kill(hung, signal.SIGCONT)


def test_what_a_killed_worker_told_is_forgotten(
    tmp_path: Path, clients: ExitStack, wait_for: Any
) -> None:
    with all_serving(tmp_path, 2, wait_for) as (started, port):
        first = connected(clients, port, 6)
        started.send_signal(signal.SIGSTOP)  # so that the worker is not replaced yet
        os.kill(first[0], signal.SIGKILL)
        alone = set(first) - {first[0]}
        assert set(connected(clients, port, 8)) == alone
        told = (tmp_path / "shared" / "connections").read_bytes()
        numbers = [n for n in memoryview(told).cast("q") if n]
        assert numbers == [1 + 8 + first.count(alone.pop())]
        started.send_signal(signal.SIGCONT)
        wait_for(lambda: all_started(port, 2), 30)
        replaced = answering(port) - set(first)
        time.sleep(1.1)
        assert len(replaced) == 1
        assert set(connected(clients, port, 6)) == replaced


@pytest.mark.parametrize(
    ("ended", "lived", "ago", "hurried"),
    [
        (8, 0.01, 0.0, True),
        (7, 0.01, 0.0, False),
        (8, 5.0, 0.0, False),
        (8, 0.01, 2.0, False),
    ],
)
def test_nobody_waits_while_clients_open_a_connection_for_each_request(
    ended: int, lived: float, ago: float, hurried: bool, tmp_path: Path
) -> None:
    loads = Loads(tmp_path)
    with closing(loads), closing(ClockedLoop(loads)) as loop:
        loop.now = 100.0
        for _ in range(ended):
            loop.note_ended(loop.now - lived)
        loop.now += ago
        assert loop.is_hurried() is hurried


class ClockedLoop(SharingLoop):
    """A loop whose time is said."""

    now = 0.0

    def time(self) -> float:
        return self.now


def test_a_server_told_to_stop_answers_who_is_connected(
    tmp_path: Path, clients: ExitStack, wait_for: Any
) -> None:
    with all_serving(tmp_path, 2, wait_for) as (started, port):
        connected(clients, port, 4)
        clients.close()
        started.terminate()
        assert started.wait(20) in (0, -signal.SIGTERM)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=2)


def test_workers_end_when_what_started_them_is_killed(
    tmp_path: Path, clients: ExitStack, wait_for: Any
) -> None:
    with all_serving(tmp_path, 2, wait_for) as (started, port):
        connected(clients, port, 4)
        started.kill()
        started.wait()
        clients.close()
        wait_for(lambda: is_free(port), 10)


def is_free(port: int) -> bool:
    """Tell whether a server may be started on a port again."""
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            again.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
