"""The commands `publish` and `withdraw`: what goes out, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gateway.assembly import assemble
from gateway.commands.choosing import findings_about, require_known
from gateway.commands.filing import drop_dataset_files
from gateway.commands.findings_json import findings_json
from gateway.commands.options import Say, format_option
from gateway.desk import Desk, UnknownDataset
from gateway.publication.kept_checks import KeptChecks
from gateway.publication.publish import publish_records, withdraw_records
from gateway.publication.readiness import sort_out
from gateway.publication.report import result_json, result_tables
from gateway.publication.result import ExitCode, PublishResult
from gateway.scoring import keep_scores
from metadata.description_file import withdraw_file
from metadata.finding import Finding, Text, has_errors

_STOPPING = Text(
    "Arrêt demandé : chaque sortie termine l'envoi en cours.",
    "Stopping: each outlet ends what it is being sent.",
)
_TWICE = Text("Ctrl-C encore pour ne pas attendre.", "Ctrl-C again not to wait.")


def publish_everything(
    desk: Desk, *, form: str, only: Collection[str] = (), **options: Any
) -> int:
    """Publish every dataset that may go out, or those named; return the exit code.

    A dataset with an error is held: what was published of it stays as it is.

    Parameters
    ----------
    form
        ``text`` or ``json``.
    only
        Datasets that it is about; empty: all.
    options
        ``outlets``, ``dry_run``, ``allow_deletes``, ``overwrite``, ``keep_theirs``:
        see `gateway.publication.publish.publish_records`.

    Raises
    ------
    UnknownDataset
        There is no dataset of a name in `only`.
    click.Abort
        It was stopped; what came of it is printed.
    """
    with desk.progress() as told:
        found = assemble(desk.configuration, desk.store, now=desk.now, progress=told)
    require_known(desk, found, only)
    today = desk.now.date()
    checks = KeptChecks(desk.store, desk.configuration)
    ready = sort_out(found, today=today, check=checks)
    checks.keep()
    findings = findings_about(only, ready, found) if only else ready.findings
    records = ready.records(desk.store)
    with desk.progress() as told:
        result = publish_records(
            records,
            forms=ready.forms(desk.configuration),
            configuration=desk.configuration,
            store=desk.store,
            now=desk.now,
            only=only or None,
            held=ready.held,
            progress=told,
            interrupted=lambda: desk.complain(_STOPPING, _TWICE),
            clock=lambda: datetime.now(UTC),
            **options,
        )
    if not (only or result.dry_run):
        keep_scores(desk.store, ready.datasets, held=ready.held, today=today)
    _say(desk, result, findings, form)
    return max(int(result.exit_code), 1 if has_errors(findings) else 0)


def _say(
    desk: Desk, result: PublishResult, findings: Sequence[Finding], form: str
) -> None:
    """Print what came of it.

    Raises
    ------
    click.Abort
        It was stopped.
    """
    if form == "json":
        answer = {**result_json(result), "findings": findings_json(findings)}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        desk.show(findings)
        _print(desk, result)
    if result.interrupted:
        raise click.Abort


def _print(desk: Desk, result: PublishResult) -> None:
    desk.show([f for outlet in result.outlets for f in outlet.findings])
    for part in result_tables(result, desk.language):
        desk.console.print(part)


def _description_file(desk: Desk, dataset_id: str) -> Path:
    """Return the file of a description; what is no name is never made a path of.

    Raises
    ------
    UnknownDataset
        There is none.
    """
    files = {path.stem: path for path in desk.configuration.datasets.glob("*.yml")}
    if dataset_id in files:
        return files[dataset_id]
    raise UnknownDataset(
        Text(
            f"Aucune description ne s'appelle « {dataset_id} ».",
            f"There is no description “{dataset_id}”.",
        ),
        hint=Text(
            "passerelle status les nomme toutes.", "passerelle status names them all."
        ),
    )


def withdraw_dataset(desk: Desk, dataset_id: str, *, purge: bool) -> int:
    """Take one dataset out of the service and of every outlet; return the exit code.

    Raises
    ------
    UnknownDataset
        It has no description.
    """
    withdraw_file(_description_file(desk, dataset_id))
    files_gone = drop_dataset_files(desk, dataset_id)
    with desk.progress() as told:
        result = withdraw_records(
            {dataset_id},
            configuration=desk.configuration,
            store=desk.store,
            now=desk.now,
            progress=told,
            interrupted=lambda: desk.complain(_STOPPING, _TWICE),
        )
    if purge:
        desk.store.purge(dataset_id)
    _print(desk, result)
    everywhere = result.exit_code is ExitCode.AS_MEANT
    if everywhere and not files_gone:
        return int(ExitCode.UNREACHABLE)
    desk.say(_withdrawn(dataset_id) if everywhere else _not_everywhere(dataset_id))
    return int(result.exit_code)


def _withdrawn(dataset_id: str) -> Text:
    return Text(
        f"{dataset_id} est retiré. Les copies que d'autres ont moissonnées ou "
        "téléchargées restent hors d'atteinte : prévenez-les.",
        f"{dataset_id} is withdrawn. Copies that others harvested or downloaded "
        "are out of reach: tell them.",
    )


def _not_everywhere(dataset_id: str) -> Text:
    return Text(
        f"{dataset_id} est retiré du service, mais pas encore de toutes les sorties : "
        "voyez plus haut, puis passerelle publish le retirera du reste.",
        f"{dataset_id} is out of the service, but not yet out of every outlet: see "
        "above, then passerelle publish takes it out of the rest.",
    )


def add_withdraw(group: click.Group, text: Say) -> None:
    """Add the command `withdraw` to the command line."""

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


def add_publish(group: click.Group, text: Say) -> None:
    """Add the command `publish` to the command line."""

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
        "--only",
        metavar="ID",
        multiple=True,
        help=text(
            "Ce jeu seulement, sans toucher aux autres (répétable).",
            "This dataset only, nothing of others is touched (repeatable).",
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
    @click.option(
        "--keep-theirs",
        is_flag=True,
        help=text(
            "Garde ce que d'autres ont modifié là-bas, et n'en parle plus.",
            "Keep what somebody edited over there, and say no more of it.",
        ),
    )
    @format_option(text)
    @click.pass_obj
    def publish(desk: Desk, /, **options: Any) -> int:
        if options["overwrite"] and options["keep_theirs"]:
            raise click.UsageError(
                text(
                    "--overwrite et --keep-theirs s'excluent.",
                    "--overwrite and --keep-theirs exclude each other.",
                )
            )
        return publish_everything(desk, **options)
