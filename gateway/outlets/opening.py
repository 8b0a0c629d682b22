"""Opens outlets by the type that the configuration names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from gateway.outlets.ckan.outlet import CkanOutlet
from gateway.outlets.csw.outlet import CswOutlet
from gateway.outlets.geonetwork.outlet import GeoNetworkOutlet
from gateway.outlets.geoplateforme.outlet import GeoplateformeOutlet
from gateway.outlets.outlet import Outlet
from gateway.outlets.pacing import Pacing
from gateway.outlets.udata.outlet import UdataOutlet
from metadata.errors import ConfigurationError
from metadata.finding import Text
from providers.configuration import Configuration, OutletConfiguration

Opener = Callable[[OutletConfiguration, Pacing], Outlet]
OUTLET_TYPES: Mapping[str, Opener] = MappingProxyType(
    {
        "ckan": CkanOutlet,
        "csw-t": CswOutlet,
        "geonetwork": GeoNetworkOutlet,
        "geoplateforme": GeoplateformeOutlet,
        "udata": UdataOutlet,
    }
)
"""Type in the configuration → what opens it."""


def open_outlet(
    configuration: OutletConfiguration,
    pacing: Pacing = Pacing(),  # noqa: B008  (frozen)
) -> Outlet:
    """Open one outlet; nothing is sent yet.

    Parameters
    ----------
    pacing
        How time passes there; the rate is the configuration's.

    Raises
    ------
    metadata.errors.ConfigurationError
        Its type is not one that we know.
    """
    opener = OUTLET_TYPES.get(configuration.type)
    if opener is None:
        name, given = configuration.name, configuration.type
        known = ", ".join(sorted(OUTLET_TYPES))
        raise ConfigurationError(
            Text(
                f"outlets.{name}.type : « {given} » n'existe pas.",
                f"outlets.{name}.type: there is no “{given}”.",
            ),
            hint=Text(f"Types connus : {known}.", f"Known types: {known}."),
        )
    return opener(configuration, replace(pacing, rate=configuration.rate))


def chosen_outlets(
    configuration: Configuration, names: Collection[str]
) -> tuple[OutletConfiguration, ...]:
    """Return the outlets named, or all of them when none is.

    Raises
    ------
    metadata.errors.ConfigurationError
        One of the names is not in the configuration.
    """
    unknown = [name for name in names if name not in configuration.outlets]
    if unknown:
        known = ", ".join(sorted(configuration.outlets)) or "∅"
        raise ConfigurationError(
            Text(
                f"Aucune sortie ne s'appelle « {unknown[0]} ».",
                f"There is no outlet “{unknown[0]}”.",
            ),
            hint=Text(f"Sorties configurées : {known}.", f"Configured: {known}."),
        )
    every = configuration.outlets.values()
    return tuple(outlet for outlet in every if not names or outlet.name in names)
