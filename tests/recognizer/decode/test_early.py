"""How early letters are marked, on lines of black bars between which no ink is."""

from dataclasses import replace

import numpy as np
import pytest

from recognizer.bundle import Bundle
from recognizer.decode.decoder import Decoder
from recognizer.decode.decoding import Decoding
from recognizer.decode.early import how_early
from recognizer.decode.reading import Reading, WordReading, reading_of
from recognizer.infer import Reader
from recognizer.lines import Crop

HEIGHT, BAR, GAP, BARS = 80, 90, 12, 30


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.of(Bundle.load("quick"), "fp32")


def line(early: float, stride: float) -> tuple[Crop, Reading]:
    """Bars, and words read on them so many frames too early."""
    crop = np.full((HEIGHT, BARS * (BAR + GAP)), 255, np.uint8)
    words = []
    for place in range(BARS):
        left = place * (BAR + GAP)
        crop[30:50, left : left + BAR] = 0
        words.append(WordReading("abcde", 0.5, left / stride - early, (left + BAR) / stride - early))
    return crop, reading_of(words)


@pytest.mark.parametrize("early", [0.0, 0.75, 2.0])
def test_words_belong_where_no_ink_is_between_them(reader: Reader, early: float) -> None:
    stride = reader.network.stride * HEIGHT / reader.network.height
    lines = [line(early, stride)] * 2
    found = how_early(reader, [crop for crop, _ in lines], [reading for _, reading in lines])
    assert found == pytest.approx(early, abs=0.26)


def test_a_few_words_tell_nothing(reader: Reader) -> None:
    crop, reading = line(1.0, 5.0)
    assert how_early(reader, [crop], [replace(reading, words=reading.words[:9])]) is None
    assert how_early(reader, [], []) is None


def test_readings_are_moved_by_what_is_known() -> None:
    bundle = Bundle.load("quick")
    posteriors = np.full((12, len(bundle.alphabet.symbols) + 1), -9.0, np.float16)
    posteriors[:, 0] = -0.01
    posteriors[4:6, 0], posteriors[4:6, bundle.alphabet.encode("a")[0]] = -9.0, -0.01
    starts = [
        Decoder(bundle.alphabet, {}, 4.0, Decoding(early=early)).page([posteriors]).readings[0].words[0].start
        for early in (0.0, 1.5)
    ]
    assert starts[1] - starts[0] == 1.5
