"""One way to a portal: it harvests us, or we push to it, and never both.

A dataset that comes by both is shown twice, with two addresses and two histories.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from gateway.outlets.http import shown
from gateway.outlets.udata.api import UdataApi
from metadata.errors import OutletRefused
from metadata.finding import Text
from providers.configuration import OutletConfiguration


def require_one_route(
    api: UdataApi, organisation: str, configuration: OutletConfiguration
) -> None:
    """Refuse what would show datasets twice, or not at all.

    Raises
    ------
    metadata.errors.OutletRefused
        We push, and the organisation has a harvest source on our address; or we
        are to be harvested, and it has none.
    """
    sources = [
        source
        for source in api.pages("/harvest/sources/", organization=organisation)
        if _is_ours(source, organisation, configuration.service_url)
    ]
    if configuration.route == "push" and sources:
        raise _harvested_already(str(sources[0].get("url")))
    if configuration.route == "harvest" and not sources:
        raise _not_harvested(configuration.service_url)


def _is_ours(source: Mapping[str, Any], organisation: str, address: str) -> bool:
    """Tell whether a source of the organisation reads from our address."""
    owner = (source.get("organization") or {}).get("id", organisation)
    if owner != organisation or source.get("deleted") or not address:
        return False
    theirs, ours = (_place(str(source.get("url"))), _place(address))
    return theirs[0] == ours[0] and f"{theirs[1]}/".startswith(f"{ours[1]}/")


def _place(url: str) -> tuple[str, str]:
    """Return host (with port) and path: http and https are the same place."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return host.removesuffix(":443").removesuffix(":80"), parts.path.rstrip("/")


def _harvested_already(url: str) -> OutletRefused:
    where = shown(url)
    return OutletRefused(
        Text(
            f"Ce portail moissonne déjà {where} : envoyer aussi montrerait chaque jeu "
            "deux fois. Rien n'est envoyé.",
            f"This portal harvests {where} already: to send as well would show each "
            "dataset twice. Nothing is sent.",
        ),
        hint=Text(
            "Gardez une seule voie : « route: harvest » dans la sortie, ou supprimez "
            "le moissonneur là-bas.",
            "Keep one way only: “route: harvest” in the outlet, or delete the harvest "
            "source over there.",
        ),
    )


def _not_harvested(address: str) -> OutletRefused:
    return OutletRefused(
        Text(
            f"« route: harvest », mais l'organisation n'a là-bas aucun moissonneur sur "
            f"{address}.",
            f"“route: harvest”, but the organisation has no harvest source on "
            f"{address} over there.",
        ),
        hint=Text(
            f"Créez-le là-bas (DCAT, {address}/dcat/catalog.jsonld), ou choisissez "
            "« route: push ».",
            f"Create it there (DCAT, {address}/dcat/catalog.jsonld), or choose "
            "“route: push”.",
        ),
    )
