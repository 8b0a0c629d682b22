"""The one table from SQLAlchemy's errors to ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from metadata.errors import StoreError
from metadata.finding import Text

_REMEDY = Text(
    "Vérifiez l'adresse « store », les droits et la place sur le disque.",
    "Check the “store” address, the rights and the space on the disk.",
)


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn SQLAlchemy's errors into ours.

    Raises
    ------
    metadata.errors.StoreError
        The database cannot be reached, read or written.
    """
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        first = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
        raise StoreError(
            Text(f"Registre {name} : {first}", f"Store {name}: {first}"),
            hint=_REMEDY,
        ) from error


def unusable(path: Path, error: OSError) -> StoreError:
    """Say which file or folder of the store cannot be made or opened."""
    return StoreError(
        Text(
            f"Registre : {path} ne s'ouvre pas ({error.strerror}).",
            f"Store: {path} cannot be opened ({error.strerror}).",
        ),
        hint=_REMEDY,
    )
