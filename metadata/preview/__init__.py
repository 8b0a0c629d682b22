"""What data.gouv.fr will show of a dataset, before it is published.

Pure: the same record gives the same preview. Two ways lead there, and they show
different things: CSW with ISO 19139 records, and the DCAT feed. What udata, the
platform's software, makes of each is followed step by step
(`metadata.preview.from_iso`, `metadata.preview.from_dcat`); its tables, limits and
the words for what is lost are data (``metadata/rules/data-gouv-17.toml``). The tests
hold the outcome against the real udata, field by field.
"""

from metadata.preview.platform import PLATFORM, Platform, platform
from metadata.preview.preview import Preview, View, preview
from metadata.preview.shown import (
    Channel,
    Criterion,
    Shown,
    ShownContact,
    ShownResource,
)

__all__ = [
    "PLATFORM",
    "Channel",
    "Criterion",
    "Platform",
    "Preview",
    "Shown",
    "ShownContact",
    "ShownResource",
    "View",
    "platform",
    "preview",
]
