"""What came of a document's pages, and the figures of it that the account of a run sums up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline.document import DONE, Line, Page
from pipeline.failures import Failure

NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """Pages that were read or blank, the failures, seconds by stage, and what Tesseract read, by page.

    Pages that Tesseract was not asked for, or did not manage, are missing in `baseline`.
    """

    pages: tuple[Page, ...]
    failures: tuple[Failure, ...]
    seconds: Mapping[str, float]
    baseline: Mapping[int, tuple[Line, ...]] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """Counts and sums, as JSON has them."""
        lines = [line for page in self.pages for line in page.lines]
        wrong = [(page.expected_cer, page) for page in self.pages if page.expected_cer is not None]
        return {
            **{status: sum(page.status == status for page in self.pages) for status in DONE},
            "lines": len(lines),
            "letters": _letters(lines),
            "confident_letters": sum(line.confidence * len(line.text) for line in lines),
            "estimated_letters": sum(_letters(page.lines) for _, page in wrong),
            "wrong_letters": sum(expected * _letters(page.lines) for expected, page in wrong),
            "failures": [[failure.kind, failure.source, failure.page, failure.message] for failure in self.failures],
            "worst": _worst(wrong),
            "seconds": dict(self.seconds),
            "baseline": self._baseline() if "tesseract" in self.seconds else {},
        }

    def _baseline(self) -> dict[str, float]:
        """Pages that Tesseract read, those it did not manage, characters, and those of them on which both agree."""
        read = [(page.agreement, page) for page in self.pages if page.agreement is not None]
        letters = [max(_letters(page.lines), _letters(self.baseline[page.number])) for _, page in read]
        agreeing = sum(share * of for (share, _), of in zip(read, letters, strict=True))
        return {
            "pages": len(read),
            "failed": len(self.pages) - len(read),
            "letters": sum(letters),
            "agreeing_letters": agreeing,
        }


def _letters(lines: Iterable[Line]) -> int:
    return sum(len(line.text) for line in lines)


def _worst(pages: Sequence[tuple[float, Page]]) -> list[list[Any]]:
    """Of the pages with most errors to expect: the expected CER, source, number."""
    first = sorted(pages, key=lambda each: (-each[0], each[1].number))[:NAMED]
    return [[expected, page.source, page.number] for expected, page in first]
