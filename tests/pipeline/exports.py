"""Exports of transcription programs, made small: drawn pages and their XML, as eScriptorium or Transkribus lay them."""

from pathlib import Path

from tests.pipeline import drawn

SIZE = (640, 400)
METS = b'<mets xmlns="http://www.loc.gov/METS/"><fileSec/></mets>'


def alto(image: str, texts: tuple[str, ...] = ("one", "two", "three"), scale: float = 1, unit: str = "pixel") -> bytes:
    """ALTO of a drawn page, a line a text; coordinates and size multiplied by the scale."""
    lines = "".join(
        f'<TextLine ID="l{k}" BASELINE="{_points(_baseline(k), scale)}"><Shape><Polygon '
        f'POINTS="{_points(_polygon(k), scale)}"/></Shape><String CONTENT="{text}"/></TextLine>'
        for k, text in enumerate(texts)
    )
    return f"""<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description>
    <MeasurementUnit>{unit}</MeasurementUnit><sourceImageInformation><fileName>{image}</fileName></sourceImageInformation>
    </Description><Layout><Page WIDTH="{SIZE[0] * scale:.0f}" HEIGHT="{SIZE[1] * scale:.0f}"><PrintSpace>
    <TextBlock ID="b">{lines}</TextBlock></PrintSpace></Page></Layout></alto>""".encode()


def page(image: str, texts: tuple[str, ...] = ("one", "two", "three")) -> bytes:
    """PAGE of a drawn page, a line a text."""
    lines = "".join(
        f'<TextLine id="l{k}"><Coords points="{_points(_polygon(k))}"/><Baseline points="{_points(_baseline(k))}"/>'
        f"<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>"
        for k, text in enumerate(texts)
    )
    return f"""<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15">
    <Page imageFilename="{image}" imageWidth="{SIZE[0]}" imageHeight="{SIZE[1]}">
    <TextRegion id="r" primaryLanguage="eng">{lines}</TextRegion></Page></PcGts>""".encode()


def write(path: Path, content: bytes) -> Path:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def save_scan(path: Path, number: int) -> Path:
    """A drawn page, different for every number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = drawn.page(number)
    image.putpixel((number, 0), 0)
    image.save(path)
    return path


def escriptorium(folder: Path, pages: int, first: int = 0) -> Path:
    """Images and ALTO side by side."""
    for k in range(first, first + pages):
        save_scan(folder / f"{k:03}.png", k)
        write(folder / f"{k:03}.xml", alto(f"{k:03}.png"))
    return folder


def transkribus(folder: Path, pages: int) -> Path:
    """Images and a METS file, PAGE and ALTO in folders below."""
    for k in range(pages):
        save_scan(folder / f"{k:03}.png", k)
        write(folder / "page" / f"{k:03}.xml", page(f"{k:03}.png"))
        write(folder / "alto" / f"{k:03}.xml", alto(f"{k:03}.png"))
    write(folder / "mets.xml", METS)
    return folder


def _baseline(number: int) -> list[tuple[int, int]]:
    return [(40, 90 + 90 * number), (600, 90 + 90 * number)]


def _polygon(number: int) -> list[tuple[int, int]]:
    top, bottom = 60 + 90 * number, 100 + 90 * number
    return [(40, top), (600, top), (600, bottom), (40, bottom)]


def _points(points: list[tuple[int, int]], scale: float = 1) -> str:
    return " ".join(f"{x * scale:g},{y * scale:g}" for x, y in points)
