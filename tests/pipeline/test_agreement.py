import numpy as np
import pytest

from pipeline.agreement import Agreed, agree, as_rows, figures, table
from recognizer.policy import FOLDED
from tests.pipeline.test_compare import Said
from tests.pipeline.test_evaluate import GRAY


def test_lines_are_compared_where_they_lie() -> None:
    page = agree("p", GRAY, FOLDED, [Said(["the first", "a second"]), Said(["the fxrst", ""])])
    assert (page.differing, page.characters) == (9, 17)
    assert page.agreement == pytest.approx(8 / 17)
    assert page.texts == ("the first\na second", "the fxrst")
    assert page.cpu == (1.0, 1.0)


def test_pages_on_which_nothing_was_read_agree() -> None:
    assert agree("p", GRAY, FOLDED, [Said(["", ""]), Said(["", ""])]).agreement == 1.0


def test_the_pages_that_differ_most_come_first() -> None:
    pages = [Agreed(f"page {wrong}", wrong, 10, ("a", "b"), (1.0, 2.0)) for wrong in (1, 7, 3)]
    found = figures(pages)
    assert found["agreement"] == pytest.approx(19 / 30)
    assert list(found["page"]) == ["page 7", "page 3", "page 1"]
    assert np.isclose(found["tesseract"]["cpu_seconds"], 2.0)
    assert table(found)[3].split() == ["30.0%", "page", "7"]
    assert as_rows(pages)[0] == {"name": "page 1", "agreement": 0.9, "inkbeam": "a", "tesseract": "b"}
