"""`inkbeam train` and `inkbeam evaluate`, from scans with truth to a bundle and its rates; `inkbeam draw-lines`."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.commit import write_parquet
from pipeline.corrections.correction import Correction
from pipeline.corrections.table import save
from pipeline.document import Document
from pipeline.files import hash_file
from pipeline.storage import LocalStorage
from recognizer.bundle import Bundle
from recognizer.bundle import save as save_bundle
from recognizer.samples import load_lines
from tests.pipeline import exports
from tests.pipeline.drawn import save_png
from tests.pipeline.report.made import page as made_page
from tests.recognizer.draw.made import SANS, fonts
from tests.recognizer.drawn import ALPHABET, random_network, write_lines


def ran(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def test_an_archives_export_trains_and_judges_a_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scans = exports.transkribus(tmp_path / "scans", 12)
    (scans / "page" / "broken.xml").write_bytes(b"<PcGts")
    out, rates = tmp_path / "bundle", tmp_path / "rates.json"
    assert ran("train", scans, "--output", out, "--epochs", 1, "--processes", 1) == 0
    bundle = Bundle.load(out)
    assert not list(out.glob("**/*.parquet"))
    assert bundle.card["train_lines"] == {"scans": 33}
    assert bundle.card["val"]["all"]["lines"] == 3
    assert "broken.xml" in capsys.readouterr().err
    assert ran("evaluate", scans, "--bundle", out, "--json", rates) == 0
    found = json.loads(rates.read_text(encoding="utf-8"))
    assert (found["all"]["lines"], found["dataset"]["scans"]["lines"]) == (36, 36)
    assert "no line is of the split test: all are evaluated" in capsys.readouterr().err


def test_a_shipped_bundle_learns_from_an_export(tmp_path: Path) -> None:
    scans = exports.escriptorium(tmp_path / "scans", 3)
    out = tmp_path / "bundle"
    assert ran("train", scans, "--output", out, "--from", "default", "--epochs", 1, "--processes", 1) == 0
    taught, default = Bundle.load(out), Bundle.load("default")
    assert taught.card["start"] == default.id
    assert taught.alphabet.symbols[: len(default.alphabet.symbols)] == default.alphabet.symbols


def test_line_parquet_is_taken_as_it_is(tmp_path: Path) -> None:
    write_lines(tmp_path / "lines" / "test-0.parquet", [{"text": "ab"}])
    write_lines(tmp_path / "more.parquet", [{"text": "cd", "split": "test"}])
    rates = tmp_path / "rates.json"
    assert ran("evaluate", tmp_path / "lines", tmp_path / "more.parquet", "--json", rates) == 0
    assert json.loads(rates.read_text(encoding="utf-8"))["all"]["lines"] == 2


def test_texts_are_drawn_as_lines(tmp_path: Path) -> None:
    texts = write_lines(tmp_path / "texts.parquet", [{"text": "the house"}, {"text": "a garden"}])
    out = tmp_path / "drawn.parquet"
    assert ran("draw-lines", texts, "--fonts", fonts(tmp_path / "fonts", SANS), "--output", out, "--lines", 2) == 0
    assert [sample.text for sample in load_lines([out], 80).samples] == ["the house", "a garden"]


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_what_no_data_can_be_is_said(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no data")
    output = ["--output", tmp_path / "out"] if command == "train" else []
    assert ran(command, tmp_path / "notes.txt", *output) == 2
    assert "DATA may be line Parquet" in capsys.readouterr().err
    assert ran(command, tmp_path, *output) == 2
    assert "inkbeam" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_help_is_the_commands_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(command, "--help") == 0
    shown = capsys.readouterr().out
    assert f"usage: inkbeam {command}" in shown
    assert "scans with PAGE XML or ALTO" in " ".join(shown.split())


@pytest.fixture
def corrected(tmp_path: Path) -> Path:
    """An OUT of twelve pages, of which people corrected all lines."""
    storage = LocalStorage(str(tmp_path / "out"))
    for seed in range(12):
        source = str(save_png(tmp_path / f"{seed}.png", seed))
        page = replace(made_page(source, 1, 0.25, "one", "two", "three"), source_sha256=hash_file(source))
        made = Document(f"letter{seed}-00000000", "default", (page,))
        write_parquet(storage, made, (), {})
        for place in range(3):
            save(storage, Correction.of(made, page, place, "corrected", "abba ba", time=float(seed)))
    return tmp_path / "out"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return save_bundle(tmp_path / "bundle", "small", ALPHABET, random_network().state_dict(), {}).folder


def test_what_people_corrected_in_an_output_teaches_a_bundle(
    corrected: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taught = tmp_path / "taught"
    command = ["train", "--from", bundle, "--corrections", corrected, "--output", taught, "--epochs", 1]
    assert ran(*command, "--processes", 1) == 4
    shown = capsys.readouterr()
    assert "36 lines" in shown.err
    assert "nothing could be checked" in shown.err
    assert not (taught / "bundle.json").exists()
    assert ran(*command, "--processes", 1, "--force") == 0
    card = Bundle.load(taught).card
    assert sum(card["train_lines"].values()) + card["taught"]["checks"][0]["lines"] == 36


def test_pages_that_nobody_corrected_teach_a_bundle(corrected: Path, bundle: Path, tmp_path: Path) -> None:
    for file in (corrected / "corrections").rglob("*.parquet"):
        file.unlink()
    command = ["train", "--from", bundle, "--unread", corrected, "--output", tmp_path / "taught", "--epochs", 1]
    assert ran(*command, "--processes", 1) in (0, 4)  # what a network without training says is as it happens
    assert (tmp_path / "taught" / "lines" / "unread.parquet").exists() or Bundle.load(tmp_path / "taught")


def test_an_output_without_corrections_is_told(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    command = ["train", "--from", bundle, "--corrections", tmp_path / "out", "--output", tmp_path / "taught"]
    assert ran(*command) == 4
