"""What training and inference need of a network."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Self

import torch
from torch import nn

Output = tuple[torch.Tensor, torch.Tensor | None]


class Network(nn.Module, ABC):
    """A line reader: built with the number of its symbols, the blank at index 0 included."""

    height: ClassVar[int]
    """Rows of its input."""

    stride: ClassVar[int]
    """Input columns a frame."""

    recipe: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """How it is trained where that differs from the defaults of `train.recipe.Recipe`."""

    convolutions: nn.Module
    """What sees the image; `--freeze cnn` leaves it as it is."""

    @abstractmethod
    def forward(self, images: torch.Tensor, widths: torch.Tensor) -> Output:
        """Images float32 [n, 1, height, width] with the lines' own widths int64 [n] to log-probabilities.

        Ink is about 1, paper about 0, and so is all right of a line's own end. The result is float32
        [frames, n, symbols], frames those of the widest line; while training also that of a shortcut head, else None.
        """

    @classmethod
    def frames(cls, widths: torch.Tensor) -> torch.Tensor:
        """Number of frames of lines so many columns wide: at least ceil(width / stride)."""
        return (widths + cls.stride - 1) // cls.stride

    def with_weights(self, weights: Mapping[str, torch.Tensor]) -> Self:
        """Take weights of any precision; raises RuntimeError when names or shapes differ."""
        self.load_state_dict({n: w.float() if w.is_floating_point() else w for n, w in weights.items()})
        return self

    def with_more_symbols(self, weights: Mapping[str, torch.Tensor], symbols: int) -> Self:
        """Take the weights of a network of `symbols` outputs, the first of its own; those of the others stay random.

        Raises RuntimeError when names or shapes differ in another way.
        """
        own = self.state_dict()
        grown = dict(weights)
        for name, given in weights.items():
            if name in own and given.shape[:1] == (symbols,) and own[name].shape[1:] == given.shape[1:]:
                grown[name] = torch.cat([given.float(), own[name][symbols:]])
        return self.with_weights(grown)

    def channels_last(self) -> Self:
        """Lay the convolutions' weights out as the fast kernels want them."""
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        return self
