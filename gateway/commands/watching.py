"""The command `watch`: follows the silos until it is told to stop."""

from __future__ import annotations

import logging
import sys
from contextlib import closing

import click

from gateway.commands.options import Say
from gateway.desk import Desk

logger = logging.getLogger("gateway.watching")


def watch_silos(desk: Desk) -> int:
    """Follow silos, descriptions and configuration; return the exit code.

    Raises
    ------
    metadata.errors.PasserelleError
        The configuration cannot be used at the start, or the store not be opened.
    """
    # slow to import, and only wanted here
    from gateway.watching.bell import Bell  # noqa: PLC0415
    from gateway.watching.telling import Teller  # noqa: PLC0415
    from gateway.watching.watch import Watch  # noqa: PLC0415

    _log_lines()
    with closing(Bell()) as bell, bell.on_signals():
        Watch(
            desk.configuration,
            teller=Teller(desk.language, logger),
            bell=bell,
            language=desk.language,
        ).run()
    return 0


def _log_lines() -> None:
    """Have each outcome written as one line, and of all else only what is wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("gateway").setLevel(logging.ERROR)
    logger.setLevel(logging.INFO)


def add_watch(group: click.Group, text: Say) -> None:
    """Add the command `watch` to the command line."""

    @group.command(
        help=text(
            "Suit les silos : remesure ce qui change, publie quand c'est calme.",
            "Follow the silos: measure what changes, publish when it is quiet.",
        )
    )
    @click.pass_obj
    def watch(desk: Desk) -> int:
        return watch_silos(desk)
