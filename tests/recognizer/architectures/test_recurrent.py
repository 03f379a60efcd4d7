import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from recognizer.architectures.recurrent import along_lines


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_lines_are_gone_along_as_in_a_packed_sequence(layers: int) -> None:
    torch.manual_seed(1)
    lstm = nn.LSTM(5, 4, layers, bidirectional=True).eval()
    columns, frames = torch.randn(9, 4, 5), torch.tensor([9, 1, 4, 7])
    with torch.no_grad():
        ours = along_lines(lstm, columns, frames)
        packed, _ = lstm(pack_padded_sequence(columns, frames, enforce_sorted=False))
        theirs, _ = pad_packed_sequence(packed)
    for line, length in enumerate(frames):
        torch.testing.assert_close(ours[:length, line], theirs[:length, line], atol=1e-6, rtol=1e-5)


def test_full_lines_are_gone_along_as_the_layer_itself_does() -> None:
    torch.manual_seed(1)
    lstm = nn.LSTM(5, 4, 2, bidirectional=True).eval()
    columns = torch.randn(6, 2, 5)
    with torch.no_grad():
        torch.testing.assert_close(along_lines(lstm, columns, torch.tensor([6, 6])), lstm(columns)[0])
