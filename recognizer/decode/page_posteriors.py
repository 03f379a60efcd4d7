"""What the network says of the lines of a page, as decoders take it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from recognizer.decode.beam import Frames, tempered
from recognizer.decode.greedy import Posteriors, doubt


@dataclass(frozen=True)
class PagePosteriors:
    """The lines of a page: posteriors as they came from the network, log-probabilities at a temperature, and the doubt.

    `lines` and `frames`: [frames, symbols] each; `doubt`: nats that a symbol of the best paths costs.
    """

    lines: Sequence[Posteriors]
    frames: Sequence[Frames]
    doubt: float

    @classmethod
    def of(cls, lines: Sequence[Posteriors], temperature: float) -> Self:
        """Raises NotANumber."""
        return cls(lines, [tempered(line, temperature) for line in lines], doubt(lines))
