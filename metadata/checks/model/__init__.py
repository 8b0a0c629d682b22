"""What Passerelle itself demands of a dataset, one function for each requirement.

The words, the thresholds and the lists are in ``metadata/rules/passerelle-*.toml``.
Roles, frequencies and the like are enumerations that the reader of descriptions
already holds to; they are not judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from metadata.checks.model import (
    addresses,
    codes,
    columns,
    indexes,
    licences,
    measures,
    periods,
    persons,
    words,
)
from metadata.checks.model.judged import Requirement

REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        **words.REQUIREMENTS,
        **codes.REQUIREMENTS,
        **licences.REQUIREMENTS,
        **periods.REQUIREMENTS,
        **addresses.REQUIREMENTS,
        **persons.REQUIREMENTS,
        **measures.REQUIREMENTS,
        **columns.REQUIREMENTS,
        **indexes.REQUIREMENTS,
    }
)
"""Code of the requirement → the function that judges it."""
