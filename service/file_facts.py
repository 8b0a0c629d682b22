"""What portals are told of the files of a dataset: size, date and digest.

Only where a page is asked for anew each time: what is dated by its record (OAI-PMH,
CSW) says nothing that changes with the rows.
"""

from __future__ import annotations

from collections.abc import Mapping

from metadata.dcat_distributions import FileFacts
from metadata.distributions import file_address
from service.snapshot import Snapshot


def file_facts(snapshot: Snapshot, dataset_id: str) -> Mapping[str, FileFacts]:
    """Return what is known of the files that lie ready, by address."""
    served = snapshot.datasets.get(dataset_id)
    if served is None:
        return {}
    return {
        file_address(served.dataset, each.id, form): FileFacts(
            size=made.length, sha256=made.sha256, modified=made.changed_at.date()
        )
        for each in served.collections
        for form, made in each.files.items()
    }
