"""Who answers for a dataset: contact points, the publisher, and other agents.

Each role that ISO knows has its own property in GeoDCAT-AP, and data.gouv.fr reads
them all. It wants a point of contact as a vCard with an address or a page; a person
or function and its organisation become “function (organisation)” there.

References
----------
GeoDCAT-AP 3.0.0, responsible parties; DCAT-AP 3.0.1, contact point and publisher.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from metadata.content import Party, RecordContent
from metadata.dcat_terms import AGENT_PROPERTIES, ROLES
from metadata.rdf import Iri, Node, Statement, link, node, text
from metadata.stated import Role

_DIGITS: Final = re.compile(r"[^0-9+]")


def agents(content: RecordContent, producer: str = "") -> Iterator[Statement]:
    """Yield who answers for what a record describes.

    There is always a contact point and a publisher: where the record names none,
    it is the organisation that answers for the record itself.

    Parameters
    ----------
    producer
        Name of the organisation that made the data; may be empty.
    """
    stated = content.identification.contacts
    contacts = _of(stated, Role.POINT_OF_CONTACT) or content.contacts
    publishers = _of(stated, Role.PUBLISHER) or content.contacts
    yield from (("dcat:contactPoint", _card(party)) for party in contacts)
    yield from (("dct:publisher", agent(party)) for party in publishers[:1])
    yield from map(_attributed, publishers[1:])
    for party in stated:
        if party.role in AGENT_PROPERTIES:
            yield AGENT_PROPERTIES[party.role], agent(party)
    named = {party.organisation for party in (*stated, *publishers)}
    if producer and producer not in named:
        yield "dct:creator", _organisation(producer)


def agent(party: Party) -> Node:
    """Return a party as an agent; a function in it is a member of it."""
    address = _mail("foaf:mbox", party)
    if not party.position:
        return _organisation(party.organisation, address, party.url)
    return node(
        "foaf:Agent",
        [
            text("foaf:name", party.position),
            address,
            ("org:memberOf", _organisation(party.organisation, url=party.url)),
        ],
    )


def _of(parties: Sequence[Party], role: Role) -> tuple[Party, ...]:
    return tuple(party for party in parties if party.role is role)


def _organisation(name: str, address: Statement | None = None, url: str = "") -> Node:
    return node(
        "foaf:Agent foaf:Organization",
        [
            text("foaf:name", name),
            address,
            link("foaf:homepage", url),
        ],
    )


def _card(party: Party) -> Node:
    """Return a contact point (vCard).

    The organisation stands apart only where there is a function: data.gouv.fr
    would else write its name twice.
    """
    phone = _DIGITS.sub("", party.phone)
    return node(
        "vcard:Kind" if party.position else "vcard:Kind vcard:Organization",
        [
            text("vcard:fn", party.position or party.organisation),
            text("vcard:organization-name", party.organisation)
            if party.position
            else None,
            _mail("vcard:hasEmail", party),
            ("vcard:hasTelephone", Iri(f"tel:{phone}")) if phone else None,
            link("vcard:hasURL", party.url),
        ],
    )


def _attributed(party: Party) -> Statement:
    """State one publisher more: DCAT-AP allows a single ``dct:publisher``."""
    attribution = node(
        "prov:Attribution",
        [
            ("prov:agent", agent(party)),
            ("dcat:hadRole", Iri(f"{ROLES}{party.role}")),
        ],
    )
    return "prov:qualifiedAttribution", attribution


def _mail(name: str, party: Party) -> Statement | None:
    """State the mail address of a party; `None` when it has none (RFC 6068)."""
    address = quote(party.email.strip(), safe="@+!#$&'*/=?_~.-")
    return (name, Iri(f"mailto:{address}")) if address else None
