"""Printed pages in one and two columns, and the one PDF that was never on paper."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from samples import files
from samples.drawing import Mask, draw, expose, foxing, paper, stain, turn
from samples.fonts import Fonts
from samples.layout import Rule, Sheet, Style, write
from samples.sheets import A5, CREAM, IVORY, Sample, columns, fill, sheet, text, truths
from samples.vector import vector_pdf

VECTOR_DPI: Final = 300
VECTOR_SIZE: Final = (1750, 2475)


def print_english(fonts: Fonts) -> Sample:
    """A novel in one column, bilevel: an opening page, its empty back, and a page set askew."""
    body = Style("old-standard-tt", 10, 1.32, 1.2, "justify")
    pages = [sheet(fonts, (125, 190), 200, seed) for seed in (71, 72, 73)]
    first, _, third = pages
    _heading(first, ["DOMBEY AND SON"], 22, 15, body)
    _folio(third, "DOMBEY AND SON.", 14, body)
    paragraphs = text("dickens")
    fill([first, third], paragraphs, [[first.box(17, 40, 91, 136)], [third.box(17, 23, 91, 153)]], body, cut=True)
    shapes = [draw(page, paper(page, IVORY, clouds=3, grain=3)) for page in pages]
    scans = [turn(shape, degrees, lid=(255, 255, 255)) for shape, degrees in zip(shapes, (0, 0, -2.2), strict=True)]
    exposed = [expose(scan, 6, page.rng, 0.7) for scan, page in zip(scans, pages, strict=True)]
    return Sample("print-english.tif", files.tiff_bilevel(exposed), truths("English", exposed))


def print_french(fonts: Fonts) -> Sample:
    """A journal in two columns; its second page lies three degrees askew."""
    body = Style("eb-garamond", 9.5, 1.2, 1.2, "justify")
    pages = [sheet(fonts, (165, 235), 150, seed) for seed in (81, 82)]
    _heading(pages[0], ["LETTRES ÉCRITES D’ÉGYPTE"], 16, 16, body)
    _folio(pages[1], "LETTRES ÉCRITES D’ÉGYPTE.", 12, body)
    boxes = [columns(pages[0], 16, 34, 133, 183), columns(pages[1], 16, 22, 133, 195)]
    for page, (left, right) in zip(pages, boxes, strict=True):
        middle = (left.left + left.width + right.left) / 2
        page.rules.append(Rule((middle, left.top), (middle, left.top + left.height), 1))
    fill(pages, text("champollion"), boxes, body, cut=True)
    scans = [stain(draw(page, paper(page, CREAM)), (0.9, 0.9), 30, 25, page.rng) for page in pages]
    scans = [turn(scan, degrees) for scan, degrees in zip(scans, (0, 3), strict=True)]
    scans = [expose(scan, 2, page.rng) for scan, page in zip(scans, pages, strict=True)]
    return Sample("print-french.pdf", files.pdf([files.PdfPage(scan) for scan in scans]), truths("French", scans))


def print_german(fonts: Fonts) -> Sample:
    """A story in two columns on browned paper, in sixteen colours."""
    body = Style("im-fell-english", 9.5, 1.22, 1.2, "justify")
    page = sheet(fonts, A5, 170, 91)
    _heading(page, ["Heidis Lehr- und Wanderjahre"], 10, 15, body)
    fill([page], text("spyri"), [columns(page, 13, 24, 122, 172, gap=6)], body, cut=True)
    scan = foxing(draw(page, paper(page, CREAM, clouds=3, grain=0.5)), 40, page.rng)
    scan = expose(scan, 0.4, page.rng)
    return Sample("print-german.png", files.png_palette(scan, 16), truths("German", [scan]))


def leaf_german(fonts: Fonts) -> Sample:
    """A loose leaf with torn edges; what is not paper is transparent."""
    body = Style("old-standard-tt", 10, 1.3, 1.2, "justify")
    page = sheet(fonts, (125, 190), 150, 101)
    _folio(page, "DIE NARRENBURG.", 15, body)
    fill([page], text("stifter"), [[page.box(18, 25, 90, 150)]], body, cut=True)
    scan = expose(draw(page, paper(page, IVORY, clouds=4, grain=0.6)), 0.8, page.rng)
    return Sample("leaf-german.png", files.png_alpha(scan, _torn(page)), truths("German", [scan]))


def vector_english(fonts: Fonts) -> Sample:
    """A PDF with text instead of scans; its truth is that of a rendering at 300 dpi."""
    exact = replace(fonts, exact=True)
    body = Style("eb-garamond", 11, 1.25, 1.2, "justify")
    pages = [Sheet(*VECTOR_SIZE, VECTOR_DPI, exact, np.random.default_rng(seed)) for seed in (111, 112)]
    _heading(pages[0], ["Captain Cook’s Journal"], 20, 18, body)
    _folio(pages[1], "Captain Cook’s Journal", 12, body)
    paragraphs = text("cook")
    fill([pages[0]], paragraphs[:1], [[pages[0].box(20, 36, 108, 155)]], body)
    small = replace(body, size=9.5)
    fill([pages[1]], paragraphs[1:], [columns(pages[1], 20, 22, 108, 170)], small, cut=True)
    return Sample("vector-english.pdf", vector_pdf(pages), truths("English", pages))


def _heading(page: Sheet, lines: Sequence[str], top: float, size: float, body: Style) -> None:
    title = replace(body, size=size, align="center", indent=0)
    width = page.width * 25.4 / page.dpi
    write(page, "heading", "\n".join(lines), page.box(8, top, width - 16, 12), title)


def _folio(page: Sheet, title: str, top: float, body: Style) -> None:
    width = page.width * 25.4 / page.dpi
    write(page, "header", title, page.box(8, top, width - 16, 8), replace(body, align="center", indent=0))


def _torn(page: Sheet) -> Mask:
    """Where there is paper: a rough outline a few millimetres inside the sheet, float32 [h, w] in 0..1."""
    inset, rough = page.mm(3), page.mm(0.5)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) * (page.width - 2 * inset, page.height - 2 * inset)
    steps = np.linspace(0, 4, 600)
    outline = np.stack([np.interp(steps, range(5), corners[:, axis]) for axis in (0, 1)], axis=1) + inset
    walk = cv2.GaussianBlur(page.rng.standard_normal((600, 2)), (1, 0), sigmaX=0.01, sigmaY=2)
    mask = np.zeros((page.height, page.width), np.float32)
    cv2.fillPoly(mask, [np.round(outline + 3 * rough * walk).astype(np.int32)], 1.0, lineType=cv2.LINE_8)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.7), np.float32)
