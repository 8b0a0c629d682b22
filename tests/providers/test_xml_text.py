"""Names, texts and identifiers as XML takes them: valid, and each its own."""

from __future__ import annotations

from urllib.parse import unquote

from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from providers.xml_text import plain_text, xml_identifier, xml_name, xml_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
MARKED = st.text(st.sampled_from("_x0041F\x01\x1e\ufffe<&\r\n\"' é"), max_size=30)
SCHEMA = """<schema xmlns="http://www.w3.org/2001/XMLSchema"><element name="e">
<complexType><attribute name="id" type="ID"/><attribute name="name" type="NCName"/>
</complexType></element></schema>"""
VALID = etree.XMLSchema(etree.fromstring(SCHEMA))


@given(TEXTS | MARKED)
@example("\x1e_x001E_")
@example("_x0041_x0041_")
@example("__x0041_")
@example("_x12345_")
@example("\x00")
def test_every_text_comes_back(text: str) -> None:
    root = etree.fromstring(f"<e>{xml_text(text)}</e>".encode())
    assert not len(root)
    assert plain_text(root.text or "") == text


@given(TEXTS | MARKED)
@example("_x")
@example("_x_")
@example("_xmas")
@example("XmL")
@example("🏛")
@example("a_x1F3DB_")
def test_every_name_is_valid_and_comes_back(name: str) -> None:
    root = etree.Element("e", name=xml_name(name))
    VALID.assertValid(root)
    etree.fromstring(f"<{xml_name(name)}/>".encode())
    assert not xml_name(name).lower().startswith("xml")
    if name:
        assert plain_text(xml_name(name)) == name


@given(TEXTS, TEXTS)
def test_two_names_are_never_one(one: str, other: str) -> None:
    assert (xml_name(one) == xml_name(other)) == (one == other)


@given(TEXTS | MARKED)
def test_every_identifier_is_valid_and_comes_back(identifier: str) -> None:
    found = xml_identifier(identifier)
    VALID.assertValid(etree.Element("e", id=f"places.{found}"))
    assert unquote(found.replace("_", "%"), errors="strict") == identifier
