"""The charts of the report, as SVG that the page's style colours: bars of a histogram, shares of a whole, a trend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from pipeline.report.runs import Figure, Trend
from recognizer.html import Markup, markup

WIDTH: Final = 340
HEIGHT: Final = 120
BELOW: Final = 20
POINT: Final = 3.0
LEAST_BAR: Final = 1.5


def histogram(name: str, labels: Sequence[str], counts: Sequence[int], unit: str) -> Markup:
    """Bars of equal width, labelled below; each says its figures when pointed at."""
    most, step, each = max(1, *counts), WIDTH / len(counts), max(1, len(labels) // 6)
    named = list(zip(labels, counts, strict=True))
    bars = (_bar(place * step, step, count / most, label, count) for place, (label, count) in enumerate(named))
    ticks = (
        f'<text x="{(place + 0.5) * step:.1f}" y="{HEIGHT + 14}" text-anchor="middle">{markup(label)}</text>'
        for place, label in enumerate(labels)
        if place % each == 0
    )
    spoken = f"{name}: " + ", ".join(f"{label}: {count}" for label, count in named if count)
    return _figure("".join([*bars, *ticks]), spoken, f"{name} ({sum(counts):,} {unit})")


def shares(parts: Mapping[str, float], unit: str) -> Markup:
    """One bar of several parts, with a legend that gives the figures."""
    whole, left = sum(parts.values()) or 1.0, 0.0
    drawn, legend = [], []
    for place, (name, value) in enumerate(parts.items()):
        width = WIDTH * value / whole
        drawn.append(f'<rect class="part-{place}" x="{left:.1f}" width="{width:.1f}" height="18"/>')
        figures = f'{value:.2f} {unit} <span class="faint">{value / whole:.0%}</span>'
        legend.append(f'<li><span class="key part-{place}"></span>{markup(name)} {figures}</li>')
        left += width
    bar = f'<svg class="shares" viewBox="0 0 {WIDTH} 18" preserveAspectRatio="none" aria-hidden="true">'
    return Markup(f'<figure class="wide">{bar}{"".join(drawn)}</svg><ul class="legend">{"".join(legend)}</ul></figure>')


def trend(of: Trend) -> Markup:
    """A figure over the runs, with the band of what is usual; the last run is marked where it is off."""
    scale = _Scale.of([value for value in of.values if value is not None], of.usual)
    step = WIDTH / max(1, len(of.values) - 1)
    points = [(place * step, scale.up(value)) for place, value in enumerate(of.values) if value is not None]
    curve = " ".join(f"{'L' if place else 'M'}{x:.1f} {y:.1f}" for place, (x, y) in enumerate(points))
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{POINT}"/>' for x, y in points]
    kind = "alarm" if of.alarm else "last"
    last = [f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>' for x, y in points[-1:]]
    drawing = "".join([_band(of, scale), f'<path class="curve" d="{curve}"/>', *dots[:-1], *last])
    told = ", ".join(said(of.figure, value) for value in of.values)
    return _figure(drawing, f"{of.figure.name}, run by run: {told}", _trend_caption(of))


@dataclass(frozen=True)
class _Scale:
    """Values to heights of the plot; from zero, unless all values are far from it."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float], usual: tuple[float, float] | None) -> Self:
        ends = [*values, *(usual or ())]
        high = 1.08 * max(ends, default=1.0)
        low = 0.98 * min(ends, default=0.0)
        return cls(low if low > high / 2 else 0.0, high or 1.0)

    def up(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return HEIGHT * (1 - min(1.0, max(0.0, share)))


def _band(of: Trend, scale: _Scale) -> str:
    if of.usual is None:
        return ""
    foot, top = map(scale.up, of.usual)
    return f'<rect class="usual" x="0" y="{top:.1f}" width="{WIDTH}" height="{foot - top:.1f}"/>'


def _trend_caption(of: Trend) -> Markup:
    off = ' <strong class="alarm">off the usual</strong>' if of.alarm else ""
    usual = ""
    if of.usual:
        low, high = (said(of.figure, end) for end in of.usual)
        usual = f' <span class="faint">usual {low} to {high}</span>'
    return Markup(f"{markup(of.figure.name)}: <strong>{said(of.figure, of.values[-1])}</strong>{off}{usual}")


def said(figure: Figure, value: float | None) -> str:
    """A figure of a run as people read it."""
    return percent(value) if figure.share else number(value)


def number(value: float | None) -> str:
    """With two decimals; a dash for none."""
    return "–" if value is None else f"{value:.2f}"


def percent(share: float | None) -> str:
    """With one decimal; a dash for none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def _bar(left: float, width: float, share: float, label: str, count: int) -> str:
    height = max(LEAST_BAR, HEIGHT * share) if count else 0.0
    return (
        f'<rect class="bin" x="{left + 1:.1f}" y="{HEIGHT - height:.1f}" width="{width - 2:.1f}" height="{height:.1f}">'
        f"<title>{markup(label)}: {count:,}</title></rect>"
    )


def _figure(drawing: str, spoken: str, caption: str | Markup) -> Markup:
    ground = f'<path class="ground" d="M0 {HEIGHT}H{WIDTH}"/>'
    return Markup(
        f'<figure class="plot"><figcaption>{markup(caption)}</figcaption>'
        f'<svg viewBox="-6 -8 {WIDTH + 12} {HEIGHT + BELOW + 8}" role="img" aria-label="{markup(spoken)}">'
        f"{ground}{drawing}</svg></figure>"
    )
