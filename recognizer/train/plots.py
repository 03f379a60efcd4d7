"""The plots of the training report. They are drawn on white, so that they can be read on dark pages as well.

matplotlib is imported where it is used, since reading lines needs none of it; the same input gives the same bytes.
"""

import io
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from recognizer.train.history import Record
from recognizer.train.statistics import Statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Panel = Callable[["Axes"], None]

DOTS_PER_INCH: Final = 120
TRAIN, VAL, GRAY = "#0072b2", "#d55e00", "#767676"  # of Okabe and Ito, which colour-blind people tell apart
CLASSES: Final = {"lower case": TRAIN, "upper case": VAL, "digits": "#009e73", "other": GRAY}
FREQUENT: Final = 60
FLOOR: Final = 0.01  # percent; what is less, a rate of zero too, is drawn there
BINS: Final = 48
FONT: Final = "DejaVu Sans"
STYLE: Final[dict[Any, Any]] = {
    "font.family": FONT,
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.1,
}


def curves(history: Sequence[Record]) -> bytes:
    """PNG of 1440 x 420 pixels: loss, error rates on val and learning rate."""
    return _png([["loss", "errors", "rate"]], _curves(history), (12, 3.5))


def shapes(train: Statistics, val: Statistics) -> bytes:
    """PNG of 1440 x 384 pixels: how long the lines' texts and how wide their images are."""
    return _png([["lengths", "widths"]], _shapes(train, val), (12, 3.2))


def characters(train: Statistics) -> bytes:
    """PNG of 1440 x 396 pixels: the most frequent characters."""
    return _png([["characters"]], _characters(train), (12, 3.3))


def sheet(title: str, history: Sequence[Record], train: Statistics, val: Statistics) -> bytes:
    """PNG of 1440 x 1260 pixels: all of the above on one sheet."""
    rows = [["loss"] * 2 + ["errors"] * 2 + ["rate"] * 2, ["lengths"] * 3 + ["widths"] * 3, ["characters"] * 6]
    return _png(rows, {**_curves(history), **_shapes(train, val), **_characters(train)}, (12, 10.5), title)


def shown(character: str) -> str:
    """The character as it can be seen alone: a mark for the space, a dotted circle below combining characters."""
    if character == " ":
        return "␣"
    return "◌" + character if unicodedata.combining(character) else character


def _png(
    rows: Sequence[Sequence[str]], panels: Mapping[str, Panel], inches: tuple[float, float], title: str = ""
) -> bytes:
    """The panels, each in its place of the rows of names."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=inches, dpi=DOTS_PER_INCH, layout="constrained")
        for name, axes in figure.subplot_mosaic([list(row) for row in rows]).items():
            panels[name](axes)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", parse_math=False)
        content = io.BytesIO()
        figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _curves(history: Sequence[Record]) -> dict[str, Panel]:
    drawings = {"loss": _loss, "errors": _errors, "rate": _rate}
    return {name: partial(draw, history=history) for name, draw in drawings.items()}


def _shapes(train: Statistics, val: Statistics) -> dict[str, Panel]:
    lengths = partial(_histogram, name="Line lengths", unit="characters", train=train.lengths, val=val.lengths)
    widths = partial(
        _histogram, name="Image widths", unit="pixels at the network's height", train=train.widths, val=val.widths
    )
    return {"lengths": lengths, "widths": widths}


def _characters(train: Statistics) -> dict[str, Panel]:
    return {"characters": partial(_bars, counts=train.characters)}


def _loss(axes: "Axes", history: Sequence[Record]) -> None:
    axes.set_title("Loss on train, logarithmic")
    points = [(record.lines, record.loss) for record in history if 0 < record.loss < np.inf]
    if not points:
        _nothing(axes, "no steps recorded")
        return
    axes.plot(*zip(*points, strict=True), color=TRAIN, marker=_marker(points))
    _logarithmic(axes, [loss for _, loss in points])
    _progress(axes, history)


def _errors(axes: "Axes", history: Sequence[Record]) -> None:
    axes.set_title("Errors on val in %, logarithmic")
    wer = [(record.lines, 100 * record.wer) for record in history if record.wer is not None]
    cer = [(record.lines, 100 * record.cer) for record in history if record.cer is not None]
    if not wer + cer:
        _nothing(axes, "not judged on val")
        return
    for name, colour, points in (("WER", VAL, wer), ("CER", TRAIN, cer)):
        if points:
            _falling(axes, name, colour, points)
    _logarithmic(axes, [max(rate, FLOOR) for _, rate in wer + cer])
    axes.legend(loc="upper right")
    _progress(axes, history)


def _falling(axes: "Axes", name: str, colour: str, points: Sequence[tuple[int, float]]) -> None:
    """A curve of rates, the least one written below it."""
    lines, rates = [seen for seen, _ in points], [max(rate, FLOOR) for _, rate in points]
    axes.plot(lines, rates, color=colour, marker=_marker(points), label=name)
    best = int(np.argmin(rates))
    place: Any = {"xytext": (4, -7), "textcoords": "offset points", "ha": "right", "va": "top"}
    axes.annotate(f"{points[best][1]:.2f}", (lines[best], rates[best]), color=colour, weight="bold", **place)


def _rate(axes: "Axes", history: Sequence[Record]) -> None:
    axes.set_title("Learning rate in thousandths")
    points = [(record.lines, 1000 * record.rate) for record in history]
    if not points:
        _nothing(axes, "no steps recorded")
        return
    axes.plot(*zip(*points, strict=True), color=GRAY, marker=_marker(points))
    axes.set_ylim(bottom=0)
    _progress(axes, history)


def _histogram(axes: "Axes", name: str, unit: str, train: Sequence[int], val: Sequence[int]) -> None:
    """Shares of lines, so that splits of different sizes can be compared."""
    axes.set_title(f"{name}, % of the lines of a split")
    if not train:
        _nothing(axes, "no lines")
        return
    longest = max(*train, *val, 1)
    edges = list(range(0, longest + longest // BINS + 2, longest // BINS + 1))
    axes.hist(train, edges, weights=_shares(train), label=_summary("train", train), color=TRAIN, alpha=0.35)
    if val:
        look: Any = {"color": VAL, "linewidth": 1.3, "histtype": "step"}
        axes.hist(val, edges, weights=_shares(val), label=_summary("val", val), **look)
    axes.set_xlim(0, edges[-1])
    axes.set_ylim(top=1.35 * axes.get_ylim()[1])
    axes.set_xlabel(unit)
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper right")


def _shares(values: Sequence[int]) -> list[float]:
    return [100 / len(values)] * len(values)


def _summary(split: str, values: Sequence[int]) -> str:
    return f"{split}: {len(values):,}, median {np.median(values):.0f}, longest {max(values):,}"


def _bars(axes: "Axes", counts: Mapping[str, int]) -> None:
    frequent = list(counts.items())[:FREQUENT]
    axes.set_title(f"Characters of train: the {len(frequent)} most frequent of {len(counts)}, logarithmic")
    if not frequent:
        _nothing(axes, "no characters")
        return
    for name, colour in CLASSES.items():
        places = [place for place, (character, _) in enumerate(frequent) if _class(character) == name]
        axes.bar(places, [frequent[place][1] for place in places], 0.8, color=colour, label=name)
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xticks(range(len(frequent)), [_label(character) for character, _ in frequent], parse_math=False)
    axes.set_xlim(-0.8, len(frequent) - 0.2)
    axes.grid(visible=False, axis="x")
    axes.legend(loc="upper right", ncols=len(CLASSES))


def _progress(axes: "Axes", history: Sequence[Record]) -> None:
    """Lines seen along the bottom, the time that they took along the top."""
    from matplotlib.ticker import EngFormatter, MaxNLocator

    locator = MaxNLocator(5, steps=[1, 2, 5, 10])
    seen, seconds = [record.lines for record in history], [record.seconds for record in history]
    axes.set_xlim(0, max(*seen, 1))
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlabel("lines seen")
    unit, length = ("hours", 3600) if seconds[-1] > 3 * 3600 else ("minutes", 60)
    ticks = [tick for tick in locator.tick_values(0, seconds[-1] / length) if tick * length <= seconds[-1]]
    top = axes.secondary_xaxis("top")
    places = np.interp(np.multiply(ticks, length), [0, *seconds], [0, *seen])
    top.set_xticks(places, [f"{tick:g}" for tick in ticks])
    top.set_xlabel(unit)


def _logarithmic(axes: "Axes", values: Sequence[float]) -> None:
    """A logarithmic axis around the values, which are above zero, with plain numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set_yscale("log")
    axes.set_ylim(min(values) / 1.6, max(values) * 1.2)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def _nothing(axes: "Axes", why: str) -> None:
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=GRAY)
    axes.set_xticks([])
    axes.set_yticks([])


def _marker(points: Sequence[object]) -> str:
    """Few points are marked, since one alone would be no line."""
    return "." if len(points) <= BINS else ""


def _class(character: str) -> str:
    if character.isdigit():
        return "digits"
    if character.isupper():
        return "upper case"
    return "lower case" if character.isalpha() else "other"


def _label(character: str) -> str:
    """The character, or its code point where the font has no picture of it."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties(family=FONT))).get_char_index(ord(character))
    return shown(character) if known else f"{ord(character):X}"
