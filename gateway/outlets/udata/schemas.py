"""Whether a portal knows the data schemas that resources are said to follow.

A name that is not in its catalogue it refuses, and the dataset with it; the address of
one that is in it, it turns into the name, so that what is read back is not what was
sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.outlets.udata.api import UdataApi
from metadata.errors import OutletUnreachable
from metadata.finding import Finding, Severity, Text


@dataclass(frozen=True)
class Catalogue:
    """The schemas that a portal knows; one without any takes every name."""

    versions: Mapping[str, frozenset[str]]
    """Name → the versions there are of it."""
    names: Mapping[str, str]
    """Address → the name of the schema there."""

    def findings(
        self, dataset_id: str, content: Mapping[str, Any]
    ) -> Iterator[Finding]:
        """Yield what it will not take, each schema once."""
        stated = [each["schema"] for each in content["resources"] if "schema" in each]
        for schema in {tuple(each.items()): each for each in stated}.values():
            found = self._problem(schema) if self.versions else None
            if found is not None:
                yield _finding(dataset_id, *found)

    def _problem(self, schema: Mapping[str, str | None]) -> tuple[Text, Text] | None:
        """Return what is wrong with one schema, and what to do about it."""
        name, version = schema["name"] or "", schema["version"] or ""
        known = self.names.get(schema["url"] or "")
        if known:
            return (
                Text(
                    f"Le portail connaît ce schéma sous le nom « {known} ».",
                    f"The portal knows this schema by the name “{known}”.",
                ),
                Text(f"Écrivez « name: {known} ».", f"Write “name: {known}”."),
            )
        if name and name not in self.versions:
            return (
                Text(
                    f"Le portail ne connaît pas le schéma « {name} ».",
                    f"The portal does not know the schema “{name}”.",
                ),
                Text(
                    "Corrigez « name », ou donnez l'adresse du schéma par « url ».",
                    "Correct “name”, or give the schema's address by “url”.",
                ),
            )
        if name and version and version not in self.versions[name]:
            there = ", ".join(sorted(self.versions[name]))
            return (
                Text(
                    f"Le schéma « {name} » n'a pas de version « {version} ».",
                    f"The schema “{name}” has no version “{version}”.",
                ),
                Text(f"Versions connues : {there}.", f"Known versions: {there}."),
            )
        return None


def read_catalogue(api: UdataApi) -> Catalogue:
    """Return the schemas that a portal knows; none when it cannot say."""
    try:
        rows = api.listed("/datasets/schemas/")
    except OutletUnreachable:
        rows = []
    versions = {str(row.get("name")): frozenset(_names(row)) for row in rows}
    names = {
        address: str(row.get("name")) for row in rows for address in _addresses(row)
    }
    return Catalogue(versions, names)


def _versions(row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [each for each in row.get("versions") or () if isinstance(each, dict)]


def _names(row: Mapping[str, Any]) -> Iterator[str]:
    yield "latest"
    yield from (str(each.get("version_name")) for each in _versions(row))


def _addresses(row: Mapping[str, Any]) -> Iterator[str]:
    every = (row, *_versions(row))
    yield from (str(each["schema_url"]) for each in every if each.get("schema_url"))


def _finding(dataset_id: str, reason: Text, hint: Text) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="outlet.schema-unknown",
        subject=dataset_id,
        element="collections.schema",
        reason=reason,
        hint=hint,
    )
