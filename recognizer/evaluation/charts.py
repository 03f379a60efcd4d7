"""The charts of the evaluation report, as SVG: reliability curves, and expected beside true CER of pages."""

from collections.abc import Iterable, Sequence
from typing import Final

from recognizer.evaluation.page_quality import JudgedPage
from recognizer.evaluation.reliability import Reliability
from recognizer.html import Markup, markup

SIDE: Final = 200  # of the plot, in units of the drawing
LEFT, ABOVE, BELOW, RIGHT = 34, 8, 36, 10
TICKS: Final = (0.0, 0.5, 1.0)
LEAST_END: Final = 0.1
WITHIN: Final = 0.98  # share of the values within the axes; others lie on their ends
LARGEST: Final = 7.0  # radius of a point that has all words


def reliability_curve(name: str, of: Reliability) -> Markup:
    """Share of right words over their confidence; the larger a point, the more words it has."""
    points = [(each.confidence, each.right, (each.words / of.words) ** 0.5) for each in of.bins]
    curve = " ".join(f"{'L' if place else 'M'}{_x(x, 1):.1f} {_y(y, 1):.1f}" for place, (x, y, _) in enumerate(points))
    dots = (_dot(x, y, 1, 1.5 + LARGEST * size) for x, y, size in points)
    drawing = f'<path class="curve" d="{curve}"/>{"".join(dots)}'
    spoken = f"Reliability of {name}: expected calibration error {of.error:.3f} over {of.words:,} words"
    return _figure(_axes(1, "confidence", "right", spoken, drawing), f"{name}: ECE {of.error:.3f}")


def expected_cer(pages: Sequence[JudgedPage]) -> Markup:
    """The true CER of pages over the expected one."""
    told = [(page.expected, page.cer) for page in pages if page.expected is not None]
    ends = sorted(value for pair in told for value in pair)
    end = min(1.0, max([LEAST_END, *ends[: round(WITHIN * len(ends))]]))
    drawing = "".join(_dot(min(expected, end), min(cer, end), end, 2.5) for expected, cer in told)
    spoken = f"True CER over expected CER of {len(told):,} pages, both from 0 to {end:.0%}"
    return _figure(_axes(end, "expected CER", "true CER", spoken, drawing), f"{len(told):,} pages")


def _figure(drawing: str, caption: str) -> Markup:
    return Markup(f'<figure class="chart">{drawing}<figcaption>{markup(caption)}</figcaption></figure>')


def _axes(end: float, across: str, up: str, spoken: str, drawing: str) -> str:
    """A square plot from 0 to the end on both axes, with the diagonal where both are alike."""
    width, height = LEFT + SIDE + RIGHT, ABOVE + SIDE + BELOW
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{markup(spoken)}">'
        f'<rect class="frame" x="{LEFT}" y="{ABOVE}" width="{SIDE}" height="{SIDE}"/>'
        f'<path class="even" d="M{_x(0, 1)} {_y(0, 1)}L{_x(1, 1)} {_y(1, 1)}"/>'
        f'{"".join(_ticks(end))}<text x="{LEFT + SIDE / 2}" y="{height - 4}" text-anchor="middle">{across}</text>'
        f'<text transform="translate(11 {ABOVE + SIDE / 2}) rotate(-90)" text-anchor="middle">{up}</text>'
        f"{drawing}</svg>"
    )


def _ticks(end: float) -> Iterable[str]:
    for share in TICKS:
        label = f"{100 * share * end:.0f}"
        yield f'<text x="{_x(share, 1)}" y="{ABOVE + SIDE + 15}" text-anchor="middle">{label}</text>'
        yield f'<text x="{LEFT - 5}" y="{_y(share, 1) + 4}" text-anchor="end">{label}</text>'


def _dot(x: float, y: float, end: float, radius: float) -> str:
    return f'<circle cx="{_x(x, end):.1f}" cy="{_y(y, end):.1f}" r="{radius:.1f}"/>'


def _x(value: float, end: float) -> float:
    return LEFT + SIDE * value / end


def _y(value: float, end: float) -> float:
    return ABOVE + SIDE * (1 - value / end)
