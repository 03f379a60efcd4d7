"""Two engines that say what they are told, compared on sheets with truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from pipeline.comparison.judge import Compared, agreements, by_page, compare, figures
from pipeline.comparison.sheets import Sheet
from pipeline.document import Page
from pipeline.reading import failed_page
from pipeline.tesseract import Spent
from pipeline.truth import ASPECTS, Facts
from recognizer.policy import FOLDED
from tests.pipeline.test_agreement import lines
from tests.pipeline.test_evaluate import SCAN
from tests.pipeline.test_tasks import ref

TRUTHS = ("the first", "a second")


@dataclass
class Said:
    """Reads what it is told, one text a line, at a second of processor time each time."""

    texts: Sequence[str]
    spent: Spent = field(default_factory=Spent)

    def read(self, sheet: Sheet) -> Page:
        self.spent.cpu += 1
        page = failed_page(sheet.ref.number, sheet.ref.source, "", "bundle", "revision")
        return replace(page, status="read", lines=lines(*self.texts))


def sheet(name: str = "p", script: str = "hand", truths: Sequence[str] | None = TRUTHS) -> Sheet:
    facts = Facts(name, "d", script, "val", ASPECTS, "fra")
    return Sheet(ref(1), SCAN, facts, None if truths is None else lines(*truths))


def compared(ours: Sequence[str], theirs: Sequence[str], **facts: str) -> Compared:
    return compare(sheet(**facts), FOLDED, (Said(ours), Said(theirs)))


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
    swapped = replace(sheet(), truth=lines(*TRUTHS)[::-1])
    found = compare(swapped, FOLDED, (Said(TRUTHS), Said(TRUTHS)))
    assert [judged.counts[0] for judged in found.judged] == [0, 0]


def test_the_policy_holds_for_both() -> None:
    said = ("the fir\u017ft", "a \u017fecond")
    found = compare(sheet(truths=said), FOLDED, (Said(TRUTHS), Said(said)))
    assert [judged.counts[0] for judged in found.judged] == [0, 0]


def test_without_truth_agreement_is_told() -> None:
    found = [
        compare(sheet(truths=None), FOLDED, (Said(TRUTHS), Said(theirs))) for theirs in (TRUTHS, ("the fxrst", ""))
    ]
    assert agreements(found) == {
        "agreement": pytest.approx(25 / 34),
        "pages": 2,
        "cpu_seconds": {"inkbeam": 1.0, "tesseract": 1.0},
    }
    worst, best = by_page(found)
    assert (worst["agreement"], best["agreement"]) == (pytest.approx(8 / 17), 1.0)
    assert worst["inkbeam"] == {"cpu_seconds": 1.0}


def test_groups_are_told_apart() -> None:
    found = figures([compared(TRUTHS, TRUTHS, script="hand"), compared(TRUTHS, ("", ""), script="print")])
    assert found["script"]["hand"]["tesseract"]["cer"] == 0
    assert found["script"]["print"]["tesseract"]["cer"] == 1
    assert found["all"]["pages"] == 2
    assert list(found["language"]) == ["fra"]


def test_every_page_tells_what_it_is_and_its_errors() -> None:
    (row,) = by_page([compared(TRUTHS, ("the fxrst", ""))])
    assert (row["name"], row["page"], row["script"], row["document_id"]) == ("p", 1, "hand", "a-00000000")
    assert row["inkbeam"] == {"wrong": 0, "characters": 17, "cpu_seconds": 1.0}
    assert row["tesseract"]["wrong"] == 9


def test_an_engine_that_finds_nothing_has_read_nothing() -> None:
    found = compared(("", ""), ("", ""))
    assert [judged.counts[:2] for judged in found.judged] == [(17, 17), (17, 17)]
    assert np.isfinite(figures([found])["all"]["inkbeam"]["cer"])
