"""Settings of an outlet that only some kinds of outlet know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from providers.configuration_values import filled


@dataclass(frozen=True, kw_only=True)
class PlaceSettings:
    """Where at the outlet our records go, and how they go on from there."""

    group: str = ""
    """GeoNetwork: number of the group that owns our records."""


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
