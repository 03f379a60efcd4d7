"""The training report: `report.png`, one sheet of plots, and `report.html`, the plots and the tables behind them."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from recognizer.evaluation.wording import percent
from recognizer.html import NOTHING, Markup, headline, image, page, table
from recognizer.train import plots
from recognizer.train.history import Record
from recognizer.train.statistics import Statistics

PICTURE: Final = "report.png"
PAGE: Final = "report.html"
RARE: Final = 20
NAMED: Final = 5


def write_report(
    folder: Path,
    title: str,
    history: Sequence[Record],
    train: Statistics,
    val: Statistics,
    skipped: Mapping[str, Sequence[str]],
    facts: Mapping[str, str],
    first: Markup = NOTHING,
) -> None:
    """Write `report.png` and `report.html` into the folder; the same input gives the same bytes.

    `skipped` is why lines were left out -> their ids, `facts` whatever else is worth a row, `first` what shall stand
    above all. Everything but the title may be empty.
    """
    judged = [record for record in history if record.cer is not None]
    body = [
        first,
        _figures(history, judged, train, val),
        *_course(history, judged, facts),
        *_lines(train, val, skipped),
        *_characters(train, val),
        *_judgings(judged),
    ]
    _write(folder / PICTURE, plots.sheet(title, history, train, val))
    _write(folder / PAGE, page(title, "\n".join(body)).encode())


def _write(path: Path, content: bytes) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def _figures(history: Sequence[Record], judged: Sequence[Record], train: Statistics, val: Statistics) -> str:
    """What a reader wants to know first, in large type."""
    best = min(judged, key=lambda record: record.cer or 0.0, default=None)
    last = history[-1] if history else Record(0, 0.0, 0, 0.0, 0.0)
    figures = [
        ("least CER on val", _percent(best.cer) if best else "–", f"after {best.lines:,} lines" if best else ""),
        ("WER on val", _percent(best.wer) if best else "–", "of the same weights" if best else ""),
        ("lines seen", f"{last.lines:,}", f"in {last.step:,} steps and {last.seconds / 60:,.0f} minutes"),
        (
            "lines of train",
            f"{train.lines:,}",
            f"{len(train.characters)} characters, beside {val.lines:,} lines of val",
        ),
    ]
    return headline(figures)


def _course(history: Sequence[Record], judged: Sequence[Record], facts: Mapping[str, str]) -> list[str]:
    words = "Curves over the lines seen: nothing recorded."
    if history:
        words = f"Curves over the lines seen: the loss ends at {history[-1].loss:.3f}"
        words += f", CER on val goes from {_percent(judged[0].cer)} to {_percent(judged[-1].cer)}." if judged else "."
    parts = [_figure(plots.curves(history), words)]
    return [*parts, table("Facts", ("fact", "value"), facts.items())] if facts else parts


def _lines(train: Statistics, val: Statistics, skipped: Mapping[str, Sequence[str]]) -> list[str]:
    words = (
        "Histograms of the lines' lengths in characters and of their widths in pixels; the legends give the figures."
    )
    return [
        "<h2>Lines</h2>",
        _figure(plots.shapes(train, val), words),
        '<div style="display: flex; flex-wrap: wrap; gap: 0 4rem">',
        _counts("data set", train.datasets, val.datasets),
        _counts("script", train.scripts, val.scripts),
        _counts("language", train.languages, val.languages),
        "</div>",
        _skipped(skipped),
    ]


def _skipped(skipped: Mapping[str, Sequence[str]]) -> str:
    if not skipped:
        return "<p>No line was left out.</p>"
    most_first = sorted(skipped.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    rows = [
        (reason, ", ".join(ids[:NAMED]) + ", …" * (len(ids) > NAMED), f"{len(ids):,}") for reason, ids in most_first
    ]
    return table("Lines left out", ("reason", "which", "lines"), rows)


def _characters(train: Statistics, val: Statistics) -> list[str]:
    first = " ".join(plots.shown(character) for character in list(train.characters)[: plots.FREQUENT])
    words = f"Bars: how often each character occurs in train, the most frequent first: {first}"
    unknown = {**train.unknown, **val.unknown}
    rare = [character for character, count in train.characters.items() if count < RARE and character not in unknown]
    return [
        "<h2>Characters</h2>",
        _figure(plots.characters(train), words),
        _spelled("Outside the alphabet: never read", unknown, train, val),
        _spelled(f"Rare: fewer than {RARE} times in train", rare, train, val),
    ]


def _judgings(judged: Sequence[Record]) -> list[str]:
    if not judged:
        return []
    header = ("step", "lines seen", "minutes", "learning rate in thousandths", "loss", "CER on val", "WER on val")
    rows = [
        (
            f"{record.step:,}",
            f"{record.lines:,}",
            f"{record.seconds / 60:,.1f}",
            f"{1000 * record.rate:.3f}",
            f"{record.loss:.3f}",
            _percent(record.cer),
            _percent(record.wer),
        )
        for record in judged
    ]
    return ["<h2>Course</h2>", table("Each time val was judged", header, rows)]


def _counts(name: str, train: Mapping[str, int], val: Mapping[str, int]) -> str:
    names = [*train, *(other for other in val if other not in train)]
    rows = [(each or "not stated", f"{train.get(each, 0):,}", f"{val.get(each, 0):,}") for each in names]
    return table(f"Lines by {name}", (name, "train", "val"), rows)


def _spelled(caption: str, characters: Iterable[str], train: Statistics, val: Statistics) -> str:
    """Characters that may look alike or like nothing, with their names; nothing where there are none."""
    rows = [
        (
            plots.shown(character),
            f"U+{ord(character):04X}",
            unicodedata.name(character, "without a name").lower(),
            f"{train.characters.get(character, 0):,}",
            f"{val.characters.get(character, 0):,}",
        )
        for character in characters
    ]
    return table(caption, ("character", "code point", "name", "train", "val"), rows) if rows else ""


def _figure(picture: bytes, words: str) -> str:
    return f"<figure>{image(picture, words)}</figure>"


def _percent(rate: float | None) -> str:
    return "–" if rate is None else percent(rate)
