"""Character error rates."""

from collections import defaultdict
from collections.abc import Iterable

import jiwer


def error_rates(triples: Iterable[tuple[str, str, tuple[str, ...]]]) -> dict[str, float]:
    """(truth, reading, groups) -> CER as a fraction for "all" and for every group, weighted by characters.

    A rate may exceed 1 where more was read than stands there; what was read for an empty truth counts as errors.
    """
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for truth, reading, groups in triples:
        for group in ("all", *groups):
            pairs[group].append((truth, reading))
    return {
        group: float(jiwer.cer([truth for truth, _ in members], [reading for _, reading in members]))
        for group, members in sorted(pairs.items())
    }
