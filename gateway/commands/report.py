"""The command `report`: how everything stands, for a director."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

import click

from gateway.commands.options import Say, format_option
from gateway.commands.status import counts_text, current_overview, score_text
from gateway.desk import Desk
from metadata.errors import PasserelleError
from metadata.finding import Text
from metadata.overview import Overview
from metadata.overview_document import summary_document, task_documents
from metadata.overview_words import Task, tasks
from service.report import report_page

_SHOWN = 3
"""Datasets of a task that are named."""


class ReportUnwritable(PasserelleError):
    """The report cannot be written where it is to be."""


def show_report(desk: Desk, form: str, page: Path | None, since: date | None) -> int:
    """Print the report as ``text`` or ``json``, and write its page; return 0.

    Parameters
    ----------
    page
        The file to be written; `None`: none.
    since
        The day to compare with; `None`: the same day of the month before.

    Raises
    ------
    ReportUnwritable
        The file cannot be written.
    """
    overview = current_overview(desk, since)
    if page is not None:
        _write(page, report_page(overview, desk.language))
        desk.errors.print(str(page), markup=False, highlight=False, soft_wrap=True)
    if form == "json":
        document = summary_document(overview)
        document["tasks"] = task_documents(overview)
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        for text in _lines(overview):
            desk.say(text)
    return 0


def _lines(overview: Overview) -> Iterator[Text]:
    day = overview.at.date().isoformat()
    yield Text(f"{overview.organisation}, le {day}", f"{overview.organisation}, {day}")
    yield counts_text(overview)
    if overview.mean is not None:
        yield score_text(overview)
    yield _changed(overview)
    yield from map(_task, tasks(overview))


def _changed(overview: Overview) -> Text:
    gains, day = overview.gains, overview.since.isoformat()
    new, gone, revised = len(gains.new), len(gains.gone), gains.revised
    return Text(
        f"Depuis le {day} : {new} publiés, {gone} retirés, {revised} modifiés.",
        f"Since {day}: {new} published, {gone} withdrawn, {revised} changed.",
    )


def _task(task: Task) -> Text:
    names = ", ".join(task.datasets[:_SHOWN])
    more = ", …" if len(task.datasets) > _SHOWN else ""
    about = f" [{len(task.datasets)}: {names}{more}]" if task.datasets else ""
    return Text(
        f"- {task.who.fr} : {task.what.fr}{about} → {task.remedy.fr}",
        f"- {task.who.en}: {task.what.en}{about} → {task.remedy.en}",
    )


def _write(path: Path, content: bytes) -> None:
    """Write a file whole, or leave the one that is there.

    Raises
    ------
    ReportUnwritable
        It cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        message = Text(
            f"--html {path} : impossible d'y écrire ({error.strerror}).",
            f"--html {path}: cannot be written ({error.strerror}).",
        )
        hint = Text(
            "Nommez un fichier d'un dossier qui existe et où vous pouvez écrire.",
            "Name a file in a folder that exists and that you may write to.",
        )
        raise ReportUnwritable(message, hint=hint) from error


def add_report(group: click.Group, text: Say) -> None:
    """Add the command `report` to the command line."""

    @group.command(
        help=text(
            "Le même état pour une direction : ce qui est gagné, ce qui ne va pas, qui "
            "fait quoi.",
            "The same for a director: what was gained, what is wrong, who does what.",
        )
    )
    @click.option(
        "--html",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help=text("Écrire la page dans ce fichier.", "Write the page to this file."),
    )
    @click.option(
        "--since",
        type=click.DateTime(["%Y-%m-%d"]),
        metavar="DATE",
        help=text(
            "Le jour auquel comparer (sinon un mois plus tôt).",
            "The day to compare with (else a month ago).",
        ),
    )
    @format_option(text)
    @click.pass_obj
    def report(
        desk: Desk, form: str, *, html: Path | None, since: datetime | None
    ) -> int:
        return show_report(desk, form, html, since.date() if since else None)
