"""Letters in handwriting fonts, and typescripts."""

from collections.abc import Sequence
from dataclasses import replace

from samples import files
from samples.drawing import bleed, draw, expose, fade, fold, foxing, paper, stain, turn
from samples.fonts import Fonts
from samples.layout import Box, Sheet, Style, write
from samples.sheets import A5, BLUE_BLACK, CARBON, CREAM, GREY, IRON_GALL, IVORY, Sample, fill, sheet, text, truths


def letter_english(fonts: Fonts) -> Sample:
    """Two pages of a letter and the empty back of the sheet; the second page lies on its side in the PDF."""
    hand = Style("homemade-apple", 10.5, 2.1, 1.5, ink=IRON_GALL, wander=0.07, uneven=0.2)
    date, *body = text("austen")
    pages = [sheet(fonts, A5, 170, seed) for seed in (11, 12, 13)]
    _date(pages[0], date, pages[0].box(14, 8, 118, 12), hand)
    fill(pages[:2], body, [[pages[0].box(13, 22, 122, 178)], [pages[1].box(13, 12, 122, 188)]], hand)
    scans = []
    for page in pages:
        scan = foxing(fold(draw(page, paper(page, CREAM)), 0.5), 12, page.rng)
        scans.append(expose(scan, 2, page.rng))
    content = files.pdf([files.PdfPage(scan, rotate) for scan, rotate in zip(scans, (0, 90, 0), strict=True)])
    return Sample("letter-english.pdf", content, truths("English", scans))


def letter_french(fonts: Fonts) -> Sample:
    """A stained letter, photographed with the camera upright on its side."""
    hand = Style("la-belle-aurore", 15, 1.6, 1.5, ink=BLUE_BLACK, wander=0.06, uneven=0.25)
    page = sheet(fonts, A5, 180, 21)
    _fill_letter(page, text("bashkirtseff"), hand)
    scan = stain(draw(page, paper(page, CREAM, clouds=7)), (0.8, 0.22), 24, 55, page.rng)
    scan = foxing(stain(scan, (0.12, 0.85), 38, 38, page.rng), 60, page.rng)
    scan = expose(fold(scan, 0.34), 2.5, page.rng)
    return Sample("letter-french.jpg", files.jpeg(scan, 6), truths("French", [scan]))


def letter_german(fonts: Fonts) -> Sample:
    """A faded letter, scanned at sixteen bits because its ink is hardly darker than its paper."""
    hand = Style("marck-script", 13.5, 1.6, 1.5, ink=IRON_GALL, wander=0.06, uneven=0.3)
    page = sheet(fonts, (125, 180), 150, 31)
    fill([page], text("humboldt"), [[page.box(10, 9, 105, 162)]], hand)
    scan = fade(draw(page, paper(page, IVORY, clouds=4, grain=0.8)), 0.3, 185)
    scan = expose(scan, 0.25, page.rng, blur=0.6)
    return Sample("letter-german.png", files.png_16(scan), truths("German", [scan]))


def letter_bleed(fonts: Fonts) -> Sample:
    """A thin sheet written on both sides: the back shines through, mirrored."""
    hand = Style("cedarville-cursive", 12, 1.95, 1.2, ink=BLUE_BLACK, wander=0.07, uneven=0.2)
    page, verso = sheet(fonts, A5, 170, 41), sheet(fonts, A5, 170, 42)
    date, *body = text("duff-gordon")
    _date(page, date, page.box(14, 8, 118, 12), hand)
    fill([page, verso], body, [[page.box(13, 21, 122, 179)], [verso.box(16, 15, 122, 185)]], hand, cut=True)
    back = bleed(paper(page, IVORY), verso, BLUE_BLACK, 0.42)
    scan = expose(fold(draw(page, back), 0.66), 1.5, page.rng)
    return Sample("letter-bleed.jp2", files.jpeg2000(scan), truths("English", [scan]))


def typescript_english(fonts: Fonts) -> Sample:
    """Two typed pages, laid on the scanner askew in opposite directions."""
    machine = Style("special-elite", 10, 1.75, 2.5, uneven=0.45, typed=True)
    pages = [sheet(fonts, A5, 150, seed) for seed in (51, 52)]
    write(pages[1], "page-number", "- 2 -", pages[1].box(20, 9, 108, 8), replace(machine, indent=0, align="center"))
    boxes = [[pages[0].box(18, 18, 114, 172)], [pages[1].box(18, 22, 114, 168)]]
    fill(pages, text("stewart"), boxes, machine)
    scans = []
    for page, degrees in zip(pages, (2.6, -2.1), strict=True):
        scan = turn(draw(page, paper(page, GREY, clouds=3, grain=0.8)), degrees)
        scans.append(expose(scan, 1, page.rng))
    return Sample("typescript-english.tif", files.tiff_gray(scans), truths("English", scans))


def typescript_french(fonts: Fonts) -> Sample:
    """A carbon copy: soft letters, little contrast, on the other side of the camera."""
    machine = Style("courier-prime", 10, 1.7, 3, ink=CARBON, uneven=0.5, typed=True)
    page = sheet(fonts, A5, 160, 61)
    fill([page], text("goncourt"), [[page.box(17, 14, 116, 186)]], machine)
    scan = draw(page, paper(page, CREAM, clouds=6, grain=3))
    scan = expose(fade(fold(scan, 0.5), 0.7, 200), 3, page.rng, blur=0.9)
    return Sample("typescript-french.jpg", files.jpeg(scan, 8), truths("French", [scan]))


def _fill_letter(page: Sheet, paragraphs: Sequence[str], hand: Style) -> None:
    greeting, *body = paragraphs
    write(page, "paragraph", greeting, page.box(12, 10, 120, 10), replace(hand, indent=0))
    fill([page], body, [[page.box(12, 24, 124, 176)]], hand)


def _date(page: Sheet, date: str, box: Box, hand: Style) -> None:
    write(page, "other", date, box, replace(hand, indent=0, align="right"))
