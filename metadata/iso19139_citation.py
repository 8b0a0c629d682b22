"""Writes the ISO classes that recur: parties, citations, online resources."""

from __future__ import annotations

from metadata.content import Citation, CitationDate, Online, Party
from metadata.iso19139_elements import (
    NIL_REASON,
    Element,
    add,
    add_code,
    add_label,
    add_required_text,
    add_text,
    add_value,
)


def add_party(parent: Element, name: str, party: Party) -> None:
    """Add a CI_ResponsibleParty (tests C.6 and C.10)."""
    element = add(parent, name, "gmd:CI_ResponsibleParty")
    add_required_text(element, "gmd:organisationName", party.organisation)
    add_text(element, "gmd:positionName", party.position)
    if party.phone or party.email or party.url:
        _add_contact(add(element, "gmd:contactInfo", "gmd:CI_Contact"), party)
    add_code(element, "gmd:role", "gmd:CI_RoleCode", party.role)


def _add_contact(contact: Element, party: Party) -> None:
    if party.phone:
        phone = add(contact, "gmd:phone", "gmd:CI_Telephone")
        add_text(phone, "gmd:voice", party.phone)
    if party.email:
        address = add(contact, "gmd:address", "gmd:CI_Address")
        add_text(address, "gmd:electronicMailAddress", party.email)
    if party.url:
        add_online(contact, "gmd:onlineResource", Online(url=party.url))


def add_citation(parent: Element, name: str, citation: Citation) -> None:
    """Add the CI_Citation of a vocabulary or specification (tests C.15, C.21)."""
    element = add(parent, name, "gmd:CI_Citation")
    add_label(element, "gmd:title", citation.title)
    add_dates(element, (citation.date,))


def add_dates(parent: Element, dates: tuple[CitationDate, ...]) -> None:
    """Add the dates of a citation (test C.11); without any, say that it is unknown."""
    for date in dates:
        element = add(parent, "gmd:date", "gmd:CI_Date")
        add_value(element, "gmd:date", "gco:Date", date.day)
        add_code(element, "gmd:dateType", "gmd:CI_DateTypeCode", date.type)
    if not dates:
        add(parent, "gmd:date").set(NIL_REASON, "unknown")


def add_online(parent: Element, name: str, online: Online) -> None:
    """Add a CI_OnlineResource."""
    element = add(parent, name, "gmd:CI_OnlineResource")
    add(element, "gmd:linkage", "gmd:URL").text = online.url
    add_label(element, "gmd:protocol", online.protocol)
    add_label(element, "gmd:applicationProfile", online.application_profile)
    add_text(element, "gmd:name", online.name)
    add_text(element, "gmd:description", online.description)
    if online.function:
        kind = "gmd:CI_OnLineFunctionCode"
        add_code(element, "gmd:function", kind, online.function)
