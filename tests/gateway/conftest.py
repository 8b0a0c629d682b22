"""A real pycsw, a proxy before it that misbehaves on demand, and records."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import fiona
import pytest

from gateway.demo.pycsw_target import PycswTarget, pycsw_python, running_pycsw
from gateway.outlets.opening import open_outlet
from gateway.outlets.outlet import Outlet
from gateway.outlets.pacing import Pacing
from gateway.publication.ledger import Ledger
from gateway.publication.publish import Order, publish_to_outlet
from gateway.publication.result import OutletResult
from metadata.dataset import Collection, Dataset
from metadata.iso19139 import encode_dataset_record
from metadata.measured import Extent, RelationKind, Source, Survey
from metadata.record import Record
from metadata.stated import (
    CollectionDescription,
    Dates,
    Description,
    Organisation,
    Status,
)
from providers.configuration import (
    Configuration,
    OutletConfiguration,
    ServiceConfiguration,
)
from providers.store import Store, open_store
from providers.store_model import EntryState

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
IMPATIENT = Pacing(sleep=lambda _: None, jitter=lambda a, b: 0.0)
ORGANISATION = Organisation(
    name="Département de la Seine-Saint-Denis",
    siren="229300082",
    email="sig@example.org",
    identifier_base="https://data.example.org/id",
    licence="etalab-2.0",
)
_numbers = count(1)


@pytest.fixture(scope="session")
def pycsw_environment() -> Path:
    """The python of pycsw's environment; without one, skip (fail under CI)."""
    given = os.environ.get("PASSERELLE_TEST_PYCSW")
    python = Path(given) if given else pycsw_python(ROOT)
    if python is not None and python.is_file():
        return python
    message = "there is no pycsw (PASSERELLE_TEST_PYCSW, .venv-pycsw)"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def catalogue(
    pycsw_environment: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PycswTarget]:
    """A real pycsw, shared: tests tell their records apart by `mark`."""
    with running_pycsw(pycsw_environment, tmp_path_factory.mktemp("pycsw")) as target:
        yield target


@pytest.fixture
def mark() -> str:
    """A word that is in every record identifier of one test, and in no other."""
    return f"{os.getpid()}-{next(_numbers)}-{uuid4().hex[:8]}"


RecordMaker = Callable[..., Record]


@pytest.fixture
def make_record(mark: str) -> RecordMaker:
    """Make the real record of a small dataset: `make_record(name, title=…)`."""

    def make(name: str = "communes", *, stamp: date = TODAY, **stated: Any) -> Record:
        return encode_dataset_record(_dataset(mark, name, **stated), date_stamp=stamp)

    return make


def _dataset(mark: str, name: str, **stated: Any) -> Dataset:
    source = Source(silo="sig", container="public", table=name)
    collection = CollectionDescription(id=name, source=source)
    complete = {
        "title": f"Communes : « {name} » <&> \N{PARTY POPPER}",
        "abstract": "Contours des quarante communes du département.",
        "lineage": "Contours tirés d'Admin Express.",
        "producer": ORGANISATION.name,
        "themes": ("au",),
        "topics": ("boundaries",),
        "dates": Dates(revised=date(2026, 1, 15)),
        "status": Status.PUBLISHED,
    }
    description = Description(
        id=name,
        identifier=f"{ORGANISATION.identifier_base}/{name}",
        record_identifier=f"fr-229300082-jdd-{mark}-{name}",
        service_identifier=f"fr-229300082-srv-{mark}-{name}",
        collections=(collection,),
        **{**complete, **stated},
    )
    survey = Survey(
        source=source,
        kind=RelationKind.TABLE,
        surveyed_at=NOW,
        extent=Extent(2.28, 48.8, 2.61, 49.02),
    )
    return Dataset(
        description=description,
        collections=(Collection(description=collection, survey=survey),),
        organisation=ORGANISATION,
        service_url="https://geo.example.org",
    )


@pytest.fixture(scope="session")
def loaded() -> Callable[[Path], ModuleType]:
    """Load a module by its file, as one of its folder's: `loaded(path)`."""

    def load(place: Path) -> ModuleType:
        name = f"{place.parent.name}_{place.stem}"
        specification = importlib.util.spec_from_file_location(name, place)
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[name] = module
        specification.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def write_layers() -> Callable[..., None]:
    """Write a GeoPackage of layers of one point: `write_layers(path, "a", "b")`."""

    def write(path: Path, *layers: str) -> None:
        path.parent.mkdir(exist_ok=True)
        schema = {"geometry": "Point", "properties": {"nom": "str"}}
        geometry = {"type": "Point", "coordinates": (655000.0, 6867000.0)}
        for layer in layers:
            with fiona.open(
                path, "w", driver="GPKG", layer=layer, crs="EPSG:2154", schema=schema
            ) as target:
                target.write({"geometry": geometry, "properties": {"nom": "Épinay"}})

    return write


Opening = Callable[[OutletConfiguration, Pacing], Outlet]


@pytest.fixture
def publishing_by(
    store: Store,
) -> Callable[[Opening, OutletConfiguration], Callable[..., OutletResult]]:
    """Publish records as the command does: revisions, then the outlet."""

    def made(
        opening: Opening, settings: OutletConfiguration
    ) -> Callable[..., OutletResult]:
        def act(*records: Record, url: str = "", **options: Any) -> OutletResult:
            changes = {**({"url": url} if url else {}), **options.pop("outlet", {})}
            configuration = replace(settings, **changes)
            pacing = options.pop("pacing", IMPATIENT)
            ledgers = options.pop("store", store)
            order = Order(wanted=records, **options).made_for(configuration)
            ledgers.keep_revisions(records, now=NOW)
            with closing(opening(configuration, pacing)) as outlet:
                ledger = Ledger(ledgers, outlet.name, now=NOW)
                return publish_to_outlet(outlet, ledger, order, None)

        return act

    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/registre.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def other_store(tmp_path: Path) -> Iterator[Store]:
    """The store of a second publisher, on another machine."""
    opened = open_store(f"sqlite:///{tmp_path}/autre.sqlite")
    yield opened
    opened.close()


Configure = Callable[..., Configuration]


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Make a configuration of outlets: `configure(geo="http://…", timeout=2)`."""

    def make(timeout: float = 20.0, batch: int = 10, **urls: str) -> Configuration:
        outlets = {
            name: OutletConfiguration(
                name=name, url=url, timeout=timeout, batch=batch, rate=1000.0
            )
            for name, url in urls.items()
        }
        return Configuration(
            path=tmp_path / "passerelle.yml",
            organisation=ORGANISATION,
            service=ServiceConfiguration(url="https://geo.example.org"),
            silos=MappingProxyType({}),
            outlets=MappingProxyType(outlets),
            store=f"sqlite:///{tmp_path}/registre.sqlite",
        )

    return make


Act = Callable[["Handler", bytes], None]


@dataclass
class FaultyProxy:
    """A server that passes on to another one, but for the faults it was given."""

    url: str
    behind: str
    faults: list[tuple[bytes, Act]] = field(default_factory=list)
    seen: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Method, path and body of each request."""

    def then(self, what: str, *acts: Act) -> None:
        """Let the next requests that hold a word meet with these acts, in turn."""
        self.faults += [(what.encode(), act) for act in acts]

    def always(self, what: str, act: Act) -> None:
        """Let all requests that hold a word meet with one act."""
        self.then(what, *[act] * 500)

    def count(self, what: str) -> int:
        """Tell how many requests held a word."""
        return sum(what.encode() in path.encode() + body for _, path, body in self.seen)

    def act_for(self, request: bytes) -> Act:
        for index, (what, act) in enumerate(self.faults):
            if what in request:
                del self.faults[index]
                return act
        return forward


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    proxy: FaultyProxy

    def do_GET(self) -> None:
        self._meet(b"")

    def do_POST(self) -> None:
        self._meet(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815  (http.server's names)

    def _meet(self, body: bytes) -> None:
        self.proxy.seen.append((self.command, self.path, body))
        self.proxy.act_for(self.path.encode() + body)(self, body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


ASKED = (
    "Accept",
    "Authorization",
    "Content-Type",
    "Cookie",
    "X-API-KEY",
    "X-XSRF-TOKEN",
)
ANSWERED = ("Content-Range", "Content-Type", "Set-Cookie")
"""Headers that a proxy passes on."""


@dataclass
class Behind:
    """What the server behind a proxy answered."""

    status: int
    content: bytes
    headers: list[tuple[str, str]]


def ask_behind(handler: Handler, body: bytes) -> Behind:
    host = urlsplit(handler.proxy.behind).netloc
    connection = HTTPConnection(host, timeout=60)
    headers = {n: handler.headers[n] for n in ASKED if n in handler.headers}
    try:
        connection.request(handler.command, handler.path, body or None, headers)
        answer = connection.getresponse()
        passed = [(n, v) for n, v in answer.getheaders() if n.title() in ANSWERED]
        return Behind(answer.status, answer.read(), passed)
    finally:
        connection.close()


def forward(handler: Handler, body: bytes) -> None:
    """Pass a request on, and its answer back."""
    behind = ask_behind(handler, body)
    send(handler, behind.status, behind.content, behind.headers)


def send(
    handler: Handler, status: int, content: bytes, headers: Iterable[tuple[str, str]]
) -> None:
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


class Acts:
    """What a proxy can be told to do."""

    forward = staticmethod(forward)

    @staticmethod
    def forward_changed(handler: Handler, body: bytes, old: bytes, new: bytes) -> None:
        """Pass it on, and change a word of the answer."""
        behind = ask_behind(handler, body)
        changed = behind.content.replace(old, new)
        send(handler, behind.status, changed, behind.headers)

    @staticmethod
    def answer(status: int, content: bytes = b"", **headers: str) -> Act:
        """Answer this, and pass nothing on."""
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        return lambda handler, body: send(handler, status, content, named)

    @staticmethod
    def drop(handler: Handler, body: bytes) -> None:
        """Close the connection; nothing is passed on."""
        handler.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def carry_out_and_drop(handler: Handler, body: bytes) -> None:
        """Pass it on, and close the connection instead of answering."""
        ask_behind(handler, body)
        handler.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def break_off(handler: Handler, body: bytes) -> None:
        """Pass it on, and send half of the answer."""
        behind = ask_behind(handler, body)
        handler.send_response(behind.status)
        handler.send_header("Content-Length", str(len(behind.content)))
        handler.end_headers()
        handler.wfile.write(behind.content[: len(behind.content) // 2])

    @staticmethod
    def reset(handler: Handler, body: bytes) -> None:
        """Do as `break_off`, and reset the connection (TCP's RST)."""
        Acts.break_off(handler, body)
        now = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
        handler.connection.close()

    @staticmethod
    def twice(handler: Handler, body: bytes) -> None:
        """Pass it on two times, as when one that was given up arrives after all."""
        ask_behind(handler, body)
        forward(handler, body)

    @staticmethod
    def meanwhile(work: Callable[[], Any]) -> Act:
        """Let something happen before a request arrives."""

        def act(handler: Handler, body: bytes) -> None:
            work()
            forward(handler, body)

        return act

    @staticmethod
    def hang(seconds: float) -> Act:
        """Answer nothing for a while."""

        def act(handler: Handler, body: bytes) -> None:
            threading.Event().wait(seconds)
            handler.connection.shutdown(socket.SHUT_RDWR)

        return act

    @staticmethod
    def dribble(handler: Handler, body: bytes) -> None:
        """Send a byte from time to time, for ever."""
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" ")
                threading.Event().wait(0.05)
        except OSError:
            return


@pytest.fixture(scope="session")
def acts() -> type[Acts]:
    return Acts


@pytest.fixture
def faulty(request: pytest.FixtureRequest) -> Iterator[FaultyProxy]:
    """A faulty proxy with nothing behind it."""
    yield from _proxy("http://127.0.0.1:1/")


@pytest.fixture
def faulty_catalogue(catalogue: PycswTarget) -> Iterator[FaultyProxy]:
    """A faulty proxy before the real catalogue."""
    yield from _proxy(catalogue.url)


@pytest.fixture
def faulty_before() -> Iterator[Callable[[str], FaultyProxy]]:
    """Put a faulty proxy before any server: `faulty_before("http://…")`."""
    with ExitStack() as stack:
        yield lambda behind: stack.enter_context(contextmanager(_proxy)(behind))


def _proxy(behind: str) -> Iterator[FaultyProxy]:
    class Own(Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    server.daemon_threads = True
    Own.proxy = FaultyProxy(f"http://127.0.0.1:{server.server_port}/csw", behind)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield Own.proxy
    server.shutdown()
    server.server_close()
    thread.join()


PUBLISHER = """
import json
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from gateway.outlets.opening import open_outlet
from gateway.publication.ledger import Ledger
from gateway.publication.publish import Order, publish_to_outlet
from metadata.record import Record, RecordKind
from providers.configuration import OutletConfiguration, Secret
from providers.store import open_store

file, address = sys.argv[1:]
stated = json.loads(sys.stdin.readline())
secrets = {name: Secret(stated.pop(name)) for name in ("key", "password")}
outlet = OutletConfiguration(**stated, **secrets)
records = tuple(
    Record(
        identifier=identifier,
        dataset_id=dataset_id,
        kind=RecordKind.DATASET,
        content=content.encode(),
    )
    for identifier, dataset_id, content in json.loads(Path(file).read_text("utf-8"))
)
store = open_store(address)
now = datetime.now(UTC)
print("begun", flush=True)
with store.publishing(), closing(open_outlet(outlet)) as opened:
    store.keep_revisions(records, now=now)
    order = Order(wanted=records, allow_deletes=1000)
    publish_to_outlet(opened, Ledger(store, outlet.name, now=now), order, None)
"""


def killed(
    outlet: OutletConfiguration,
    records: list[Record],
    store: str,
    file: Path,
    chance: random.Random,
) -> bool:
    """Publish in a process and kill it somewhere in its first few orders.

    When is counted in lines of the ledger, not in seconds, so that a fast machine
    has not ended by then. Tell whether it was killed; else it had ended by itself.
    """
    said = [(r.identifier, r.dataset_id, r.content.decode()) for r in records]
    file.write_text(json.dumps(said), encoding="utf-8")
    stated = {each.name: getattr(outlet, each.name) for each in fields(outlet)}
    secrets = {name: stated[name].value for name in ("key", "password")}
    with (
        closing(open_store(store)) as opened,
        subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, str(file), store],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        before = set(opened.entries(outlet.name))
        orders = chance.randrange(4)
        process.stdin.write(json.dumps({**stated, **secrets}) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "begun\n"
        while process.poll() is None:
            if len(set(opened.entries(outlet.name)) - before) >= orders:
                break
            time.sleep(0.001)
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 0.05))
        process.kill()
        process.wait()
        return process.returncode == -signal.SIGKILL


def finished(
    outlet: OutletConfiguration, records: list[Record], store: str
) -> OutletResult:
    """Publish to the end, as whoever comes after the one that was killed."""
    opened = open_store(store)
    with closing(opened), opened.publishing(), closing(open_outlet(outlet)) as place:
        opened.keep_revisions(records, now=datetime.now(UTC))
        order = Order(wanted=tuple(records), allow_deletes=1000)
        ledger = Ledger(opened, outlet.name, now=datetime.now(UTC))
        return publish_to_outlet(place, ledger, order, None)


PublishKilled = Callable[..., int]


@pytest.fixture
def publish_killed(tmp_path: Path) -> PublishKilled:
    """Publish twice, killed each time: `publish_killed(outlet, make, agree, …)`.

    `make(name, title=…)` makes a record, and `agree(wanted)` looks whether these are
    there and no others. The second time, records are changed and missing; returns how
    many there are then.
    """

    def act(
        outlet: OutletConfiguration,
        make: Callable[..., Record],
        agree: Callable[[list[Record]], None],
        *,
        records: int,
        kills: int = 4,
    ) -> int:
        seed = random.randrange(2**32)  # noqa: S311  (no secret)
        print(f"seed {seed}")  # noqa: T201  (pytest shows it where the test fails)
        chance = random.Random(seed)  # noqa: S311
        outlet = replace(outlet, rate=1000.0)
        store = f"sqlite:///{tmp_path}/registre.sqlite"
        names = [f"jeu{number:03}" for number in range(records)]
        first = [make(name) for name in names]
        second = [
            make(name, title=f"Changé {name}") if n % 3 == 0 else first[n]
            for n, name in enumerate(names)
            if n % 5 != 1
        ]
        ended = 0
        for wanted in (first, second):
            for _ in range(kills // 2):
                file = tmp_path / "wanted.json"
                ended += not killed(outlet, wanted, store, file, chance)
            result = finished(outlet, wanted, store)
            assert result.exit_code == 0, result
            agree(wanted)
            again = finished(outlet, wanted, store)
            counts = {str(o): n for o, n in again.counts.items() if n}
            assert counts == {"kept": len(wanted)}
        assert ended <= kills // 2, "most runs ended before they were killed"
        with closing(open_store(store)) as opened:
            states = {entry.state for entry in opened.entries(outlet.name)}
        assert states == {EntryState.DONE}
        return len(second)

    return act


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW
