"""The language of pages, from the command line to the dataset."""

import re
from pathlib import Path

import pytest

from pipeline.plan import making
from recognizer.bundle import Bundle
from tests.pipeline.conftest import Digitize, rows
from tests.pipeline.drawn import save_png

SAMPLES = Path(__file__).parents[2] / "samples"


def test_the_shipped_bundles_know_three_languages() -> None:
    assert Bundle.load("default").languages == Bundle.load("quick").languages == ("deu", "eng", "fra")


def test_a_language_without_a_model_is_named_before_anything_is_read(tmp_path: Path, digitize: Digitize) -> None:
    ran = digitize(save_png(tmp_path / "one.png", 1), "--output", tmp_path / "out", "--language", "xyz")
    assert ran.code == 2
    assert re.search(r"--language xyz: there are deu, eng, fra, auto, none; `inkbeam lm --from` adds others", ran.err)


@pytest.mark.parametrize(("language", "expected"), [("auto", "eng"), ("none", None), ("fra", "fra")])
def test_pages_and_lines_tell_the_language_they_were_read_in(
    language: str, expected: str | None, tmp_path: Path, digitize: Digitize
) -> None:
    digitize(SAMPLES / "typescript-english.tif", "--output", tmp_path, "--language", language, "--workers", 1)
    (page, *_) = rows(tmp_path, "pages")
    assert page["language"] == expected
    assert {line["language"] for line in rows(tmp_path, "lines")} == {expected}
    assert 0 <= float(str(page["expected_cer"])) < 0.5
    (hocr, *_) = list((tmp_path / "hocr").rglob("*.hocr"))
    assert ('lang="eng"' in hocr.read_text(encoding="utf-8")) == (expected == "eng")


def test_a_given_language_makes_another_revision() -> None:
    assert making("b", "{}") == making("b", "{}", language="auto") == making("b", "{}", reread=False)
    assert making("b", "{}") != making("b", "{}", reread=True)
    assert len({making("b", "{}", language=language) for language in ("auto", "none", "fra")}) == 3
