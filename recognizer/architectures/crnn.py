"""What `small` and `base` share: convolutions, the maximum over each column, a bidirectional LSTM, a CTC head.

After Retsinas et al. 2022 (Best Practices for a Handwritten Text Recognition System): the aspect ratio is kept, columns
are pooled by their maximum instead of being flattened, and a CTC shortcut on the convolutions helps while training.
"""

from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar, Final

import torch
from torch import nn
from torch.nn import functional

from recognizer.architectures.network import Network, Output
from recognizer.architectures.recurrent import along_lines

MOSTLY_BLANK: Final = 5.0
"""Bias of the blank in all but the first frame of a column: training begins as if there were only the first, since the
more frames there are to fill, the longer CTC learns nothing but blanks."""


def block(inputs: int, outputs: int, stride: int = 1, rows: int = 1) -> nn.Sequential:
    """3x3 convolution, padded by so many rows above and below, batch norm, ReLU."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, (rows, 1), bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def stage(inputs: int, *outputs: int) -> list[nn.Module]:
    """Blocks of so many channels, one after the other, at one resolution."""
    return [block(before, after) for before, after in pairwise((inputs, *outputs))]


class Crnn(Network):
    """Images [n, 1, height, width] -> log-probabilities [frames, n, symbols]."""

    features: ClassVar[int]
    """Channels of the last convolution."""
    hidden: ClassVar[int]
    layers: ClassVar[int]
    frames_a_column: ClassVar[int] = 1
    """How many frames each column of the stack speaks for, one after the other."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(*self.stack())
        self.recurrent = nn.LSTM(self.features, self.hidden, self.layers, bidirectional=True, dropout=0.2)
        self.heads = nn.ModuleList(nn.Linear(2 * self.hidden, symbols) for _ in range(self.frames_a_column))
        self.shortcuts = nn.ModuleList(nn.Conv1d(self.features, symbols, 3, 1, 1) for _ in range(self.frames_a_column))
        for later in (*self.heads[1:], *self.shortcuts[1:]):
            nn.init.constant_(later.bias[:1], MOSTLY_BLANK)

    @classmethod
    @abstractmethod
    def stack(cls) -> list[nn.Module]:
        """The convolutions: [n, 1, height, width] -> [n, features, any, columns]."""

    def forward(self, images: torch.Tensor, widths: torch.Tensor) -> Output:
        """See `Network.forward`."""
        columns = self.convolutions(images).amax(2)
        own = self.columns(widths)
        inside = torch.arange(columns.shape[2], device=columns.device) < own[:, None]
        columns = self.dropped(columns * inside[:, None])
        states = self.encoded(columns.permute(2, 0, 1).float(), own)
        said = _says([head(states) for head in self.heads])
        if not self.training:
            return said, None
        return said, _says([shortcut(columns).permute(2, 0, 1) for shortcut in self.shortcuts])

    @classmethod
    def frames(cls, widths: torch.Tensor) -> torch.Tensor:
        """See `Network.frames`: those of whole columns."""
        return cls.columns(widths) * cls.frames_a_column

    @classmethod
    def columns(cls, widths: torch.Tensor) -> torch.Tensor:
        """Number of columns that the stack makes of lines so many pixels wide."""
        pixels = cls.stride * cls.frames_a_column
        return (widths + pixels - 1) // pixels

    def dropped(self, columns: torch.Tensor) -> torch.Tensor:
        """Columns [n, features, columns] as the LSTM is shown them while training."""
        return functional.dropout(columns, 0.15, self.training)

    def encoded(self, columns: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """Columns in their context, a line's `own` so many: [columns, n, features] -> [columns, n, 2 hidden]."""
        if self.training:
            states: torch.Tensor = self.recurrent(columns)[0]
            return states
        return along_lines(self.recurrent, columns, own)


def _says(logits: Sequence[torch.Tensor]) -> torch.Tensor:
    """Log-probabilities of all frames, [columns, n, symbols] for the first, the second ... frame of each column."""
    return torch.stack(list(logits), 1).flatten(0, 1).float().log_softmax(-1)
