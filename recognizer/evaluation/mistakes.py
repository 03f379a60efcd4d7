"""Which mistakes are made, by aligning truths and readings: error rates of classes, confusions, the worst lines."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any, Final

import jiwer

from recognizer.evaluation.texts import CLASSES, Pair, class_of

CONFUSIONS: Final = 30
EXAMPLES: Final = 3
WORST: Final = 40
SHORTEST: Final = 4  # characters: a shorter line can hardly be read, and says little


@dataclass(frozen=True)
class Edit:
    """One character of a line read wrongly: what stands there and what was read, "" for nothing, and where in each."""

    line: int
    truth: str
    read: str
    truth_at: int
    read_at: int


@dataclass(frozen=True)
class ClassErrors:
    """Of the `characters` of a class in the truths, how many were read as something else or not at all."""

    name: str
    characters: int
    errors: int

    @property
    def rate(self) -> float:
        """Errors a character; 0 where there are no characters."""
        return self.errors / max(self.characters, 1)


@dataclass(frozen=True)
class Confusion:
    """How often `truth` was read as `read` ("" for nothing), with examples from up to three different lines."""

    truth: str
    read: str
    count: int
    examples: tuple[Edit, ...]


@dataclass(frozen=True)
class WorstLine:
    """A line, as its index, and its edits in order."""

    line: int
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Mistakes:
    """`insertions`: characters read where nothing stands, which belong to no class."""

    classes: tuple[ClassErrors, ...]
    insertions: int
    confusions: tuple[Confusion, ...]
    worst: tuple[WorstLine, ...]

    @classmethod
    def of(cls, pairs: Sequence[Pair]) -> "Mistakes":
        """The mistakes of these truths and readings: the 30 most frequent confusions, the 40 worst lines."""
        edits = edits_of(pairs)
        insertions = sum(not edit.truth for edit in edits)
        return cls(_classes(pairs, edits), insertions, _confusions(edits), _worst(pairs, edits))


def edits_of(pairs: Sequence[Pair]) -> list[Edit]:
    """The least edits that turn truths into readings, in order of lines and places."""
    if not pairs:
        return []
    output = jiwer.process_characters([truth for truth, _ in pairs], [reading for _, reading in pairs])
    lines = enumerate(zip(output.references, output.hypotheses, output.alignments, strict=True))
    return [
        edit
        for line, (truth, reading, chunks) in lines
        for chunk in chunks
        if chunk.type != "equal"
        for edit in _edits(line, truth, reading, chunk)
    ]


def _edits(line: int, truth: Sequence[str], reading: Sequence[str], chunk: Any) -> list[Edit]:
    """The edits of a stretch of replacements, insertions or deletions."""
    start, read_start = chunk.ref_start_idx, chunk.hyp_start_idx
    pairs = zip_longest(truth[start : chunk.ref_end_idx], reading[read_start : chunk.hyp_end_idx], fillvalue="")
    return [
        Edit(line, there, read, start + k if there else start, read_start + k if read else read_start)
        for k, (there, read) in enumerate(pairs)
    ]


def _classes(pairs: Sequence[Pair], edits: Sequence[Edit]) -> tuple[ClassErrors, ...]:
    characters = Counter(class_of(character) for truth, _ in pairs for character in truth)
    errors = Counter(class_of(edit.truth) for edit in edits if edit.truth)
    return tuple(ClassErrors(name, characters[name], errors[name]) for name in CLASSES)


def _confusions(edits: Sequence[Edit]) -> tuple[Confusion, ...]:
    """The most frequent first, those of one frequency by their characters."""
    found: dict[tuple[str, str], list[Edit]] = defaultdict(list)
    for edit in edits:
        found[edit.truth, edit.read].append(edit)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Confusion(*what, len(where), _examples(where)) for what, where in ranked[:CONFUSIONS])


def _examples(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Up to three from different lines, spread over all of them, since neighbours are often of one hand."""
    firsts = [next(of_line) for _, of_line in groupby(edits, key=lambda edit: edit.line)]
    few = min(EXAMPLES, len(firsts))
    return tuple(firsts[k * len(firsts) // few] for k in range(few))


def _worst(pairs: Sequence[Pair], edits: Sequence[Edit]) -> tuple[WorstLine, ...]:
    """The lines with most edits; of as many, the shortest first."""
    by_line: dict[int, list[Edit]] = defaultdict(list)
    for edit in edits:
        if len(pairs[edit.line][0]) >= SHORTEST:
            by_line[edit.line].append(edit)
    ranked = sorted(by_line.items(), key=lambda item: (-len(item[1]), len(pairs[item[0]][0]), item[0]))
    return tuple(WorstLine(line, tuple(found)) for line, found in ranked[:WORST])
