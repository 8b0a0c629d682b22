"""All rows of a collection on the disk, for the formats that are read more than once.

Shapefile has to know the longest text of a column before its first row, and GDAL pulls
what it writes: both read here, so that the silo is read once for all files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from providers.exports.arrow_rows import ArrowRows
from providers.exports.content import Batch, FileContent
from providers.exports.shape_facts import ShapeFacts

_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")


class Spool:
    """A file of Arrow batches, written once and then read from the start."""

    def __init__(self, path: Path, content: FileContent) -> None:
        self.content, self.facts = content, ShapeFacts()
        self._path = path
        self._rows = ArrowRows(content, has_decimals=False)
        self.schema, self.shape = self._rows.schema, self._rows.shape
        self._sink = pa.OSFile(str(path), "wb")
        self._stream = pa.ipc.new_stream(self._sink, self.schema, options=_OPTIONS)

    def write(self, batch: Batch) -> None:
        """Add some rows."""
        self.facts.grow(batch.shapes)
        self._stream.write_batch(self._rows.made(batch))

    def close(self) -> None:
        """End writing."""
        self._stream.close()
        self._sink.close()

    def abandon(self) -> None:
        """Let go of the file, and remove it. May be called after `close`."""
        self._sink.close()
        self._path.unlink(missing_ok=True)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield all rows, in order."""
        with pa.OSFile(str(self._path)) as source, pa.ipc.open_stream(source) as read:
            yield from read
