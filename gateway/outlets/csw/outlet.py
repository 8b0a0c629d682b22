"""The CSW-T outlet: transactions of OGC Catalogue Services 2.0.2.

References: OGC 07-006r1 (10.9 GetRecordById, 10.11 Transaction), 07-045 (ISO
metadata application profile). Measured on pycsw 2.6.2:

- an insert of a record that is there is an exception report inside HTTP 200;
- an update of one that is not there changes nothing and is no error;
- a bad record ends its transaction, and what came before it stays;
- a delete takes along every record that names the deleted one as its parent.

So totals are compared with what was sent, a delete that would take others along
is refused by us, and the caller looks after each transaction.

Limitations: HTTP Basic only; no Harvest; only ISO 19139 records.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree
from owslib.ows import OWS_NAMESPACE_1_0_0, OperationsMetadata

from gateway.outlets.csw.answers import (
    Expected,
    matched_in,
    read_answer,
    records_in,
    total_of,
)
from gateway.outlets.csw.requests import (
    CAPABILITIES,
    count_children_request,
    delete_request,
    get_records_by_id_request,
    insert_request,
    update_request,
)
from gateway.outlets.http import HttpClient, OutcomeUnclear, Pacing, shown
from gateway.outlets.outlet import Change, RemoteRecord
from metadata.errors import OutletRefused, OutletUnreachable
from metadata.finding import Finding, Text
from metadata.record import Record
from metadata.xml import NAMESPACES
from providers.configuration import OutletConfiguration
from providers.store_model import Operation

logger = logging.getLogger(__name__)

LOOK = 50
"""Records asked for in one request."""


class CswOutlet:
    """A catalogue that takes CSW transactions."""

    def __init__(
        self,
        configuration: OutletConfiguration,
        pacing: Pacing = Pacing(),  # noqa: B008  (frozen)
    ) -> None:
        self.name = configuration.name
        self.batch = max(1, configuration.batch)
        self._url = configuration.url
        self._transaction_url = configuration.url
        self._client = HttpClient(
            user=configuration.user,
            password=configuration.password,
            timeout=configuration.timeout,
            pacing=pacing,
        )

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def check(self) -> None:
        """Make sure that it is a CSW and offers transactions.

        Raises
        ------
        metadata.errors.OutletRefused
            It offers none: it is read-only, at least for us.
        metadata.errors.OutletUnreachable
            It does not answer, or not as a CSW.
        """
        answer = self._client.ask(self._url, query=CAPABILITIES)
        root = read_answer(answer, Expected(self._url, "csw:Capabilities"))
        addresses = _transaction_addresses(root)
        if addresses is None:
            raise self._read_only()
        # elsewhere than where the person said, our login must not go
        self._transaction_url = next(
            (a for a in addresses if _origin(a) == _origin(self._url)), self._url
        )

    def examine(self, records: Sequence[Record]) -> Sequence[Finding]:
        """Return nothing: it takes every ISO record."""
        del records
        return ()

    def look(self, identifiers: Collection[str]) -> Mapping[str, RemoteRecord]:
        """Return those of these records that the catalogue has."""
        found: dict[str, RemoteRecord] = {}
        rest = iter(dict.fromkeys(identifiers))
        while some := tuple(islice(rest, LOOK)):
            answer = self._client.ask(self._url, body=get_records_by_id_request(some))
            expected = Expected(self._url, "csw:GetRecordByIdResponse")
            records = records_in(read_answer(answer, expected))
            found.update((i, r) for i, r in records.items() if i in some)
        return found

    def read_back(self, identifier: str) -> bytes | None:
        """Return one record as the catalogue has it; `None` when it has none."""
        found = self.look([identifier]).get(identifier)
        return found.content if found else None

    def apply(self, operation: Operation, changes: Sequence[Change]) -> None:
        """Send one transaction for all of these records, and check its totals."""
        if operation is Operation.DELETE:
            self._spare_children([change.identifier for change in changes])
        url = self._transaction_url
        answer = self._client.tell(url, _transaction(operation, changes))
        try:
            root = read_answer(answer, Expected(url, "csw:TransactionResponse"))
        except OutletUnreachable as error:
            raise OutcomeUnclear(error.text, hint=error.remedy) from error
        total = total_of(root, operation)
        if total != len(changes):
            raise _miscounted(url, operation, total, len(changes))

    def _spare_children(self, identifiers: Collection[str]) -> None:
        """Make sure that a delete takes no record of somebody else along.

        Raises
        ------
        metadata.errors.OutletRefused
            It would.
        """
        children = self._count_children(identifiers)
        if children:
            raise OutletRefused(
                Text(
                    f"Suppression non envoyée : {children} autres fiches du catalogue "
                    "l'ont pour parente et pourraient disparaître avec elle.",
                    f"Delete not sent: {children} other records of the catalogue name "
                    "it as their parent and might vanish with it.",
                ),
                hint=Text("Détachez-les d'abord.", "Detach them first."),
            )

    def _count_children(self, identifiers: Collection[str]) -> int:
        """Count the other records that name one of these as their parent.

        A catalogue that cannot be asked this is taken to have none.
        """
        answer = self._client.ask(self._url, body=count_children_request(identifiers))
        expected = Expected(self._url, "csw:GetRecordsResponse")
        try:
            return matched_in(read_answer(answer, expected))
        except OutletRefused as error:
            logger.info("%s: children not counted: %s", self.name, error.message)
            return 0

    def _read_only(self) -> OutletRefused:
        """Say that the catalogue cannot be written to."""
        where = shown(self._url)
        return OutletRefused(
            Text(
                f"{where} est en lecture seule : ce CSW n'offre pas Transaction.",
                f"{where} is read-only: this CSW offers no Transaction.",
            ),
            hint=Text(
                "Demandez au catalogue d'ouvrir CSW-T à cette adresse ou à ce compte "
                "(pycsw : manager.transactions et manager.allowed_ips).",
                "Ask the catalogue to open CSW-T to this address or account "
                "(pycsw: manager.transactions and manager.allowed_ips).",
            ),
        )


def _transaction(operation: Operation, changes: Sequence[Change]) -> bytes:
    """Return the transaction to send."""
    if operation is Operation.DELETE:
        return delete_request(change.identifier for change in changes)
    records: list[Record] = [c.record for c in changes if c.record is not None]
    build = insert_request if operation is Operation.CREATE else update_request
    return build(records)


def _transaction_addresses(root: etree._Element) -> list[str] | None:
    """Return where transactions are to be posted; `None` when there are none."""
    for element in root.iterfind("ows:OperationsMetadata/ows:Operation", NAMESPACES):
        if element.get("name") == "Transaction":
            operation = OperationsMetadata(element, OWS_NAMESPACE_1_0_0)
            methods = operation.methods
            return [str(m["url"]) for m in methods if m["type"].lower() == "post"]
    return None


def _origin(url: str) -> tuple[str, str]:
    """Return scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def _miscounted(url: str, operation: Operation, total: int, sent: int) -> OutletRefused:
    """Say that a transaction changed more or less than was sent."""
    where = shown(url)
    return OutletRefused(
        Text(
            f"{where} annonce {total} fiches traitées sur {sent} ({operation}).",
            f"{where} reports {total} records of {sent} ({operation}).",
        )
    )
