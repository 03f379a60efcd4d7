"""An evaluation as a page of HTML that needs nothing beside it."""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

from recognizer.evaluation.charts import expected_cer, reliability_curve
from recognizer.evaluation.mistakes import Confusion, Edit, WorstLine
from recognizer.evaluation.page_quality import languages, rank_correlation
from recognizer.evaluation.places import column, window
from recognizer.evaluation.rates import RESAMPLES, Interval, Rates
from recognizer.evaluation.wording import other_rates, percent, span
from recognizer.html import Markup, headline, image, markup, page, table

if TYPE_CHECKING:
    from recognizer.evaluation.evaluation import Evaluation

BODY: Final = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
CONTEXT: Final = 12  # characters around a mistake, in the words for those who do not see the picture
NAMES: Final = {"script": "Script", "dataset": "Data set", "language": "Language"}
BAR: Final = Markup('<span class="unseen">Bar</span>')


def html(evaluation: "Evaluation") -> str:
    """The report: headline figures, tables by group and class, confusions with crops, the worst lines."""
    run = evaluation.run
    body = BODY.substitute(
        summary=f"Bundle {markup(run.bundle)} ({markup(run.architecture)}), decoder: {markup(run.decoder)}.",
        figures=_figures(evaluation),
        groups=_groups(evaluation),
        insertions=f"{evaluation.mistakes.insertions:,}",
        classes=_classes(evaluation),
        curves="".join(reliability_curve(name, of) for name, of in evaluation.reliability.items()),
        reliability=_reliability(evaluation),
        expected=expected_cer(evaluation.pages),
        languages=_languages(evaluation),
        confusions=_confusions(evaluation),
        worst="\n".join(_worst_line(evaluation, worst) for worst in evaluation.mistakes.worst),
        resamples=f"{RESAMPLES:,}",
        policy=markup(run.policy.name),
        skipped=_skipped(evaluation),
    )
    return page("How well the lines were read", body)


def _figures(evaluation: "Evaluation") -> Markup:
    run, everything = evaluation.run, evaluation.scores.all
    others = (
        (f"CER, {name}", percent(rates.cer), f"WER {percent(rates.wer)}") for name, rates in other_rates(evaluation)
    )
    return headline(
        [
            ("Character error rate", percent(everything.cer), _interval_note(everything.cer_interval)),
            ("Word error rate", percent(everything.wer), _interval_note(everything.wer_interval)),
            *others,
            ("Lines", f"{everything.lines:,}", f"{everything.characters:,} characters"),
            ("Lines a second", f"{evaluation.lines_per_second:,.0f}", f"one thread, {run.arithmetic}, {run.processor}"),
            ("Text policy", run.policy.name, "of the bundle"),
        ]
    )


def _interval_note(interval: Interval | None) -> str:
    return "one page, no interval" if interval is None else f"95 %: {span(interval)}"


def _groups(evaluation: "Evaluation") -> str:
    header = ("CER", "95 % interval", BAR, "WER", "95 % interval", "Lines", "Characters")
    return "\n".join(
        table(
            f"By {NAMES[kind].lower()}",
            (NAMES[kind], *header),
            [_rates(name, rates, _most(named.values())) for name, rates in named.items()],
        )
        for kind, named in evaluation.scores.groups.items()
    )


def _rates(name: str, rates: Rates, most: float) -> Sequence[object]:
    bar = _bar(rates.cer, rates.cer_interval, most)
    intervals = span(rates.cer_interval), span(rates.wer_interval)
    size = f"{rates.lines:,}", f"{rates.characters:,}"
    return name, percent(rates.cer), intervals[0], bar, percent(rates.wer), intervals[1], *size


def _most(rates: Iterable[Rates]) -> float:
    """The end of the scale: the highest rate or end of an interval."""
    return max(max(found.cer, (found.cer_interval or (0.0, 0.0))[1]) for found in rates)


def _bar(rate: float, interval: Interval | None, most: float) -> Markup:
    """A bar for the eyes; its figures stand beside it."""
    scale = 100 / (most or 1)
    low, high = interval or (rate, rate)
    return Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{rate * scale:.1f}" height="10"/>'
        f'<path d="M{low * scale:.1f} 5H{high * scale:.1f}"/></svg>'
    )


def _classes(evaluation: "Evaluation") -> Markup:
    classes = evaluation.mistakes.classes
    most = max(found.rate for found in classes)
    rows = [
        (found.name, percent(found.rate), _bar(found.rate, None, most), f"{found.errors:,}", f"{found.characters:,}")
        for found in classes
    ]
    return table("By class of character", ("Class", "Error rate", BAR, "Errors", "Characters"), rows)


def _reliability(evaluation: "Evaluation") -> Markup:
    rows = [
        (name, f"{of.error:.3f}", percent(of.mean("confidence")), percent(of.mean("right")), f"{of.words:,}")
        for name, of in evaluation.reliability.items()
    ]
    return table("Confidence of words", ("Script", "ECE", "Confidence", "Right", "Words"), rows)


def _languages(evaluation: "Evaluation") -> Markup:
    """Pages by language and the one that they were read in, with the rank correlation of their CERs."""
    found = languages(evaluation.pages)
    read = sorted({name for row in found.values() for name in row})
    rows = [(language, *(f"{row.get(name, 0):,}" for name in read)) for language, row in found.items()]
    told = rank_correlation(evaluation.pages)
    sentence = "" if told is None else f"<p>Rank correlation of expected and true CER: {told:.2f}.</p>"
    return Markup(sentence + table("Pages by language", ("Language", *(f"read as {name}" for name in read)), rows))


def _confusions(evaluation: "Evaluation") -> Markup:
    rows = [
        (_glyph(found.truth), _glyph(found.read), f"{found.count:,}", _examples(evaluation, found))
        for found in evaluation.mistakes.confusions
    ]
    return table("What was read as what", ("Truth", "Read", "Times", "Examples"), rows)


def _glyph(character: str) -> Markup:
    if character.strip():
        return Markup(f'<span class="glyph">{markup(character)}</span>')
    return Markup(f'<span class="faint">{"space" if character else "nothing"}</span>')


def _examples(evaluation: "Evaluation", confusion: Confusion) -> Markup:
    return Markup(" ".join(_example(evaluation, edit) for edit in confusion.examples))


def _example(evaluation: "Evaluation", edit: Edit) -> str:
    sample, reading = evaluation.samples[edit.line], evaluation.readings[edit.line]
    around = sample.text[max(0, edit.truth_at - CONTEXT) : edit.truth_at + CONTEXT]
    middle = column(reading, edit.read_at, bool(edit.read), sample.image.shape[1])
    picture = image(window(sample.image, middle), f"“{around}” in line {sample.id}")
    return f'<span class="spot">{picture}</span>'


def _worst_line(evaluation: "Evaluation", worst: WorstLine) -> str:
    sample, reading = evaluation.samples[worst.line], evaluation.readings[worst.line]
    truth = _marked(sample.text, {edit.truth_at for edit in worst.edits if edit.truth}, "del")
    read = _marked(reading.text, {edit.read_at for edit in worst.edits if edit.read}, "ins")
    facts = " · ".join(filter(None, (sample.id, sample.dataset, sample.script, sample.language)))
    share = f"errors: {len(worst.edits)}, characters: {len(sample.text)}"
    return (
        f'<figure class="line">{image(sample.image, "The line of which truth and reading follow")}'
        f"<dl><dt>Truth</dt><dd>{truth}</dd><dt>Read</dt><dd>{read or '<span class=faint>nothing</span>'}</dd></dl>"
        f"<figcaption>{share} · {markup(facts)}</figcaption></figure>"
    )


def _marked(text: str, places: Collection[int], tag: str) -> str:
    """The text with the characters at these places inside the tag."""
    stretches = groupby(range(len(text)), key=lambda place: place in places)
    parts = [(inside, "".join(text[place] for place in members)) for inside, members in stretches]
    return "".join(f"<{tag}>{markup(part)}</{tag}>" if inside else markup(part) for inside, part in parts)


def _skipped(evaluation: "Evaluation") -> str:
    if not evaluation.skipped:
        return ""
    rows = [(why, f"{len(ids):,}", ", ".join(ids[:3])) for why, ids in evaluation.skipped.items()]
    return table("Lines left out", ("Reason", "Lines", "First three"), rows)
