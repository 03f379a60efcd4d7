"""A comparison as people read it in the terminal: both side by side, and verdicts in plain words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pipeline.comparison.judge import ENGINES, GROUPS

SCRIPTS: Final[Mapping[str, str]] = {"hand": "handwriting", "register": "registers", "all": "all of it"}
COLUMNS: Final = {"cer": "CER", "wer": "WER", "word_recall": "words found", "cpu_seconds": "CPU-s a page"}
PAGES: Final = "pages"
WORST: Final = 10


def told(found: Mapping[str, Any]) -> list[str]:
    """The figures of a comparison, and what they were made with."""
    shown = _table(found) if "all" in found else _agreement(found)
    return [*shown, "", *_circumstances(found)]


def verdict(name: str, of: Mapping[str, Any]) -> str:
    """In a sentence who reads this better, and whether that is sure."""
    gap, low, _ = of["difference"]
    what = SCRIPTS.get(name, name)
    ours, theirs = (f"{100 * of[engine]['cer']:.1f}" for engine in ENGINES)
    figures = f"CER {ours} against {theirs}"
    if low is None:
        return f"{what}: one page alone tells nothing of others; {figures}"
    better, worse = ("Inkbeam", f"{ours} against {theirs}") if gap < 0 else ("Tesseract", f"{theirs} against {ours}")
    shown = f"difference {interval(of['difference'])}"
    if low <= 0 <= of["difference"][2]:
        return f"No sure difference in {what}: {figures}, {shown}"
    return f"{better} reads {what} better: CER {worse}, {shown}"


def interval(difference: Sequence[float | None]) -> str:
    """A difference of rates with its 95 % interval, in percent; without, where one page alone was compared."""
    gap, low, high = difference
    around = "" if low is None or high is None else f" [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{100 * (gap or 0.0):+.1f}{around}"


def _table(found: Mapping[str, Any]) -> list[str]:
    """Rates of both in percent, side by side, and the verdicts on the scripts."""
    rows = ["Inkbeam | Tesseract", _row("", [*COLUMNS.values(), PAGES]), _row("all", _cells(found["all"]))]
    for kind in GROUPS:
        rows += ["", kind, *(_row(f"  {name}", _cells(of)) for name, of in found[kind].items())]
    return [*rows, "", *(verdict(name, of) for name, of in found["script"].items()), verdict("all", found["all"])]


def _cells(of: Mapping[str, Any]) -> list[str]:
    return [" | ".join(cell(name, of[engine][name]) for engine in ENGINES) for name in COLUMNS] + [str(of["pages"])]


def cell(name: str, value: float) -> str:
    """A figure of a column of COLUMNS: seconds, or a rate in percent."""
    return f"{value:.2f}" if name == "cpu_seconds" else f"{100 * value:.1f}"


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name[:14]:14}" + "".join(f"{text:>16}" for text in cells)


def _agreement(found: Mapping[str, Any]) -> list[str]:
    """How far both agree, and the pages on which they differ most."""
    seconds = ", ".join(f"{name} {found['cpu_seconds'][name]:.2f}" for name in ENGINES)
    return [
        f"no truth; both agree on {found['agreement']:.1%} of the characters of {found['pages']} pages",
        f"CPU-seconds a page: {seconds}",
        "they differ most on",
        *(f"  {page['agreement']:7.1%}  {page['name']}" for page in found["page"][:WORST]),
    ]


def _circumstances(of: Mapping[str, Any]) -> Iterator[str]:
    tesseract, memory = of["tesseract"], of["memory_mb"]
    yield f"bundle {of['bundle']} ({of['arithmetic']}) and Tesseract {tesseract['version']} ({tesseract['languages']})"
    yield f"one thread each on {of['processor']}; rates in percent, those of whole pages with their order left free"
    yield f"memory at most: {', '.join(f'{name} {memory[name]:,.0f} MB' for name in ENGINES)}"
