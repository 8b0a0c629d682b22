"""What a watch says of itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from gateway.commands.counting import counted
from gateway.watching.telling import told_error
from metadata.errors import PasserelleError
from metadata.finding import Text
from metadata.measured import Source
from metadata.stated import Description
from providers.configuration import Configuration

_NAMED: Final = 5
"""Tables that are named in one line; of the others, their number."""
STOPPED: Final = Text("arrêt demandé : terminé", "told to stop: ended")
REREAD: Final = Text(
    "tout est relu, remesuré et comparé (SIGHUP)",
    "everything is read, measured and compared again (SIGHUP)",
)
CONFIGURED: Final = Text(
    "passerelle.yml a changé : la nouvelle configuration est en vigueur",
    "passerelle.yml changed: the new configuration is in force",
)
VALID_AGAIN: Final = Text(
    "passerelle.yml est de nouveau valable", "passerelle.yml is valid again"
)
GOING_ON: Final = Text("le travail reprend", "work goes on")
TAKEN_OVER: Final = Text(
    "l'autre surveillance est finie : celle-ci prend la suite",
    "the other watch has ended: this one takes over",
)


def watching(
    silos: Collection[str],
    published: Sequence[Description],
    configuration: Configuration,
) -> Text:
    """Say at the start what is followed."""
    datasets = counted(
        len(published),
        "jeu publié",
        "jeux publiés",
        "published dataset",
        "published datasets",
    )
    names = ", ".join(silos)
    outlets = ", ".join(configuration.outlets)
    return Text(
        f"surveillance : silos {names or 'aucun'} ; {datasets.fr} ; "
        f"sorties {outlets or 'aucune'}",
        f"watching: silos {names or 'none'}; {datasets.en}; "
        f"outlets {outlets or 'none'}",
    )


def away(name: str, error: PasserelleError) -> Text:
    """Say that a silo cannot be looked at."""
    told = told_error(error)
    return Text(
        f"{name} : injoignable, ses jeux restent comme ils sont ; {told.fr}",
        f"{name}: unreachable, its datasets stay as they are; {told.en}",
    )


def back(name: str) -> Text:
    """Say that a silo answers again."""
    return Text(
        f"{name} : répond de nouveau, tout y est remesuré",
        f"{name}: answers again, all of it is measured anew",
    )


def kept_configuration(error: PasserelleError) -> Text:
    """Say why the configuration that is there is not in force."""
    told = told_error(error)
    return Text(
        f"passerelle.yml n'est pas utilisable, la précédente reste en vigueur : "
        f"{told.fr}",
        f"passerelle.yml cannot be used, the former one stays in force: {told.en}",
    )


def busy(error: PasserelleError) -> Text:
    """Say that somebody else is at it."""
    return Text(f"{error.text.fr} On attend.", f"{error.text.en} Waiting.")


def failed(error: OSError) -> Text:
    """Say that the machine did not let us: a full disk, a folder without rights."""
    where, why = error.filename or "", error.strerror or str(error)
    return Text(f"{where} : {why}", f"{where}: {why}")


def measured(name: str, moved: Sequence[Source]) -> Text:
    """Say which tables were measured again."""
    tables = counted(
        len(moved),
        "table mesurée",
        "tables mesurées",
        "table measured",
        "tables measured",
    )
    names = ", ".join(f"{s.container}.{s.table}" for s in moved[:_NAMED])
    more = f" (+{len(moved) - _NAMED})" if len(moved) > _NAMED else ""
    return Text(
        f"{name} : {tables.fr} : {names}{more}", f"{name}: {tables.en}: {names}{more}"
    )
