"""The outlet of type `geonetwork`: records put into GeoNetwork 4 by its API.

A record's uuid there is our fileIdentifier, so that nothing can be there twice: a
record that is new is sent with ``uuidProcessing=NOTHING``, which GeoNetwork refuses
when there is one, and a record that is known with ``OVERWRITE``. Both are read back.

Taken from the source of core-geonetwork 4.x (``MetadataInsertDeleteApi``,
``Importer``); see docs/geonetwork.md for what was tried and what was not.

Limitations: HTTP Basic; where the workflow of approval is on, an update becomes a
working copy, and is reported as not arrived until somebody approves it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from gateway.outlets.geonetwork.answers import (
    is_absent,
    record_in,
    refused,
    require_done,
    senseless,
)
from gateway.outlets.geonetwork.session import TURNED_AWAY, GeoNetworkSession
from gateway.outlets.geonetwork.several import confirmed, in_parcels
from gateway.outlets.geonetwork.spelling import in_our_spelling
from gateway.outlets.http import (
    Answer,
    HttpClient,
    LoginRefused,
    OutcomeUnclear,
    Pacing,
    shown,
)
from gateway.outlets.outlet import Change, RemoteRecord
from gateway.outlets.settings import require_settings
from metadata.errors import ConfigurationError, OutletUnreachable
from metadata.finding import Finding, Text
from metadata.record import Record
from metadata.xml import NAMESPACES
from providers.configuration import OutletConfiguration
from providers.store_model import Operation

logger = logging.getLogger(__name__)

_WRITERS = frozenset({"Administrator", "UserAdmin", "Reviewer", "Editor"})
_GROUPS = ("groupsWithEditor", "groupsWithReviewer", "groupsWithUserAdmin")
_REFUSALS = frozenset({400, 409, 413, 415, 422})
_HIDDEN = b"<hidden><access>HTTP 403</access></hidden>"
"""Stands for a record that is there and that we may not see."""
_UUID_PROCESSING = {Operation.CREATE: "NOTHING", Operation.UPDATE: "OVERWRITE"}


class GeoNetworkOutlet:
    """The records of one GeoNetwork."""

    batch = 1  # each is read back before the next one goes

    def __init__(
        self,
        configuration: OutletConfiguration,
        pacing: Pacing = Pacing(),  # noqa: B008  (frozen)
    ) -> None:
        _require_settings(configuration)
        self.name = configuration.name
        self._group = configuration.group
        self._client = HttpClient(
            user=configuration.user,
            password=configuration.password,
            timeout=configuration.timeout,
            pacing=pacing,
        )
        self._session = GeoNetworkSession(configuration.url, self._client)
        self._meant: Mapping[str, str] = {}

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def check(self) -> None:
        """Make sure that the account may write, in the group if one is given.

        Raises
        ------
        metadata.errors.OutletRefused
            It may not.
        metadata.errors.OutletUnreachable
            It does not answer, or not as GeoNetwork does.
        """
        me = self._session.login()
        if me.get("profile") not in _WRITERS:
            raise self._no_editor(str(me.get("profile")))
        if self._group and not _may_write_in(me, self._group):
            raise self._no_editor(f"groupe/group {self._group}")

    def examine(self, records: Sequence[Record]) -> Sequence[Finding]:
        """Return nothing: it takes every ISO record.

        What is meant is kept in mind: of records that are so already, many are looked
        at in one request.
        """
        self._meant = {each.identifier: each.fingerprint for each in records}
        return ()

    def look(self, identifiers: Collection[str]) -> Mapping[str, RemoteRecord]:
        """Return those of these records that the catalogue has."""
        names = tuple(dict.fromkeys(identifiers))
        found = self._as_meant(names) if len(names) > 1 else {}
        for name in names:
            each = found.get(name) or self._look_for(name)
            if each is not None:
                found[name] = each
        return found

    def read_back(self, identifier: str) -> bytes | None:
        """Return one record as the catalogue has it; `None` when it has none."""
        found = self._look_for(identifier)
        return found.content if found else None

    def apply(self, operation: Operation, changes: Sequence[Change]) -> None:
        """Put or delete records, each on its own."""
        for change in changes:
            if operation is Operation.DELETE:
                self._delete(change.identifier)
            elif change.record is not None:
                self._put(_UUID_PROCESSING[operation], change.record)

    def _as_meant(self, names: Collection[str]) -> dict[str, RemoteRecord]:
        """Return the records that a few requests find to be as they are meant."""
        found: dict[str, RemoteRecord] = {}
        for some in in_parcels(name for name in names if name in self._meant):
            try:
                answer = self._session.records(some)
            except OutletUnreachable as error:
                logger.info("%s: asked record by record (%s)", self.name, error)
                break
            found.update(confirmed(answer, self._meant))
        return found

    def _look_for(self, identifier: str) -> RemoteRecord | None:
        answer = self._session.record(identifier)
        if answer.status in TURNED_AWAY:
            self._session.login()
            answer = self._session.record(identifier)
        if answer.status in TURNED_AWAY:
            return RemoteRecord(identifier=identifier, content=_HIDDEN)
        if is_absent(answer):
            return None
        url = f"{self._session.root}/records/{identifier}"
        root = record_in(url, answer)
        path = "gmd:fileIdentifier/gco:CharacterString"
        if root.findtext(path, identifier, NAMESPACES).strip() != identifier:
            raise senseless(url, answer)
        return RemoteRecord(identifier=identifier, content=in_our_spelling(root))

    def _put(self, processing: str, record: Record) -> None:
        query = {
            "metadataType": "METADATA",
            "uuidProcessing": processing,
            "publishToAll": "true",
            "rejectIfInvalid": "false",
            "transformWith": "_none_",
            **({"group": self._group} if self._group else {}),
        }
        answer = self._session.order(
            "PUT", "/records", query, body=record.content, readable=_REFUSALS
        )
        url = f"{self._session.root}/records"
        self._require_accepted(url, answer)
        require_done(url, answer)

    def _delete(self, identifier: str) -> None:
        path = f"/records/{quote(identifier, safe='')}"
        answer = self._session.order(
            "DELETE", path, {"withBackup": "false"}, readable={*_REFUSALS, 404}
        )
        url = self._session.root + path
        if is_absent(answer):
            return
        self._require_accepted(url, answer)
        if answer.status not in {200, 204} or answer.content.strip():
            problem = senseless(url, answer)
            raise OutcomeUnclear(problem.text, hint=problem.remedy)

    def _require_accepted(self, url: str, answer: Answer) -> None:
        """Refuse what was refused: of this record only, since the login counts.

        Raises
        ------
        metadata.errors.OutletRefused
            It was, or the account writes no more.
        """
        if answer.status in TURNED_AWAY:
            self.check()
        if answer.status in _REFUSALS | TURNED_AWAY:
            raise refused(url, answer)

    def _no_editor(self, found: str) -> LoginRefused:
        where = shown(self._session.root)
        return LoginRefused(
            Text(
                f"{where} : ce compte n'y est pas éditeur ({found}).",
                f"{where}: this account is no editor there ({found}).",
            ),
            hint=Text(
                "Demandez à l'administrateur du catalogue le profil « Editor » (ou "
                "« Reviewer ») dans le groupe ; « group » est le numéro du groupe.",
                "Ask the catalogue's administrator for the profile “Editor” (or "
                "“Reviewer”) in the group; “group” is the number of the group.",
            ),
        )


def _may_write_in(me: Mapping[str, Any], group: str) -> bool:
    if me.get("profile") == "Administrator":
        return True
    return any(group in map(str, me.get(name) or ()) for name in _GROUPS)


def _require_settings(configuration: OutletConfiguration) -> None:
    """Refuse an outlet without a user, or whose group is no number.

    Raises
    ------
    metadata.errors.ConfigurationError
        One of them is not as it must be.
    """
    require_settings(
        configuration,
        ("user",),
        Text(
            "Une sortie geonetwork a besoin de « user » et de « password ».",
            "An outlet of type geonetwork needs “user” and “password”.",
        ),
    )
    place = f"outlets.{configuration.name}"
    if configuration.group and not configuration.group.isdecimal():
        given = configuration.group
        raise ConfigurationError(
            Text(
                f"{place}.group : « {given} » n'est pas un nombre.",
                f"{place}.group: “{given}” is no number.",
            ),
            hint=Text(
                "C'est le numéro du groupe, que montre …/srv/api/groups.",
                "It is the number of the group, which …/srv/api/groups shows.",
            ),
        )
