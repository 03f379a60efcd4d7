"""Character error rate of a bundle on lines, greedy decoding."""

from collections.abc import Sequence

from recognizer.arithmetic import Arithmetic
from recognizer.bundle import Bundle
from recognizer.infer import Reader
from recognizer.metrics import error_rates
from recognizer.train.data import Sample


def evaluate(bundle: Bundle, samples: Sequence[Sample], arithmetic: Arithmetic) -> dict[str, float]:
    """CER as fractions: "all", "script:NAME" and "dataset:NAME"."""
    reader = Reader.of(bundle, arithmetic)
    readings = [reading.text for reading in reader.read([sample.image for sample in samples])]
    return error_rates(
        (sample.text, reading, (f"script:{sample.script}", f"dataset:{sample.dataset}"))
        for sample, reading in zip(samples, readings, strict=True)
    )
