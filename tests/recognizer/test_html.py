import base64
import re

import cv2
import numpy as np
import pytest

from recognizer.html import Markup, headline, image, markup, page, table
from tests.recognizer.drawn import png, scribble


def test_text_is_escaped_once_and_markup_never() -> None:
    assert markup('<b> & "c"') == "&lt;b&gt; &amp; &quot;c&quot;"
    assert markup(markup("<")) == "&lt;"
    assert markup(Markup("<b>")) == "<b>"
    assert markup(1.5) == "1.5"


def test_a_page_has_its_title_twice_and_its_body() -> None:
    found = page("A & B", "<p>body</p>")
    assert "<title>A &amp; B</title>" in found
    assert "<h1>A &amp; B</h1>\n<p>body</p>" in found
    assert "$" not in found


def test_a_page_needs_nothing_from_elsewhere_and_knows_dark_and_print() -> None:
    found = page("title", "")
    assert "http" not in found
    assert "url(" not in found
    assert "prefers-color-scheme: dark" in found
    assert "@media print" in found


def test_a_table_has_caption_and_headings() -> None:
    found = table("Lines & more", ("name", "count"), [("<a>", 3)])
    assert "<caption>Lines &amp; more</caption>" in found
    assert '<th scope="col">name</th>' in found
    assert '<tr><th scope="row">&lt;a&gt;</th><td class="number">3</td></tr>' in found


@pytest.mark.parametrize("cells", [["1", "–"], ["12.5 %", "1,234"], ["1.50 to 2.75", "–"], ["-1", "−2", "+3"]])
def test_numbers_stand_to_the_right_with_their_heading(cells: list[str]) -> None:
    found = table("t", ("name", "figure"), [("a", cell) for cell in cells])
    assert found.count('class="number"') == len(cells) + 1


@pytest.mark.parametrize("cells", [["1", "a"], ["1 apple"], [""], [Markup("<b>1</b>")]])
def test_other_columns_stand_to_the_left(cells: list[str]) -> None:
    assert "number" not in table("t", ("name", "thing"), [("a", cell) for cell in cells])


def test_a_table_may_be_empty_but_not_ragged() -> None:
    assert "<tbody>\n\n</tbody>" in table("t", ("a", "b"), [])
    with pytest.raises((ValueError, IndexError)):
        table("t", ("a", "b"), [("1",)])


def test_headline_figures_are_a_list_of_terms() -> None:
    assert headline([("CER", "1 %", "<5")]) == (
        '<dl class="facts"><div><dt>CER</dt><dd class="figure">1 %</dd><dd class="note">&lt;5</dd></div></dl>'
    )


def test_pixels_and_png_are_kept_inside() -> None:
    crop = scribble(200)
    colour = np.repeat(crop[:, :, None], 3, axis=2)
    for picture, kind in ((crop, "webp"), (png(crop), "png"), (colour, "webp")):
        found = image(picture, 'a "line"')
        match = re.fullmatch(r'<img src="data:image/(\w+);base64,([^"]*)" alt="a &quot;line&quot;">', found)
        assert match
        assert match[1] == kind
        content = np.frombuffer(base64.b64decode(match[2]), np.uint8)
        assert np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)).shape == crop.shape
