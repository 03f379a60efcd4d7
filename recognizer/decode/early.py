"""How many frames a network marks letters before they stand.

CTC leaves it to the network where in a letter, or beside it, to mark it (Graves et al. 2006, section 3), and ours mark
them early, the same in all hands and prints. Where words really end is told by the ink: there is least of it between
them.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from recognizer.decode.reading import Reading
from recognizer.infer import Reader
from recognizer.lines import Crop

MOST_EARLY: Final = 6.0
STEP: Final = 0.25
# Of the width of a letter: what is looked at on each side of the middle between two words.
REACH: Final = 0.3
# Of the height: the margins, where other lines may stand.
MARGIN: Final = 0.1
FEW_GAPS: Final = 50


def how_early(reader: Reader, crops: Sequence[Crop], readings: Sequence[Reading]) -> float | None:
    """Frames in 0..MOST_EARLY by which readings, with spans in frames, must be moved for least ink between words.

    None where there are too few words to tell.
    """
    profiles = [_profile(crop) for crop in crops]
    moves = np.arange(0, MOST_EARLY + STEP, STEP)
    inks = [_ink(reader, crops, profiles, [reading.later(float(move)) for reading in readings]) for move in moves]
    if min(map(len, inks)) < FEW_GAPS:
        return None
    mean = np.array([np.mean(ink) for ink in inks])
    return float(np.median(moves[mean == mean.min()]))


def _profile(crop: Crop) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Ink up to each column of a line, whose mean column has 1."""
    margin = int(MARGIN * crop.shape[0])
    inner = crop[margin : crop.shape[0] - margin].astype(np.float64)
    ink = np.clip(np.median(inner) - inner, 0, None).mean(0)
    return np.concatenate([[0.0], np.cumsum(ink / max(1e-6, ink.mean()))])


def _ink(
    reader: Reader,
    crops: Sequence[Crop],
    profiles: Sequence[np.ndarray[tuple[int], np.dtype[np.float64]]],
    readings: Sequence[Reading],
) -> list[float]:
    """Mean ink of a column around the middle between each two words."""
    found = []
    for crop, profile, reading in zip(crops, profiles, readings, strict=True):
        for word, after in pairwise(reader.in_columns(reading, crop).words):
            reach = REACH * (word.end - word.start) / len(word.text)
            middle = (word.end + after.start) / 2
            first, last = round(middle - reach), round(middle + reach)
            if 0 <= first < last < len(profile):
                found.append(float((profile[last] - profile[first]) / (last - first)))
    return found
