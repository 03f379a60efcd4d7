from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recognizer.bundle import Bundle
from recognizer.draw.drawn import CannotWrite, Task
from recognizer.draw.in_hands import InHands
from tests.recognizer.draw.made import cells
from tests.recognizer.drawn import png, write_lines

TEXTS = ["the mere sum", "no one came in", "a summer in rome", "the sun rose", "more rain came", "we saw no one"]
BUNDLE = Bundle.load("default")


def rows(**changes: Any) -> list[dict[str, Any]]:
    facts = {"script": "hand", "dataset": "ours", "page": "p1"} | changes
    return [{"text": text, "image": png(cells(text)), **facts} for text in TEXTS]


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> InHands:
    file = write_lines(tmp_path_factory.mktemp("lines") / "train.parquet", rows())
    return InHands.of([file], BUNDLE, ())


def test_other_texts_are_written_in_the_same_hand(writer: InHands) -> None:
    tasks = [Task(k, text) for k, text in enumerate(["the summer rain", "no rome", "some women came"])]
    drawn = list(writer.draw(tasks))
    for task, each in zip(tasks, drawn, strict=True):
        assert each is not None
        assert each.image.dtype == np.uint8
        assert (each.dataset, each.page) == ("drawn-ours", "p1")
        assert each.image.shape[1] == pytest.approx(40 + 24 * len(task.text), rel=0.25)
    assert [each.image.tobytes() for each in writer.draw(tasks) if each] == [
        each.image.tobytes() for each in drawn if each
    ]


def test_what_cannot_be_written_is_told(writer: InHands) -> None:
    assert writer.lacking("the zoo") == {"z"}
    assert writer.told() == "hands: 1"


def test_what_the_network_does_not_see_is_left_out(writer: InHands, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def seen(_: object, __: object, texts: list[str]) -> list[float]:
        tried.append(len(texts))
        return [0.9 if text == "no rome" and len(tried) == 2 else 0.3 for text in texts]

    monkeypatch.setattr(type(writer.aligner), "seen", seen)
    found = list(writer.draw([Task(1, "the sun"), Task(2, "no rome")]))
    assert found[0] is None
    assert found[1] is not None
    assert tried == [2, 2, 1]


@pytest.mark.parametrize(
    ("changes", "without"),
    [({"script": "print"}, ()), ({}, ("ours",)), ({"split": "test"}, ()), ({"image": png(cells("nothing of it"))}, ())],
)
def test_only_the_hands_of_training_count(changes: dict[str, Any], without: tuple[str, ...], tmp_path: Path) -> None:
    file = write_lines(tmp_path / "lines.parquet", rows(**changes))
    with pytest.raises(CannotWrite, match=r"lines\.parquet: no page with 3 lines in hand that the bundle reads well"):
        InHands.of([file], BUNDLE, without)
