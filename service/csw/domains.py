"""What parameters may say, and which schemas records have.

One table for the capabilities and for GetDomain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from metadata.xml import NAMESPACES
from service.csw.names import XML, XML_SCHEMA, ElementSet, OutputSchema
from service.csw.operations import TYPE_NAMES, ResultType

SECTIONS: Final = (
    "ServiceIdentification",
    "ServiceProvider",
    "OperationsMetadata",
    "Filter_Capabilities",
)
OPERATIONS: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "GetCapabilities": {"sections": SECTIONS, "AcceptFormats": (XML,)},
    "DescribeRecord": {
        "typeName": TYPE_NAMES,
        "outputFormat": (XML,),
        "schemaLanguage": (XML_SCHEMA,),
    },
    "GetDomain": {
        "ParameterName": (
            "GetRecords.resultType",
            "GetRecords.outputFormat",
            "GetRecords.outputSchema",
            "GetRecords.typeNames",
            "GetRecords.ElementSetName",
            "GetRecords.CONSTRAINTLANGUAGE",
            "GetRecordById.ElementSetName",
            "GetRecordById.outputSchema",
            "DescribeRecord.typeName",
            "DescribeRecord.schemaLanguage",
        ),
    },
    "GetRecords": {
        "resultType": tuple(ResultType),
        "outputFormat": (XML,),
        "outputSchema": tuple(OutputSchema),
        "typeNames": TYPE_NAMES,
        "ElementSetName": tuple(ElementSet),
        "CONSTRAINTLANGUAGE": ("FILTER", "CQL_TEXT"),
    },
    "GetRecordById": {
        "outputFormat": (XML,),
        "outputSchema": tuple(OutputSchema),
        "ElementSetName": tuple(ElementSet),
    },
}
"""Operation → parameter → what it may say."""
PARAMETERS: Final = {
    f"{operation}.{parameter}".lower(): values
    for operation, parameters in OPERATIONS.items()
    for parameter, values in parameters.items()
}
"""By the name that GetDomain asks for, in lower case."""
SCHEMAS: Final = {
    "csw:Record": (
        NAMESPACES["csw"],
        "http://schemas.opengis.net/csw/2.0.2/record.xsd",
    ),
    "gmd:MD_Metadata": (
        NAMESPACES["gmd"],
        "http://schemas.opengis.net/iso/19139/20070417/gmd/gmd.xsd",
    ),
}
"""Record type → its namespace, and the official address of its schema."""
