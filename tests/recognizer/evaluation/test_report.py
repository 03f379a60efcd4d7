import re
from html.parser import HTMLParser

import pytest

from recognizer.policy import TextPolicy
from tests.recognizer.evaluation.made import evaluation, sample

VOID = {"meta", "img", "rect", "path"}


class Outline(HTMLParser):
    """Checks that tags are closed in order, and collects what the tests ask for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[str, str]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append((self.open[-1] if self.open else "", data))

    def inside(self, tag: str) -> list[str]:
        return [data for where, data in self.words if where == tag]


SAMPLES = [sample("abcd efgh", page="1"), sample("cafe", script="hand", page="2"), sample("a & <b>", page="3")]
TEXTS = ["abxd efgh", "", "a & <c>"]
OUTLINE = Outline(evaluation(SAMPLES, TEXTS, skipped={"empty text": ["<7>"]}).html())


def test_tables_have_captions() -> None:
    assert OUTLINE.inside("caption") == [
        "By script",
        "By data set",
        "By language",
        "By class of character",
        "Confidence of words",
        "Pages by language",
        "What was read as what",
        "Lines left out",
    ]
    assert len(OUTLINE.inside("caption")) == sum(tag == "table" for tag, _ in OUTLINE.tags)


def test_pictures_are_inside_the_page_and_have_words() -> None:
    pictures = [attributes for tag, attributes in OUTLINE.tags if tag == "img"]
    assert all(str(picture["src"]).startswith("data:image/webp;base64,") and picture["alt"] for picture in pictures)
    assert "“a & <b>” in line line a & <b>" in [picture["alt"] for picture in pictures]


def test_nothing_comes_from_elsewhere() -> None:
    links = [str(a[name]) for _, a in OUTLINE.tags for name in ("src", "href") if name in a]
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not [tag for tag, _ in OUTLINE.tags if tag in ("script", "link", "iframe")]
    places = {a.get("id") for _, a in OUTLINE.tags}
    assert {link[1:] for link in links if link.startswith("#")} <= places


def test_differences_are_marked_in_the_worst_lines() -> None:
    figures = evaluation(SAMPLES, TEXTS).html().split('<figure class="line"')[1:]
    assert len(figures) == 3
    assert "<dd><del>cafe</del></dd>" in figures[0]
    assert ">nothing</span></dd>" in figures[0]
    assert "<dd>a &amp; &lt;<del>b</del>&gt;</dd><dt>Read</dt><dd>a &amp; &lt;<ins>c</ins>&gt;</dd>" in figures[1]
    assert "ab<del>c</del>d efgh" in figures[2]
    assert "errors: 1, characters: 9 · line abcd efgh · drawn · print · eng" in figures[2]


def test_confusions_name_spaces_and_nothing() -> None:
    page = evaluation([sample("ab cd")], ["abcdd"]).html()
    assert re.findall(r"<th scope=\"row\">(?:<span[^>]*>)(\w+)</span></th><td><span[^>]*>(\w+)", page) == [
        ("space", "c"),
        ("c", "d"),
    ]
    assert '<span class="faint">nothing</span>' in evaluation([sample("abc")], ["ab"]).html()


def test_headline_figures_are_told() -> None:
    told = evaluation(SAMPLES, TEXTS, TextPolicy("own & table", {}), ignore_punctuation=True).html()
    for fact in (
        "30.00 %",
        "Character error rate",
        "CER, folded",
        "CER, punctuation ignored",
        "own &amp; table",
        "fp32",
    ):
        assert fact in told
    assert "CER, folded" not in evaluation(SAMPLES, TEXTS).html()


@pytest.mark.parametrize("texts", [["abcd efgh", "cafe", "a & <b>"], ["", "", ""]])
def test_all_right_and_all_wrong_make_a_page(texts: list[str]) -> None:
    assert "nan" not in Outline(evaluation(SAMPLES, texts).html()).inside("td")


def test_lines_left_out_are_told_escaped() -> None:
    assert "<7>" in OUTLINE.inside("td")
    assert "Lines left out" not in evaluation(SAMPLES, TEXTS).html()
