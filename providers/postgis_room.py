"""How many connections a database has for us.

References
----------
PostgreSQL, Connection Settings (``max_connections``), CREATE ROLE and ALTER DATABASE
(``CONNECTION LIMIT``), pg_stat_activity.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from providers.configuration import SiloConfiguration
from providers.database import APPLICATION_NAME, connect, translated
from providers.surveyed import statement

_TIMEOUT = 5_000
"""Milliseconds that the question may take."""


@dataclass(frozen=True)
class Room:
    """The connections of a database, at one moment."""

    limit: int
    """What the server, the database or the role allows: the one that leaves least."""
    others: int
    """What others than Passerelle hold of that."""

    @property
    def left(self) -> int:
        """What there is for Passerelle."""
        return max(self.limit - self.others, 0)


def read_room(silo: SiloConfiguration) -> Room:
    """Return how many connections a database has for us.

    Raises
    ------
    metadata.errors.SourceError
        It cannot be asked.
    """
    with (
        closing(connect(silo.location, statement_timeout=_TIMEOUT)) as connection,
        translated(f"Counting connections of {silo.name}"),
        connection.cursor() as cursor,
    ):
        question = statement("connection_room")
        cursor.execute(question, {"ours": APPLICATION_NAME})
        ((limit, others),) = cursor.fetchall()
    return Room(limit=limit, others=others)
