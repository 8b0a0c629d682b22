"""Whole collections kept by FTP: sent as from a folder, and 503 while it is away."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from gateway.cli import main
from metadata.file_formats import ALL_FORMATS
from providers.configuration import read_configuration
from providers.exports import remote
from providers.store import open_store

GPKG = "/collections/places/download/places.gpkg"
FGB = "/collections/places/download/places.fgb"
Serve = Callable[..., AbstractContextManager[httpx.Client]]
Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def far(on_geopackage: Any, ftp: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A deployment whose files are kept by FTP; its password is in the environment."""
    monkeypatch.setenv("FTP_PASSWORD", ftp.options["password"])
    files = {
        "folder": ftp.address,
        "options": {"username": "sig", "password": "${FTP_PASSWORD}", "timeout": 2},
    }
    with on_geopackage.configuration.open("a", encoding="utf-8") as file:
        file.write(f"\nfiles: {json.dumps(files, ensure_ascii=False)}\n")
    on_geopackage.describe("lieux", "places")
    return on_geopackage


@pytest.fixture
def made(
    far: Any, make_files: Callable[[Any], None], serve: Serve
) -> Iterator[httpx.Client]:
    make_files(far)
    with serve(far) as client:
        yield client


def names(ftp: Any) -> list[str]:
    found = (p for p in (ftp.folder / "pré").rglob("*") if p.is_file())
    return sorted(p.relative_to(ftp.folder / "pré").as_posix() for p in found)


def run(deployment: Any, *arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(deployment.configuration), *arguments])
    return int(ended.value.code or 0)


def test_a_file_and_its_parts_are_sent_as_from_a_folder(
    made: httpx.Client, ftp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_BLOCK", 10_000)
    for form in ALL_FORMATS:
        path = f"/collections/places/download/places.{form}"
        whole = made.get(path)
        assert whole.status_code == 200
        assert whole.headers["etag"] == f'"{hashlib.sha256(whole.content).hexdigest()}"'
        assert int(whole.headers["content-length"]) == len(whole.content)
        head = made.head(path)
        for name in ("content-length", "etag", "repr-digest", "last-modified"):
            assert head.headers[name] == whole.headers[name]
        part = made.get(path, headers={"Range": "bytes=100-299"})
        assert part.status_code == 206
        assert part.content == whole.content[100:300]
    assert len(names(ftp)) == len(ALL_FORMATS)


def test_gdal_reads_it_in_place(made: httpx.Client) -> None:
    told = subprocess.run(
        ["ogrinfo", "-ro", "-so", f"/vsicurl/{made.base_url}{FGB}", "places"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"},
    )
    assert "Feature Count: 30" in told.stdout


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_while_it_is_away_the_answer_is_come_again(
    made: httpx.Client, ftp: Any, method: str
) -> None:
    ftp.stop()
    answer = made.request(method, GPKG)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    assert "etag" not in answer.headers
    assert made.get("/collections/places/items").status_code == 200
    ftp.start()
    assert made.request(method, GPKG).status_code == 200


def test_while_it_hangs_other_paths_answer(
    far: Any, ftp: Any, make_files: Callable[[Any], None], serve: Serve
) -> None:
    make_files(far)
    with serve(far) as client:
        ftp.process.send_signal(signal.SIGSTOP)
        asking = [
            subprocess.Popen(
                ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                 f"{client.base_url}{GPKG}"],
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(60)
        ]  # fmt: skip
        time.sleep(0.5)
        begun = time.monotonic()
        assert client.get("/collections/places/items").status_code == 200
        waited = time.monotonic() - begun
        codes = {each.communicate(timeout=30)[0] for each in asking}
    assert codes == {"503"}
    assert waited < 3


def test_what_is_cut_short_over_there_is_never_ended_as_whole(
    made: httpx.Client, ftp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_BLOCK", 10_000)
    (name,) = [n for n in names(ftp) if n.endswith(".gpkg")]
    with (ftp.folder / "pré" / name).open("r+b") as file:
        file.truncate(25_000)
    with pytest.raises(httpx.RemoteProtocolError):
        made.get(GPKG)
    (ftp.folder / "pré" / name).unlink()
    assert made.get(GPKG).status_code == 503


def test_the_service_makes_them_there_and_removes_what_nothing_names(
    far: Any, ftp: Any, serve: Serve, wait_for: Wait
) -> None:
    clock = Clock()
    orphan = ftp.folder / "pré" / "gone" / "0123456789abcdef.gpkg"
    with serve(far, files=0.2, clock=clock) as client:
        wait_for(lambda: client.head(GPKG).status_code == 200)
        orphan.parent.mkdir()
        orphan.write_bytes(b"left by somebody who was killed")
        clock.hours = 2
        wait_for(lambda: not orphan.exists())
        assert client.get(GPKG).status_code == 200
    assert not list((far.folder / ".state" / "files").glob("*"))


class Clock:
    """The present, and some hours more."""

    hours = 0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=self.hours)


def test_withdrawing_removes_them_at_once(
    made: httpx.Client, far: Any, ftp: Any
) -> None:
    assert names(ftp)
    assert run(far, "withdraw", "lieux") == 0
    assert names(ftp) == []


def test_withdrawing_while_it_is_away_says_so_and_they_go_later(
    made: httpx.Client, far: Any, ftp: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ftp.stop()
    assert run(far, "withdraw", "lieux") == 2
    told = "".join(capsys.readouterr())
    assert "serve" in told
    assert ftp.options["password"] not in told
    configuration = read_configuration(far.configuration)
    with closing(open_store(configuration.store)) as store:
        assert store.files() == ()
    ftp.start()
    assert names(ftp)
    assert run(far, "files") == 0
    assert names(ftp) == []


def test_files_that_cannot_be_sent_are_named_and_the_former_ones_stay(
    made: httpx.Client, far: Any, ftp: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = made.head(GPKG).headers["etag"]
    ftp.stop()
    assert run(far, "files") == 1
    told = "".join(capsys.readouterr())
    assert "files.options" in told
    assert ftp.options["password"] not in told
    ftp.start()
    assert made.get(GPKG).headers["etag"] == before
