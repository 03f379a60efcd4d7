"""Pages in languages that no model knows, on real lines: they must not be read worse than without any model."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein

from recognizer.bundle import Bundle
from recognizer.decode.decoder import Decoder, load_models
from recognizer.decode.decoding import Decoding
from recognizer.decode.greedy import Posteriors
from recognizer.infer import Reader
from recognizer.samples import Sample, load_lines

LINES = Path(__file__).parents[3] / "shared" / "data" / "lines" / "test.parquet"
WITH_FRENCH = ("deu", "eng", "fra")

pytestmark = pytest.mark.skipif(not LINES.exists(), reason="no ../shared/data/lines with real lines here")

Pages = list[tuple[list[Sample], list[Posteriors]]]


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load("default")


@pytest.fixture(scope="module")
def pages(bundle: Bundle) -> Pages:
    """Latin print, and hands of one French collection."""
    found = load_lines([LINES], int(bundle.crop["height"]), ["test"], bundle.text_policy).samples
    by_page: dict[str, list[Sample]] = defaultdict(list)
    for sample in found:
        if sample.language == "lat" or sample.dataset == "mss19":
            by_page[sample.page].append(sample)
    reader = Reader.of(bundle, "fp32")
    return [(samples, reader.posteriors([each.image for each in samples])) for samples in by_page.values()]


def decoder(bundle: Bundle, languages: Iterable[str]) -> Decoder:
    return Decoder(bundle.alphabet, load_models(bundle, languages), 2.0, Decoding.of(bundle))


def errors(decoder: Decoder, pages: Pages, language: str) -> tuple[int, set[str | None]]:
    """Wrong characters, and the languages that the pages were read in."""
    wrong, read_in = 0, set()
    for samples, lines in pages:
        if samples[0].language == language:
            found = decoder.page(lines)
            read_in.add(found.language)
            pairs = zip(samples, found.readings, strict=True)
            wrong += sum(Levenshtein.distance(sample.text, reading.text) for sample, reading in pairs)
    return wrong, read_in


def test_latin_is_read_without_a_model(bundle: Bundle, pages: Pages) -> None:
    wrong, read_in = errors(decoder(bundle, WITH_FRENCH), pages, "lat")
    assert read_in == {None}
    assert wrong == errors(decoder(bundle, ()), pages, "lat")[0]


def test_french_without_its_model_is_read_no_worse_than_without_any(bundle: Bundle, pages: Pages) -> None:
    wrong, _ = errors(decoder(bundle, ("deu", "eng")), pages, "fra")
    greedy, read_in = errors(decoder(bundle, ()), pages, "fra")
    best, read_in_french = errors(decoder(bundle, WITH_FRENCH), pages, "fra")
    assert read_in == {None}
    assert "fra" in read_in_french
    assert wrong <= 1.02 * greedy
    assert best < 0.8 * greedy
