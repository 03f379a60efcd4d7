"""Decoders on the same posteriors: python -m bench.decoders LINES [--language fra] [--count 400].

First what language models gain on the lines of the split test, by script and data set, with 95 % intervals by bootstrap
over pages, drawn in pairs. Then the cost: lines in one language are decoded by the default bundle: greedily, by beam
search with the language model (with word spans and 16 texts a line, as pages get them), with two threads, and by
flashlight-text (Kahn et al. 2022) with the same model, up to the order 6 that its KenLM reads, where it is installed.
The milliseconds of a line are those of one thread, medians of five runs over all lines.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from bench.release import lines as lines_of
from recognizer.alphabet import Alphabet
from recognizer.arithmetic import processor
from recognizer.bundle import MODEL, Bundle
from recognizer.decode.beam import BeamDecoder, spans, tempered
from recognizer.decode.decoder import TEXTS, Decoder, beam_decoder
from recognizer.decode.greedy import Posteriors, best_path, doubt
from recognizer.evaluation.evaluation import evaluate
from recognizer.evaluation.rates import count, difference, page_numbers, rates, rates_of
from recognizer.evaluation.texts import paired
from recognizer.evaluation.wording import span
from recognizer.infer import Reader
from recognizer.lm.arpa import write_arpa
from recognizer.lm.estimate import Ngrams
from recognizer.lm.store import unpack
from recognizer.samples import Sample

RUNS: Final = 5
MOST_KENLM: Final = 6
BEAMS: Final = (8, 16, 32, 64)
Decode = Callable[[Posteriors], Sequence[int]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.decoders", description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--language", default="fra")
    parser.add_argument("--count", type=int, default=400)
    options = parser.parse_args()
    bundle = Bundle.load("default")
    test = lines_of(bundle, options.lines, "test")
    samples = [line for line in test if line.language == options.language]
    samples = samples[:: max(1, len(samples) // options.count)][: options.count]
    print(gains(bundle, test))
    reader = Reader.of(bundle, bundle.arithmetic())
    posteriors = reader.posteriors([sample.image for sample in samples])
    ours = Decoder.of(bundle, reader.letter, options.language)
    model = ours.models[options.language]
    beam = beam_decoder(bundle.alphabet, model, ours.decoding, doubt(posteriors), TEXTS)
    temperature = ours.decoding.temperature
    print(f"{len(samples)} lines, {processor()[0]}; {np.mean([len(line) for line in posteriors]):.0f} frames a line")
    decoders: dict[str, Decode] = {"greedy": lambda line: best_path(line).labels}
    for size in BEAMS:
        other = BeamDecoder(bundle.alphabet, model, replace(beam.settings, beam=size))
        decoders[f"beam {size}"] = partial(with_spans, other, temperature)
    if find_spec("flashlight"):
        decoders["flashlight 16"] = flashlight(bundle, options.language, beam, temperature)
    truths = [sample.text for sample in samples]
    for name, decode in decoders.items():
        texts = [bundle.alphabet.decode(decode(line)) for line in posteriors]
        cer = rates([(truth, " ".join(text.split())) for truth, text in zip(truths, texts, strict=True)]).cer
        print(f"{name:14} {milliseconds(decode, posteriors):7.2f} ms a line, CER {cer:.2%}")
    one, two = (wall(partial(with_spans, beam, temperature), posteriors, threads) for threads in (1, 2))
    print(f"beam 16 with two threads: {one / two:.2f} times the lines a second of one")


def gains(bundle: Bundle, samples: Sequence[Sample]) -> str:
    """CER and WER greedily and with language models, and how much higher the CER is with them."""
    ways = [evaluate(bundle, samples, bundle.arithmetic(), greedy=greedy) for greedy in (True, False)]
    texts = [[reading.text for reading in way.readings] for way in ways]
    plain, ours = (count(paired(samples, read)) for read in texts)
    pages = page_numbers(samples)
    rows = [f"{'':12} {'greedy':>15}  {'with models':>15}   difference of CER with its interval"]
    groups: dict[str, list[int]] = {"all": list(range(len(samples)))}
    for row, sample in enumerate(samples):
        groups.setdefault(sample.script, []).append(row)
        groups.setdefault(f"  {sample.dataset}", []).append(row)
    for name, members in groups.items():
        found, interval = difference(ours[members], plain[members], pages[members])
        shown = " ".join(
            f"{way.cer:7.2%} {way.wer:7.2%}" for way in (rates_of(plain[members]), rates_of(ours[members]))
        )
        rows.append(f"{name:12} {shown}   {100 * found:+.2f} [{span(interval)}]")
    return "\n".join(rows)


def with_spans(decoder: BeamDecoder, temperature: float, line: Posteriors) -> Sequence[int]:
    """The best text's labels, after their spans were found."""
    frames = tempered(line, temperature)
    labels = decoder(frames)[0].labels
    spans(frames, labels)
    return labels


def milliseconds(decode: Decode, posteriors: Sequence[Posteriors]) -> float:
    """Of processor time for a line, the median of some runs."""
    spent = []
    for _ in range(RUNS):
        begun = time.thread_time()
        for line in posteriors:
            decode(line)
        spent.append(time.thread_time() - begun)
    return 1000 * median(spent) / len(posteriors)


def wall(decode: Decode, posteriors: Sequence[Posteriors], threads: int) -> float:
    """Seconds for all lines with so many threads, the median of some runs."""
    spent = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(RUNS):
            begun = time.perf_counter()
            list(pool.map(decode, posteriors))
            spent.append(time.perf_counter() - begun)
    return median(spent)


def flashlight(bundle: Bundle, language: str, beam: BeamDecoder, temperature: float) -> Decode:
    """Its lexicon-free decoder with our model and weight; it has no bonus for symbols, but a weight on silence."""
    from flashlight.lib.text import decoder as library  # type: ignore[import-not-found]
    from flashlight.lib.text.dictionary import Dictionary  # type: ignore[import-not-found]

    whole = unpack(bundle.part(MODEL + language))
    ngrams = Ngrams(whole.symbols, whole.orders[:MOST_KENLM])
    names = ["<blank>", *(token(bundle.alphabet, label) for label in range(1, len(bundle.alphabet)))]
    with tempfile.TemporaryDirectory() as folder:
        write_arpa(ngrams, Path(folder) / "model.arpa")
        model = library.KenLM(str(Path(folder) / "model.arpa"), Dictionary(names))
    options = library.LexiconFreeDecoderOptions(
        beam_size=beam.settings.beam,
        beam_size_token=16,
        beam_threshold=18,
        lm_weight=beam.settings.weight * float(np.log(10)),
        sil_score=0,
        log_add=True,
        criterion_type=library.CriterionType.CTC,
    )
    search: Any = library.LexiconFreeDecoder(options, model, -1, 0, [])

    def decode(line: Posteriors) -> Sequence[int]:
        frames = np.ascontiguousarray(tempered(line, temperature), np.float32)
        tokens = search.decode(frames.ctypes.data, *frames.shape)[0].tokens
        path = np.array([label for label in tokens if label >= 0])
        return [int(label) for k, label in enumerate(path) if label and (k == 0 or path[k - 1] != label)]

    return decode


def token(alphabet: Alphabet, label: int) -> str:
    """A symbol as our ARPA files write it."""
    character = alphabet.decode([label])
    return "U+0020" if character == " " else character


if __name__ == "__main__":
    main()
