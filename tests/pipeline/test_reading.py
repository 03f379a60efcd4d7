"""From a layout and readings to a page: boxes go back to where the ink is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.document import bounding_box
from pipeline.failures import PageError
from pipeline.reading import Cut, assemble, faithfully, timed
from recognizer.decode.decoder import PageReadings
from recognizer.decode.reading import Reading, WordReading
from segmentation import CropGeometry, Layout, Line, Region, crop
from tests.pipeline.test_tasks import ref

GEOMETRY = CropGeometry()
UP, DOWN = np.array([0, 40], np.float32), np.array([0, 16], np.float32)
GRAY = np.full((600, 900), 220, np.uint8)


def line(x: float, y: float, width: float, slope: float) -> Line:
    """A straight line that reaches 40 pixels above and 16 below its baseline."""
    baseline = np.array([[x, y], [x + width, y + slope * width]], np.float32)
    polygon = np.concatenate([baseline - UP, baseline[::-1] + DOWN])
    return Line(baseline, polygon)


def cut(found: Line) -> Cut:
    layout = Layout(0.0, (Region("column", found.polygon),), (found,))
    return Cut(ref(1), 900, 600, 300.0, 0, layout, (crop(GRAY, found, GEOMETRY),))


def reading(*words: WordReading) -> Reading:
    return Reading(" ".join(word.text for word in words), 0.5, words)


def said(*readings: Reading, expected_cer: float | None = None) -> PageReadings:
    return PageReadings("fra", readings, expected_cer)


@given(st.floats(100, 300), st.floats(150, 400), st.floats(200, 500), st.floats(-0.15, 0.15))
def test_a_word_over_the_whole_crop_encloses_its_line(x: float, y: float, width: float, slope: float) -> None:
    found = line(x, y, width, slope)
    image = cut(found).crops[0]
    page = assemble(cut(found), said(reading(WordReading("ab", 0.5, 0, image.image.shape[1]))), GEOMETRY, "bundle", 0.3)
    left, top, right, foot = bounding_box(page.lines[0].words[0].polygon)
    assert left < x
    assert right > x + width
    assert top < min(y, y + slope * width)
    assert foot > max(y, y + slope * width)


def test_words_follow_each_other_along_the_baseline() -> None:
    found = line(100, 300, 400, 0.05)
    width = cut(found).crops[0].image.shape[1]
    halves = reading(WordReading("left", 0.75, 0, width / 2), WordReading("right", 0.25, width / 2, width))
    (first, second) = assemble(cut(found), said(halves), GEOMETRY, "bundle", 0.3).lines[0].words
    middle = (bounding_box(first.polygon)[2] + bounding_box(second.polygon)[0]) / 2
    assert middle == pytest.approx(300, abs=3)
    assert (first.text, first.confidence) == ("left", 0.75)


def test_lines_on_which_nothing_was_read_are_left_out_and_leave_a_blank_page() -> None:
    page = assemble(cut(line(100, 300, 400, 0)), said(Reading("", 0.0, ())), GEOMETRY, "bundle", 0.3)
    assert (page.status, page.lines, page.confidence) == ("blank", (), None)
    assert page.regions


@pytest.mark.parametrize(
    ("expected", "status"), [(None, "read"), (0.0, "read"), (0.3, "read"), (0.31, "doubtful"), (1.0, "doubtful")]
)
def test_pages_with_too_many_errors_to_expect_are_doubtful(expected: float | None, status: str) -> None:
    found = line(100, 300, 400, 0)
    read = said(reading(WordReading("left", 0.75, 0, 200)), expected_cer=expected)
    page = assemble(cut(found), read, GEOMETRY, "bundle", float(np.float32(0.3)))
    assert (page.status, page.expected_cer) == (status, None if expected is None else pytest.approx(expected))
    assert page.lines[0].text == "left"
    empty = said(Reading("", 0.0, ()), expected_cer=1.0)
    assert assemble(cut(found), empty, GEOMETRY, "bundle", 0.3).status == "blank"


def test_stages_are_timed_also_when_they_fail() -> None:
    seconds: dict[str, float] = {}
    with pytest.raises(PageError, match="not enough memory"), timed(seconds, "segment"), faithfully("segment"):
        raise MemoryError
    assert seconds["segment"] >= 0


def test_a_page_error_keeps_its_kind() -> None:
    with pytest.raises(PageError) as raised, faithfully("segment"):
        raise PageError("render", "timeout", "late")
    assert raised.value.kind == "timeout"
