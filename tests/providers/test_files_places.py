"""Every place for files keeps the same promises: a folder, a disk by fsspec, FTP."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from metadata.errors import ConfigurationError, FilesUnreachable
from metadata.file_formats import FileFormat
from providers.configuration import read_configuration
from providers.configuration_files import FilesConfiguration
from providers.configuration_values import Secret
from providers.exports.place import FilesPlace, files_place
from providers.exports.remote import GRACE, RemoteFiles

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LONG = bytes(range(256)) * 20_000
"""More than two blocks."""
FORM = FileFormat.GEOPACKAGE


@dataclass
class Kept:
    """A place, and the folder in which its files are on this disk."""

    place: FilesPlace
    folder: Path

    def put(self, content: bytes, collection: str = "rues") -> str:
        with self.place.aside() as aside:
            (aside / "x").write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            return self.place.place(aside / "x", collection, FORM, digest)

    def read(self, path: str, first: int, length: int) -> bytes:
        part = self.place.part(path, first, length)
        try:
            return b"".join(iter(lambda: next(part, b""), b""))
        finally:
            part.close()

    @property
    def names(self) -> list[str]:
        found = (p for p in self.folder.rglob("*") if p.is_file())
        return sorted(p.relative_to(self.folder).as_posix() for p in found)


@pytest.fixture(params=["folder", "local", "ftp"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    scratch = tmp_path / "scratch"
    if request.param == "folder":
        place = files_place(FilesConfiguration(folder=tmp_path / "files"))
        return Kept(place, tmp_path / "files")
    if request.param == "local":
        place = RemoteFiles(f"local://{tmp_path}/files", "{}", scratch)
        return Kept(place, tmp_path / "files")
    server = request.getfixturevalue("ftp")
    options = json.dumps(server.options)
    return Kept(RemoteFiles(server.address, options, scratch), server.folder / "pré")


@pytest.fixture
def far(ftp: Any, tmp_path: Path) -> Kept:
    """A place by FTP that has half a second to answer."""
    options = json.dumps(ftp.options)
    place = RemoteFiles(ftp.address, options, tmp_path / "scratch", patience=0.5)
    return Kept(place, ftp.folder / "pré")


def test_what_was_put_is_read_back_whole(kept: Kept) -> None:
    for content in (b"", b"x", LONG):
        path = kept.put(content)
        assert path in kept.names
        assert kept.place.has(path, len(content))
        assert not kept.place.has(path, len(content) + 1)
        assert kept.read(path, 0, len(content)) == content


def test_a_part_is_those_bytes(kept: Kept) -> None:
    path = kept.put(LONG)
    for first in (0, 1, 1_999_999, len(LONG) - 1):
        for wanted in (0, 1, 70_000, 3_000_000):
            length = min(wanted, len(LONG) - first)
            read = kept.read(path, first, length)
            assert read == LONG[first : first + length], (first, length)


def test_a_file_that_is_not_there_is_not_unreachable(kept: Kept) -> None:
    for path in ("rues/0123456789abcdef.gpkg", "nowhere/0123456789abcdef.gpkg"):
        assert not kept.place.has(path, 1)
        with pytest.raises(FileNotFoundError):
            kept.place.part(path, 0, 1)
        kept.place.remove(path)
    kept.place.drop("nowhere")


def test_names_with_accents_and_slashes_are_kept_apart(kept: Kept) -> None:
    paths = {kept.put(name.encode(), name) for name in ("é/a", "é", "a b", "a%20b")}
    assert len(paths) == 4
    kept.place.drop("é")
    assert len(kept.names) == 3
    assert kept.read(kept.put(b"x", "é/a"), 0, 1) == b"x"


def test_dropping_a_collection_leaves_the_others(kept: Kept) -> None:
    first, second = kept.put(b"1"), kept.put(b"2", "rues-2")
    kept.put(b"3")
    kept.place.drop("rues")
    assert kept.names == [second]
    assert not kept.place.has(first, 1)


def test_what_nothing_names_is_swept_and_what_is_named_stays(kept: Kept) -> None:
    kept.put(b"withdrawn", "gone")
    path = kept.put(b"here")
    kept.place.sweep({path: NOON}, NOON)
    assert kept.names == [path]


def test_a_former_file_stays_for_those_who_are_being_sent_it(far: Kept) -> None:
    former, path = far.put(b"before"), far.put(b"after")
    far.place.sweep({path: NOON}, NOON + GRACE)
    assert sorted(far.names) == sorted([former, path])
    far.place.sweep({path: NOON}, NOON + GRACE + timedelta(seconds=1))
    assert far.names == [path]


def test_what_others_keep_there_is_never_removed(far: Kept) -> None:
    path = far.put(b"ours")
    (far.folder / "photo.jpg").write_bytes(b"theirs")
    (far.folder / "rues" / "notes.gpkg").write_bytes(b"theirs")
    far.place.sweep({}, NOON)
    assert far.names == ["photo.jpg", "rues/notes.gpkg"]
    assert not far.place.has(path, 4)


def test_what_was_left_unfinished_here_is_swept(far: Kept, tmp_path: Path) -> None:
    left = tmp_path / "scratch" / ".making-dead"
    left.mkdir(parents=True)
    (left / "rows.arrow").write_bytes(b"x")
    far.place.sweep({}, NOON)
    assert not left.exists()


def test_a_file_cut_short_over_there_is_an_error_and_not_an_end(kept: Kept) -> None:
    path = kept.put(LONG)
    with (kept.folder / path).open("r+b") as file:
        file.truncate(3_000_000)
    assert not kept.place.has(path, len(LONG))
    if isinstance(kept.place, RemoteFiles):
        with pytest.raises(FilesUnreachable, match="instead of"):
            kept.read(path, 0, len(LONG))


def test_a_server_that_died_is_unreachable_and_back_once_it_is_back(
    ftp: Any, far: Kept
) -> None:
    path = far.put(LONG)
    ftp.stop()
    with pytest.raises(FilesUnreachable):
        far.place.part(path, 0, 1)
    with pytest.raises(FilesUnreachable):
        far.place.has(path, 1)
    with pytest.raises(FilesUnreachable):
        far.put(b"new")
    ftp.start()
    assert far.read(path, 0, len(LONG)) == LONG


def test_a_server_that_dies_halfway_breaks_the_part_off(ftp: Any, far: Kept) -> None:
    part = far.place.part(far.put(LONG), 0, len(LONG))
    assert next(part)
    ftp.stop()
    with pytest.raises(FilesUnreachable):
        next(part)
    part.close()


def test_a_server_that_hangs_is_given_up_in_time(ftp: Any, far: Kept) -> None:
    path = far.put(LONG)
    ftp.process.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises(FilesUnreachable, match="in time"):
        far.place.part(path, 0, 1)
    with pytest.raises(FilesUnreachable, match="a moment ago"):
        far.place.part(path, 0, 1)
    assert time.monotonic() - begun < 5


def test_a_refused_password_is_in_no_message(ftp: Any, tmp_path: Path) -> None:
    options = json.dumps({**ftp.options, "password": "530 Auth"})
    place = RemoteFiles(ftp.address, options, tmp_path)
    with pytest.raises(FilesUnreachable) as caught:
        place.has("rues/0123456789abcdef.gpkg", 1)
    assert "error_perm" in caught.value.message
    assert "530 Auth" not in caught.value.message


CONFIGURATION = """
organisation: {{name: Ici, email: a@example.fr, url: https://example.fr,
  identifier_base: https://example.fr/id, siren: "123456782"}}
service: {{url: https://sig.example.fr}}
silos: {{a: ./a}}
files: {files}
"""


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., FilesConfiguration]:
    def read(files: str, **environment: str) -> FilesConfiguration:
        path = tmp_path / "passerelle.yml"
        path.write_text(CONFIGURATION.format(files=files), "utf-8")
        configuration = read_configuration(path, environment)
        assert "hush" not in repr(configuration)
        return configuration.files

    return read


def test_an_address_and_its_options_are_filled_in_and_not_shown(
    configured: Callable[..., FilesConfiguration], tmp_path: Path
) -> None:
    files = configured(
        "{folder: 'ftp://me:${PW}@host/pré/', options: {timeout: 5, "
        "tls: true, code: '007', more: {secret: ['${PW}', '${N}']}}}",
        PW="hush",
        N="12",
    )
    assert files.address == "ftp://me:hush@host/pré"
    more = {"secret": ["hush", "12"]}
    told = {"timeout": 5, "tls": True, "code": "007", "more": more}
    assert json.loads(files.options.value) == told
    assert files.folder == tmp_path / ".state" / "files"


@pytest.mark.parametrize(
    ("written", "folder"),
    [
        ("{}", ".state/files"),
        ("{folder: a b}", "a b"),
        ("{folder: /srv/x}", "/srv/x"),
        ("{folder: 'file:///srv/a%20b'}", "/srv/a b"),
    ],
)
def test_a_folder_of_the_disk_is_one_however_it_is_written(
    configured: Callable[..., FilesConfiguration],
    tmp_path: Path,
    written: str,
    folder: str,
) -> None:
    files = configured(written)
    assert files == FilesConfiguration(folder=tmp_path / folder)
    assert files.options == Secret("")


@pytest.mark.parametrize(
    ("written", "said", "remedy"),
    [
        ("{folder: 's3://b/p'}", "s3://", "pip install 's3fs'"),
        ("{folder: 'sftp://h/p'}", "sftp://", "pip install 'paramiko'"),
        ("{folder: 'nonsense://h/p'}", "neither a path", "s3://bucket"),
        ("{folder: 'simplecache::s3://b/p'}", "neither a path", "s3://bucket"),
        ("{folder: 'ftp://h/${PW}'}", "PW is not set", "export PW"),
        ("{options: {key: x}}", "no options", "address"),
        ("{every: 0}", "files.every", "positive"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(
    configured: Callable[..., FilesConfiguration], written: str, said: str, remedy: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        configured(written)
    assert remedy in caught.value.hint
