"""The command `serve`: the service, after a look at its address."""

from __future__ import annotations

import socket

import click

from gateway.commands.options import Say
from gateway.desk import Desk
from metadata.errors import ConfigurationError
from metadata.finding import Text
from service.server import become_server

DEFAULT_PORT = 8080


def _require_free(host: str, port: int) -> None:
    """Make sure that somebody may listen there.

    Raises
    ------
    ConfigurationError
        Somebody does already, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            where, why = f"{host}:{port}", getattr(error, "strerror", "") or error
            raise ConfigurationError(
                Text(
                    f"Impossible d'écouter sur {where} : {why}.",
                    f"Cannot listen on {where}: {why}.",
                ),
                hint=Text(
                    "Choisissez un port libre (--port) ou une adresse de cette "
                    "machine (--host).",
                    "Choose a free port (--port) or an address of this machine "
                    "(--host).",
                ),
            ) from error


def add_serve(group: click.Group, text: Say) -> None:
    """Add the command `serve` to the command line."""

    @group.command(
        help=text("Sert les API OGC et les fiches.", "Serve the OGC APIs and records.")
    )
    @click.option("--host", default="127.0.0.1", show_default=True)
    @click.option("--port", default=DEFAULT_PORT, show_default=True, type=int)
    @click.option("--workers", default=2, show_default=True, type=int)
    @click.option(
        "--access-log/--no-access-log",
        default=True,
        help=text("Une ligne par requête.", "One line for each request."),
    )
    @click.pass_obj
    def serve(desk: Desk, host: str, port: int, workers: int, access_log: bool) -> None:
        path = desk.configuration.path
        _require_free(host, port)
        desk.close()
        become_server(
            path, host=host, port=port, workers=workers, access_log=access_log
        )
