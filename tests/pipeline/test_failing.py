"""Runs with bad input: every failure is named, costs its page alone, and is tried again only when that may help."""

import os
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from pipeline.failures import KINDS, ExitCode
from tests.pipeline.conftest import Digitize, contents, rows
from tests.pipeline.drawn import save_pdf, save_png


def truncated(path: Path) -> None:
    whole = save_png(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def encrypted(path: Path) -> None:
    with pikepdf.open(save_pdf(path, range(1)), allow_overwriting_input=True) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="owner", user="secret"))


def bomb(path: Path) -> None:
    Image.new("1", (40_000, 40_000)).save(path, "PNG")


BROKEN = {
    "truncated": ("cut.png", truncated),
    "empty": ("nothing.tif", lambda path: path.write_bytes(b"")),
    "encrypted": ("locked.pdf", encrypted),
    "wrong-type": ("text.jpg", lambda path: path.write_text("this is no image")),
    "too-large": ("bomb.png", bomb),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_source_fails_by_name_beside_a_good_one(kind: str, tmp_path: Path, digitize: Digitize) -> None:
    name, breaking = BROKEN[kind]
    folder, out = tmp_path / "in", tmp_path / "out"
    save_png(folder / "good.png")
    breaking(folder / name)
    ran = digitize(folder, "--output", out)
    assert ran.code == ExitCode.SOME_FAILED
    assert f"1 {kind}: {KINDS[kind].advice}" in ran.out
    assert name in ran.out
    (failure,) = rows(out, "failures")
    assert failure["kind"] == kind
    assert failure["transient"] is False
    assert failure["advice"] == KINDS[kind].advice
    assert sorted(str(row["status"]) for row in rows(out, "pages")) == ["failed", "read"]
    again = digitize(folder, "--output", out)
    assert again.code == ExitCode.SOME_FAILED
    assert "nothing was due" in again.out
    assert "--redo failed" in again.out


def test_nothing_but_broken_input_is_nothing_done(tmp_path: Path, digitize: Digitize) -> None:
    (tmp_path / "a.pdf").write_bytes(b"")
    assert digitize(tmp_path / "a.pdf", "--output", tmp_path / "out").code == ExitCode.NOTHING_DONE


def test_a_mended_source_is_read_and_its_failure_goes(tmp_path: Path, digitize: Digitize) -> None:
    source, out = tmp_path / "a.png", tmp_path / "out"
    truncated(source)
    digitize(source, "--output", out)
    assert rows(out, "failures")
    save_png(source)
    assert digitize(source, "--output", out).code == ExitCode.DONE
    assert not rows(out, "failures")


def test_a_source_that_breaks_later_keeps_what_was_read(tmp_path: Path, digitize: Digitize) -> None:
    source, out = tmp_path / "a.png", tmp_path / "out"
    save_png(source)
    digitize(source, "--output", out)
    lines = rows(out, "lines")
    source.write_bytes(b"")
    assert digitize(source, "--output", out).code == ExitCode.NOTHING_DONE
    assert rows(out, "lines") == lines
    assert [row["kind"] for row in rows(out, "failures")] == ["empty"]


def test_a_page_that_fails_in_passing_is_tried_again_alone(
    tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean, out = tmp_path / "clean", tmp_path / "out"
    source = save_pdf(tmp_path / "b.pdf", range(3))
    digitize(source, "--output", clean)
    monkeypatch.setenv("INKBEAM_FAULT", "render:crash:b.pdf")
    assert digitize(source, "--output", out).code == ExitCode.NOTHING_DONE
    assert {str(row["kind"]) for row in rows(out, "failures")} == {"crashed"}
    monkeypatch.delenv("INKBEAM_FAULT")
    ran = digitize(source, "--output", out)
    assert ran.code == ExitCode.DONE
    assert "1 retried" in ran.out
    assert contents(out) == contents(clean)


def test_passing_failures_are_given_up_after_three_more_tries(
    tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = save_png(tmp_path / "c.png"), tmp_path / "out"
    monkeypatch.setenv("INKBEAM_FAULT", "render:crash:c.png")
    for tries in range(1, 5):
        digitize(source, "--output", out)
        assert rows(out, "failures")[0]["tries"] == tries
    assert "nothing was due" in digitize(source, "--output", out).out
    monkeypatch.delenv("INKBEAM_FAULT")
    assert digitize(source, "--output", out, "--redo", "failed").code == ExitCode.DONE


def test_too_many_failures_stop_the_run_with_one_message(tmp_path: Path, digitize: Digitize) -> None:
    folder, config = tmp_path / "in", tmp_path / "inkbeam.toml"
    folder.mkdir()
    for k in range(30):
        (folder / f"{k}.png").write_bytes(b"")
    config.write_text("[run]\nmax_failed_after = 10\nwave_pages = 10\n")
    ran = digitize(folder, "--output", tmp_path / "out", "--config", config)
    assert ran.code == ExitCode.STOPPED
    assert "10 of 10 pages failed" in ran.err
    assert len(rows(tmp_path / "out", "failures")) == 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.pdf"], "missing.pdf"),
        ([".", "--bundle", "nowhere"], "no bundle 'nowhere'"),
        ([".", "--config", "nowhere.toml"], "nowhere.toml"),
        ([".", "--formats", "docx"], "docx"),
        ([".", "--collection", "a/b"], "--collection"),
        ([".", "--redo", "nothing-00000000"], "no document nothing-00000000"),
        ([".", "--workers", "0"], "--workers"),
        ([], "INPUT"),
    ],
)
def test_bad_usage_is_explained(
    arguments: list[str], message: str, tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_png(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    ran = digitize(*arguments, "--output", tmp_path / "out")
    assert ran.code == ExitCode.USAGE
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_an_empty_folder_is_nothing_done(tmp_path: Path, digitize: Digitize) -> None:
    ran = digitize(tmp_path, "--output", tmp_path / "out")
    assert ran.code == ExitCode.NOTHING_DONE
    assert str(tmp_path) in ran.err


def test_a_full_disk_is_one_clear_message_and_a_rerun_completes(
    tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out, clean = save_pdf(tmp_path / "a.pdf", range(2)), tmp_path / "out", tmp_path / "clean"
    digitize(source, "--output", clean)
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if str(target).endswith(".parquet") and "lines" in str(target):
            raise OSError(28, os.strerror(28))
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        ran = digitize(source, "--output", out)
    assert ran.code == ExitCode.NOTHING_DONE
    assert "the disk is full" in ran.err
    assert "Traceback" not in ran.err
    assert digitize(source, "--output", out).code == ExitCode.DONE
    assert contents(out) == contents(clean)
