"""What training and inference need of a network."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from torch import nn

Output = tuple[torch.Tensor, torch.Tensor | None]


class Network(nn.Module, ABC):
    """A line reader: built with the number of its symbols, the blank at index 0 included."""

    height: ClassVar[int]
    """Rows of its input."""

    stride: ClassVar[int]
    """Input columns a frame."""

    @abstractmethod
    def forward(self, images: torch.Tensor, widths: torch.Tensor) -> Output:
        """Images float32 [n, 1, height, width] with the lines' own widths int64 [n] to log-probabilities.

        Ink is about 1, paper about 0, and so is all right of a line's own end. The result is float32
        [ceil(width / stride), n, symbols]; while training also that of a shortcut head, else None.
        """

    @classmethod
    def frames(cls, widths: torch.Tensor) -> torch.Tensor:
        """Number of frames of lines so many columns wide."""
        return (widths + cls.stride - 1) // cls.stride

    def with_weights(self, weights: Mapping[str, torch.Tensor]) -> Self:
        """Take weights of any precision; raises RuntimeError when names or shapes differ."""
        self.load_state_dict({n: w.float() if w.is_floating_point() else w for n, w in weights.items()})
        return self

    def channels_last(self) -> Self:
        """Lay the convolutions' weights out as the fast kernels want them."""
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        return self
