"""Small things the tests of this room share: drawn lines, line Parquet, readers with random weights."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from recognizer.alphabet import Alphabet
from recognizer.architectures import build
from recognizer.architectures.network import Network
from recognizer.lines import Crop

ALPHABET = Alphabet(" abcdefgh")


def line(text: str, height: int = 56, room: int = 20) -> Crop:
    """A line of black capitals on paper, `room` columns a letter."""
    image = np.full((height, room * len(text) + 16), 230, np.uint8)
    cv2.putText(image, text.upper(), (8, height - 18), cv2.FONT_HERSHEY_SIMPLEX, room / 22, 20, 2)
    return image


def scribble(width: int, seed: int = 0, height: int = 80) -> Crop:
    """Noise as strong as ink."""
    return np.random.default_rng([width, seed]).integers(0, 256, (height, width), np.uint8)


def random_network(alphabet: Alphabet = ALPHABET, seed: int = 3) -> Network:
    """An untrained network whose batch norms have seen something, so that folding them changes the weights."""
    torch.manual_seed(seed)
    network = build("small", len(alphabet))
    network.train()
    with torch.no_grad():
        network(torch.rand(2, 1, 56, 64), torch.tensor([64, 40]))
    return network.eval()


def png(image: Crop) -> bytes:
    return bytes(cv2.imencode(".png", image)[1])


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """A line Parquet; rows give at least text, and may give image, id, dataset, script, language."""
    default = {"dataset": "drawn", "script": "print", "language": "eng"}
    full = [{"id": f"line {k}", "image": png(line(row["text"] or "a")), **default, **row} for k, row in enumerate(rows)]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(full), path)
    return path
