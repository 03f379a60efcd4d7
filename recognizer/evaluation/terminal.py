"""An evaluation as lines of text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from recognizer.evaluation.page_quality import languages, rank_correlation
from recognizer.evaluation.rates import Rates
from recognizer.evaluation.wording import other_rates, percent, span

if TYPE_CHECKING:
    from recognizer.evaluation.evaluation import Evaluation

HEADER: Final = f"{'':26}{'CER':>9}  {'95 %':>15}  {'WER':>9}  {'lines':>7}  {'characters':>10}"


def table(evaluation: "Evaluation") -> str:
    """The figures of an evaluation: all, variants, groups, classes, mistakes in words, what read it how fast."""
    return "\n".join(
        [
            HEADER,
            _row("all", evaluation.scores.all),
            *(_row(name, rates) for name, rates in other_rates(evaluation)),
            *_groups(evaluation),
            *_classes(evaluation),
            *_confidences(evaluation),
            *_pages(evaluation),
            "",
            *_circumstances(evaluation),
        ]
    )


def _row(name: str, rates: Rates) -> str:
    shown = name if len(name) <= 26 else name[:25] + "…"
    figures = f"{percent(rates.cer):>9}  {span(rates.cer_interval):>15}  {percent(rates.wer):>9}"
    return f"{shown:26}{figures}  {rates.lines:>7}  {rates.characters:>10}"


def _groups(evaluation: "Evaluation") -> Iterator[str]:
    for kind, named in evaluation.scores.groups.items():
        yield f"\n{kind}"
        yield from (_row(f"  {name}", rates) for name, rates in named.items())


def _classes(evaluation: "Evaluation") -> Iterator[str]:
    yield "\ncharacters"
    for found in evaluation.mistakes.classes:
        yield f"{'  ' + found.name:26}{percent(found.rate):>9}{found.characters:>49}"
    yield f"  read where nothing stands: {evaluation.mistakes.insertions}"


def _confidences(evaluation: "Evaluation") -> Iterator[str]:
    yield f"\n{'confidence of words':26}{'ECE':>9}  {'says':>15}  {'right':>9}  {'words':>7}"
    for name, of in evaluation.reliability.items():
        says, right = percent(of.mean("confidence")), percent(of.mean("right"))
        yield f"{'  ' + name:26}{of.error:>9.3f}  {says:>15}  {right:>9}  {of.words:>7}"


def _pages(evaluation: "Evaluation") -> Iterator[str]:
    pages = evaluation.pages
    yield f"\npages, by the language they are in: {len(pages)}"
    for language, read in languages(pages).items():
        yield f"  {language}: " + ", ".join(f"{count} read as {name}" for name, count in read.items())
    told = rank_correlation(pages)
    if told is not None:
        yield f"  rank correlation of expected and true CER: {told:.2f}"


def _circumstances(evaluation: "Evaluation") -> Iterator[str]:
    run = evaluation.run
    yield f"bundle {run.bundle} ({run.architecture}), text policy {run.policy.name}, decoder: {run.decoder}"
    yield f"{evaluation.lines_per_second:.0f} lines/s on one thread, {run.arithmetic}, {run.processor}"
    for reason, ids in evaluation.skipped.items():
        yield f"left out: {len(ids)} with {reason} ({', '.join(ids[:3])}{', …' if len(ids) > 3 else ''})"
