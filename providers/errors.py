"""The one table from our errors to pygeoapi's, at the edge of the plugins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pygeoapi.provider.base import (
    ProviderConnectionError,
    ProviderInvalidQueryError,
    ProviderQueryError,
)

from metadata.crs import UnknownCrs
from metadata.errors import (
    QueryError,
    SilosBusy,
    SourceError,
    SourceUnreachable,
    StoreError,
)


@contextmanager
def told_to_pygeoapi() -> Iterator[None]:
    """Raise pygeoapi's classes instead of ours.

    Raises
    ------
    pygeoapi.provider.base.ProviderInvalidQueryError
        The question is wrong (400).
    pygeoapi.provider.base.ProviderConnectionError
        The silo, or the store, does not answer (500).
    pygeoapi.provider.base.ProviderQueryError
        The silo refuses, or the table is gone (500).
    """
    try:
        yield
    except (QueryError, UnknownCrs) as error:
        said = " ".join(part for part in (error.message, error.hint) if part)
        raise ProviderInvalidQueryError(user_msg=said) from error
    except (SourceUnreachable, SilosBusy, StoreError) as error:
        raise ProviderConnectionError(error.message) from error
    except SourceError as error:
        raise ProviderQueryError(error.message) from error
