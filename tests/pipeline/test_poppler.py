import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from pipeline import poppler
from pipeline.rendered import Rendered, Unrenderable

if shutil.which("pdftoppm") is None:
    pytest.skip("poppler-utils are not installed", allow_module_level=True)

NOISE = np.random.default_rng(3).integers(0, 256, (400, 600), np.uint8)
INVISIBLE_TEXT = "BT /F 20 Tf 3 Tr 30 30 Td (hidden) Tj ET"


def image(pdf: pikepdf.Pdf, pixels: npt.NDArray[np.uint8], **entries: Any) -> pikepdf.Object:
    height, width = pixels.shape
    entries = {"ColorSpace": Name.DeviceGray, "BitsPerComponent": 8} | entries
    kind = {"Type": Name.XObject, "Subtype": Name.Image, "Width": width, "Height": height}
    return pdf.make_stream(pixels.tobytes(), **kind, **entries)


def add_page(
    pdf: pikepdf.Pdf, size: tuple[float, float], content: str, images: dict[str, Any] | None = None, **entries: Any
) -> None:
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    resources = Dictionary(XObject=Dictionary(images or {}), Font=Dictionary(F=font))
    stream = pdf.make_stream(content.encode())
    page = Dictionary(Type=Name.Page, MediaBox=Array([0, 0, *size]), Resources=resources, Contents=stream, **entries)
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))


def scan(
    path: Path,
    size: tuple[float, float],
    *,
    place: str | None = None,
    pixels: npt.NDArray[np.uint8] = NOISE,
    extra: str = "",
    **entries: Any,
) -> Path:
    """A page of `size` points that is one image, put there by the matrix `place`."""
    pdf = pikepdf.new()
    content = f"q {place or f'{size[0]} 0 0 {size[1]} 0 0'} cm /I Do Q {extra}"
    add_page(pdf, size, content, {"/I": image(pdf, pixels)}, **entries)
    pdf.save(path)
    return path


def drawn(path: Path, size: tuple[float, float], **entries: Any) -> Path:
    """A page of `size` points with a black square of half an inch at its lower left corner."""
    pdf = pikepdf.new()
    add_page(pdf, size, "0 0 36 36 re f", **entries)
    pdf.save(path)
    return path


def rendered(path: Path, page: int = 1, dpi: int = 300, max_megapixels: int = 300) -> Rendered:
    return poppler.render(path, page, dpi, max_megapixels)


def kind_of(path: Path, **limits: int) -> str:
    with pytest.raises(Unrenderable) as error:
        rendered(path, **limits)
    return error.value.kind


@pytest.mark.parametrize("size", [(300, 200), (144.13, 96.1), (600, 400)])
@pytest.mark.parametrize("extra", ["", INVISIBLE_TEXT])
def test_a_scan_comes_out_pixel_by_pixel(tmp_path: Path, size: tuple[float, float], extra: str) -> None:
    page = rendered(scan(tmp_path / "a.pdf", size, extra=extra))
    assert np.array_equal(page.gray, NOISE)
    assert page.dpi == pytest.approx(600 / size[0] * 72, abs=1 / 16)


@pytest.mark.parametrize("turn", [0, 90, 180, 270, 360, -90])
def test_a_turned_scan_comes_out_pixel_by_pixel(tmp_path: Path, turn: int) -> None:
    page = rendered(scan(tmp_path / "a.pdf", (300, 200), Rotate=turn))
    assert np.array_equal(page.gray, np.rot90(NOISE, -turn // 90))
    assert (page.rotation, page.dpi) == (turn % 360, 144.0)


def test_a_scan_that_the_page_itself_lays_on_its_side(tmp_path: Path) -> None:
    page = rendered(scan(tmp_path / "a.pdf", (200, 300), place="0 300 -200 0 200 0"))
    assert np.array_equal(page.gray, np.rot90(NOISE))
    assert page.rotation == 0


def test_a_turned_scan_whose_sides_do_not_quite_fit_keeps_all_of_it(tmp_path: Path) -> None:
    page = rendered(scan(tmp_path / "a.pdf", (300, 201), Rotate=90))
    assert page.gray.shape == pytest.approx((600, 400), rel=0.01)


def test_a_fax_keeps_the_finer_of_its_resolutions(tmp_path: Path) -> None:
    page = rendered(scan(tmp_path / "a.pdf", (300, 400)))
    assert page.gray.shape == (800, 600)


@pytest.mark.parametrize(("share", "dpi"), [(0.97, 148.0), (0.6, 300.0)])
def test_an_image_makes_a_scan_when_it_covers_the_page(tmp_path: Path, share: float, dpi: float) -> None:
    path = scan(tmp_path / "a.pdf", (300, 200), place=f"{300 * share} 0 0 {200 * share} 0 0")
    assert rendered(path).dpi == pytest.approx(dpi, abs=1)


def test_the_ink_layer_of_a_layered_scan_gives_the_resolution(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    paper = image(pdf, NOISE[::4, ::4].copy())
    ink = image(pdf, NOISE[::4, ::4].copy(), SMask=image(pdf, NOISE))
    content = "q 300 0 0 200 0 0 cm /Paper Do /Ink Do Q"
    add_page(pdf, (300, 200), content, {"/Paper": paper, "/Ink": ink})
    pdf.save(tmp_path / "a.pdf")
    assert rendered(tmp_path / "a.pdf").gray.shape == (400, 600)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_drawn_page_is_rendered_at_the_given_resolution_and_turned(tmp_path: Path, turn: int) -> None:
    page = rendered(drawn(tmp_path / "a.pdf", (144, 216), Rotate=turn), dpi=100)
    upright = np.full((300, 200), 255, np.uint8)
    upright[250:, :50] = 0
    expected = np.rot90(upright, -turn // 90)
    assert page.gray.shape == expected.shape
    assert np.mean(page.gray != expected) < 0.01
    assert (page.dpi, page.rotation) == (100.0, turn)


def test_pages_of_mixed_sizes(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    for size in ((144, 72), (72, 216)):
        add_page(pdf, size, "")
    add_page(pdf, (300, 300), "", CropBox=Array([100, 100, 172, 244]))
    pdf.save(tmp_path / "a.pdf")
    assert poppler.count_pages(tmp_path / "a.pdf") == 3
    shapes = [rendered(tmp_path / "a.pdf", number, dpi=100).gray.shape for number in (1, 2, 3)]
    assert shapes == [(100, 200), (300, 100), (200, 100)]


def test_a_password_is_asked_for(tmp_path: Path) -> None:
    with pikepdf.open(drawn(tmp_path / "a.pdf", (72, 72))) as pdf:
        pdf.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(user="secret", owner="secret"))
        pdf.save(tmp_path / "open.pdf", encryption=pikepdf.Encryption(user="", owner="secret"))
    assert kind_of(tmp_path / "locked.pdf") == "encrypted"
    assert rendered(tmp_path / "open.pdf").gray.shape == (300, 300)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.97])
def test_a_pdf_that_is_cut_off_is_truncated(tmp_path: Path, share: float) -> None:
    path = scan(tmp_path / "a.pdf", (300, 200))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert kind_of(path) == "truncated"


def test_padding_behind_the_end_mark_is_no_damage(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.pdf", (72, 72))
    path.write_bytes(path.read_bytes() + b"\0" * 4096)
    assert rendered(path).gray.shape == (300, 300)


@pytest.mark.parametrize("content", [b"%PDF-1.4\n%%EOF", b"%PDF-1.4\nnonsense\nstartxref\n0\n%%EOF\n"])
def test_a_pdf_without_pages_is_truncated(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(content)
    assert kind_of(tmp_path / "a.pdf") == "truncated"


def test_a_page_that_is_not_there_has_changed(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.pdf", (72, 72))
    with pytest.raises(Unrenderable) as error:
        rendered(path, 2)
    assert error.value.kind == "changed"


def test_a_huge_page_is_refused_before_it_is_drawn(tmp_path: Path) -> None:
    assert kind_of(drawn(tmp_path / "a.pdf", (14400, 14400))) == "too-large"
    assert kind_of(scan(tmp_path / "b.pdf", (30, 20), pixels=np.zeros((1100, 1000), np.uint8)), max_megapixels=1) == (
        "too-large"
    )


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a script in the place of pdftoppm."""
    program = folder / "pdftoppm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("kill -SEGV $$", "crashed"),
        ("printf 'P5\\n1 1\\n255\\n0'; echo Out of memory >&2", "out-of-memory"),
        ('echo "what():  std::bad_alloc" >&2; kill -ABRT $$', "out-of-memory"),
        ("printf 'P5\\n300 300\\n255\\n'", "truncated"),
        ("echo 'Syntax Error: broken' >&2; exit 1", "truncated"),
    ],
)
def test_how_pdftoppm_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, kind: str) -> None:
    path = drawn(tmp_path / "a.pdf", (72, 72))
    stand_in(tmp_path, f"ulimit -c 0; {script}", monkeypatch)
    assert kind_of(path) == kind


def test_without_poppler_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = drawn(tmp_path / "a.pdf", (72, 72))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unrenderable, match="install poppler-utils"):
        poppler.count_pages(path)
