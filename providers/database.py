"""Connections to PostgreSQL, and the one table from its errors to ours.

Silos are read: every session is read-only, names itself, and has a statement and
a lock time-out, so that nothing of ours can hold up the production database. Only
`providers.postgis_editing` opens sessions that may write, for tables that a person
opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.errors
import psycopg2.extensions

from metadata.errors import (
    CollectionBroken,
    SilosBusy,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)
from metadata.finding import Text

Connection = psycopg2.extensions.connection
APPLICATION_NAME = "passerelle"
CONNECT_TIMEOUT = 5
"""Seconds to wait for a connection."""
STATEMENT_TIMEOUT = 60_000
"""Milliseconds a statement may take."""
LOCK_TIMEOUT = 2_000
"""Milliseconds to wait for a lock that somebody else holds."""
_ALIVE = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""A server whose network went away is noticed within half a minute to a minute: no
time-out of its own ends a statement then. An address may say otherwise."""

_BROKEN = (
    psycopg2.errors.UndefinedTable,
    psycopg2.errors.UndefinedColumn,
    psycopg2.errors.UndefinedFunction,
    psycopg2.errors.DatatypeMismatch,
    psycopg2.errors.InvalidSchemaName,
)


def connect(
    location: str,
    *,
    statement_timeout: int = STATEMENT_TIMEOUT,
    lock_timeout: int = LOCK_TIMEOUT,
    read_only: bool = True,
) -> Connection:
    """Open one session.

    Parameters
    ----------
    location
        A ``postgresql://`` address; it never appears in a message.
    statement_timeout, lock_timeout
        Milliseconds; 0 waits without end.
    read_only
        Whether every transaction of the session is read-only.

    Raises
    ------
    SourceUnreachable
        No connection; the message holds host and database, never the password.
    """
    with _connecting(location):
        connection: Connection = psycopg2.connect(
            location,
            application_name=APPLICATION_NAME,
            connect_timeout=CONNECT_TIMEOUT,
            **_kept_alive(location),
            options=_options(statement_timeout, lock_timeout),
        )
    connection.set_session(readonly=read_only)
    return connection


def connect_later(location: str, *, statement_timeout: int) -> Connection:
    """Begin to open a read-only session that is waited for by polling.

    No statement of it takes more than one process of the server, so that many
    at once do not stand in each other's way.

    Raises
    ------
    SourceUnreachable
        The address is no address.
    """
    options = _options(statement_timeout, LOCK_TIMEOUT)
    with _connecting(location):
        return psycopg2.connect(
            location,
            application_name=APPLICATION_NAME,
            options=f"{options} -c default_transaction_read_only=on"
            " -c max_parallel_workers_per_gather=0",
            async_=True,
        )


def _kept_alive(location: str) -> dict[str, Any]:
    """Return what has a dead network noticed, but for what the address says itself."""
    given = psycopg2.extensions.parse_dsn(location)
    return {name: value for name, value in _ALIVE.items() if name not in given}


def _options(statement_timeout: int, lock_timeout: int) -> str:
    return (
        f"-c statement_timeout={statement_timeout:d} -c lock_timeout={lock_timeout:d}"
        " -c idle_in_transaction_session_timeout=300000 -c jit=off"
        " -c timezone=UTC -c datestyle=ISO -c client_encoding=UTF8"
        " -c extra_float_digits=1 -c bytea_output=hex -c intervalstyle=postgres"
    )


@contextmanager
def _connecting(location: str) -> Iterator[None]:
    try:
        yield
    except psycopg2.OperationalError as error:
        raise unreachable(location, str(error)) from None
    except psycopg2.ProgrammingError:
        message = "A silo's address is not a valid postgresql:// address."
        raise SourceUnreachable(
            message, hint="postgresql://user:${PASSWORD}@host:5432/database"
        ) from None


def unreachable(location: str, said: str) -> SourceUnreachable:
    """Say which database does not answer, without any secret."""
    parts = psycopg2.extensions.parse_dsn(location)
    where = f"{parts.get('host', 'local')}:{parts.get('port', '5432')}"
    reason = (said.strip().splitlines() or ["no answer"])[0]
    password = parts.get("password")
    if password:
        reason = reason.replace(password, "***")
    name = parts.get("dbname", "")
    return SourceUnreachable(
        Text(
            f"Connexion à la base « {name} » sur {where} : {reason}",
            f"Connecting to database “{name}” on {where}: {reason}",
        ),
        hint=Text(
            "Vérifiez qu'elle répond, ainsi que l'utilisateur et le mot de passe.",
            "Check that it answers, and the user and the password.",
        ),
    )


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn PostgreSQL's errors into ours; `doing` says what was being done.

    Raises
    ------
    SourceRefused, CollectionBroken, SilosBusy, SourceUnreachable, SourceError
        In that order: no rights; table or column gone; time-out or too many
        sessions; connection lost; anything else.
    """
    try:
        yield
    except psycopg2.errors.InsufficientPrivilege as error:
        raise SourceRefused(_said(doing, error), hint="GRANT SELECT on it.") from error
    except _BROKEN as error:
        raise CollectionBroken(_said(doing, error)) from error
    except (
        psycopg2.errors.QueryCanceled,
        psycopg2.errors.LockNotAvailable,
        psycopg2.errors.TooManyConnections,
    ) as error:
        raise SilosBusy(_said(doing, error)) from error
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise SourceUnreachable(_said(doing, error)) from error
    except psycopg2.Error as error:
        raise SourceError(_said(doing, error)) from error


def _said(doing: str, error: psycopg2.Error) -> str:
    """Join what was being done and the first line of what the server said."""
    first = str(error).strip().splitlines()
    return f"{doing}: {first[0] if first else type(error).__name__}"
