"""The command `search`: a query against the index of OUT -> its best hits, as text, JSON, CSV or HTML."""

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.failures import UsageError
from pipeline.files import display, write_text
from pipeline.index.matching import Found, find
from pipeline.index.query import parse
from pipeline.index.reader import Index
from pipeline.search import output
from pipeline.search.filters import Only, Where, catalogued
from pipeline.search.hits import hits_of
from pipeline.search.snippets import Shown, Warn, shown
from pipeline.storage import Storage, open_output


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for; `confidence` is the least probability of a hit."""

    output: str
    query: str
    limit: int = 20
    only: Only = field(default_factory=Only)
    where: tuple[Where, ...] = ()
    confidence: float = 0.0
    as_json: bool = False
    as_csv: bool = False
    html: Path | None = None


def search(options: Options, warn: Warn) -> str:
    """Search; what to tell the user. Nothing found is no error. Raises UsageError, and NothingDone without an index."""
    if options.as_json and options.as_csv:
        raise UsageError("--json and --csv both go to the screen; give one of them")
    text = display(options.query)
    query, storage = parse(text), open_output(options.output)
    with Index.open(storage, warn) as words:
        found = _narrowed(find(query, words, options.only), options, storage, warn)
    hits = shown(storage, hits_of(found, found.best(options.limit)), warn)
    total = len(found.places.first)
    if options.html:
        _write_html(options.html, text, storage, hits, total)
    if options.as_json:
        return output.as_json(hits, total)
    return output.as_csv(hits) if options.as_csv else output.terminal(text, hits, total)


def _narrowed(found: Found, options: Options, storage: Storage, warn: Warn) -> Found:
    sure = Found(found.rows, found.places.take(found.places.probability >= options.confidence))
    return catalogued(sure, options.where, storage, warn) if options.where else sure


def _write_html(path: Path, query: str, storage: Storage, hits: list[Shown], total: int) -> None:
    from pipeline.search.cutouts import cutouts
    from pipeline.search.page import html

    write_text(path, html(query, hits, cutouts(storage, [each.hit for each in hits]), total))
