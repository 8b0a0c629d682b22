"""The requirements of the INSPIRE metadata guidelines, one function for each.

The functions follow the expressions of the official abstract and executable test
suites (`inspire-eu-validation/ets-repository`, ``metadata/2.0``); the words and the
closed lists are in ``metadata/rules/inspire-*.toml``. A function yields one flaw for
each thing that fails; where the suite stops at the first error of an element, so
does the function.

Left out: the classes *invocable*, *interoperable* and *harmonised* (5, 6 and 7),
which concern only spatial data services of type ``other``; Passerelle's services
are download services. What only a person can judge (sds 3.3) is listed in the rule
set under ``manual``. Nothing is fetched: that an address answers (sds 3.6) is seen
when the records are read back. Theme labels (ds 1.4) and the title of the
regulation (ds 1.10) are known in French and English only; the suite also takes the
other official languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from metadata.checks.evidence import Requirement
from metadata.checks.inspire import (
    constraints,
    data,
    general,
    identification,
    keywords,
    quality,
    services,
)

REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        **general.REQUIREMENTS,
        **identification.REQUIREMENTS,
        **keywords.REQUIREMENTS,
        **constraints.REQUIREMENTS,
        **quality.REQUIREMENTS,
        **data.REQUIREMENTS,
        **services.REQUIREMENTS,
    }
)
"""Code of the requirement → the function that judges it."""
