"""Hypothesis strategies for what the pipeline passes around, shared by the tests of stores and formats."""

from hypothesis import strategies as st

from pipeline.document import Alternative, Document, Line, Page, Point, Polyline, Record, Region, Word, polyline
from pipeline.failures import KINDS, Failure

WIDTH, HEIGHT = 2500, 3500

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
word_texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=8)
probabilities = st.floats(0, 1, width=32)
languages = st.sampled_from([None, "en", "fr", "de"])
alternatives = st.builds(Alternative, word_texts, probabilities)


# On the page or up to 20 pixels beside it, in eighths of a pixel.
points: st.SearchStrategy[Point] = st.tuples(
    st.integers(-160, 8 * WIDTH + 160).map(lambda x: x / 8), st.integers(-160, 8 * HEIGHT + 160).map(lambda y: y / 8)
)
polygons = st.lists(points, min_size=3, max_size=4).map(tuple)
words = st.builds(Word, word_texts, probabilities, polygons, st.none() | st.lists(alternatives, max_size=1).map(tuple))
regions = st.builds(Region, st.sampled_from(["column", "margin"]), polygons)


@st.composite
def straight_baselines(draw: st.DrawFn) -> Polyline:
    """A straight baseline in 2 to 5 points, not steep, from left to right, rounded as all coordinates are."""
    x, y = draw(st.integers(0, WIDTH - 60)), draw(st.integers(0, HEIGHT))
    length = draw(st.integers(50, WIDTH - x))
    slope = draw(st.floats(-0.9, 0.9))
    steps = draw(st.integers(1, 4))
    return polyline((x + length * i / steps, y + slope * length * i / steps) for i in range(steps + 1))


cells = st.none() | st.integers(0, 40)


@st.composite
def lines(draw: st.DrawFn, region_count: int) -> Line:
    """A line of one of the regions; its text is that of its words."""
    own = draw(st.lists(words, max_size=3).map(tuple))
    return Line(
        text=" ".join(word.text for word in own),
        confidence=draw(probabilities),
        baseline=draw(straight_baselines()),
        polygon=draw(polygons),
        words=own,
        region=draw(st.integers(0, region_count - 1)),
        paragraph=draw(st.integers(0, 3)),
        language=draw(languages),
        row=draw(cells),
        column=draw(cells),
    )


@st.composite
def pages(draw: st.DrawFn, number: int = 1) -> Page:
    """A page with up to three lines, of any status."""
    blocks = draw(st.lists(regions, min_size=1, max_size=2).map(tuple))
    return Page(
        number=number,
        source=draw(texts),
        source_sha256=draw(st.sampled_from(["0" * 64, "9f" * 32])),
        width=WIDTH,
        height=HEIGHT,
        dpi=draw(st.floats(0, 1200, width=32)),
        rotation=draw(st.sampled_from([0, 90, 180, 270])),
        skew_degrees=draw(st.floats(-45, 45, width=32)),
        status=draw(st.sampled_from(["read", "blank", "doubtful", "failed"])),
        lines=draw(st.lists(lines(len(blocks)), max_size=3).map(tuple)),
        regions=blocks,
        bundle=draw(texts),
        revision=draw(texts),
        language=draw(languages),
        confidence=draw(st.none() | probabilities),
        expected_cer=draw(st.none() | probabilities),
        origin=draw(st.sampled_from(["read", "pdf"])),
        agreement=draw(st.none() | probabilities),
    )


records = st.builds(
    Record,
    *[texts] * 5,
    further=st.dictionaries(texts, texts, max_size=3).map(lambda cells: tuple(cells.items())),
)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A document of up to three pages, whose numbers may have gaps."""
    numbers = sorted(draw(st.sets(st.integers(1, 2000), max_size=3)))
    identifier = draw(st.from_regex(r"[a-z0-9-]{1,12}-[0-9a-f]{8}", fullmatch=True))
    collection = draw(st.from_regex(r"[A-Za-z0-9._-]{1,8}", fullmatch=True))
    return Document(identifier, collection, tuple(draw(pages(number)) for number in numbers), draw(records))


failures = st.builds(
    Failure,
    source=texts,
    page=st.none() | st.integers(1, 2000),
    stage=st.sampled_from(["probe", "text", "render", "segment", "recognise", "commit"]),
    kind=st.sampled_from(sorted(KINDS)),
    message=texts,
    tries=st.integers(1, 3),
)
