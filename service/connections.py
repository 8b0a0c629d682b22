"""Whether the databases have room for the connections that the service may open."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from metadata.errors import SourceError
from metadata.finding import Finding, Severity
from providers.configuration import Configuration
from providers.features import Limits
from providers.postgis_room import Room, read_room
from service.messages import text

logger = logging.getLogger(__name__)
_LOOKING: Final = 1
"""Connections of each worker that look for changes."""


def connections_of(configuration: Configuration, workers: int) -> int:
    """Return how many connections to each database may be open at once."""
    pages = configuration.service.connections
    return workers * (pages + _beside(configuration))


def _beside(configuration: Configuration) -> int:
    """Return how many of them each worker may open for something else than pages."""
    edits = any(key.edits for key in configuration.service.every_key)
    return Limits.streams + _LOOKING + (Limits.edits if edits else 0)


def scarce_connections(
    configuration: Configuration, workers: int
) -> tuple[Finding, ...]:
    """Return a finding for each database that has fewer than may be opened.

    A database that cannot be asked has none: that it cannot be reached is said
    elsewhere.
    """
    return tuple(_scarce(configuration, workers))


def _scarce(configuration: Configuration, workers: int) -> Iterator[Finding]:
    needed = connections_of(configuration, workers)
    for name, silo in configuration.silos.items():
        if not silo.is_database:
            continue
        try:
            room = read_room(silo)
        except SourceError as error:
            logger.debug("Silo %s: %s", name, error.message)
            continue
        if needed > room.left:
            finding = _finding(name, needed, room, workers, configuration)
            logger.warning("Silo %s: %s %s", name, finding.reason.en, finding.hint.en)
            yield finding


def _finding(
    silo: str, needed: int, room: Room, workers: int, configuration: Configuration
) -> Finding:
    pages = configuration.service.connections
    most = room.left // workers - _beside(configuration)
    return Finding(
        severity=Severity.WARNING,
        code="silo.connections-scarce",
        subject=silo,
        element="service.connections",
        reason=text(
            "finding.connections-scarce",
            needed=str(needed),
            workers=str(workers),
            pages=str(pages),
            streams=str(Limits.streams),
            limit=str(room.limit),
            others=str(room.others),
        ),
        hint=text(
            "finding.connections-fewer" if most > 0 else "finding.connections-more",
            most=str(most),
            needed=str(needed + room.others),
        ),
    )
