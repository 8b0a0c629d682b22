"""The command `status`: per dataset and outlet, what is published and what is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial

import click
from rich.markup import escape
from rich.table import Table

from gateway.commands.options import Say
from gateway.desk import Desk
from metadata.finding import Finding, Language, Text
from metadata.overview import DatasetOverview, Overview, Place
from metadata.overview_chart import decimal
from metadata.overview_document import overview_csv, overview_document
from metadata.overview_words import KINDS, STATES, outlet_words
from providers.overview import read_overview

_HEADS = Text(
    "jeu|catalogue|fiche|état|depuis|pourquoi", "dataset|outlet|record|state|since|why"
)


def show_status(desk: Desk, form: str, *, everything: bool = True) -> int:
    """Print the state of every dataset, as ``text``, ``json`` or ``csv``; return 0.

    Parameters
    ----------
    everything
        Also what is published as meant; else only what somebody should look at.
    """
    overview = current_overview(desk)
    if form == "json":
        document = overview_document(overview)
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    elif form == "csv":
        for line in overview_csv(overview, overview.datasets, desk.language):
            click.echo(line, nl=False)
    else:
        _print(desk, overview, everything=everything)
    return 0


def current_overview(desk: Desk, since: date | None = None) -> Overview:
    """Return how everything stands now, compared with a day; no silo is asked."""
    with desk.progress() as told:
        return read_overview(
            desk.configuration,
            desk.store,
            now=desk.now,
            since=since,
            progress=partial(told, ""),
        )


def _print(desk: Desk, overview: Overview, *, everything: bool) -> None:
    table = Table(box=None, pad_edge=False)
    *heads, last = _HEADS.said_in(desk.language).split("|")
    for head in heads:
        table.add_column(head, no_wrap=head not in heads[:2], overflow="fold")
    table.add_column(last, ratio=1, overflow="fold")
    for dataset in overview.datasets:
        for cells in _rows(desk, dataset, everything=everything):
            table.add_row(*cells)
    if table.row_count:
        desk.console.print(table)
    desk.show(dict.fromkeys(_wrong(overview)), "passerelle status --format json")
    desk.say(counts_text(overview))
    if overview.mean is not None:
        desk.say(score_text(overview))


def _rows(
    desk: Desk, dataset: DatasetOverview, *, everything: bool
) -> Iterator[tuple[str, ...]]:
    """Yield a line for each place of a dataset; one for a dataset without any."""
    if not dataset.places:
        state = STATES[dataset.state].said_in(desk.language)
        if everything:
            yield escape(dataset.id), "", "", state, "", ""
        return
    for place in dataset.places:
        if everything or place in dataset.wrong_places:
            yield _cells(desk, dataset, place)


def _cells(desk: Desk, dataset: DatasetOverview, place: Place) -> tuple[str, ...]:
    said = (place.reason, place.remedy)
    why = " ".join(filter(None, (text.said_in(desk.language) for text in said)))
    return (
        escape(dataset.id),
        escape(outlet_words(place.outlet).said_in(desk.language)),
        KINDS[place.kind].said_in(desk.language),
        STATES[place.state].said_in(desk.language),
        _moment(place.since),
        escape(why),
    )


def _moment(at: datetime | None) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M") if at else ""


def _wrong(overview: Overview) -> Iterator[Finding]:
    """Yield the errors and the broken links, each once."""
    yield from overview.findings
    links = list(overview.organisation_links)
    for dataset in overview.datasets:
        yield from dataset.errors
        links += dataset.links
    for link in links:
        yield from link.findings if link.broken else ()


def counts_text(overview: Overview) -> Text:
    """Return how many datasets stand how, and how many links are broken."""
    counts = {state: n for state, n in overview.counts.items() if n}
    fr = ", ".join(f"{STATES[state].fr} {n}" for state, n in counts.items())
    en = ", ".join(f"{STATES[state].en} {n}" for state, n in counts.items())
    total, broken = len(overview.datasets), overview.broken_links
    return Text(
        f"Jeux : {total} ({fr}). Liens rompus : {broken}.",
        f"Datasets: {total} ({en}). Broken links: {broken}.",
    )


def score_text(overview: Overview) -> Text:
    """Return the mean score, and what it was a month ago."""
    gains, most = overview.gains, overview.most

    def said(word: str, past: str, language: str) -> str:
        tongue = Language(language)
        now = decimal(gains.mean_now or 0.0, tongue)
        then = gains.mean_before
        tail = "" if then is None else f" ({past} {decimal(then, tongue)})"
        return f"{word}{now} / {most}{tail}."

    day = gains.since.isoformat()
    return Text(
        said("Score moyen : ", f"le {day} :", "fr"),
        said("Mean score: ", f"on {day}:", "en"),
    )


def add_status(group: click.Group, text: Say) -> None:
    """Add the command `status` to the command line."""

    @group.command(
        help=text(
            "Par jeu et par catalogue : publié, changé, refusé, pourquoi, que faire.",
            "Per dataset and outlet: published, changed, failed, why, what to do.",
        )
    )
    @click.option(
        "--wrong",
        is_flag=True,
        help=text(
            "Seulement ce qui n'est pas comme il faut (texte).",
            "Only what is not as it should be (text).",
        ),
    )
    @click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json", "csv"]),
        default="text",
        help=text("Pour des gens, ou des programmes.", "For people, or for programs."),
    )
    @click.pass_obj
    def status(desk: Desk, form: str, *, wrong: bool) -> int:
        return show_status(desk, form, everything=not wrong)
