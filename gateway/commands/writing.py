"""The command `records`: every record that may go out, one file each."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click

from gateway.assembly import assemble
from gateway.commands.counting import counted
from gateway.commands.options import Say
from gateway.desk import Desk
from gateway.publication.readiness import sort_out
from metadata.errors import PasserelleError
from metadata.finding import Text, has_errors
from metadata.record import Record


class NotWritable(PasserelleError):
    """The folder cannot be written to."""


def write_all_records(desk: Desk, folder: Path) -> int:
    """Write the records of all published datasets; return the exit code.

    A dataset with an error is passed over, as `publish` does: a file that an earlier
    run wrote of it stays as it is.
    """
    with desk.progress() as told:
        found = assemble(desk.configuration, desk.store, now=desk.now, progress=told)
    ready = sort_out(found, today=desk.now.date())
    records = ready.records(desk.store)
    write_records(folder, records)
    desk.show(ready.findings)
    count = counted(len(records), "fiche", "fiches", "record", "records")
    desk.say(Text(f"{count.fr} dans {folder}.", f"{count.en} in {folder}."))
    if ready.held:
        desk.say(_passed_over(ready.held), style="yellow")
    _name_others(desk, folder, records, ready.held)
    return 1 if has_errors(ready.findings) else 0


def _passed_over(held: Iterable[str]) -> Text:
    names = ", ".join(sorted(held))
    return Text(
        f"Laissés de côté tant qu'il y a une erreur : {names}.",
        f"Passed over while there is an error: {names}.",
    )


def _name_others(
    desk: Desk, folder: Path, records: Iterable[Record], held: Iterable[str]
) -> None:
    """Say which files of an earlier run are no records any more; remove none."""
    names = {f"{record.name}.xml" for record in records}
    names |= {f"{prefix}{name}.xml" for name in held for prefix in ("", "service-")}
    others = sorted(p.name for p in folder.glob("*.xml") if p.name not in names)
    if others:
        said = ", ".join(others)
        desk.say(
            Text(
                f"Aussi dans ce dossier, et plus publiées ; à retirer : {said}.",
                f"Also in that folder, and not published any more; remove: {said}.",
            ),
            style="yellow",
        )


def write_records(folder: Path, records: Iterable[Record]) -> None:
    """Write ``<dataset>.xml`` and ``service-<dataset>.xml`` for each dataset.

    Each file is the old one or the new one, whole, whenever somebody looks.

    Raises
    ------
    NotWritable
        The folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for record in records:
            _write_aside(folder / f"{record.name}.xml", record.content)
    except OSError as error:
        raise NotWritable(
            Text(
                f"Écriture des fiches dans {folder} : {error.strerror}.",
                f"Writing records into {folder}: {error.strerror}.",
            )
        ) from error


def _write_aside(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def add_records(group: click.Group, text: Say) -> None:
    """Add the command `records` to the command line."""

    @group.command(
        help=text(
            "Écrit chaque fiche ISO 19139 sans erreur dans un dossier.",
            "Write every ISO 19139 record without an error into a folder.",
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
