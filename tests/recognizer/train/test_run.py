import json
from pathlib import Path

import pytest

from recognizer.bundle import Bundle
from recognizer.errors import RecognizerError, TrainingError
from recognizer.train.loop import Recipe
from recognizer.train.run import train
from tests.recognizer.drawn import line as drawn_line
from tests.recognizer.drawn import png, write_lines

BRIEF = Recipe(1, processes=1, steps=2)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    texts = ["ab ba", "abba", "ba", "ab", "aab"] * 2
    rows = [{"text": text, "image": png(drawn_line(text))} for text in texts]
    write_lines(tmp_path / "lines" / "train-0.parquet", [*rows, {"text": "ab", "image": b"broken"}])
    write_lines(tmp_path / "lines" / "val.parquet", rows[:3])
    return tmp_path / "lines"


@pytest.mark.parametrize("processes", [1, 2])
def test_training_leaves_a_bundle_with_its_facts(
    lines: Path, tmp_path: Path, processes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = train([lines], tmp_path / "out", "small", Recipe(1, processes, steps=2))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bundle.json", "reader.pt"]
    assert bundle.id == Bundle.load(tmp_path / "out").id
    assert bundle.alphabet.symbols == ("a", "b")
    assert bundle.card["train_lines"] == {"drawn": 10}
    assert bundle.card["left_out"] == {"unreadable image": 1}
    assert bundle.card["steps"] == 2
    assert bundle.card["data"] == ["lines"]
    assert set(bundle.card["val_cer"]) == {"all", "dataset:drawn", "script:print"}
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first["lines"] == 10
    assert first["left_out"] == {"unreadable image": {"lines": 1, "first": ["line 10"]}}


def test_training_goes_on_from_a_bundle_with_its_alphabet(lines: Path, tmp_path: Path) -> None:
    first = train([lines], tmp_path / "first", "small", BRIEF)
    second = train([lines], tmp_path / "second", "small", BRIEF, str(first.folder), limit=4)
    assert second.alphabet.symbols == first.alphabet.symbols
    assert second.card["start"] == first.id
    assert second.card["train_lines"] == {"drawn": 4}


def test_what_does_not_allow_a_training_is_said_before_it(lines: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(RecognizerError, match="unknown architecture 'huge'"):
        train([lines], out, "huge", BRIEF)
    with pytest.raises(RecognizerError, match="no bundle 'nowhere'"):
        train([lines], out, "small", BRIEF, "nowhere")
    with pytest.raises(TrainingError, match=r"lines do not fill one batch"):
        train([lines], out, "small", Recipe(1, processes=2, steps=1), limit=1)
    (lines / "val.parquet").unlink()
    with pytest.raises(TrainingError, match=r"no val\*\.parquet"):
        train([lines], out, "small", BRIEF)


def test_an_output_that_is_a_file_is_named(lines: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(TrainingError, match="out: File exists; give another --output"):
        train([lines], tmp_path / "out", "small", BRIEF)
