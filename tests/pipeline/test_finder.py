"""The line finder by torch, beside cv2.dnn."""

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from pipeline.bundles import Tools, line_finder
from pipeline.finder import PAGE, TAKES, TorchNetwork, as_convolution, load, measure
from recognizer.arithmetic import ARITHMETICS, Arithmetic, supported
from recognizer.bundle import LINES, RANGES, READER, Bundle, BundleError, save_with
from recognizer.infer import ArithmeticMissing, check
from recognizer.ranges import load_ranges
from segmentation import segment
from segmentation.evaluate import compare, f1
from segmentation.layout import Gray
from segmentation.learned import DnnNetwork, LineNetwork, UnfitNetwork, find_maps
from segmentation.onnx import convolutions
from segmentation.train.pages import TrainingPage, training_page
from tests.segmentation.drawing import draw_page

SAMPLES = Path(__file__).parents[2] / "samples"
APART = {"fp32": 1e-3, "bf16": 0.05, "int8": 0.25}  # at the worst pixel
FP32: Arithmetic = "fp32"
needs_int8 = pytest.mark.skipif(not supported("int8"), reason="this processor lacks int8")


@cache
def network(arithmetic: Arithmetic) -> LineNetwork:
    try:
        check(arithmetic)
    except ArithmeticMissing as missing:
        pytest.skip(str(missing))
    found = line_finder(Bundle.load("default"), arithmetic)
    assert found is not None
    return found


@cache
def page(name: str) -> Gray:
    return np.asarray(cv2.imread(str(SAMPLES / name), cv2.IMREAD_GRAYSCALE), np.uint8)


PAGES = ("letter-french.jpg", "print-german.png", "typescript-french.jpg", "register-french.webp")


def test_fp32_is_run_by_opencv_and_the_others_by_torch() -> None:
    assert isinstance(network("fp32"), DnnNetwork)
    assert isinstance(network("bf16"), TorchNetwork)
    assert isinstance(network("int8"), TorchNetwork)


def test_weights_of_the_file_make_the_same_network() -> None:
    by_torch = TorchNetwork.of(Bundle.load("default").part(LINES), "fp32", {})
    ink = np.random.default_rng(1).random((96, 160), np.float32)
    np.testing.assert_allclose(by_torch.logits(ink), network("fp32").logits(ink), atol=1e-3)


@pytest.mark.parametrize("arithmetic", ["bf16", "int8"])
@pytest.mark.parametrize("name", PAGES)
def test_maps_are_close_to_those_of_opencv(name: str, arithmetic: Arithmetic) -> None:
    exact, said = (find_maps(page(name), network(each)) for each in (FP32, arithmetic))
    assert exact
    assert said
    for one, other in ((exact.baseline, said.baseline), (exact.ends, said.ends), (exact.body, said.body)):
        assert one.dtype == other.dtype == np.float32
        assert float(np.abs(one - other).max()) < APART[arithmetic]
        assert float(np.abs(one - other).mean()) < 0.002
    assert np.array_equal(exact.ink, said.ink)


@pytest.mark.parametrize("arithmetic", ["bf16", "int8"])
@pytest.mark.parametrize("name", PAGES)
def test_the_same_lines_are_found(name: str, arithmetic: Arithmetic) -> None:
    true, found = (
        [line.baseline for line in segment(page(name), network=network(each)).lines] for each in (FP32, arithmetic)
    )
    agreement = compare(true, found)
    assert f1(agreement.precision, agreement.recall) > 0.98


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_a_page_gives_the_same_bits_whatever_was_seen_before(arithmetic: Arithmetic) -> None:
    ink = np.random.default_rng(1).random((64, 96), np.float32)
    first = network(arithmetic).logits(ink)
    network(arithmetic).logits(np.ones((128, 32), np.float32))
    assert network(arithmetic).logits(ink).tobytes() == first.tobytes()


def test_a_page_is_not_written_to() -> None:
    ink = np.random.default_rng(1).random((64, 96), np.float32)
    before = ink.copy()
    network("int8").logits(ink)
    assert np.array_equal(ink, before)


def test_a_transposed_convolution_is_a_convolution_and_a_shuffle() -> None:
    torch.manual_seed(1)
    layer = nn.ConvTranspose2d(5, 3, 2, 2).requires_grad_(False)
    maps = torch.randn(2, 5, 4, 7)
    torch.testing.assert_close(nn.PixelShuffle(2)(as_convolution(layer)(maps)), layer(maps))


def test_every_layer_takes_what_another_gives() -> None:
    names = {name for name, _ in load(Bundle.load("default").part(LINES)).named_modules()}
    assert set(TAKES) < names
    assert set(TAKES.values()) - {PAGE} == set(TAKES) - {"head"}


@pytest.mark.parametrize("content", [b"", b"no network"])
def test_another_file_is_no_line_finder(content: bytes) -> None:
    with pytest.raises(UnfitNetwork):
        load(content)


def test_a_network_of_another_shape_is_no_line_finder(monkeypatch: pytest.MonkeyPatch) -> None:
    read = convolutions(Bundle.load("default").part(LINES))
    for others in (read[::-1], read[:-1], []):
        monkeypatch.setattr("pipeline.finder.convolutions", lambda _, others=others: others)
        with pytest.raises(UnfitNetwork):
            load(b"")


@needs_int8
@pytest.mark.parametrize("name", ["stem.0", "up.1", "sixteenth.1.first", "refine"])
def test_a_range_that_lacks_is_named(name: str, tmp_path: Path) -> None:
    bundle = Bundle.load("default")
    ranges = {layer: high for layer, high in load_ranges(bundle, LINES).items() if layer != name}
    damaged = save_with(tmp_path, bundle, RANGES + LINES, "int8-lines.json", json.dumps(ranges).encode(), {})
    with pytest.raises(BundleError, match=rf"int8-lines\.json: no range of '{name}'; copy the bundle again"):
        line_finder(damaged, "int8")


def drawn() -> list[TrainingPage]:
    gray, lines = draw_page()
    made = training_page(
        "drawn", "drawn", gray, [(line.astype(np.float32), np.zeros((0, 2), np.float32)) for line in lines]
    )
    assert made is not None
    return [made]


def test_all_activations_of_the_finder_are_measured(tmp_path: Path) -> None:
    bundle = Bundle.load("default")
    copied = save_with(tmp_path, bundle, LINES, "lines.onnx", bundle.part(LINES), {})
    assert RANGES + LINES not in copied.parts
    measured = measure(copied, drawn())
    ranges = load_ranges(measured, LINES)
    assert set(ranges) == set(load_ranges(bundle, LINES))
    assert all(0.1 < high < 100 for high in ranges.values())
    assert measured.card["int8/lines"]["pages"] == 1
    assert measured.part(LINES) == bundle.part(LINES)


def test_a_worker_without_the_arithmetic_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recognizer.infer.supported", lambda arithmetic: arithmetic != "int8")
    with pytest.raises(ArithmeticMissing, match="int8, which this processor lacks"):
        Tools.of(Bundle.load("default"), "int8")


def test_the_shipped_bundles_were_measured() -> None:
    for name in ("default", "quick"):
        assert {RANGES + READER, RANGES + LINES} <= set(Bundle.load(name).parts)
