import contextlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from recognizer import infer
from recognizer.arithmetic import ARITHMETICS, Arithmetic, supported
from recognizer.bundle import Bundle, BundleError, save
from recognizer.decode.greedy import Posteriors
from recognizer.decode.reading import Reading
from recognizer.infer import LINES_A_BATCH, ArithmeticMissing, Reader, bucket, check, fold_norms, one_thread
from recognizer.int8 import activations
from recognizer.lines import Crop, normalise, to_height
from recognizer.pages import PageReader
from recognizer.ranges import Ranges, watched
from tests.recognizer.drawn import ALPHABET, line, random_network, scribble

SHARED_BUNDLE = Path(infer.__file__).parent / "bundles" / "default"
CASES = Path(__file__).parents[1] / "cases"


def random_reader(arithmetic: Arithmetic) -> Reader:
    return Reader(random_network(), ALPHABET, arithmetic, ranges=random_ranges())


@cache
def random_ranges() -> Ranges:
    """What noise makes of the random network."""
    reader = Reader(random_network(), ALPHABET, "fp32")
    layers = activations(reader.network.convolutions)
    assert layers is not None
    with watched(layers, 0.999) as ranges:
        reader.posteriors([scribble(300)])
    return ranges


def trained_reader(arithmetic: Arithmetic) -> Reader:
    if not (SHARED_BUNDLE / "bundle.json").exists():
        pytest.skip("no bundle is shipped yet")
    return Reader.of(Bundle.load(SHARED_BUNDLE), arithmetic)


@pytest.fixture(
    scope="module",
    params=[(make, arithmetic) for make in (random_reader, trained_reader) for arithmetic in ARITHMETICS],
)
def reader(request: pytest.FixtureRequest) -> Reader:
    make: Callable[[Arithmetic], Reader] = request.param[0]
    arithmetic: Arithmetic = request.param[1]
    try:
        check(arithmetic)
    except ArithmeticMissing as missing:
        pytest.skip(str(missing))
    return make(arithmetic)


def same(one: Posteriors, other: Posteriors) -> bool:
    return one.dtype == other.dtype == np.float16 and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("width", [90, 300])
def test_a_line_is_read_the_same_alone_and_at_any_place_among_others(reader: Reader, width: int) -> None:
    target = scribble(width)
    alone = reader.posteriors([target])[0]
    others = [scribble(width + k % 7, k + 1) for k in range(LINES_A_BATCH + 1)]
    for place in range(len(others) + 1):
        crops = [*others[:place], target, *others[place:]]
        assert same(reader.posteriors(crops)[place], alone)


@pytest.mark.parametrize("count", [1, 7, 31])
def test_lines_do_not_depend_on_how_many_are_read_together(reader: Reader, count: int) -> None:
    crops = [scribble(30 + 37 * k % 200, k) for k in range(32)]
    all_at_once = reader.posteriors(crops)
    parted = [read for start in range(0, 32, count) for read in reader.posteriors(crops[start : start + count])]
    assert all(same(one, other) for one, other in zip(all_at_once, parted, strict=True))


def test_a_line_is_not_disturbed_by_one_five_times_as_long(reader: Reader) -> None:
    target, long = scribble(150), scribble(750, 1)
    alone = reader.posteriors([target])[0]
    assert same(reader.posteriors([long, target])[1], alone)
    assert same(reader.posteriors([target, long])[0], alone)


def test_a_second_pass_gives_the_same_bits(reader: Reader) -> None:
    crops = [scribble(300, k) for k in range(3)]
    first, second = reader.posteriors(crops), reader.posteriors(crops)
    assert all(same(one, other) for one, other in zip(first, second, strict=True))


def test_posteriors_are_log_probabilities_of_every_four_columns(reader: Reader) -> None:
    read = reader.posteriors([scribble(100, height=56), scribble(401, height=56)])
    assert [len(lines) for lines in read] == [25, 101]
    sums = np.exp(np.concatenate(read).astype(np.float64)).sum(1)
    np.testing.assert_allclose(sums, 1, atol=0.01)


def test_the_bucket_is_padding_only() -> None:
    """A network that is handed the line unpadded says the same, but for rounding."""
    network = random_network()
    image = to_height(scribble(210), 56)
    with torch.no_grad():
        bare = network(torch.from_numpy(normalise(image))[None, None], torch.tensor([image.shape[1]]))[0]
    read = Reader(random_network(), ALPHABET, "fp32").posteriors([scribble(210)])[0]
    np.testing.assert_allclose(read, bare[:, 0].numpy(), atol=0.01)


def read(reader: Reader, crops: Sequence[Crop]) -> tuple[Reading, ...]:
    return PageReader.greedily(reader).read([crops])[0].readings


def test_words_lie_in_the_crop_and_in_order(reader: Reader) -> None:
    crops = [line("ab cd efg h", height=80), scribble(333), scribble(3, height=200)]
    for crop, reading in zip(crops, read(reader, crops), strict=True):
        ends = [0.0]
        for word in reading.words:
            assert ends[-1] <= word.start < word.end <= crop.shape[1]
            ends.append(word.end)


def test_a_line_wider_than_the_last_bucket_is_squeezed_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer, "BUCKETS", (128, 256))
    reader = random_reader("fp32")
    wide = scribble(600, height=56)
    assert len(reader.posteriors([wide])[0]) == 256 // reader.network.stride
    assert all(word.end <= wide.shape[1] for word in read(reader, [wide])[0].words)


@pytest.mark.parametrize("shape", [(80, 0), (0, 50), (0, 0), (1, 1), (1, 20), (3000, 1)])
def test_crops_of_any_shape_are_read(reader: Reader, shape: tuple[int, int]) -> None:
    crop: NDArray[np.uint8] = np.zeros(shape, np.uint8)
    reading = read(reader, [crop])[0]
    assert 0 <= reading.confidence <= 1
    assert all(0 <= word.start <= word.end <= shape[1] for word in reading.words)


def test_no_crops_have_no_readings(reader: Reader) -> None:
    assert reader.posteriors([]) == []
    assert read(reader, []) == ()


def test_buckets_are_the_narrowest_that_hold_a_line() -> None:
    assert [bucket(width) for width in (1, 128, 129, 256, 257, 3072)] == [128, 128, 256, 256, 384, 3072]
    with pytest.raises(IndexError):
        bucket(3073)


def test_a_processor_without_the_arithmetic_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer, "supported", lambda arithmetic: arithmetic == "fp32")
    with pytest.raises(ArithmeticMissing, match=r"bf16.*use workers that have it"):
        random_reader("bf16")
    random_reader("fp32")


def test_a_machine_without_a_gpu_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ArithmeticMissing, match=r"gpu.*finds none here.*another --arithmetic"):
        random_reader("gpu")


def test_a_torch_that_does_int8_wrong_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer, "supported", lambda _: True)
    monkeypatch.setattr(infer, "works", lambda: False)
    with pytest.raises(ArithmeticMissing, match=r"int8, which torch .* install the submitter's torch"):
        random_reader("int8")


@pytest.mark.skipif(not supported("int8"), reason="this processor lacks int8")
def test_a_bundle_that_was_not_measured_is_not_read_in_int8(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no part 'int8/reader', so no int8; choose bf16 or fp32"):
        Reader.of(saved(tmp_path), "int8")


@pytest.mark.skipif(not supported("int8"), reason="this processor lacks int8")
@pytest.mark.parametrize("name", ["hand-2024", "print-1880"])
def test_real_lines_are_read_in_int8_as_in_fp32(name: str) -> None:
    page = cv2.imread(str(CASES / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE)
    assert page is not None
    crops = [np.asarray(page[top : top + 90], np.uint8) for top in range(0, len(page) - 90, 90)]
    bundle = Bundle.load(SHARED_BUNDLE)
    exact, said = (Reader.of(bundle, arithmetic).posteriors(crops) for arithmetic in ("fp32", "int8"))
    differences = [np.abs(np.exp(one.astype(float)) - np.exp(other)) for one, other in zip(exact, said, strict=True)]
    assert float(np.mean(np.concatenate(differences).max(1))) < 0.03


def test_folded_norms_change_nothing_but_rounding() -> None:
    network, images, widths = random_network(), torch.rand(2, 1, 56, 128), torch.tensor([128, 77])
    with torch.no_grad():
        before = network(images, widths)[0]
        fold_norms(network)
        after = network(images, widths)[0]
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
    torch.testing.assert_close(before, after, atol=1e-4, rtol=1e-4)


def test_threads_are_given_back_after_an_error() -> None:
    before, within = torch.get_num_threads(), []
    with contextlib.suppress(ZeroDivisionError), one_thread():
        within.append(torch.get_num_threads())
        raise ZeroDivisionError
    assert within == [1]
    assert torch.get_num_threads() == before


def saved(folder: Path, architecture: str = "small") -> Bundle:
    return save(folder, architecture, ALPHABET, random_network().state_dict(), {})


def test_a_saved_network_reads_as_its_half_precision_weights_do(tmp_path: Path) -> None:
    rounded = {name: w.half() if w.is_floating_point() else w for name, w in random_network().state_dict().items()}
    direct = Reader(random_network().with_weights(rounded), ALPHABET, "fp32")
    crops: list[Crop] = [line("abc def")]
    assert same(Reader.of(saved(tmp_path), "fp32").posteriors(crops)[0], direct.posteriors(crops)[0])


def test_a_bundle_of_an_unknown_architecture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"bundle\.json.*'huge'.*update Inkbeam"):
        Reader.of(saved(tmp_path, "huge"), "fp32")


def test_a_bundle_whose_weights_do_not_fit_is_refused(tmp_path: Path) -> None:
    weights = {name: weight for name, weight in random_network().state_dict().items() if "head" not in name}
    bundle = save(tmp_path, "small", ALPHABET, weights, {})
    with pytest.raises(BundleError, match=r"bundle\.json.*copy the bundle again"):
        Reader.of(bundle, "fp32")
