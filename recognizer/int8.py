"""Convolutions in int8, for processors that multiply bytes (VNNI).

Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
section 2: a value is step * (code - zero). Weights are int8 with a step for each channel that they make, activations
uint8 with one for the whole tensor, by ranges that were measured before (`recognizer.ranges`); sums are int32. After a
ReLU zero is 0. The operators are oneDNN's, as torch.compile calls them. They are internal to torch: `works` tells
whether they are there and right.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

import torch
from torch import nn
from torch.nn import functional

from recognizer.ranges import Ranges

MOST: Final = 255
MOST_WEIGHT: Final = 127
KINDS: Final[Mapping[type[nn.Module], str]] = MappingProxyType({nn.Conv2d: "C", nn.ReLU: "R", nn.MaxPool2d: "P"})
CLOSE: Final = 1.5  # steps that a code may lie beside what was rounded nowhere


@dataclass(frozen=True)
class Scale:
    """How values stand as uint8: value = step * (code - zero)."""

    step: float
    zero: int = 0

    @classmethod
    def over(cls, low: float, high: float) -> "Scale":
        """The scale of values from low <= 0 to high."""
        step = (high - low) / MOST
        return cls(step, round(-low / step))

    def codes(self, values: torch.Tensor) -> torch.Tensor:
        """Values of any shape -> uint8; what lies beyond the scale becomes its end."""
        return (values / self.step + self.zero).round_().clamp_(0, MOST).to(torch.uint8)


class Codes(nn.Module):
    """float32 -> uint8 of a scale."""

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Any shape -> the same."""
        return self.scale.codes(values)


class Convolution(nn.Module):
    """A convolution, and a ReLU where `relu`: uint8 [n, inputs, h, w] -> [n, outputs, h', w'], channels last.

    The result is uint8 of the scale that it gives, or float32 where it gives none.
    """

    def __init__(self, layer: nn.Conv2d, takes: Scale, gives: Scale | None = None, relu: bool = True) -> None:
        super().__init__()
        weight = layer.weight.detach()
        steps = weight.abs().amax((1, 2, 3)).clamp_min(torch.finfo(torch.float32).tiny) / MOST_WEIGHT
        codes = (weight / steps[:, None, None, None]).round().clamp(-MOST_WEIGHT, MOST_WEIGHT).to(torch.int8)
        place = [*map(list, (layer.stride, layer.padding, layer.dilation)), layer.groups]
        packed = torch.ops.onednn.qconv_prepack(codes, steps, takes.step, takes.zero, *place, None)
        zeros = torch.zeros(len(steps), dtype=torch.int32)
        bias = None if layer.bias is None else layer.bias.detach()
        given = (gives.step, gives.zero, torch.uint8) if gives else (1.0, 0, torch.float32)
        self.takes = takes
        self.weights, self.after = (packed, steps, zeros), (bias, *place, *given)
        self.then = "relu" if relu else "none"

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """See the class."""
        convolved: torch.Tensor = torch.ops.onednn.qconv2d_pointwise(
            codes, self.takes.step, self.takes.zero, *self.weights, *self.after, self.then, [], ""
        )
        return convolved

    def added(self, codes: torch.Tensor, others: torch.Tensor, scale: Scale) -> torch.Tensor:
        """The convolution of the codes and others of a scale, added up, then ReLU; the others are written over."""
        summed: torch.Tensor = torch.ops.onednn.qconv2d_pointwise.binary(
            *(codes, self.takes.step, self.takes.zero, *self.weights, others, *self.after),
            *(scale.step, scale.zero, "sum", 1.0, "relu", [], ""),
        )
        return summed


class Residual(nn.Module):
    """Two convolutions beside the identity, then ReLU (He et al. 2016); what it is handed is written over."""

    def __init__(self, first: Convolution, second: Convolution) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """uint8 [n, channels, h, w] -> the same."""
        return self.second.added(self.first(codes), codes, self.first.takes)


class Pool(nn.Module):
    """The maximum over windows of uint8 [n, channels, h, w]; torch's own refuses uint8."""

    def __init__(self, layer: nn.MaxPool2d) -> None:
        super().__init__()
        self.window, self.stride = _both(layer.kernel_size), _both(layer.stride)
        self.padding, self.dilation, self.ceil = _both(layer.padding), _both(layer.dilation), layer.ceil_mode

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """See the class."""
        pooled: torch.Tensor = torch.ops.quantized.max_pool2d(
            codes, self.window, self.stride, self.padding, self.dilation, self.ceil
        )
        return pooled


def _both(size: Any) -> list[int]:
    """The size down and across."""
    return [size, size] if isinstance(size, int) else list(size)


def activations(stack: nn.Module) -> dict[str, nn.Module] | None:
    """What gives the activations to measure, each by the name of its convolution; the last, in float32, needs no range.

    None for a stack that cannot be had in int8: it may only have convolutions, each with its ReLU, and poolings by the
    maximum before them, one after the other.
    """
    layers = _layers(stack)
    plain = all(isinstance(module, nn.Sequential) or _is_leaf(module) for module in stack.modules())
    if not plain or not re.fullmatch("(CR|P)*CR", "".join(KINDS.get(type(layer), "?") for _, layer in layers)):
        return None
    relus = {name: after for (name, layer), (_, after) in pairwise(layers) if isinstance(layer, nn.Conv2d)}
    return dict(list(relus.items())[:-1])


def _is_leaf(module: nn.Module) -> bool:
    return next(module.children(), None) is None


def _layers(stack: nn.Module) -> list[tuple[str, nn.Module]]:
    """The layers with their names, without those that do nothing, as folded norms."""
    named = stack.named_modules()
    return [(name, layer) for name, layer in named if _is_leaf(layer) and not isinstance(layer, nn.Identity)]


def in_int8(stack: nn.Module, ranges: Ranges, takes: Scale) -> nn.Sequential:
    """A stack that `activations` knows, its norms folded: float32 of that scale -> float32, as the stack has it.

    The last convolution needs no range, since it gives float32. Raises KeyError when another has none.
    """
    layers = [(name, layer) for name, layer in _layers(stack) if not isinstance(layer, nn.ReLU)]
    made: list[nn.Module] = [Codes(takes)]
    for name, layer in layers:
        if isinstance(layer, nn.Conv2d):
            gives = None if name == layers[-1][0] else Scale.over(0, ranges[name])
            made.append(Convolution(layer, takes, gives))
            takes = gives or takes
        elif isinstance(layer, nn.MaxPool2d):
            made.append(Pool(layer))
    return nn.Sequential(*made)


@cache
def works() -> bool:
    """Whether torch has the operators and they say, but for rounding, what float32 says.

    Values and weights are large, since instructions without VNNI add them up in 16 bits.
    """
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(1)
        layers = [nn.Conv2d(16, 16, 3, padding=1).requires_grad_(False) for _ in range(2)]
        codes = torch.randint(0, MOST + 1, (1, 16, 9, 9), dtype=torch.uint8)
        codes = codes.contiguous(memory_format=torch.channels_last)
    takes, between, gives = Scale(0.01, 3), Scale.over(0, 3.0), Scale.over(0, 4.0)
    try:
        first, second = (Convolution(layers[0], takes, between), Convolution(layers[1], between, gives))
        said = Pool(nn.MaxPool2d(3))(Residual(first, second)(codes.clone()))
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return False
    values = takes.step * (codes.float() - takes.zero)
    inner = between.step * between.codes(layers[0](values).relu()).float()
    expected = functional.max_pool2d((values + layers[1](inner)).relu().clamp_max(4.0), 3)
    return bool((gives.step * said.float() - expected).abs().max() < CLOSE * gives.step)


if __name__ == "__main__":
    sys.exit(not works())
