"""Batches of crops -> posteriors -> readings.

The network sees fixed shapes only: a line goes into the narrowest bucket that holds it, and a bucket is always read in
batches of one count, filled up with empty lines. A library may sum in another order for another shape; so a line's
result does not depend on what else is in the batch.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from recognizer.alphabet import Alphabet
from recognizer.architectures import build
from recognizer.architectures.network import Network
from recognizer.arithmetic import Arithmetic, supported
from recognizer.bundle import COPY, RANGES, READER, Bundle, BundleError
from recognizer.decode.greedy import Posteriors, best_path
from recognizer.decode.reading import Reading
from recognizer.errors import RecognizerError
from recognizer.int8 import Scale, in_int8, works
from recognizer.lines import Crop, normalise, to_height, width_at
from recognizer.ranges import NONE, Ranges, load_ranges

# Chosen by what is padded on real pages, seven at a time. Wider steps pad more, narrower ones leave more
# places empty; a network's pass over four lines costs a column only a twentieth more than over sixteen.
BUCKETS: Final = tuple(range(128, 3073, 128))
LINES_A_BATCH: Final = 4
LINES_A_GPU_BATCH: Final = 64
LONE_LETTER: Final = 0.3  # of the height
INK: Final = Scale.over(-0.2, 1.2)  # as `normalise` clips it


class ArithmeticMissing(RecognizerError):
    """This machine lacks the instructions, or the GPU, that the run was started with, or torch does not use them."""


class Reader:
    """A network in evaluation mode, with one arithmetic, on one thread or one GPU. The network is its own from then.

    int8 needs the ranges of its convolutions' activations; `device` tells one of several GPUs. Raises
    ArithmeticMissing, and KeyError when a range lacks.
    """

    def __init__(
        self,
        network: Network,
        alphabet: Alphabet,
        arithmetic: Arithmetic,
        device: torch.device | None = None,
        ranges: Ranges = NONE,
    ) -> None:
        check(arithmetic)
        self.network = network.eval()
        fold_norms(self.network)
        if arithmetic == "int8":
            self.network.convolutions = in_int8(self.network.convolutions, ranges, INK)
        self.device = device or device_of(arithmetic)
        self.network.channels_last().to(self.device)
        self.alphabet, self.arithmetic = alphabet, arithmetic
        self.together = LINES_A_GPU_BATCH if arithmetic == "gpu" else LINES_A_BATCH

    @classmethod
    def of(cls, bundle: Bundle, arithmetic: Arithmetic) -> "Reader":
        """The reader of a bundle; raises BundleError, ArithmeticMissing."""
        weights = bundle.weights()
        ranges = load_ranges(bundle, READER) if arithmetic == "int8" else NONE
        try:
            network = build(bundle.architecture, len(bundle.alphabet)).with_weights(weights)
        except (RecognizerError, RuntimeError) as error:
            raise bundle.unfit() from error
        try:
            return cls(network, bundle.alphabet, arithmetic, ranges=ranges)
        except KeyError as error:
            raise BundleError(f"{bundle.path(RANGES + READER)}: no range of {error}; {COPY}") from error

    def posteriors(self, crops: Sequence[Crop]) -> list[Posteriors]:
        """Crops uint8 [h, w] of any size -> log-probabilities float16 [frames, symbols], in the crops' order.

        Lines wider than the last bucket are squeezed into it. A crop without pixels counts as blank paper.
        """
        images = [self._fit(crop) for crop in crops]
        by_bucket: dict[int, list[int]] = defaultdict(list)
        for index, image in enumerate(images):
            by_bucket[bucket(image.shape[1])].append(index)
        batches = [
            (width, indices[start : start + self.together])
            for width, indices in sorted(by_bucket.items())
            for start in range(0, len(indices), self.together)
        ]
        results: dict[int, Posteriors] = {}
        with one_thread():
            # All first, then what came of them: a GPU works on one batch while the next is made.
            begun = deque(self._begin([images[index] for index in batch], width) for width, batch in batches)
            for _, batch in batches:
                output, frames = begun.popleft()
                lines = output.cpu().numpy()
                results |= {index: lines[row, : frames[row]].copy() for row, index in enumerate(batch)}
        return [results[index] for index in range(len(crops))]

    def texts(self, crops: Sequence[Crop]) -> list[str]:
        """The texts of the readings alone, for judging: without words and confidences."""
        paths = [best_path(posteriors) for posteriors in self.posteriors(crops)]
        return [" ".join(self.alphabet.decode(path.labels).split()) for path in paths]

    @property
    def letter(self) -> float:
        """How many frames wide a word's only letter is taken to be."""
        return self.network.height * LONE_LETTER / self.network.stride

    def in_columns(self, reading: Reading, crop: Crop) -> Reading:
        """The reading of a crop with its words' spans in the crop's columns instead of frames."""
        ratio = crop.shape[1] / width_at(crop, self.network.height, BUCKETS[-1])
        return reading.stretched(self.network.stride * ratio, crop.shape[1])

    def _fit(self, crop: Crop) -> Crop:
        return to_height(crop, self.network.height, BUCKETS[-1])

    def _begin(self, images: Sequence[Crop], width: int) -> tuple[torch.Tensor, list[int]]:
        """The network's output float16 [together, frames, symbols], which a GPU may still work on, and frames by line.

        From pinned memory a GPU copies while the processor goes on.
        """
        shape = (self.together, 1, self.network.height, width)
        batch = torch.zeros(shape, pin_memory=self.arithmetic == "gpu")
        widths = torch.full((self.together,), width)
        for row, image in enumerate(images):
            batch[row, 0, :, : image.shape[1]] = torch.from_numpy(normalise(image))
            widths[row] = image.shape[1]
        tensor = batch.to(self.device, non_blocking=True).contiguous(memory_format=torch.channels_last)
        in_bf16 = torch.autocast(self.device.type, torch.bfloat16, enabled=self.arithmetic != "fp32")
        with torch.inference_mode(), in_bf16:
            output: torch.Tensor = self.network(tensor, widths.to(self.device))[0]
        return output.permute(1, 0, 2).half(), self.network.frames(widths).tolist()


def device_of(arithmetic: Arithmetic) -> torch.device:
    """Where an arithmetic is done; of several GPUs the first."""
    return torch.device("cuda" if arithmetic == "gpu" else "cpu")


def check(arithmetic: Arithmetic) -> None:
    """Raises ArithmeticMissing when an arithmetic cannot be had on this machine."""
    if not supported(arithmetic):
        raise ArithmeticMissing(
            f"the run was started with {arithmetic}, which this processor lacks; use workers that have it, or another "
            "--arithmetic"
        )
    if arithmetic == "gpu" and not torch.cuda.is_available():
        raise ArithmeticMissing(
            f"the run was started with gpu, and torch {torch.__version__} finds none here; use workers that have one, "
            "with a build of torch for it, or another --arithmetic"
        )
    if arithmetic == "int8" and not works():
        raise ArithmeticMissing(
            f"the run was started with int8, which torch {torch.__version__} does not do right here; "
            "install the submitter's torch"
        )


def bucket(width: int) -> int:
    """The width of the narrowest bucket that holds a line of this width; IndexError when it is wider than all."""
    return int(BUCKETS[bisect_left(BUCKETS, width)])


def fold_norms(network: nn.Module) -> None:
    """Multiply the batch norms of a network in evaluation mode into the convolutions before them."""
    for stack in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        layers = list(stack)
        for index, (layer, norm) in enumerate(pairwise(layers)):
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                stack[index], stack[index + 1] = fuse_conv_bn_eval(layer, norm), nn.Identity()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread in here: parallelism is the runner's, and threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
