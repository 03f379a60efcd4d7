"""What two engines read on a page, and the truth where it is known, line beside line with the differences marked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from rapidfuzz.distance import LCSseq

from pipeline.agreement import baselines
from pipeline.document import Line
from segmentation.evaluate import together

Cell = list[tuple[bool, str]]  # runs of words, each with whether it differs; empty where nothing was read
SAME_AS_ABOVE: Final = "″"


@dataclass
class _Match:
    """What another column has beside the lines of the first: cells and texts by line, and texts that lie on none."""

    cells: dict[int, Cell] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, first: Sequence[Line], other: Sequence[Line]) -> Self:
        """Match by baselines: several lines that lie on each other stand beside the first of them."""
        match = cls()
        for ours, theirs in together(baselines(first), baselines(other)):
            text = " ".join(other[place].text for place in theirs)
            if not ours:
                match.extra.append(text)
            elif text:
                match.texts[min(ours)] = text
                match.cells |= {place: [(False, SAME_AS_ABOVE)] for place in ours}
                match.cells[min(ours)] = marked(" ".join(first[place].text for place in ours), text)
        return match


def beside(columns: Sequence[Sequence[Line]]) -> list[list[Cell]]:
    """Rows of cells, one a column: the lines of the first column in order, then lines of others that lie on none.

    Words are marked where a column differs from the first; of two columns the first is marked too.
    """
    first, *others = columns
    matches = [_Match.of(first, other) for other in others]
    rows = []
    for place, line in enumerate(first):
        own = marked(matches[0].texts.get(place, ""), line.text) if len(others) == 1 else [(False, line.text)]
        rows.append([own, *(match.cells.get(place, []) for match in matches)])
    for column, match in enumerate(matches, 1):
        rows += [[[(True, text)] if other == column else [] for other in range(len(columns))] for text in match.extra]
    return rows


def marked(reference: str, text: str) -> Cell:
    """The words of a text in runs, those marked that a longest common sequence of words leaves out."""
    words = text.split()
    cell: Cell = []
    for code in LCSseq.opcodes(reference.split(), words):
        if code.dest_end > code.dest_start:
            cell.append((code.tag != "equal", " ".join(words[code.dest_start : code.dest_end])))
    return cell
