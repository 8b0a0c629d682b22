"""The items: every published record, and every one that left.

An item is named ``oai:<host of identifier_base>:<fileIdentifier>``, for ever as its
parts are. Its datestamp is when the catalogue came to hold it as it is, or ceased
to hold it: not the date stamp inside the record, which says when its words changed.

Sets are ``theme:<INSPIRE theme>`` and ``silo:<name>``; their parents ``theme`` and
``silo`` hold whatever is in any of them.

References
----------
OAI-PMH 2.0, clauses 2.2 to 2.6; OAI Identifier Format 2.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

from metadata.codelists import THEMES
from metadata.finding import Language
from service.catalogue import Catalogue, Published
from service.messages import say
from service.oai.dates import EARLIEST, whole_second

_HOST: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+", re.ASCII)
_PARENTS: Final = {"silo": "oai.set.silo", "theme": "oai.set.theme"}
"""Set that holds others → the key of its name."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of the repository."""

    identifier: str
    """Name in the protocol."""
    datestamp: datetime
    """UTC, whole seconds."""
    sets: tuple[str, ...]
    """setSpecs of the sets that it is in, parents left out."""
    record: Published | None
    """`None`: it was deleted."""

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands in every list."""
        return self.datestamp, self.identifier

    def is_in(self, spec: str) -> bool:
        """Tell whether it is in a set, or in one below it."""
        return any(s == spec or s.startswith(f"{spec}:") for s in self.sets)


@dataclass(frozen=True, kw_only=True)
class ItemSet:
    """One set."""

    spec: str
    name: str


class Repository:
    """The items of one catalogue.

    Parameters
    ----------
    identifier_base
        The organisation's, see `metadata.stated.Organisation`.
    """

    def __init__(self, catalogue: Catalogue, identifier_base: str) -> None:
        self.catalogue = catalogue
        self.namespace = _namespace(identifier_base)
        found = [*self._published(), *self._deleted()]
        self.items = tuple(sorted(found, key=lambda item: item.place))
        self._named = {item.identifier: item for item in self.items}

    def get(self, identifier: str) -> Item | None:
        """Return an item; `None` when there never was one of that name."""
        return self._named.get(identifier)

    @property
    def has_official_names(self) -> bool:
        """Whether its names follow the OAI Identifier Format: a host with a dot."""
        return _HOST.fullmatch(self.namespace) is not None

    @property
    def earliest(self) -> datetime:
        """The earliest datestamp."""
        return self.items[0].datestamp if self.items else EARLIEST

    def sets(self, language: Language) -> Iterator[ItemSet]:
        """Yield the two parents, each before the sets in it that hold any item."""
        specs = {spec for item in self.items for spec in item.sets}
        for parent, name in _PARENTS.items():
            children = sorted(s for s in specs if s.startswith(f"{parent}:"))
            yield ItemSet(spec=parent, name=say(language, name))
            for spec in children:
                yield ItemSet(spec=spec, name=_set_name(spec, language))

    def _published(self) -> Iterator[Item]:
        for each in self.catalogue.records.values():
            yield Item(
                identifier=self._name(each.identifier),
                datestamp=whole_second(each.applied.at),
                sets=_specs(each.themes, each.silos),
                record=each,
            )

    def _deleted(self) -> Iterator[Item]:
        for each in self.catalogue.stored.buried:
            tombstone = each.tombstone
            silos = self.catalogue.silos.get(tombstone.dataset_id, ())
            yield Item(
                identifier=self._name(tombstone.record_identifier),
                datestamp=whole_second(tombstone.deleted_at),
                sets=_specs(each.themes, silos),
                record=None,
            )

    def _name(self, record_identifier: str) -> str:
        return f"oai:{self.namespace}:{quote(record_identifier, safe='')}"


def _namespace(identifier_base: str) -> str:
    host = (urlsplit(identifier_base).hostname or "localhost").lower()
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _specs(themes: tuple[str, ...], silos: tuple[str, ...]) -> tuple[str, ...]:
    """Return setSpecs; the characters that none may hold are written as ``!XX``."""
    found = [f"theme:{code}" for code in themes]
    found += [f"silo:{_segment(name)}" for name in silos]
    return tuple(sorted(found))


def _segment(name: str) -> str:
    """Write a silo's name as a part of a setSpec (clause 2.6: unreserved only)."""
    return quote(name, safe="").replace("%", "!")


def _set_name(spec: str, language: Language) -> str:
    kind, _, name = spec.partition(":")
    if kind == "theme":
        return say(language, "oai.set.one-theme", name=THEMES[name].label_in(language))
    return say(language, "oai.set.one-silo", name=name)
