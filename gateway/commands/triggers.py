"""Prints the SQL that has the changes of tables counted and told of.

Nothing is carried out. Whoever owns the tables reads it, and runs it. What it is good
for, and what it does not see, is in `docs/state.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing

import click

from gateway.commands.options import Say
from gateway.desk import Desk
from metadata.description import read_descriptions
from metadata.errors import ConfigurationError
from metadata.finding import Text
from metadata.measured import Source
from metadata.stated import Description, Status
from providers.configuration import SiloConfiguration
from providers.database import connect, translated
from providers.postgis_counting import countable, installing, removing


def print_triggers(desk: Desk, ids: Collection[str], *, silo: str, remove: bool) -> int:
    """Print the SQL for the described tables of one database; return the exit code.

    Raises
    ------
    metadata.errors.ConfigurationError
        It is not clear which database is meant.
    metadata.errors.SourceUnreachable
        The database does not answer.
    """
    chosen = _silo(desk, silo)
    found = read_descriptions(desk.configuration.datasets).found
    unknown = sorted(set(ids) - {d.id for d in found})
    for name in unknown:
        desk.complain(
            Text(
                f"Aucune description lisible ne s'appelle « {name} ».",
                f"There is no readable description “{name}”.",
            ),
            Text(
                "passerelle check les liste toutes.", "passerelle check lists them all."
            ),
        )
    sources = list(_sources(found, ids, chosen.name))
    statements = _statements(desk, chosen, sources, whole=not ids, remove=remove)
    for statement in statements:
        click.echo(statement)
    return 1 if unknown or not statements else 0


def _silo(desk: Desk, name: str) -> SiloConfiguration:
    """Return the database that is meant: SQL is run in one at a time."""
    databases = {n: s for n, s in desk.configuration.silos.items() if s.is_database}
    if name in databases:
        return databases[name]
    if len(databases) == 1 and not name:
        return next(iter(databases.values()))
    names = ", ".join(databases)
    raise ConfigurationError(
        Text(
            f"Bases de passerelle.yml : {names or 'aucune'}.",
            f"Databases of passerelle.yml: {names or 'none'}.",
        ),
        hint=Text(
            "Nommez-en une avec --silo. Un fichier se passe de déclencheurs.",
            "Name one of them with --silo. A file needs no triggers.",
        ),
    )


def _sources(
    found: Sequence[Description], ids: Collection[str], silo: str
) -> Iterator[Source]:
    """Yield the tables of the datasets named, or of all that are not withdrawn."""
    sources = {
        collection.source
        for description in found
        if (description.id in ids or not ids)
        and description.status is not Status.WITHDRAWN
        for collection in description.collections
        if collection.source.silo == silo
    }
    yield from sorted(sources, key=str)


def _statements(
    desk: Desk,
    silo: SiloConfiguration,
    sources: Sequence[Source],
    *,
    whole: bool,
    remove: bool,
) -> list[str]:
    """Return the SQL; name the tables for which there is none."""
    with closing(connect(silo.location)) as connection:
        with translated(f"Looking at the tables of silo “{silo.name}”"):
            able = countable(connection)
        fit = [s for s in sources if (s.container, s.table) in able]
        if remove:
            return removing(fit, connection, whole=whole)
        for source in sources:
            if source not in fit:
                _unfit(desk, source)
        if not fit:
            return []
        return installing(fit, connection.info.user, connection)


def _unfit(desk: Desk, source: Source) -> None:
    desk.complain(
        Text(
            f"{source} : ses changements ne peuvent pas être comptés.",
            f"{source}: its changes cannot be counted.",
        ),
        Text(
            "Seules le peuvent les tables ordinaires (voir docs/state.md) ; pour elle, "
            "rien ne change.",
            "Only those of ordinary tables can (see docs/state.md); for this one, "
            "nothing changes.",
        ),
    )


def add_triggers(group: click.Group, text: Say) -> None:
    """Add the command `triggers` to the command line."""

    @group.command(
        help=text(
            "Imprime le SQL qui compte et signale les changements des tables ; "
            "n'exécute rien.",
            "Print the SQL that counts and tells the changes of tables; carries out "
            "nothing.",
        )
    )
    @click.argument("ids", nargs=-1)
    @click.option(
        "--silo",
        "name",
        metavar="NAME",
        default="",
        help=text("La base, parmi plusieurs.", "The database, among several."),
    )
    @click.option(
        "--remove",
        is_flag=True,
        help=text("Le SQL qui enlève le tout.", "The SQL that takes all of it away."),
    )
    @click.pass_obj
    def triggers(desk: Desk, ids: tuple[str, ...], name: str, *, remove: bool) -> int:
        return print_triggers(desk, ids, silo=name, remove=remove)
