import json
from pathlib import Path

import pytest
import torch
from torch import nn

from recognizer.bundle import LINES, MANIFEST, RANGES, READER, Bundle, BundleError, save, save_with, share
from recognizer.ranges import LEAST, load_ranges, save_ranges, watched
from tests.recognizer.drawn import ALPHABET, random_network

HIGHS = {"0.0": 3.25, "1.0": 7.0}


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    made = save(tmp_path / "mine", "small", ALPHABET, random_network().state_dict(), {"name": "Probe"})
    return save_ranges(made, READER, HIGHS, {"lines": 3})


def test_ranges_are_kept_and_told_in_the_card(bundle: Bundle) -> None:
    assert load_ranges(Bundle.load(bundle.folder), READER) == HIGHS
    assert bundle.card["int8/reader"] == {"lines": 3}
    assert bundle.path("int8/reader").name == "int8-reader.json"


def test_a_bundle_without_ranges_says_what_it_can_do(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match=r"bundle\.json: no part 'int8/lines'.*choose bf16 or fp32"):
        load_ranges(bundle, LINES)


@pytest.mark.parametrize(
    "content", ["", "[]", "3", '{"a": "b"}', '{"a": 0}', '{"a": -1}', '{"a": NaN}', '{"a": Infinity}', '{"a": true}']
)
def test_damaged_ranges_are_refused(bundle: Bundle, content: str) -> None:
    damaged = save_with(bundle.folder, bundle, RANGES + READER, "int8-reader.json", content.encode(), {})
    with pytest.raises(BundleError, match=r"int8-reader\.json: no ranges of activations .*copy the bundle again"):
        load_ranges(damaged, READER)


def test_ranges_that_were_changed_on_the_way_are_refused(bundle: Bundle) -> None:
    bundle.path(RANGES + READER).write_text(json.dumps({"0.0": 1.0}))
    with pytest.raises(BundleError, match="the content is not what"):
        load_ranges(bundle, READER)


def test_a_new_reader_loses_the_ranges_of_the_old_one_alone(bundle: Bundle, tmp_path: Path) -> None:
    both = save_ranges(save_with(bundle.folder, bundle, LINES, "lines.onnx", b"finder", {}), LINES, HIGHS, {})
    after = save(tmp_path / "after", "small", ALPHABET, random_network(seed=4).state_dict(), {}, others=both)
    assert set(after.parts) == {READER, LINES, RANGES + LINES}


def test_a_new_finder_loses_the_ranges_of_the_old_one_alone(bundle: Bundle, tmp_path: Path) -> None:
    both = save_ranges(save_with(bundle.folder, bundle, LINES, "lines.onnx", b"old", {}), LINES, HIGHS, {})
    after = save_with(tmp_path / "after", both, LINES, "lines.onnx", b"new", {})
    assert set(after.parts) == {READER, LINES, RANGES + READER}
    assert "int8/lines" not in after.card
    kept = save_with(tmp_path / "kept", both, "lm/fra", "fra.lm", b"model", {})
    assert load_ranges(kept, LINES) == load_ranges(kept, READER) == HIGHS


def test_shared_finders_bring_their_ranges_along(bundle: Bundle, tmp_path: Path) -> None:
    home = save_ranges(save_with(bundle.folder, bundle, LINES, "lines.onnx", b"new", {}), LINES, {"a": 2.0}, {})
    old = save_with(tmp_path / "other", bundle, LINES, "lines.onnx", b"old", {})
    save_ranges(old, LINES, {"a": 1.0}, {})
    shared = share(tmp_path / "other", home, LINES)
    assert RANGES + LINES not in shared.parts
    assert load_ranges(share(tmp_path / "other", home, RANGES + LINES), LINES) == {"a": 2.0}
    assert json.loads((tmp_path / "other" / MANIFEST).read_text())["parts"]["int8/lines"]["file"].startswith("../mine/")


def test_a_range_holds_the_given_share_of_the_largest_run() -> None:
    layer, silent = nn.ReLU(), nn.ReLU()
    with watched({"layer": layer, "silent": silent}, 0.9) as ranges:
        layer(torch.arange(100.0))
        layer(torch.arange(-50.0, 50.0))
        silent(torch.full((7,), -1.0))
    assert ranges == {"layer": 89.0, "silent": LEAST}
    layer(torch.full((3,), 1e6))
    assert ranges["layer"] == 89.0
