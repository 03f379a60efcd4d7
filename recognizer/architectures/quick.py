"""`quick`: a CRNN-CTC line reader at under half the cost of `small`, 2.6 M parameters.

A CPU spends its time where there are many pixels and many channels at once, so there are two strides of 2 before there
are many channels. The last convolution sees the three rows that are left at once: where a stroke stands tells b from p.
The LSTM walks in columns of eight pixels, about half a letter, and speaks twice in each: narrow writing needs a frame
for every letter and one between two that are the same.
"""

from torch import nn

from recognizer.architectures.crnn import Crnn, block, stage


class Quick(Crnn):
    """Images [n, 1, 56, width] -> log-probabilities [2 ceil(width / 8), n, symbols]."""

    height = 56
    stride = 4
    frames_a_column = 2
    features = 256
    hidden = 192
    layers = 2

    @classmethod
    def stack(cls) -> list[nn.Module]:
        """See `Crnn.stack`."""
        return [
            block(1, 16, stride=2),
            block(16, 32, stride=2),
            *stage(32, 64),
            nn.MaxPool2d(2, ceil_mode=True),
            *stage(64, 128),
            nn.MaxPool2d((2, 1)),
            *stage(128, 192),
            block(192, cls.features, rows=0),
        ]
