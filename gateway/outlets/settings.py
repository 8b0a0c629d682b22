"""Settings that a type of outlet cannot do without."""

from __future__ import annotations

from collections.abc import Iterable

from metadata.errors import ConfigurationError
from metadata.finding import Text
from providers.configuration import OutletConfiguration


def require_settings(
    configuration: OutletConfiguration, names: Iterable[str], hint: Text
) -> None:
    """Refuse an outlet that lacks one of some settings.

    Raises
    ------
    metadata.errors.ConfigurationError
        The first of them that is missing.
    """
    for name in names:
        if not getattr(configuration, name):
            place = f"outlets.{configuration.name}.{name}"
            raise ConfigurationError(
                Text(f"{place} manque.", f"{place} is missing."), hint=hint
            )
