"""Settings of an outlet that only some kinds of outlet know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from providers.configuration_values import filled

SSO = "https://sso.geopf.fr/realms/geoplateforme/protocol/openid-connect/token"
"""Where the Géoplateforme gives tokens."""


@dataclass(frozen=True, kw_only=True)
class PlaceSettings:
    """Where at the outlet our records go, and how they go on from there."""

    group: str = ""
    """GeoNetwork: number of the group that owns our records."""
    datastore: str = ""
    """Géoplateforme: identifier of our datastore (entrepôt)."""
    endpoint: str = ""
    """Géoplateforme: the catalogue to publish to; empty: the only one there is."""
    client: str = ""
    """Géoplateforme: the OAuth2 client, whose secret is `key`."""
    token_url: str = SSO
    """Géoplateforme: where tokens are given."""
    open_data: bool = False
    """Géoplateforme: whether data.gouv.fr is to harvest our records from there."""
    inspire: bool = False
    """Géoplateforme: whether they go into its INSPIRE catalogue too."""


def place_settings(
    prefix: str, entry: PlaceSettings, environment: Mapping[str, str]
) -> dict[str, Any]:
    """Return these settings of an entry, ``${NAME}`` filled in."""
    stated = {each.name: getattr(entry, each.name) for each in fields(PlaceSettings)}
    return {
        name: filled(f"{prefix}.{name}", value, environment)
        if isinstance(value, str)
        else value
        for name, value in stated.items()
    }
