from collections.abc import Iterator
from pathlib import Path

import pytest

from recognizer import arithmetic

ZEN4 = """processor\t: 0
model name\t: AMD EPYC 9R14: the 4th
flags\t\t: fpu avx512f avx512_bf16

processor\t: 1
model name\t: AMD EPYC 9R14: the 4th
flags\t\t: fpu avx512f avx512_bf16
a line without a colon
"""


@pytest.fixture(autouse=True)
def _ask_anew() -> Iterator[None]:
    arithmetic.processor.cache_clear()
    yield
    arithmetic.processor.cache_clear()


def described(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    path = folder / "cpuinfo"
    path.write_text(text)
    monkeypatch.setattr(arithmetic, "CPUINFO", path)


def test_name_and_flags_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    described(monkeypatch, tmp_path, ZEN4)
    assert arithmetic.processor() == ("AMD EPYC 9R14: the 4th", frozenset({"fpu", "avx512f", "avx512_bf16"}))
    assert arithmetic.best() == "bf16"


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16"])
def test_either_flag_makes_bf16_supported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flag: str) -> None:
    described(monkeypatch, tmp_path, f"flags : fpu {flag}")
    assert arithmetic.supported("bf16")


def test_an_older_processor_does_fp32(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    described(monkeypatch, tmp_path, ZEN4.replace("avx512_bf16", "avx512_bf16x"))
    assert not arithmetic.supported("bf16")
    assert arithmetic.supported("fp32")
    assert arithmetic.best() == "fp32"


@pytest.mark.parametrize("text", ["", "Features : asimd bf16\nCPU part : 0xd40\n"])
def test_a_processor_described_in_other_words_does_fp32(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    described(monkeypatch, tmp_path, text)
    name, flags = arithmetic.processor()
    assert name
    assert not flags
    assert arithmetic.best() == "fp32"


def test_a_system_without_cpuinfo_does_fp32(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(arithmetic, "CPUINFO", tmp_path / "missing")
    name, flags = arithmetic.processor()
    assert name
    assert not flags
    assert arithmetic.best() == "fp32"


def test_the_best_arithmetic_is_one_of_those_that_can_be_named() -> None:
    assert arithmetic.best() in arithmetic.ARITHMETICS
