"""Whether a key may write for an organisation on a udata portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.outlets.udata.api import UdataApi, quoted_name
from metadata.errors import OutletRefused
from metadata.finding import Text

_WRITERS = frozenset({"admin", "editor"})


def require_rights(api: UdataApi, organisation: str) -> str:
    """Return the identifier of an organisation that the key may write for.

    Parameters
    ----------
    organisation
        Its identifier or its short name there.

    Raises
    ------
    metadata.errors.OutletRefused
        There is none, it is deleted, or the key's owner is no editor of it.
    """
    me = api.get("/me/") or {}
    found = api.get(f"/organizations/{quoted_name(organisation)}/")
    if found is None or found.get("deleted"):
        raise OutletRefused(
            Text(
                f"Il n'y a pas d'organisation « {organisation} » sur ce portail.",
                f"There is no organisation “{organisation}” on this portal.",
            ),
            hint=Text(
                "Corrigez « organisation » : l'identifiant ou la fin de l'adresse de "
                "sa page.",
                "Correct “organisation”: its identifier, or the end of its page's "
                "address.",
            ),
        )
    if not _may_write(me, found):
        raise OutletRefused(
            Text(
                f"Cette clé n'écrit pas pour « {organisation} » : son titulaire n'y "
                "est ni éditeur ni administrateur.",
                f"This key does not write for “{organisation}”: its owner is neither "
                "an editor nor an administrator of it.",
            ),
            hint=Text(
                "Demandez à un administrateur de l'organisation de l'ajouter.",
                "Ask an administrator of the organisation to add them.",
            ),
        )
    return str(found["id"])


def _may_write(me: Mapping[str, Any], organisation: Mapping[str, Any]) -> bool:
    if "admin" in (me.get("roles") or ()):
        return True
    return any(
        (member.get("user") or {}).get("id") == me.get("id")
        and member.get("role") in _WRITERS
        for member in organisation.get("members") or ()
    )
