"""The line finder by torch, in bf16 or int8: two to four times as fast as cv2.dnn, which has fp32 alone.

Here and not in `segmentation`, which needs no torch to find lines, nor in `recognizer`, which knows of none. The
network is the one that `segmentation.train` makes, with the weights of its ONNX file.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from torch import nn

from recognizer.arithmetic import Arithmetic
from recognizer.bundle import LINES, Bundle
from recognizer.infer import device_of, fold_norms, one_thread
from recognizer.int8 import Codes, Convolution, Residual, Scale
from recognizer.ranges import Ranges, save_ranges, watched
from segmentation.learned import UnfitNetwork, check, find_maps
from segmentation.onnx import convolutions
from segmentation.traces import Map
from segmentation.train import network as trained
from segmentation.train.network import LineFinder
from segmentation.train.pages import TrainingPage

INK: Final = Scale.over(-0.3, 1.3)
PAGE: Final = "page"
TAKES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{"stem.0": PAGE, "stem.1": "stem.0", "stem.2": "stem.1"},
        **{"eighth.0": "stem.2", "eighth.1": "eighth.0"},
        **{"sixteenth.0": "eighth.1", "sixteenth.1": "sixteenth.0"},
        **{"last.0": "sixteenth.1", "last.1": "last.0"},
        **{"up.0": "last.1", "up.1": "up.0", "up.2": "up.1", "refine": "up.2", "head": "refine"},
    }
)
"""What each layer takes: what this one gives."""
JOINED: Final = (("stem.2", "up.1"), ("eighth.1", "up.0"), ("sixteenth.1", "last.1"))
"""What is concatenated, and so must have one scale."""
PAGES: Final = 40
SHARE: Final = 0.99999  # of a page's activations that a range holds
WHITE: Final = np.uint8(255)


class TorchNetwork:
    """A `LineNetwork`: a network of float32 [1, 1, h, w] -> [1, 3, h / 2, w / 2] on one thread or GPU.

    Raises UnfitNetwork.
    """

    def __init__(
        self, network: nn.Module, takes: torch.dtype = torch.float32, device: torch.device | None = None
    ) -> None:
        self._network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._takes, self._device = takes, device
        check(self)

    @classmethod
    def of(cls, content: bytes, arithmetic: Arithmetic, ranges: Ranges) -> "TorchNetwork":
        """The network of an ONNX file. Raises UnfitNetwork, and KeyError when int8 lacks a range."""
        finder = load(content)
        if arithmetic == "int8":
            return cls(in_int8(finder, ranges))
        dtype = torch.float32 if arithmetic == "fp32" else torch.bfloat16
        return cls(finder.to(dtype), dtype, device_of(arithmetic))

    def logits(self, ink: Map) -> Map:
        """See `LineNetwork`."""
        page = torch.from_numpy(np.ascontiguousarray(ink))[None, None].to(self._device, self._takes)
        with torch.inference_mode(), one_thread():
            logits: torch.Tensor = self._network(page.contiguous(memory_format=torch.channels_last))
        return np.asarray(logits[0].float().contiguous().cpu().numpy(), np.float32)


def load(content: bytes) -> LineFinder:
    """The network of an ONNX file in fp32, its norms folded as they are in the file. Raises UnfitNetwork."""
    finder = LineFinder().eval().requires_grad_(False)
    fold_norms(finder)
    layers = [module for module in finder.modules() if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d))]
    try:
        for layer, (weight, bias) in zip(layers, convolutions(content), strict=True):
            layer.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
    except (RuntimeError, ValueError) as error:
        raise UnfitNetwork(str(error)) from error
    return finder


def in_int8(finder: LineFinder, ranges: Ranges) -> LineFinder:
    """The network, its norms folded, with int8 in place of its convolutions. Raises KeyError when a range lacks."""
    scales = _scales(ranges)
    for name, source in TAKES.items():
        finder.set_submodule(name, _in_int8(finder.get_submodule(name), name, scales[source], scales))
    return finder


def _scales(ranges: Ranges) -> dict[str, Scale]:
    """The scales of all activations by the layers that give them."""
    highs = dict(ranges)
    for one, other in JOINED:
        highs[one] = highs[other] = max(highs[one], highs[other])
    return {PAGE: INK} | {name: Scale.over(0, high) for name, high in highs.items()}


def _in_int8(layer: nn.Module, name: str, takes: Scale, scales: Mapping[str, Scale]) -> nn.Module:
    """A block, a residual block or the head."""
    if isinstance(layer, nn.ConvTranspose2d):
        return nn.Sequential(Convolution(as_convolution(layer), takes, relu=False), nn.PixelShuffle(2))
    if isinstance(layer, trained.Residual):
        within = scales[f"{name}.first"]
        first = Convolution(_convolution(layer.first), takes, within)
        return Residual(first, Convolution(_convolution(layer.second), within, scales[name]))
    convolution = Convolution(_convolution(layer), takes, scales[name])
    return nn.Sequential(Codes(takes), convolution) if takes is INK else convolution


def _convolution(block: nn.Module) -> nn.Conv2d:
    """That of a block, which begins with it."""
    (convolution,) = (layer for layer in block.children() if isinstance(layer, nn.Conv2d))
    return convolution


def as_convolution(layer: nn.ConvTranspose2d) -> nn.Conv2d:
    """What a transposed convolution of 2x2 pixels and stride 2 makes, each pixel's four as channels."""
    inputs, outputs = layer.in_channels, 4 * layer.out_channels
    convolution = nn.Conv2d(inputs, outputs, 1)
    weight = layer.weight.permute(1, 2, 3, 0).reshape(outputs, inputs, 1, 1)
    bias = torch.zeros(layer.out_channels) if layer.bias is None else layer.bias
    convolution.load_state_dict({"weight": weight, "bias": bias.repeat_interleave(4)})
    return convolution.requires_grad_(False)


def measure(bundle: Bundle, pages: Sequence[TrainingPage]) -> Bundle:
    """The bundle, where it lies, with the ranges of its finder on an even choice of pages that it learned from.

    Raises BundleError, UnfitNetwork.
    """
    finder = load(bundle.part(LINES))
    sources = {*TAKES.values()}
    layers = {name: layer for name, layer in finder.named_modules() if name in sources or name.endswith(".first")}
    chosen = pages[:: -(-len(pages) // PAGES)]
    with watched(layers, SHARE) as ranges:
        network = TorchNetwork(finder)
        for page in chosen:
            find_maps(np.subtract(WHITE, page.ink), network)  # kept as ink: bright where a page is dark
    return save_ranges(bundle, LINES, ranges, {"pages": len(chosen), "share": SHARE})
