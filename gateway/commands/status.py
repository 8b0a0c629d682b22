"""The command `status`: per dataset and outlet, what is published and what is not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import click
from rich.markup import escape
from rich.table import Table

from gateway.assembly import last_records
from gateway.commands.options import Say, format_option
from gateway.desk import Desk
from gateway.publication.report import KINDS
from metadata.description import read_descriptions
from metadata.finding import Text
from metadata.record import RecordKind
from metadata.stated import Status
from providers.store import Entry
from providers.store_model import EntryState, Operation

_NOTHING = Text("", "")
_STATES = {
    "published": Text("publié", "published"),
    "changed": Text("modifié", "changed"),
    "failed": Text("échoué", "failed"),
    "unsettled": Text("en suspens", "unsettled"),
    "absent": Text("absent", "absent"),
    "draft": Text("brouillon", "draft"),
    "withdrawn": Text("retiré", "withdrawn"),
}
_CHANGED = Text(
    "modifié chez nous depuis ; passerelle publish l'envoie",
    "changed with us since; passerelle publish sends it",
)
_TAKEN_BACK = Text(
    "plus publié chez nous ; passerelle publish le supprime",
    "not published with us any more; passerelle publish deletes it",
)
_HEADS = Text(
    "jeu|catalogue|fiche|état|depuis|pourquoi", "dataset|outlet|record|state|since|why"
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One record at one outlet."""

    dataset: str
    outlet: str
    kind: RecordKind
    state: str
    since: datetime | None = None
    reason: Text = _NOTHING


def show_status(desk: Desk, form: str) -> int:
    """Print the state of every dataset, as ``text`` or ``json``; return 0."""
    lines = tuple(status_lines(desk))
    if form == "json":
        rows = [_row(line) for line in lines]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    table = Table(box=None, pad_edge=False)
    *heads, last = _HEADS.said_in(desk.language).split("|")
    for head in heads:
        table.add_column(head, no_wrap=head not in heads[:2], overflow="fold")
    table.add_column(last, ratio=1, overflow="fold")
    for line in lines:
        table.add_row(*_cells(desk, line))
    desk.console.print(table)
    return 0


def status_lines(desk: Desk) -> Iterator[Line]:
    """Yield one line for each dataset and outlet, those never published included."""
    entries = desk.store.entries()
    stated = read_descriptions(desk.configuration.datasets)
    statuses = {d.id: d.status for d in stated.found}
    today = desk.now.date()
    records = last_records(desk.configuration, desk.store, today=today)
    wanted = {record.identifier: record.fingerprint for record in records}
    for entry in entries:
        line = _line(entry)
        known = entry.dataset_id not in stated.unusable
        if line.state == "published" and known:
            line = _compared(line, entry, wanted, statuses.get(entry.dataset_id))
        yield line
    for name, status in statuses.items():
        yield from _not_yet(name, status, desk.configuration.outlets, entries)


def _compared(
    line: Line, entry: Entry, wanted: Mapping[str, str], status: Status | None
) -> Line:
    """Return the line of a published record, changed where it is not as wanted.

    One that is wanted and could not be made just now is left as published.
    """
    if status is not Status.PUBLISHED:
        return replace(line, state="changed", reason=_TAKEN_BACK)
    meant = wanted.get(entry.record_identifier, entry.published_fingerprint)
    if meant != entry.published_fingerprint:
        return replace(line, state="changed", reason=_CHANGED)
    return line


def _line(entry: Entry) -> Line:
    return Line(
        dataset=entry.dataset_id,
        outlet=entry.outlet,
        kind=entry.kind,
        state=_state(entry),
        since=entry.settled_at or entry.intended_at,
        reason=entry.message,
    )


def _state(entry: Entry) -> str:
    if entry.state is EntryState.INTENT:
        return "unsettled"
    if entry.state is EntryState.FAILED:
        return "failed"
    return "absent" if entry.operation is Operation.DELETE else "published"


def _not_yet(
    dataset: str, status: Status, outlets: Iterable[str], entries: Iterable[Entry]
) -> Iterator[Line]:
    """Yield a line for each outlet that the ledger says nothing about."""
    told = {entry.outlet for entry in entries if entry.dataset_id == dataset}
    state = "absent" if status is Status.PUBLISHED else status.value
    for outlet in outlets:
        if outlet not in told:
            yield Line(
                dataset=dataset, outlet=outlet, kind=RecordKind.DATASET, state=state
            )


def _row(line: Line) -> dict[str, object]:
    return {
        "dataset": line.dataset,
        "outlet": line.outlet,
        "record": line.kind.value,
        "state": line.state,
        "since": line.since.isoformat() if line.since else None,
        "reason": {"fr": line.reason.fr, "en": line.reason.en},
    }


def _cells(desk: Desk, line: Line) -> tuple[str, ...]:
    local = line.since.astimezone() if line.since else None
    since = local.strftime("%Y-%m-%d %H:%M") if local else ""
    return (
        escape(line.dataset),
        escape(line.outlet),
        KINDS[line.kind].said_in(desk.language),
        _STATES[line.state].said_in(desk.language),
        since,
        escape(line.reason.said_in(desk.language)),
    )


def add_status(group: click.Group, text: Say) -> None:
    """Add the command `status` to the command line."""

    @group.command(
        help=text(
            "Par jeu et par catalogue : publié, changé, refusé et pourquoi.",
            "Per dataset and outlet: published, changed, failed and why.",
        )
    )
    @format_option(text)
    @click.pass_obj
    def status(desk: Desk, form: str) -> int:
        return show_status(desk, form)
