"""Best-path decoding, with the frames of each symbol.

Graves et al. 2006, Connectionist Temporal Classification, section 3.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recognizer.alphabet import BLANK

Posteriors = npt.NDArray[np.float16]


@dataclass(frozen=True)
class Path:
    """Labels of the best path, and for each label its frames [first, last + 1)."""

    labels: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


def best_path(posteriors: Posteriors) -> Path:
    """Posteriors [frames, symbols], log-probabilities, to the labels of the likeliest path, repeats merged.

    Spans ascend and do not overlap; of symbols that are equally likely the first is taken.
    """
    if not len(posteriors):
        return Path((), ())
    best = posteriors.argmax(1)
    starts = np.flatnonzero(np.r_[True, best[1:] != best[:-1]])
    ends = np.r_[starts[1:], len(best)]
    runs = [(int(best[start]), (int(start), int(end))) for start, end in zip(starts, ends, strict=True)]
    labels = [run for run in runs if run[0] != BLANK]
    return Path(tuple(label for label, _ in labels), tuple(span for _, span in labels))


def doubt(lines: Sequence[Posteriors]) -> float:
    """Nats that a symbol of the best paths through lines costs: near 0.05 on clean print, 0.5 on hands hard to read."""
    nats = -sum(float(line.max(1).sum(dtype=np.float64)) for line in lines)
    return nats / max(1, sum(len(best_path(line).labels) for line in lines))
