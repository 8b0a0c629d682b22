"""Whether a portal is new enough, and a key may write for an organisation on it."""

from __future__ import annotations

import re

from gateway.outlets.ckan.api import CkanApi
from metadata.errors import OutletRefused
from metadata.finding import Text

_OLDEST = (2, 10)
_VERSION = re.compile(r"(\d+)\.(\d+)")


def require_version(api: CkanApi) -> None:
    """Refuse a portal older than those that this was written for.

    One that does not tell its version is taken for new enough.

    Raises
    ------
    metadata.errors.OutletRefused
        It is too old.
    metadata.errors.OutletUnreachable
        It is no CKAN.
    """
    said = str((api.one("status_show") or {}).get("ckan_version") or "")
    found = _VERSION.match(said)
    if found and (int(found[1]), int(found[2])) < _OLDEST:
        raise OutletRefused(
            Text(
                f"Ce portail est un CKAN {said} ; il en faut un 2.10 ou plus récent.",
                f"This portal is a CKAN {said}; 2.10 or newer is needed.",
            )
        )


def require_organisation(api: CkanApi, organisation: str) -> str:
    """Return the identifier of an organisation that the key may write for.

    Parameters
    ----------
    organisation
        Its identifier or its name there.

    Raises
    ------
    metadata.errors.OutletRefused
        There is none, or the key's owner is no editor of it.
    """
    allowed = api.objects("organization_list_for_user", permission="create_dataset")
    for each in allowed:
        if organisation in {each.get("id"), each.get("name")}:
            return str(each["id"])
    if api.one("organization_show", id=organisation) is None:
        raise OutletRefused(
            Text(
                f"Il n'y a pas d'organisation « {organisation} » sur ce portail.",
                f"There is no organisation “{organisation}” on this portal.",
            ),
            hint=Text(
                "Corrigez « organisation » : la fin de l'adresse de sa page.",
                "Correct “organisation”: the end of its page's address.",
            ),
        )
    raise OutletRefused(
        Text(
            f"Cette clé n'écrit pas pour « {organisation} » : elle est fausse ou "
            "périmée, ou son titulaire n'y est ni éditeur ni administrateur.",
            f"This key does not write for “{organisation}”: it is wrong or expired, or "
            "its owner is neither an editor nor an administrator of it.",
        ),
        hint=Text(
            "Vérifiez « key », et demandez à un administrateur de l'organisation "
            "d'ajouter son titulaire.",
            "Check “key”, and ask an administrator of the organisation to add its "
            "owner.",
        ),
    )
