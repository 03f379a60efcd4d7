"""`python -m bench [PAGES...]`: whole runs, their parts and their memory on this machine, beside Tesseract's.

PAGES are folders of scans, default samples/ and, where they are there, the pages of ../shared/data. Tesseract
(eng+fra+deu, one thread, as many processes as Inkbeam has workers) gets the very page images that Inkbeam renders;
their rendering is not counted against it. Prints a table, keeps it in bench/results.json, adds a line to
bench/history.jsonl and draws bench/history.png: CPU-seconds a page over the commits.
"""

import argparse
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bench import index, parts, whole
from recognizer.arithmetic import processor
from recognizer.bundle import Bundle

ROOT: Final = Path(__file__).parents[1]
RESULTS, HISTORY, PLOT = (ROOT / "bench" / name for name in ("results.json", "history.jsonl", "history.png"))
FOLDERS: Final = (ROOT / "samples", ROOT.parent / "shared" / "data" / "pages")
PRICE: Final = 0.04  # dollars a core-hour; give your own
MILLION: Final = 1_000_000


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("pages", nargs="*", type=Path, default=[folder for folder in FOLDERS if folder.is_dir()])
    parser.add_argument(
        "--memory", nargs="*", type=int, default=[100, 1000], help="numbers of pages to measure memory at"
    )
    parser.add_argument("--price", type=float, default=PRICE, help="dollars a core-hour")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["OMP_THREAD_LIMIT"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options.pages, options.memory, Path(folder))
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    with HISTORY.open("a", encoding="utf-8") as history:
        history.write(json.dumps({"commit": commit(), **result}) + "\n")
    plot([json.loads(line) for line in HISTORY.read_text(encoding="utf-8").splitlines()])
    print("\n".join(table(result, options.price)))


def measure(folders: Sequence[Path], memory: Sequence[int], work: Path) -> dict[str, Any]:
    """All figures; parts, memory and the word index are those of the last folder."""
    runs, images = {}, []
    for folder in folders:
        name = folder.resolve().name
        images = whole.render(folder, work / name)
        runs[name] = {"inkbeam": whole.inkbeam(folder, work / f"{name}-out"), "tesseract": whole.tesseract(images)}
    return {
        "machine": {
            "processor": processor()[0],
            "cores": os.cpu_count(),
            "arithmetic": Bundle.load("default").arithmetic(),
            "python": platform.python_version(),
        },
        "runs": runs,
        "parts": parts.measure(images),
        "memory_mb": {str(number): whole.memory(images, number, work) for number in memory}
        | {"tesseract": whole.tesseract_memory(images)},
        "index": index.measure(work / f"{name}-out", work / "index"),
    }


def commit() -> str:
    """What is measured, with a star where something is not committed."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=*"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


def table(result: dict[str, Any], price: float) -> Iterator[str]:
    """The figures for people."""
    machine, part, memory = result["machine"], result["parts"], result["memory_mb"]
    yield ", ".join(f"{name}: {value}" for name, value in machine.items())
    yield f"{'':24}{'pages':>7}{'pages/s':>10}{'CPU-s a page':>14}{'$ a million pages':>19}"
    for folder, run in result["runs"].items():
        for name, of in run.items():
            cost = of["cpu_seconds_a_page"] * MILLION / 3600 * price
            rates = f"{of['pages_a_second']:>10.2f}{of['cpu_seconds_a_page']:>14.2f}"
            yield f"{f'{folder}, {name}':24}{of['pages']:>7}{rates}{cost:>19,.0f}"
        stages = run["inkbeam"]["seconds_a_page_by_stage"]
        yield "  by stage, seconds a page: " + ", ".join(f"{stage} {value}" for stage, value in stages.items())
    finding = part["finding_lines_cpu_seconds_a_page"]
    yield "finding lines, CPU-s a page: " + ", ".join(f"{name} {value}" for name, value in finding.items())
    yield (
        f"network {part['network_lines_a_second']} lines/s, decoder {part['decoder_ms_a_line']} ms a line, one thread; "
        f"Tesseract {part['tesseract_ms_a_line']} ms a line"
    )
    for name, megabytes in memory.items():
        yield f"peak memory, {name + ' pages' if name.isdigit() else f'{name}, one process a core'}: {megabytes} MB"
    yield from _of_index(result["index"])
    yield f"a core-hour at {price} $"


def _of_index(found: dict[str, Any]) -> Iterator[str]:
    gathered = ", ".join(f"{rate:,} {name}" for name, rate in found["gathering"].items())
    merged = found["merging"]
    yield f"word index: {gathered}"
    yield f"word index: {merged['rows a second']:,} rows a second merged, {merged['bytes a row']} bytes a row"
    yield f"queries on {merged['rows']:,} rows, in a fresh process, imports aside:"
    for name, query in found["queries"].items():
        yield f"  {name + ', ' + query['query']:52}{query['seconds']:>7.3f} s{query['megabytes']:>6} MB"


def plot(history: Sequence[dict[str, Any]]) -> None:
    """CPU-seconds a page over commits, both programs, one panel a folder."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    folders = list(dict.fromkeys(folder for entry in history for folder in entry["runs"]))
    figure, panels = plt.subplots(1, len(folders), figsize=(6 * len(folders), 3.5), squeeze=False)
    for panel, folder in zip(panels[0], folders, strict=True):
        entries = [entry for entry in history if folder in entry["runs"]]
        places, most = range(len(entries)), 0.0
        for name in ("inkbeam", "tesseract"):
            spent = [entry["runs"][folder][name]["cpu_seconds_a_page"] for entry in entries]
            panel.plot(places, spent, marker="o", label=name)
            most = max([most, *spent])
        panel.set(title=folder, ylabel="CPU-seconds a page", ylim=(0, 1.15 * most))
        panel.set_xticks(places, [entry["commit"] for entry in entries], rotation=45, ha="right")
        panel.legend()
    figure.tight_layout()
    figure.savefig(PLOT, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    main()
