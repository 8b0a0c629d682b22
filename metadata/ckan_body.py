"""What is sent to CKAN's API for a dataset: always all of it.

`package_update` empties what is left out, and replaces tags, extras and resources as a
whole; a resource without its identifier gets another one, and links to it break.

References
----------
CKAN 2.11, ckan/logic/action/create.py and update.py; measured on its real API.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from metadata.ckan import FINGERPRINT, KEY, extras_of, serialised
from metadata.ckan_extras import OURS
from metadata.record import fingerprint

_SENT_BACK: Final = ("groups", "version", "author_email", "type")
"""What others may have set, and we say nothing about."""


def body(
    content: Mapping[str, Any],
    *,
    organisation: str,
    licence: str,
    there: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what is sent for a dataset: all of it, since what is left out is emptied.

    Parameters
    ----------
    licence
        What the portal calls its licence; empty when it has none.
    there
        The dataset as the portal has it: its resources keep their identifiers, and
        extras, groups and fields that are not ours are sent back.
    """
    known = there or {}
    kept = {name: known[name] for name in _SENT_BACK if known.get(name)}
    named = {"id": known["id"]} if known else {}
    sent = {name: value for name, value in content.items() if name != "license"}
    return {
        **kept,
        **sent,
        **named,
        "license_id": licence or None,
        "owner_org": organisation,
        "state": "active",
        "tags": [*({"name": word} for word in content["tags"]), *_coded_tags(known)],
        "extras": list(_sent_extras(content, known)),
        "resources": list(_sent_resources(content, known)),
    }


def _coded_tags(there: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the tags of the portal's own vocabularies: they are not ours."""
    for each in there.get("tags") or ():
        if each.get("vocabulary_id"):
            yield {name: each[name] for name in ("name", "vocabulary_id")}


def _sent_extras(
    content: Mapping[str, Any], there: Mapping[str, Any]
) -> Iterator[dict[str, str]]:
    seal = {FINGERPRINT: fingerprint(serialised(content))}
    others = {
        name: value for name, value in extras_of(there).items() if name not in OURS
    }
    for name, value in {**others, **content["extras"], **seal}.items():
        yield {"key": name, "value": value}


def _sent_resources(
    content: Mapping[str, Any], there: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    resources: Iterable[Mapping[str, Any]] = there.get("resources") or ()
    known = {each.get(KEY): each for each in resources}
    for said in content["resources"]:
        key = said["key"]
        before = known.get(key, {})
        ours = {name: value for name, value in said.items() if name != "key"}
        yield {
            **before,
            **ours,
            **_downloaded(said),
            "id": before.get("id") or _resource_id(content["name"], key),
            KEY: key,
        }


def _downloaded(resource: Mapping[str, Any]) -> dict[str, str]:
    """Return what says to ckanext-dcat that an address is that of a file."""
    if resource["resource_type"] != "file":
        return {}
    return {"access_url": resource["url"], "download_url": resource["url"]}


def _resource_id(name: str, key: str) -> str:
    """Return the identifier of a resource, the same whenever it is made anew."""
    return str(uuid5(NAMESPACE_URL, f"{name}#{key}"))
