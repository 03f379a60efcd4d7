from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.commit import write_parquet
from pipeline.corrections.crops import GEOMETRY, KEPT, LONG_SIDE, Pictures
from pipeline.corrections.queue import Place
from pipeline.document import Document
from pipeline.files import hash_file
from pipeline.rendering import Rendered, Renderer
from pipeline.scans import ScanGone
from pipeline.settings import Render
from pipeline.storage import LocalStorage
from tests.pipeline.corrections.served import archive
from tests.pipeline.drawn import save_pdf, save_png
from tests.pipeline.report.made import page

A1, A2 = (Place("default", "a-00000000", 1, line) for line in (1, 2))


def pixels(webp: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(cv2.imdecode(np.frombuffer(webp, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


def test_a_line_is_cut_out_and_its_page_reduced(tmp_path: Path) -> None:
    with Pictures(archive(tmp_path)) as pictures:
        one, other, whole = pixels(pictures.crop(A1)), pixels(pictures.crop(A2)), pixels(pictures.scan(A1))
    assert one.shape[0] == other.shape[0] == GEOMETRY.height
    assert one.shape[1] > one.shape[0]
    assert not np.array_equal(one, other)
    assert one.min() < 100 < 200 < one.max()
    assert whole.shape == (400, 640)
    assert max(whole.shape) <= LONG_SIDE


def test_pages_of_a_file_are_told_apart_and_the_last_ones_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = save_pdf(tmp_path / "many.pdf", range(KEPT + 2))
    with Renderer(Render()) as renderer:
        height, width = renderer.render(str(source), 1).gray.shape
    first = replace(page(str(source), 1, 0.5, "one line"), width=width, height=height)
    first = replace(first, source_sha256=hash_file(str(source)))
    storage = LocalStorage(str(tmp_path / "out"))
    numbers = range(1, KEPT + 3)
    write_parquet(storage, Document("m-0", "default", tuple(replace(first, number=n) for n in numbers)), (), {})
    rendered: list[int] = []
    render = Renderer.render

    def counted(self: Renderer, path: str, number: int) -> Rendered:
        rendered.append(number)
        return render(self, path, number)

    monkeypatch.setattr(Renderer, "render", counted)
    with Pictures(storage) as pictures:
        seen = [pictures.scan(Place("default", "m-0", number, 1)) for number in numbers]
        pictures.crop(Place("default", "m-0", numbers[-1], 1))
        pictures.crop(Place("default", "m-0", 1, 1))
    assert len(set(seen)) > 1
    assert rendered == [*numbers, 1]


@pytest.mark.parametrize("change", ["gone", "other"])
def test_a_scan_that_is_gone_or_another_says_so(tmp_path: Path, change: str) -> None:
    storage = archive(tmp_path)
    source = tmp_path / "a.png"
    if change == "gone":
        source.unlink()
    else:
        save_png(source, 77)
    with Pictures(storage) as pictures, pytest.raises(ScanGone, match=r"a\.png: (No such file|is not the file)"):
        pictures.crop(A1)


def test_what_is_no_line_has_no_picture(tmp_path: Path) -> None:
    with Pictures(archive(tmp_path)) as pictures:
        for place in (replace(A1, line=9), replace(A1, page=9), replace(A1, document_id="nobody-0")):
            with pytest.raises(FileNotFoundError):
                pictures.crop(place)
