"""python -m recognizer.decode: compile the decoder's loops, so that no run has to wait for it.

The machine code is kept beside the modules, or where NUMBA_CACHE_DIR says, for processors of this kind.
"""

import numpy as np

from recognizer.alphabet import Alphabet
from recognizer.decode.beam import BeamDecoder, Settings, spans, tempered
from recognizer.lm.automaton import compile_ngrams
from recognizer.lm.estimate import estimate
from recognizer.lm.symbols import Symbols


def main() -> None:
    """Decode a line of three frames with a small model."""
    alphabet = Alphabet("ab")
    decoder = BeamDecoder(alphabet, compile_ngrams(estimate(["ab"], Symbols("ab"), 2, (0,))), Settings())
    frames = tempered(np.zeros((3, len(alphabet)), np.float16), 1.0)
    labels = decoder(frames)[0].labels
    spans(frames, labels)
    decoder.costs(labels)


if __name__ == "__main__":
    main()
