"""Several outlets at once: none waits for another, none suffers from another."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from gateway.demo.pycsw_target import PycswTarget, running_pycsw
from gateway.outlets.opening import open_outlet
from gateway.outlets.outlet import Outcome
from gateway.publication import publish as publishing
from gateway.publication.publish import publish_records
from gateway.publication.result import OutletResult, PublishResult
from metadata.errors import OutletUnreachable, StoreError
from metadata.record import Record
from providers.configuration import Configuration
from providers.store import Store, open_store
from providers.store_model import EntryState

pytestmark = pytest.mark.pycsw
Publish = Callable[..., PublishResult]


@pytest.fixture(scope="module")
def targets(
    catalogue: PycswTarget,
    pycsw_environment: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[PycswTarget, ...]]:
    """Three catalogues, each of its own."""
    with ExitStack() as stack:
        others = [
            stack.enter_context(
                running_pycsw(pycsw_environment, tmp_path_factory.mktemp(name))
            )
            for name in ("sud", "est")
        ]
        yield catalogue, *others


@pytest.fixture
def publish(store, now) -> Publish:
    def act(records, configuration: Configuration, **options) -> PublishResult:
        settings = {"configuration": configuration, "store": store, "now": now}
        return publish_records(records, **{**settings, **options})

    return act


def outcomes(outlet: OutletResult) -> dict[str, int]:
    return {str(outcome): n for outcome, n in outlet.counts.items() if n}


def identifiers_there(url: str, records: list[Record], configure) -> set[str]:
    """Ask a catalogue which of these records it has."""
    outlet = open_outlet(configure(geo=url).outlets["geo"])
    try:
        return set(outlet.look([record.identifier for record in records]))
    finally:
        outlet.close()


class TestAtOnce:
    def test_sixty_datasets_go_to_three_and_only_what_changed_goes_again(
        self, publish, configure, targets, make_record
    ) -> None:
        nord, sud, est = (target.url for target in targets)
        configuration = configure(nord=nord, sud=sud, est=est)
        records = [make_record(f"jeu-{n:02}") for n in range(60)]
        assert [outcomes(o) for o in publish(records, configuration).outlets] == (
            [{"done": 60}] * 3
        )
        assert [outcomes(o) for o in publish(records, configuration).outlets] == (
            [{"kept": 60}] * 3
        )
        changed = [make_record(f"jeu-{n:02}", title=f"Autre {n}") for n in range(3)]
        third = publish([*changed, *records[3:]], configuration)
        assert [o.outlet for o in third.outlets] == ["nord", "sud", "est"]
        assert [outcomes(o) for o in third.outlets] == [{"done": 3, "kept": 57}] * 3
        assert third.exit_code == 0

    def test_what_one_is_told_is_there_while_another_still_hangs(
        self, publish, configure, targets, make_record, faulty
    ) -> None:
        settled = threading.Event()

        def hang(handler, body) -> None:
            # answers only once the others are done: in turn they never would be
            assert settled.wait(15)
            handler.send_error(500)

        def told(name: str, done: int, total: int) -> None:
            if name == "geo" and done == total == 2:
                settled.set()

        faulty.always("", hang)
        configuration = configure(hang=faulty.url, geo=targets[0].url, timeout=20)
        records = [make_record("a"), make_record("b")]
        result = publish(records, configuration, progress=told)
        hung, geo = result.outlets
        assert outcomes(geo) == {"done": 2}
        assert isinstance(hung.problem, OutletUnreachable)
        assert "HTTP 500" in hung.problem.message
        assert result.exit_code == 2

    def test_our_own_catalogue_does_not_wait_for_any(
        self, publish, configure, make_record, faulty, store: Store
    ) -> None:
        offered: list[int] = []

        def look(handler, body) -> None:
            deadline = threading.Event()
            for _ in range(100):
                if store.applied():
                    break
                deadline.wait(0.05)
            offered.append(len(store.applied()))
            handler.send_error(401)

        faulty.then("", look)
        publish([make_record()], configure(geo=faulty.url))
        assert offered == [1]

    def test_an_error_that_nobody_foresaw_is_that_outlet_s_alone(
        self, publish, configure, targets, make_record, monkeypatch, caplog
    ) -> None:
        def opened(configuration, pacing):
            outlet = open_outlet(configuration, pacing)
            if configuration.name == "broken":
                monkeypatch.setattr(outlet, "look", lambda _: {}["no such name"])
            return outlet

        monkeypatch.setattr(publishing, "open_outlet", opened)
        configuration = configure(broken=targets[0].url, geo=targets[1].url)
        result = publish([make_record()], configuration)
        broken, geo = result.outlets
        assert "KeyError: 'no such name'" in broken.problem.message
        assert "Traceback" in caplog.text
        assert outcomes(geo) == {"done": 1}
        assert (broken.exit_code, result.exit_code) == (1, 1)

    def test_the_guard_of_one_does_not_hold_the_others(
        self, publish, configure, targets, make_record
    ) -> None:
        nord, sud = (target.url for target in targets[:2])
        few = [make_record("a")]
        many = [make_record(f"jeu-{n}") for n in range(8)]
        publish([*few, *many], configure(nord=nord))
        result = publish([*few, make_record("b")], configure(nord=nord, sud=sud))
        held, free = result.outlets
        assert held.refusal is not None
        assert outcomes(free) == {"done": 2}


class TestProgress:
    def test_comes_to_its_end_for_each_and_never_twice_at_a_time(
        self, publish, configure, targets, make_record
    ) -> None:
        inside = threading.Lock()
        told: list[tuple[str, int, int]] = []

        def tell(name: str, done: int, total: int) -> None:
            assert inside.acquire(blocking=False)
            told.append((name, done, total))
            inside.release()

        urls = {name: t.url for name, t in zip("xyz", targets, strict=True)}
        records = [make_record(f"jeu-{n}") for n in range(6)]
        publish(records, configure(**urls), progress=tell)
        assert told[:3] == [("x", 0, 6), ("y", 0, 6), ("z", 0, 6)]
        for name in urls:
            mine = [done for one, done, _ in told if one == name]
            assert mine == sorted(mine)
            assert mine[-1] == 6
        again: list[tuple[str, int, int]] = []
        publish(records, configure(**urls), progress=lambda *what: again.append(what))
        assert set(again[3:]) == {(name, 6, 6) for name in urls}


class TestStopping:
    def test_ctrl_c_settles_what_is_under_way_and_sends_no_more(
        self, publish, configure, targets, make_record, store, capsys
    ) -> None:
        nord, sud = (target.url for target in targets[:2])
        configuration = configure(nord=nord, sud=sud, batch=2)
        records = [make_record(f"jeu-{n:02}") for n in range(30)]
        said: list[str] = []
        pressed = threading.Event()

        def told(name: str, done: int, total: int) -> None:
            if done and not pressed.is_set():
                pressed.set()
                os.kill(os.getpid(), signal.SIGINT)

        result = publish(
            records,
            configuration,
            progress=told,
            interrupted=lambda: said.append("stopping"),
        )
        assert said == ["stopping"]
        assert result.interrupted
        assert result.snapshot is not None
        counts: Counter[Outcome] = Counter()
        for outlet, url in zip(result.outlets, (nord, sud), strict=True):
            there = identifiers_there(url, records, configure)
            done = {
                r.change.identifier
                for r in outlet.receipts
                if r.outcome is Outcome.DONE
            }
            assert there == done
            counts.update(r.outcome for r in outlet.receipts)
        assert counts[Outcome.NOT_SENT] > 0
        assert {e.state for e in store.entries()} <= {EntryState.DONE}
        again = publish(records, configuration)
        assert again.exit_code == 0
        for url in (nord, sud):
            assert len(identifiers_there(url, records, configure)) == 30

    def test_ctrl_c_twice_does_not_wait_for_one_that_hangs(
        self, publish, configure, targets, make_record, faulty, store
    ) -> None:
        released = threading.Event()

        def hang(handler, body) -> None:
            released.wait(30)

        def press() -> None:
            os.kill(os.getpid(), signal.SIGINT)

        def told(name: str, done: int, total: int) -> None:
            if name == "geo" and done == 1:
                press()

        faulty.always("", hang)
        configuration = configure(hang=faulty.url, geo=targets[0].url, timeout=25)
        record = make_record()
        with pytest.raises(KeyboardInterrupt):
            publish([record], configuration, progress=told, interrupted=press)
        released.set()
        faulty.faults.clear()
        assert publish([record], configure(geo=targets[0].url)).exit_code == 0

    def test_one_that_waits_for_its_turn_is_woken(
        self, publish, configure, targets, make_record
    ) -> None:
        configuration = configure(geo=targets[0].url)
        slow = replace(configuration.outlets["geo"], rate=0.001)
        slowed = replace(configuration, outlets=MappingProxyType({"geo": slow}))
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        result = publish([make_record()], slowed)
        timer.join()
        assert result.interrupted
        assert "Stopped" in result.outlets[0].problem.message


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)]
)
def test_of_two_publishers_the_second_is_refused(
    kind: str, request, tmp_path, configure, targets, make_record, now
) -> None:
    is_file = kind == "sqlite"
    url = f"sqlite:///{tmp_path}/x" if is_file else request.getfixturevalue("postgis")
    configuration = configure(nord=targets[0].url, sud=targets[1].url)
    first, second = open_store(url), open_store(url)
    refused: list[str] = []

    def told(name: str, done: int, total: int) -> None:
        if done == 1:
            with pytest.raises(StoreError) as caught:
                publish_records([], configuration=configuration, store=second, now=now)
            refused.append(caught.value.text.fr)

    settings = {"configuration": configuration, "now": now}
    result = publish_records([make_record()], store=first, progress=told, **settings)
    assert result.exit_code == 0
    assert refused == ["Une autre publication est en cours sur le même registre."] * 2
    assert publish_records([make_record()], store=second, **settings).exit_code == 0
    first.close()
    second.close()
