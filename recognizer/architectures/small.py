"""`small`: a compact CRNN-CTC line reader, 2.05 M parameters, the default on a CPU.

After Retsinas et al. 2022 (Best Practices for a Handwritten Text Recognition System): the aspect ratio is kept, columns
are pooled by their maximum instead of being flattened, and a CTC shortcut on the convolutions helps while training. The
front is cheap (stride 2 at once, 48 channels at half resolution), since that is where a CPU spends its time.
"""

import torch
from torch import nn
from torch.nn import functional

from recognizer.architectures.network import Network, Output
from recognizer.architectures.recurrent import along_lines


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """3x3 convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Small(Network):
    """Images [n, 1, 56, width] -> log-probabilities [ceil(width / 4), n, symbols]."""

    height = 56
    stride = 4

    def __init__(self, symbols: int, hidden: int = 192) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            block(1, 32, stride=2),
            block(32, 48),
            nn.MaxPool2d(2, ceil_mode=True),
            block(48, 64),
            block(64, 64),
            nn.MaxPool2d((2, 1)),
            block(64, 96),
            block(96, 96),
            nn.MaxPool2d((2, 1)),
            block(96, 128),
            block(128, 160),
        )
        self.recurrent = nn.LSTM(160, hidden, 2, bidirectional=True, dropout=0.2)
        self.head = nn.Linear(2 * hidden, symbols)
        self.shortcut = nn.Conv1d(160, symbols, 3, 1, 1)

    def forward(self, images: torch.Tensor, widths: torch.Tensor) -> Output:
        """See `Network.forward`."""
        columns = self.convolutions(images).amax(2)
        frames = self.frames(widths)
        inside = torch.arange(columns.shape[2]) < frames[:, None]
        columns = functional.dropout(columns * inside[:, None], 0.15, self.training)
        by_frame = columns.permute(2, 0, 1).float()
        if not self.training:
            return self._says(along_lines(self.recurrent, by_frame, frames)), None
        shortcut = self.shortcut(columns).float().permute(2, 0, 1).log_softmax(-1)
        return self._says(self.recurrent(by_frame)[0]), shortcut

    def _says(self, states: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(states)
        return logits.float().log_softmax(-1)
