"""Where the demonstration works: a folder, a silo and two ports of its own.

Nothing in the checkout is read but the data pack, and nothing is written but
below the folder.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from gateway.demo.pack import PACK, read_pack, write_geopackages
from metadata.description import read_descriptions
from metadata.stated import Description, Status

SILO_VARIABLE = "DEMO_SILO"
"""Holds the address given with ``--silo``, so that no file holds its password."""
SERVICE_PORT = 8080
CATALOGUE_PORT = 8001
WIDTH = 110
"""Columns of what is printed where there is no terminal."""
_NOBODY = "Organisation de démonstration"
_TAKEN = 50
"""Ports tried one after another when the first is taken."""


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """One run of the demonstration."""

    folder: Path
    silo: str
    """``postgresql://…``; empty for the data pack in GeoPackages."""
    port: int
    """The service's."""
    catalogue: str
    """Address of the CSW-T catalogue."""

    @property
    def url(self) -> str:
        """Address of the service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def configuration(self) -> Path:
        """The `passerelle.yml` of this run."""
        return self.folder / "passerelle.yml"

    @property
    def records(self) -> Path:
        """Where the records are written to."""
        return self.folder / "records"

    @property
    def environment(self) -> Mapping[str, str]:
        """What the commands run with."""
        given = {SILO_VARIABLE: self.silo} if self.silo else {}
        width = {} if sys.stdout.isatty() else {"COLUMNS": str(WIDTH)}
        return {**width, **os.environ, **given, "PYTHONUNBUFFERED": "1"}

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of `passerelle` with some arguments."""
        python = [sys.executable, "-m", "gateway"]
        return [*python, "--config", str(self.configuration), *arguments]

    def descriptions(self) -> tuple[Description, ...]:
        """Return the descriptions as they stand in their files now."""
        return read_descriptions(self.folder / "datasets").found

    def drafts(self) -> tuple[Description, ...]:
        """Return those that nobody has approved."""
        return tuple(d for d in self.descriptions() if d.status is Status.DRAFT)

    def published(self) -> tuple[Description, ...]:
        """Return those that somebody has."""
        return tuple(d for d in self.descriptions() if d.status is Status.PUBLISHED)


def make_silo(place: Workplace) -> None:
    """Make the GeoPackages, unless a database was given."""
    if not place.silo:
        write_geopackages(read_pack(), place.folder / "silo")


def write_configuration(place: Workplace) -> None:
    """Write the `passerelle.yml` of this run."""
    # of tables that nobody described, a demonstration can only say what is vaguest
    vague = {"themes": ["su"], "topics": ["location"]} if place.silo else {}
    said = {
        "organisation": {
            "name": _NOBODY,
            "siren": "000000000",
            "email": "demonstration@passerelle.example",
            "identifier_base": "https://passerelle.example/id",
            "licence": "etalab-2.0",
            **vague,
        },
        "service": {"url": place.url, "title": "Passerelle, démonstration"},
        "silos": {"sig": f"${{{SILO_VARIABLE}}}" if place.silo else "./silo"},
        "outlets": {
            "catalogue": {"type": "csw-t", "url": place.catalogue, "services": True}
        },
    }
    text = yaml.safe_dump(said, allow_unicode=True, sort_keys=False)
    place.configuration.write_text(text, encoding="utf-8")


def state(place: Workplace, draft: Description) -> str:
    """Add to a draft what a person would; return the lines.

    For the data pack they are in its folder ``stated``. For a database whose
    owner is not asked, they say that nobody stated anything.
    """
    lines = (
        _placeholders(draft)
        if place.silo
        else (PACK / "stated" / f"{draft.id}.yml").read_text("utf-8")
    )
    path = place.folder / "datasets" / f"{draft.id}.yml"
    with path.open("a", encoding="utf-8") as file:
        file.write(lines)
    return lines


def _placeholders(draft: Description) -> str:
    """Return what a demonstration may say about a table of somebody else."""
    table = draft.collections[0].source
    name = f"{table.container}.{table.table}"
    proposed = draft.proposed
    said = {"producer": _NOBODY}
    if not (draft.title or proposed.title) or proposed.title == table.table:
        said["title"] = f"Table {name}"
    if not (draft.abstract or proposed.abstract):
        said["abstract"] = (
            f"Contenu de la table {name}, tel qu'une démonstration de Passerelle"
            " l'a mesuré ; personne ne l'a encore décrit."
        )
    said["lineage"] = (
        "Inconnue : personne n'a été interrogé pour cette démonstration, qui n'a"
        " fait que lire la table."
    )
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=110)


def free_port(wanted: int) -> int:
    """Return a loopback port: this one, or one of the next, or any."""
    for port in (*range(wanted, wanted + _TAKEN), 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    message = "no loopback port is free"
    raise OSError(message)
