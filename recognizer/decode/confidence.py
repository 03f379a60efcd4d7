"""How sure the network is of a text: its CTC probability, summed over all paths (Graves et al. 2006, section 4.1)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recognizer.alphabet import BLANK

IMPOSSIBLE = -1e30


def log_likelihoods(
    posteriors: Sequence[npt.NDArray[np.floating]], labels: Sequence[Sequence[int]]
) -> npt.NDArray[np.float64]:
    """Natural logarithms of the probabilities that each stretch of frames says exactly its labels.

    `posteriors[k]`: log-probabilities [frames, symbols]; `labels[k]`: symbols without blanks. The forward recursion over the
    labels with blanks between them, for all stretches at once, so that a page's words cost one loop over frames. No frames
    say the empty text with certainty and any other never (-1e30).
    """
    if not posteriors:
        return np.zeros(0)
    emissions, may_skip = _padded(posteriors, labels)
    frames = np.array([len(stretch) for stretch in posteriors])
    alpha = np.full(emissions.shape[1:], IMPOSSIBLE)
    alpha[:, 0] = 0.0
    for t, frame in enumerate(emissions):
        step = np.full_like(alpha, IMPOSSIBLE)
        skip = np.full_like(alpha, IMPOSSIBLE)
        step[:, 1:] = alpha[:, :-1]
        if t:
            skip[:, 2:] = np.where(may_skip[:, 2:], alpha[:, :-2], IMPOSSIBLE)
        moved = np.logaddexp(np.logaddexp(alpha, step), skip) + frame
        alpha = np.where((t < frames)[:, None], moved, alpha)
    last = 2 * np.array([len(line) for line in labels])
    rows = np.arange(len(last))
    before = np.where(last > 0, alpha[rows, np.maximum(last - 1, 0)], IMPOSSIBLE)
    return np.maximum(np.logaddexp(alpha[rows, last], before), IMPOSSIBLE)


def _padded(
    posteriors: Sequence[npt.NDArray[np.floating]], labels: Sequence[Sequence[int]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Emissions [frames, stretches, 2 labels + 1] of labels with blanks between, and where a blank may be skipped."""
    longest, most = max(map(len, posteriors)), 2 * max(map(len, labels)) + 1
    emissions = np.full((longest, len(posteriors), most), IMPOSSIBLE)
    may_skip = np.zeros((len(posteriors), most), bool)
    for k, (stretch, line) in enumerate(zip(posteriors, labels, strict=True)):
        extended = np.full(2 * len(line) + 1, BLANK)
        extended[1::2] = line
        emissions[: len(stretch), k, : len(extended)] = stretch[:, extended]
        may_skip[k, 2 : len(extended)] = (extended[2:] != BLANK) & (extended[2:] != extended[:-2])
    return emissions, may_skip
