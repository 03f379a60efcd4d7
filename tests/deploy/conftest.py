"""The wheel as `pip` makes it of this checkout, installed ahead of the source tree, and processes that use it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pipeline.clusters import listens, until
from tests.pipeline.conftest import digitize as digitize

ROOT = Path(__file__).parents[2]
PACKAGES = ("pipeline", "recognizer", "segmentation")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


@dataclass(frozen=True)
class Installed:
    """A folder that Inkbeam was installed into, and one to work in where no source is."""

    folder: Path
    elsewhere: Path

    @property
    def environment(self) -> dict[str, str]:
        """Beam's worker pool starts plain `python`, so this one comes first."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return os.environ | {"PYTHONPATH": str(self.folder), "PATH": path, "OMP_NUM_THREADS": "1"}

    def python(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run Python to its end."""
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment, cwd=self.elsewhere, capture_output=True, text=True, timeout=240, check=False
        )

    @contextmanager
    def serving(self, module: str, port: int, *arguments: str) -> Iterator[None]:
        """A module of Python that serves a port of this machine for as long as the block lasts."""
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=self.environment,
            cwd=self.elsewhere,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            until(lambda: listens(port), f"{module} to listen", 60)
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy, since setuptools leaves folders behind."""
    source = tmp_path_factory.mktemp("source")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    made = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(made), str(source)],
        check=True,
        timeout=240,
    )
    return next(made.glob("*.whl"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel without what it needs, which this environment has."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([*PIP, "install", "--no-deps", "--target", str(folder), str(wheel)], check=True, timeout=240)
    return Installed(folder, tmp_path_factory.mktemp("elsewhere"))
