"""Batches of crops -> posteriors -> readings.

The network sees fixed shapes only: a line goes into the narrowest bucket that holds it, and a bucket is always read in
batches of its fixed count, filled up with empty lines. A library may sum in another order for another shape; so a line's
result does not depend on what else is in the batch.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import torch

from recognizer.alphabet import Alphabet
from recognizer.architectures import build
from recognizer.arithmetic import Arithmetic, supported
from recognizer.bundle import Bundle
from recognizer.decode.greedy import Posteriors
from recognizer.decode.reading import Reading, read_greedily
from recognizer.lines import Crop, normalise, to_height

BUCKETS: Final = (128, 192, 256, 384, 512, 640, 768, 1024, 1280, 1536, 2048, 3072)
COLUMNS_A_BATCH: Final = 8192
MOST_A_BATCH: Final = 16


class ArithmeticMissing(Exception):
    """This processor lacks the instructions that the run was started with."""


class Reader:
    """A network with one arithmetic, in evaluation mode, on one thread."""

    def __init__(self, network: torch.nn.Module, alphabet: Alphabet, arithmetic: Arithmetic) -> None:
        if not supported(arithmetic):
            raise ArithmeticMissing(
                f"the run was started with {arithmetic}, which this processor lacks; use workers of the submitter's kind"
            )
        torch.set_num_threads(1)
        self.network = network.eval().to(memory_format=torch.channels_last)
        self.height, self.stride = int(network.height), int(network.stride)
        self.alphabet, self.arithmetic = alphabet, arithmetic

    @classmethod
    def of(cls, bundle: Bundle, arithmetic: Arithmetic) -> "Reader":
        """The reader of a bundle; raises BundleError, ArithmeticMissing."""
        network = build(bundle.architecture, len(bundle.alphabet))
        network.load_state_dict({n: w.float() if w.is_floating_point() else w for n, w in bundle.weights().items()})
        return cls(network, bundle.alphabet, arithmetic)

    def posteriors(self, crops: Sequence[Crop]) -> list[Posteriors]:
        """Crops uint8 [h, w] of any heights -> log-probabilities float16 [frames, symbols], in the crops' order.

        Lines wider than the last bucket are squeezed into it.
        """
        images = [self._fit(crop) for crop in crops]
        by_bucket: dict[int, list[int]] = defaultdict(list)
        for index, image in enumerate(images):
            by_bucket[min(width for width in BUCKETS if width >= image.shape[1])].append(index)
        results: dict[int, Posteriors] = {}
        for width, indices in sorted(by_bucket.items()):
            count = batch_size(width)
            for start in range(0, len(indices), count):
                batch = indices[start : start + count]
                results.update(zip(batch, self._run([images[index] for index in batch], width, count), strict=True))
        return [results[index] for index in range(len(crops))]

    def read(self, crops: Sequence[Crop]) -> list[Reading]:
        """Readings of crops; word spans are in columns of each crop."""
        readings = read_greedily(self.posteriors(crops), self.alphabet)
        return [self._in_columns(reading, crop) for reading, crop in zip(readings, crops, strict=True)]

    def _fit(self, crop: Crop) -> Crop:
        image = to_height(crop, self.height)
        if image.shape[1] > BUCKETS[-1]:
            image = np.asarray(cv2.resize(image, (BUCKETS[-1], self.height), interpolation=cv2.INTER_AREA), np.uint8)
        return image

    def _run(self, images: Sequence[Crop], width: int, count: int) -> list[Posteriors]:
        batch = np.zeros((count, 1, self.height, width), np.float32)
        widths = torch.full((count,), width)
        for row, image in enumerate(images):
            batch[row, 0, :, : image.shape[1]] = normalise(image)
            widths[row] = image.shape[1]
        tensor = torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.arithmetic == "bf16"):
            output = self.network(tensor, widths)[0]
        frames = (widths + self.stride - 1) // self.stride
        lines = output.permute(1, 0, 2).half().numpy()
        return [lines[row, : int(frames[row])].copy() for row in range(len(images))]

    def _in_columns(self, reading: Reading, crop: Crop) -> Reading:
        """Frames to columns of the crop, by the true ratio of its width to the network's."""
        width = self._fit_width(crop)
        scale = self.stride * crop.shape[1] / width
        words = tuple(
            replace(word, start=min(word.start * scale, crop.shape[1]), end=min(word.end * scale, crop.shape[1]))
            for word in reading.words
        )
        return replace(reading, words=words)

    def _fit_width(self, crop: Crop) -> int:
        return min(BUCKETS[-1], max(16, round(crop.shape[1] * self.height / crop.shape[0])))


def batch_size(width: int) -> int:
    """Lines in a batch of this width: narrow ones in sixteens, wide ones fewer, for even memory."""
    return max(1, min(MOST_A_BATCH, COLUMNS_A_BATCH // width))
