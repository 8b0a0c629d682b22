"""Runs the application in uvicorn, in one process or several."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import uvicorn

from providers.configuration import PATH_VARIABLE
from service.gathering import GatheringProtocol
from service.metrics.cells import COUNTING_VARIABLE

LISTENING_VARIABLE = "PASSERELLE_LISTENING"
"""Names the folder in which the workers of one socket tell how many they serve."""

WORKERS_VARIABLE = "WEB_CONCURRENCY"
"""Tells each worker how many there are; uvicorn and gunicorn know it too."""
MEMORY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(32 * 2**20),
}
"""How glibc is to hold memory, unless the environment says so itself: pages of some
megabytes are written where the last ones were, instead of being taken from the system
and given back each time, which took a tenth of all the time of such an answer."""
GRACE = 30
"""Seconds that running requests have to end once the service is told to stop."""
_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "access": {
            "()": "uvicorn.logging.AccessFormatter",
            "fmt": "%(asctime)s %(client_addr)s %(request_line)s %(status_code)s",
            "use_colors": False,
        },
    },
    "handlers": {
        "line": {"class": "logging.StreamHandler", "formatter": "line"},
        "access": {"class": "logging.StreamHandler", "formatter": "access"},
    },
    "root": {"handlers": ["line"], "level": "WARNING"},
    "loggers": {
        "uvicorn": {"level": "INFO"},
        "uvicorn.access": {
            "handlers": ["access"],
            "level": "INFO",
            "propagate": False,
        },
        "service": {"level": "INFO"},
        "pygeoapi": {"level": "ERROR"},
    },
}


def become_server(
    configuration: Path, *, host: str, port: int, workers: int, access_log: bool
) -> NoReturn:
    """Let the service take this process over, with the parameters of `serve`.

    What the command line has loaded is let go that way: the process that starts the
    workers keeps nothing of it, and no worker loads it a second time.
    """
    log = "--access-log" if access_log else "--no-access-log"
    where = (f"--host={host}", f"--port={port}", f"--workers={workers}", log)
    # modules are found where this process found them, wherever it was started
    here = [sys.path[0] or str(Path.cwd()), os.environ.get("PYTHONPATH", "")]
    found = {"PYTHONPATH": os.pathsep.join(filter(None, here))}
    command = (
        sys.executable,
        "-P",
        "-m",
        "service",
        str(configuration.resolve()),
        *where,
    )
    sys.stdout.flush()
    os.execve(sys.executable, command, {**MEMORY, **os.environ, **found})  # noqa: S606  (our own interpreter)


def serve(
    configuration: Path, *, host: str, port: int, workers: int, access_log: bool = True
) -> None:
    """Serve until told to stop (SIGTERM, SIGINT); running requests end first.

    Parameters
    ----------
    configuration
        The `passerelle.yml` to serve; every worker reads it itself.
    workers
        Processes, at least one.
    access_log
        Whether each request leaves a line.
    """
    os.environ[PATH_VARIABLE] = str(configuration.resolve())
    os.environ[WORKERS_VARIABLE] = str(max(workers, 1))
    with _workers_beside(workers) as beside:
        uvicorn.run(
            "service.app:application",
            factory=True,
            host=host,
            port=port,
            workers=max(workers, 1),
            log_config=_LOGGING,
            access_log=access_log,
            timeout_graceful_shutdown=GRACE,
            proxy_headers=True,
            server_header=False,
            **beside,
        )


@contextmanager
def _workers_beside(workers: int) -> Iterator[dict[str, Any]]:
    """Yield how uvicorn is to run one worker, or several beside each other.

    Several count in one folder, unless they have one, and share their connections.
    """
    if workers <= 1:
        yield {"http": GatheringProtocol}
        return
    with tempfile.TemporaryDirectory(prefix="passerelle-") as folder:
        os.environ.setdefault(COUNTING_VARIABLE, folder)
        os.environ[LISTENING_VARIABLE] = folder
        names = {"http": "SharingProtocol", "loop": "sharing_loop"}
        yield {what: f"service.listening:{name}" for what, name in names.items()}
