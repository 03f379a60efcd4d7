"""Networks behind one interface.

A network is built by `build(name, symbols)`. It has `height` (rows of its input), `stride` (input columns a frame) and maps
images float32 [n, 1, height, width] (ink about 1, paper about 0, zero right of a line's own end) with widths int64 [n] to
log-probabilities float32 [frames, n, symbols]; while training also to those of a shortcut head, else None.
"""

from typing import Protocol

import torch

from recognizer.architectures.small import Small

Output = tuple[torch.Tensor, torch.Tensor | None]


class Network(Protocol):
    """What training and inference need of a network beside torch.nn.Module."""

    height: int
    stride: int

    def __call__(self, images: torch.Tensor, widths: torch.Tensor) -> Output: ...


ARCHITECTURES: dict[str, type[torch.nn.Module]] = {"small": Small}


def build(name: str, symbols: int) -> torch.nn.Module:
    """A new network with random weights; raises ValueError for an unknown name."""
    if name not in ARCHITECTURES:
        raise ValueError(f"unknown architecture {name!r}; there are {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name](symbols)
