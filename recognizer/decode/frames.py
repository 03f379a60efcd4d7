"""Loops over the frames of one line: temperature, and the likeliest path that says a text."""

import math

import numpy as np
import numpy.typing as npt

from recognizer.decode.compiled import compiled

NEVER = -math.inf
BLANK = 0

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@compiled
def log_add(a: float, b: float) -> float:
    """Logarithm of the sum of two probabilities by their logarithms."""
    if a < b:
        a, b = b, a
    return a if b == NEVER else a + math.log1p(math.exp(b - a))


@compiled
def sharpened(values: Floats, temperature: float) -> Floats:
    """Log-probabilities of frames [frames, symbols] whose logarithms are divided by the temperature."""
    found = np.empty(values.shape)
    for frame in range(len(values)):
        most, total = NEVER, 0.0
        for symbol in range(values.shape[1]):
            found[frame, symbol] = values[frame, symbol] / temperature
            most = max(most, found[frame, symbol])
        for symbol in range(values.shape[1]):
            total += math.exp(found[frame, symbol] - most)
        found[frame] -= most + math.log(total)
    return found


@compiled
def align(frames: Floats, labels: Ints) -> Ints:
    """First and last + 1 frame of each label on the likeliest path that says them, int64 [labels, 2].

    Viterbi over the labels with blanks between them; there must be frames enough. Ties prefer to stay.
    """
    spans = np.zeros((len(labels), 2), np.int64)
    if len(labels) == 0:
        return spans
    states = 2 * len(labels) + 1
    came = np.zeros((len(frames), states), np.int8)
    now, following = np.full(states, NEVER), np.full(states, NEVER)
    now[0], now[1] = frames[0, BLANK], frames[0, labels[0]]
    for frame in range(1, len(frames)):
        for state in range(states):
            best, back = now[state], 0
            if state > 0 and now[state - 1] > best:
                best, back = now[state - 1], 1
            label = state // 2
            skips = state > 1 and state % 2 == 1 and labels[label] != labels[label - 1]
            if skips and now[state - 2] > best:
                best, back = now[state - 2], 2
            following[state] = best + frames[frame, labels[label] if state % 2 == 1 else BLANK]
            came[frame, state] = back
        now, following = following, now
    state = states - 1 if now[states - 1] >= now[states - 2] else states - 2
    for frame in range(len(frames) - 1, -1, -1):
        if state % 2 == 1:
            spans[state // 2, 0] = frame
            spans[state // 2, 1] = max(spans[state // 2, 1], frame + 1)
        state -= came[frame, state]
    return spans
