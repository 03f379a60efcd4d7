"""How figures of an evaluation are written for people, in the terminal and in HTML alike."""

from typing import TYPE_CHECKING, Final

from recognizer.evaluation.rates import Interval, Rates
from recognizer.policy import FOLDED

if TYPE_CHECKING:
    from recognizer.evaluation.evaluation import Evaluation

VARIANTS: Final = {
    "folded": "folded",
    "ignore_case": "case ignored",
    "ignore_punctuation": "punctuation ignored",
    "ignore_case_and_punctuation": "both ignored",
}


def percent(rate: float) -> str:
    """A fraction as a percentage with two decimals."""
    return f"{100 * rate:.2f} %"


def span(interval: Interval | None) -> str:
    """An interval of fractions in percent, a dash where there is none."""
    return "–" if interval is None else f"{100 * interval[0]:.2f} to {100 * interval[1]:.2f}"


def other_rates(evaluation: "Evaluation") -> list[tuple[str, Rates]]:
    """Rates of all lines by other ways to compare; folded ones only where the bundle's policy is another."""
    return [
        (VARIANTS[variant], scores.all)
        for variant, scores in evaluation.variants.items()
        if variant != "folded" or evaluation.run.policy != FOLDED
    ]
