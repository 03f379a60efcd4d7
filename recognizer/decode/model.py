"""A language model as the loops of the decoder walk it."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recognizer.decode.compiled import compiled
from recognizer.decode.frames import Floats, Ints


class Model(NamedTuple):
    """A language model's arrays (`lm.automaton.Automaton`), its symbol for each of the network's, and its first state.

    `weighs`: whether it counts at all.
    """

    first_arc: npt.NDArray[np.int32]
    arc_symbol: npt.NDArray[np.int16]
    arc_log_probability: npt.NDArray[np.float32]
    arc_state: npt.NDArray[np.int32]
    backoff_state: npt.NDArray[np.int32]
    backoff_weight: npt.NDArray[np.float32]
    symbols: Ints
    start: int
    weighs: bool


@compiled
def step(model: Model, state: int, symbol: int) -> tuple[float, int]:
    """Logarithm of a symbol's probability in a state of the language model, and the state after it."""
    cost = 0.0
    while True:
        low, high = model.first_arc[state], model.first_arc[state + 1]
        end = high
        while low < high:
            middle = (low + high) // 2
            if model.arc_symbol[middle] < symbol:
                low = middle + 1
            else:
                high = middle
        if low < end and model.arc_symbol[low] == symbol:
            return cost + model.arc_log_probability[low], model.arc_state[low]
        cost += model.backoff_weight[state]
        state = model.backoff_state[state]


@compiled
def costs(model: Model, labels: Ints) -> Floats:
    """Nats that each label of a line costs the language model, float64 [labels]."""
    found = np.zeros(len(labels))
    state = model.start
    for place in range(len(labels)):
        said, state = step(model, state, model.symbols[labels[place]])
        found[place] = -said
    return found
