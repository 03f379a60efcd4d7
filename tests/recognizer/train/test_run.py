from dataclasses import replace
from pathlib import Path

import pytest

from recognizer.bundle import Bundle
from recognizer.errors import TrainingError
from recognizer.policy import TextPolicy
from recognizer.samples import find_parquet
from recognizer.train import history
from recognizer.train.recipe import Recipe
from recognizer.train.run import Job, train
from recognizer.train.start import Start
from tests.recognizer.drawn import line as drawn_line
from tests.recognizer.drawn import png, write_lines

BRIEF = Recipe(steps=2, processes=1, judgings=2)
SMALL = Start("small", TextPolicy.named("folded"), 1)
LEFT = {"bundle.json", "reader.pt", "int8-reader.json", "history.jsonl", "report.html", "report.png"}


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    texts = ["ab ba", "abba", "ba", "ab", "aab"] * 2
    rows = [{"text": text, "image": png(drawn_line(text))} for text in texts]
    rows[0] |= {"dataset": "other"}
    write_lines(tmp_path / "lines" / "train-0.parquet", [*rows, {"text": "ab", "image": b"broken"}])
    write_lines(tmp_path / "lines" / "val.parquet", rows[:3])
    return tmp_path / "lines"


def job(lines: Path, output: Path, recipe: Recipe = BRIEF, start: Start = SMALL, limit: int | None = None) -> Job:
    return Job(tuple(find_parquet([lines])), output, recipe, start, limit)


@pytest.mark.parametrize("processes", [1, 2])
def test_training_leaves_a_bundle_with_its_facts_and_a_report(lines: Path, tmp_path: Path, processes: int) -> None:
    bundle = train(job(lines, tmp_path / "out", replace(BRIEF, processes=processes)))
    assert {path.name for path in (tmp_path / "out").iterdir()} == LEFT
    assert bundle.id == Bundle.load(tmp_path / "out").id
    assert bundle.alphabet.symbols == ("a", "b")
    card = bundle.card
    assert card["train_lines"] == {"drawn": 9, "other": 1}
    assert card["left_out"] == {"unreadable image": 1}
    assert (card["steps"], card["policy"], card["start"]) == (2, "folded", None)
    assert card["data"] == ["train-0.parquet", "val.parquet"]
    assert card["val"]["all"]["lines"] == 3
    assert set(bundle.parts) == {"reader", "int8/reader"}
    assert card["int8/reader"]["lines"] == 10
    assert [record.step for record in history.read(tmp_path / "out")] == [1, 2]


def test_two_trainings_alike_give_the_same_weights(lines: Path, tmp_path: Path) -> None:
    one, other = (train(job(lines, tmp_path / name)) for name in ("one", "other"))
    assert one.part("reader") == other.part("reader")


def test_training_goes_on_from_a_bundle(lines: Path, tmp_path: Path) -> None:
    first = train(job(lines, tmp_path / "first"))
    write_lines(lines / "train-1.parquet", [{"text": "xb"}] * 5)
    second = train(job(lines, tmp_path / "second", start=Start.chosen(first, None, None, 1)))
    assert second.alphabet.symbols == ("a", "b", "x")
    assert second.card["start"] == first.id
    assert second.part("int8/reader") != first.part("int8/reader")
    assert second.card["lines_seen_before"] == first.card["lines_seen"]


def test_data_sets_may_be_left_out(lines: Path, tmp_path: Path) -> None:
    bundle = train(replace(job(lines, tmp_path / "out"), without=frozenset({"other"})))
    assert bundle.card["train_lines"] == {"drawn": 9}
    assert bundle.card["val"]["all"]["lines"] == 2


def test_what_does_not_allow_a_training_is_said_before_it(lines: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"0 lines to train on .* left out: 1 for no known character \(line 0"):
        train(job(lines, tmp_path / "out", limit=1))
    (lines / "val.parquet").unlink()
    with pytest.raises(TrainingError, match="0 of the split val, but both are needed; left out: 1 for unreadable"):
        train(job(lines, tmp_path / "out"))


def test_an_output_that_is_a_file_is_named(lines: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(TrainingError, match="out: File exists; give another --output"):
        train(job(lines, tmp_path / "out"))
