"""The command `preview`: what the national portal will show of one dataset."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click
from rich.markup import escape
from rich.table import Table

from gateway.assembly import keep, measure
from gateway.commands.counting import counted
from gateway.commands.options import Say, format_option
from gateway.desk import Desk, UnknownDataset
from metadata.dataset import Dataset
from metadata.describing import describe_all
from metadata.description import approved, read_descriptions
from metadata.finding import Finding, Text, has_errors
from metadata.preview import Preview, View, platform, preview
from metadata.preview.telling import (
    CHANNELS,
    Row,
    document,
    resource_row,
    rows,
    score_text,
)
from metadata.stated import Description, Status


def show_preview(desk: Desk, name: str, form: str) -> int:
    """Print the preview of a dataset as ``text`` or ``json``; return the exit code.

    A draft is looked at as it would be once approved. The exit code is 1 when a check
    finds an error, as `check` would.

    Raises
    ------
    UnknownDataset
        There is no description of that name, or its tables cannot be described.
    metadata.errors.SourceUnreachable
        A silo that it needs does not answer.
    """
    dataset = _dataset(desk, name)
    found = preview(dataset, today=desk.now.date())
    if form == "json":
        told = document(found, platform())
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _print(desk, found)
    return 1 if has_errors((*found.checks, *found.inspire)) else 0


def _dataset(desk: Desk, name: str) -> Dataset:
    """Return a dataset measured now; the tables of others are left alone."""
    description = _description(desk, name)
    with desk.progress() as told:
        measured = measure(
            desk.configuration, [description], now=desk.now, progress=told
        )
    described = describe_all(
        [description],
        keep(desk.store, measured.surveys),
        measured.findings,
        organisation=desk.configuration.organisation,
        service_url=desk.configuration.service.url,
        file_formats=desk.configuration.files.formats,
    )
    if described.datasets:
        return described.datasets[0]
    reasons = described.findings or measured.findings
    raise UnknownDataset(
        Text(
            f"Le jeu « {name} » ne peut pas être montré.",
            f"The dataset {name} cannot be shown.",
        ),
        hint=reasons[0].reason if reasons else Text("", ""),
    )


def _description(desk: Desk, name: str) -> Description:
    found = read_descriptions(desk.configuration.datasets).found
    chosen = next((each for each in found if each.id == name), None)
    if chosen is None:
        raise UnknownDataset(
            Text(
                f"Aucun jeu ne s'appelle « {name} ».",
                f"There is no dataset named {name}.",
            ),
            hint=Text(
                f"Ils sont dans {desk.configuration.datasets}.",
                f"They are in {desk.configuration.datasets}.",
            ),
        )
    return approved(chosen) if chosen.status is Status.DRAFT else chosen


def _print(desk: Desk, found: Preview) -> None:
    for channel, title in CHANNELS.items():
        _heading(desk, Text(f"data.gouv.fr · {title.fr}", f"data.gouv.fr · {title.en}"))
        _print_view(desk, found.views[channel])
    _heading(desk, Text("INSPIRE", "INSPIRE"))
    _print_findings(desk, (*found.checks, *found.inspire))
    _heading(desk, Text("Google", "Google"))
    _print_findings(desk, found.google_findings)


def _print_view(desk: Desk, view: View) -> None:
    known = platform()
    score = score_text(view.shown, known)
    facts = rows(view.shown, known)
    resources = tuple(map(resource_row, view.shown.resources))
    quality = Row(Text("Qualité", "Quality"), score)
    _print_rows(desk, (quality, *facts))
    desk.say(
        counted(len(resources), "ressource", "ressources", "resource", "resources"),
        style="bold",
    )
    _print_rows(desk, resources)
    losses = [each for each in view.losses if each.code != "portal.quality"]
    _print_findings(desk, losses)


def _print_rows(desk: Desk, found: Iterable[Row]) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for row in found:
        label, value = (each.said_in(desk.language) for each in (row.label, row.value))
        table.add_row(escape(label), escape(value))
    desk.console.print(table)


def _print_findings(desk: Desk, findings: Iterable[Finding]) -> None:
    found = tuple(findings)
    if found:
        desk.show(found, "passerelle preview --format json")
    else:
        desk.say(Text("Rien à redire.", "Nothing to complain of."), style="green")


def _heading(desk: Desk, title: Text) -> None:
    desk.console.print()
    desk.say(title, style="bold")


def add_preview(group: click.Group, text: Say) -> None:
    """Add the command `preview` to the command line."""

    @group.command(
        help=text(
            "Montre ce que data.gouv.fr affichera d'un jeu, et ce qu'il perdra.",
            "Show what data.gouv.fr will show of a dataset, and what it will lose.",
        )
    )
    @click.argument("dataset_id", metavar="ID")
    @format_option(text)
    @click.pass_obj
    def preview(desk: Desk, dataset_id: str, form: str) -> int:
        return show_preview(desk, dataset_id, form)
