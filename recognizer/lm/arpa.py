r"""ARPA files, which KenLM and others read: n-grams with logarithms to the base of 10.

    \data\
    ngram 1=120
    \1-grams:
    -1.25    a    -0.31

White space and characters that do not print are written as U+0020 and the like, since the format parts symbols by white
space. Source: https://cmusphinx.github.io/wiki/arpaformat/
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, TextIO

import numpy as np

from recognizer.errors import RecognizerError
from recognizer.lm.estimate import FALLBACK, Ngrams, Order
from recognizer.lm.symbols import OWN, Symbols

TEN: Final = np.log(10)
HEADER: Final = re.compile(r"ngram (\d+)=(\d+)")
CODE: Final = re.compile(r"U\+([0-9A-F]{4,6})")


class BadArpa(RecognizerError):
    """A file is no ARPA file of characters; the message says where and why."""


def write_arpa(ngrams: Ngrams, path: Path) -> None:
    """Write all n-grams."""
    tokens = [*OWN, *map(_token, ngrams.symbols.characters)]
    with path.open("w", encoding="utf-8") as file:
        file.write("\\data\\\n")
        file.writelines(f"ngram {length}={len(order.keys)}\n" for length, order in enumerate(ngrams.orders, 1))
        for length, order in enumerate(ngrams.orders, 1):
            file.write(f"\n\\{length}-grams:\n")
            file.writelines(_rows(order, length, length == len(ngrams.orders), tokens, ngrams.symbols.bits))
        file.write("\n\\end\\\n")


def read_arpa(path: Path) -> Ngrams:
    """The n-grams of a file whose symbols are single characters; raises BadArpa, OSError."""
    with path.open(encoding="utf-8") as file:
        try:
            counts = _counts(file)
            sections = [_section(file, length, count) for length, count in enumerate(counts, 1)]
        except (ValueError, IndexError, UnicodeDecodeError) as error:
            raise BadArpa(f"{path}: not an ARPA file of characters ({error})") from error
    names = [tokens[0] for tokens, _, _ in sections[0]]
    try:
        symbols = Symbols(sorted(_character(name) for name in names if name not in OWN))
    except ValueError as error:
        raise BadArpa(f"{path}: {error}; Inkbeam's language models are of characters") from error
    ids = {name: OWN.index(name) if name in OWN else int(symbols.ids(_character(name))[0]) for name in names}
    try:
        orders = [_order(section, ids, symbols.bits) for section in sections]
    except KeyError as error:
        raise BadArpa(f"{path}: {error} stands in longer n-grams alone; it must be one of the 1-grams") from error
    for length, (shorter, longer) in enumerate(pairwise(orders), 2):
        if not _closed(shorter, longer, length, symbols.bits):
            raise BadArpa(f"{path}: the beginning or end of an n-gram of length {length} is none of the shorter ones")
    return Ngrams(symbols, tuple(orders))


Row = tuple[list[str], float, float]


def _rows(order: Order, length: int, last: bool, tokens: Sequence[str], bits: int) -> Iterator[str]:
    mask = (1 << bits) - 1
    shifts = [bits * place for place in reversed(range(length))]
    columns = (order.keys.tolist(), (order.log_probability / TEN).tolist(), (order.log_backoff / TEN).tolist())
    for key, probability, backoff in zip(*columns, strict=True):
        words = " ".join(tokens[(key >> shift) & mask] for shift in shifts)
        yield f"{probability:.7f}\t{words}\n" if last else f"{probability:.7f}\t{words}\t{backoff:.7f}\n"


def _token(character: str) -> str:
    plain = character.isprintable() and not character.isspace()
    return character if plain else f"U+{ord(character):04X}"


def _character(token: str) -> str:
    code = CODE.fullmatch(token)
    return chr(int(code[1], 16)) if code else token


def _counts(file: TextIO) -> list[int]:
    """How many n-grams of each length the head of the file announces."""
    if next(_lines(file), "") != "\\data\\":
        raise ValueError("it does not begin with \\data\\")
    counts: list[int] = []
    for line in _lines(file):
        match = HEADER.fullmatch(line)
        if match:
            counts.append(int(match[2]))
        elif line == "\\1-grams:" and counts:
            return counts
        else:
            raise ValueError(f"unexpected {line[:40]!r}")
    raise ValueError("it ends in its head")


def _section(file: TextIO, length: int, count: int) -> list[Row]:
    """The n-grams of one length, and the title of the next section."""
    lines = _lines(file)
    rows = [_row(next(lines, ""), length) for _ in range(count)]
    title = next(lines, "")
    if title not in (f"\\{length + 1}-grams:", "\\end\\"):
        raise ValueError(f"{title[:40]!r} after {count} n-grams of length {length}")
    return rows


def _row(line: str, length: int) -> Row:
    parts = line.split()
    if len(parts) not in (length + 1, length + 2):
        raise ValueError(f"{line[:40]!r} is no n-gram of length {length}")
    return parts[1 : length + 1], float(parts[0]) * TEN, float(parts[-1]) * TEN if len(parts) == length + 2 else 0.0


def _lines(file: TextIO) -> Iterator[str]:
    """Lines that are not empty."""
    return (line for line in (raw.strip() for raw in file) if line)


def _closed(shorter: Order, longer: Order, length: int, bits: int) -> bool:
    """Whether the beginnings and ends of all longer n-grams are among the shorter ones."""
    ends = longer.keys & ((1 << (bits * (length - 1))) - 1)
    return bool(np.isin(longer.keys >> bits, shorter.keys).all() and np.isin(ends, shorter.keys).all())


def _order(section: Sequence[Row], ids: dict[str, int], bits: int) -> Order:
    keys = np.zeros(len(section), np.int64)
    for place, (tokens, _, _) in enumerate(section):
        for token in tokens:
            keys[place] = (keys[place] << bits) | ids[token]
    order = np.argsort(keys)
    probability, backoff = (np.array([row[column] for row in section], np.float64)[order] for column in (1, 2))
    return Order(keys[order], probability, backoff, FALLBACK)
