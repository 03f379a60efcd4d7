"""`seed`: the plain CRNN that the others must beat, 9,139,147 parameters with 75 symbols.

Seven convolutions, flattened columns, two bidirectional LSTMs (after Shi et al. 2015, An End-to-End Trainable Neural
Network for Image-based Sequence Recognition). Published on the lines of IAM: CER 12.95 %, WER 42.47 % after 10 epochs
with Adam at 1e-3, 8 lines a batch and halving on a plateau, which is its recipe here.
"""

from types import MappingProxyType

import torch
from torch import nn
from torch.nn import functional

from recognizer.architectures.network import Network, Output
from recognizer.architectures.recurrent import along_lines

ROWS = 7
HIDDEN = 256


def block(inputs: int, outputs: int, kernel: int = 3, padding: int = 1) -> list[nn.Module]:
    """Convolution, batch norm, ReLU."""
    return [nn.Conv2d(inputs, outputs, kernel, 1, padding), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


class Seed(Network):
    """Images [n, 1, 128, width] -> log-probabilities [ceil(width / 4), n, symbols]."""

    height = 128
    stride = 4
    recipe = MappingProxyType(
        {
            "rate": 1e-3,
            "schedule": "plateau",
            "lines": 8,
            "clip": 5.0,
            "decay": 0.0,
            "weight_decay": 0.0,
            "warm_up": 0,
            "plain": 10**9,
            "shortcut": 0.0,
        }
    )

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            *block(1, 64),
            nn.MaxPool2d(2, ceil_mode=True),
            *block(64, 128),
            nn.MaxPool2d(2, ceil_mode=True),
            *block(128, 256),
            *block(256, 256),
            nn.MaxPool2d((2, 1)),
            *block(256, 512),
            *block(512, 512),
            nn.MaxPool2d((2, 1)),
            *block(512, 512, kernel=2, padding=0),
        )
        self.narrow = nn.Linear(512 * ROWS, HIDDEN)
        self.recurrent = nn.LSTM(HIDDEN, HIDDEN, 2, bidirectional=True, dropout=0.3)
        self.head = nn.Linear(2 * HIDDEN, symbols)

    def forward(self, images: torch.Tensor, widths: torch.Tensor) -> Output:
        """See `Network.forward`. A column of paper is added, which the last convolution takes away again."""
        maps = self.convolutions(functional.pad(images, (0, self.stride)))
        columns = self.narrow(maps.flatten(1, 2).permute(2, 0, 1)).float()
        states = (
            self.recurrent(columns)[0] if self.training else along_lines(self.recurrent, columns, self.frames(widths))
        )
        return self.head(states).float().log_softmax(-1), None
