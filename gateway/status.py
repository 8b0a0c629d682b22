"""The command `status`: per dataset and outlet, what is published and what is not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import click
from rich.markup import escape
from rich.table import Table

from gateway.desk import Desk
from metadata.description import read_descriptions
from metadata.finding import Text
from metadata.record import RecordKind
from metadata.stated import Status
from providers.store import Entry
from providers.store_model import EntryState, Operation

_NOTHING = Text("", "")
_STATES = {
    "published": Text("publié", "published"),
    "failed": Text("échoué", "failed"),
    "unsettled": Text("en suspens", "unsettled"),
    "absent": Text("absent", "absent"),
    "draft": Text("brouillon", "draft"),
    "withdrawn": Text("retiré", "withdrawn"),
}
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
    for head in _HEADS.said_in(desk.language).split("|"):
        table.add_column(head, overflow="fold")
    for line in lines:
        table.add_row(*_cells(desk, line))
    desk.console.print(table)
    return 0


def status_lines(desk: Desk) -> Iterator[Line]:
    """Yield one line for each dataset and outlet, those never published included."""
    entries = desk.store.entries()
    for entry in entries:
        yield _line(entry)
    for description in read_descriptions(desk.configuration.datasets).found:
        yield from _not_yet(
            description.id, description.status, desk.configuration.outlets, entries
        )


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
    since = line.since.strftime("%Y-%m-%d %H:%M") if line.since else ""
    return (
        escape(line.dataset),
        escape(line.outlet),
        line.kind.value,
        _STATES[line.state].said_in(desk.language),
        since,
        escape(line.reason.said_in(desk.language)),
    )
