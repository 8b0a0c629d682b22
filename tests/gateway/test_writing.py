"""Records as files: those without an error, each of them whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import command_line
from gateway.commands.writing import NotWritable, write_records
from metadata.finding import Language
from metadata.record import Record, RecordKind


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_layers: Callable[..., None]
) -> Path:
    """Two layers, published by hand with their words approved."""
    write_layers(tmp_path / "silo" / "sig.gpkg", "communes", "routes")
    (tmp_path / "passerelle.yml").write_text(
        "organisation: {name: Département, siren: '229300082', email: sig@example.org,"
        " identifier_base: 'https://data.example.org/id', licence: etalab-2.0}\n"
        "service: {url: 'http://127.0.0.1:8080'}\n"
        "silos: {sig: ./silo}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PASSERELLE_CONFIG", str(tmp_path / "passerelle.yml"))
    run("survey")
    run("approve", "--all")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(
        command_line(Language.ENGLISH), arguments, standalone_mode=False
    )
    if result.exception is not None:
        raise result.exception
    return result.return_value or 0, " ".join(result.output.split())


def spoil(desk: Path) -> None:
    """Publish by hand what a check refuses."""
    file = desk / "datasets" / "routes.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}licence: n'importe quoi\n", encoding="utf-8")


def test_a_dataset_with_an_error_has_no_file(desk: Path) -> None:
    spoil(desk)
    code, said = run("records", "--out", str(desk / "out"))
    assert code == 1
    assert sorted(p.name for p in (desk / "out").iterdir()) == [
        "communes.xml",
        "service-communes.xml",
    ]
    assert "dataset.licence" in said
    assert "Passed over while there is an error: routes." in said


def test_what_was_written_of_it_before_stays_and_is_not_to_be_removed(
    desk: Path,
) -> None:
    run("records", "--out", str(desk / "out"))
    before = (desk / "out" / "routes.xml").read_bytes()
    spoil(desk)
    _, said = run("records", "--out", str(desk / "out"))
    assert (desk / "out" / "routes.xml").read_bytes() == before
    assert "remove" not in said


def test_a_draft_with_an_error_troubles_nobody(desk: Path) -> None:
    spoil(desk)
    file = desk / "datasets" / "routes.yml"
    text = file.read_text(encoding="utf-8").replace(
        "status: published", "status: draft"
    )
    file.write_text(text, encoding="utf-8")
    assert run("records", "--out", str(desk / "out"))[0] == 0


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = Record(
        identifier="x", dataset_id="x", kind=RecordKind.DATASET, content=b"<old/>"
    )
    write_records(tmp_path, [record])

    def broken(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", broken)
    with pytest.raises(NotWritable, match="No space left"):
        write_records(tmp_path, [record])
    assert [p.name for p in tmp_path.iterdir()] == ["x.xml"]
    assert (tmp_path / "x.xml").read_bytes() == b"<old/>"
