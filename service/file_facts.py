"""What portals are told of the files of a dataset: size, date and digest.

Only where a page is asked for anew each time: what is dated by its record (OAI-PMH,
CSW) says nothing that changes with the rows.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from metadata.dcat_distributions import FileFacts
from providers.made_files import facts_of
from service.snapshot import Snapshot


def file_facts(snapshot: Snapshot, dataset_id: str) -> Mapping[str, FileFacts]:
    """Return what is known of the files that lie ready, by address.

    A collection that vanished keeps what was known of its files for as long as its
    record stands: whoever harvests would take the dataset for changed.
    """
    served = snapshot.datasets.get(dataset_id)
    if served is None:
        return snapshot.facts_left
    ready = {each.id: tuple(each.files.values()) for each in served.collections}
    return ChainMap({**facts_of(served.dataset, ready)}, snapshot.facts_left)
