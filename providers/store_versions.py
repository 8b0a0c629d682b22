"""The versions of the store's tables, and the way from one to the next.

Alembic is loaded only where there is something to migrate: with what comes along
it takes a tenth of a second and 8 MiB, of every command and worker.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
EVERY: Final = sorted(
    file.stem.rpartition("_")[2] for file in (_MIGRATIONS / "versions").glob("*_*.py")
)
"""Every version that there was, told by the names of the files; the last is ours."""


def version_of(connection: Connection) -> str | None:
    """Return the version of a store's tables; `None` where there are none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version"))
    return found.scalar_one_or_none()


def migrate(connection: Connection) -> None:
    """Run what migrations are missing, in the transaction of a connection."""
    from alembic import command  # noqa: PLC0415  (slow, and seldom needed)
    from alembic.config import Config  # noqa: PLC0415

    scripts = Config()
    scripts.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    scripts.set_main_option("path_separator", "os")
    scripts.attributes["connection"] = connection
    command.upgrade(scripts, "head")
