"""What PostgreSQL says of an edit that it refuses, as the person who sent it reads it.

The words of the server are not repeated: they may hold values of columns that do
not exist for the outside.

References
----------
PostgreSQL, Error Codes (classes 22, 23 and 42) and Error Fields (``column_name``,
``constraint_name``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2
import psycopg2.errors

from metadata.dataset import Collection, published_columns
from metadata.errors import SilosBusy
from metadata.finding import Text
from providers.database import translated
from providers.feature_editing import EditRefused, Refusal

Columns = Callable[[str], tuple[str, ...]]
"""Returns the columns of a constraint or a unique index, by its name."""
_CONFLICTS = (
    psycopg2.errors.UniqueViolation,
    psycopg2.errors.ExclusionViolation,
    psycopg2.errors.ForeignKeyViolation,
    psycopg2.errors.RestrictViolation,
)
_LATER = (psycopg2.errors.DeadlockDetected, psycopg2.errors.SerializationFailure)
_FORBIDDEN = (
    psycopg2.errors.InsufficientPrivilege,
    psycopg2.errors.ReadOnlySqlTransaction,
)


@contextmanager
def told(doing: str, collection: Collection, columns: Columns) -> Iterator[None]:
    """Turn the database's errors of an edit into ours.

    Raises
    ------
    providers.feature_editing.EditRefused
        The database refuses the edit.
    metadata.errors.SilosBusy, metadata.errors.SourceError
        As for reading (`providers.database.translated`).
    """
    with translated(doing):
        try:
            yield
        except _FORBIDDEN as error:
            raise _forbidden(collection) from error
        except psycopg2.errors.NotNullViolation as error:
            raise _missing(collection, error.diag.column_name or "") from error
        except _CONFLICTS as error:
            names = columns(error.diag.constraint_name or "")
            raise _conflict(collection, names, error) from error
        except psycopg2.errors.CheckViolation as error:
            names = columns(error.diag.constraint_name or "")
            raise _against_rule(collection, names) from error
        except (psycopg2.DataError, psycopg2.errors.RaiseException) as error:
            raise _against_rule(collection, (), error) from error
        except _LATER as error:
            message = f"{doing}: {type(error).__name__}"
            raise SilosBusy(message) from error


def member(collection: Collection, name: str) -> str:
    """Return what of a feature a column is; empty if it is nothing outside."""
    geometry = collection.geometry
    if geometry is not None and geometry.name == name:
        return "geometry"
    published = published_columns(collection)
    found = next((c.name for c in published if c.field.name == name), "")
    return f"properties.{found}" if found else ""


def _members(collection: Collection, names: tuple[str, ...]) -> str:
    found = (member(collection, name) for name in names)
    return ", ".join(filter(None, found))


def _forbidden(collection: Collection) -> EditRefused:
    table = collection.survey.source.table
    return EditRefused(
        Refusal.FORBIDDEN,
        Text("La base ne laisse pas le service écrire cet objet.",
             "The database does not let the service write this feature."),
        hint=Text(
            "Exploitant : GRANT SELECT, INSERT, UPDATE, DELETE sur la table "
            f"« {table} » (et USAGE sur ses séquences) au rôle du silo ; ou vérifiez "
            "ses politiques de ligne, et que la base n'est pas en lecture seule.",
            f"Operator: GRANT SELECT, INSERT, UPDATE, DELETE on the table “{table}” "
            "(and USAGE on its sequences) to the role of the silo; or check its row "
            "policies, and that the database is not read-only.",
        ),
    )  # fmt: skip


def _missing(collection: Collection, name: str) -> EditRefused:
    found = member(collection, name)
    if not found:
        return EditRefused(
            Refusal.CONFLICT,
            Text("La table exige une colonne que ce service ne publie pas.",
                 "The table demands a column that this service does not publish."),
            hint=Text("Demandez à l'exploitant une valeur par défaut.",
                      "Ask the operator for a default value."),
        )  # fmt: skip
    said = found.removeprefix("properties.")
    return EditRefused(
        Refusal.CONTENT,
        Text(f"« {said} » ne peut pas être sans valeur.",
             f"“{said}” cannot be without a value."),
        member=found,
    )  # fmt: skip


def _conflict(
    collection: Collection, names: tuple[str, ...], error: psycopg2.Error
) -> EditRefused:
    refers = isinstance(
        error, psycopg2.errors.ForeignKeyViolation | psycopg2.errors.RestrictViolation
    )
    found = Text("Un autre objet a déjà cette valeur.",
                 "Another feature has that value already.")  # fmt: skip
    if refers:
        found = Text("Cet objet et une autre table ne vont plus ensemble : ce qu'il "
                     "cite n'existe pas, ou il est cité ailleurs.",
                     "This feature and another table do not fit: what it refers to "
                     "does not exist, or it is referred to elsewhere.")  # fmt: skip
    return EditRefused(Refusal.CONFLICT, found, member=_members(collection, names))


def _against_rule(
    collection: Collection,
    names: tuple[str, ...],
    error: psycopg2.Error | None = None,
) -> EditRefused:
    found = Text("Une règle de la table refuse cet objet.",
                 "A rule of the table refuses this feature.")  # fmt: skip
    if isinstance(error, psycopg2.DataError):
        found = Text("Une valeur ne convient pas à sa colonne.",
                     "A value does not fit its column.")  # fmt: skip
    return EditRefused(
        Refusal.CONTENT,
        found,
        member=_members(collection, names),
        hint=Text("Voyez le schéma de la collection (/schema).",
                  "See the schema of the collection (/schema)."),
    )  # fmt: skip
