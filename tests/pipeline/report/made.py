"""Datasets made for the report: drawn pages with words, failures and past runs, as digitize and compare leave them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pipeline.commit import write_parquet
from pipeline.document import Alternative, Document, Line, Page, Word
from pipeline.failures import Failure
from pipeline.outcome import Outcome
from pipeline.reading import failed_page
from pipeline.storage import LocalStorage
from pipeline.store import file_name, lines_parquet, with_other_lines
from pipeline.summary import Summary
from pipeline.tesseract import Tesseract
from tests.pipeline.drawn import save_png

SIZE = (640, 400)  # of what save_png draws
TESSERACT = Tesseract("eng", "5.3.0", {"eng": "0" * 16})


def word(text: str, left: float, foot: float, confidence: float) -> Word:
    box = ((left, foot - 24), (left + 60, foot - 24), (left + 60, foot + 6), (left, foot + 6))
    return Word(text, confidence, box, (Alternative(text.upper(), 0.125),))


def line(texts: Iterable[str], foot: float, confidence: float = 0.9) -> Line:
    words = tuple(word(text, 60 + 80 * place, foot, confidence) for place, text in enumerate(texts))
    right = 60 + 80 * len(words)
    outline = ((60.0, foot - 28), (right, foot - 28), (right, foot + 8), (60.0, foot + 8))
    text = " ".join(word.text for word in words)
    return Line(text, confidence, ((60.0, foot), (right, foot)), outline, words, 0, 0, "eng")


def page(source: str, number: int, expected: float, *texts: str) -> Page:
    lines = tuple(line(text.split(), 100.0 + 80 * place, 1 - expected) for place, text in enumerate(texts))
    width, height = SIZE
    return replace(
        failed_page(number, source, "0" * 64, "b1", "revision"),
        width=width,
        height=height,
        status="read" if expected < 0.3 else "doubtful",
        lines=lines,
        confidence=0.75,
        expected_cer=expected,
        language="eng",
        agreement=0.5,
    )


def dataset(folder: Path) -> str:
    """OUT with two documents that were read, beside Tesseract, one failure, and seven runs, the last of them slow."""
    storage = LocalStorage(str(folder / "out"))
    for name, expected in (("letter", 0.5), ("deed", 0.0625)):
        source = str(save_png(folder / f"{name}.png"))
        pages = (page(source, 1, expected, f"the {name} is read", "and </script> <b>again</b>"),)
        document = Document(f"{name}-00000000", "default", pages)
        write_parquet(storage, document, (), {1: (line(["the", name, "was", "read"], 100.0),)})
    source = str(folder / "broken.png")
    failure = Failure(source, None, "probe", "empty", "the file has no bytes")
    failed = (failed_page(1, source, "", "b1", "revision"),)
    write_parquet(storage, Document("broken-00000000", "default", failed), (failure,), {})
    seconds = {"render": 1.0, "segment": 2.0, "crop": 0.5, "recognise": 3.0, "tesseract": 9.0}
    done = Outcome(tuple(pages), (failure,), seconds, {1: pages[0].lines})
    for night in range(7):
        write_run(storage, done, slow=night == 6)
    return storage.root


def write_run(storage: LocalStorage, done: Outcome, slow: bool = False) -> None:
    """Keep the account of a run."""
    summary = Summary({}, "b1", "fp32", storage.root, (), 0, (), tesseract=TESSERACT)
    summary.began -= 40.0 if slow else 4.0
    summary.take([done.figures()])
    summary.write(storage)


def add_truth(output: str) -> None:
    """What a comparison adds: the truth of the letter."""
    storage = LocalStorage(output)
    document = Document("letter-00000000", "default", (page("letter.png", 1, 0.5),))
    truth = {1: (line(["the", "letter", "was", "read"], 100.0, 1.0), line(["and", "again"], 180.0, 1.0))}
    name = file_name("truth", "default", document.id)
    storage.write(name, lines_parquet(with_other_lines(document, truth)))
