"""What is known of datasets through their files made ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metadata.dataset import Dataset
from metadata.dcat_distributions import FileFacts
from metadata.distributions import file_address
from metadata.freshness import Unchanged
from providers.store_files import MadeFile

Files = Mapping[str, tuple[MadeFile, ...]]
"""Collection identifier → its files."""


def by_collection(made: Iterable[MadeFile]) -> Files:
    """Return files by the collection that is in them."""
    found: dict[str, tuple[MadeFile, ...]] = {}
    for file in made:
        found[file.collection_id] = (*found.get(file.collection_id, ()), file)
    return found


def facts_of(dataset: Dataset, files: Files) -> Mapping[str, FileFacts]:
    """Return what our records say of the files of a dataset, by address."""
    return {
        file_address(dataset, collection.id, file.format): FileFacts(
            size=file.length, sha256=file.sha256, modified=file.changed_at.date()
        )
        for collection in dataset.collections
        for file in files.get(collection.id, ())
    }


def unchanged(files: Files) -> Mapping[str, Unchanged]:
    """Return for how long the content of each collection is known to be the same.

    Every form of file holds the same rows, so the form that moved last tells.
    """
    return {
        name: Unchanged(
            since=max(file.changed_at for file in made),
            until=min(file.checked_at for file in made),
        )
        for name, made in files.items()
    }
