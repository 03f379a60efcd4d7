from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from recognizer.__main__ import main
from recognizer.bundle import Bundle
from recognizer.decode.reading import Reading, WordReading, reading_of
from recognizer.errors import Refused, TrainingError
from recognizer.samples import Sample
from recognizer.train import unread
from recognizer.train.unread import ROUNDS, STRONG, learn_unread
from tests.recognizer.train.taught import GENTLE, RUINOUS, Archive, Killed, reader, rows, steps


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return reader(tmp_path_factory.mktemp("known") / "reader")


@pytest.fixture
def archive(tmp_path: Path, known: Bundle) -> Archive:
    return Archive(tmp_path, known)


def sure(monkeypatch: pytest.MonkeyPatch, *doubts: float) -> list[str]:
    """Let the first bundle, and that of each round, leave these doubts; which bundles were asked for labels."""
    asked: list[str] = []

    def read(bundle: Bundle, samples: Sequence[Sample]) -> list[Reading]:
        if samples and samples[0].split == "train":
            asked.append(bundle.id)
            return [reading_of([WordReading("ab", 0.99, 0, 1)]) for _ in samples]
        number = len(asked)
        return [reading_of([WordReading("ab", 1 - doubts[number], 0, 1)]) for _ in samples]

    monkeypatch.setattr(unread, "read_lines", read)
    return asked


def unlabelled(count: int) -> list[dict[str, Any]]:
    return [{**row, "text": "nobody knows"} for row in rows(count)]


def test_two_rounds_while_doubt_falls(archive: Archive, known: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sure(monkeypatch, 0.3, 0.2, 0.1)
    taught = learn_unread(archive.job(), known, [archive.lines("unread", unlabelled(60))], forced=False)
    assert len(asked) == ROUNDS
    assert asked[0] == known.id
    assert taught.bundle is not None
    assert taught.bundle.card["start"] == asked[1]
    (doubt,) = taught.outcome.checks
    assert (round(doubt.before, 6), round(doubt.after, 6)) == (0.3, 0.1)
    assert "in round 2" in taught.outcome.notes[0]
    assert "forgetting could not be checked" in taught.outcome.table()
    assert "only its own confidence speaks for it" in taught.outcome.table()
    assert taught.bundle.card["recipe"]["variations"] == STRONG
    kept = {path.name for path in archive.output.iterdir()}
    assert kept == {"bundle.json", "reader.pt", "int8-reader.json", "report.html", "report.png", "lines"}


def test_a_second_round_that_doubts_more_does_not_count(
    archive: Archive, known: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    sure(monkeypatch, 0.3, 0.1, 0.2)
    taught = learn_unread(archive.job(), known, [archive.lines("unread", unlabelled(60))], forced=False)
    assert taught.bundle is not None
    assert taught.bundle.card["start"] == known.id
    assert "in round 1" in taught.outcome.notes[0]


def test_nothing_gained_is_said_and_not_written(
    archive: Archive, known: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = sure(monkeypatch, 0.3, 0.3, 0.1)
    file = [archive.lines("unread", unlabelled(60))]
    taught = learn_unread(archive.job(), known, file, forced=False)
    assert len(asked) == 1
    assert taught.bundle is None
    with pytest.raises(Refused, match=r"held-out lines: nothing gained, 30\.00 % instead of 30\.00 %.*--force"):
        taught.told()
    asked.clear()
    assert learn_unread(archive.job(), known, file, forced=True).bundle is not None


def test_a_reader_that_forgets_stops_the_rounds(
    archive: Archive, known: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = sure(monkeypatch, 0.3, 0.2, 0.1)
    job = archive.job(RUINOUS, archive.lines("val", rows(8, "val")))
    taught = learn_unread(job, known, [archive.lines("unread", unlabelled(60))], forced=False)
    assert len(asked) == 1
    assert taught.bundle is None
    assert taught.outcome.reasons[0].startswith("CER of val: worse")


def test_texts_are_not_looked_at(archive: Archive, known: Bundle) -> None:
    import pyarrow.parquet as pq

    labels = []
    for name, texts in (("one", "aa"), ("two", "bb")):
        source = archive.lines(name, [{**row, "text": texts} for row in rows(60)])
        unread_only = pq.read_table(source).drop_columns(["text"])
        pq.write_table(unread_only, source)
        learn_unread(archive.job(RUINOUS), known, [source], forced=False)
        labels.append(pq.read_table(archive.output / "round-1" / "labels.parquet")["text"].to_pylist())
        for path in sorted(archive.output.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    assert labels[0] == labels[1]
    assert {"ab", "ba"} <= set(labels[0])


def test_lines_that_nobody_is_sure_of_teach_nothing(
    archive: Archive, known: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsure(_: Bundle, samples: Sequence[Sample]) -> list[Reading]:
        return [reading_of([WordReading("ab", 0.5, 0, 1)]) for _ in samples]

    monkeypatch.setattr(unread, "read_lines", unsure)
    with pytest.raises(Refused, match="none of the lines is read surely enough"):
        learn_unread(archive.job(), known, [archive.lines("unread", unlabelled(60))], forced=True)


def test_too_few_lines_are_said(archive: Archive, known: Bundle) -> None:
    with pytest.raises(TrainingError, match="0 unread lines to learn from and 1 held out, but both are needed"):
        learn_unread(archive.job(), known, [archive.lines("unread", unlabelled(1))], forced=False)


@pytest.mark.parametrize("killed_at", [1, 3])
def test_a_killed_training_goes_on_in_its_round(
    archive: Archive, known: Bundle, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    file = [archive.lines("unread", unlabelled(60))]
    sure(monkeypatch, 0.3, 0.2, 0.1)
    with monkeypatch.context() as patched:
        steps(patched, killed_at)
        with pytest.raises(Killed):
            learn_unread(archive.job(GENTLE), known, file, forced=False)
    sure(monkeypatch, 0.3, 0.2, 0.1)
    done = steps(monkeypatch)
    taught = learn_unread(archive.job(GENTLE), known, file, forced=False)
    assert len(done) == GENTLE.steps - killed_at if GENTLE.steps else False
    assert taught.bundle is not None


def test_the_command_teaches_from_line_parquet(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--from", str(archive.bundle.folder), "--output", str(archive.output), "--epochs", "1"]
    command = ["train", *options, "--processes", "1", "--rate", "0.5"]
    assert main([*command, "--unread", str(archive.lines("unread", unlabelled(60)))]) in (0, 4)
    shown = capsys.readouterr()
    assert "characters in doubt, held-out lines" in shown.out
    assert "round 1: " in shown.err
