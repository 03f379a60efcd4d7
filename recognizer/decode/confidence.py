"""How sure the network is of a text: its CTC probability, summed over all paths (Graves et al. 2006, section 4.1)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recognizer.alphabet import BLANK

IMPOSSIBLE = -1e30
TOGETHER = 64


def log_likelihoods(
    posteriors: Sequence[npt.NDArray[np.floating]], labels: Sequence[Sequence[int]]
) -> npt.NDArray[np.float64]:
    """Natural logarithms of the probabilities that each stretch of frames says exactly its labels, float64 [stretches].

    `posteriors[k]`: log-probabilities [frames, symbols], any float type; `labels[k]`: symbols without blanks. No frames
    say the empty text with certainty and any other never (-1e30). Stretches of about one length are counted together,
    so that a page's words cost a few loops over frames; none depends on the others.
    """
    result = np.zeros(len(posteriors))
    order = sorted(range(len(posteriors)), key=lambda k: (len(posteriors[k]), len(labels[k])))
    for start in range(0, len(order), TOGETHER):
        block = order[start : start + TOGETHER]
        result[block] = _forward([posteriors[k] for k in block], [labels[k] for k in block])
    return result


def _forward(
    posteriors: Sequence[npt.NDArray[np.floating]], labels: Sequence[Sequence[int]]
) -> npt.NDArray[np.float64]:
    """The forward recursion over the labels with blanks between them, for all stretches at once.

    Paths only move to later states, so the states that fill up a short text never touch its own.
    """
    frames = np.array([len(stretch) for stretch in posteriors])
    padded = np.zeros((frames.max(), len(posteriors), posteriors[0].shape[1]))
    for k, stretch in enumerate(posteriors):
        padded[: len(stretch), k] = stretch
    states, may_skip = _states(labels)
    alpha: npt.NDArray[np.float64] = np.full(states.shape, IMPOSSIBLE)
    alpha[:, 0] = 0.0
    step, skip = np.full_like(alpha, IMPOSSIBLE), np.full_like(alpha, IMPOSSIBLE)
    for t, frame in enumerate(padded):
        step[:, 1:] = alpha[:, :-1]
        skip[:, 2:] = np.where(may_skip[:, 2:], alpha[:, :-2], IMPOSSIBLE)
        moved = np.logaddexp(np.logaddexp(alpha, step), skip) + np.take_along_axis(frame, states, 1)
        alpha = np.where((t < frames)[:, None], moved, alpha)
    last, rows = 2 * np.array([len(line) for line in labels]), np.arange(len(labels))
    in_label = np.where(last > 0, alpha[rows, np.maximum(last - 1, 0)], IMPOSSIBLE)
    return np.asarray(np.maximum(np.logaddexp(alpha[rows, last], in_label), IMPOSSIBLE), np.float64)


def _states(labels: Sequence[Sequence[int]]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """The labels with blanks around each, [stretches, 2 labels + 1], and where the blank before may be skipped."""
    states = np.full((len(labels), 2 * max(map(len, labels)) + 1), BLANK, np.intp)
    for row, line in zip(states, labels, strict=True):
        row[1 : 2 * len(line) : 2] = line
    may_skip = states != BLANK
    may_skip[:, 2:] &= states[:, 2:] != states[:, :-2]
    return states, may_skip
