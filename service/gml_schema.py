"""The XML schema of a collection's features: ``/collections/{id}/schema?f=xsd``.

Every property may be missing, because a value that is missing is left out and
because `properties` asks for some of them only.

References
----------
OGC 10-100r3 (GML Simple Features profile 2.0), clause 8, level 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lxml import etree

from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.distributions import collection_title
from metadata.measured import FieldType, GeometryType, RelationKind
from providers.gml import PREFIX, feature_name, geometry_name
from providers.xml_text import xml_name
from service.gml_form import GML_SCHEMA, GML_SPACE, namespace
from service.snapshot import ServedCollection

_XS: Final = "http://www.w3.org/2001/XMLSchema"
_SF: Final = "http://www.opengis.net/gmlsf/2.0"
_LEVELS: Final = "http://schemas.opengis.net/gmlsfProfile/2.0/gmlsfLevels.xsd"
_TYPES: Final[Mapping[FieldType, str]] = {
    FieldType.INTEGER: "integer",
    FieldType.NUMBER: "double",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "dateTime",
    FieldType.BINARY: "base64Binary",
}
"""Types of XML Schema; that of any other column is a text."""
_GEOMETRIES: Final[Mapping[GeometryType, str]] = {
    GeometryType.POINT: "Point",
    GeometryType.LINE_STRING: "Curve",
    GeometryType.POLYGON: "Surface",
    GeometryType.MULTI_POINT: "MultiPoint",
    GeometryType.MULTI_LINE_STRING: "MultiCurve",
    GeometryType.MULTI_POLYGON: "MultiSurface",
}


def schema_content(served: ServedCollection) -> bytes:
    """Return the schema."""
    collection, space = served.collection, namespace(served)
    names = {"xs": _XS, PREFIX: space, "gml": GML_SPACE, "gmlsf": _SF}
    root = etree.Element(_xs("schema"), nsmap=names)
    root.set("targetNamespace", space)
    root.set("elementFormDefault", "qualified")
    root.set("version", "1.0")
    about = etree.SubElement(root, _xs("annotation"))
    level = etree.SubElement(about, _xs("appinfo"), source=_LEVELS)
    etree.SubElement(level, f"{{{_SF}}}ComplianceLevel").text = "0"
    title = etree.SubElement(about, _xs("documentation"))
    title.text = _sayable(collection_title(served.dataset, collection))
    for each, where in ((GML_SPACE, GML_SCHEMA), (_SF, _LEVELS)):
        etree.SubElement(root, _xs("import"), namespace=each, schemaLocation=where)
    _feature(root, collection)
    return etree.tostring(
        root, xml_declaration=True, encoding="UTF-8", pretty_print=True
    )


def _feature(root: etree._Element, collection: Collection) -> None:
    name = feature_name(collection)
    etree.SubElement(
        root,
        _xs("element"),
        name=name,
        type=f"{PREFIX}:{name}Type",
        substitutionGroup="gml:AbstractFeature",
    )
    kind = etree.SubElement(root, _xs("complexType"), name=f"{name}Type")
    content = etree.SubElement(kind, _xs("complexContent"))
    base = etree.SubElement(content, _xs("extension"), base="gml:AbstractFeatureType")
    sequence = etree.SubElement(base, _xs("sequence"))
    if collection.geometry is not None:
        _element(sequence, geometry_name(collection), _geometry_type(collection))
    for column in published_columns(collection):
        kind_of_value = _TYPES.get(column.field.type, "string")
        typed = f"xs:{kind_of_value}"
        _said(_element(sequence, xml_name(column.name), typed), column)


def _geometry_type(collection: Collection) -> str:
    """Return the type of the geometry; a file does not hold to what it declares."""
    geometry = collection.geometry
    declared = geometry.type if geometry else GeometryType.GEOMETRY
    if collection.survey.kind is RelationKind.LAYER:
        declared = GeometryType.GEOMETRY
    return f"gml:{_GEOMETRIES.get(declared, 'Geometry')}PropertyType"


def _element(sequence: etree._Element, name: str, kind: str) -> etree._Element:
    return etree.SubElement(
        sequence, _xs("element"), name=name, type=kind, minOccurs="0"
    )


def _said(element: etree._Element, column: PublishedColumn) -> None:
    """Say what a column means, and its name where the element's is another."""
    renamed = column.name if element.get("name") != column.name else ""
    words = [word for word in (renamed, column.description) if word]
    if words:
        about = etree.SubElement(element, _xs("annotation"))
        text = " – ".join(words)
        etree.SubElement(about, _xs("documentation")).text = _sayable(text)


def _sayable(text: str) -> str:
    """Return a text without what no XML may hold."""
    return "".join(c if c.isprintable() or c in "\t\n" else "\ufffd" for c in text)


def _xs(name: str) -> str:
    return f"{{{_XS}}}{name}"
