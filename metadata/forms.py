"""The forms that outlets take: ISO records, or a document of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from metadata.ckan import encode_ckan
from metadata.dataset import Dataset
from metadata.record import Record
from metadata.udata import encode_udata

FORMS: Mapping[str, Callable[[Dataset], Record]] = MappingProxyType(
    {"ckan": encode_ckan, "udata": encode_udata}
)
"""Type of outlet that takes no ISO records → what encodes a dataset for it."""
ISO: Final = "iso19139"
"""The form of all other types."""


def form_of(outlet_type: str) -> str:
    """Return the name of the form that a type of outlet takes."""
    return outlet_type if outlet_type in FORMS else ISO
