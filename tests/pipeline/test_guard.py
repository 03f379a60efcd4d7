"""What the guard process answers, asked in this process; how it lives and dies is shown in test_rendering.py."""

import errno
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline import guard
from pipeline.faults import VARIABLE
from pipeline.rendered import LENGTH, pack

DECODER = guard.Decoder(dpi=300, max_megapixels=1)


def ask(path: Path, stage: str = "render", page: int = 1) -> dict[str, Any]:
    return DECODER.answer({"stage": stage, "path": str(path), "page": page})[0]


def unpacked(answers: bytes) -> list[dict[str, Any]]:
    """The messages of a run without pixels."""
    stream, messages = io.BytesIO(answers), []
    while length := stream.read(LENGTH.size):
        messages.append(json.loads(stream.read(*LENGTH.unpack(length))))
    return messages


@given(st.dictionaries(st.text(), st.integers() | st.text(st.characters(codec=None)) | st.floats(allow_nan=False)))
def test_messages_survive_their_packing_also_with_surrogate_escapes(message: dict[str, Any]) -> None:
    assert unpacked(pack(message)) == [message]


def test_a_page_and_its_pixels(tmp_path: Path) -> None:
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4)
    Image.fromarray(gray).save(tmp_path / "a.png", dpi=(200, 200))
    message, pixels = DECODER.answer({"stage": "render", "path": str(tmp_path / "a.png"), "page": 1})
    assert message == {"height": 3, "width": 4, "dpi": 200.0, "rotation": 0}
    assert bytes(pixels) == gray.tobytes()


@pytest.mark.parametrize("stage", ["probe", "render"])
@pytest.mark.parametrize(
    ("content", "kind"), [(b"", "empty"), (b"<xml/>", "wrong-type"), (b"\x89PNG\r\n\x1a\n", "truncated")]
)
def test_files_that_are_no_pages(tmp_path: Path, stage: str, content: bytes, kind: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    assert ask(tmp_path / "a.png", stage)["kind"] == kind


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert ask(tmp_path / "none.png") == {"kind": "unreadable", "message": "No such file or directory"}
    assert ask(tmp_path) == {"kind": "unreadable", "message": "Is a directory"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), "out-of-memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out-of-memory"),
        (OSError(errno.EIO, "Input/output error"), "unreadable"),
        (KeyError("x"), "internal"),
    ],
)
def test_errors_become_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str) -> None:
    def failing(_: Path) -> None:
        raise error

    monkeypatch.setattr(guard, "_filetype", failing)
    assert ask(tmp_path)["kind"] == kind


def test_faults_reach_the_file_they_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "render:memory:bad")
    for name in ("bad.png", "good.png"):
        Image.new("L", (4, 4)).save(tmp_path / name)
    assert ask(tmp_path / "bad.png")["kind"] == "out-of-memory"
    assert ask(tmp_path / "bad.png", "probe") == {"pages": 1}
    assert ask(tmp_path / "good.png")["width"] == 4


def test_serving_says_ready_answers_in_order_and_ends_with_the_requests(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    asked = [{"stage": "probe", "path": str(tmp_path / name), "page": 0} for name in ("a.png", "b.png")]
    answers = io.BytesIO()
    guard.serve(io.BytesIO(b"".join(map(pack, asked)) + b"\0\0"), answers, DECODER)
    ready, first, second = unpacked(answers.getvalue())
    assert (ready, first, second["kind"]) == ({"ready": True}, {"pages": 1}, "unreadable")
