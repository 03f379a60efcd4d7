"""What came out of a soak: figures as JSON, a table as Markdown."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from bench.soak.check import Verdict
from bench.soak.faults import FAULTS
from bench.soak.inputs import Scan
from bench.soak.memory import Memory
from bench.soak.scene import Scene
from bench.soak.storm import Ran, effects


def result(
    scene: Scene, runs: Sequence[Ran], ends: Sequence[Ran], verdict: Verdict, calm: Memory, stormy: Memory
) -> dict[str, Any]:
    """All figures: `runs` of the storm, `ends` after it."""
    struck = Counter(fault for run in runs for fault in run.faults)
    became = effects(runs)
    return {
        "pages": sum(len(scan.pages) for scan in scene.scans if scan.damage is None),
        "documents": len(scene.scans),
        "damaged": sum(scan.damage is not None for scan in scene.scans),
        "runs": len(runs),
        "seconds": round(sum(run.seconds for run in runs)),
        "faults": {name: {"times": struck[name], "became": dict(became[name])} for name in FAULTS},
        "passing_failures": passing(scene),
        "worker_deaths": sum(record["worker_deaths"] for record in scene.records()),
        "runs_after": [run.code for run in ends],
        "lost": len(verdict.lost),
        "twice": len(verdict.twice),
        "other": len(verdict.other),
        "left_in_tmp": len(list((scene.folder / "tmp").glob("*"))),
        "memory_mb": {"calm": calm.peaks(), "storm": stormy.peaks()},
    }


def passing(scene: Scene) -> dict[str, int]:
    """Failures that runs noted and that came of the storm, by kind."""
    from pipeline.failures import KINDS

    found: Counter[str] = Counter()
    for record in scene.records():
        found.update({kind: number for kind, number in record["failures"].items() if KINDS[kind].transient})
    return dict(found)


def table(found: dict[str, Any]) -> Iterator[str]:
    """For the terminal and the README."""
    yield "| fault | times | what became of the run |"
    yield "|---|---|---|"
    for name, row in found["faults"].items():
        became = ", ".join(f"{number} {what}" for what, number in sorted(row["became"].items()))
        yield f"| {FAULTS[name].told} | {row['times']} | {became} |"
    yield f"| corrupt inputs | {found['damaged']} | named as failed, or read as far as they go |"
    yield ""
    yield (
        f"{found['pages']:,} pages of {found['documents']} documents in {found['runs']} runs and {found['seconds']} s; "
        f"in the end lost: {found['lost']}, twice: {found['twice']}, other than in a calm run: {found['other']}."
    )
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(found["passing_failures"].items())) or "none"
    codes = ", ".join(map(str, found["runs_after"]))
    yield f"Failures in passing: {kinds}; dead workers: {found['worker_deaths']}. Calm runs after it: exit {codes}."
    yield ""
    yield from _memory_table(found["memory_mb"])


def _memory_table(peaks: dict[str, dict[str, list[float]]]) -> Iterator[str]:
    yield "| peak of resident memory, MB | first third | second | last |"
    yield "|---|---|---|---|"
    for when, roles in peaks.items():
        for role, thirds in roles.items():
            yield f"| {role}, {when} | {' | '.join(f'{peak:,.0f}' for peak in thirds)} |"


def told_scans(scans: Sequence[Scan]) -> str:
    """What is made, in a line."""
    pages = sum(len(scan.pages) for scan in scans if scan.damage is None)
    return f"{len(scans)} scans, {pages} pages in those that are not damaged"
