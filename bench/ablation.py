"""What each choice in `quick` and its training gives: python -m bench.ablation LINES [--minutes M] [VARIANT ...].

Every variant trains for the same time, in one single-threaded process, and reads the val split, with the moving average
of its weights and (`cer_last`) with the last weights as they are. `seed` follows its own recipe. One JSON object a
variant; run two at a time on two cores, and nothing beside them.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from recognizer.alphabet import Alphabet
from recognizer.architectures.crnn import stage
from recognizer.architectures.network import Network
from recognizer.architectures.quick import Quick
from recognizer.architectures.seed import Seed
from recognizer.architectures.small import Small
from recognizer.arithmetic import best
from recognizer.evaluation.rates import Scores, score
from recognizer.evaluation.texts import paired
from recognizer.infer import Reader
from recognizer.samples import LineData, Sample, find_parquet, load_lines
from recognizer.train.data import trainable
from recognizer.train.loop import Trainer, Weights
from recognizer.train.recipe import Recipe


class Iso48(Quick):
    height = 48


class Iso64(Quick):
    height = 64


class Iso80(Quick):
    height = 80


class Maximum(Quick):
    """The maximum of the rows before the last convolution, which sees no rows then."""

    @classmethod
    def stack(cls) -> list[nn.Module]:
        return [*super().stack()[:-1], nn.AdaptiveMaxPool2d((1, None)), *stage(192, cls.features)]


class OneFrame(Quick):
    """One frame a column."""

    stride = 8
    frames_a_column = 1


class Stride4(Quick):
    """Columns of four pixels with a frame each: twice as many steps of the LSTM, and of the convolutions before it."""

    frames_a_column = 1

    @classmethod
    def stack(cls) -> list[nn.Module]:
        return [nn.MaxPool2d((2, 1)) if isinstance(layer, nn.MaxPool2d) else layer for layer in super().stack()]


class Spans(Quick):
    """A tenth of the columns is hidden, four at a time (Li et al. 2024, HTR-VT, section 3.3)."""

    def dropped(self, columns: torch.Tensor) -> torch.Tensor:
        if self.training:
            hidden = torch.rand(len(columns), 1, columns.shape[2] // 4 + 1, device=columns.device) < 0.1
            columns = columns * ~hidden.repeat_interleave(4, 2)[:, :, : columns.shape[2]]
        return super().dropped(columns)


class Residual(nn.Module):
    """A depthwise and a pointwise convolution along the line beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.along = nn.Conv1d(channels, channels, 9, 1, 4, groups=8, bias=False)
        self.norm = nn.BatchNorm1d(channels)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, columns: torch.Tensor) -> torch.Tensor:
        change: torch.Tensor = self.mix(functional.relu(self.norm(self.along(columns))))
        return columns + change


class Convolutional(Quick):
    """Convolutions along the line instead of the LSTM."""

    def __init__(self, symbols: int) -> None:
        super().__init__(symbols)
        wide = 2 * self.hidden
        self.recurrent = nn.Sequential(nn.Conv1d(self.features, wide, 1), *(Residual(wide) for _ in range(5)))  # type: ignore[assignment]

    def encoded(self, columns: torch.Tensor, own: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        states: torch.Tensor = self.recurrent(columns.permute(1, 2, 0))
        return states.permute(2, 0, 1)


class Transformer(Quick):
    """Three Transformer layers with convolutional positions instead of the LSTM."""

    def __init__(self, symbols: int) -> None:
        super().__init__(symbols)
        layer = nn.TransformerEncoderLayer(self.features, 4, 512, 0.1, norm_first=True)
        self.recurrent = nn.TransformerEncoder(layer, 3, nn.LayerNorm(self.features), enable_nested_tensor=False)  # type: ignore[assignment]
        self.positions = nn.Conv1d(self.features, self.features, 15, 1, 7, groups=self.features)
        self.heads = nn.ModuleList(nn.Linear(self.features, symbols) for _ in range(self.frames_a_column))

    def encoded(self, columns: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        placed = columns + self.positions(columns.permute(1, 2, 0)).permute(2, 0, 1)
        padding = torch.arange(len(columns), device=own.device) >= own[:, None]
        states: torch.Tensor = self.recurrent(placed, src_key_padding_mask=padding)
        return states


VARIANTS: Mapping[str, tuple[type[Network], Mapping[str, Any]]] = MappingProxyType(
    {
        "quick": (Quick, {}),
        "height 48": (Iso48, {}),
        "height 64": (Iso64, {}),
        "height 80": (Iso80, {}),
        "maximum of the rows": (Maximum, {}),
        "one frame a column": (OneFrame, {}),
        "columns of 4 pixels": (Stride4, {}),
        "small": (Small, {}),
        "spans hidden": (Spans, {}),
        "convolutional encoder": (Convolutional, {}),
        "transformer encoder": (Transformer, {}),
        "no shortcut": (Quick, {"shortcut": 0.0}),
        "no augmentation": (Quick, {"plain": 10**9}),
        "seed": (Seed, {}),
    }
)


def train(kind: type[Network], recipe: Recipe, lines: Path, without: Sequence[str]) -> dict[str, Any]:
    """Figures of one variant, CER in percent."""
    files = find_parquet([lines])
    data = chosen(files, kind, "train", without)
    alphabet = Alphabet.of(sample.text for sample in data.samples)
    network = kind(len(alphabet))
    samples = trainable(data, alphabet, kind.stride).samples
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(0, recipe, network, alphabet, samples, Path(folder), lambda _: (0.0, 0.0))
        weights = trainer.run()
    val = chosen(files, kind, "val", without).samples
    scores, seconds = read(kind, alphabet, weights, val)
    last, _ = read(kind, alphabet, network.state_dict(), val)
    return {
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "lines_seen": trainer.progress.lines,
        "steps": trainer.progress.step,
        "read_per_second": round(scores.all.lines / seconds),
        "cer": round(100 * scores.all.cer, 1),
        "cer_last": round(100 * last.all.cer, 1),
        **{name: round(100 * rates.cer, 1) for name, rates in scores.groups["script"].items()},
    }


def chosen(files: Sequence[Path], kind: type[Network], split: str, without: Sequence[str]) -> LineData:
    """The lines of a split at the network's height."""
    data = load_lines(files, kind.height, {split})
    return replace(data, samples=tuple(sample for sample in data.samples if sample.dataset not in without))


def read(kind: type[Network], alphabet: Alphabet, weights: Weights, samples: Sequence[Sample]) -> tuple[Scores, float]:
    """Scores of weights on lines, and the CPU seconds of reading them."""
    reader = Reader(kind(len(alphabet)).with_weights(weights), alphabet, best())
    before = time.process_time()
    texts = reader.texts([sample.image for sample in samples])
    return score(samples, paired(samples, texts)), time.process_time() - before


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ablation", description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("variants", nargs="*", default=list(VARIANTS))
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--without", action="append", default=[], metavar="DATASET")
    options = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    for name in options.variants:
        kind, changes = VARIANTS[name]
        torch.manual_seed(1)
        recipe = Recipe(minutes=options.minutes, processes=1, judgings=0, **{**kind.recipe, **changes})
        found = train(kind, recipe, options.lines, options.without)
        print(json.dumps({"variant": name, "minutes": options.minutes, **found}), flush=True)


if __name__ == "__main__":
    main()
