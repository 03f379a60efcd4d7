"""Hits as text: for the terminal, as JSON, as CSV."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pipeline.counting import counted
from pipeline.search.snippets import Shown

CSV_COLUMNS: Final = ("document_id", "source", "page", "line", "text", "probability", "boxes", "snippet", "corrected")


def terminal(query: str, shown: Sequence[Shown], total: int) -> str:
    """A paragraph a hit, its words in brackets."""
    if not shown:
        return f"no hit for {query}; try word~ for words that are read or written a little otherwise"
    told = [line for rank, each in enumerate(shown, 1) for line in _paragraph(rank, each)]
    more = "" if len(shown) == total else f", the best {len(shown)} shown; --limit N shows more"
    return "\n".join([*told, f"{counted(total, 'hit')}{more}"])


def as_json(shown: Sequence[Shown], total: int) -> str:
    """{"total": of all hits, "hits": [as `_record` has them]}, a line a hit."""
    hits = ",\n".join(json.dumps(_record(each), ensure_ascii=False) for each in shown)
    return f'{{"total": {total}, "hits": [\n{hits}\n]}}'


def as_csv(shown: Sequence[Shown]) -> str:
    """A header and a row a hit, the boxes as JSON."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**record, "boxes": json.dumps(record["boxes"])} for record in map(_record, shown))
    return text.getvalue().removesuffix("\n")


def percent(probability: float) -> str:
    """A probability as people read it; what is nearly sure is never called sure."""
    return f"{min(99.9, 100 * probability):.1f} %"


def _record(shown: Shown) -> dict[str, Any]:
    hit = shown.hit
    return {
        "document_id": hit.document_id,
        "source": shown.source,
        "page": hit.page,
        "line": hit.lines[0],
        "text": hit.text,
        "probability": round(hit.probability, 4),
        "boxes": [list(piece.box) for piece in hit.pieces],
        "snippet": shown.snippet,
        "corrected": shown.corrected,
    }


def _paragraph(rank: int, shown: Shown) -> Iterator[str]:
    hit = shown.hit
    name = shown.source or hit.document_id
    read = f", or {hit.text}" if hit.otherwise else ""
    by_hand = ", corrected by hand" if shown.corrected else ""
    yield f"{rank:3}  {percent(hit.probability):>6}  {name}, page {hit.page}, line {hit.lines[0]}{read}{by_hand}"
    for runs in shown.lines or (((True, hit.text),),):
        yield "     " + " ".join(f"[{text}]" if is_hit else text for is_hit, text in runs)
