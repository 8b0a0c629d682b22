"""Names and texts of a silo as XML 1.0 takes them, reversibly.

A name keeps its letters (Latin with accents, Greek, Cyrillic), digits, hyphens and
points; any other character is written ``_xHHHH_``, its code point in hexadecimal, as
SQL/XML does. A text keeps all that XML knows; a character that XML forbids
(controls, U+FFFE, U+FFFF) is written the same way, and so is an underscore that would
read as the beginning of such a mark: nothing is lost, and what is read back means one
text only. An identifier is written as in an address, percent-encoded, with an
underscore in the place of the percent sign.

References
----------
XML 1.0, clauses 2.2 (characters) and 2.3 (names), of the fourth edition, on which
XML Schema 1.0 stands; Namespaces in XML 1.0, clause 3 (NCName); ISO/IEC
9075-14 (SQL/XML), clause 9.1.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_START: Final = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131\u0134-\u013e\u0141-\u0148"
    "\u014a-\u017e\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce"
    "\u0401-\u040c\u040e-\u044f\u0451-\u045c\u045e-\u0481"
)
"""Letters that every edition of XML 1.0 has for names, and XML Schema with them."""
_NO_START: Final = re.compile(f"[^{_START}]")
_NO_PART: Final = re.compile(f"[^{_START}\\-.0-9]|_(?=x)")
_RESERVED: Final = re.compile("xml", re.IGNORECASE)
FORBIDDEN: Final = r"\x01-\x08\x0b\x0c\x0e-\x1f\uFFFE\uFFFF"
"""Characters that no XML text may hold, as a set of a regular expression."""
MARK: Final = "_x[0-9A-F]{4,6}_"
"""What stands for one of them."""
_ODD: Final = re.compile(f"[\\x00{FORBIDDEN}\ud800-\udfff]|_(?={MARK[1:]})")
_MARKED: Final = re.compile("_x([0-9A-F]{4,6})_")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.-]")
_ENTITIES: Final = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;",
}  # fmt: skip
"""What text may not hold as it is; a return would be read as a new line."""
_TABLE: Final = str.maketrans(_ENTITIES)
ENTITIES: Final = tuple(_ENTITIES.items())


@lru_cache(maxsize=4096)
def xml_name(name: str) -> str:
    """Return a name as an NCName, its own for each; empty names are ``_x_``."""
    if not name:
        return "_x_"
    first = _marked(name[0]) if _NO_START.match(name) else name[0]
    if _RESERVED.match(name) or name.startswith("_x"):
        first = _marked(name[0])
    return first + _NO_PART.sub(lambda found: _marked(found[0]), name[1:])


def xml_text(text: str) -> str:
    """Return a text as the content of an element."""
    if _ODD.search(text):
        text = _ODD.sub(lambda found: _marked(found[0]), text)
    return text.translate(_TABLE)


def plain_text(text: str) -> str:
    """Return the text or name that stands behind one with marks."""
    return _MARKED.sub(lambda found: chr(int(found[1], 16)), text)


def xml_identifier(identifier: str) -> str:
    """Return an identifier in letters, digits and ``.-_`` of ASCII."""
    return _UNSAFE.sub(
        lambda found: "".join(f"_{octet:02X}" for octet in found[0].encode()),
        identifier,
    )


def _marked(character: str) -> str:
    return f"_x{ord(character):04X}_"
