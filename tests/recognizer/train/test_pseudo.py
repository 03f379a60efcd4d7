from collections.abc import Sequence
from math import prod
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.decode.reading import Reading as Read
from recognizer.decode.reading import WordReading, reading_of
from recognizer.samples import Sample, rows
from recognizer.train.pseudo import MOST_WRONG, Labels, doubt, expected_errors, label, whole, write_labels
from tests.recognizer.drawn import line, write_lines

CONFIDENCES = st.lists(st.lists(st.floats(0, 1), max_size=6), max_size=20)


def reading(*confidences: float) -> Read:
    """A line of words of four letters."""
    return reading_of([WordReading("abcd", sure, 0, 9) for sure in confidences])


def samples(count: int) -> Sequence[Sample]:
    return [Sample(f"line {k}", line("a"), "", "", "drawn", "", "", "", "train") for k in range(count)]


def labelled(*lines: Sequence[float]) -> Labels:
    return label(samples(len(lines)), [reading(*each) for each in lines])


@given(CONFIDENCES)
def test_no_more_is_expected_to_be_wrong_than_allowed(lines: list[list[float]]) -> None:
    found = labelled(*lines)
    kept = [lines[int(name.removeprefix("line "))] for name in found.texts]
    words = [sure for each in kept for sure in each]
    assert all(kept)
    assert sum(1 - sure for sure in words) <= MOST_WRONG * len(words) + 1e-6
    assert found.read == len(lines)
    assert found.wrong <= MOST_WRONG


@given(CONFIDENCES)
def test_the_surest_lines_are_kept(lines: list[list[float]]) -> None:
    found = labelled(*lines)
    for number, each in enumerate(lines):
        if each and prod(each) > found.limit + 1e-9:
            assert f"line {number}" in found.texts


def test_a_line_is_as_sure_as_all_its_words() -> None:
    assert whole(reading(0.5, 0.5)) == 0.25
    assert whole(reading()) == 0.0
    assert expected_errors(reading(0.75, 1.0)) == 1.0
    assert doubt([reading(0.75, 1.0), reading()]) == 0.125
    assert doubt([]) == doubt([reading()]) == 1.0


def test_a_doubtful_line_stays_away_and_the_limit_is_told() -> None:
    found = labelled([1.0, 0.98], [0.4, 0.9], [0.99])
    assert found.texts == {"line 0": "abcd abcd", "line 2": "abcd"}
    assert found.limit == pytest.approx(0.98)
    assert found.told().startswith("2 of 3 lines kept: right with 98% or more")
    assert labelled([0.5]).told() == "of 1 lines none is sure enough"


def test_labels_take_the_place_of_texts(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "source.parquet", [{"text": "truth", "raw": "Truth"}, {"text": "other"}])
    write_labels(source, Labels({"line 0": "read"}, 2, 0.9, 0.01), tmp_path / "labels.parquet")
    (row,) = rows(tmp_path / "labels.parquet")
    assert (row["id"], row["text"], row["raw"], row["split"]) == ("line 0", "read", None, "train")
    assert row["image"] == next(rows(source))["image"]
