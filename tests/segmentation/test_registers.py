"""Rows and columns on real register pages, which lie beside the repository where it is developed."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from segmentation import segment
from segmentation.evaluate import compare, tolerances
from segmentation.order import Places
from segmentation.paper import find_ink, upright_rules
from segmentation.skew import made_level, slope
from segmentation.tables import Cell, cells, upright_positions
from tests.segmentation.test_shipped_finder import network

LAYOUT = Path(__file__).parents[3] / "shared" / "data" / "layout" / "train.parquet"
LABELS = Path(__file__).parents[1] / "cases" / "registers.json"
Label = list[int] | None

pytestmark = pytest.mark.skipif(not LAYOUT.exists(), reason="no ../shared/data/layout with real pages here")


def cells_of_true(row: dict[str, Any]) -> list[Cell]:
    """Cells of the true lines of a page, with the rules that are found on its picture."""
    gray = cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_GRAYSCALE)
    assert gray is not None
    lines = [np.array(line["baseline"], np.float64).reshape(-1, 2) for line in row["lines"]]
    skew = slope(lines) or 0.0
    places = Places.of([made_level(line, skew) for line in lines])
    rules = upright_positions(upright_rules(find_ink(np.asarray(gray, np.uint8))), skew, float(np.ptp(places.y)))
    pitch = 4 * float(np.median(tolerances([line.astype(np.float32) for line in lines])))
    return cells(places, rules, pitch)


def cells_of_found(row: dict[str, Any]) -> list[Cell]:
    """For each true line the cell of the found line that lies on it; nothing where none does."""
    gray = np.asarray(cv2.imdecode(np.frombuffer(row["image"], np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)
    true = [np.array(line["baseline"], np.float32).reshape(-1, 2) for line in row["lines"]]
    lines = segment(gray, network=network()).lines
    found: list[Cell] = [(None, None)] * len(true)
    for number, place, _ in compare(true, [line.baseline for line in lines]).pairs:
        line = lines[place]
        found[number] = (None, None) if line.row is None or line.column is None else (line.row, line.column)
    return found


def right(labels: Sequence[Label], found: Sequence[Cell], axis: int) -> tuple[int, int]:
    """How many labelled lines lie together with those of their row (0) or column (1), and with no others."""
    pairs = [(label[axis], cell[axis]) for label, cell in zip(labels, found, strict=True) if label]
    counts = Counter(pair for pair in pairs if pair[1] is not None)
    of_label, of_found = (
        {key: max(count for pair, count in counts.items() if pair[side] == key) for key in {p[side] for p in counts}}
        for side in (0, 1)
    )
    mutual = sum(count for (a, b), count in counts.items() if count == of_label[a] == of_found[b])
    return mutual, len(pairs)


@pytest.mark.parametrize(
    ("find", "least_rows", "least_columns"), [(cells_of_true, 0.9, 0.95), (cells_of_found, 0.8, 0.8)]
)
def test_rows_and_columns_of_ten_register_pages(
    find: Callable[[dict[str, Any]], list[Cell]], least_rows: float, least_columns: float
) -> None:
    labels: dict[str, list[Label]] = json.loads(LABELS.read_text(encoding="utf-8"))
    table = pq.read_table(LAYOUT, columns=["page", "image", "lines"], filters=[("page", "in", list(labels))])
    scores = np.zeros((2, 2))
    for row in table.to_pylist():
        found = find(row)
        scores += [right(labels[row["page"]], found, axis) for axis in (0, 1)]
    rows, columns = scores[:, 0] / scores[:, 1]
    assert len(table) == 10
    assert columns > least_columns
    assert rows > least_rows
