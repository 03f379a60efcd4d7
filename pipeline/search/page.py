"""Hits as one page of HTML that needs nothing beside it: each with its lines and its place on the scan."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import Final

from pipeline.search.cutouts import Picture
from pipeline.search.output import percent
from pipeline.search.snippets import Shown
from recognizer.html import Markup, image, markup, page

HERE: Final = Path(__file__).parent
BODY: Final = Template((HERE / "search.html").read_text(encoding="utf-8"))
MOST_BYTES: Final = 12_000_000  # of all pictures
TOO_MANY: Final = "no picture: the file would become too large; give a smaller --limit"


def html(query: str, shown: Sequence[Shown], pictures: Sequence[Picture | str], total: int) -> str:
    """The whole file."""
    parts = zip(shown, _images(shown, pictures), strict=True)
    body = BODY.substitute(
        query=markup(query),
        total=f"{total:,}",
        count=f"{len(shown):,}",
        hits="\n".join(_hit(each, picture) for each, picture in parts) or "<li>Nothing was found.</li>",
    )
    return page(f"Search: {query}", body, (HERE / "search.css").read_text(encoding="utf-8"))


def _images(shown: Sequence[Shown], pictures: Sequence[Picture | str]) -> Iterator[Markup]:
    """The pictures, as long as they are not too large together, or why there are none."""
    spent = 0
    for each, picture in zip(shown, pictures, strict=True):
        made = picture if isinstance(picture, str) else image(picture, f"the scan around {each.hit.text}")
        spent += len(made)
        told = TOO_MANY if spent > MOST_BYTES else made
        yield told if isinstance(told, Markup) else Markup(f'<p class="none">{markup(told)}</p>')


def _hit(shown: Shown, picture: Markup) -> str:
    hit = shown.hit
    place = f"{shown.source or hit.document_id}, page {hit.page}, line {hit.lines[0]}"
    lines = "<br>".join(_line(runs) for runs in shown.lines) or f"<mark>{markup(hit.text)}</mark>"
    other = " <i>another reading of the line</i>" if hit.otherwise else ""
    other += " <i>corrected by hand</i>" if shown.corrected else ""
    return (
        f'<li class="hit"><p class="head"><b>{markup(hit.text)}</b>{other} <span>{percent(hit.probability)}</span></p>'
        f'{picture}<p class="lines">{lines}</p><p class="faint place">{markup(place)}</p></li>'
    )


def _line(runs: Sequence[tuple[bool, str]]) -> str:
    return " ".join(f"<mark>{markup(text)}</mark>" if is_hit else markup(text) for is_hit, text in runs)
