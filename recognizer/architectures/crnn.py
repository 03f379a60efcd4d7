"""What `small` and `base` share: convolutions, the maximum over each column, a bidirectional LSTM, a CTC head.

After Retsinas et al. 2022 (Best Practices for a Handwritten Text Recognition System): the aspect ratio is kept, columns
are pooled by their maximum instead of being flattened, and a CTC shortcut on the convolutions helps while training.
"""

from abc import abstractmethod
from itertools import pairwise
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional

from recognizer.architectures.network import Network, Output
from recognizer.architectures.recurrent import along_lines


def block(inputs: int, outputs: int, stride: int = 1, rows: int = 1) -> nn.Sequential:
    """3x3 convolution, padded by so many rows above and below, batch norm, ReLU."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, (rows, 1), bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def stage(inputs: int, *outputs: int) -> list[nn.Module]:
    """Blocks of so many channels, one after the other, at one resolution."""
    return [block(before, after) for before, after in pairwise((inputs, *outputs))]


class Crnn(Network):
    """Images [n, 1, height, width] -> log-probabilities [ceil(width / stride), n, symbols]."""

    features: ClassVar[int]
    """Channels of the last convolution."""
    hidden: ClassVar[int]
    layers: ClassVar[int]

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(*self.stack())
        self.recurrent = nn.LSTM(self.features, self.hidden, self.layers, bidirectional=True, dropout=0.2)
        self.head = nn.Linear(2 * self.hidden, symbols)
        self.shortcut = nn.Conv1d(self.features, symbols, 3, 1, 1)

    @classmethod
    @abstractmethod
    def stack(cls) -> list[nn.Module]:
        """The convolutions: [n, 1, height, width] -> [n, features, any, ceil(width / stride)]."""

    def forward(self, images: torch.Tensor, widths: torch.Tensor) -> Output:
        """See `Network.forward`."""
        columns = self.convolutions(images).amax(2)
        frames = self.frames(widths)
        inside = torch.arange(columns.shape[2], device=columns.device) < frames[:, None]
        columns = self.dropped(columns * inside[:, None])
        states = self.encoded(columns.permute(2, 0, 1).float(), frames)
        if not self.training:
            return _says(self.head(states)), None
        return _says(self.head(states)), _says(self.shortcut(columns).permute(2, 0, 1))

    def dropped(self, columns: torch.Tensor) -> torch.Tensor:
        """Columns [n, features, columns] as the LSTM is shown them while training."""
        return functional.dropout(columns, 0.15, self.training)

    def encoded(self, columns: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        """Columns in their context: [columns, n, features] -> [columns, n, 2 hidden]."""
        if self.training:
            states: torch.Tensor = self.recurrent(columns)[0]
            return states
        return along_lines(self.recurrent, columns, frames)


def _says(logits: torch.Tensor) -> torch.Tensor:
    return logits.float().log_softmax(-1)
