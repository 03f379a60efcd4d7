"""The language model as decoders walk it: states with arcs, in flat arrays.

A state is a context, the longest end of what was read that has continuations; state 0 is the empty one. Its arcs are
the symbols that were seen after it; for others the walk falls back to the state of the next shorter context, at the
price of a back-off weight. The empty context has an arc for every symbol.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recognizer.lm.estimate import Ngrams
from recognizer.lm.symbols import BEGIN, END, Ids, Symbols

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Automaton:
    """Arcs of state s are those from `first_arc[s]` to `first_arc[s + 1]`, by rising symbol.

    An arc has the natural logarithm of its symbol's probability and the state it leads to; a state has the one to fall
    back to and the logarithm of what that costs. `start` is the state at the beginning of a line.
    `held_out_bits` are those of the n-grams.
    """

    symbols: Symbols
    first_arc: Ints
    arc_symbol: npt.NDArray[np.int16]
    arc_log_probability: Floats
    arc_state: Ints
    backoff_state: Ints
    backoff_weight: Floats
    start: int
    held_out_bits: float | None = None

    def step(self, state: int, symbol: int) -> tuple[float, int]:
        """Logarithm of a symbol's probability in a state, and the state after it."""
        cost = 0.0
        while True:
            first, last = self.first_arc[state], self.first_arc[state + 1]
            arc = first + int(np.searchsorted(self.arc_symbol[first:last], symbol))
            if arc < last and self.arc_symbol[arc] == symbol:
                return cost + float(self.arc_log_probability[arc]), int(self.arc_state[arc])
            cost += float(self.backoff_weight[state])
            state = int(self.backoff_state[state])

    def score(self, text: str) -> float:
        """Natural logarithm of the probability that a line says the text, its end included."""
        total, state = 0.0, self.start
        for symbol in [*self.symbols.ids(text).tolist(), END]:
            logarithm, state = self.step(state, symbol)
            total += logarithm
        return total

    def bits_a_character(self, lines: Iterable[str]) -> float:
        """Cross-entropy of lines in bits, their ends counted as characters."""
        scores = [(self.score(line), len(line) + 1) for line in lines]
        return -sum(score for score, _ in scores) / sum(length for _, length in scores) / float(np.log(2))


def compile_ngrams(ngrams: Ngrams) -> Automaton:
    """The automaton of n-grams: the same probabilities, without contexts that nothing continues."""
    bits = ngrams.symbols.bits
    states = _states(ngrams, bits)
    count = 1 + sum(int((numbers >= 0).sum()) for numbers in states)
    backoff_state, backoff_weight = np.zeros(count, np.int32), np.zeros(count, np.float32)
    sources, symbols, targets = [], [], []
    reached = np.zeros(0, np.int64)
    for length, (order, own) in enumerate(zip(ngrams.orders, states, strict=True), 1):
        shorter = ngrams.orders[length - 2].keys
        end = np.searchsorted(shorter, order.keys & ((1 << (bits * (length - 1))) - 1))
        fallen = reached[end] if length > 1 else np.zeros(len(order.keys), np.int64)
        context = states[length - 2][np.searchsorted(shorter, order.keys >> bits)] if length > 1 else fallen
        reached = np.where(own >= 0, own, fallen)
        is_state = own >= 0
        backoff_state[own[is_state]] = fallen[is_state]
        backoff_weight[own[is_state]] = order.log_backoff[is_state]
        sources.append(context)
        symbols.append(order.keys & ((1 << bits) - 1))
        targets.append(reached)
    # States are numbered as n-grams are sorted, so that arcs come out by rising source and symbol.
    source = np.concatenate(sources)
    logarithms = [order.log_probability for order in ngrams.orders]
    begin = int(states[0][BEGIN])
    return Automaton(
        ngrams.symbols,
        np.searchsorted(source, np.arange(count + 1)).astype(np.int32),
        np.concatenate(symbols).astype(np.int16),
        np.concatenate(logarithms).astype(np.float32),
        np.concatenate(targets).astype(np.int32),
        backoff_state,
        backoff_weight,
        max(begin, 0),
        ngrams.held_out_bits,
    )


def _states(ngrams: Ngrams, bits: int) -> list[Ids]:
    """For each order the state of each n-gram, -1 where nothing continues it."""
    numbered, found = 1, []
    for shorter, longer in zip(ngrams.orders, [*ngrams.orders[1:], None], strict=True):
        continued = np.zeros(len(shorter.keys), bool)
        if longer:
            continued[np.searchsorted(shorter.keys, longer.keys >> bits)] = True
        states = np.full(len(shorter.keys), -1, np.int64)
        states[continued] = numbered + np.arange(int(continued.sum()))
        numbered += int(continued.sum())
        found.append(states)
    return found
