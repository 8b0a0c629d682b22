"""The command line: the only prints and the only exit codes of the house.

Exit codes: 0 everything as meant; 1 something was refused or is wrong; 2 a silo
or an outlet could not be reached (or, from click, the command was misspelt).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from gateway.click_listing import CommandsInOrder
from gateway.click_words import speak
from gateway.commands.approving import add_approve
from gateway.commands.checking import add_check
from gateway.commands.filing import add_files
from gateway.commands.history import add_history
from gateway.commands.links import add_links
from gateway.commands.previewing import add_preview
from gateway.commands.publishing import add_publish, add_withdraw
from gateway.commands.report import add_report
from gateway.commands.schema import add_schema
from gateway.commands.serving import add_serve
from gateway.commands.status import add_status
from gateway.commands.surveying import add_survey
from gateway.commands.triggers import add_triggers
from gateway.commands.watching import add_watch
from gateway.commands.writing import add_records
from gateway.desk import Desk, language_of
from metadata.errors import (
    DescriptionError,
    OutletUnreachable,
    PasserelleError,
    SourceUnreachable,
)
from metadata.finding import Language, Text

REFUSED, UNREACHABLE = 1, 2
COMMANDS = (
    add_survey,
    add_check,
    add_preview,
    add_approve,
    add_serve,
    add_files,
    add_records,
    add_publish,
    add_status,
    add_report,
    add_history,
    add_watch,
    add_links,
    add_withdraw,
    add_triggers,
    add_schema,
)
"""What adds each command, in the order of the work."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    language = language_of(os.environ)
    speak(language)
    try:
        code = command_line(language).main(
            args=list(arguments) if arguments is not None else None,
            prog_name="passerelle",
            standalone_mode=False,
        )
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except DescriptionError as error:
        Desk(language, console=Console(stderr=True)).show(error.findings)
        sys.exit(REFUSED)
    except PasserelleError as error:
        Desk(language).complain(error.text, error.remedy)
        unreachable = isinstance(error, (SourceUnreachable, OutletUnreachable))
        sys.exit(UNREACHABLE if unreachable else REFUSED)
    sys.exit(code or 0)


def command_line(language: Language) -> click.Group:
    """Return the whole command line, its help in one language."""

    def text(fr: str, en: str) -> str:
        return Text(fr, en).said_in(language)

    @click.group(
        cls=CommandsInOrder,
        help=text(
            "Du silo SIG au catalogue national, sans rien ressaisir.",
            "From the GIS silo to the national catalogue, without retyping.",
        ),
    )
    @click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help=text(
            "Fichier passerelle.yml (sinon PASSERELLE_CONFIG).",
            "The passerelle.yml to use (else PASSERELLE_CONFIG).",
        ),
    )
    @click.version_option(package_name="passerelle")
    @click.pass_context
    def passerelle(context: click.Context, config: Path | None) -> None:
        context.obj = Desk(language, given=config)
        context.call_on_close(context.obj.close)

    for add in COMMANDS:
        add(passerelle, text)
    return passerelle
