"""Dependencies between the rooms point one way."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("pipeline", "segmentation", "recognizer")
HEAVY = ("torch", "apache_beam", "cv2", "pyarrow", "numpy")


def imports(path: Path) -> Iterator[str]:
    """Top-level names of all packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its room"
            yield str(node.module).partition(".")[0]


def importers(room: str, package: str) -> set[str]:
    """Files of a room that import a package."""
    files = (ROOT / room).rglob("*.py")
    return {str(path.relative_to(ROOT)) for path in files if package in imports(path)}


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_hold_files(room: str) -> None:
    assert importers(room, "dataclasses")


@pytest.mark.parametrize(("room", "other"), [(a, b) for a in ROOMS[1:] for b in ROOMS if a != b])
def test_the_lower_rooms_know_no_other(room: str, other: str) -> None:
    assert not importers(room, other)


@pytest.mark.parametrize("room", ROOMS[1:])
def test_only_the_pipeline_knows_beam(room: str) -> None:
    assert not importers(room, "apache_beam")


def test_segmentation_needs_torch_for_training_only() -> None:
    assert all(path.startswith("segmentation/train/") for path in importers("segmentation", "torch"))


def test_help_loads_nothing_heavy() -> None:
    code = f"""
import sys
from pipeline.cli import main
try:
    main(["digitize", "--help"])
finally:
    print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--output" in done.stdout
    assert done.stderr == "[]\n"


def test_the_process_of_a_wave_loads_no_network() -> None:
    code = "import sys, pipeline.graph; print([name for name in ('torch', 'numba') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
