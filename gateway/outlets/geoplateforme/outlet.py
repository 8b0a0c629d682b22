"""The outlet of type `geoplateforme`: metadata put into a datastore and published.

A metadata there has two lives: the file in the datastore, which its members see, and
what a catalogue (an endpoint) shows of it. Only a file that is in our catalogue counts
as there; a file that is in none is on its way in or out, and is ours to finish. The
file identifier is unique on the whole platform, so that nothing can be there twice.

Taken from what is published of the API Entrepôt; see docs/geoplateforme.md for what was
tried and what was not.

Limitations: no data are uploaded, no service is configured; records of services are
the platform's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from lxml import etree

from gateway.outlets.geoplateforme.api import EntrepotApi
from gateway.outlets.geoplateforme.catalogue import require_catalogue
from gateway.outlets.geoplateforme.token import Tokens
from gateway.outlets.http import HttpClient, OutcomeUnclear, Pacing, shown
from gateway.outlets.outlet import Change, OrderPending, RemoteRecord
from gateway.outlets.settings import require_settings
from metadata.errors import ConfigurationError, OutletRefused, OutletUnreachable
from metadata.finding import Finding, Text
from metadata.record import Record
from metadata.xml import NAMESPACES, MalformedXml, parse
from providers.configuration import OutletConfiguration
from providers.store_model import Operation

FEW = 3
"""As many records are asked for one by one; for more, the whole list is read."""
WAITS = (0.0, 1.0, 1.0, 2.0, 3.0, 5.0)
"""Seconds before each look whether an order has taken effect."""
PATIENCE = 300.0
"""Seconds that one run waits for the platform in all; then it looks only once."""


_NEEDS = Text(
    "Une sortie geoplateforme a besoin de « datastore » (identifiant de l'entrepôt), "
    "de « client », et de « key » (son secret) ou de « user » et « password ».",
    "An outlet of type geoplateforme needs “datastore” (identifier of the entrepôt), "
    "“client”, and “key” (its secret) or “user” and “password”.",
)


class GeoplateformeOutlet:
    """The metadata of one datastore, in one catalogue."""

    batch = 1  # each is read back before the next one goes

    def __init__(
        self,
        configuration: OutletConfiguration,
        pacing: Pacing = Pacing(),  # noqa: B008  (frozen)
    ) -> None:
        _require_settings(configuration)
        self.name = configuration.name
        self._wanted_endpoint = configuration.endpoint
        self._attributes: dict[str, Any] = {
            "type": "INSPIRE" if configuration.inspire else "ISOAP",
            "open_data": configuration.open_data,
        }
        self._pacing = pacing
        self._client = HttpClient(timeout=configuration.timeout, pacing=pacing)
        tokens = Tokens(configuration, self._client, pacing)
        self._api = EntrepotApi(
            configuration.url, configuration.datastore, self._client, tokens
        )
        self._endpoint = ""
        self._there: dict[str, dict[str, Any]] = {}
        self._former: dict[str, str] = {}
        """Fingerprint of each file as it was when we looked."""
        self._waited = 0.0

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def check(self) -> None:
        """Make sure that there is the datastore, and one catalogue to publish to.

        Raises
        ------
        metadata.errors.OutletRefused
            There is not, or it is not ours.
        metadata.errors.OutletUnreachable
            It does not answer, or not as the API Entrepôt does.
        """
        datastore = self._api.datastore()
        where = shown(self._api.root)
        self._endpoint = require_catalogue(where, datastore, self._wanted_endpoint)

    def examine(self, records: Sequence[Record]) -> Sequence[Finding]:
        """Return nothing: it takes every record of data."""
        del records
        return ()

    def look(self, identifiers: Collection[str]) -> Mapping[str, RemoteRecord]:
        """Return those of these records that the datastore has."""
        wanted = set(identifiers)
        self._there = {
            **{i: known for i, known in self._there.items() if i not in wanted},
            **self._listed(wanted),
        }
        found = {i: self._remote(i) for i in dict.fromkeys(identifiers)}
        return {i: each for i, each in found.items() if each is not None}

    def read_back(self, identifier: str) -> bytes | None:
        """Return one record as the datastore has it; `None` when it has none."""
        found = self.look([identifier]).get(identifier)
        return found.content if found else None

    def apply(self, operation: Operation, changes: Sequence[Change]) -> None:
        """Upload and publish records, or take them out and delete them."""
        for change in changes:
            if operation is Operation.DELETE:
                self._delete(change.identifier)
            elif change.record is not None:
                self._put(change.record)

    def _put(self, record: Record) -> None:
        """Bring the file, then its attributes, then the catalogue to what is meant."""
        name = record.identifier
        there = self._there.get(name)
        if there is None:
            there = self._upload(record)
        else:
            self._api.replace(_id(there), name, record.content)
            self._await_file(_id(there), record)
        changed = self._differing(there)
        if changed:
            self._api.change(_id(there), self._attributes)
        if changed or self._endpoint not in _endpoints(there):
            self._publish(name)

    def _upload(self, record: Record) -> dict[str, Any]:
        """Make a new metadata; a lost answer is made good by looking."""
        name = record.identifier
        unclear: OutcomeUnclear | None = None
        try:
            self._api.upload(name, record.content, self._attributes)
        except OutcomeUnclear as error:
            unclear = error
        for _ in self._looks() if unclear is None else (0,):
            self._there.update(self._listed({name}))
            if name in self._there:
                return self._there[name]
        raise unclear or self._unprocessed(name)

    def _await_file(self, metadata: str, record: Record) -> None:
        """Wait until the file is not the former one any more.

        Raises
        ------
        gateway.outlets.outlet.OrderPending
            It still is, or there is none.
        """
        name = record.identifier
        for _ in self._looks():
            content = self._api.file(metadata)
            if content is None:
                continue
            self._record(name, content)
            found = _fingerprint(name, content)
            if found == record.fingerprint or found != self._former.get(name):
                return
        raise self._unprocessed(name)

    def _publish(self, name: str) -> None:
        """Publish; a lost answer is made good by looking and publishing again."""
        unclear: OutcomeUnclear | None = None
        for _ in range(2):
            try:
                self._api.publish(name, self._endpoint)
            except OutcomeUnclear as error:
                unclear = error
            if self._becomes(name, published=True):
                return
        raise unclear or self._unprocessed(name)

    def _delete(self, name: str) -> None:
        there = self._there.get(name)
        if there is None:
            return
        for endpoint in _endpoints(there):
            self._api.unpublish(name, endpoint)
        if _endpoints(there) and not self._becomes(name, published=False):
            raise self._unprocessed(name)
        self._api.delete(_id(there))
        if all(name in self._listed({name}) for _ in self._looks()):
            raise self._unprocessed(name)

    def _becomes(self, name: str, *, published: bool) -> bool:
        """Wait until a metadata is in our catalogue, or in none; tell whether it is."""
        for _ in self._looks():
            found = self._listed({name}).get(name)
            endpoints = _endpoints(found) if found else ()
            if (self._endpoint in endpoints) if published else not endpoints:
                return True
        return False

    def _looks(self) -> Iterator[int]:
        """Yield as often as it is worth looking, and wait in between."""
        for number, pause in enumerate(WAITS):
            if pause and self._waited >= PATIENCE:
                return
            if pause:
                self._pacing.sleep(pause)
                self._waited += pause
            yield number

    def _listed(self, wanted: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return the metadata of these file identifiers, in full.

        Raises
        ------
        metadata.errors.OutletRefused
            There are two of one file identifier, which the platform forbids.
        """
        found: dict[str, dict[str, Any]] = {}
        for each in self._candidates(wanted):
            name = str(each.get("file_identifier"))
            if name not in wanted or not each.get("_id"):
                continue
            before = found.get(name)
            if before and _id(before) != _id(each):
                raise self._twice(name)
            found[name] = each
        full = {name: self._in_full(each) for name, each in found.items()}
        return {name: each for name, each in full.items() if each is not None}

    def _candidates(self, wanted: Collection[str]) -> Iterator[dict[str, Any]]:
        """Yield metadata among which those wanted are."""
        if len(wanted) > FEW:
            yield from self._api.metadata()
            return
        for name in sorted(wanted):
            yield from self._api.metadata(file_identifier=name)

    def _in_full(self, listed: dict[str, Any]) -> dict[str, Any] | None:
        """Return a metadata with what a list may leave out."""
        if listed.keys() >= {"endpoints", "type", "open_data"}:
            return listed
        found = self._api.one(_id(listed))
        return None if found is None else {**listed, **found}

    def _remote(self, name: str) -> RemoteRecord | None:
        there = self._there.get(name)
        content = self._api.file(_id(there)) if there else None
        if there is None or content is None:
            return None
        root = self._record(name, content)
        self._former[name] = _fingerprint(name, content)
        if self._endpoint not in _endpoints(there):
            shell = _wrapped("unpublished", {}, root)
            return RemoteRecord(identifier=name, content=shell, sealed=True)
        differing = self._differing(there)
        if differing:
            content = _wrapped("attributes", differing, root)
        return RemoteRecord(identifier=name, content=content)

    def _record(self, name: str, content: bytes) -> etree._Element:
        """Return the record of a file.

        Raises
        ------
        metadata.errors.OutletUnreachable
            It is another, or none: it is not what the platform keeps.
        """
        try:
            root = parse(content)
        except MalformedXml:
            root = etree.Element("none")
        path = "gmd:fileIdentifier/gco:CharacterString"
        if root.findtext(path, "", NAMESPACES).strip() == name:
            return root
        where = shown(self._api.root)
        raise OutletUnreachable(
            Text(
                f"{where} : le fichier de {name} n'est pas une fiche de ce nom.",
                f"{where}: the file of {name} is no record of that name.",
            )
        )

    def _differing(self, there: Mapping[str, Any]) -> dict[str, str]:
        """Return the attributes that are there and not as we mean them."""
        return {
            name: str(there[name]).lower()
            for name, meant in self._attributes.items()
            if name in there and there[name] != meant
        }

    def _twice(self, name: str) -> OutletRefused:
        where = shown(self._api.root)
        return OutletRefused(
            Text(
                f"{where} : {name} y est deux fois. Rien n'est envoyé.",
                f"{where}: {name} is there twice. Nothing is sent.",
            ),
            hint=Text("Supprimez l'une des deux.", "Delete one of the two."),
        )

    def _unprocessed(self, name: str) -> OrderPending:
        where = shown(self._api.root)
        return OrderPending(
            Text(
                f"{where} : {name} accepté, mais pas encore traité ; le prochain "
                "publish regarde ce qui y est.",
                f"{where}: {name} accepted, but not processed yet; the next publish "
                "looks at what is there.",
            )
        )


def _fingerprint(name: str, content: bytes) -> str:
    return RemoteRecord(identifier=name, content=content).fingerprint


def _id(metadata: Mapping[str, Any]) -> str:
    return str(metadata["_id"])


def _endpoints(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the identifiers of the catalogues that a metadata is in."""
    listed = metadata.get("endpoints") or ()
    return tuple(str(each.get("_id")) for each in listed if isinstance(each, dict))


def _wrapped(name: str, attributes: Mapping[str, str], record: etree._Element) -> bytes:
    """Return a document that says what is the matter with a record, and holds it.

    Each attribute is an element, so that a conflict shows it as a field. The date
    stamp, which differs for no reason of theirs, is left out.
    """
    for stamp in record.findall("gmd:dateStamp", NAMESPACES):
        record.remove(stamp)
    shell = etree.Element(name)
    for attribute, value in attributes.items():
        etree.SubElement(shell, attribute).text = value
    shell.append(record)
    return bytes(etree.tostring(shell, encoding="UTF-8"))


def _require_settings(configuration: OutletConfiguration) -> None:
    """Refuse an outlet without datastore or login, or that asks for services.

    Raises
    ------
    metadata.errors.ConfigurationError
        One of them is not as it must be.
    """
    login = () if configuration.user else ("key",)
    require_settings(configuration, ("datastore", "client", *login), _NEEDS)
    place = f"outlets.{configuration.name}.services"
    if configuration.services:
        raise ConfigurationError(
            Text(
                f"{place} : la Géoplateforme ne prend pas de fiches de services.",
                f"{place}: the Géoplateforme takes no records of services.",
            ),
            hint=Text("Retirez la ligne.", "Remove the line."),
        )
