"""The command `draw-lines`: texts -> line Parquet to train on, in fonts or in the letters of real hands."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from recognizer.draw.drawn import CannotWrite, Task, Writer, row, save
from recognizer.lm.text import gather

TOGETHER: Final = 64
LONGEST: Final = 100  # characters: hardly a line of a page has more
NOT_WELL: Final = "could not be drawn well"


def draw_lines(writer: Writer, texts: Sequence[Path], output: Path, count: int, language: str | None) -> str:
    """Draw so many lines of the texts and write them; what to tell the user. Raises NoText, CannotWrite.

    The lines are taken evenly from the texts, which are broken into lines where they are prose; where there are fewer,
    some are drawn several times, each time differently. Same texts, fonts and hands give the same bytes.
    """
    text = gather(texts, writer.policy, language)
    left_out: Counter[str] = Counter()
    written = save(_rows(writer, tasks((*text.prose, *text.truth), count), language or "", left_out), output)
    told = "; ".join([writer.told(), *(f"{lines} left out, {why}" for why, lines in sorted(left_out.items()))])
    if not written:
        raise CannotWrite(f"{output}: no line could be drawn ({told}); give other texts, or fonts or hands with more")
    return f"{output}: {written} lines; {told}"


def tasks(lines: Sequence[str], count: int) -> list[Task]:
    """So many lines to draw, evenly from these, with the lines before and after them."""
    places = [number * len(lines) // count for number in range(count)]
    return [
        Task(number, lines[place], (lines[place - 1], lines[(place + 1) % len(lines)]))
        for number, place in enumerate(places)
    ]


def _rows(writer: Writer, todo: Sequence[Task], language: str, left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    with tqdm(total=len(todo), desc="drawing", unit="line", disable=None) as bar:
        for start in range(0, len(todo), TOGETHER):
            some = todo[start : start + TOGETHER]
            wrong = [_wrong(writer, task.text) for task in some]
            left_out.update(filter(None, wrong))
            some = [task for task, why in zip(some, wrong, strict=True) if not why]
            for task, drawn in zip(some, writer.draw(some), strict=True):
                if drawn is None:
                    left_out[NOT_WELL] += 1
                else:
                    yield row(task, drawn, language)
            bar.update(min(TOGETHER, len(todo) - start))


def _wrong(writer: Writer, text: str) -> str | None:
    """Why a text cannot be drawn, None where it can."""
    if not text or len(text) > LONGEST:
        return f"without text or with more than {LONGEST} characters"
    lacking = sorted(writer.lacking(text))
    return f"since none has {' '.join(lacking)}" if lacking else None
