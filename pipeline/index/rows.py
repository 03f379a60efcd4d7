"""From the lines of documents to the rows of the word index, whole columns at a time.

A reading is a text that may stand at the place of a word: that of the line, or an alternative. Each gives a row for
each of its tokens. Of a word that a hyphen breaks, the readings are those of the whole.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.hyphens import HYPHENS, joined
from pipeline.index.tokens import tokens
from pipeline.schema import SIDES, schema

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LINE_COLUMNS: Final = ("document_id", "page", "line", "region", "paragraph", "language", "words")


@dataclass(frozen=True)
class _Words:
    """All words of the lines, in order. `line` is the place of a word's line in the table, `box` float64[n, 4]."""

    line: Ints
    text: pa.Array
    box: Floats
    second: Ints
    """The word that holds the second half of this one, -1 where it is not broken."""

    @property
    def is_second(self) -> npt.NDArray[np.bool_]:
        """Which words are second halves, and so have no rows of their own."""
        found = np.zeros(len(self.line), np.bool_)
        found[self.second[self.second >= 0]] = True
        return found


@dataclass(frozen=True)
class _Readings:
    """Texts that may stand at the place of a `word`; rank 0 is that of the line."""

    word: Ints
    rank: Ints
    text: pa.Array
    probability: Floats


@dataclass(frozen=True)
class _Vocabulary:
    """All tokens, sorted; those of the n-th reading are `ids[start[n] : start[n] + count[n]]`."""

    tokens: list[str]
    ids: Ints
    start: Ints
    count: Ints


def word_rows(lines: pa.Table) -> pa.Table:
    """Rows of `words` for lines in the order of documents, pages and reading; sorted as the index is.

    `lines` has LINE_COLUMNS and `collection` (string) and `doubtful` (bool), of the page.
    """
    words, readings = _words(lines), _readings(lines)
    readings = _of_whole_words(words, readings)
    vocabulary = _vocabulary(readings.text)
    occupied = np.zeros(len(words.line), np.int64)
    own = readings.rank == 0
    occupied[readings.word[own]] = vocabulary.count[own]
    place = np.cumsum(occupied) - occupied

    reading = np.repeat(np.arange(len(readings.word)), vocabulary.count)
    nth = _running(vocabulary.count)
    token = vocabulary.ids[vocabulary.start[reading] + nth]
    at = place[readings.word[reading]] + nth
    kept, probability = _merged(token, at, readings.rank[reading], readings.probability[reading])

    word = readings.word[reading[kept]]
    columns = {
        "token": pa.array(vocabulary.tokens, pa.string()).take(pa.array(token[kept])),
        "text": readings.text.take(pa.array(reading[kept])),
        "position": at[kept] - _first_of_page(lines, words, place)[word],
        "rank": readings.rank[reading[kept]],
        "probability": probability,
        **_of_line(lines, words.line[word]),
        **dict(zip(SIDES, words.box[word].T, strict=True)),
        "second_half": _second_halves(lines, words, word),
    }
    wanted = schema("words")
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in wanted]
    return pa.Table.from_arrays(arrays, schema=wanted)


def _words(lines: pa.Table) -> _Words:
    lists = lines.column("words").combine_chunks()
    flat = lists.flatten()
    counts = _lengths(lists)
    text = flat.field("text")
    return _Words(
        np.repeat(np.arange(len(counts)), counts), text, _boxes(flat.field("polygon")), _broken(lines, counts, text)
    )


def _broken(lines: pa.Table, counts: Ints, text: pa.Array) -> Ints:
    """See `_Words.second`. The halves are neighbours: the last word of a line and the first of the next."""
    second = np.full(len(text), -1, np.int64)
    if not len(text):
        return second
    ends = np.cumsum(counts)
    same = np.ones(max(0, len(counts) - 1), np.bool_)
    for name in ("document_id", "page", "region", "paragraph"):
        column = lines.column(name).combine_chunks()
        same &= pc.equal(column[:-1], column[1:]).to_numpy(zero_copy_only=False)
    lasts = ends[:-1][same & (counts[:-1] > 0) & (counts[1:] > 0)] - 1
    hyphens = pc.is_in(pc.utf8_slice_codeunits(text.take(pa.array(lasts)), -1), pa.array(HYPHENS, pa.string()))
    for last in lasts[hyphens.to_numpy(zero_copy_only=False)]:
        if joined(text[last].as_py(), text[last + 1].as_py()):
            second[last] = last + 1
    return second


def _boxes(polygons: pa.Array) -> Floats:
    """Left, top, right and bottom of outlines, float64 [n, 4]; zeros of one without a point."""
    counts = _lengths(polygons)
    boxes = np.zeros((len(counts), 4))
    some = counts > 0
    if some.any():
        starts = (np.cumsum(counts) - counts)[some]
        points = polygons.flatten()
        for side, (name, least) in enumerate(
            (("x", np.minimum), ("y", np.minimum), ("x", np.maximum), ("y", np.maximum))
        ):
            boxes[some, side] = least.reduceat(points.field(name).to_numpy(zero_copy_only=False), starts)
    return boxes


def _readings(lines: pa.Table) -> _Readings:
    flat = lines.column("words").combine_chunks().flatten()
    others = flat.field("alternatives")
    counts = _lengths(others)
    texts, probabilities = (
        pa.concat_arrays([flat.field(own), others.flatten().field(other)])
        for own, other in (("text", "text"), ("confidence", "probability"))
    )
    return _Readings(
        np.concatenate([np.arange(len(flat)), np.repeat(np.arange(len(flat)), counts)]),
        np.concatenate([np.zeros(len(flat), np.int64), _running(counts) + 1]),
        texts,
        probabilities.to_numpy(zero_copy_only=False).astype(np.float64),
    )


def _of_whole_words(words: _Words, readings: _Readings) -> _Readings:
    """Readings of broken words replaced by those of the whole, which take the place of the first half."""
    firsts = np.flatnonzero(words.second >= 0)
    if not len(firsts):
        return readings
    halves = words.is_second | (words.second >= 0)
    concerned = np.flatnonzero(halves[readings.word])
    of: dict[int, list[tuple[str, float]]] = {}
    for place in concerned:  # the line's own text comes before the others
        found = readings.text[place].as_py(), float(readings.probability[place])
        of.setdefault(int(readings.word[place]), []).append(found)
    wholes = [
        (first, rank, text, probability)
        for first in firsts.tolist()
        for rank, (text, probability) in enumerate(_wholes(of[first], of[first + 1]))
    ]
    kept = np.flatnonzero(~halves[readings.word])
    word, rank, text, probability = zip(*wholes, strict=True)
    return _Readings(
        np.concatenate([readings.word[kept], word]),
        np.concatenate([readings.rank[kept], rank]),
        pa.concat_arrays([readings.text.take(pa.array(kept)), pa.array(text, pa.string())]),
        np.concatenate([readings.probability[kept], probability]),
    )


def _wholes(first: list[tuple[str, float]], second: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Readings of a whole word: both halves as the lines have them, then one of them read otherwise.

    The halves are taken for independent.
    """
    (start, own_start), (end, own_end) = first[0], second[0]
    return [
        (start[:-1] + end, own_start * own_end),
        *((other.rstrip("".join(HYPHENS)) + end, probability * own_end) for other, probability in first[1:]),
        *((start[:-1] + other, own_start * probability) for other, probability in second[1:]),
    ]


def _vocabulary(texts: pa.Array) -> _Vocabulary:
    """Tokens of texts, each different text cut once."""
    encoded = texts.dictionary_encode()
    cut = [tokens(text) for text in encoded.dictionary.to_pylist()]
    known = sorted(set(chain.from_iterable(cut)))
    numbers = {token: number for number, token in enumerate(known)}
    ids = np.array([numbers[token] for token in chain.from_iterable(cut)], np.int64)
    counts = np.array([len(of) for of in cut], np.int64)
    text = encoded.indices.to_numpy().astype(np.int64)
    return _Vocabulary(known, ids, (np.cumsum(counts) - counts)[text], counts[text])


def _merged(token: Ints, at: Ints, rank: Ints, probability: Floats) -> tuple[Ints, Floats]:
    """Which rows stay when those of one token at one place are one, by token and place; and their probabilities.

    The one of the lowest rank stays. Readings exclude each other, so their probabilities add up.
    """
    order = np.lexsort((rank, at, token))
    if not len(order):
        return order, probability
    begins = np.flatnonzero(np.diff(token[order], prepend=-1) | np.diff(at[order], prepend=-1))
    return order[begins], np.minimum(np.add.reduceat(probability[order], begins), 1.0)


def _first_of_page(lines: pa.Table, words: _Words, place: Ints) -> Ints:
    """For each word the place of the first word on its page."""
    page = lines.column("page").to_numpy()[words.line]
    document = lines.column("document_id").combine_chunks().dictionary_encode().indices.to_numpy()[words.line]
    begins = np.flatnonzero(np.diff(page, prepend=-1) | np.diff(document, prepend=-1))
    return np.repeat(place[begins], np.diff(begins, append=len(page)))


def _of_line(lines: pa.Table, line: Ints) -> dict[str, Any]:
    names = ("collection", "document_id", "page", "line", "language", "doubtful")
    return {name: lines.column(name).combine_chunks().take(pa.array(line)) for name in names}


def _second_halves(lines: pa.Table, words: _Words, word: Ints) -> pa.Array:
    second = words.second[word]
    whole = second < 0
    line = lines.column("line").to_numpy()[words.line[second]] if len(second) else second
    numbers = {"line": line, **dict(zip(SIDES, words.box[second].T, strict=True))}
    kinds = schema("words").field("second_half").type
    arrays = [pa.array(numbers[kind.name]).cast(kind.type) for kind in kinds]
    return pa.StructArray.from_arrays(arrays, fields=list(kinds), mask=pa.array(whole))


def _lengths(lists: pa.Array) -> Ints:
    """Of each list; 0 of a null."""
    return np.asarray(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False), np.int64)


def _running(counts: Ints) -> Ints:
    """0, 1, ... within each of the groups of these sizes."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
