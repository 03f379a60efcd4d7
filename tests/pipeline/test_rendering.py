"""The guard process from outside: what comes through, what each way of dying costs, and that nothing is left behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pikepdf
import psutil
import pytest
from PIL import Image

from pipeline.failures import KINDS, PageError
from pipeline.faults import VARIABLE
from pipeline.rendering import Renderer
from pipeline.settings import Render

NOISE = np.random.default_rng(7).integers(0, 256, (500, 700), np.uint8)
GRACE_SECONDS = 20.0

Children = Callable[[], list[psutil.Process]]

needs_poppler = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler-utils are not installed")


@pytest.fixture(scope="module")
def warm() -> Iterator[Renderer]:
    with Renderer(Render()) as renderer:
        yield renderer


@pytest.fixture
def good(tmp_path: Path) -> str:
    Image.fromarray(NOISE).save(tmp_path / "good.png", dpi=(300, 300))
    return str(tmp_path / "good.png")


@pytest.fixture
def bad(tmp_path: Path) -> str:
    Image.fromarray(NOISE).save(tmp_path / "bad.png")
    return str(tmp_path / "bad.png")


@pytest.fixture
def new_children() -> Children:
    """Tells which processes below this one were started in this test and are running."""
    before = running_children(psutil.Process())
    return lambda: [child for child in running_children(psutil.Process()) if child not in before]


def running_children(process: psutil.Process) -> list[psutil.Process]:
    """Children and theirs, without those that have ended and are only not yet waited for."""
    return [child for child in process.children(recursive=True) if is_running(child)]


def is_running(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(processes: list[psutil.Process]) -> bool:
    deadline = time.monotonic() + GRACE_SECONDS
    while any(map(is_running, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(is_running, processes))


def failure(renderer: Renderer, path: str, page: int = 1) -> PageError:
    with pytest.raises(PageError) as error:
        renderer.render(path, page)
    assert error.value.stage == "render"
    assert error.value.kind in KINDS
    return error.value


def assert_good(renderer: Renderer, path: str) -> None:
    page = renderer.render(path, 1)
    assert np.array_equal(page.gray, NOISE)
    assert page.gray.flags.writeable
    assert (page.dpi, page.rotation) == (300.0, 0)


def test_pages_come_through(warm: Renderer, good: str) -> None:
    assert warm.count_pages(good) == 1
    assert_good(warm, good)
    assert_good(warm, good)


@needs_poppler
def test_pages_of_a_pdf_come_through(warm: Renderer, tmp_path: Path) -> None:
    image = Image.fromarray(NOISE)
    image.save(tmp_path / "a.pdf", save_all=True, append_images=[image.resize((300, 200))], resolution=150)
    assert warm.count_pages(str(tmp_path / "a.pdf")) == 2
    assert [warm.render(str(tmp_path / "a.pdf"), page).gray.shape for page in (1, 2)] == [(500, 700), (200, 300)]


@pytest.mark.parametrize("name", [b"\xff\xfe.png", "née \n[1]*.png".encode(), b"-f.png", b"a:b,c.png"])
@pytest.mark.parametrize("kind", ["png", pytest.param("pdf", marks=needs_poppler)])
def test_any_file_name(warm: Renderer, good: str, tmp_path: Path, name: bytes, kind: str) -> None:
    if kind == "pdf":
        Image.fromarray(NOISE).save(good, "pdf")
    path = Path(good).rename(tmp_path / os.fsdecode(name))
    assert warm.render(str(path), 1).gray.shape == NOISE.shape


def test_failures_say_stage_and_kind(warm: Renderer, tmp_path: Path, good: str) -> None:
    (tmp_path / "empty.pdf").touch()
    assert failure(warm, str(tmp_path / "empty.pdf")).kind == "empty"
    assert failure(warm, str(tmp_path / "none.pdf")).kind == "unreadable"
    assert failure(warm, good, 2).kind == "changed"
    with pytest.raises(PageError) as error:
        warm.count_pages(str(tmp_path / "empty.pdf"))
    assert (error.value.stage, error.value.kind) == ("probe", "empty")
    assert_good(warm, good)


@needs_poppler
def test_a_bomb_page_is_refused(warm: Renderer, tmp_path: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(14400, 14400))
        pdf.save(tmp_path / "bomb.pdf")
    assert "3600 megapixels; allowed are 300" in failure(warm, str(tmp_path / "bomb.pdf")).message


def test_nothing_is_printed(warm: Renderer, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image = Image.fromarray(NOISE)
    image.save(tmp_path / "odd.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05")
    image.save(tmp_path / "cut.tif", compression="tiff_lzw")
    content = bytearray((tmp_path / "cut.tif").read_bytes())
    content[5000:9000] = bytes(4000)
    (tmp_path / "cut.tif").write_bytes(content)
    warm.render(str(tmp_path / "odd.jpg"), 1)
    failure(warm, str(tmp_path / "cut.tif"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("action", "kind", "message"),
    [
        ("crash", "crashed", "SIGSEGV"),
        ("die", "crashed", "want of memory"),
        ("memory", "out-of-memory", "more memory than allowed"),
        ("hang", "timeout", "not done after 1 seconds"),
    ],
)
def test_what_befalls_the_decoder_costs_one_page(
    good: str, bad: str, monkeypatch: pytest.MonkeyPatch, new_children: Children, action: str, kind: str, message: str
) -> None:
    monkeypatch.setenv(VARIABLE, f"render:{action}:bad.png")
    with Renderer(Render(timeout_seconds=1)) as renderer:
        assert renderer.count_pages(bad) == 1
        error = failure(renderer, bad)
        assert error.kind == kind
        assert message in error.message
        monkeypatch.delenv(VARIABLE)
        renderer._settings = Render()  # a busy machine may take more than a second for a page that is well
        assert_good(renderer, good)
        assert len(new_children()) == 1
    assert not new_children()


def test_probing_is_guarded_too(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "probe:crash:bad")
    with Renderer(Render()) as renderer, pytest.raises(PageError) as error:
        renderer.count_pages(bad)
    assert (error.value.stage, error.value.kind) == ("probe", "crashed")


def test_a_guard_that_cannot_be_started_costs_one_page(good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Renderer(Render()) as renderer:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", "/none")
            assert "cannot be started: No such file" in failure(renderer, good).message
        assert_good(renderer, good)


def test_memory_is_limited(tmp_path: Path, good: str) -> None:
    Image.new("1", (12_000, 12_000)).save(tmp_path / "big.png")
    with Renderer(Render(memory_mb=256)) as renderer:
        assert failure(renderer, str(tmp_path / "big.png")).kind == "out-of-memory"
        assert_good(renderer, good)


@needs_poppler
def test_the_memory_of_poppler_is_limited_too(tmp_path: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(3840, 3840))
        pdf.save(tmp_path / "big.pdf")
    with Renderer(Render(memory_mb=256)) as renderer:
        assert failure(renderer, str(tmp_path / "big.pdf")).kind == "out-of-memory"


@needs_poppler
def test_a_poppler_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_children: Children) -> None:
    pdf = hanging_poppler(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with Renderer(Render(timeout_seconds=1)) as renderer:
        assert failure(renderer, pdf).kind == "timeout"
        assert not new_children()


def test_a_guard_that_died_between_two_pages_costs_nothing(good: str, new_children: Children) -> None:
    with Renderer(Render()) as renderer:
        assert_good(renderer, good)
        (guard,) = new_children()
        guard.kill()
        guard.wait(GRACE_SECONDS)
        assert_good(renderer, good)


def test_closing_leaves_nothing_and_is_no_end(good: str, new_children: Children) -> None:
    open_files = psutil.Process().num_fds()
    renderer = Renderer(Render())
    renderer.close()
    assert_good(renderer, good)
    renderer.close()
    renderer.close()
    assert not new_children()
    assert psutil.Process().num_fds() == open_files
    assert_good(renderer, good)
    renderer.close()


def hanging_poppler(folder: Path) -> str:
    """A PDF, and beside it a pdftoppm that never ends."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(72, 72))
        pdf.save(folder / "bad.pdf")
    (folder / "pdftoppm").write_text("#!/bin/sh\nexec sleep 600\n")
    (folder / "pdftoppm").chmod(0o755)
    return str(folder / "bad.pdf")


def wait_for_children(parent: psutil.Process, name: str) -> list[psutil.Process]:
    """All processes below the parent, once one of that name or command line is among them."""
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline:
        children = running_children(parent)
        if any(name in " ".join(child.cmdline()) for child in children):
            return children
        time.sleep(0.02)
    raise AssertionError(f"no {name} was started")


@pytest.mark.parametrize("busy", ["idle", "hang", pytest.param("poppler", marks=needs_poppler)])
def test_a_parent_that_is_killed_leaves_nothing(tmp_path: Path, bad: str, busy: str) -> None:
    path = hanging_poppler(tmp_path) if busy == "poppler" else bad
    code = "import sys, time; from pipeline.rendering import Renderer; from pipeline.settings import Render\n"
    code += "r = Renderer(Render()); r.count_pages(sys.argv[1]); print('warm', flush=True)\n"
    code += "time.sleep(600)" if busy == "idle" else "r.render(sys.argv[1], 1)"
    fault = {VARIABLE: "render:hang:bad.png", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [sys.executable, "-c", code, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | fault) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"warm\n"
        children = wait_for_children(psutil.Process(process.pid), "sleep 600" if busy == "poppler" else "guard")
        os.kill(process.pid, signal.SIGKILL)
    assert len(children) == (2 if busy == "poppler" else 1)
    assert wait_until_gone(children)
