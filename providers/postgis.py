"""The pygeoapi plugin for PostGIS: ``name: providers.postgis.PostgisProvider``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from providers.pygeoapi_plugin import Definition, FeatureProvider


class PostgisProvider(FeatureProvider):
    """Features of a table or view in PostGIS.

    ``data`` is a ``postgresql://`` address, or a mapping of ``host``, ``port``,
    ``dbname``, ``user``, ``password`` and ``search_path`` as pygeoapi's own
    PostgreSQL provider takes it.
    """

    def place(self, provider_def: Definition) -> tuple[str, str]:
        """Return the address of the database, and the schema."""
        data = provider_def["data"]
        if isinstance(data, Mapping):
            path = data.get("search_path") or ("public",)
            return _address(data), str(provider_def.get("schema") or path[0])
        return str(data), str(provider_def.get("schema") or "public")


def _address(parts: Mapping[str, Any]) -> str:
    """Return the address that a mapping spells out."""
    user, password = (
        quote(str(parts.get(n, "")), safe="") for n in ("user", "password")
    )
    account = f"{user}:{password}@" if password else f"{user}@" if user else ""
    host, port = parts.get("host", "localhost"), parts.get("port", 5432)
    return f"postgresql://{account}{host}:{port}/{quote(str(parts['dbname']), safe='')}"
