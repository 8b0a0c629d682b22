"""The command `history`: what became of a dataset, revision by revision."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import click
from rich.text import Text as Line

from gateway.commands.options import Say, format_option
from gateway.desk import Desk, UnknownDataset
from metadata.description import read_descriptions
from metadata.finding import Text
from metadata.history.changes import NOTHING, FieldChange, changes
from metadata.history.leaves import Value
from metadata.history.names import field_kind
from metadata.overview_words import KINDS, outlet_words
from metadata.stated import Status
from providers.history.document import document
from providers.history.timeline import (
    DatasetRevision,
    History,
    RevisedRecord,
    history_of,
)
from providers.store_model import EntryState, Operation
from providers.store_sendings import OURSELVES, Sending

_SHOWN: Final = 3
"""Changes of one field of the parts of a list that are all told."""
_OPERATIONS: Final = {
    Operation.CREATE: Text("créée", "created"),
    Operation.UPDATE: Text("remplacée", "replaced"),
    Operation.DELETE: Text("supprimée", "deleted"),
}
_STATES: Final = {
    EntryState.DONE: Text("relue et conforme", "read back, as meant"),
    EntryState.FAILED: Text("échoué", "failed"),
    EntryState.INTENT: Text("issue inconnue", "outcome not known"),
}
_PURGED: Final = Text(
    "Ses révisions ont été effacées (withdraw --purge) ; restent les envois.",
    "Its revisions were erased (withdraw --purge); the orders remain.",
)
_NEVER: Final = Text(
    "Rien n'en a encore été publié : passerelle publish.",
    "Nothing of it was published yet: passerelle publish.",
)


class UnknownRevision(UnknownDataset):
    """A dataset has no revision of that number."""


def show_history(desk: Desk, name: str, form: str, revision: int | None) -> int:
    """Print the history of a dataset as ``text`` or ``json``; return 0.

    Parameters
    ----------
    revision
        The one that is shown whole; `None`: all, each change in a line.

    Raises
    ------
    UnknownDataset
        Nothing is known of it, or it has no such revision.
    """
    history = history_of(desk.store, name)
    status = _status(desk, name)
    if status is None and history.is_empty:
        raise UnknownDataset(
            Text(f"Aucun jeu ne s'appelle « {name} ».", f"There is no dataset {name}."),
            hint=Text(
                "passerelle status les nomme tous.", "passerelle status names them all."
            ),
        )
    chosen = _chosen(history, revision)
    if form == "json":
        others = history.others if revision is None else ()
        told = document(history, status, chosen, others)
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    elif revision is None:
        _print(desk, history, status)
    else:
        _print_whole(desk, chosen[0])
    return 0


def _status(desk: Desk, name: str) -> Status | None:
    """Return how its description stands; `None` without a readable one."""
    found = read_descriptions(desk.configuration.datasets).found
    return next((each.status for each in found if each.id == name), None)


def _chosen(history: History, number: int | None) -> tuple[DatasetRevision, ...]:
    """Return one revision, or all of them.

    Raises
    ------
    UnknownRevision
        There is none of that number.
    """
    if number is None:
        return history.revisions
    found = tuple(r for r in history.revisions if r.number == number)
    if found:
        return found
    last = len(history.revisions)
    raise UnknownRevision(
        Text(
            f"{history.dataset_id} n'a pas de révision {number}.",
            f"{history.dataset_id} has no revision {number}.",
        ),
        hint=Text(f"La dernière est {last}.", f"The last one is {last}.")
        if last
        else _NEVER,
    )


def _print(desk: Desk, history: History, status: Status | None) -> None:
    """Print revisions and other orders in the order of time."""
    desk.say(_heading(history, status), style="bold")
    for words in _absence(history):
        _line(desk, words, 0)
    steps: list[DatasetRevision | Sending] = [*history.revisions, *history.others]
    for step in sorted(steps, key=lambda step: step.at):
        if isinstance(step, DatasetRevision):
            _print_revision(desk, step)
        else:
            _line(desk, _order(step, alone=True), 0)


def _heading(history: History, status: Status | None) -> Text:
    name = history.dataset_id
    if status is None:
        return Text(name, name)
    return Text(f"{name} · {_FRENCH[status]}", f"{name} · {status.value}")


_FRENCH = {
    Status.DRAFT: "brouillon",
    Status.PUBLISHED: "publié",
    Status.WITHDRAWN: "retiré",
}


def _absence(history: History) -> Iterator[Text]:
    """Yield why there is little or nothing to tell."""
    if history.tombstones:
        day = _moment(max(t.deleted_at for t in history.tombstones))
        yield Text(
            f"Plus dans notre catalogue depuis {day}.",
            f"Not in our own catalogue any more since {day}.",
        )
    if not history.revisions:
        yield _NEVER if history.is_empty else _PURGED


def _print_revision(desk: Desk, revision: DatasetRevision) -> None:
    _head(desk, revision)
    told: set[Text] = set()
    for record in revision.records:
        _line(desk, _record(record), 2)
        for words in _summed(record.changes, revision.number):
            if words not in told:
                _line(desk, words, 4)
            told.add(words)
        for sending in record.sendings:
            _line(desk, _order(sending), 4, style="dim")


def _summed(changes: Iterable[FieldChange], number: int) -> Iterator[Text]:
    """Yield what changed; of the same field of many parts of a list, the first."""
    kinds: dict[str, list[FieldChange]] = {}
    for change in changes:
        kinds.setdefault(field_kind(change.path), []).append(change)
    for alike in kinds.values():
        few = len(alike) <= _SHOWN
        yield from (change.words for change in (alike if few else alike[:1]))
        if not few:
            more = len(alike) - 1
            yield Text(
                f"… et {more} de plus de cette sorte (--revision {number} les donne)",
                f"… and {more} more like it (--revision {number} has them)",
            )


def _print_whole(desk: Desk, revision: DatasetRevision) -> None:
    """Print one revision, every value in full."""
    _head(desk, revision)
    for record in revision.records:
        _line(desk, _record(record), 2)
        for change in record.changes or _first(record):
            _line(desk, change.name, 4)
            for mark, style, value in (
                ("−", "red", change.before),
                ("+", "green", change.after),
            ):
                for part in _values(value):
                    _line(desk, Text(f"{mark} {part}", f"{mark} {part}"), 6, style)
        for sending in record.sendings:
            _line(desk, _order(sending), 4, style="dim")


def _first(record: RevisedRecord) -> tuple[FieldChange, ...]:
    """Return all that the first revision of a record said."""
    return changes(NOTHING, record.revision.content) if record.number == 1 else ()


def _values(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) and value else tuple(value)


def _head(desk: Desk, revision: DatasetRevision) -> None:
    when = _moment(revision.at)
    head = f"{revision.number} · {when}"
    desk.say(Text(f"révision {head}", f"revision {head}"), style="cyan")


def _record(record: RevisedRecord) -> Text:
    kind = KINDS[record.revision.kind]
    form = "" if record.form == "iso19139" else ", JSON"
    if record.number == 1:
        return Text(
            f"{kind.fr}{form} : première révision", f"{kind.en}{form}: first revision"
        )
    if not record.changes:
        return Text(
            f"{kind.fr}{form} : changement de forme seulement",
            f"{kind.en}{form}: only its form changed",
        )
    return Text(f"{kind.fr}{form} :", f"{kind.en}{form}:")


def _order(sending: Sending, *, alone: bool = False) -> Text:
    """Return where a record was sent, when, and what came of it."""
    when = _moment(sending.settled_at or sending.at)
    what, state = _OPERATIONS[sending.operation], _STATES[sending.state]
    kind = KINDS[sending.kind]
    head = Text(f"{when} · {kind.fr} · ", f"{when} · {kind.en} · ")
    where = outlet_words(sending.outlet)
    own = sending.outlet == OURSELVES
    fr = f"{where.fr} : {what.fr}" + ("" if own else f", {state.fr}")
    en = f"{where.en}: {what.en}" + ("" if own else f", {state.en}")
    if sending.message.fr:
        fr, en = f"{fr} ({sending.message.fr})", f"{en} ({sending.message.en})"
    if alone:
        return Text(head.fr + fr, head.en + en)
    return Text(f"{when} · {fr}", f"{when} · {en}")


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M")


def _line(desk: Desk, text: Text, indent: int, style: str = "") -> None:
    """Print a paragraph, its further lines below the first; nothing is markup."""
    said = Line(text.said_in(desk.language), style=style)
    width = max(desk.console.width - indent, 1)
    for part in said.wrap(desk.console, width):
        part.rstrip()
        desk.console.print(Line(" " * indent) + part, soft_wrap=True)


def add_history(group: click.Group, text: Say) -> None:
    """Add the command `history` to the command line."""

    @group.command(
        help=text(
            "Par révision d'un jeu : ce qui a changé, et où c'est parti.",
            "Per revision of a dataset: what changed, and where it was sent.",
        )
    )
    @click.argument("dataset_id", metavar="ID")
    @click.option(
        "--revision",
        type=click.IntRange(min=1),
        metavar="N",
        help=text("Celle-ci seulement, en entier.", "This one only, and whole."),
    )
    @format_option(text)
    @click.pass_obj
    def history(desk: Desk, dataset_id: str, *, revision: int | None, form: str) -> int:
        return show_history(desk, dataset_id, form, revision)
