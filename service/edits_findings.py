"""What keeps collections that are open for editing from being edited.

Keys that open nothing, collections that no key opens, and roles that may not
write: told before somebody wants to.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

from metadata.errors import SourceError
from metadata.finding import Finding, Severity, Text
from metadata.stated import CollectionDescription, Description, Status
from providers.configuration import Configuration
from providers.configuration_keys import edit_scope
from providers.postgis_rights import missing_grants
from service.messages import text

logger = logging.getLogger(__name__)
_Open = tuple[Description, CollectionDescription]


def edit_findings(
    configuration: Configuration, descriptions: Iterable[Description]
) -> tuple[Finding, ...]:
    """Return a finding for each key, collection and table that is of no use so."""
    opened = [
        (description, collection)
        for description in descriptions
        if description.status is not Status.WITHDRAWN
        for collection in description.collections
        if collection.editable
    ]
    return (
        *_idle_keys(configuration, opened),
        *_locked(configuration, opened),
        *_forbidden(configuration, opened),
    )


def _idle_keys(
    configuration: Configuration, opened: Sequence[_Open]
) -> Iterator[Finding]:
    """Yield the scopes that are of no collection."""
    scopes = {edit_scope(collection.id) for _, collection in opened}
    for key in configuration.service.keys:
        idle = [s for s in key.scopes if s.startswith("edit:") and s not in scopes]
        for scope in idle:
            if scope != edit_scope("*"):
                yield _finding(
                    "service.key-idle",
                    "passerelle.yml",
                    f"service.keys.{key.name}",
                    text("finding.key-idle", name=key.name, scope=scope),
                    text("finding.key-idle-hint"),
                )


def _locked(configuration: Configuration, opened: Sequence[_Open]) -> Iterator[Finding]:
    """Yield the collections that no key opens."""
    for description, collection in opened:
        scope = edit_scope(collection.id)
        if not any(key.opens(scope) for key in configuration.service.every_key):
            yield _finding(
                "collection.editable.no-key",
                description.id,
                f"collections.{collection.id}.editable",
                text("finding.no-key", name=collection.id),
                text("finding.no-key-hint", scope=scope),
            )


def _forbidden(
    configuration: Configuration, opened: Sequence[_Open]
) -> Iterator[Finding]:
    """Yield the tables that the role of their silo may not write into."""
    for name, silo in configuration.silos.items():
        mine = [(d, c) for d, c in opened if c.source.silo == name]
        if not mine or not silo.is_database:
            continue
        try:
            missing = missing_grants(silo, [c.source for _, c in mine])
        except SourceError as error:
            logger.debug("Silo %s: %s", name, error.message)
            continue
        for description, collection in mine:
            if collection.source in missing:
                yield _finding(
                    "collection.editable.refused",
                    description.id,
                    f"collections.{collection.id}.editable",
                    text("finding.refused", table=str(collection.source)),
                    Text(missing[collection.source], missing[collection.source]),
                )


def _finding(
    code: str, subject: str, element: str, reason: Text, hint: Text
) -> Finding:
    return Finding(
        severity=Severity.WARNING,
        code=code,
        subject=subject,
        element=element,
        reason=reason,
        hint=hint,
    )
