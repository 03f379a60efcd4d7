"""What int8 needs to know of a reader, measured on lines that it learned from."""

from collections.abc import Sequence
from typing import Final

from recognizer.bundle import READER, Bundle
from recognizer.infer import Reader
from recognizer.int8 import activations
from recognizer.ranges import save_ranges, watched
from recognizer.samples import Sample

LINES: Final = 160
SHARE: Final = 0.9999  # of the activations of some lines that a range holds


def measure(bundle: Bundle, samples: Sequence[Sample]) -> Bundle:
    """The bundle, where it lies, with the ranges of its reader on an even choice of the samples.

    As it is where its network cannot be had in int8. Raises BundleError.
    """
    reader = Reader.of(bundle, "fp32")
    layers = activations(reader.network.convolutions)
    if layers is None:
        return bundle
    chosen = samples[:: -(-len(samples) // LINES)]
    with watched(layers, SHARE) as ranges:
        reader.posteriors([sample.image for sample in chosen])
    return save_ranges(bundle, READER, ranges, {"lines": len(chosen), "share": SHARE})
