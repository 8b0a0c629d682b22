"""What is sent to udata's API for a dataset: always all of it.

A PUT merges single values and empties lists that are left out; a resource without its
identifier gets another one, and links to it break; extras are replaced as a whole.

References
----------
udata 17.18.0, core/dataset/api.py and forms.py; measured on its real API.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from metadata.record import fingerprint
from metadata.udata import (
    FINGERPRINT,
    KEY,
    OF_RESOURCES,
    SCHEMA,
    TERRITORY,
    serialised,
    territory_mark,
)

_NO_SCHEMA: Final = MappingProxyType({"name": "", "version": "", "url": ""})
"""Takes a schema away; nothing, or none, would leave it."""


def body(
    content: Mapping[str, Any],
    *,
    organisation: str,
    contact_points: Iterable[str],
    there: Mapping[str, Any] | None = None,
    knows_zones: bool = False,
) -> dict[str, Any]:
    """Return what is sent for a dataset: all of it, since what is left out is emptied.

    Parameters
    ----------
    knows_zones
        Whether the portal knows all of the zones stated; else it gets the box.
    contact_points
        Identifiers of its contact points at the portal.
    there
        The dataset as the portal has it: its resources keep their identifiers, and
        extras that are not ours (link checks, previews) are sent back.
    """
    known = there or {}
    seal = {FINGERPRINT: fingerprint(serialised(content))}
    said = {name: value for name, value in content.items() if name != "zones"}
    others = {
        name: value
        for name, value in (known.get("extras") or {}).items()
        if name != TERRITORY
    }
    return {
        **said,
        "archived": None,
        "organization": organisation,
        "spatial": _spatial(content, knows_zones=knows_zones),
        "contact_points": list(contact_points),
        "resources": list(_sent_resources(content["resources"], known)),
        "extras": {**others, **content["extras"], **territory_mark(content), **seal},
    }


def _spatial(content: Mapping[str, Any], *, knows_zones: bool) -> dict[str, object]:
    """Return the zones, else the box: a portal refuses both.

    The other one is `None`: without it, or with an empty list, the portal keeps what
    it has, and a coverage that is `None` altogether changes nothing.
    """
    if knows_zones and content.get("zones"):
        return {"zones": content["zones"], "geom": None}
    return {"zones": None, "geom": content["spatial"]}


def _sent_resources(
    resources: Iterable[Mapping[str, Any]], there: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    known = {
        (each.get("extras") or {}).get(KEY): each for each in there.get("resources", ())
    }
    for resource in resources:
        before = known.get(resource["key"], {})
        kept = dict(before.get("extras") or {})
        was_ours = kept.pop(SCHEMA, None)
        said = {name: resource[name] for name in OF_RESOURCES}
        named = {"id": before["id"]} if before else {}
        extras = {**kept, KEY: resource["key"]}
        if "schema" in resource:
            schema, extras = resource["schema"], {**extras, SCHEMA: True}
        else:  # one that somebody stated there stays; ours goes with its mark
            schema = dict(_NO_SCHEMA) if was_ours else before.get("schema")
        yield {
            **named,
            **said,
            "schema": schema,
            "filetype": "remote",
            "extras": extras,
        }


def archived_body(there: Mapping[str, Any], moment: str) -> dict[str, Any]:
    """Return what archives a dataset and changes nothing else about it."""
    kept = {name: there.get(name) for name in _KEPT}
    contacts = [each["id"] for each in there.get("contact_points") or ()]
    owner = (there.get("organization") or {}).get("id")
    return {
        **kept,
        "archived": moment,
        "organization": owner,
        "contact_points": contacts,
    }


_KEPT: Final = (
    "title",
    "acronym",
    "description",
    "description_short",
    "license",
    "frequency",
    "frequency_date",
    "temporal_coverage",
    "spatial",
    "tags",
    "access_type",
    "access_audiences",
    "authorization_request_url",
    "access_type_reason_category",
    "access_type_reason",
    "private",
    "resources",
    "extras",
)
