"""The outlet of type `udata`: datasets pushed to data.gouv.fr, or any portal like it.

Measured on udata 17.18.0, which has no key that makes a POST safe to repeat: the
datasets of the organisation are listed first, and ours are known by an extra that holds
our identifier. A dataset that we do not want any more is archived, never deleted, and
revived when it comes back: its address there stays the same. A dataset archived or
deleted counts as absent.

Limitations: API 1 only; no upload of files; extensions of a portal are left alone.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.outlets.http import HttpClient, OutcomeUnclear, Pacing
from gateway.outlets.outlet import Change, RemoteRecord
from gateway.outlets.settings import require_settings
from gateway.outlets.udata.api import UdataApi, quoted_name
from gateway.outlets.udata.rights import require_rights
from gateway.outlets.udata.route import require_one_route
from gateway.outlets.udata.schemas import read_catalogue
from metadata.errors import OutletRefused
from metadata.finding import Finding, Severity, Text
from metadata.record import Record
from metadata.udata import (
    IDENTIFIER,
    sealed,
    understood,
    unknown_licence,
)
from metadata.udata_body import archived_body, body
from providers.configuration import OutletConfiguration
from providers.store_model import Operation

logger = logging.getLogger(__name__)

_PENDING = Text(
    "envoyé une fois, réponse perdue, et pas encore là-bas : il peut encore arriver ; "
    "la prochaine publication regarde d'abord",
    "sent once, its answer lost, and not over there yet: it may still arrive; the next "
    "publish looks first",
)


_NEEDS = Text(
    "Une sortie udata a besoin de « organisation » (identifiant ou nom "
    "court là-bas) et de « key » (clé d'API, par ${NOM}).",
    "An outlet of type udata needs “organisation” (its identifier or "
    "short name there) and “key” (API key, by ${NAME}).",
)


class UdataOutlet:
    """The datasets of one organisation on a portal."""

    batch = 1  # each is read back before the next one goes

    def __init__(
        self,
        configuration: OutletConfiguration,
        pacing: Pacing = Pacing(),  # noqa: B008  (frozen)
    ) -> None:
        require_settings(configuration, ("organisation", "key"), _NEEDS)
        self.name = configuration.name
        self._configuration = configuration
        self._client = HttpClient(
            headers={"X-API-KEY": configuration.key},
            content_type="application/json",
            timeout=configuration.timeout,
            pacing=pacing,
        )
        self._api = UdataApi(configuration.url, self._client)
        self._organisation = ""
        self._licences: frozenset[str] = frozenset()
        self._there: dict[str, dict[str, Any]] = {}
        self._contacts: dict[str, str] = {}
        self._zones: dict[str, bool] = {}
        self._listed = False
        self._refused: set[str] = set()
        self._pending: set[str] = set()

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def check(self) -> None:
        """Make sure that the key may write for the organisation, by this one way.

        Raises
        ------
        metadata.errors.OutletRefused
            It may not; or the portal harvests us already, or does not yet where
            the route is `harvest`.
        metadata.errors.OutletUnreachable
            It does not answer, or not as udata does.
        """
        given = self._configuration.organisation
        self._organisation = require_rights(self._api, given)
        licences = self._api.listed("/datasets/licenses/")
        self._licences = frozenset(str(each.get("id")) for each in licences)
        require_one_route(self._api, self._organisation, self._configuration)

    def examine(self, records: Sequence[Record]) -> Sequence[Finding]:
        """Return the licences and the data schemas that the portal does not have."""
        return (*self._unknown_licences(records), *self._unknown_schemas(records))

    def look(self, identifiers: Collection[str]) -> Mapping[str, RemoteRecord]:
        """Return those of these datasets that are live there.

        The organisation's list is read at first, and whenever one of them is not
        known: an order whose answer was lost may have made it.
        """
        wanted = set(identifiers)
        if self._listed and wanted <= self._there.keys() | self._refused:
            for identifier in wanted & self._there.keys():
                self._look_again(identifier)
        else:
            self._list(wanted)
        return {
            identifier: RemoteRecord(
                identifier=identifier,
                content=understood(found),
                sealed=sealed(found),
            )
            for identifier in identifiers
            if (found := self._there.get(identifier)) and _is_live(found)
        }

    def read_back(self, identifier: str) -> bytes | None:
        """Return one dataset as the portal has it; `None` when it has none."""
        found = self.look([identifier]).get(identifier)
        return found.content if found else None

    def apply(self, operation: Operation, changes: Sequence[Change]) -> None:
        """Create, revive, update or archive datasets."""
        for change in changes:
            there = self._there.get(change.identifier)
            if operation is not Operation.DELETE and change.record is not None:
                self._write(change.record, there)
            elif there is not None:
                moment = datetime.now(UTC).isoformat(timespec="seconds")
                self._put(there, archived_body(there, moment))

    def _write(self, record: Record, there: dict[str, Any] | None) -> None:
        content = json.loads(record.content)
        what = body(
            content,
            organisation=self._organisation,
            contact_points=[self._contact(each) for each in content["contact_points"]],
            there=there,
            knows_zones=self._knows(content.get("zones") or ()),
        )
        if there is not None:
            self._put(there, {**what, "deleted": None})
            return
        self._there[record.identifier] = self._post(record.identifier, what)

    def _knows(self, zones: Sequence[str]) -> bool:
        """Tell whether the portal knows all of these territories."""
        names = ",".join(map(quoted_name, zones))
        if names not in self._zones:
            found = self._api.get(f"/spatial/zones/{names}/") if zones else None
            self._zones[names] = found is not None
        return self._zones[names]

    def _post(self, identifier: str, what: Mapping[str, Any]) -> dict[str, Any]:
        """Make a dataset; never twice in one run unless the first was not heard."""
        if identifier in self._pending:
            raise OutcomeUnclear(_PENDING)
        try:
            return self._api.send("POST", "/datasets/", what)
        except OutletRefused:
            self._refused.add(identifier)
            raise
        except OutcomeUnclear as error:
            if not error.unheard:
                self._pending.add(identifier)
            raise

    def _put(self, there: Mapping[str, Any], what: Mapping[str, Any]) -> None:
        self._api.send("PUT", f"/datasets/{there['id']}/", what)

    def _contact(self, contact: Mapping[str, Any]) -> str:
        """Return the identifier of a contact point, made where there is none.

        The portal gives back the one that says the same, so that to ask twice
        makes no second one.
        """
        said = {name: value for name, value in contact.items() if value}
        key = json.dumps(said, sort_keys=True)
        if key not in self._contacts:
            what = {**said, "organization": self._organisation}
            found = self._api.send("POST", "/contacts/", what)
            self._contacts[key] = str(found["id"])
        return self._contacts[key]

    def _look_again(self, identifier: str) -> None:
        """Read one dataset anew."""
        before = self._there[identifier]
        found = self._api.get(f"/datasets/{before['id']}/")
        if found is None:
            self._there[identifier] = {
                **before,
                "deleted": before.get("deleted") or "?",
            }
        else:
            self._there[identifier] = found

    def _list(self, wanted: Collection[str]) -> None:
        """Read every dataset of the organisation; keep those that are ours.

        Raises
        ------
        metadata.errors.OutletRefused
            One of ours is there twice, or harvested.
        """
        self._there, self._refused = {}, set()
        for found in self._api.pages("/datasets/", organization=self._organisation):
            self._refuse_harvested(found, wanted)
            identifier = (found.get("extras") or {}).get(IDENTIFIER)
            before = self._there.get(identifier) if identifier else None
            if before and _is_live(before) and _is_live(found):
                raise _twice(identifier, before, found)
            if identifier and (before is None or _is_live(found)):
                self._there[identifier] = found
        self._listed = True

    def _refuse_harvested(
        self, found: Mapping[str, Any], wanted: Collection[str]
    ) -> None:
        harvest = found.get("harvest") or {}
        names = {harvest.get(name) for name in ("uri", "remote_id", "dct_identifier")}
        pushed = self._configuration.route == "push"
        if pushed and _is_live(found) and names & set(wanted):
            where = found.get("page") or found.get("id")
            raise OutletRefused(
                Text(
                    f"{where} est moissonné de chez nous ; l'envoyer aussi le "
                    "montrerait deux fois. Rien n'est envoyé.",
                    f"{where} is harvested from us; to send it too would show it "
                    "twice. Nothing is sent.",
                ),
                hint=Text(
                    "Gardez une seule voie : « route: harvest » dans la sortie, ou "
                    "archivez là-bas les jeux moissonnés.",
                    "Keep one way only: “route: harvest” in the outlet, or archive "
                    "the harvested datasets over there.",
                ),
            )

    def _unknown_licences(self, records: Sequence[Record]) -> Iterator[Finding]:
        for record in records:
            licence = unknown_licence(json.loads(record.content), self._licences)
            if licence:
                yield Finding(
                    severity=Severity.ERROR,
                    code="outlet.licence-unknown",
                    subject=record.dataset_id,
                    element="licence",
                    reason=Text(
                        f"{self.name} ne connaît pas la licence « {licence} » et "
                        "montrerait le jeu sans licence : il n'est pas envoyé.",
                        f"{self.name} does not know the licence “{licence}” and would "
                        "show the dataset without any: it is not sent.",
                    ),
                    hint=Text(
                        "Choisissez une autre licence, ou demandez au portail "
                        "d'ajouter celle-ci.",
                        "Choose another licence, or ask the portal to add this one.",
                    ),
                )

    def _unknown_schemas(self, records: Sequence[Record]) -> Iterator[Finding]:
        """Yield what is wrong with schemas; where there is any, the portal is asked."""
        stated = {each.dataset_id: json.loads(each.content) for each in records}
        with_schema = {
            dataset_id: content
            for dataset_id, content in stated.items()
            if any("schema" in resource for resource in content["resources"])
        }
        if with_schema:
            catalogue = read_catalogue(self._api)
            for dataset_id, content in with_schema.items():
                yield from catalogue.findings(dataset_id, content)


def _is_live(dataset: Mapping[str, Any]) -> bool:
    return not dataset.get("archived") and not dataset.get("deleted")


def _twice(
    identifier: object, one: Mapping[str, Any], other: Mapping[str, Any]
) -> OutletRefused:
    pages = " ; ".join(str(each.get("page") or each["id"]) for each in (one, other))
    return OutletRefused(
        Text(
            f"{identifier} est là-bas deux fois : {pages}. Rien n'est envoyé.",
            f"{identifier} is over there twice: {pages}. Nothing is sent.",
        ),
        hint=Text("Archivez l'un des deux.", "Archive one of the two."),
    )
