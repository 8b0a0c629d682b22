"""Which catalogue (endpoint) of a datastore our metadata are published to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metadata.errors import OutletRefused
from metadata.finding import Text

KINDS = frozenset({"METADATA", "CSW"})
"""Type of an endpoint that shows metadata: METADATA in clients, CSW in the guide."""
_NAMES = ("_id", "technical_name", "name")


def require_catalogue(
    where: str, datastore: Mapping[str, Any] | None, wanted: str
) -> str:
    """Return the identifier of the catalogue to publish to.

    Parameters
    ----------
    where
        Address of the datastore, as it may be shown.
    wanted
        Its identifier or name; empty: the only one there is.

    Raises
    ------
    metadata.errors.OutletRefused
        There is no such datastore, it is closed, or it is not clear which catalogue.
    """
    if datastore is None:
        raise _no_datastore(where, Text("inconnu", "unknown"))
    if datastore.get("active") is False:
        raise _no_datastore(where, Text("fermé", "closed"))
    found = [each for each in _catalogues(datastore) if _is_wanted(each, wanted)]
    if len(found) != 1:
        raise _unclear(where, list(_catalogues(datastore)), wanted)
    return str(found[0]["_id"])


def _catalogues(datastore: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = datastore.get("endpoints")
    found = []
    for each in listed if isinstance(listed, list) else ():
        endpoint = each.get("endpoint", each) if isinstance(each, dict) else None
        if isinstance(endpoint, dict) and endpoint.get("type") in KINDS:
            found.append(endpoint)
    return [each for each in found if each.get("_id")]


def _is_wanted(endpoint: Mapping[str, Any], wanted: str) -> bool:
    return not wanted or wanted in {str(endpoint.get(name)) for name in _NAMES}


def _no_datastore(where: str, why: Text) -> OutletRefused:
    return OutletRefused(
        Text(f"{where} : entrepôt {why.fr}.", f"{where}: datastore {why.en}."),
        hint=Text(
            "« datastore » est l'identifiant que donne …/users/me, dans « community ».",
            "“datastore” is the identifier that …/users/me gives in “community”.",
        ),
    )


def _unclear(
    where: str, catalogues: list[dict[str, Any]], wanted: str
) -> OutletRefused:
    names = ", ".join(str(c.get("technical_name") or c["_id"]) for c in catalogues)
    return OutletRefused(
        Text(
            f"{where} : quel catalogue ? « {wanted or '∅'} » n'en désigne pas un seul.",
            f"{where}: which catalogue? “{wanted or '∅'}” does not name a single one.",
        ),
        hint=Text(
            f"Donnez « endpoint » ; l'entrepôt a : {names or '∅'}.",
            f"Give “endpoint”; the datastore has: {names or '∅'}.",
        ),
    )
