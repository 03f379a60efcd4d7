"""The Dockerfile, what its build sees, and the wheel that it installs: complete, and working where no source is."""

import re
import subprocess
import sysconfig
import zipfile
from pathlib import Path

import pytest

from pipeline.failures import ExitCode
from tests.deploy.conftest import PACKAGES, ROOT, Installed
from tests.deploy.dockerfile import ignored, parsed, sources
from tests.pipeline.clusters import QUICK, free_port
from tests.pipeline.conftest import contents
from tests.pipeline.drawn import save_png

pytestmark = pytest.mark.long

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
IGNORE = ROOT / ".dockerignore"
ARGUMENTS, STAGES = parsed(DOCKERFILE)
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
# Read by people, not by the program.
NOT_SHIPPED = {"segmentation/README.md"}


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    copied = [path for stage in STAGES.values() for copy in stage.all("COPY") for path in sources(copy)]
    assert {"pipeline", "recognizer", "segmentation", "constraints.txt"} <= set(copied)
    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert [path for path in copied if ignored(path, IGNORE)] == []


def test_stages_are_copied_from_stages() -> None:
    froms = re.findall(r"--from=(\S+)", " ".join(copy for stage in STAGES.values() for copy in stage.all("COPY")))
    assert set(froms) <= set(STAGES)


@pytest.mark.parametrize("path", [".git", ".venv/bin", "samples", "tests", "out", "pipeline/formats/__pycache__"])
def test_what_the_image_is_not_made_of_is_ignored(path: str) -> None:
    assert ignored(path, IGNORE)


def test_versions_are_those_of_the_constraints() -> None:
    assert ARGUMENTS["SDK_IMAGE"].endswith(f":{PINS['apache-beam']}")
    written = [
        version
        for file in (ROOT / "deploy").rglob("*")
        if file.is_file()
        for version in re.findall(r"torch==([0-9][0-9.]*[0-9])", file.read_text(encoding="utf-8"))
    ]
    assert set(written) == {PINS["torch"]}


def test_images_have_versions_and_can_be_given_by_digest() -> None:
    images = [stage.parent for stage in STAGES.values() if stage.parent not in STAGES]
    assert set(images) == {"${SDK_IMAGE}", "${PYTHON_IMAGE}", "${LAUNCHER_IMAGE}"}
    for image in images:
        tag = ARGUMENTS[image.strip("${}")].rpartition(":")[2]
        assert tag != "latest"
        assert re.search(r"\d", tag) or "${PYTHON}" in tag


def test_python_is_one_that_the_project_supports() -> None:
    minor = int(ARGUMENTS["PYTHON"].removeprefix("3."))
    assert re.search(rf'requires-python = ">=3.{min(minor, 11)},', (ROOT / "pyproject.toml").read_text())
    assert minor in (11, 12)


def test_every_installation_is_constrained() -> None:
    runs = [command for stage in STAGES.values() for run in stage.all("RUN") for command in run.split("&&")]
    installs = [command for command in runs if "pip install" in command]
    assert len(installs) >= 3
    assert [command for command in installs if "constraints.txt" not in command and "--no-deps" not in command] == []


def test_the_last_stage_is_a_worker_and_not_root() -> None:
    last = list(STAGES.values())[-1]
    assert last.all("USER") == ["10001:10001"]
    assert last.parent == "worker"
    assert STAGES["worker"].all("ENTRYPOINT") == ['["/opt/apache/beam/boot"]']
    assert "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1" in STAGES["worker"].all("ENV")
    assert all(not stage.all("ENTRYPOINT") for stage in STAGES.values() if stage.name != "worker")


def test_the_image_of_dataflow_has_the_launcher() -> None:
    stage = STAGES["dataflow"]
    launcher = re.search(r"FLEX_TEMPLATE_PYTHON_PY_FILE=(\S+)", " ".join(stage.all("ENV")))
    assert launcher
    assert f"deploy/dataflow/launcher.py {launcher[1]}" in stage.all("COPY")


def test_the_label_tells_the_version() -> None:
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert f'image.version="{version[1]}"' in STAGES["worker"].all("LABEL")[0]


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    shipped = set(zipfile.ZipFile(wheel).namelist())
    files = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"recognizer/bundles/default/bundle.json", "pipeline/SCHEMA.md", "recognizer/page.html"} <= files
    assert files - shipped - NOT_SHIPPED == set()


def test_an_installed_wheel_digitizes_here_and_by_a_worker_pool(installed: Installed, tmp_path: Path) -> None:
    """The pool is what Beam's boot starts with --worker_pool, as beside a task manager of Flink."""
    where = installed.python("-c", "import pipeline; print(pipeline.__file__)")
    assert where.stdout.startswith(str(installed.folder))
    save_png(tmp_path / "scans" / "a.png", 7)
    here, pooled = tmp_path / "here", tmp_path / "pooled"
    command = ("-m", "pipeline.cli", "digitize", tmp_path / "scans", *QUICK, "--workers", "1", "--output")
    ran = installed.python(*command, here)
    assert ran.returncode == ExitCode.DONE, ran.stderr
    jobs, pool = free_port(), free_port()
    with (
        installed.serving("apache_beam.runners.portability.local_job_service_main", jobs, "-p", str(jobs)),
        installed.serving("apache_beam.runners.worker.worker_pool_main", pool, f"--service_port={pool}"),
    ):
        ran = installed.python(
            *(*command, pooled, "--", "--runner=PortableRunner", f"--job_endpoint=localhost:{jobs}"),
            *("--environment_type=EXTERNAL", f"--environment_config=localhost:{pool}"),
        )
    assert ran.returncode == ExitCode.DONE, ran.stderr
    assert contents(pooled) == contents(here) != {}
