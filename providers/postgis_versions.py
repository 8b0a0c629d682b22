"""Features of a table that may be edited, for an event loop: each with its version."""

from __future__ import annotations

from typing import cast

from metadata.crs import CRS84, Crs
from metadata.dataset import Collection
from providers.feature_source import Found
from providers.keys import read_key
from providers.positions import numbers_only
from providers.postgis_editing_statements import VersionedStatements
from providers.postgis_reader import PostgisReader
from providers.query import Encoding, key_columns
from providers.session_pool import SessionPool


class VersionedReader(PostgisReader):
    """The features of one table; a single one comes with its version."""

    def __init__(self, collection: Collection, sessions: SessionPool) -> None:
        super().__init__(collection, sessions)
        self._versioned = VersionedStatements(collection)

    async def feature(
        self, key: str, crs: Crs = CRS84, encoding: Encoding = Encoding.GEOJSON
    ) -> Found | None:
        """Read one feature and its version; a text that is no key finds none."""
        constants = read_key(key, key_columns(self._collection))
        if constants is None:
            return None
        statement = self._versioned.versioned(constants[0], crs, encoding)
        rows = await self._rows(statement)
        if not rows:
            return None
        feature, version = cast("tuple[bytes, bytes]", rows[0])
        return Found(numbers_only(feature), "", version.decode())
