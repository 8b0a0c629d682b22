"""The command `check`: every finding of every dataset, drafts included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import click

from gateway.assembly import assemble, check_everything, judged
from gateway.commands.counting import counted
from gateway.commands.findings_json import findings_json
from gateway.commands.options import Say, format_option
from gateway.desk import Desk
from metadata.dataset import Dataset
from metadata.finding import Finding, Severity, Text, has_errors
from metadata.freshness import check_freshness
from providers.made_files import by_collection, unchanged
from service.edits_findings import edit_findings


def check_datasets(desk: Desk, form: str) -> int:
    """Print all findings as ``text`` or ``json``; return the exit code.

    Drafts are looked at as they would be once approved.
    """
    with desk.progress() as told:
        found = assemble(
            desk.configuration,
            desk.store,
            now=desk.now,
            progress=told,
            as_if_approved=True,
        )
    datasets = found.described.datasets
    checked = check_everything(datasets, today=desk.now.date())
    stale = _stale(desk, datasets)
    edits = edit_findings(desk.configuration, found.descriptions.found)
    findings = list(dict.fromkeys((*found.findings, *checked, *stale, *edits)))
    if form == "json":
        click.echo(json.dumps(findings_json(findings), ensure_ascii=False, indent=1))
    else:
        desk.show(findings)
        desk.say(_summary(len(judged(found.descriptions)), findings))
    return 1 if has_errors(findings) else 0


def _stale(desk: Desk, datasets: Iterable[Dataset]) -> Iterator[Finding]:
    """Yield the datasets that do not change as often as they are said to."""
    known = unchanged(by_collection(desk.store.files()))
    for dataset in datasets:
        yield from check_freshness(dataset, today=desk.now.date(), unchanged=known)


def _summary(datasets: int, findings: list[Finding]) -> Text:
    errors = sum(f.severity is Severity.ERROR for f in findings)
    others = len(findings) - errors
    parts = (
        counted(datasets, "jeu de données", "jeux de données", "dataset", "datasets"),
        counted(errors, "erreur", "erreurs", "error", "errors"),
        counted(
            others,
            "autre constat",
            "autres constats",
            "other finding",
            "other findings",
        ),
    )
    return Text(
        f"{', '.join(part.fr for part in parts)}.",
        f"{', '.join(part.en for part in parts)}.",
    )


def add_check(group: click.Group, text: Say) -> None:
    """Add the command `check` to the command line."""

    @group.command(
        help=text(
            "Dit tout ce qui ne va pas ; sort avec 1 s'il y a une erreur.",
            "Say everything that is wrong; exit 1 if any is an error.",
        )
    )
    @format_option(text)
    @click.pass_obj
    def check(desk: Desk, form: str) -> int:
        return check_datasets(desk, form)
