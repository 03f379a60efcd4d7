"""How a bundle's posteriors are decoded: a handful of numbers, fitted on lines of val (`recognizer.decode.fit`)."""

import json
from dataclasses import asdict, dataclass, fields
from math import exp, log
from typing import Any, Final, Self

AUTO: Final = "auto"  # the language whose model fits a page best
NONE: Final = "none"
PART: Final = "decoding"
FILE: Final = "decoding.json"
LEAST: Final = 1e-4


@dataclass(frozen=True)
class Decoding:
    """`temperature` divides the network's logarithms; the language model's count `weight` times, and a symbol earns a
    `bonus`. The scores of the n best texts are divided by `spread`. `calibration`: a constant, the weight of the
    log-odds of a word among these texts, and that of the network's own logarithm a letter; `alone` is the same for
    words that were read without a model. A letter of a wrong word is wrong with the probability `wrong`.
    """

    temperature: float = 1.0
    weight: float = 0.5
    bonus: float = 1.5
    spread: float = 2.0
    calibration: tuple[float, float, float] = (0.0, 1.0, 0.0)
    alone: tuple[float, float] = (0.0, 1.0)
    wrong: float = 0.4

    @classmethod
    def loads(cls, content: bytes) -> Self:
        """From the content of the bundle's part; raises ValueError, TypeError."""
        values: dict[str, Any] = json.loads(content)
        if {*values} != {each.name for each in fields(cls)}:
            raise ValueError(f"{FILE} has {', '.join(values) or 'nothing'}")
        values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**values)

    def dumps(self) -> bytes:
        """The content of the bundle's part."""
        return (json.dumps(asdict(self), indent=1) + "\n").encode()

    def confidence(self, share: float, chance: float, letters: int) -> float:
        """Probability in 0..1 that a word is right, from its share among the n best texts, the probability in 0..1
        that its frames say it, and its length."""
        constant, by_texts, by_network = self.calibration
        return _logistic(constant + by_texts * log_odds(share) + by_network * a_letter(chance, letters))

    def confidence_alone(self, chance: float, letters: int) -> float:
        """Probability in 0..1 that a word is right which was read without a model."""
        constant, by_network = self.alone
        return _logistic(constant + by_network * a_letter(chance, letters))


def _logistic(odds: float) -> float:
    return 1 / (1 + exp(-odds))


def log_odds(share: float) -> float:
    """Logarithm of how much likelier than not, held within what four digits can say."""
    held = min(max(share, LEAST), 1 - LEAST)
    return log(held / (1 - held))


def a_letter(chance: float, letters: int) -> float:
    """Logarithm of a word's probability, for each of its letters."""
    return log(max(chance, LEAST**2)) / letters
