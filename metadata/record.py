"""One description, encoded: the `Record` that is served and published."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property

from lxml import etree

from metadata.xml import NAMESPACES, parse

_STAMP = re.compile(rb"(<gmd:dateStamp>\s*<gco:Date>)[^<]*")


class RecordKind(StrEnum):
    """What a record describes (MD_ScopeCode)."""

    DATASET = "dataset"
    SERIES = "series"
    SERVICE = "service"


@dataclass(frozen=True, kw_only=True)
class Record:
    """An encoded record. Equal fingerprints mean: nothing to send."""

    identifier: str
    """fileIdentifier."""
    dataset_id: str
    """Short name of the dataset that it belongs to."""
    kind: RecordKind
    content: bytes
    """The document: XML, UTF-8 with declaration, or a JSON object, UTF-8."""

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical document without the record's date stamp."""
        return fingerprint(self.content)

    def dated(self, day: date) -> Record:
        """Return the same record with another date stamp (MD_Metadata.dateStamp).

        As it would have been encoded with it, byte for byte; one without a stamp
        stays as it is.
        """
        stamp = rb"\g<1>" + day.isoformat().encode()
        dated = replace(self, content=_STAMP.sub(stamp, self.content, count=1))
        if "fingerprint" in self.__dict__:  # which the stamp is left out of
            dated.__dict__["fingerprint"] = self.fingerprint
        return dated

    @property
    def name(self) -> str:
        """Name of its file, without ending (``<id>``, ``service-<id>``)."""
        return file_name(self.dataset_id, self.kind)


def file_name(dataset_id: str, kind: RecordKind) -> str:
    """Return the name of a record's file, without ending."""
    prefix = "service-" if kind is RecordKind.SERVICE else ""
    return prefix + dataset_id


def fingerprint(content: bytes) -> str:
    """Return the SHA-256 (hex) of a record, its date stamp and layout left out."""
    return hashlib.sha256(canonical(content)).hexdigest()


def is_json(content: bytes) -> bool:
    """Tell whether a record is a JSON object, as no XML document is."""
    return content.startswith(b"{")


def canonical(content: bytes) -> bytes:
    """Return a record in one spelling, for comparison.

    XML becomes canonical (Exclusive C14N 1.0); JSON has its names sorted and no
    white space. Left out of XML: comments, white space between elements, namespaces
    that are bound but not used (a record read out of an envelope inherits the
    envelope's), and the *text* of the record's own date stamp, the only thing that
    may change while the content does not.

    Raises
    ------
    metadata.errors.PasserelleError
        The content is XML that is not well-formed.
    """
    if is_json(content):
        value = json.loads(content)
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")
    root = parse(content)
    for stamp in root.findall("gmd:dateStamp", NAMESPACES):
        for child in stamp:
            child.text = None
    for element in root.iter():
        if element.text is not None and not element.text.strip() and len(element):
            element.text = None
        if element.tail is not None and not element.tail.strip():
            element.tail = None
    return bytes(
        etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
    )
