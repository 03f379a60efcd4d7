"""`base`: the larger CRNN-CTC line reader, for GPUs and for teaching `small`.

Like `small`, with more rows and channels and a third LSTM layer.
"""

from torch import nn

from recognizer.architectures.crnn import Crnn, block, stage


class Base(Crnn):
    """Images [n, 1, 64, width] -> log-probabilities [ceil(width / 4), n, symbols]."""

    height = 64
    stride = 4
    features = 256
    hidden = 256
    layers = 3

    @classmethod
    def stack(cls) -> list[nn.Module]:
        """See `Crnn.stack`."""
        return [
            block(1, 32, stride=2),
            *stage(32, 64, 64),
            nn.MaxPool2d(2, ceil_mode=True),
            *stage(64, 128, 128),
            nn.MaxPool2d((2, 1)),
            *stage(128, 192, 192),
            nn.MaxPool2d((2, 1)),
            *stage(192, 256, cls.features),
        ]
