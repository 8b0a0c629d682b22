"""Makes the files of one collection, and tells what became of them.

Files whose content is as it was keep their date and their digest, however often the
rows are read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from metadata.file_formats import ALL_FORMATS, FileFormat
from providers.exports.content import FileContent
from providers.exports.place import FilesPlace
from providers.exports.writing import Written, date_file, sha256_of, write_files
from providers.store_files import MadeFile
from providers.table_rows import TableRows


@dataclass(frozen=True, kw_only=True)
class Made:
    """What was made of one collection."""

    files: tuple[MadeFile, ...]
    changed: bool
    """Whether any file is another than before."""
    rows: int


def make_files(
    content: FileContent,
    rows: TableRows,
    folder: FilesPlace,
    *,
    mark: str,
    before: Mapping[FileFormat, MadeFile],
    now: datetime,
    formats: Collection[FileFormat] = ALL_FORMATS,
) -> Made:
    """Read a collection once, and put its files into their places.

    Parameters
    ----------
    rows
        Of the collection, from the first on; closed at the end.
    mark
        What the silo said of the rows before they were read.
    before
        The files that there are.
    formats
        Those in which the collection can be made; others are left out by
        `metadata.file_formats.made_formats`.

    Raises
    ------
    metadata.errors.SourceError
        The rows cannot be read; the files that there are stay.
    OSError
        A file cannot be written.
    """
    with folder.aside() as aside:
        written = write_files(content, rows, aside, formats)
        files = tuple(_settled(content, written, folder, before, now))
    files = tuple(
        replace(f, state=written.state, mark=mark, checked_at=now) for f in files
    )
    changed = any(f.sha256 != _digest(before.get(f.format)) for f in files)
    return Made(files=files, changed=changed, rows=written.rows)


def _settled(
    content: FileContent,
    written: Written,
    folder: FilesPlace,
    before: Mapping[FileFormat, MadeFile],
    now: datetime,
) -> Iterator[MadeFile]:
    """Yield what is known of each file, the former one where nothing changed."""
    for form, path in written.paths.items():
        fingerprint, former = sha256_of(path), before.get(form)
        if former is None or former.fingerprint != fingerprint:
            yield _placed(content, form, path, folder, fingerprint, now)
        elif folder.has(former.path, former.length):
            yield replace(former, form=content.form)
        else:
            moment = former.changed_at
            yield _placed(content, form, path, folder, fingerprint, moment)


def _placed(
    content: FileContent,
    form: FileFormat,
    path: Path,
    folder: FilesPlace,
    fingerprint: str,
    moment: datetime,
) -> MadeFile:
    """Date a file and put it into its place."""
    moment = moment.replace(microsecond=0)
    date_file(path, form, moment)
    digest, length = sha256_of(path), path.stat().st_size
    return MadeFile(
        collection_id=content.name,
        format=form,
        form=content.form,
        state="",
        mark="",
        fingerprint=fingerprint,
        sha256=digest,
        length=length,
        changed_at=moment,
        checked_at=moment,
        path=folder.place(path, content.name, form, digest),
    )


def _digest(file: MadeFile | None) -> str:
    return file.sha256 if file else ""
