from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from recognizer.arithmetic import supported
from recognizer.bundle import RANGES, READER, Bundle, BundleError, save, save_with
from recognizer.infer import Reader
from recognizer.measure import measure
from recognizer.ranges import load_ranges
from recognizer.samples import Sample
from tests.recognizer.drawn import ALPHABET, line, random_network

TEXTS = ("abc def", "gab", "hed bac fed", "a")
SAMPLES = [Sample(text, line(text), text, text, "drawn", "print", "eng", "1", "train") for text in TEXTS]


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return save(tmp_path, "small", ALPHABET, random_network().state_dict(), {})


def test_every_convolution_but_the_last_is_measured(bundle: Bundle) -> None:
    measured = measure(bundle, SAMPLES)
    assert len(load_ranges(measured, READER)) == 7
    assert measured.card["int8/reader"]["lines"] == len(TEXTS)
    assert measured.part(READER) == bundle.part(READER)


def test_the_same_lines_give_the_same_ranges(bundle: Bundle) -> None:
    one = measure(bundle, SAMPLES)
    assert measure(one, SAMPLES).id == one.id
    before = load_ranges(one, READER)
    assert load_ranges(measure(one, SAMPLES[:1]), READER) != before


@pytest.mark.skipif(not supported("int8"), reason="this processor lacks int8")
def test_what_was_measured_reads_as_in_fp32(bundle: Bundle) -> None:
    measured = measure(bundle, SAMPLES)
    crops = [sample.image for sample in SAMPLES]
    exact, said = (Reader.of(measured, arithmetic).posteriors(crops) for arithmetic in ("fp32", "int8"))
    for one, other in zip(exact, said, strict=True):
        np.testing.assert_allclose(np.exp(one.astype(float)), np.exp(other.astype(float)), atol=0.03)


def test_a_network_of_another_kind_stays_without(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    class Smooth(nn.ReLU):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return nn.functional.silu(values)

    monkeypatch.setattr(nn, "ReLU", Smooth)
    assert measure(bundle, SAMPLES) is bundle


@pytest.mark.skipif(not supported("int8"), reason="this processor lacks int8")
def test_ranges_of_another_network_are_refused(bundle: Bundle) -> None:
    strange = save_with(bundle.folder, bundle, RANGES + READER, "int8-reader.json", b'{"0.0": 1.0}', {})
    with pytest.raises(BundleError, match=r"int8-reader\.json: no range of '1\.0'; copy the bundle again"):
        Reader.of(strange, "int8")
