import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from recognizer import arithmetic
from recognizer.arithmetic import Arithmetic
from recognizer.bundle import Bundle

ZEN4 = """processor\t: 0
model name\t: AMD EPYC 9R14: the 4th
flags\t\t: fpu avx512f avx512_bf16 avx512_vnni

processor\t: 1
model name\t: AMD EPYC 9R14: the 4th
flags\t\t: fpu avx512f avx512_bf16 avx512_vnni
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
    assert arithmetic.processor() == (
        "AMD EPYC 9R14: the 4th",
        frozenset({"fpu", "avx512f", "avx512_bf16", "avx512_vnni"}),
    )
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


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "int8_works", lambda: True)


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("avx512_bf16 avx512_vnni", "int8"),
        ("amx_bf16 avx512_vnni", "int8"),
        ("avx512_bf16 avx_vnni", "int8"),
        ("avx512_bf16", "bf16"),
        ("avx512_vnni avx_vnni", "fp32"),
        ("avx2", "fp32"),
    ],
)
def test_what_was_measured_is_read_in_int8_where_the_processor_can(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flags: str, expected: Arithmetic
) -> None:
    described(monkeypatch, tmp_path, f"flags : fpu {flags}")
    assert arithmetic.best(measured=True) == expected
    assert arithmetic.best() == ("bf16" if "bf16" in flags else "fp32")
    assert arithmetic.supported("int8") == (expected == "int8")


def test_where_torch_does_int8_wrong_the_next_arithmetic_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    described(monkeypatch, tmp_path, ZEN4)
    monkeypatch.setattr(arithmetic, "int8_works", lambda: False)
    assert arithmetic.best(measured=True) == "bf16"


def test_another_process_looks_whether_int8_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert not arithmetic.int8_works.__wrapped__()
    monkeypatch.setattr(sys, "executable", "/bin/true")
    assert arithmetic.int8_works.__wrapped__()


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"reader", "lines", "int8/reader", "int8/lines"}, "int8"),
        ({"reader", "int8/reader"}, "int8"),
        ({"reader", "lines", "int8/reader"}, "bf16"),
        ({"reader", "lines", "int8/lines"}, "bf16"),
        ({"reader"}, "bf16"),
    ],
)
def test_a_bundle_is_read_in_int8_when_all_its_networks_were_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, parts: set[str], expected: Arithmetic
) -> None:
    described(monkeypatch, tmp_path, ZEN4)
    bundle = replace(Bundle.load("default"), parts={name: {} for name in parts})
    assert bundle.arithmetic() == expected


def test_a_system_without_cpuinfo_does_fp32(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(arithmetic, "CPUINFO", tmp_path / "missing")
    name, flags = arithmetic.processor()
    assert name
    assert not flags
    assert arithmetic.best() == "fp32"


def test_the_best_arithmetic_is_one_of_those_that_can_be_named() -> None:
    assert arithmetic.best() in arithmetic.ARITHMETICS
