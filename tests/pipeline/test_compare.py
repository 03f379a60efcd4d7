"""Two engines that say what they are told, compared on pages and lines with truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from pipeline.compare import Compared, as_rows, compare_lines, compare_page, figures, pages_of, verdict
from pipeline.tesseract import Spent
from pipeline.truth import ASPECTS, Facts, TruePage
from recognizer.policy import FOLDED
from tests.pipeline.test_evaluate import GRAY, line
from tests.recognizer.evaluation.made import sample

TRUTHS = ("the first", "a second")
PLACES = (100.0, 300.0)


@dataclass
class Said:
    """Finds the true lines and reads what it is told, at a second of processor time each time."""

    texts: Sequence[str]
    spent: Spent = field(default_factory=Spent)

    def page(self, _: Any) -> list[tuple[Any, str]]:
        self.spent.cpu += 1
        return [(line(y).baseline, text) for y, text in zip(PLACES, self.texts, strict=True) if text]

    def lines(self, crops: Sequence[Any]) -> list[str]:
        self.spent.cpu += 1
        assert len(crops) == len(self.texts)
        return list(self.texts)


def page(name: str = "p", script: str = "hand") -> TruePage:
    facts = Facts(name, "d", script, "val", ASPECTS, "fra")
    return TruePage(facts, GRAY, tuple(line(y) for y in PLACES), TRUTHS)


def compared(ours: Sequence[str], theirs: Sequence[str], **facts: str) -> Compared:
    return compare_page(page(**facts), FOLDED, [Said(ours), Said(theirs)])


def test_each_engine_gets_its_rates_and_seconds() -> None:
    found = figures([compared(TRUTHS, ("the fxrst", ""))])["all"]
    assert found["inkbeam"] == {
        "cer": 0.0,
        "wer": 0.0,
        "word_recall": 1.0,
        "cpu_seconds": 1.0,
        "wall_seconds": 0.0,
    }
    theirs: Mapping[str, float] = found["tesseract"]
    assert theirs["cer"] == pytest.approx(9 / 17)
    assert theirs["wer"] == pytest.approx(3 / 4)
    assert theirs["word_recall"] == pytest.approx(1 / 4)
    assert found["difference"] == [pytest.approx(-9 / 17), None, None]


def test_lines_in_another_order_are_no_errors() -> None:
    swapped = TruePage(page().facts, GRAY, tuple(line(y) for y in reversed(PLACES)), tuple(reversed(TRUTHS)))
    found = compare_page(swapped, FOLDED, [Said(TRUTHS), Said(TRUTHS)])
    assert [judged.counts[0] for judged in found.judged] == [0, 0]


def test_the_policy_holds_for_both() -> None:
    said = ("the fir\u017ft", "a \u017fecond")
    found = compare_page(page(), FOLDED, [Said(said), Said(said)])
    assert found.judged[0].texts == found.judged[1].texts == ("the first", "a second")


def test_lines_of_a_page_are_compared_one_by_one() -> None:
    samples = [sample("ab", page="1", script="hand"), sample("cd", page="1", script="hand"), sample("ef", page="")]
    pages = list(pages_of(samples))
    assert [[each.text for each in members] for members in pages] == [["ab", "cd"], ["ef"]] or len(pages) == 2
    (two,) = (members for members in pages if len(members) == 2)
    found = compare_lines(two, FOLDED, [Said(["ab", "cx"]), Said(["", "cd"])])
    assert [judged.counts[:2] for judged in found.judged] == [(1, 4), (2, 4)]
    assert (found.facts.name, found.facts.script, found.facts.language) == ("1", "hand", "eng")


def test_groups_are_told_apart() -> None:
    found = figures([compared(TRUTHS, TRUTHS, script="hand"), compared(TRUTHS, ("", ""), script="print")])
    assert found["script"]["hand"]["tesseract"]["cer"] == 0
    assert found["script"]["print"]["tesseract"]["cer"] == 1
    assert found["all"]["pages"] == 2
    assert list(found["language"]) == ["fra"]


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        ([-0.5, -0.6, -0.4], "Inkbeam reads handwriting better: CER 10.0 against 60.0, difference -50.0 [-60.00 to"),
        ([0.5, 0.4, 0.6], "Tesseract reads handwriting better: CER 60.0 against 10.0, difference +50.0"),
        ([-0.5, -1.1, 0.1], "No sure difference in handwriting: CER 10.0 against 60.0"),
        ([-0.5, None, None], "hand: one page alone tells nothing of others; CER 10.0 against 60.0"),
    ],
)
def test_verdicts(difference: list[float | None], expected: str) -> None:
    told = verdict("hand", {"inkbeam": {"cer": 0.1}, "tesseract": {"cer": 0.6}, "difference": difference})
    assert told.startswith(expected)


def test_texts_are_kept_to_look_at() -> None:
    (row,) = as_rows([compared(TRUTHS, ("the fxrst", ""))])
    assert row["truth"] == "the first\na second"
    assert (row["inkbeam"], row["tesseract"]) == ("the first\na second", "the fxrst")
    assert (row["inkbeam_wrong"], row["tesseract_wrong"], row["characters"]) == (0, 9, 17)


def test_an_engine_that_finds_nothing_has_read_nothing() -> None:
    found = compared(("", ""), ("", ""))
    assert [judged.counts[:2] for judged in found.judged] == [(17, 17), (17, 17)]
    assert np.isfinite(figures([found])["all"]["inkbeam"]["cer"])
