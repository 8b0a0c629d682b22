"""Runs a real pycsw 2.6.2 beside us, as a catalogue to publish to.

pycsw needs SQLAlchemy < 2, so it lives in a virtual environment of its own and
is only ever run from there, as another process, on loopback. For demonstrations
and tests: it has no login, and takes transactions from 127.0.0.1 alone.
"""

from __future__ import annotations

import configparser
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from metadata.errors import ConfigurationError, OutletUnreachable
from metadata.finding import Text

START_TIMEOUT = 60.0
"""Seconds that pycsw may take until it answers."""
STOP_TIMEOUT = 10.0
"""Seconds that it may take to end before it is killed."""
_SETUP = """
import sys
from pycsw.core import admin
admin.setup_db(sys.argv[1], "records", "")
"""
_SERVER = """
import socketserver, sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from pycsw.wsgi import application

class Server(WSGIServer):
    request_queue_size = 64

    def server_bind(self):
        # not WSGIServer's own: it looks the host's name up in the DNS
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]
        self.setup_environ()

with Server(("127.0.0.1", int(sys.argv[1])), WSGIRequestHandler) as server:
    server.set_app(application)
    server.serve_forever()
"""


@dataclass(frozen=True)
class PycswTarget:
    """A running pycsw."""

    url: str
    """Where it answers; the address to configure as an outlet's."""
    folder: Path
    """Its configuration, its records (SQLite) and its log."""
    process: subprocess.Popen[bytes]


def pycsw_python(root: Path) -> Path | None:
    """Return the python of pycsw's environment below a checkout; `None` without."""
    python = root / ".venv-pycsw" / "bin" / "python"
    return python if python.is_file() else None


@contextmanager
def running_pycsw(
    python: Path,
    folder: Path,
    *,
    port: int = 0,
    transactions: bool = True,
    max_records: int = 100,
) -> Iterator[PycswTarget]:
    """Start pycsw, wait until it answers, and stop it at the end.

    Parameters
    ----------
    python
        The python of an environment in which pycsw 2.6.2 is installed.
    folder
        Where its files go; records that are there from an earlier run stay.
    port
        Port on loopback; 0 takes a free one.
    transactions
        Whether it may be written to (``manager.transactions``).
    max_records
        Records that one of its answers may hold (``server.maxrecords``).

    Raises
    ------
    metadata.errors.ConfigurationError
        There is no pycsw under that python.
    metadata.errors.OutletUnreachable
        It did not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or _free_port()
    url = f"http://127.0.0.1:{port}/"
    configuration = folder / "pycsw.cfg"
    database = folder / "records.sqlite"
    _write_configuration(configuration, url, database, transactions, max_records)
    if not database.exists():
        _set_up(python, database)
    process = _serve(python, folder, configuration, port)
    try:
        _wait(url, process, folder / "pycsw.log")
        yield PycswTarget(url, folder, process)
    finally:
        _stop(process)


def _free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_configuration(
    path: Path, url: str, database: Path, transactions: bool, max_records: int
) -> None:
    """Write pycsw's configuration file."""
    settings = configparser.ConfigParser(interpolation=None)
    settings["server"] = {
        "home": str(path.parent),
        "url": url,
        "mimetype": "application/xml; charset=UTF-8",
        "encoding": "UTF-8",
        "language": "fr-FR",
        "maxrecords": str(max_records),
        "profiles": "apiso",
    }
    settings["manager"] = {
        "transactions": "true" if transactions else "false",
        "allowed_ips": "127.0.0.1",
    }
    settings["metadata:main"] = {
        "identification_title": "Catalogue de démonstration",
        "identification_abstract": "Un pycsw local, pour essayer.",
        "identification_keywords": "catalogue",
        "provider_name": "Passerelle",
        "contact_name": "Passerelle",
    }
    settings["repository"] = {
        "database": f"sqlite:///{database}",
        "table": "records",
    }
    with path.open("w", encoding="utf-8") as file:
        settings.write(file)


def _set_up(python: Path, database: Path) -> None:
    """Make the tables in a new file, which takes its name only once complete."""
    unfinished = database.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    command = [str(python), "-W", "ignore", "-c", _SETUP, f"sqlite:///{unfinished}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        raise _no_pycsw(python, str(error)) from error
    if done.returncode:
        raise _no_pycsw(python, done.stderr.strip().rpartition("\n")[2])
    unfinished.rename(database)


def _no_pycsw(python: Path, found: str) -> ConfigurationError:
    """Say that pycsw cannot be run from there."""
    return ConfigurationError(
        Text(
            f"Préparation de pycsw avec {python} : {found}",
            f"Setting up pycsw with {python}: {found}",
        ),
        hint=Text(
            "Installez pycsw==2.6.2 et « sqlalchemy<2 » dans cet environnement.",
            "Install pycsw==2.6.2 and “sqlalchemy<2” in that environment.",
        ),
    )


def _serve(
    python: Path, folder: Path, configuration: Path, port: int
) -> subprocess.Popen[bytes]:
    """Start the server process; what it prints goes to its log."""
    environment = {**os.environ, "PYCSW_CONFIG": str(configuration)}
    with (folder / "pycsw.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            [str(python), "-W", "ignore", "-c", _SERVER, str(port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once it answers.

    Raises
    ------
    metadata.errors.OutletUnreachable
        It ended, or did not answer in time.
    """
    address = f"{url}?service=CSW&version=2.0.2&request=GetCapabilities"
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310
                answer.read()
        except urllib.error.HTTPError:
            break
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    message = Text(
        f"pycsw ne répond pas à {url} ; voir {log}.",
        f"pycsw does not answer at {url}; see {log}.",
    )
    raise OutletUnreachable(message)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server, gently first."""
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
