"""What is known of datasets through their files made ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metadata.dataset import Dataset
from metadata.dcat_distributions import FileFacts
from metadata.distributions import file_address
from metadata.file_formats import FileFormat
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


def fact_of(file: MadeFile) -> FileFacts:
    """Return what our records say of a file."""
    return FileFacts(
        size=file.length, sha256=file.sha256, modified=file.changed_at.date()
    )


def facts_of(dataset: Dataset, files: Files) -> Mapping[str, FileFacts]:
    """Return what our records say of the files of a dataset, by address."""
    return {
        file_address(dataset, collection.id, file.format): fact_of(file)
        for collection in dataset.collections
        for file in files.get(collection.id, ())
    }


def unchanged(files: Files) -> Mapping[str, Unchanged]:
    """Return for how long the content of each collection is known to be the same.

    The GeoPackage tells, which loses nothing; without one, the form that moved last.
    """
    return {name: _unchanged(made) for name, made in files.items()}


def _unchanged(made: tuple[MadeFile, ...]) -> Unchanged:
    exact = [file for file in made if file.format is FileFormat.GEOPACKAGE]
    last = max(exact or made, key=lambda file: file.changed_at)
    return Unchanged(since=last.changed_at, until=last.checked_at)
