"""A dataset in the words of udata's API, and a dataset of udata in the same words.

`encode_udata` makes the record that an outlet sends; `understood` reads what a portal
answers into the same form, so that both compare by fingerprint. Left out of it: what
the portal gives (identifiers, dates, metrics) and what others may add to extras.

Texts are written as udata keeps them: tags as its own slugs, days without a time,
formats in small letters, no licence on data that are not open. Otherwise what is
read back would never be what was sent.

References
----------
udata 17.18.0, core/dataset/forms.py and api_fields.py; measured on its real API.

Limitations: no size or checksum of files, whose content changes more often than their
description; no granularity.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from metadata.codelists import FREQUENCIES, LICENCES
from metadata.content import Box, Party, RecordContent, plain
from metadata.dataset import Dataset
from metadata.dcat_rights import hvd_categories
from metadata.dcat_terms import (
    LIMITATION,
    OGC_API_WORDS,
    PURPOSE,
    REFERENCE_SYSTEM,
    file_type,
)
from metadata.distributions import (
    Distribution,
    DistributionKind,
    distributions,
    record_address,
)
from metadata.file_formats import FORMATS, FileFormat
from metadata.finding import Text
from metadata.iso19139_content import dataset_content, record_language
from metadata.measured import TemporalExtent
from metadata.preview.platform import platform
from metadata.record import Record, RecordKind, fingerprint
from metadata.stated import Access, TableSchema

IDENTIFIER: Final = "passerelle:identifier"
"""Extra that holds our http URI of the dataset."""
FINGERPRINT: Final = "passerelle:fingerprint"
"""Extra that holds the fingerprint of what we sent."""
KEY: Final = "passerelle:key"
"""Extra of a resource that says which of ours it is."""
TERRITORY: Final = "passerelle:territory"
"""Extra that holds the zones and the box of a dataset that states zones: a portal takes
one of the two, the zones if it knows them all."""
SCHEMA: Final = "passerelle:schema"
"""Extra of a resource that says that its schema is ours, and nobody's there."""
_OF_SCHEMAS: Final = ("name", "version", "url")
_RECORD: Final = "passerelle:record"
_HVD: Final = "passerelle:hvd"
_OURS: Final = (IDENTIFIER, _RECORD, _HVD)
_LINEAGE: Final = Text(fr="Provenance : {}", en="Lineage: {}")
_SHORTEST_TAG, _LONGEST_TAG = 3, 96
_LETTERS: Final = str.maketrans(
    {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"}
)
OF_RESOURCES: Final = ("title", "description", "type", "url", "format", "mime")
"""What we say of a resource, beside its key."""
Resource = dict[str, Any]
"""A resource in the words of udata."""
_TABULAR: Final = FORMATS[FileFormat.CSV].media_type
_TYPES: Final = ("main", "api", "documentation", "other")
_TYPE: Final = MappingProxyType(
    {
        DistributionKind.API: "api",
        DistributionKind.FILE: "main",
        DistributionKind.LANDING_PAGE: "documentation",
        DistributionKind.DOCUMENTATION: "documentation",
    }
)


def _licences() -> Mapping[str, str]:
    """Return our licences by udata's identifiers: each is known by its exact title."""
    names = {
        title: each.name
        for each in platform().licences
        for title in (each.title, *each.titles)
    }
    ours = {key: licence.text for key, licence in LICENCES.items() if licence.text}
    return {key: names[text] for key, text in ours.items() if text in names}


def _frequencies() -> Mapping[str, str]:
    codes = {word: row.uri.rpartition("/")[2] for word, row in FREQUENCIES.items()}
    known = platform().frequencies
    return {word: known[code].name for word, code in codes.items() if code in known}


WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "licences": _licences(),
        "frequencies": _frequencies(),
        "reasons": platform().reasons,
        "roles": platform().roles,
    }
)
"""Our words → udata's, by the tables that the preview goes by too."""


def encode_udata(dataset: Dataset) -> Record:
    """Return the record of a dataset for an outlet of type `udata`."""
    content = serialised(udata_content(dataset))
    return Record(
        identifier=dataset.description.identifier,
        dataset_id=dataset.id,
        kind=RecordKind.DATASET,
        content=content,
    )


def udata_content(dataset: Dataset) -> dict[str, Any]:
    """Return all that we say of a dataset on such a portal, and nothing else."""
    content = dataset_content(dataset)
    found = content.identification
    restricted = dataset.description.access is Access.RESTRICTED
    letter = dataset.description.access_limitation if restricted else ""
    return {
        "title": found.title or dataset.id,
        "description": _description(content, dataset) or found.title or dataset.id,
        "license": None if restricted else WORDS["licences"].get(dataset.licence),
        "frequency": WORDS["frequencies"].get(found.frequency or "", "unknown"),
        "temporal_coverage": _period(found.temporal),
        "spatial": _outline(found.extent),
        **({"zones": sorted(dataset.zones)} if dataset.zones else {}),
        "tags": sorted(_tags(content)),
        "contact_points": _contact_points(found.contacts or content.contacts),
        "access_type": "restricted" if restricted else "open",
        "access_type_reason_category": WORDS["reasons"].get(letter),
        "private": False,
        "resources": _resources(dataset),
        "extras": {
            IDENTIFIER: dataset.description.identifier,
            _RECORD: record_address(dataset),
            _HVD: " ".join(sorted(each.uri for each in hvd_categories(content))),
        },
    }


def understood(dataset: Mapping[str, Any]) -> bytes:
    """Return what a portal says of a dataset, as the content of a record of ours."""
    period = dataset.get("temporal_coverage") or {}
    spatial = dataset.get("spatial") or {}
    licence = dataset.get("license")
    extras = dataset.get("extras") or {}
    return serialised(
        {
            "title": dataset.get("title"),
            "description": dataset.get("description"),
            "license": None if licence == "notspecified" else licence,
            "frequency": dataset.get("frequency") or "unknown",
            "temporal_coverage": {
                "start": _day(period.get("start")),
                "end": _day(period.get("end")),
            }
            if period
            else None,
            **_territory(spatial, extras),
            "tags": sorted(dataset.get("tags") or ()),
            "contact_points": sorted(
                (
                    {name: each.get(name) for name in _CONTACT}
                    for each in dataset.get("contact_points") or ()
                ),
                key=_contact_order,
            ),
            "access_type": dataset.get("access_type") or "open",
            "access_type_reason_category": dataset.get("access_type_reason_category"),
            "private": bool(dataset.get("private")),
            "resources": sorted(
                map(_resource_understood, dataset.get("resources") or ()),
                key=_resource_order,
            ),
            "extras": {name: extras.get(name) for name in _OURS},
        }
    )


def territory_mark(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the extra that says which zones and which box we stated, if any zones."""
    if "zones" not in content:
        return {}
    said = {"zones": content["zones"], "geom": content["spatial"]}
    return {TERRITORY: json.dumps(said, sort_keys=True)}


def _territory(
    spatial: Mapping[str, Any], extras: Mapping[str, Any]
) -> dict[str, object]:
    """Return the box, and the zones if we stated any; anything else is an edit."""
    there = spatial.get("geom") or spatial.get("zones") or None
    try:
        said = json.loads(extras.get(TERRITORY) or "null")
        zones, geom = (said["zones"], said["geom"]) if said else (None, None)
    except (ValueError, TypeError, KeyError):
        zones, geom = None, None
    if zones is None:
        return {"spatial": there}
    as_zones = sorted(map(str, spatial.get("zones") or ())) == zones
    return {"spatial": geom if as_zones else there, "zones": zones}


def sealed(dataset: Mapping[str, Any]) -> bool:
    """Tell whether a dataset is, by its own extra, as some Passerelle left it."""
    said = (dataset.get("extras") or {}).get(FINGERPRINT)
    return bool(said) and said == fingerprint(understood(dataset))


def slug(word: str) -> str:
    """Return a word as a tag: small Latin letters and digits, joined by hyphens.

    Whatever it returns, udata's own slugs leave as it is. Empty when too short.
    """
    spelled = word.lower().translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", spelled)
    latin = "".join(c for c in decomposed if not unicodedata.combining(c))
    joined = re.sub("[^a-z0-9]+", "-", latin.lower().replace("'", "-"))
    cut = joined.strip("-")[:_LONGEST_TAG].strip("-")
    return cut if len(cut) >= _SHORTEST_TAG else ""


def unknown_licence(content: Mapping[str, Any], known: Iterable[str]) -> str:
    """Return the licence that a portal does not know; empty when it does."""
    licence = content.get("license")
    return licence if licence and licence not in set(known) else ""


_CONTACT: Final = ("name", "email", "contact_form", "role")


def serialised(content: Mapping[str, Any]) -> bytes:
    """Return a dataset as the content of a record."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    return text.encode("utf-8")


def _description(content: RecordContent, dataset: Dataset) -> str:
    """Return the abstract, with what has no place of its own at its end."""
    language = record_language(dataset.organisation)
    found = content.identification

    def said(sentence: Text, *values: str) -> str:
        known = [value for value in values if value]
        return sentence.said_in(language).format(", ".join(known)) if known else ""

    systems = [system.text for system in content.reference_systems if system.href]
    parts = (
        found.abstract,
        said(PURPOSE, found.purpose),
        said(LIMITATION, *found.limitations),
        said(_LINEAGE, content.lineage),
        said(REFERENCE_SYSTEM, *systems),
    )
    return "\n\n".join(part for part in parts if part)


def _period(period: TemporalExtent | None) -> dict[str, str | None] | None:
    """Return the days covered; udata takes no period without a beginning."""
    if period is None or not period.start:
        return None
    return {"start": _day(period.start), "end": _day(period.end)}


def _day(moment: str | None) -> str | None:
    return moment[:10] if moment else None


def _outline(box: Box | None) -> dict[str, Any] | None:
    """Return a box as GeoJSON (longitude, latitude; RFC 7946, 3.1.7)."""
    if box is None:
        return None
    west, south, east, north = map(float, (box.west, box.south, box.east, box.north))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "MultiPolygon", "coordinates": [[ring]]}


def _tags(content: RecordContent) -> set[str]:
    """Return keywords, themes, and what says that data are INSPIRE's or high-value."""
    blocks = content.identification.keywords
    words = [label.text for block in blocks for label in block.keywords]
    themed = any("/theme/" in x.href for block in blocks for x in block.keywords)
    categories = hvd_categories(content)
    words += ["inspire"] if themed else []
    words += ["hvd"] if categories else []
    words += [category.fr for category in categories]
    return {tag for word in words if (tag := slug(word))}


def _contact_points(parties: Iterable[Party]) -> list[dict[str, str | None]]:
    """Return who answers for it, each once; a contact has to be within reach."""
    made = [
        {
            "name": f"{party.position} ({party.organisation})"
            if party.position
            else party.organisation,
            "email": party.email or None,
            "contact_form": party.url or None,
            "role": WORDS["roles"].get(party.role, "contact"),
        }
        for party in parties
    ]
    reached = [c for c in made if c["email"] or c["contact_form"]]
    once = {tuple(contact.items()): contact for contact in reached}
    return sorted(once.values(), key=_contact_order)


def _contact_order(contact: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(contact[name] or "" for name in reversed(_CONTACT))


def _resources(dataset: Dataset) -> list[Resource]:
    """Return files, interfaces and documents, each with a key of its own for ever."""
    made: dict[str, Resource] = {}
    for each in distributions(dataset):
        resource = _resource(each, dataset)
        made.setdefault(str(resource["key"]), resource)
    return sorted(made.values(), key=_resource_order)


def _resource(each: Distribution, dataset: Dataset) -> Resource:
    language = record_language(dataset.organisation)
    kind = file_type(each.url)
    is_api = each.kind is DistributionKind.API
    ending = kind.ending if kind else _ending(each.media_type)
    return {
        "key": _key(each, ending),
        "title": plain(each.title.said_in(language)) or each.url,
        "description": plain(each.description.said_in(language)) or None,
        "type": _TYPE.get(each.kind, "other"),
        "url": each.url,
        "format": OGC_API_WORDS.lower() if is_api else ending or None,
        "mime": each.media_type or None,
        **_with_schema(_schema(each, dataset)),
    }


def _schema(each: Distribution, dataset: Dataset) -> TableSchema | None:
    """Return the schema that a CSV file follows; `None` for all else."""
    if each.kind is not DistributionKind.FILE or each.media_type != _TABULAR:
        return None
    stated = (c.description for c in dataset.collections)
    return next((c.schema for c in stated if c.id == each.collection), None)


def _with_schema(schema: TableSchema | None) -> Resource:
    """Return what is said of a schema; nothing at all where none is stated."""
    if schema is None:
        return {}
    return {"schema": {name: getattr(schema, name) or None for name in _OF_SCHEMAS}}


def _key(each: Distribution, ending: str) -> str:
    """Return what names a resource within its dataset."""
    match each.kind:
        case DistributionKind.FILE:
            return f"file:{each.collection}:{ending}"
        case DistributionKind.DOCUMENTATION:
            return f"documentation:{each.url}"
        case _:
            return each.kind.value


def _ending(media_type: str) -> str:
    return media_type.rpartition("/")[2].rpartition("+")[2]


def _resource_understood(resource: Mapping[str, Any]) -> Resource:
    extras = resource.get("extras") or {}
    said = {name: resource.get(name) or None for name in OF_RESOURCES}
    found = {"key": extras.get(KEY), **said}
    if SCHEMA not in extras:
        return found
    schema = resource.get("schema") or {}
    return {**found, "schema": {name: schema.get(name) or None for name in _OF_SCHEMAS}}


def _resource_order(resource: Mapping[str, Any]) -> tuple[int, str, str]:
    kind = str(resource["type"])
    rank = _TYPES.index(kind) if kind in _TYPES else len(_TYPES)
    return rank, resource["key"] or "", resource["url"] or ""
