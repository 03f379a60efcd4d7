"""Recurrent layers over lines of different lengths in one batch."""

from collections.abc import Sequence

import torch
from torch import nn


def along_lines(lstm: nn.LSTM, columns: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
    """What a bidirectional LSTM says of each line on its own: [most frames, n, inputs] -> [most frames, n, 2 hidden].

    nn.LSTM comes backwards through the padding, which a line feels at its end, and more so the more a batch is padded.
    Here every line is turned within its own `frames` [n], so that padding always comes last. A packed sequence does the
    same without the fast kernels. Dropout is left out: this is for reading, not for training.
    """
    rows = _turned(len(columns), frames)
    for layer in range(lstm.num_layers):
        forward = _one_way(columns, lstm.all_weights[2 * layer])
        backward = _one_way(_taken(columns, rows), lstm.all_weights[2 * layer + 1])
        columns = torch.cat([forward, _taken(backward, rows)], 2)
    return columns


def _turned(most: int, frames: torch.Tensor) -> torch.Tensor:
    """Which frame stands at each place when every line is read backwards and the padding stays: int64 [most n].

    They are rows of frames and lines together, since whole rows are copied faster than single values are gathered.
    """
    place = torch.arange(most, device=frames.device)[:, None]
    turned = torch.where(place < frames, frames - 1 - place, place)
    return (turned * len(frames) + torch.arange(len(frames), device=frames.device)).flatten()


def _taken(columns: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    return columns.flatten(0, 1).index_select(0, rows).view_as(columns)


def _one_way(columns: torch.Tensor, weights: Sequence[torch.Tensor]) -> torch.Tensor:
    rest = columns.new_zeros(1, columns.shape[1], weights[1].shape[1])
    return torch.lstm(columns, [rest, rest], tuple(weights), True, 1, 0.0, False, False, False)[0]
