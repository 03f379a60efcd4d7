from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import evaluate
from pipeline.evaluate import Count, LineReader, Result, figures, judge
from pipeline.rendered import Rendered
from pipeline.truth import ASPECTS, Facts, TruePage
from recognizer.decode.decoder import PageReadings
from recognizer.decode.reading import Reading
from recognizer.policy import FOLDED
from segmentation import CropGeometry, Layout, Line, Segmentation

GRAY = np.full((600, 1000), 230, np.uint8)
SCAN = Rendered(GRAY, 0.0, 0)


def line(y: float, left: float = 100, right: float = 900) -> Line:
    outline = [(left, y - 30), (right, y - 30), (right, y + 10), (left, y + 10)]
    return Line(np.array([(left, y), (right, y)], np.float32), np.array(outline, np.float32))


@dataclass
class Said:
    """Reads what it is told, whatever the crops."""

    answers: list[list[str]]

    def read(self, pages: Sequence[Sequence[Any]]) -> list[PageReadings]:
        (crops,), answer = pages, self.answers.pop(0)
        assert len(answer) == len(crops)
        return [PageReadings("fra", tuple(Reading(text, 1.0, ()) for text in answer))]


def page(
    lines: Sequence[Line], texts: Sequence[str], judge: frozenset[str] = ASPECTS, name: str = "p", dataset: str = "d"
) -> TruePage:
    return TruePage(Facts(name, dataset, "hand", "val", judge), SCAN, tuple(lines), tuple(texts), Path("p.png"))


def judged(
    monkeypatch: pytest.MonkeyPatch, true: TruePage, found: Sequence[Line], read: Sequence[str], crops: Sequence[str]
) -> Result:
    """The true page judged as if these lines had been found, and these texts read on them and on the true lines."""
    monkeypatch.setattr(evaluate, "segment", lambda *_: Layout(1.0, (), tuple(found)))
    reader = LineReader(Said([list(read), list(crops)]), CropGeometry(), FOLDED)  # type: ignore[arg-type]
    return judge(true, Segmentation(), None, reader)[1]


TRUE = page([line(100), line(200), line(300)], ["the first", "a second", "and third"])


def test_a_page_read_perfectly(monkeypatch: pytest.MonkeyPatch) -> None:
    result = judged(monkeypatch, TRUE, TRUE.lines, TRUE.texts, TRUE.texts)
    every = figures([result])["all"]
    assert (every["precision"], every["recall"], every["f1"], every["tau"]) == (1, 1, 1, 1)
    assert (every["cer_ordered"], every["cer_free"], every["line_cer"], every["word_recall"]) == (0, 0, 0, 1)
    assert every["skew_error"] == 1  # it was told a slope of 1 degree for level lines
    assert every["pages"] == 1


def test_lines_in_wrong_order_cost_the_ordered_rate_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = list(TRUE.lines)[::-1]
    result = judged(monkeypatch, TRUE, turned, list(TRUE.texts)[::-1], TRUE.texts)
    assert result.tau == -1
    assert result.texts is not None
    assert result.texts.free == Count(0, 26)
    assert result.texts.ordered is not None
    assert result.texts.ordered.some > 5


def test_a_line_in_two_pieces_and_two_cells_as_one_are_no_errors_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    true = page([line(100), line(200, 100, 400), line(200, 500, 900)], ["one two", "left", "right"])
    found = [line(100, 100, 480), line(100, 520, 900), line(200)]
    result = judged(monkeypatch, true, found, ["one", "two", "left right"], true.texts)
    assert result.texts is not None
    assert result.texts.free.some == 0
    assert result.agreement is not None
    assert result.agreement.precision < 1


def test_missed_and_invented_lines_count_with_all_their_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [line(100), line(200), line(550)]
    result = judged(monkeypatch, TRUE, found, ["the first", "a second", "stamp"], TRUE.texts)
    assert result.texts is not None
    assert result.texts.free == Count(len("and third") + len("stamp"), 26)


def test_words_count_as_often_as_they_stand_there_without_case_and_punctuation(monkeypatch: pytest.MonkeyPatch) -> None:
    true = page([line(100)], ["The end, the end of it."])
    result = judged(monkeypatch, true, true.lines, ["the End the"], ["the End the"])
    assert result.texts is not None
    assert result.texts.words == Count(3, 6)


def test_truths_follow_the_policy_and_lines_without_text_are_only_found(monkeypatch: pytest.MonkeyPatch) -> None:
    true = page([line(100), line(200)], ["l\u2019ou\u017f", ""])  # typographic apostrophe, long s
    result = judged(monkeypatch, true, true.lines, ["l'ous", ""], ["l'ous"])
    assert result.texts is not None
    assert (result.texts.line, result.texts.free) == (Count(0, 5), Count(0, 5))
    assert result.agreement is not None
    assert result.agreement.recall == 1


@pytest.mark.parametrize(
    ("judge", "left_out"),
    [
        ({"text", "order"}, {"precision", "recall", "f1"}),
        ({"baselines", "text"}, {"tau", "cer_ordered"}),
        ({"baselines", "order"}, {"cer_ordered", "cer_free", "line_cer", "word_recall"}),
    ],
)
def test_what_a_truth_is_not_good_for_is_left_out(
    monkeypatch: pytest.MonkeyPatch, judge: set[str], left_out: set[str]
) -> None:
    true = page(TRUE.lines, TRUE.texts, frozenset(judge))
    every = figures([judged(monkeypatch, true, true.lines, true.texts, true.texts)])["all"]
    assert {name for name, value in every.items() if value is None} == left_out


def test_pages_are_averaged_and_characters_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    short = page([line(100), line(500)], ["ab", ""], name="q", dataset="e")
    results = [
        judged(monkeypatch, TRUE, TRUE.lines, TRUE.texts, TRUE.texts),
        judged(monkeypatch, short, [line(100)], ["xy"], ["ay"]),
    ]
    found = figures(results)
    assert found["all"]["recall"] == pytest.approx((1 + 1 / 2) / 2)
    assert found["all"]["cer_free"] == pytest.approx(2 / 28)
    assert found["all"]["line_cer"] == pytest.approx(1 / 28)
    assert found["dataset"]["e"]["cer_free"] == 1
    assert found["dataset"].keys() == {"d", "e"}
    assert found["split"]["val"] == found["all"]


def test_without_a_reader_lines_alone_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "segment", lambda *_: Layout(0.0, (), TRUE.lines[:2]))
    result = judge(TRUE, Segmentation(), None, None)[1]
    assert result.texts is None
    assert figures([result])["all"]["recall"] == pytest.approx(2 / 3)
