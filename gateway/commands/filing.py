"""The command `files`: whole collections made ready by hand, and dropped."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Final

import click

from gateway.commands.counting import counted
from gateway.commands.options import Say
from gateway.desk import Desk, UnknownDataset
from gateway.publication.result import ExitCode
from metadata.description import Descriptions, read_descriptions
from metadata.errors import FilesUnreachable, SourceUnreachable
from metadata.finding import Text
from providers.exports.place import files_place
from service.files_attempts import Attempt
from service.making import (
    Making,
    drop_collections,
    look_around,
    make_everything,
)
from service.snapshot import Snapshot

_REMOVED_LATER: Final = Text(
    "Les fichiers ne sont plus servis ; « passerelle serve » les y supprimera.",
    "The files are served no more; “passerelle serve” will remove them there.",
)


def make_dataset_files(desk: Desk, ids: Collection[str]) -> int:
    """Make the files of the datasets named, or of all; return the exit code.

    Raises
    ------
    UnknownDataset
        One of them has no description.
    providers.store_lock.LockHeld
        Files are being made already.
    """
    descriptions = read_descriptions(desk.configuration.datasets)
    _require_known(descriptions, ids)
    snapshot = look_around(desk.configuration, descriptions, now=desk.now)
    try:
        making = make_everything(
            snapshot,
            desk.store,
            clock=lambda: datetime.now(UTC),
            wanted=_collections(descriptions, ids) if ids else None,
            told=lambda attempt: _tell(desk, attempt),
        )
    finally:
        for silo in snapshot.silos.values():
            silo.close()
    desk.show(snapshot.findings)
    return _sum_up(desk, snapshot, making, ids)


def drop_dataset_files(desk: Desk, dataset_id: str) -> bool:
    """Remove the files of one dataset, at once; tell whether all are gone.

    Where their place does not answer, nobody is sent them any more, and whoever keeps
    the files removes them when it answers again.
    """
    descriptions = read_descriptions(desk.configuration.datasets)
    names = _collections(descriptions, {dataset_id})
    folder = files_place(desk.configuration.files)
    try:
        drop_collections(names, desk.store, folder)
    except FilesUnreachable as error:
        desk.complain(error.text, _REMOVED_LATER)
        return False
    return True


def _require_known(descriptions: Descriptions, ids: Iterable[str]) -> None:
    known = {description.id for description in descriptions.found}
    for name in ids:
        if name not in known:
            raise UnknownDataset(
                Text(
                    f"Aucune description lisible ne s'appelle « {name} ».",
                    f"There is no readable description “{name}”.",
                ),
                hint=Text(
                    "passerelle status les nomme toutes.",
                    "passerelle status names them all.",
                ),
            )


def _collections(descriptions: Descriptions, ids: Collection[str]) -> frozenset[str]:
    return frozenset(
        collection.id
        for description in descriptions.found
        if description.id in ids
        for collection in description.collections
    )


def _tell(desk: Desk, attempt: Attempt) -> None:
    """Say what was made of one collection; what failed is said at the end."""
    name, made = attempt.collection, attempt.made
    if made is None:
        return
    sizes = ", ".join(f"{f.format} {f.length:,}" for f in made.files)
    french = sizes.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(
        "\N{NARROW NO-BREAK SPACE} ", ", "
    )
    new = Text("nouveaux fichiers", "new files")
    same = Text("inchangés", "unchanged")
    what = new if made.changed else same
    desk.say(
        Text(
            f"{name} : {what.fr} ({french} octets).",
            f"{name}: {what.en} ({sizes} bytes).",
        )
    )


def _sum_up(
    desk: Desk, snapshot: Snapshot, making: Making, ids: Collection[str]
) -> int:
    for name, error in making.failed.items():
        desk.complain(Text(f"{name} : {error.text.fr}", f"{name}: {error.text.en}"),
                      error.remedy)  # fmt: skip
    for name in making.dropped:
        desk.say(Text(f"{name} : fichiers retirés.", f"{name}: files removed."))
    total = counted(
        len(making.made),
        "collection prête",
        "collections prêtes",
        "collection ready",
        "collections ready",
    )
    desk.say(Text(f"{total.fr}.", f"{total.en}."))
    broken = bool(snapshot.broken) and not ids
    away = any(isinstance(e, SourceUnreachable) for e in making.failed.values())
    if away or any(f.code == "silo.unreachable" for f in snapshot.findings):
        return ExitCode.UNREACHABLE
    return ExitCode.REFUSED if making.failed or broken else ExitCode.AS_MEANT


def add_files(group: click.Group, text: Say) -> None:
    """Add the command `files` to the command line."""

    @group.command(
        help=text(
            "Prépare chaque collection en fichiers : GeoPackage, CSV, Shapefile…",
            "Make each collection ready as files: GeoPackage, CSV, Shapefile…",
        )
    )
    @click.argument("ids", nargs=-1, metavar="[ID]...")
    @click.pass_obj
    def files(desk: Desk, ids: tuple[str, ...]) -> int:
        return make_dataset_files(desk, ids)
