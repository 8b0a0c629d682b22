"""The command line: the only prints and the only exit codes of the house.

Exit codes: 0 everything as meant; 1 something was refused or is wrong; 2 a silo
or an outlet could not be reached (or, from click, the command was misspelt).
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from gateway.approving import approve_datasets
from gateway.checking import check_datasets
from gateway.click_words import speak
from gateway.desk import Desk, language_of
from gateway.filing import make_dataset_files
from gateway.previewing import show_preview
from gateway.publishing import publish_everything, withdraw_dataset
from gateway.status import show_status
from gateway.surveying import survey_silos
from gateway.triggers import print_triggers
from gateway.writing import write_all_records
from metadata.description import description_schema
from metadata.errors import (
    ConfigurationError,
    DescriptionError,
    OutletUnreachable,
    PasserelleError,
    SourceUnreachable,
)
from metadata.finding import Language, Text

DEFAULT_PORT = 8080
REFUSED, UNREACHABLE = 1, 2


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
        help=text(
            "Du silo SIG au catalogue national, sans rien ressaisir.",
            "From the GIS silo to the national catalogue, without retyping.",
        )
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

    for add in (_survey, _approve, _withdraw, _check, _records, _files, _serve):
        add(passerelle, text)
    for add in (_preview, _publish, _status, _schema, _triggers):
        add(passerelle, text)
    return passerelle


Say = Callable[[str, str], str]


def _format_option(text: Say) -> Callable[[Any], Any]:
    """Return the option of commands that programs read too."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        help=text("Pour des gens, ou des programmes.", "For people, or for programs."),
    )


def _survey(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Mesure les silos ; rédige un brouillon par table nouvelle.",
            "Measure the silos; write a draft for each new table.",
        )
    )
    @click.option(
        "--silo",
        "names",
        metavar="NAME",
        multiple=True,
        help=text("Ce silo seulement (répétable).", "This silo only (repeatable)."),
    )
    @_format_option(text)
    @click.pass_obj
    def survey(desk: Desk, names: tuple[str, ...], form: str) -> int:
        silos = desk.configuration.silos
        unknown = [name for name in names if name not in silos]
        if unknown:
            raise click.BadParameter(
                text(
                    f"{unknown[0]} n'est pas un silo de passerelle.yml "
                    f"({', '.join(silos)}).",
                    f"{unknown[0]} is no silo of passerelle.yml ({', '.join(silos)}).",
                ),
                param_hint="--silo",
            )
        return survey_silos(desk, names or tuple(silos), form)


def _approve(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Publie des brouillons ; refusé tant qu'un contrôle trouve une erreur.",
            "Publish drafts; refused while a check finds an error.",
        )
    )
    @click.argument("ids", nargs=-1)
    @click.option(
        "--all", "everything", is_flag=True, help=text("Tous.", "All of them.")
    )
    @click.pass_obj
    def approve(desk: Desk, ids: tuple[str, ...], *, everything: bool) -> int:
        if bool(ids) == everything:
            raise click.UsageError(
                text("Nommez des jeux, ou --all.", "Name datasets, or --all.")
            )
        return approve_datasets(desk, ids)


def _withdraw(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Retire un jeu du service et de chaque catalogue.",
            "Withdraw a dataset from the service and from every catalogue.",
        )
    )
    @click.argument("dataset_id", metavar="ID")
    @click.option(
        "--purge",
        is_flag=True,
        help=text("Efface aussi ses révisions.", "Erase its revisions too."),
    )
    @click.pass_obj
    def withdraw(desk: Desk, dataset_id: str, *, purge: bool) -> int:
        return withdraw_dataset(desk, dataset_id, purge=purge)


def _check(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Dit tout ce qui ne va pas ; sort avec 1 s'il y a une erreur.",
            "Say everything that is wrong; exit 1 if any is an error.",
        )
    )
    @_format_option(text)
    @click.pass_obj
    def check(desk: Desk, form: str) -> int:
        return check_datasets(desk, form)


def _preview(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Montre ce que data.gouv.fr affichera d'un jeu, et ce qu'il perdra.",
            "Show what data.gouv.fr will show of a dataset, and what it will lose.",
        )
    )
    @click.argument("dataset_id", metavar="ID")
    @_format_option(text)
    @click.pass_obj
    def preview(desk: Desk, dataset_id: str, form: str) -> int:
        return show_preview(desk, dataset_id, form)


def _records(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Écrit chaque fiche ISO 19139 dans un dossier.",
            "Write every ISO 19139 record into a folder.",
        )
    )
    @click.option(
        "--out",
        required=True,
        type=click.Path(path_type=Path, file_okay=False),
        help=text("Le dossier.", "The folder."),
    )
    @click.pass_obj
    def records(desk: Desk, out: Path) -> int:
        return write_all_records(desk, out)


def _files(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Prépare chaque collection en fichiers GeoPackage et CSV.",
            "Make each collection ready as GeoPackage and CSV files.",
        )
    )
    @click.argument("ids", nargs=-1, metavar="[ID]...")
    @click.pass_obj
    def files(desk: Desk, ids: tuple[str, ...]) -> int:
        return make_dataset_files(desk, ids)


def _serve(group: click.Group, text: Say) -> None:
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
    def serve(desk: Desk, host: str, port: int, workers: int, access_log: bool) -> int:
        from service.server import serve as run  # noqa: PLC0415  (slow, only here)

        path = desk.configuration.path
        _require_free(host, port)
        desk.close()
        run(path, host=host, port=port, workers=workers, access_log=access_log)
        return 0


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


def _publish(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Planifie, envoie, relit et compare.", "Plan, send, read back, compare."
        )
    )
    @click.option(
        "--dry-run",
        is_flag=True,
        help=text("Montre le plan, n'envoie rien.", "Show the plan, send nothing."),
    )
    @click.option(
        "--outlet",
        "outlets",
        metavar="NAME",
        multiple=True,
        help=text(
            "Ce catalogue seulement (répétable).", "This outlet only (repeatable)."
        ),
    )
    @click.option(
        "--allow-deletes",
        type=click.IntRange(min=0),
        metavar="N",
        help=text(
            "Accepte jusqu'à N suppressions, au-delà du garde-fou.",
            "Accept up to N deletes, past the guard.",
        ),
    )
    @click.option(
        "--overwrite",
        is_flag=True,
        help=text(
            "Remplace aussi ce que d'autres ont modifié là-bas.",
            "Replace also what somebody edited over there.",
        ),
    )
    @_format_option(text)
    @click.pass_obj
    def publish(desk: Desk, /, **options: Any) -> int:
        return publish_everything(desk, **options)


def _status(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Par jeu et par catalogue : publié, changé, refusé et pourquoi.",
            "Per dataset and outlet: published, changed, failed and why.",
        )
    )
    @_format_option(text)
    @click.pass_obj
    def status(desk: Desk, form: str) -> int:
        return show_status(desk, form)


def _schema(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Imprime le schéma JSON d'une description, pour les éditeurs.",
            "Print the JSON Schema of a description, for editors.",
        )
    )
    def schema() -> int:
        click.echo(json.dumps(description_schema(), ensure_ascii=False, indent=1))
        return 0


def _triggers(group: click.Group, text: Say) -> None:
    @group.command(
        help=text(
            "Imprime le SQL qui compte les changements des tables ; n'exécute rien.",
            "Print the SQL that counts the changes of tables; carries out nothing.",
        )
    )
    @click.argument("ids", nargs=-1)
    @click.option(
        "--silo",
        "name",
        metavar="NAME",
        default="",
        help=text("La base, parmi plusieurs.", "The database, among several."),
    )
    @click.option(
        "--remove",
        is_flag=True,
        help=text("Le SQL qui enlève le tout.", "The SQL that takes all of it away."),
    )
    @click.pass_obj
    def triggers(desk: Desk, ids: tuple[str, ...], name: str, *, remove: bool) -> int:
        return print_triggers(desk, ids, silo=name, remove=remove)
