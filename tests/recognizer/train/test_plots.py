import math
import warnings
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from recognizer.train import plots
from recognizer.train.history import Record
from recognizer.train.statistics import Statistics

RECORDS = [
    Record(100 * k, 60.0 * k, 1600 * k, 1e-3 / k, 2.0 / k, 0.6 / k if k % 2 else None, 0.9 / k if k % 2 else None)
    for k in range(1, 9)
]
NOTHING = Statistics((), (), {}, {}, {}, {}, {})


def statistics(characters: str = "aé1 .A", lines: int = 30) -> Statistics:
    counts = {character: 90 - k for k, character in enumerate(characters)}
    lengths = tuple(1 + k % 50 for k in range(lines))
    return Statistics(lengths, tuple(9 * length for length in lengths), {"x": lines}, {}, {}, counts, {})


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR))


@pytest.mark.parametrize(
    ("picture", "shape"),
    [
        (plots.curves(RECORDS), (420, 1440, 3)),
        (plots.shapes(statistics(), statistics()), (384, 1440, 3)),
        (plots.characters(statistics()), (396, 1440, 3)),
        (plots.sheet("A $title$", RECORDS, statistics(), statistics()), (1260, 1440, 3)),
    ],
)
def test_pictures_have_their_size_and_stand_on_white(picture: bytes, shape: tuple[int, ...]) -> None:
    drawn = pixels(picture)
    assert drawn.shape == shape
    assert (drawn[:4] == 255).all()
    assert (drawn[-4:] == 255).all()
    assert (drawn < 128).any()


def test_the_same_input_gives_the_same_bytes_without_maker_or_date() -> None:
    one, same = (plots.curves(RECORDS) for _ in range(2))
    assert one == same
    assert b"matplotlib" not in one.lower()
    assert b"tEXt" not in one


@pytest.mark.parametrize(
    "history",
    [
        [],
        RECORDS[:1],
        [Record(1, 0.0, 0, 0.0, 0.0)],
        [Record(1, 1.0, 16, 1e-3, math.nan), Record(2, 2.0, 32, 1e-3, math.inf)],
        [Record(1, 1.0, 16, 1e-3, 0.0, 0.0, 0.0), Record(2, 2.0, 32, 1e-3, 0.0, 0.0, 0.0)],
        [Record(1, 1.0, 16, 1e-3, 1.0, 1.0), Record(2, 40_000.0, 32, 1e-3, 0.5, 0.5)],
        [RECORDS[3], RECORDS[3]],
    ],
    ids=["nothing", "one record", "all zero", "no finite loss", "no errors", "hours without WER", "no progress"],
)
def test_unusual_histories_are_drawn_without_a_warning(history: Sequence[Record]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pixels(plots.curves(history)).shape == (420, 1440, 3)


@pytest.mark.parametrize("val", [NOTHING, statistics(lines=1)])
@pytest.mark.parametrize("train", [NOTHING, statistics(lines=1), statistics(lines=400)])
def test_few_or_no_lines_are_drawn_too(train: Statistics, val: Statistics) -> None:
    assert pixels(plots.shapes(train, val)).shape == (384, 1440, 3)
    assert pixels(plots.characters(train)).shape == (396, 1440, 3)


@pytest.mark.parametrize("characters", ["$%\\_^{}", "\u0301\u0363", "\ue8b7漢\U0001f600", "a" + "bcdefghijklmnop" * 9])
def test_any_character_can_be_drawn(characters: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pixels(plots.characters(statistics(characters))).shape == (396, 1440, 3)


@pytest.mark.parametrize(("character", "seen"), [("a", "a"), (" ", "␣"), ("\u0301", "◌\u0301"), ("$", "$")])
def test_what_cannot_be_seen_alone_is_shown(character: str, seen: str) -> None:
    assert plots.shown(character) == seen
