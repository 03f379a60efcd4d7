"""The language of a page: that whose model makes the most of its lines, unless even this one finds them odd."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recognizer.decode.beam import BeamDecoder, Frames, Hypothesis
from recognizer.lm.automaton import Automaton

ASKED: Final = 10  # lines of a page, the longest, that tell whether a language fits
LEAD: Final = 20.0  # nats by which a language must lead before fewer lines tell which
# On val, with the shipped models, 3 of 130 pages in a known language cost more than this above what held-out text does,
# and all 3 in Latin.
ODD: Final = 1.0  # bits a character
UNMEASURED: Final = 2.2  # bits a character of held-out text, for models of which nobody knows them


@dataclass(frozen=True)
class Choice:
    """The language that fits, None where none does, and what its model made of the lines that told, by their places."""

    language: str | None
    read: Mapping[int, list[Hypothesis]]


NO_LANGUAGE: Final = Choice(None, {})


def choose(lines: Sequence[Frames], beams: Mapping[str, BeamDecoder], models: Mapping[str, Automaton]) -> Choice:
    """The choice for the log-probabilities of a page's lines, each [frames, symbols], among languages with a model."""
    asked = sorted(range(len(lines)), key=lambda place: len(lines[place]), reverse=True)[:ASKED]
    if not beams or not asked:
        return NO_LANGUAGE
    best, read = _leading(lines, asked, beams)
    read |= {place: beams[best](lines[place]) for place in asked if place not in read}
    usual = models[best].held_out_bits
    limit = ODD + (UNMEASURED if usual is None else usual)
    return Choice(best, read) if _bits([texts[0] for texts in read.values()]) <= limit else NO_LANGUAGE


def _leading(
    lines: Sequence[Frames], asked: Sequence[int], beams: Mapping[str, BeamDecoder]
) -> tuple[str, dict[int, list[Hypothesis]]]:
    """The language whose model likes the lines best, asked one by one until it leads; what it made of them."""
    scores = dict.fromkeys(beams, 0.0)
    read: dict[str, dict[int, list[Hypothesis]]] = {name: {} for name in beams}
    for place in asked if len(beams) > 1 else ():
        for name, beam in beams.items():
            read[name][place] = beam(lines[place])
            scores[name] += read[name][place][0].score
        best, second = sorted(scores.values(), reverse=True)[:2]
        if best - second > LEAD:
            break
    leading = max(scores, key=lambda name: scores[name])
    return leading, read[leading]


def _bits(texts: Sequence[Hypothesis]) -> float:
    """Bits that a character costs the language model, the ends of lines counted as characters; no text fits none."""
    characters = sum(len(text.labels) for text in texts)
    if not characters:
        return math.inf
    return -sum(text.language for text in texts) / math.log(2) / (characters + len(texts))
