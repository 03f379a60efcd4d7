"""Character error rate of a bundle on lines, greedy decoding."""

from collections.abc import Sequence
from typing import Final

from recognizer.arithmetic import Arithmetic
from recognizer.bundle import Bundle
from recognizer.infer import Reader
from recognizer.metrics import error_rates
from recognizer.train.data import Sample

LINES_AT_ONCE: Final = 256


def evaluate(bundle: Bundle, samples: Sequence[Sample], arithmetic: Arithmetic) -> dict[str, float]:
    """CER as fractions: "all", "script:NAME" and "dataset:NAME"; the truths are under the bundle's text policy.

    Raises BundleError, ArithmeticMissing.
    """
    reader = Reader.of(bundle, arithmetic)
    images = [sample.image for sample in samples]
    starts = range(0, len(images), LINES_AT_ONCE)
    readings = [reading.text for start in starts for reading in reader.read(images[start : start + LINES_AT_ONCE])]
    return error_rates(
        (sample.text, reading, (f"script:{sample.script}", f"dataset:{sample.dataset}"))
        for sample, reading in zip(samples, readings, strict=True)
    )
