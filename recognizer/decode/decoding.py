"""How a bundle's posteriors are decoded: a handful of numbers, fitted on lines of val (`recognizer.decode.fit`)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from math import exp, log
from typing import Any, Final, Self

from recognizer.bundle import COPY, Bundle, BundleError

AUTO: Final = "auto"  # the language whose model fits a page best
NONE: Final = "none"
PART: Final = "decoding"
FILE: Final = "decoding.json"
LEAST: Final = 1e-4
LEAST_DOUBT: Final = 0.02


@dataclass(frozen=True)
class Decoding:
    """`temperature` divides the network's logarithms.

    The language model's count the more, the more the network doubts: on a page with a doubt of `half`, in nats a
    symbol, half of `weight` times, and never more than `weight` times. A symbol earns a `bonus` for each time that they
    count. The scores of the n best texts are divided by `spread`.

    Letters are marked `early` frames before they stand.

    `calibration` weighs the evidence that a word is right (`evidence`); `alone` does so where no model read. A page's
    expected CER is the first of `wrong` times its share of unsure letters to the power of the second.
    """

    temperature: float = 1.0
    weight: float = 1.0
    half: float = 0.15
    bonus: float = 2.5
    spread: float = 1.0
    calibration: tuple[float, ...] = (0.0, 0.17, 0.7, -0.9, 0.2, 0.2, -0.15)
    alone: tuple[float, ...] = (2.0, 1.9, 1.1, -0.5, -0.06)
    wrong: tuple[float, float] = (0.8, 1.8)
    early: float = 0.0

    @classmethod
    def of(cls, bundle: Bundle) -> Self | None:
        """That of a bundle, None where it has none; raises BundleError."""
        if PART not in bundle.parts:
            return None
        try:
            return cls.loads(bundle.part(PART))
        except (ValueError, TypeError, KeyError) as error:
            raise BundleError(f"{bundle.path(PART)}: {error}; {COPY}") from error

    @classmethod
    def loads(cls, content: bytes) -> Self:
        """From the content of the bundle's part; raises ValueError, TypeError."""
        values: dict[str, Any] = json.loads(content)
        if {"early", *values} != {each.name for each in fields(cls)}:  # the oldest bundles do not know `early`
            raise ValueError(f"{FILE} has {', '.join(values) or 'nothing'}")
        values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**values)

    def dumps(self) -> bytes:
        """The content of the bundle's part."""
        return (json.dumps(asdict(self), indent=1) + "\n").encode()

    def weight_in(self, doubt: float) -> float:
        """How often the language model's logarithms count on a page with so much doubt (`greedy.doubt`)."""
        return self.weight * doubt / (doubt + self.half)

    def confidence(self, found: Sequence[float]) -> float:
        """Probability in 0..1 that a word is right, from the evidence."""
        weights = self.calibration if len(found) == len(self.calibration) else self.alone
        return _logistic(sum(weight * value for weight, value in zip(weights, found, strict=True)))

    def expected_cer(self, unsure: float) -> float:
        """The share in 0..1 of wrong characters to expect, from the mean of 1 - confidence over a page's letters."""
        factor, power = self.wrong
        return min(1.0, factor * float(unsure**power))


def evidence(chance: float, letters: int, doubt: float) -> tuple[float, ...]:
    """What tells whether a word is right: a constant, logarithms of the probability in 0..1 that its frames say it, in
    all and for each letter, the logarithm of the page's doubt, and the letters."""
    likely = log(max(chance, LEAST**2))
    return 1.0, likely, likely / letters, log(max(doubt, LEAST_DOUBT)), float(letters)


def more_evidence(share: float, cost: float) -> tuple[float, ...]:
    """What a language model adds: the log-odds of the word among the n best texts, by its share of them, and the nats
    that its letters cost."""
    held = min(max(share, LEAST), 1 - LEAST)
    return log(held / (1 - held)), cost


def _logistic(odds: float) -> float:
    return 1 / (1 + exp(-odds)) if odds > -700 else 0.0
