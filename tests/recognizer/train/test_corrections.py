import json
from pathlib import Path

import pytest

from recognizer.__main__ import main
from recognizer.bundle import Bundle
from recognizer.errors import Refused, TrainingError
from recognizer.samples import load_lines
from recognizer.train import checkpoint, corrections
from recognizer.train.corrections import learn_corrections
from recognizer.train.holdout import HELD_OUT, dealt
from recognizer.train.loop import Trainer
from tests.recognizer.train.taught import (
    GENTLE,
    LEARNING,
    RUINOUS,
    Archive,
    Killed,
    exchanged,
    reader,
    rows,
    steps,
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return reader(tmp_path_factory.mktemp("known") / "reader")


@pytest.fixture
def archive(tmp_path: Path, known: Bundle) -> Archive:
    return Archive(tmp_path, known)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few characters are enough to decide."""
    monkeypatch.setattr(corrections, "FEW_CHARACTERS", 4)


HELD = sum(row["split"] == HELD_OUT for row in dealt({**row, "dataset": "drawn"} for row in rows(60)))


def learned_ids(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Ids of all lines that a training is given."""
    seen: set[str] = set()
    run = Trainer.run

    def watched(self: Trainer) -> object:
        seen.update(sample.id for sample in self.samples)
        return run(self)

    monkeypatch.setattr(Trainer, "run", watched)
    return seen


@pytest.mark.usefixtures("few")
def test_a_taught_bundle_tells_what_it_gained_in_card_and_report(archive: Archive) -> None:
    """What it knew was wrong: a stands for b, and b for a."""
    val = archive.lines("val", exchanged(rows(8, "val")))
    old = archive.lines("old", exchanged(rows(20, "old", dataset="old")))
    corrected = archive.lines("corrected", exchanged(rows(60)))
    taught = learn_corrections(archive.job(LEARNING, old, val), archive.bundle, [corrected], forced=False)
    held, forgotten = taught.outcome.checks
    assert (held.lines, forgotten.lines) == (HELD, 8)
    assert held.after < held.before
    assert taught.outcome.verdict == "accepted"
    assert taught.bundle is not None
    card = Bundle.load(archive.output).card
    assert card["taught"] == taught.outcome.as_json()
    assert card["start"] == archive.bundle.id
    assert card["train_lines"] == {"drawn": 60 - HELD, "old": 20}
    report = (archive.output / "report.html").read_text(encoding="utf-8")
    assert "CER of held-out corrections" in report
    assert "The bundle was accepted." in report
    assert f"learned from {60 - HELD} corrected lines, {HELD} more were held out; as many old lines" in report
    assert taught.told().endswith("see report.html there")
    kept = {path.name for path in archive.output.iterdir()}
    assert kept == {
        *("bundle.json", "reader.pt", "int8-reader.json", "history.jsonl", "report.html", "report.png", "lines")
    }


@pytest.mark.usefixtures("few")
def test_a_reader_made_worse_is_refused_and_leaves_no_bundle(archive: Archive, known: Bundle) -> None:
    taught = learn_corrections(archive.job(RUINOUS), known, [archive.lines("corrected", rows(60))], forced=False)
    (held,) = taught.outcome.checks
    assert held.after > held.before
    assert taught.bundle is None
    assert not (archive.output / "bundle.json").exists()
    assert "The bundle was refused (CER of held-out" in (archive.output / "report.html").read_text(encoding="utf-8")
    with pytest.raises(Refused, match=r"no bundle is written: CER of held-out corrections: worse.*give --force"):
        taught.told()


@pytest.mark.usefixtures("few")
def test_force_writes_what_was_refused_without_training_again(
    archive: Archive, known: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected = [archive.lines("corrected", rows(60))]
    assert learn_corrections(archive.job(RUINOUS), known, corrected, forced=False).bundle is None
    done = steps(monkeypatch)
    taught = learn_corrections(archive.job(RUINOUS), known, corrected, forced=True)
    assert done == []
    assert taught.bundle is not None
    assert taught.bundle.card["taught"]["verdict"].endswith("but written, as --force was given")
    assert not (archive.output / checkpoint.NAME).exists()


def test_a_refused_training_is_tried_anew_when_more_was_corrected(
    archive: Archive, known: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = learn_corrections(archive.job(), known, [archive.lines("corrected", rows(60))], forced=False)
    assert refused.bundle is None
    done = steps(monkeypatch)
    more = learn_corrections(archive.job(), known, [archive.lines("corrected", rows(70))], forced=False)
    assert more.outcome.notes != refused.outcome.notes
    assert done == list(range(4))


@pytest.mark.usefixtures("few")
def test_forgetting_is_refused_though_the_corrections_are_read_better(archive: Archive, known: Bundle) -> None:
    job = archive.job(LEARNING, archive.lines("val", rows(8, "val")))
    taught = learn_corrections(job, known, [archive.lines("corrected", exchanged(rows(60)))], forced=False)
    held, val = taught.outcome.checks
    assert held.after < held.before
    assert val.after > val.before
    assert taught.bundle is None
    (reason,) = taught.outcome.reasons
    assert reason.startswith("CER of val: worse, more than 2% of it")


def test_under_500_characters_only_val_decides(
    archive: Archive, known: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    corrected = [archive.lines("corrected", exchanged(rows(60)))]
    job = archive.job(GENTLE, archive.lines("val", rows(8, "val")))
    taught = learn_corrections(job, known, corrected, forced=False)
    assert taught.outcome.checks[0].allowed is None
    assert taught.bundle is not None
    assert "fewer than 500 corrected characters are held out: only val decides" in capsys.readouterr().err


def test_where_nothing_can_be_checked_nothing_is_written(
    archive: Archive, known: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    taught = learn_corrections(archive.job(), known, [archive.lines("corrected", rows(60))], forced=False)
    assert taught.outcome.reasons == ("nothing could be checked",)
    said = capsys.readouterr().err
    assert "forgetting could not be checked: give the old training lines as DATA" in said
    assert "no old lines were mixed in" in said


def test_held_out_lines_are_never_learned_and_stay_the_same(
    archive: Archive, known: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = learned_ids(monkeypatch)
    held = set[str]()
    for count in (40, 120):
        corrected = archive.lines("corrected", rows(count))
        with_val = archive.job(GENTLE, archive.lines("val", rows(8, "val")))
        learn_corrections(with_val, known, [corrected], forced=True)
        dealt_file = archive.output / "lines" / corrections.FILE
        found = {sample.id for sample in load_lines([dealt_file], 56, {HELD_OUT}).samples}
        assert held <= found
        held = found
    assert held
    assert not held & learned
    assert len(learned) == 120 - len(held)


def test_a_killed_training_ends_as_one_that_was_never_killed(
    archive: Archive, known: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected = [archive.lines("corrected", rows(60))]
    through = learn_corrections(archive.job(), known, corrected, forced=True).bundle
    other = Archive(tmp_path / "other", known)
    with monkeypatch.context() as patched:
        steps(patched, killed_at=3)
        with pytest.raises(Killed):
            learn_corrections(other.job(), known, corrected, forced=True)
    assert not (other.output / "bundle.json").exists()
    with monkeypatch.context() as patched:
        done = steps(patched)
        resumed = learn_corrections(other.job(), known, corrected, forced=True).bundle
    assert done == [3]
    assert through is not None
    assert resumed is not None
    assert resumed.part("reader") == through.part("reader")


def test_a_text_corrected_again_is_another_training(
    archive: Archive, known: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        steps(patched, killed_at=2)
        with pytest.raises(Killed):
            learn_corrections(archive.job(), known, [archive.lines("corrected", rows(60))], forced=True)
    with pytest.raises(TrainingError, match="is of another training"):
        learn_corrections(archive.job(), known, [archive.lines("corrected", exchanged(rows(60)))], forced=True)


def test_without_a_line_to_learn_from_nothing_is_begun(archive: Archive, known: Bundle) -> None:
    empty = archive.lines("corrected", [{**row, "text": ""} for row in rows(3)])
    with pytest.raises(TrainingError, match="no corrected line to learn from; left out: 2 for empty text"):
        learn_corrections(archive.job(), known, [empty], forced=False)


def test_the_command_tells_the_table_and_ends_with_4_where_it_refuses(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    corrected, val = archive.lines("corrected", rows(60)), archive.lines("val", rows(8, "val"))
    options = ["--from", str(archive.bundle.folder), "--output", str(archive.output), "--epochs", "0.5"]
    command = ["train", *options, "--processes", "1", "--rate", "0.5", "--corrections", str(corrected)]
    assert main([*command, str(val)]) == 4
    shown = capsys.readouterr()
    assert "CER of val" in shown.out
    assert "give --force to have it all the same" in shown.err.splitlines()[-1]
    assert main([*command, "--force", str(val)]) == 0
    assert "but written, as --force was given" in capsys.readouterr().out
    card = json.loads((archive.output / "bundle.json").read_text(encoding="utf-8"))["card"]
    assert card["recipe"]["keep"] == "last"
    assert not (archive.output / "lines").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "name DATA, or give --corrections or --unread"),
        (["--corrections", "out"], "teach a bundle: give it with --from"),
        (["--unread", "out"], "teach a bundle: give it with --from"),
    ],
)
def test_what_teaching_needs_is_said(options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--output", "out", *options]) == 2
    assert said in capsys.readouterr().err
