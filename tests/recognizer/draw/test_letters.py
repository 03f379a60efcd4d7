import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.alphabet import Alphabet
from recognizer.bundle import Bundle
from recognizer.decode.greedy import Posteriors
from recognizer.draw.ink import density
from recognizer.draw.letters import END, START, Aligner, aligned, between
from recognizer.lines import Crop
from recognizer.samples import Sample
from tests.recognizer.draw.made import CELL, ROOM, cells, cut_line

ALPHABET = Alphabet(" abc")


def posteriors(path: str, sure: float = 0.9) -> Posteriors:
    """Frames that say the characters of a path, `_` for the blank."""
    frames = np.full((len(path), len(ALPHABET)), (1 - sure) / (len(ALPHABET) - 1))
    for row, character in zip(frames, path, strict=True):
        row[0 if character == "_" else ALPHABET.encode(character)[0]] = sure
    return np.asarray(np.log(frames), np.float16)


def sample(text: str, image: Crop | None = None) -> Sample:
    picture = cells(text) if image is None else image
    return Sample("x", picture, text, text, "ours", "hand", "eng", "p1", "train")


def test_characters_are_found_in_the_frames_that_mark_them() -> None:
    marks, sure = aligned(posteriors("_aa__b_ _c"), "ab c", ALPHABET) or (None, None)
    assert marks is not None
    assert sure is not None
    assert marks.tolist() == [2.0, 5.5, 7.5, 9.5]
    assert sure.all()


def test_what_the_network_does_not_see_is_not_sure() -> None:
    _, sure = aligned(posteriors("_a__c_"), "abc", ALPHABET) or (None, None)
    assert sure is not None
    assert sure.tolist() == [True, False, True]


@pytest.mark.parametrize("text", ["", "abd", "aaaa", "abcabcabc"])
def test_what_cannot_be_laid_on_the_frames_is_left_out(text: str) -> None:
    assert aligned(posteriors("_a_b_c"), text, ALPHABET) is None


@given(st.lists(st.floats(0, 600), min_size=1, max_size=40), st.integers(16, 600))
def test_cuts_never_go_back(marks: list[float], width: int) -> None:
    ink = np.random.default_rng(width).random((80, width), np.float32)
    cuts = between(np.sort(np.array(marks)), ink)
    assert len(cuts) == len(marks) + 3
    assert (cuts[0], cuts[-1]) == (0, width)
    assert cuts.min() >= 0
    assert cuts.max() <= width


def test_cuts_are_where_there_is_least_ink() -> None:
    text = "mnmnmn"
    marks = ROOM + CELL * (np.arange(len(text)) + 0.5) + np.array([2, -2, 3, 0, -3, 1])
    cuts = between(marks, density(cells(text)))
    assert np.abs(cuts[1:-1] - (ROOM + CELL * np.arange(len(text) + 1))).max() <= 6


def test_a_width_is_that_of_some_characters() -> None:
    line = cut_line("abc")
    assert (line.width(0, 1), line.width(1, 3), line.high) == (ROOM, 2 * CELL, 20)


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner.of(Bundle.load("default"))


TEXTS = ["the mere sum", "no one came in", "a summer in rome"]


def test_a_shipped_bundle_cuts_lines(aligner: Aligner) -> None:
    lines = list(aligner.cut([sample(text) for text in TEXTS]))
    assert [line.text for line in lines] == [f"{START}{text}{END}" for text in TEXTS]
    for line in lines:
        ends = ROOM + CELL * np.arange(len(line.text) - 1)
        assert np.median(np.abs(line.cuts[1:-1] - ends)) <= 5
        assert (np.diff(line.cuts) > 0).all()
        assert (line.dataset, line.page, len(line.sure)) == ("ours", "p1", len(line.text))


def test_lines_that_say_something_else_are_not_cut(aligner: Aligner) -> None:
    assert list(aligner.cut([sample("no one came in", cells("the mere sum"))])) == []


def test_how_much_of_a_text_is_seen(aligner: Aligner) -> None:
    right, wrong, empty = aligner.seen([cells(TEXTS[0])] * 3, [TEXTS[0], "what if not", ""])
    assert right > 0.8
    assert wrong < 0.5
    assert empty == 0
