"""Character n-grams with modified Kneser-Ney smoothing, interpolated.

Chen and Goodman 1999, An Empirical Study of Smoothing Techniques for Language Modeling, section 3; three discounts an
order. Where an order has too few kinds of n-grams for them, fixed ones are taken, as by KenLM's `--discount_fallback`.
N-grams are numbers: the ids of their symbols, packed, the first in the highest bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from recognizer.lm.symbols import BEGIN, Ids, Symbols

FALLBACK: Final = (0.5, 1.0, 1.5)
MOST_BITS: Final = 62
NEVER: Final = -99 * np.log(10)  # <s> is never predicted; as ARPA files say it

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """All n-grams of one length: rising keys int64 [n], natural logarithms of their probabilities and back-off weights,
    float64 [n]; the discounts of those seen once, twice and more often.
    """

    keys: Ids
    log_probability: Floats
    log_backoff: Floats
    discounts: tuple[float, float, float]


@dataclass(frozen=True)
class Ngrams:
    """N-grams of all orders, the shortest first. Every n-gram's beginning and end are n-grams too.

    `held_out_bits` a character is what text of its kind costs that was held out, None where nobody measured it.
    """

    symbols: Symbols
    orders: tuple[Order, ...]
    held_out_bits: float | None = None


@dataclass(frozen=True)
class _Counts:
    """N-grams of one length: keys, how often they were seen, and what Kneser-Ney counts instead."""

    keys: Ids
    seen: Ids
    adjusted: Ids


def estimate(
    lines: Sequence[str], symbols: Symbols, order: int = 6, prune: Sequence[int] = (0, 0, 0, 1, 1, 1)
) -> Ngrams:
    """Estimate from lines of text; n-grams of length k seen at most `prune[k - 1]` times are left out.

    Thresholds must not fall with the length, so that what remains is closed; missing ones are those of the last given.
    Raises ValueError for an alphabet too large for the order, falling thresholds, or no line.
    """
    thresholds = ([*prune] + [prune[-1] if prune else 0] * order)[:order]
    if symbols.bits * order > MOST_BITS:
        raise ValueError(f"{len(symbols)} symbols are too many for order {order}; use a smaller one")
    if sorted(thresholds) != thresholds:
        raise ValueError(f"thresholds {thresholds} fall with the order")
    if not any(lines):
        raise ValueError("a language model needs text")
    counts = _count(symbols.stream([line for line in lines if line]), symbols.bits, order)
    orders = [_first(counts[0], symbols)]
    for number in range(1, order):
        orders[-1], next_order = _next(orders[-1], counts[number], thresholds[number], symbols.bits, number)
        orders.append(next_order)
    return Ngrams(symbols, tuple(orders))


def discounts(adjusted: Ids) -> tuple[float, float, float]:
    """The discounts of n-grams counted once, twice and more often; the fallback where they cannot be told."""
    kinds = [int((adjusted == times).sum()) for times in (1, 2, 3, 4)]
    if 0 in kinds:
        return FALLBACK
    share = kinds[0] / (kinds[0] + 2 * kinds[1])
    found = tuple(times - (times + 1) * share * kinds[times] / kinds[times - 1] for times in (1, 2, 3))
    return found if all(0 <= value <= times for times, value in enumerate(found, 1)) else FALLBACK  # type: ignore[return-value]


def _count(stream: Ids, bits: int, order: int) -> list[_Counts]:
    """Counts of all lengths. No n-gram goes over the end of a line."""
    line = np.cumsum(stream == BEGIN)
    keys, found = np.zeros(len(stream), np.int64), []
    for length in range(1, order + 1):
        keys = (keys[: len(stream) - length + 1] << bits) | stream[length - 1 :]
        within = line[: len(keys)] == line[length - 1 :]
        found.append(np.unique(keys[within], return_counts=True))
    counts = [_Counts(*found[-1], found[-1][1])]
    for length in range(order - 1, 0, -1):
        counts.insert(0, _adjusted(*found[length - 1], found[length][0], bits, length))
    return counts


def _adjusted(keys: Ids, seen: Ids, longer: Ids, bits: int, length: int) -> _Counts:
    """Counted is how many different symbols stand before an n-gram; what begins a line has none and keeps its count."""
    before = np.bincount(np.searchsorted(keys, _end(longer, bits, length)), minlength=len(keys))
    begins = keys >> (bits * (length - 1)) == BEGIN
    return _Counts(keys, seen, np.where(begins, seen, before).astype(np.int64))


def _end(keys: Ids, bits: int, length: int) -> Ids:
    """The last so many symbols of n-grams."""
    return keys & ((1 << (bits * length)) - 1)


def _first(counts: _Counts, symbols: Symbols) -> Order:
    """Unigrams, interpolated with all symbols being equally likely; <s> is never predicted."""
    predicted = counts.keys != BEGIN
    keys, adjusted = counts.keys[predicted], counts.adjusted[predicted]
    chosen = discounts(adjusted)
    taken = np.array([0.0, *chosen])[np.minimum(adjusted, 3)]
    ids = np.arange(len(symbols))
    probability = np.full(len(symbols), taken.sum() / adjusted.sum() / (len(symbols) - 1))
    probability[keys] += (adjusted - taken) / adjusted.sum()
    logarithm = np.where(ids == BEGIN, NEVER, np.log(probability))
    return Order(ids, logarithm, np.zeros(len(ids)), chosen)


def _next(shorter: Order, counts: _Counts, threshold: int, bits: int, length: int) -> tuple[Order, Order]:
    """The n-grams of one order from those one symbol shorter, which get their back-off weights.

    What is taken from an n-gram by discount, or all of it where it is pruned, goes to the shorter ones.
    """
    keys, adjusted = counts.keys, counts.adjusted
    contexts, first, group = np.unique(keys >> bits, return_index=True, return_inverse=True)
    chosen = discounts(adjusted)
    kept = counts.seen > threshold
    discount = np.array([0.0, *chosen])[np.minimum(adjusted, 3)]
    total = np.add.reduceat(adjusted, first).astype(np.float64)
    backoff = np.add.reduceat(np.where(kept, discount, adjusted), first) / total
    below = np.exp(shorter.log_probability[np.searchsorted(shorter.keys, _end(keys[kept], bits, length))])
    probability = ((adjusted - discount) / total[group])[kept] + backoff[group][kept] * below
    weights = np.zeros(len(shorter.keys))
    known = np.isin(contexts, shorter.keys, assume_unique=True)
    weights[np.searchsorted(shorter.keys, contexts[known])] = np.log(backoff[known])
    weighed = Order(shorter.keys, shorter.log_probability, weights, shorter.discounts)
    return weighed, Order(keys[kept], np.log(probability), np.zeros(int(kept.sum())), chosen)
