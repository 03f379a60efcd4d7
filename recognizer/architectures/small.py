"""`small`: a compact CRNN-CTC line reader, 2.05 M parameters, the default on a CPU.

The front is cheap (stride 2 at once, 48 channels at half resolution), since that is where a CPU spends its time.
"""

from torch import nn

from recognizer.architectures.crnn import Crnn, block, stage


class Small(Crnn):
    """Images [n, 1, 56, width] -> log-probabilities [ceil(width / 4), n, symbols]."""

    height = 56
    stride = 4
    features = 160
    hidden = 192
    layers = 2

    @classmethod
    def stack(cls) -> list[nn.Module]:
        """See `Crnn.stack`."""
        return [
            block(1, 32, stride=2),
            *stage(32, 48),
            nn.MaxPool2d(2, ceil_mode=True),
            *stage(48, 64, 64),
            nn.MaxPool2d((2, 1)),
            *stage(64, 96, 96),
            nn.MaxPool2d((2, 1)),
            *stage(96, 128, cls.features),
        ]
