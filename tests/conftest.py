"""What every test may ask for: a real PostGIS, the real data, the blessing."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = ROOT.parent / "shared" / "data"
_numbers = count(1)
RUN_PYGEOAPI = "from pygeoapi.flask_app import APP; APP.run('127.0.0.1', {port})"
NO_API = "openapi: 3.0.2\ninfo: {title: x, version: '1'}\npaths: {}\n"


TOGETHER = ("tests/portal/", "tests/gateway/udata/", "tests/gateway/ckan/")
"""Folders whose tests share what is slow to make; others share it by file."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several processes (``-n 2``), keep together what shares fixtures."""
    from xdist.scheduler import LoadScopeScheduling

    class ByRoom(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next((room for room in TOGETHER if file.startswith(room)), file)

    return ByRoom(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite golden files")


def pytest_report_header() -> list[str]:
    import lxml.etree
    import pygeoapi
    import pyproj
    import shapely

    return [
        f"pygeoapi {pygeoapi.__version__}, PROJ {pyproj.proj_version_str}, "
        f"GEOS {shapely.geos_version_string}, lxml {lxml.etree.__version__}"
    ]


@pytest.fixture(scope="session")
def bless(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--bless"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real contours and populations; skip without it."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"the real data are not beside the checkout ({REAL_DATA})")
    return REAL_DATA


@pytest.fixture(scope="session")
def postgis_server() -> Iterator[str]:
    """Address of a PostgreSQL server's superuser; a private one if none is given."""
    given = os.environ.get("PASSERELLE_TEST_POSTGIS")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="passerelle-pg-"))
    try:
        yield from _private_server(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _template(postgis_server: str) -> str:
    """Name of an empty database with PostGIS, to be copied."""
    name = f"passerelle_template_{os.getpid()}"
    _execute(
        postgis_server, f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING UTF8'
    )
    _execute(with_database(postgis_server, name), "CREATE EXTENSION postgis")
    return name


@pytest.fixture
def postgis(postgis_server: str, _template: str) -> Iterator[str]:
    """Address of an empty database of its own, with PostGIS."""
    yield from new_database(postgis_server, _template)


@pytest.fixture(scope="module")
def module_postgis(postgis_server: str, _template: str) -> Iterator[str]:
    """Like `postgis`, for all tests of one module."""
    yield from new_database(postgis_server, _template)


@pytest.fixture(scope="session")
def session_postgis(postgis_server: str, _template: str) -> Iterator[str]:
    """Like `postgis`, for the whole session; to be read only once filled."""
    yield from new_database(postgis_server, _template)


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server of one test's own, with PostGIS, that may be stopped."""

    address: str
    folder: Path

    def stop(self) -> None:
        """Stop it as a restart would: sessions are ended, not waited for."""
        self._control("-m", "fast", "stop")

    def crash(self) -> None:
        """Stop it as a loss of power would."""
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        self._control("-l", str(self.folder / "log"), "start")

    def _control(self, *words: str) -> None:
        user = _unprivileged()
        run = ["runuser", "-u", user, "--"] if user else []
        control = [*run, str(_postgresql_binaries() / "pg_ctl"), "-w"]
        data = ["-D", str(self.folder / "data")]
        subprocess.run(
            [*control, *data, *words], check=True, stdout=subprocess.DEVNULL, cwd="/"
        )


@pytest.fixture
def own_postgis() -> Iterator[Cluster]:
    """A cluster of the test's own; it must be running when the test ends."""
    folder = Path(tempfile.mkdtemp(prefix="passerelle-pg-"))
    try:
        for address in _private_server(folder):
            _execute(address, "CREATE EXTENSION postgis")
            yield Cluster(address, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def telling_postgis() -> Iterator[Cluster]:
    """A cluster of the module's own, whose triggers tell of changes as they come.

    They do not where transactions may be prepared. It must be running at the end.
    """
    folder = Path(tempfile.mkdtemp(prefix="passerelle-pg-"))
    try:
        for address in _private_server(folder, "max_prepared_transactions=0\n"):
            _execute(address, "CREATE EXTENSION postgis")
            yield Cluster(address, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: str, template: str) -> Iterator[str]:
    name = f"passerelle_{os.getpid()}_{next(_numbers)}"
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield with_database(server, name)
    _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def with_database(address: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return address.rsplit("/", 1)[0] + f"/{name}"


def _execute(address: str, statement: str) -> None:
    connection = psycopg2.connect(address)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _private_server(folder: Path, more: str = "") -> Iterator[str]:
    """Start a cluster on a free loopback port, not as root; stop it afterwards.

    Parameters
    ----------
    more
        Settings that count more than the usual ones.
    """
    binaries = _postgresql_binaries()
    data, port = folder / "data", free_port()
    user = _unprivileged()
    folder.chmod(0o755)
    if user:
        shutil.chown(folder, user)
    run = ["runuser", "-u", user, "--"] if user else []
    initdb = [str(binaries / "initdb"), "-D", str(data), "-A", "trust"]
    subprocess.run(
        [*run, *initdb, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    settings = (
        f"listen_addresses='127.0.0.1'\nport={port}\nunix_socket_directories=''\n"
        "fsync=off\nsynchronous_commit=off\nfull_page_writes=off\nmax_connections=200\n"
        "max_prepared_transactions=5\n"
        "shared_buffers=512MB\njit=off\ntrack_commit_timestamp=on\n"
    )
    with (data / "postgresql.conf").open("a") as configuration:
        configuration.write(settings + more)
    control = [*run, str(binaries / "pg_ctl"), "-D", str(data), "-w"]
    log = ["-l", str(folder / "log")]
    subprocess.run(
        [*control, *log, "start"], check=True, stdout=subprocess.DEVNULL, cwd="/"
    )
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        stop = [*control, "-m", "immediate", "stop"]
        subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _postgresql_binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        message = "no PostgreSQL server is installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found[-1].parent


def _unprivileged() -> str:
    """PostgreSQL refuses to run as root: the account to run it as, if we are."""
    if os.geteuid() != 0:
        return ""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


FTP = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user("sig", "sésame", sys.argv[2], perm="elradfmwMT")
ThreadedFTPServer(("127.0.0.1", int(sys.argv[1])), FTPHandler).serve_forever()
"""


class FtpServer:
    """An FTP server in a process of its own, that may be stopped and started."""

    options: Mapping[str, Any] = {"username": "sig", "password": "sésame"}

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port = free_port()
        self.address = f"ftp://127.0.0.1:{self._port}/pré"
        self.start()

    def start(self) -> None:
        arguments = [str(self._port), str(self.folder)]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", FTP, *arguments],
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(self._listens, 1):
                return
            time.sleep(0.05)
        pytest.fail("the FTP server did not start")

    @property
    def _listens(self) -> tuple[str, int]:
        return "127.0.0.1", self._port

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FtpServer]:
    """A real FTP server on an empty folder."""
    server = FtpServer(tmp_path_factory.mktemp("ftp"))
    yield server
    server.stop()


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stock_pygeoapi() -> Callable[
    [Path, Mapping[str, Any]], AbstractContextManager[httpx.Client]
]:
    """An unmodified pygeoapi, run in a folder on resources as a deployer writes them.

    As its own Flask application, as long as the context lasts, which is a client of it.
    """
    return _stock_pygeoapi


def _pygeoapi_configuration(url: str, resources: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a deployer of pygeoapi would write."""
    text = {"en": "Test"}
    contact = {"name": "x", "email": "x@example.org", "role": "pointOfContact"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 0},
            "url": url,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "language": "en-US",
            "map": {"url": "", "attribution": ""},
            "limits": {"default_items": 10, "max_items": 1000},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": text,
                "description": text,
                "keywords": {"en": ["test"]},
                "url": url,
            },
            "license": {"name": "x", "url": url},
            "provider": {"name": "x", "url": url},
            "contact": contact,
        },
        "resources": dict(resources),
    }


@contextmanager
def _stock_pygeoapi(
    folder: Path, resources: Mapping[str, Any]
) -> Iterator[httpx.Client]:
    """Run it as long as the context lasts; yield a client of it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    config, openapi = folder / "pygeoapi.yml", folder / "openapi.yml"
    config.write_text(yaml.safe_dump(_pygeoapi_configuration(url, resources)))
    openapi.write_text(NO_API)
    environment = {
        **os.environ,
        "PYGEOAPI_CONFIG": str(config),
        "PYGEOAPI_OPENAPI": str(openapi),
    }
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", RUN_PYGEOAPI.format(port=port)],
            env=environment,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        with httpx.Client(base_url=url, timeout=30) as client:
            _await_pygeoapi(client, server, folder / "log")
            yield client
    finally:
        server.terminate()
        server.wait(10)


def _await_pygeoapi(
    client: httpx.Client, server: subprocess.Popen[bytes], log: Path
) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            client.get("/conformance")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"pygeoapi did not start: {log.read_text()[-2000:]}")


_CELL = re.compile(rb'("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n)')


@pytest.fixture(scope="session")
def csv_rows() -> Callable[..., list[list[str | None]]]:
    """Read CSV as RFC 4180 has it, and nothing else; a bare empty cell is `None`."""

    def rows(content: bytes, end: bytes = b"\r\n") -> list[list[str | None]]:
        found: list[list[str | None]] = [[]]
        place = 0
        while place < len(content):
            cell = _CELL.match(content, place)
            assert cell, content[place : place + 80]
            text, after = cell.groups()
            assert after in (b",", end), content[place : place + 80]
            bare = text[1:-1].replace(b'""', b'"') if text[:1] == b'"' else text
            found[-1].append(bare.decode() if text else None)
            if after == end:
                found.append([])
            place = cell.end()
        assert found.pop() == [], "the last line has no end"
        return found

    return rows
