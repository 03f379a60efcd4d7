"""A word index for tests: rows in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import Levenshtein

from pipeline.index.tokens import tokens
from pipeline.schema import schema


class InMemory:
    """What `pipeline.index.matching.Words` asks for."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows = pa.Table.from_pylist(list(rows), schema=schema("words"))

    def of(self, tokens: Sequence[str]) -> pa.Table:
        return self.rows.filter(pc.is_in(self.rows["token"], pa.array(tokens, pa.string())))

    def beginning(self, prefix: str) -> pa.Table:
        return self.rows.filter(pc.starts_with(self.rows["token"], prefix))

    def similar(self, token: str, distance: int) -> Mapping[str, int]:
        known = set(self.rows["token"].to_pylist())
        edits = {other: Levenshtein.distance(token, other) for other in sorted(known)}
        return {other: edit for other, edit in edits.items() if edit <= distance}


def row(text: str, position: int = 0, page: int = 1, document: str = "a-00000000", **others: Any) -> dict[str, Any]:
    """A row of `words`; ten words stand on a line, each 50 pixels wide."""
    left, line = 50.0 * (position % 10), position // 10 + 1
    usual = {
        "token": tokens(text)[0],
        "text": text,
        "collection": "default",
        "document_id": document,
        "page": page,
        "line": line,
        "position": position,
        "rank": 0,
        "probability": 1.0,
        "language": "fra",
        "doubtful": False,
        "left": left,
        "top": 40.0 * line,
        "right": left + 40.0,
        "bottom": 40.0 * line + 30.0,
        "second_half": None,
    }
    return usual | others


def page_of(text: str, page: int = 1, document: str = "a-00000000", **others: Any) -> list[dict[str, Any]]:
    """A page that says this, surely."""
    return [row(word, position, page, document, **others) for position, word in enumerate(text.split())]
