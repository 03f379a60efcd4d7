"""The soak's own machinery: what is planned depends on the seed alone, and what goes wrong in an OUT is seen."""

import io
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from bench.soak import check, faults, inputs, storm
from bench.soak.damage import DAMAGES, damaged
from bench.soak.faults import FAULTS, Strike
from bench.soak.inputs import Maker, Scan
from bench.soak.memory import ALONE, Memory, largest
from bench.soak.report import result, table
from bench.soak.scene import Clock, Disk, Scene
from pipeline import state
from pipeline.commit import Committer
from pipeline.document import Line, Page, Region
from pipeline.failures import Failure
from pipeline.outcome import Outcome
from pipeline.sources import document_id
from pipeline.storage import LocalStorage
from pipeline.tasks import Task

SCANS = (
    Scan("a.pdf", (0, 1)),
    Scan("b.png", (2,), late=True),
    Scan("damaged/c.png", (3, 4), "cut-png"),
)


@pytest.fixture
def maker() -> Maker:
    return Maker([np.random.default_rng(0).integers(0, 255, (500, 900), np.uint8)], seed=1)


def commit(out: Path, folder: Path, scan: Scan) -> None:
    """What a run writes of a scan: a line on each page, or one failure."""
    path = str(folder / scan.name)
    box = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))
    line = Line("text", 1.0, ((0.0, 9.0), (9.0, 9.0)), box, (), 0, 0, None)
    pages = [
        Page(n, path, "0" * 64, 9, 9, 150.0, 0, 0.0, "read", (line,), (Region("column", box),), "bundle", "revision")
        for n, _ in enumerate(scan.pages, 1)
    ]
    failures = [Failure(path, None, "probe", "truncated", "damaged")] if scan.damage else []
    task = Task(document_id(path), "default", path, 1, 2, "s", "0" * 64, "revision", 1, (), failures=tuple(failures))
    Committer(str(out), ("hocr",), "bundle").commit(
        task, Outcome(() if failures else tuple(pages), tuple(failures), {})
    )


def dataset(tmp_path: Path, name: str) -> Path:
    for scan in SCANS:
        commit(tmp_path / name, tmp_path / "scans", scan)
    state.fold(LocalStorage(str(tmp_path / name)))
    return tmp_path / name


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return dataset(tmp_path, "reference")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return dataset(tmp_path, "out")


@pytest.fixture
def scene(tmp_path: Path, maker: Maker) -> Scene:
    (tmp_path / "scans" / "damaged").mkdir(parents=True)
    for scan in SCANS:
        (tmp_path / "scans" / scan.name).write_bytes(b"")
    return Scene(tmp_path, tmp_path / "out", SCANS, maker, Disk(tmp_path / "disk"), Clock(tmp_path / "clock"))


@pytest.fixture
def sleeping(scene: Scene) -> Iterator[Scene]:
    """With a run that does nothing."""
    scene.run = subprocess.Popen(sleeper(""), text=True)
    yield scene
    scene.run.kill()
    scene.run.wait()


def sleeper(before: str) -> list[str]:
    return [sys.executable, "-c", f"{before}\nimport time; time.sleep(60)", "pipeline.cli"]


def test_a_plan_depends_on_its_seed_alone() -> None:
    assert inputs.plan(300, 1) == inputs.plan(300, 1) != inputs.plan(300, 2)
    assert faults.plan(2, 1) == faults.plan(2, 1) != faults.plan(2, 2)


@pytest.mark.parametrize("pages", [40, 400])
def test_a_plan_has_all_pages_once_and_one_in_twenty_damaged(pages: int) -> None:
    scans = inputs.plan(pages, 1)
    numbers = [number for scan in scans for number in scan.pages]
    assert len(numbers) == len(set(numbers))
    assert sum(len(scan.pages) for scan in inputs.healthy(scans)) == pages
    broken = Counter(scan.damage for scan in scans if scan.damage)
    assert broken.keys() == DAMAGES.keys()
    assert broken.total() == max(len(DAMAGES), pages // 20)
    assert len({scan.name for scan in scans}) == len(scans)


def test_a_plan_has_every_fault_once_a_round() -> None:
    assert Counter(strike.fault for strike in faults.plan(3, 1)) == dict.fromkeys(FAULTS, 3)


def test_files_are_made_from_the_seed_and_are_all_different(maker: Maker) -> None:
    scan = SCANS[1]
    assert maker.content(scan) == maker.content(scan) != maker.first_content(scan)
    assert maker.content(scan) != maker.content(Scan("b.png", (5,)))
    assert Image.open(io.BytesIO(maker.content(scan))).size == (inputs.WIDTH, inputs.HEIGHT)


def test_a_pdf_bears_no_date_of_its_making(maker: Maker) -> None:
    assert maker.content(SCANS[0]).count(b"(D:19700101000000Z)") == 2


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_a_file_has_its_pages(suffix: str, maker: Maker) -> None:
    numbers = (1, 2) if suffix == ".tif" else (1,)
    content = maker.content(Scan(f"a{suffix}", numbers))
    assert content == maker.content(Scan(f"a{suffix}", numbers))
    image = Image.open(io.BytesIO(content))
    assert getattr(image, "n_frames", 1) == len(numbers)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_another(name: str, maker: Maker) -> None:
    suffix = DAMAGES[name].suffix
    whole = maker.content(Scan(f"a{suffix}", (1, 2) if suffix in (".pdf", ".tif") else (1,)))
    assert damaged(whole, name, Random(1)) != whole


def problems(out: Path, reference: Path) -> check.Verdict:
    return check.judged(out, SCANS, out.parent / "scans", reference)


def test_a_whole_out_has_no_problem(out: Path, reference: Path) -> None:
    assert not problems(out, reference)
    assert len(check.failed(out)) == 1


def test_a_lost_page_is_seen(out: Path, reference: Path) -> None:
    (name,) = (out / "pages").rglob("b-*.parquet")
    name.unlink()
    verdict = problems(out, reference)
    assert verdict.lost == ["page 1 of b.png"]
    assert any("pages/" in line for line in verdict.other)


def test_a_line_that_stands_twice_is_seen(out: Path, reference: Path) -> None:
    (name,) = (out / "lines").rglob("b-*.parquet")
    rows = pq.ParquetFile(name).read()
    pq.write_table(pa.concat_tables([rows, rows]), name)
    assert [line.split(" ")[0] for line in problems(out, reference).twice] == ["lines"]


def test_a_document_without_its_row_is_seen(out: Path, reference: Path) -> None:
    state.forget(LocalStorage(str(out)), [document_id(str(out.parent / "scans" / "a.pdf"))])
    verdict = problems(out, reference)
    assert verdict.lost == ["the state of a.pdf"]
    assert verdict.other == ["the state is another than that of the calm run"]


def test_leftovers_and_strangers_are_seen(out: Path, reference: Path) -> None:
    (out / "hocr" / ".x.tmp").write_bytes(b"")
    commit(out, out.parent / "scans", Scan("nobody.png", (9,)))
    told = list(problems(out, reference).lines())
    for part in ("left over", "nobody delivered", "not in the state"):
        assert any(part in line for line in told), told


def test_a_snapshot_tells_what_was_written(out: Path) -> None:
    before = check.snapshot(out)
    (out / "runs").mkdir()
    (out / "runs" / "000001.json").write_text("{}")
    assert check.snapshot(out) == before
    (out / "pages" / "new").write_text("")
    assert check.snapshot(out) != before


def test_the_submitter_is_killed(sleeping: Scene) -> None:
    assert sleeping.run is not None
    assert not FAULTS["worker"].strike(sleeping, Random(1))
    assert not FAULTS["power"].strike(sleeping, Random(1))
    assert FAULTS["submitter"].strike(sleeping, Random(1))
    assert sleeping.run.wait(10) == -9


def test_the_submitter_is_killed_at_its_moment(scene: Scene) -> None:
    (scene.out / "index").mkdir(parents=True)
    part = scene.out / "index" / "part-00000001.parquet"
    scene.run = subprocess.Popen(sleeper(f"import time; time.sleep(0.3); open({str(part)!r}, 'w')"), text=True)
    assert FAULTS["indexing"].strike(scene, Random(1))
    assert scene.run.wait(10) == -9
    assert part.exists()


def test_inputs_are_overwritten_with_what_they_are_in_the_end(scene: Scene, maker: Maker) -> None:
    assert FAULTS["modify"].strike(scene, Random(1))
    assert (scene.folder / "scans" / "b.png").read_bytes() == maker.content(SCANS[1])


def test_a_storm_ends_when_all_faults_have_struck(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scene, "command", lambda self, *more: sleeper(""))  # noqa: ARG005
    monkeypatch.setattr(Clock, "environment", lambda self: {})  # noqa: ARG005
    strikes = [Strike(fault, 0, fault) for fault in ("clock", "submitter", "touch", "submitter")]
    runs = storm.storm(scene, strikes, Memory())
    assert [(run.code, run.faults) for run in runs] == [(-9, ["clock", "submitter"]), (-9, ["touch", "submitter"])]
    assert storm.effects(runs)["clock"] == {"run went on": 1}
    assert storm.effects(runs)["submitter"] == {"killed, started again": 2}
    assert not scene.left_over()
    assert not scene.problems


def test_a_run_that_no_fault_explains_is_a_problem(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scene, "command", lambda self, *more: [sys.executable, "-c", "exit('oh')"])  # noqa: ARG005
    ran = storm.calm_run(scene, Memory())
    assert (ran.code, ran.said, ran.expected) == (1, "oh\n", False)
    assert storm.Ran(4, 1.0, "the disk is full: make room", ["touch", "disk"]).expected
    assert not storm.Ran(4, 1.0, "the disk is full: make room", ["disk", "touch"]).expected


@pytest.mark.parametrize(("sizes", "grown"), [((100, 100, 110), []), ((100, 100, 120), ["worker"])])
def test_growth_is_told_by_thirds(sizes: Sequence[int], grown: list[str]) -> None:
    memory = Memory([(400.0 * k, Counter(worker=size)) for k, size in enumerate(sizes)])
    assert memory.peaks() == {"worker": list(map(float, sizes))}
    assert [line.split()[2].strip(":") for line in memory.growth()] == grown
    assert not Memory(memory.samples[:1]).growth()


def test_a_submitter_is_compared_with_itself_while_it_has_a_wave() -> None:
    with_wave = largest([("submitter", 100), ("wave", 300), ("worker", 500), ("worker", 600), (None, 7)])
    assert with_wave == {"all": 1507, "submitter": 100, "wave": 300, "worker": 600}
    assert largest([("submitter", 250)]) == {"all": 250, ALONE: 250}
    samples = [(0.0, Counter({ALONE: 100})), (900.0, Counter({ALONE: 250}))]
    assert Memory(samples).growth() == []


def test_the_table_names_every_fault(scene: Scene) -> None:
    runs = [storm.Ran(-9, 1.0, "", ["worker", "submitter"]), storm.Ran(4, 1.0, "", ["disk"])]
    found = result(scene, runs, [], check.Verdict(lost=["a page"]), Memory(), Memory())
    text = "\n".join(table(found))
    assert all(fault.told in text for fault in FAULTS.values())
    assert "| 1 | 1 exit 4 |" in text
    assert "lost: 1, twice: 0" in text
