"""A dataset in the words of CKAN's API, and a dataset of CKAN in the same words.

`encode_ckan` makes the record that an outlet sends; `understood` reads what a portal
answers into the same form, so that both compare by fingerprint. Left out of it: what
the portal gives (identifiers, dates, positions) and extras of others.

What CKAN has no field for stands in extras, by the names under which ckanext-dcat and
ckanext-spatial read them: the portal's own DCAT-AP then says what ours says. Only an
administrator may choose the identifier of a dataset, so that its *name* is ours: the
end of its address, and for ever.

References
----------
CKAN 2.11, ckan/logic/schema.py and validators.py, measured on its real API;
ckanext-dcat 2, profiles euro_dcat_ap_base, _2 and _3; ckanext-spatial, extra `spatial`.

Limitations: a contact without a mail address and page is a name only; no size or
checksum of files; extras only, not the fields of a schema of ckanext-scheming.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from metadata.ckan_extras import OURS, extras
from metadata.content import Party, RecordContent, plain
from metadata.dataset import Dataset
from metadata.dcat_rights import hvd_categories, licence_of
from metadata.dcat_terms import OGC_API_WORDS, file_type
from metadata.distributions import (
    Distribution,
    DistributionKind,
    api_root,
    distributions,
)
from metadata.iso19139_content import dataset_content, record_language
from metadata.record import Record, RecordKind, fingerprint
from metadata.sentences import described
from metadata.stated import Access, Role

FINGERPRINT: Final = "passerelle_fingerprint"
"""Extra that holds the fingerprint of what we sent."""
KEY: Final = "passerelle_key"
"""Field of a resource that says which of ours it is."""
_LONGEST_NAME: Final = 80
"""Of the readable part of a name; CKAN takes 100 characters of the whole."""
_SHORTEST_TAG, _LONGEST_TAG = 2, 100
_NO_TAG: Final = re.compile(r"[^\w .-]+")
"""What no tag may hold."""
_TYPES: Final = MappingProxyType(
    {
        DistributionKind.API: "api",
        DistributionKind.FILE: "file",
        DistributionKind.LANDING_PAGE: "documentation",
        DistributionKind.DOCUMENTATION: "documentation",
    }
)
_SPELLED: Final = {"geojson": "GeoJSON", OGC_API_WORDS.lower(): OGC_API_WORDS}
"""Formats that are not in capitals."""
_OF_RESOURCES: Final = ("name", "description", "url", "mimetype", "resource_type")
_OF_DATASETS: Final = (
    "name",
    "title",
    "notes",
    "url",
    "author",
    "maintainer",
    "maintainer_email",
)


def _licences() -> Mapping[str, tuple[str, ...]]:
    content = files("metadata").joinpath("codelists", "ckan.toml").read_bytes()
    rows = tomllib.loads(content.decode("utf-8"))["licences"]
    return MappingProxyType({ours: tuple(names) for ours, names in rows.items()})


LICENCES: Final = _licences()
"""Our licence → the identifiers that portals have for it, the best first."""
_OUR_LICENCE: Final = {name: ours for ours, names in LICENCES.items() for name in names}


def encode_ckan(dataset: Dataset) -> Record:
    """Return the record of a dataset for an outlet of type `ckan`."""
    return Record(
        identifier=dataset.description.identifier,
        dataset_id=dataset.id,
        kind=RecordKind.DATASET,
        content=serialised(ckan_content(dataset)),
    )


def ckan_content(dataset: Dataset) -> dict[str, Any]:
    """Return all that we say of a dataset on such a portal, and nothing else."""
    content = dataset_content(dataset)
    found = content.identification
    contact = _contact(content)
    is_open = dataset.description.access is Access.OPEN
    return {
        "name": package_name(dataset.description.identifier),
        "title": found.title or dataset.id,
        "notes": described(content) or None,
        "url": f"{api_root(dataset)}?f=html" if is_open else None,
        "author": plain(dataset.description.producer) or None,
        "maintainer": _named(contact),
        "maintainer_email": contact.email or None,
        "license": _licence(content),
        "private": False,
        "tags": sorted(_tags(content)),
        "resources": _resources(dataset),
        "extras": dict(extras(content, dataset)),
    }


def understood(dataset: Mapping[str, Any]) -> bytes:
    """Return what a portal says of a dataset, as the content of a record of ours."""
    licence = dataset.get("license_id") or None
    said = extras_of(dataset)
    return serialised(
        {
            **{name: dataset.get(name) or None for name in _OF_DATASETS},
            "license": _OUR_LICENCE.get(licence or "", licence),
            "private": bool(dataset.get("private")),
            "tags": sorted(
                str(each["name"])
                for each in dataset.get("tags") or ()
                if not each.get("vocabulary_id")
            ),
            "resources": sorted(
                map(_resource_understood, dataset.get("resources") or ()),
                key=_resource_order,
            ),
            "extras": {name: said[name] for name in OURS if said.get(name)},
        }
    )


def sealed(dataset: Mapping[str, Any]) -> bool:
    """Tell whether a dataset is, by its own extra, as some Passerelle left it."""
    said = extras_of(dataset).get(FINGERPRINT)
    return bool(said) and said == fingerprint(understood(dataset))


def extras_of(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Return the extras of a dataset by their names."""
    return {each["key"]: each["value"] for each in dataset.get("extras") or ()}


def package_name(identifier: str) -> str:
    """Return the name of a dataset on every portal: the end of its address there.

    It says which dataset it is, and by a few digits of the identifier's SHA-256 it is
    nobody else's on a portal where all organisations share their names.
    """
    end = identifier.rstrip("/").rpartition("/")[2].lower()
    slug = re.sub("[^a-z0-9_]+", "-", end).strip("-")[:_LONGEST_NAME]
    digits = hashlib.sha256(identifier.encode("utf-8")).hexdigest()[:8]
    return f"{slug}-{digits}" if slug else digits


def portal_licence(licence: str, known: Collection[str]) -> str:
    """Return what a portal calls a licence of ours; empty when it does not know it."""
    return next((name for name in LICENCES.get(licence, ()) if name in known), "")


def tag(word: str) -> str:
    """Return a word as a tag: letters, digits, spaces, hyphens, underscores and dots.

    Empty when it is too short.
    """
    composed = unicodedata.normalize("NFC", word)
    spaced = " ".join(_NO_TAG.sub(" ", composed).split())
    cut = spaced[:_LONGEST_TAG].strip()
    return cut if len(cut) >= _SHORTEST_TAG else ""


def serialised(content: Mapping[str, Any]) -> bytes:
    """Return a dataset as the content of a record."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode("utf-8")


def _contact(content: RecordContent) -> Party:
    """Return whom to ask: a point of contact, or who else answers for it."""
    stated = content.identification.contacts
    contacts = [party for party in stated if party.role is Role.POINT_OF_CONTACT]
    return (*contacts, *content.contacts)[0]


def _named(party: Party) -> str:
    if not party.position:
        return party.organisation
    return f"{party.position} ({party.organisation})"


def _licence(content: RecordContent) -> str | None:
    found = licence_of(content)
    return found.code if found else None


def _tags(content: RecordContent) -> set[str]:
    """Return keywords, themes, and what says that data are high-value."""
    blocks = content.identification.keywords
    words = [label.text for block in blocks for label in block.keywords]
    categories = hvd_categories(content)
    words += ["hvd", *(each.fr for each in categories)] if categories else []
    return {said for word in words if (said := tag(word))}


def _resources(dataset: Dataset) -> list[dict[str, str | None]]:
    """Return files, interfaces and documents, each with a key of its own for ever."""
    made: dict[str, dict[str, str | None]] = {}
    for each in distributions(dataset):
        resource = _resource(each, dataset)
        made.setdefault(str(resource["key"]), resource)
    return sorted(made.values(), key=_resource_order)


def _resource(each: Distribution, dataset: Dataset) -> dict[str, str | None]:
    language = record_language(dataset.organisation)
    kind = file_type(each.url)
    ending = kind.ending if kind else each.media_type.rpartition("/")[2]
    is_api = each.kind is DistributionKind.API
    return {
        "key": _key(each, ending),
        "name": plain(each.title.said_in(language)) or each.url,
        "description": plain(each.description.said_in(language)) or None,
        "url": each.url,
        "format": OGC_API_WORDS if is_api else _spelled(ending),
        "mimetype": each.media_type or None,
        "resource_type": _TYPES.get(each.kind, "documentation"),
    }


def _key(each: Distribution, ending: str) -> str:
    """Return what names a resource within its dataset."""
    match each.kind:
        case DistributionKind.FILE:
            return f"file:{each.collection}:{ending}"
        case DistributionKind.DOCUMENTATION:
            return f"documentation:{each.url}"
        case _:
            return each.kind.value


def _spelled(form: str) -> str | None:
    """Return a format as CKAN spells it; what is packed goes by what is inside."""
    plain_form = form.lower().removesuffix(".zip")
    return _SPELLED.get(plain_form, plain_form.upper()) or None


def _resource_understood(resource: Mapping[str, Any]) -> dict[str, str | None]:
    said = {name: resource.get(name) or None for name in _OF_RESOURCES}
    form = _spelled(str(resource.get("format") or ""))
    return {"key": resource.get(KEY), **said, "format": form}


def _resource_order(resource: Mapping[str, str | None]) -> tuple[int, str, str]:
    """Files first, then interfaces, then what there is to read."""
    kinds = ("file", "api", "documentation")
    kind = resource["resource_type"] or ""
    rank = kinds.index(kind) if kind in kinds else len(kinds)
    return rank, resource["key"] or "", resource["url"] or ""
