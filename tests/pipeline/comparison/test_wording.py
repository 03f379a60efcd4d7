import pytest

from pipeline.comparison.judge import agreements, by_page, compare
from pipeline.comparison.wording import interval, told, verdict
from recognizer.policy import FOLDED
from tests.pipeline.comparison.test_judge import TRUTHS, Said, sheet

MADE = {"bundle": "b1", "arithmetic": "fp32", "processor": "some processor"}
WITH = {"tesseract": {"version": "5.3.0", "languages": "eng"}, "memory_mb": {"inkbeam": 1234, "tesseract": 200}}


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        (
            [-0.5, -0.6, -0.4],
            "Inkbeam reads handwriting better: CER 10.0 against 60.0, difference -50.0 [-60.0, -40.0]",
        ),
        ([0.5, 0.4, 0.6], "Tesseract reads handwriting better: CER 60.0 against 10.0, difference +50.0 [40.0, 60.0]"),
        (
            [-0.5, -1.1, 0.1],
            "No sure difference in handwriting: CER 10.0 against 60.0, difference -50.0 [-110.0, 10.0]",
        ),
        ([-0.5, None, None], "handwriting: one page alone tells nothing of others; CER 10.0 against 60.0"),
    ],
)
def test_verdicts(difference: list[float | None], expected: str) -> None:
    assert verdict("hand", {"inkbeam": {"cer": 0.1}, "tesseract": {"cer": 0.6}, "difference": difference}) == expected


def test_an_interval_that_is_not_known_is_left_out() -> None:
    assert interval([0.125, None, None]) == "+12.5"


def test_without_truth_the_pages_that_differ_most_are_named() -> None:
    answers = {"one": TRUTHS, "two": ("the fxrst", "")}
    pages = [compare(sheet(name, truths=None), FOLDED, (Said(TRUTHS), Said(said))) for name, said in answers.items()]
    text = "\n".join(told(agreements(pages) | {"page": by_page(pages)} | MADE | WITH))
    assert "both agree on 73.5% of the characters of 2 pages" in text
    assert text.index("47.1%  two") < text.index("100.0%  one")
    assert "memory at most: inkbeam 1,234 MB, tesseract 200 MB" in text
