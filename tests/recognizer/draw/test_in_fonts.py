from pathlib import Path

import numpy as np
import pytest

from recognizer.draw.drawn import Task
from recognizer.draw.in_fonts import InFonts
from tests.recognizer.draw.made import ROMAN, SANS, fonts


@pytest.fixture
def writer(tmp_path: Path) -> InFonts:
    return InFonts.of(fonts(tmp_path, SANS, ROMAN))


def test_lines_are_drawn_as_crops(writer: InFonts) -> None:
    tasks = [Task(k, text) for k, text in enumerate(["the house", "of the rising sun", "-", "x"] * 3)]
    for task, drawn in zip(tasks, writer.draw(tasks), strict=True):
        assert drawn is not None
        assert drawn.image.dtype == np.uint8
        assert (drawn.image.shape[0], drawn.dataset) == (80, "drawn-fonts")
        assert drawn.image.shape[1] > 10 * len(task.text)
        assert drawn.page in ("DejaVu Sans", "cmr10")


def test_a_line_is_the_same_whatever_else_is_drawn(writer: InFonts) -> None:
    first, second, alone = Task(1, "the house"), Task(2, "of the"), Task(2, "of the")
    _, among = writer.draw([first, second])
    (once,) = writer.draw([alone])
    assert among is not None
    assert once is not None
    assert among.image.tobytes() == once.image.tobytes()


def test_typographic_characters_are_drawn_as_they_stand(writer: InFonts) -> None:
    assert writer.policy("“It’s”") == "“It’s”"
    assert writer.lacking("“It’s” 漢") == {"漢"}


def test_a_text_that_no_font_has_all_of_is_left_out(writer: InFonts) -> None:
    assert list(writer.draw([Task(1, "漢")])) == [None]


def test_fonts_are_counted(writer: InFonts) -> None:
    assert writer.told() == "fonts: 2"
