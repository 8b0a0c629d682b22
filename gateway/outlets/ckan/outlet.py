"""The outlet of type `ckan`: datasets pushed to a portal that runs CKAN.

Only an administrator of CKAN may choose the identifier of a dataset, but everybody its
name, which is unique on the whole portal: ours is made of our identifier, so that to
create twice makes no second dataset. The datasets of the organisation are listed first,
in a few requests; from then on each is looked at by its name, in the database and not
in the search index. A dataset that we do not want any more is deleted as CKAN means it:
it stays in the bin under its name, and is revived under its address.

Measured on CKAN 2.11.6. Limitations: no upload of files; extras are sent as extras, not
as the fields of a schema of ckanext-scheming.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from gateway.outlets.ckan.api import CkanApi, NotOurs
from gateway.outlets.ckan.rights import require_organisation, require_version
from gateway.outlets.http import HttpClient
from gateway.outlets.outlet import Change, RemoteRecord
from gateway.outlets.pacing import Pacing
from gateway.outlets.settings import require_settings
from metadata.ckan import (
    FINGERPRINT,
    extras_of,
    package_name,
    portal_licence,
    sealed,
    understood,
)
from metadata.ckan_body import body
from metadata.errors import OutletRefused
from metadata.finding import Finding, Severity, Text
from metadata.record import Record, fingerprint
from providers.configuration import OutletConfiguration
from providers.store_model import Operation

_Dataset = dict[str, Any]


_NEEDS = Text(
    "Une sortie ckan a besoin de « organisation » (son nom là-bas) et "
    "de « key » (jeton d'API, par ${NOM}).",
    "An outlet of type ckan needs “organisation” (its name there) and "
    "“key” (API token, by ${NAME}).",
)


class CkanOutlet:
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
            headers={"Authorization": configuration.key},
            content_type="application/json",
            timeout=configuration.timeout,
            pacing=pacing,
        )
        self._api = CkanApi(configuration.url, self._client)
        self._organisation = ""
        self._licences: frozenset[str] = frozenset()
        self._there: dict[str, _Dataset] = {}
        self._listed = False

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def check(self) -> None:
        """Make sure that it is a CKAN, and the key may write for the organisation.

        Raises
        ------
        metadata.errors.OutletRefused
            It may not, or the portal is too old.
        metadata.errors.OutletUnreachable
            It does not answer, or not as CKAN does.
        """
        require_version(self._api)
        given = self._configuration.organisation
        self._organisation = require_organisation(self._api, given)
        known = self._api.objects("license_list")
        self._licences = frozenset(str(each.get("id")) for each in known)

    def examine(self, records: Sequence[Record]) -> Sequence[Finding]:
        """Return the licences that the portal does not have."""
        return tuple(
            self._unknown_licence(record, licence)
            for record in records
            if (licence := json.loads(record.content)["license"])
            and not portal_licence(licence, self._licences)
        )

    def look(self, identifiers: Collection[str]) -> Mapping[str, RemoteRecord]:
        """Return those of these datasets that are live there.

        The organisation's list is read once; later, each is asked for by its name.
        """
        if not self._listed:
            self._list(identifiers)
        else:
            for identifier in identifiers:
                self._remember(identifier, self._live(self._show(identifier)))
        return {
            identifier: RemoteRecord(
                identifier=identifier,
                content=understood(found),
                sealed=sealed(found),
            )
            for identifier in identifiers
            if (found := self._there.get(identifier))
        }

    def read_back(self, identifier: str) -> bytes | None:
        """Return one dataset as the portal has it; `None` when it has none."""
        found = self.look([identifier]).get(identifier)
        return found.content if found else None

    def apply(self, operation: Operation, changes: Sequence[Change]) -> None:
        """Create, revive, update or delete datasets."""
        for change in changes:
            there = self._show(change.identifier)
            if operation is not Operation.DELETE and change.record is not None:
                self._write(change.record, there)
            elif (live := self._live(there)) is not None:
                self._api.send("package_delete", {"id": live["id"]})

    def _write(self, record: Record, there: _Dataset | None) -> None:
        """Make a dataset, or put ours in the place of what we saw.

        Raises
        ------
        metadata.errors.OutletRefused
            What is there now is another organisation's, or not what was seen.
        """
        self._require_ours(there)
        self._require_unchanged(record.identifier, self._live(there))
        content = json.loads(record.content)
        what = body(
            content,
            organisation=self._organisation,
            licence=portal_licence(content["license"] or "", self._licences),
            there=there,
        )
        self._api.send("package_update" if there else "package_create", what)

    def _show(self, identifier: str) -> _Dataset | None:
        """Return a dataset as the database has it, deleted or not.

        One that an editor gave another name is still found by its identifier.
        """
        before = self._there.get(identifier)
        reference = str(before["id"]) if before else package_name(identifier)
        try:
            return self._api.one("package_show", id=reference)
        except NotOurs:
            return None

    def _live(self, dataset: _Dataset | None) -> _Dataset | None:
        """Return a dataset that is ours and not deleted; `None`: it is not."""
        if dataset is None or dataset.get("state") == "deleted":
            return None
        return dataset if self._is_ours(dataset) else None

    def _is_ours(self, dataset: Mapping[str, Any]) -> bool:
        return bool(dataset.get("owner_org") == self._organisation)

    def _remember(self, identifier: str, found: _Dataset | None) -> None:
        self._there.pop(identifier, None)
        if found is not None:
            self._there[identifier] = found

    def _list(self, wanted: Collection[str]) -> None:
        """Read every dataset of the organisation; keep those that are ours.

        Raises
        ------
        metadata.errors.OutletRefused
            One of ours is harvested.
        """
        names = {package_name(identifier): identifier for identifier in wanted}
        for found in self._api.datasets(self._organisation):
            said = extras_of(found)
            identifier = names.get(str(found.get("name")))
            renamed = said.get("uri", "")
            if identifier:
                self._there[identifier] = found
            elif FINGERPRINT in said:
                self._there.setdefault(renamed, found)
            else:
                self._refuse_harvested(found, {renamed, said.get("identifier")}, wanted)
        self._listed = True

    def _refuse_harvested(
        self,
        found: Mapping[str, Any],
        named: Collection[str | None],
        wanted: Collection[str],
    ) -> None:
        if self._configuration.route != "push" or not set(named) & set(wanted):
            return
        where = self._page(found)
        raise OutletRefused(
            Text(
                f"{where} est moissonné de chez nous ; l'envoyer aussi le montrerait "
                "deux fois. Rien n'est envoyé.",
                f"{where} is harvested from us; to send it too would show it twice. "
                "Nothing is sent.",
            ),
            hint=Text(
                "Gardez une seule voie : « route: harvest » dans la sortie, ou "
                "supprimez là-bas les jeux moissonnés.",
                "Keep one way only: “route: harvest” in the outlet, or delete the "
                "harvested datasets over there.",
            ),
        )

    def _require_ours(self, there: _Dataset | None) -> None:
        if there is None or self._is_ours(there):
            return
        owner = (there.get("organization") or {}).get("title") or "?"
        where = self._page(there)
        raise OutletRefused(
            Text(
                f"{where} est à une autre organisation ({owner}) ; il est laissé.",
                f"{where} is another organisation's ({owner}); it is left alone.",
            )
        )

    def _require_unchanged(self, identifier: str, there: _Dataset | None) -> None:
        """Refuse what would undo an edit that was made since we looked."""
        before = self._there.get(identifier)
        if there is None or (before and _measure(before) == _measure(there)):
            return
        if before is None and sealed(there):
            return
        where = self._page(there)
        raise OutletRefused(
            Text(
                f"{where} a changé depuis la lecture de la liste du portail, ou son "
                "index de recherche est en retard ; il est laissé.",
                f"{where} has changed since the portal's list was read, or its search "
                "index lags behind; it is left alone.",
            )
        )

    def _page(self, dataset: Mapping[str, Any]) -> str:
        return f"{self._api.site}/dataset/{dataset.get('name')}"

    def _unknown_licence(self, record: Record, licence: str) -> Finding:
        return Finding(
            severity=Severity.ERROR,
            code="outlet.licence-unknown",
            subject=record.dataset_id,
            element="licence",
            reason=Text(
                f"{self.name} ne connaît pas la licence « {licence} » et la montrerait "
                "sans titre ni adresse : le jeu n'est pas envoyé.",
                f"{self.name} does not know the licence “{licence}” and would show it "
                "without a title or an address: the dataset is not sent.",
            ),
            hint=Text(
                "Choisissez une autre licence, ou demandez au portail d'ajouter "
                "celle-ci (licenses_group_url).",
                "Choose another licence, or ask the portal to add this one "
                "(licenses_group_url).",
            ),
        )


def _measure(dataset: Mapping[str, Any]) -> str:
    return fingerprint(understood(dataset))
