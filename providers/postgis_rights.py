"""Whether the role that edits a silo may do so.

References
----------
PostgreSQL, Access Privilege Inquiry Functions; GRANT.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Final

from metadata.measured import Source
from providers.configuration import SiloConfiguration
from providers.database import connect, translated
from providers.surveyed import statement

_TIMEOUT: Final = 5_000
"""Milliseconds that the question may take."""
_RIGHTS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")


def missing_grants(
    silo: SiloConfiguration, sources: Iterable[Source]
) -> Mapping[Source, str]:
    """Return the statements that are still to be run for each table to be edited.

    Raises
    ------
    metadata.errors.SourceError
        The silo cannot be asked.
    """
    location = silo.editing or silo.location
    found: dict[Source, str] = {}
    with (
        closing(connect(location, statement_timeout=_TIMEOUT)) as connection,
        translated(f"Looking for rights in silo “{silo.name}”"),
        connection.cursor() as cursor,
    ):
        for source in sources:
            place = {"schema": source.container, "table": source.table}
            cursor.execute(statement("edit_rights"), place)
            for row in cursor.fetchall():
                found[source] = _grants(row)
    return {source: grants for source, grants in found.items() if grants}


def _grants(row: tuple[object, ...]) -> str:
    *held, sequences, table, role = row
    missing = [
        right for right, is_held in zip(_RIGHTS, held, strict=True) if not is_held
    ]
    grants = [f"GRANT {', '.join(missing)} ON {table} TO {role};"] if missing else []
    if isinstance(sequences, list):
        grants += [f"GRANT USAGE ON SEQUENCE {s} TO {role};" for s in sequences]
    return " ".join(grants)
