"""The working form of a language model: n-grams in a compressed archive of arrays, their numbers in eight bits.

An archive is what `numpy.load` reads (npz): `characters`, `held_out_bits` if they are known, and for each order its
keys as differences, and codes and tables of the logarithms of probabilities and back-off weights. A table holds the
means of 256 classes of equal size (Federico and Bertoldi 2006, How Many Bits Are Needed to Store Probabilities for
Phrase-Based Translation), which costs no accuracy that can be measured.
"""

import io
import lzma
import zipfile
from typing import Final

import numpy as np
import numpy.typing as npt

from recognizer.errors import RecognizerError
from recognizer.lm.estimate import FALLBACK, Ngrams, Order
from recognizer.lm.symbols import Ids, Symbols

CLASSES: Final = 256
LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # archives demand a date, and the same model has the same bytes

Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[np.generic]]


class BadModel(RecognizerError):
    """A file is no language model; the message says what is wrong."""


def pack(ngrams: Ngrams) -> bytes:
    """The n-grams as the content of a file; the same n-grams give the same bytes."""
    arrays: Arrays = {"characters": np.array([ord(character) for character in ngrams.symbols.characters], np.uint32)}
    if ngrams.held_out_bits is not None:
        arrays["held_out_bits"] = np.array(ngrams.held_out_bits)
    for length, order in enumerate(ngrams.orders, 1):
        arrays[f"keys{length}"] = _split(np.diff(order.keys, prepend=0))
        for name, values in (("probability", order.log_probability), ("backoff", order.log_backoff)):
            arrays[f"{name}{length}"], arrays[f"{name}_of{length}"] = _coded(values)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", LONG_AGO)
            archive.writestr(entry, content.getvalue(), zipfile.ZIP_LZMA)
    return buffer.getvalue()


def unpack(content: bytes) -> Ngrams:
    """The n-grams in a file's content; raises BadModel."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            symbols = Symbols([chr(code) for code in archive["characters"].tolist()])
            count = sum(name.startswith("keys") for name in archive.files)
            bits = float(archive["held_out_bits"]) if "held_out_bits" in archive.files else None
            return Ngrams(symbols, tuple(_order(archive, length) for length in range(1, count + 1)), bits)
    except (OSError, ValueError, LookupError, EOFError, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise BadModel(f"no language model of this version ({error}); make it anew with `inkbeam lm`") from error


def _order(archive: "np.lib.npyio.NpzFile", length: int) -> Order:
    keys = np.cumsum(_joined(archive[f"keys{length}"]))
    probability, backoff = (
        archive[f"{name}_of{length}"][archive[f"{name}{length}"]] for name in ("probability", "backoff")
    )
    if not len(keys) == len(probability) == len(backoff):
        raise ValueError(f"the arrays of order {length} differ in length")
    return Order(keys, probability, backoff, FALLBACK)


def _coded(values: Floats) -> tuple[npt.NDArray[np.uint8], Floats]:
    """The class of each value, and the mean of each class; classes have about the same number of values."""
    known, places = np.unique(values, return_inverse=True)
    borders = np.cumsum(np.bincount(places)) - 1
    classes = np.unique(borders * CLASSES // len(values), return_inverse=True)[1] if len(known) > CLASSES else None
    codes = places if classes is None else classes[places]
    means = np.bincount(codes, values) / np.bincount(codes)
    return codes.astype(np.uint8), means


def _split(numbers: Ids) -> npt.NDArray[np.uint8]:
    """The bytes of numbers, [8, n]: all lowest ones, then all next ones; those of small numbers are zero together."""
    return np.ascontiguousarray(numbers.astype("<i8").view(np.uint8).reshape(-1, 8).T)


def _joined(split: npt.NDArray[np.uint8]) -> Ids:
    return np.ascontiguousarray(split.T).view("<i8").reshape(-1).astype(np.int64)
