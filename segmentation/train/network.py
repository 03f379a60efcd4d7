"""The line finder: a small fully convolutional network from a page's ink to maps of its lines.

An encoder and decoder with skips (Ronneberger et al. 2015, U-Net) whose full work is done at a quarter of the input and
below: only the stem and the last transposed convolution touch half of it, which is what a CPU pays for. Residual blocks
(He et al. 2016), dilated where letters are no longer seen one by one.
"""

from typing import Final

import torch
from torch import nn
from torch.nn import functional

WIDTHS: Final = (16, 40, 64, 80, 88)
MOSTLY_NOT: Final = -2.0  # bias of the maps: most pixels are on no line


class Residual(nn.Module):
    """Two 3x3 convolutions beside the identity."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = block(channels, channels, dilation=dilation)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """[n, channels, h, w] -> the same."""
        return functional.relu(maps + self.second(self.first(maps)))


class LineFinder(nn.Module):
    """Ink float32 [n, 1, h, w], sides multiples of 32 -> logits of `learned.MAPS`, [n, 3, h / 2, w / 2]."""

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth, last = WIDTHS
        self.stem = nn.Sequential(block(1, half, 2, kernel=5), block(half, quarter, 2), Residual(quarter))
        self.eighth = nn.Sequential(block(quarter, eighth, 2), Residual(eighth))
        self.sixteenth = nn.Sequential(block(eighth, sixteenth, 2), Residual(sixteenth, 2))
        self.last = nn.Sequential(block(sixteenth, last, 2), Residual(last, 2))
        self.up = nn.ModuleList(
            [block(last + sixteenth, sixteenth), block(sixteenth + eighth, eighth), block(eighth + quarter, quarter)]
        )
        self.refine = block(quarter, quarter)
        self.head = nn.ConvTranspose2d(quarter, 3, 2, 2)
        nn.init.constant_(self.head.bias, MOSTLY_NOT)  # type: ignore[arg-type]

    def forward(self, ink: torch.Tensor) -> torch.Tensor:
        """See the class."""
        skips = [self.stem(ink)]
        for stage in (self.eighth, self.sixteenth):
            skips.append(stage(skips[-1]))
        maps = self.last(skips[-1])
        for up, skip in zip(self.up, reversed(skips), strict=True):
            larger = functional.interpolate(maps, scale_factor=2.0, mode="nearest")
            maps = up(torch.cat([larger, skip], 1))
        logits: torch.Tensor = self.head(self.refine(maps))
        return logits


def block(inputs: int, outputs: int, stride: int = 1, kernel: int = 3, dilation: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU."""
    padding = dilation * (kernel // 2)
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
