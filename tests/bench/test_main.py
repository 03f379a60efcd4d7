"""The table and the plot of made-up measurements."""

from pathlib import Path
from typing import Any

import pytest

import bench.__main__ as bench
from bench.watch import watch

RUN = {"pages": 56, "pages_a_second": 1.5, "cpu_seconds_a_page": 0.9}
RESULT: dict[str, Any] = {
    "machine": {"processor": "A Processor", "cores": 2},
    "runs": {
        "samples": {
            "inkbeam": {**RUN, "seconds_a_page_by_stage": {"render": 0.1, "recognise": 0.5}},
            "tesseract": {**RUN, "cpu_seconds_a_page": 1.8},
        }
    },
    "parts": {
        "finding_lines_cpu_seconds_a_page": {"learned": 0.3, "tesseract": 0.2},
        "network_lines_a_second": 80.0,
        "decoder_ms_a_line": 1.6,
        "tesseract_ms_a_line": 20.0,
    },
    "memory_mb": {"100": 1300, "tesseract": 140},
    "index": {
        "gathering": {"words a second of documents of 1 page": 200000},
        "merging": {"rows": 10000000, "rows a second": 800000, "bytes a row": 5.7},
        "queries": {"a word": {"query": "rare", "seconds": 0.0625, "megabytes": 120}},
    },
}


def test_the_table_tells_speed_parts_memory_and_the_price() -> None:
    told = list(bench.table(RESULT, 0.04))
    assert "A Processor" in told[0]
    assert told[2].split() == ["samples,", "inkbeam", "56", "1.50", "0.90", "10"]
    assert told[3].split()[-1] == "20"
    assert "render 0.1, recognise 0.5" in told[4]
    assert "peak memory, 100 pages: 1300 MB" in told
    assert "peak memory, tesseract, one process a core: 140 MB" in told
    assert "word index: 200,000 words a second of documents of 1 page" in told
    assert [line.split() for line in told if "rare" in line] == [["a", "word,", "rare", "0.062", "s", "120", "MB"]]


def test_the_plot_shows_all_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "PLOT", tmp_path / "history.png")
    other = {"runs": {"pages": RESULT["runs"]["samples"]}}
    bench.plot([{"commit": "a", **RESULT}, {"commit": "b", **RESULT}, {"commit": "c", **other}])
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")


def test_a_command_is_watched_with_its_children() -> None:
    usage = watch(["sh", "-c", "sleep 0.5 & wait; exit 3"])
    assert usage.code == 3
    assert usage.wall >= 0.5
    assert usage.processes >= 2
    assert usage.peak_mb > 0
