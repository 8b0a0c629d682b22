"""The names of a record's fields, in French and in English.

A path is the name of its first steps, what tells its part from the others, and the
name of the last step: ``identification.contacts[owner].email`` is “Contact (owner):
e-mail”.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from metadata.finding import Text

_KEY: Final = re.compile(r"\[[^\]]*\]")
_SHOWN: Final = 70
"""Characters of a part's key that a name repeats."""

FIELDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "identifier": Text("Identifiant de la fiche", "Identifier of the record"),
        "kind": Text("Niveau", "Level"),
        "language": Text("Langue de la fiche", "Language of the record"),
        "level_name": Text("Nom du niveau", "Name of the level"),
        "contacts": Text("Contact de la fiche", "Contact of the record"),
        "reference_systems": Text("Systèmes de référence", "Reference systems"),
        "formats": Text("Format", "Format"),
        "online": Text("Lien", "Link"),
        "conformance": Text("Conformité", "Conformity"),
        "lineage": Text("Généalogie", "Lineage"),
        "identification.title": Text("Intitulé", "Title"),
        "identification.identifier": Text("Identifiant", "Identifier"),
        "identification.dates": Text("Date", "Date"),
        "identification.abstract": Text("Résumé", "Abstract"),
        "identification.contacts": Text("Contact", "Contact"),
        "identification.keywords": Text("Mots clés", "Keywords"),
        "identification.limitations": Text("Limites d'usage", "Limitations of use"),
        "identification.constraints": Text("Conditions", "Conditions"),
        "identification.purpose": Text("But", "Purpose"),
        "identification.frequency": Text(
            "Fréquence de mise à jour", "Update frequency"
        ),
        "identification.thumbnail": Text("Vignette", "Thumbnail"),
        "identification.extent": Text("Emprise", "Extent"),
        "identification.temporal": Text("Période", "Period"),
        "identification.representations": Text("Représentation", "Representation"),
        "identification.scale": Text("Échelle", "Scale"),
        "identification.resolution": Text("Résolution", "Resolution"),
        "identification.language": Text("Langue des données", "Language of the data"),
        "identification.topics": Text("Thématiques ISO", "ISO topics"),
        "identification.type": Text("Type de service", "Type of service"),
        "identification.versions": Text("Versions du service", "Service versions"),
        "identification.operations": Text("Opération", "Operation"),
        "identification.operates_on": Text("Données servies", "Data served"),
        "title": Text("Intitulé", "Title"),
        "description": Text("Description", "Description"),
        "license": Text("Licence", "Licence"),
        "frequency": Text("Fréquence de mise à jour", "Update frequency"),
        "temporal_coverage": Text("Période", "Period"),
        "spatial": Text("Emprise", "Extent"),
        "tags": Text("Mots clés", "Keywords"),
        "contact_points": Text("Contact", "Contact"),
        "access_type": Text("Accès", "Access"),
        "access_type_reason_category": Text("Motif de restriction", "Reason"),
        "private": Text("Privé", "Private"),
        "resources": Text("Ressource", "Resource"),
        "extras": Text("Complément", "Extra"),
    }
)
"""First steps of a path → the field's name."""
PARTS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "application_profile": Text("profil", "profile"),
        "checksum": Text("empreinte", "digest"),
        "connect_point": Text("adresse", "address"),
        "contact_form": Text("formulaire", "form"),
        "coordinates": Text("coordonnées", "coordinates"),
        "date": Text("date", "date"),
        "day": Text("jour", "day"),
        "description": Text("description", "description"),
        "east": Text("est", "east"),
        "email": Text("courriel", "e-mail"),
        "end": Text("fin", "end"),
        "explanation": Text("explication", "explanation"),
        "filesize": Text("taille", "size"),
        "filetype": Text("genre", "kind of file"),
        "format": Text("format", "format"),
        "function": Text("fonction", "function"),
        "href": Text("adresse", "address"),
        "identifier": Text("identifiant", "identifier"),
        "key": Text("clé", "key"),
        "keywords": Text("mots", "words"),
        "last_modified": Text("modifié le", "changed on"),
        "mime": Text("type de média", "media type"),
        "name": Text("nom", "name"),
        "north": Text("nord", "north"),
        "on_access": Text("sur l'accès", "on access"),
        "on_use": Text("sur l'usage", "on use"),
        "organisation": Text("organisation", "organisation"),
        "others": Text("mentions", "statements"),
        "passed": Text("conforme", "conformant"),
        "phone": Text("téléphone", "telephone"),
        "position": Text("fonction", "position"),
        "protocol": Text("protocole", "protocol"),
        "role": Text("rôle", "role"),
        "schema": Text("schéma", "schema"),
        "south": Text("sud", "south"),
        "specification": Text("spécification", "specification"),
        "start": Text("début", "start"),
        "thesaurus": Text("vocabulaire", "vocabulary"),
        "title": Text("intitulé", "title"),
        "type": Text("type", "type"),
        "url": Text("adresse", "address"),
        "value": Text("valeur", "value"),
        "version": Text("version", "version"),
        "west": Text("ouest", "west"),
    }
)
"""Later steps of a path → their names."""


_WHOLE: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "identification.constraints[access].others": Text(
            "Limites d'accès", "Limitations on access"
        ),
        "identification.constraints[use].others": Text("Licence", "Licence"),
    }
)
"""Paths with a name of their own."""
_SILENT: Final = frozenset({"keywords", "others"})
"""Last steps whose name adds nothing to that of the list."""


def field_kind(path: str) -> str:
    """Return what the same fields of several parts of a list have in common."""
    return _KEY.sub("", path)


def field_name(path: str) -> Text:
    """Return the name of a field for people; a step without a name stays as it is."""
    if path in _WHOLE:
        return _WHOLE[path]
    bare = _KEY.sub("", path)
    steps = bare.split(".")
    length = next((n for n in (2, 1) if ".".join(steps[:n]) in FIELDS), 1)
    head = FIELDS.get(".".join(steps[:length]), Text(steps[0], steps[0]))
    later = [step for step in steps[length:] if step not in _SILENT]
    rest = [PARTS.get(step, Text(step, step)) for step in later]
    found = _KEY.search(path)
    key = found[0][1:-1] if found else ""
    return Text(
        _joined(head.fr, key, [step.fr for step in rest]),
        _joined(head.en, key, [step.en for step in rest]),
    )


def _joined(head: str, key: str, rest: list[str]) -> str:
    short = key if len(key) <= _SHOWN else f"…{key[1 - _SHOWN :]}"
    named = f"{head} ({short})" if short else head
    return ", ".join([named, *rest])
